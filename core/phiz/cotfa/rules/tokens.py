"""A note as tokens, each with its place in the text; what is said aloud (in quotes) is set apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<number>\d+(?::\d{2}){1,2}(?:\.\d+)?|(?<!\w):\d{2}\b   # 00:01, 0:00:01.5, :02
      |\d*[½¼¾]|\d+[ ]\d/\d|\d*\.\d+|\d+(?:,\d+(?=\s*s\b))?)  # 2½, 2 1/2, 1.5, .5, 2, 1,5 s
  | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)              # words, with apostrophes inside
  | (?P<mark>\.\.\.?|\+\+|--|[^\w\s]|\n)                # two or three dots, single marks, a new line
    """,
    re.VERBOSE,
)
_QUOTES = re.compile(r"“[^”]{0,600}”|\"[^\"]{0,600}\"|«[^»]{0,600}»|(?<![\w'’])[‘'][^‘’']{2,600}[’'](?!\w)")
_SHARES = {"½": 0.5, "¼": 0.25, "¾": 0.75}
_SHORTENED = ("n't", "'s", "'re", "'ll", "'ve", "'d", "'m")
_SPECIAL = {"can't": "can", "won't": "will", "shan't": "shall", "ain't": "is"}


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for looking up."""
    return frozenset(text.split())


@dataclass(frozen=True)
class Token:
    """`word` is the text in lower case with a plain apostrophe. kind: word, number, mark or speech."""

    word: str
    start: int
    end: int
    kind: str

    @property
    def number(self) -> float:
        """Value of a number; hours, minutes and seconds, `00:01.5`, in seconds."""
        if (share := _SHARES.get(self.word[-1])) is not None:
            return float(self.word[:-1] or 0) + share
        if "/" in self.word:
            whole, above, below = re.split("[ /]", self.word)
            return float(whole) + float(above) / max(1.0, float(below))
        *larger, seconds = self.word.split(":")
        whole = sum(float(part or 0) * 60.0**n for n, part in enumerate(reversed(larger), 1))
        return whole + float(seconds.replace(",", "."))


def tokens(text: str) -> list[Token]:
    """Words, numbers and marks in order; each stretch of quoted speech is one token."""
    found: list[Token] = []
    at = 0
    for quote in _QUOTES.finditer(text):
        found += _plain(text, at, quote.start())
        found.append(Token("", quote.start(), quote.end(), "speech"))
        at = quote.end()
    return found + list(_plain(text, at, len(text)))


def _plain(text: str, start: int, end: int) -> list[Token]:
    found: list[Token] = []
    for match in _TOKEN.finditer(text, start, end):
        word = match.group().lower().replace("’", "'")
        if match.lastgroup != "word":
            found.append(Token(word, match.start(), match.end(), match.lastgroup or "mark"))
            continue
        for short in _SHORTENED:
            if word.endswith(short) and len(word) > len(short):
                cut = match.end() - len(short)
                found.append(
                    Token(
                        _SPECIAL.get(word, word[: -len(short)]),
                        match.start(),
                        cut,
                        "word",
                    )
                )
                found.append(Token(short, cut, match.end(), "word"))
                break
        else:
            found.append(Token(word, match.start(), match.end(), "word"))
    return found
