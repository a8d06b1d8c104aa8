"""Times as figures: [2.0], t=1..3, onset 0.6, 'start: 1.0, end: 2.5'."""

from __future__ import annotations

from dataclasses import dataclass

from phiz.cotfa.rules.amounts import UNITS
from phiz.cotfa.rules.points import Point, Points
from phiz.cotfa.rules.tokens import word_set

_SIGNS = frozenset(("t", "=", "+"))
_DASHES = word_set("- – — → to .. ... until till through and thru into")
_OPEN_LABELS = word_set("start begin in onset starts begins from attack")
_CLOSE_LABELS = word_set("end out stop offset ends stops release to")
_CURVES = word_set("onset offset attack release apex")


@dataclass(frozen=True)
class Time:
    """A phrase of time over tokens [first, last). start, end, length: seconds, None where not said.

    after: seconds that pass before what follows ('two seconds later'). by: when all of it is there.
    also: once more at each ('at 2 and 4 s'). lead: how long what is named goes on ('six seconds of calm').
    ramp: how long it takes to come. apart: from each of a list to the next. rest: from where the thing before
    ends to the end. whole: from beginning to end, unless something says better. bare: seconds with no
    word that says what they are.
    """

    first: int
    last: int
    start: float | None = None
    end: float | None = None
    length: float | None = None
    after: float | None = None
    by: float | None = None
    lead: float | None = None
    ramp: float | None = None
    also: tuple[float, ...] = ()
    apart: float | None = None
    rest: bool = False
    whole: bool = False
    bare: bool = False


def as_end(time: Time) -> Time:
    """'Fades at 3 s': the second at which it is over."""
    if time.after is not None:
        return Time(time.first, time.last, length=time.after)  # 'gone two seconds later'
    when = time.start if time.start is not None else time.by
    return time if when is None or time.end is not None else Time(time.first, time.last, end=when)


def begun(time: Time) -> Time:
    """Where what is said of a stretch is that something is over: its beginning."""
    return time if time.start is None else Time(time.first, time.last, start=time.start)


class Figures(Points):
    """Reads times that are written as figures."""

    def _bracketed(self, i: int) -> Time | None:
        """[2.0], (1.8 s), <1.0>, [0:01 > 0:03], (1-2.5 s)."""
        close = {"[": "]", "(": ")", "<": ">", "{": "}"}.get(self.word(i))
        if close is None:
            return None
        j = i + 2 if self.word(i + 1) in ("at", "@", "from", "after", "around", "about", "~") else i + 1
        first = self.point(j, _SIGNS)
        if first is None:
            return None
        k = first.last + 1 if self.word(first.last) in _DASHES else first.last
        if close != ">" and self.word(k) == ">":
            k += 1
        second = self.point(k, _SIGNS) if k > first.last else None
        if second is not None:
            if self.word(second.last) != close:
                return None
            return Time(
                i, second.last + 1, start=first.seconds * self._scale(first, second), end=second.seconds
            )
        figure = first.sure and (close != ")" or self.word(first.last - 1) in UNITS or self._figured(j))
        if (
            close == ")"
            and self.word(k) == close
            and self.word(i - 1) in UNITS
            and first.sure
            and not first.edge
        ):
            return Time(i, k + 1, length=first.seconds)  # 'at 1 s (300 ms)'
        if self.word(k) != close or k > first.last or (close == ")" and not figure):
            return None
        return Time(i, k + 1, start=first.seconds, bare=close == ")" and self.word(k - 1) in UNITS)

    def _figured(self, i: int) -> bool:
        return self.row[i].kind == "number" and (":" in self.word(i) or "." in self.word(i))

    def _equals(self, i: int) -> Time | None:
        """t=1, t = 2..4, T+1.5."""
        if self.word(i) not in ("t", "time") or self.word(i + 1) not in ("=", "+"):
            return None
        first = self.point(i + 2)
        if first is None:
            return None
        second = self.point(first.last + 1, _SIGNS) if self.word(first.last) in _DASHES else None
        if second is not None:
            return Time(i, second.last, start=first.seconds, end=second.seconds)
        return Time(i, first.last, start=first.seconds)

    def _labelled(self, i: int) -> Time | None:
        """Onset 1.0, end: 2.5; in at 1, out at 3; from=1 to=3; peak 2 s; dur 1 s."""
        label = self.word(i)
        j = self.past(i + 1, ("at", ":", "=", "@", "time", "on"))
        if label in ("out", "off") and self.word(j) == "by":
            j += 1
        sign, marked = self.word(i + 1) in (":", "="), j > i + 1
        found = self.amount(j)
        if found is None:
            return None
        figured = self.row[j].kind == "number" and "." in self.word(j)
        if label in ("peak", "peaks", "max"):
            return Time(i, found.last, by=found.seconds) if found.sure or figured else None
        if label in ("dur", "duration", "length") and (found.sure or marked):
            return Time(i, found.last, length=found.seconds)
        if label not in _OPEN_LABELS | _CLOSE_LABELS:
            return None
        closing = self.word(found.last) in _CLOSE_LABELS and self.amount(found.last + 1) is not None
        opening = i > 1 and self.word(i - 2) in _OPEN_LABELS and self.row[i - 1].kind == "number"
        paired = (label in ("start", "begin") and closing) or (label in ("end", "stop") and opening)
        bounded = label in ("start", "end") and found.sure and self.closed(found.last)
        if bounded:
            return (
                Time(i, found.last, start=found.seconds)
                if label == "start"
                else Time(i, found.last, end=found.seconds)
            )
        if paired:
            return (
                Time(i, found.last, start=found.seconds)
                if closing
                else Time(i, found.last, end=found.seconds)
            )
        if not (marked or figured or (found.sure and label in _CURVES)):
            return None
        plain = label in ("from", "to", "start", "begin", "starts", "begins") and not sign
        if plain and (
            marked or label in ("from", "to") or self.word(found.last) in ("later", "before", "after", "in")
        ):
            return None  # 'starts at 1', 'from 1', 'to 2' are roles
        if label in _OPEN_LABELS:
            return Time(i, found.last, start=found.seconds)
        if self.row[found.last - 1].kind == "word" and self.word(i - 1) == "the":
            return None
        return Time(i, found.last, end=found.seconds)

    def _scale(self, first: Point, second: Point) -> float:
        """The unit of the second holds for both: 500-900 ms, frames 30-60."""
        if second.sure and not first.edge and self.row[first.last - 1].kind == "number":
            if self.word(first.last - 2) in ("frames", "frame"):
                return 1.0
            unit = UNITS.get(self.word(second.last - 1), 1.0)
            bare = self.word(first.last - 1)
            return (
                1.0 if unit < 1.0 and (float(self.row[first.last - 1].number) < 20 or "." in bare) else unit
            )
        return 1.0
