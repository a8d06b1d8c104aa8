"""Stretches of the recording: 'the first two seconds', 'the last half', 'in the third second'."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from phiz.cotfa.rules.amounts import ORDINALS, SHARES, UNITS, Amount, Amounts
from phiz.cotfa.rules.tokens import Token, word_set

INSIDE = word_set("for in during over across through throughout within")
THING = word_set(
    "of the line clip take recording shot audio way speech sound whole it sentence scene performance"
)
_SUBJECTS = word_set("she he they it the her his their")
_WHICH = word_set("first last final opening closing second middle")
_LATE = word_set("last final closing second")


class Part(NamedTuple):
    """Seconds from start to end, and the token behind."""

    start: float
    end: float
    last: int


class Parts(Amounts):
    """Reads stretches of a recording of `duration` seconds."""

    def __init__(self, row: Sequence[Token], duration: float) -> None:
        super().__init__(row)
        self.duration = duration

    def past_thing(self, i: int) -> int:
        """Past 'of the line', 'through the clip'."""
        j = i + 1 if self.word(i) in ("of", "through", "in", "into") else i
        k = self.past(j, ("the", "her", "his", "your", "this"))
        if k > i and self.word(k) in THING:
            return self.past(k, THING)
        return self.past(i, ("of", "the")) if self.word(self.past(i, ("of", "the"))) in THING else i

    def part(self, i: int) -> Part | None:
        """The stretch at i, with or without 'for', 'in', 'during' before it."""
        inside = self.word(i) in INSIDE
        j = self.past(i + 1 if inside or self.word(i) == "of" else i, ("the", "her", "his", "its", "very"))
        which = self.word(j)
        nth = ORDINALS.get(which, 0.0)
        if (
            nth > 1
            and (inside or self.word(i) == "of")
            and self.word(self._hyphen(j + 1)) in ("second", "sec")
        ):
            return Part(nth - 1.0, nth, self._hyphen(j + 1) + 1)
        last = ORDINALS.get(self.word(j + 2), 0.0) if self.word(j + 1) in ("and", "to") else 0.0
        if inside and nth and last > nth and self.word(j + 3) == "seconds":
            return Part(nth - 1.0, last, j + 4)
        if inside and self._elliptic(i, j):
            if which == "second" and any(token.word == "half" for token in self.row[:i]):
                return Part(0.5 * self.duration, self.duration, j + 1)
            if nth > 1:
                return Part(nth - 1.0, nth, j + 1)
        if which not in _WHICH:
            return None
        k = self._hyphen(j + 1)
        if self.word(k) in SHARES and self.word(k + 1) not in UNITS:
            return self._placed(
                which, SHARES[self.word(k)] * self.duration, self.word(k), self.past_thing(k + 1)
            )
        if which == "second":
            return None
        if (share := self.percent(j + 1)) is not None:
            return self._placed(which, share, "", self.past_thing(j + 3))
        found = self.amount(j + 1) or self.bare_second(j + 1)
        counted = any(
            token.word in UNITS for token in self.row[:i]
        )  # 'the first three seconds, the last three'
        if found is None or not (found.sure or (inside and counted and self.closed(found.last))):
            return None
        return self._placed(which, min(found.seconds, self.duration), "", self.past_thing(found.last))

    def percent(self, i: int) -> float | None:
        """Seconds of '25 %'."""
        figure = i < len(self.row) and self.row[i].kind == "number" and self.word(i + 1) in ("%", "percent")
        return min(1.0, self.row[i].number / 100.0) * self.duration if figure else None

    def _placed(self, which: str, length: float, share: str, last: int) -> Part:
        start = self.duration - length if which in _LATE else 0.0
        if which == "middle":
            start = (self.duration - length) / 2
        elif which == "second" and share != "half":
            start = length
        return Part(start, start + length, last)

    def bare_second(self, i: int) -> Amount | None:
        """'Second', 'second and a half' behind 'the last'."""
        if self.word(i) not in ("second", "sec"):
            return None
        more = self.and_a_share(i + 1)
        return Amount(1.0, True, i + 1) if more is None else Amount(1.0 + more[0], True, more[1])

    def _elliptic(self, i: int, j: int) -> bool:
        """'Pucker in the second second, grin in the fourth': the noun stands before."""
        before = [token.word for token in self.row[:i]]
        named = any(a in ORDINALS and b in ("second", "half") for a, b in itertools.pairwise(before))
        return (
            named
            and self.word(j) in ORDINALS
            and (self.closed(j + 1) or self.word(j + 1) in _SUBJECTS)
            and j > i + 1
        )
