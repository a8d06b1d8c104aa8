"""Clean English clauses to be spoken: the definitions and examples of WordNet."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from phiz.errors import PhizError

WORDNET = Path("/usr/share/wordnet")
FEWEST_WORDS, MOST_WORDS = 4, 14
_PLAIN = re.compile(r"[A-Za-z][A-Za-z' ,-]*[A-Za-z]")


class MissingTextError(PhizError):
    """WordNet's data files are not installed."""


def clauses(gloss: str) -> list[str]:
    """The plain clauses of one gloss: its definitions and the quoted examples, letters only."""
    examples = re.findall(r'"([^"]*)"', gloss)
    rest = re.sub(r'"[^"]*"', "", gloss)
    rest = re.sub(r"\([^)]*\)", "", rest)
    found = []
    for part in [*rest.split(";"), *examples]:
        text = " ".join(part.split()).strip(" ,.:")
        if _PLAIN.fullmatch(text) and FEWEST_WORDS <= len(text.split()) <= MOST_WORDS:
            found.append(text[0].upper() + text[1:] + ".")
    return found


def sentences(rng: np.random.Generator, wordnet: Path = WORDNET) -> list[str]:
    """Every plain clause of WordNet once, in random order (about 130,000). Raises MissingTextError."""
    found: dict[str, None] = {}
    for part in ("noun", "verb", "adj", "adv"):
        path = wordnet / f"data.{part}"
        if not path.is_file():
            raise MissingTextError(
                f"expected WordNet's {path}, found none; install the Debian package wordnet-base"
            )
        with open(path, encoding="utf-8") as file:
            for line in file:
                _, bar, gloss = line.partition(" | ")
                if bar and not line.startswith(" "):
                    found.update(dict.fromkeys(clauses(gloss)))
    texts = list(found)
    return [texts[i] for i in rng.permutation(len(texts))]
