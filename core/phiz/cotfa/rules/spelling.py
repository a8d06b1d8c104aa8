"""Slips of the pen: a word one letter away from a word of the lexicon is read as that one.

    python -m phiz.cotfa.rules.spelling WORDNET_DICT -o core/phiz/cotfa/rules/real_words.txt

`real_words.txt` holds the English words (of WordNet) that are as near to a word of the lexicon: they are
no slips.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from phiz.cotfa.rules.lexicon import inflected, lexicon
from phiz.cotfa.rules.tokens import Token

_LONG = 6  # letters from which any one letter may be wrong; in words of five, one too many, few or swapped
_SHORT = 5
_MOST = 40  # words of a note that are looked at: a note of nothing but slips is none
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = frozenset("aeiouy")


@cache
def real_words() -> frozenset[str]:
    return frozenset(Path(__file__).with_name("real_words.txt").read_text(encoding="utf-8").split())


def mended(row: Sequence[Token]) -> tuple[list[Token], list[tuple[Token, str]]]:
    """The tokens with slips mended, and each slip with what it was read as."""
    forms = lexicon().forms
    made: list[Token] = []
    slips: list[tuple[Token, str]] = []
    looked = 0
    for _i, token in enumerate(row):
        word = token.word
        doubtful = token.kind == "word" and word not in forms and word not in real_words() and word.isascii()
        long = len(word) >= _SHORT or (len(word) >= 4 and not _VOWELS & set(word))
        if doubtful and long and looked < _MOST:
            looked += 1
            near = list(_near(word, forms))
            if near:
                right = next((other for other in near if _face(other)), near[0])
                slips.append((token, right))
                token = replace(token, word=right)
        made.append(token)
    return made, slips


def _face(word: str) -> bool:
    """Whether a word says what a face does: likelier in a note than any other."""
    return any(kind in ("word", "part") for kind, _ in lexicon().alone(word))


def _near(word: str, known: Container[str]) -> Iterator[str]:
    """Known words one slip away, the likeliest slip first; the first letter is taken to be right."""
    pairs = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    swapped = [a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1]
    too_many = [a + b[1:] for a, b in pairs if b]
    too_few = [a + c + b for a, b in pairs for c in _LETTERS]
    wrong = [a + c + b[1:] for a, b in pairs if b for c in _LETTERS] if len(word) >= _LONG else []
    for other in (*swapped, *too_many, *too_few, *wrong):
        if other in known and len(other) >= _SHORT and not other.startswith("="):
            yield other


def _parts(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def main(argv: list[str] | None = None) -> int:
    from phiz.cotfa.rules.families import senses
    from phiz.writing import whole_file

    parser = argparse.ArgumentParser(prog="python -m phiz.cotfa.rules.spelling", description=__doc__)
    parser.add_argument("wordnet", type=Path, help="the dict folder of WordNet 3.x")
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args(argv)
    forms = lexicon().forms
    # Words one letter apart share what is left when a letter is taken out, or are that themselves.
    about = {part for form in forms for part in _parts(form)}
    kept: set[str] = set()
    for lemma in senses(args.wordnet):
        for word in inflected(lemma, {}) if lemma.isalpha() and lemma.isascii() else ():
            if len(word) < 4 or word in forms or word in kept or about.isdisjoint(_parts(word)):
                continue
            if next(_near(word, forms), None) is not None:
                kept.add(word)
    with whole_file(args.out) as stream:
        stream.write("".join(f"{word}\n" for word in sorted(kept)).encode())
    print(f"{args.out}: {len(kept)} words")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
