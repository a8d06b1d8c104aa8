"""Numbers in figures and words, and amounts of time: 'two and a half seconds', '800 ms', 'frame 45'."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from phiz.cotfa.rules.tokens import Token

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_TENS = {"twenty": 20.0, "thirty": 30.0, "forty": 40.0, "fifty": 50.0, "sixty": 60.0, "ninety": 90.0}
NUMBERS = {word: float(i) for i, word in enumerate(_SMALL)} | _TENS
ORDINALS = {"first": 1.0, "second": 2.0, "third": 3.0, "fourth": 4.0, "fifth": 5.0, "sixth": 6.0} | {
    "seventh": 7.0, "eighth": 8.0, "ninth": 9.0, "tenth": 10.0,
}  # fmt: skip
SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "tenth": 1 / 10}
SHARES |= {word + "s": share for word, share in SHARES.items()} | {"halves": 1 / 2}
SECONDS = {"s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0} | {
    "mississippi": 1.0, "mississippis": 1.0,
}  # fmt: skip
UNITS = (
    SECONDS
    | dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), 0.001)
    | dict.fromkeys(("minute", "minutes", "min", "mins"), 60.0)
)
_FRAMES = ("frame", "frames", "fr")
_FRAMES_A_SECOND = 30.0  # as the Takes have them, where the note names no other rate
_STRESSED = (
    "full",
    "whole",
    "good",
    "long",
    "more",
    "entire",
    "solid",
    "clear",
    "single",
    "further",
    "extra",
)
_MOMENTS = {"fraction": 0.25, "split": 0.2}  # 'a fraction of a second', 'a split second'
_LOOSE = {"couple": 2.0, "few": 3.0}


class Amount(NamedTuple):
    """Seconds; whether a unit (or a clock's colon) was said with them; the token behind."""

    seconds: float
    sure: bool
    last: int


class Amounts:
    """Reads numbers and amounts at a place in a row of tokens."""

    def __init__(self, row: Sequence[Token]) -> None:
        self.row = row
        rates = (
            a.number
            for a, b in itertools.pairwise(row)
            if a.kind == "number" and b.word == "fps" and a.number > 0
        )
        self.frame = 1.0 / next(rates, _FRAMES_A_SECOND)

    def word(self, i: int) -> str:
        return self.row[i].word if 0 <= i < len(self.row) else ""

    def past(self, i: int, words: Sequence[str] | frozenset[str]) -> int:
        """The first token from i that is none of the words."""
        while self.word(i) in words and self.word(i):
            i += 1
        return i

    def closed(self, i: int) -> bool:
        """Whether nothing but a mark stands there, which is no hyphen."""
        return not 0 <= i < len(self.row) or (self.row[i].kind == "mark" and self._hyphen(i) == i)

    def _hyphen(self, i: int) -> int:
        """Past a hyphen inside a word: 'two-and-a-half', 'one-third'."""
        inside = self.word(i) == "-" and 0 < i < len(self.row) - 1
        joined = inside and self.row[i - 1].end == self.row[i].start == self.row[i + 1].start - 1
        return i + 1 if joined else i

    def number(self, i: int) -> tuple[float, int] | None:
        """A bare number, and the token behind it: 2.5, two, twenty-one, two point five, 2 and a half."""
        if i >= len(self.row):
            return None
        if self.row[i].kind == "number":
            value, j = self.row[i].number, i + 1
        elif self.word(i) in NUMBERS:
            value, j = NUMBERS[self.word(i)], i + 1
            k = self._hyphen(j)
            if value in _TENS.values() and 0 < NUMBERS.get(self.word(k), 0.0) < 10:
                value, j = value + NUMBERS[self.word(k)], k + 1
        else:
            return None
        if self.word(j) == "point" and (tenths := self._digit(j + 1)) is not None:
            return value + tenths / 10.0, j + 2
        more = self.and_a_share(j)
        return (value, j) if more is None else (value + more[0], more[1])

    def _digit(self, i: int) -> float | None:
        word = self.word(i)
        return float(word) if len(word) == 1 and word.isdigit() else NUMBERS.get(word)

    def and_a_share(self, i: int) -> tuple[float, int] | None:
        """'And a half', '-and-a-quarter', 'and three quarters', and the token behind."""
        j = self._hyphen(i)
        if self.word(j) != "and":
            return None
        share = self.share(self._hyphen(j + 1))
        return share if share is not None and self.word(self._hyphen(j + 1)) not in SHARES else None

    def share(self, i: int) -> tuple[float, int] | None:
        """A part of one: 'a half', 'two thirds', 'three-quarters', 'half', and the token behind."""
        word = self.word(i)
        if word in ("half", "quarter"):
            return SHARES[word], i + 1
        count = {"a": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0}.get(word)
        j = self._hyphen(i + 1)
        share = SHARES.get(self.word(j))
        if not count or not share or count * share > 1.0 or self.word(j) == "fourth":
            return None
        return count * share, j + 1

    def amount(self, i: int) -> Amount | None:
        """Seconds: a number, with its unit or bare; a part of a second; a second; a frame's number."""
        if self.word(i) in _FRAMES and (found := self.number(i + 1)) is not None:
            return Amount(found[0] * self.frame, True, found[1])
        for read in (self._part_of_a_second, self._articled, self._numbered):
            amount = read(i)
            if amount is not None:
                return amount
        return None

    def _unit(self, i: int) -> tuple[float, int] | None:
        j = self.past(self._hyphen(i), _STRESSED)
        j = self._hyphen(j)
        if self.word(j) in _FRAMES:
            return self.frame, j + 1
        return (UNITS[self.word(j)], j + 1) if self.word(j) in UNITS else None

    def _part_of_a_second(self, i: int) -> Amount | None:
        """Half a second, a half-second, three quarters of a second, a quarter second."""
        j = i + 1 if self.word(i) in ("the", "a") and self.word(i + 1) in ("half", "quarter") else i
        share = self.share(j)
        if share is None:
            return None
        k = self.past(share[1], ("of", "a", "an"))
        unit = self._unit(k)
        if unit is None or self.word(unit[1] - 1) == "s":
            return None
        return Amount(share[0] * unit[0], True, unit[1])

    def _articled(self, i: int) -> Amount | None:
        """A second, one second and a half, a full second, a couple of seconds, a few seconds."""
        word = self.word(i)
        if word not in ("a", "another", "some") and word not in _LOOSE:
            return None
        if (
            word == "a"
            and (moment := _MOMENTS.get(self.word(i + 1)))
            and self.word(i + 2) in ("second", "of")
        ):
            unit = self._unit(self.past(i + 2, ("of", "a")))
            return None if unit is None else Amount(moment, True, unit[1])
        j = i if word in _LOOSE else self.past(i + 1, _STRESSED)
        if self.word(j) in _LOOSE:
            unit = self._unit(self.past(j + 1, ("of", "more")))
            return None if unit is None else Amount(_LOOSE[self.word(j)] * unit[0], True, unit[1])
        if word == "some" or self.word(j) not in UNITS or self.word(j) == "s":
            return None
        more = self.and_a_share(j + 1)
        size = UNITS[self.word(j)]
        return Amount(size, True, j + 1) if more is None else Amount(size * (1 + more[0]), True, more[1])

    def _numbered(self, i: int) -> Amount | None:
        """2, 2 s, 1.5 seconds, two seconds and a half, 300 ms, 12 frames, 00:02."""
        stressed = self.past(i + 1, _STRESSED)
        i = stressed if self.word(i) == "a" and stressed > i + 1 else self.past(i, _STRESSED)  # 'a full two'
        found = self.number(i)
        if found is None:
            return None
        value, j = found
        if self.word(j) == "fps":
            return None
        clock = ":" in self.word(i)
        unit = self._unit(j)
        if unit is None or (self.row[i].kind == "word" and self.word(unit[1] - 1) == "s"):
            return Amount(value, clock, j)
        more = self.and_a_share(unit[1])
        if more is None:
            return Amount(value if clock else value * unit[0], True, unit[1])
        return Amount((value + more[0]) * unit[0], True, more[1])
