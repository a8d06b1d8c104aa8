"""Points in time: '2 s', 'halfway through', 'two seconds from the end', 'the three-second mark'."""

from __future__ import annotations

from typing import NamedTuple

from phiz.cotfa.rules.amounts import ORDINALS, SECONDS, UNITS
from phiz.cotfa.rules.parts import THING, Parts
from phiz.cotfa.rules.tokens import word_set

_ROUGHLY = word_set("""the about around roughly exactly approximately approx say circa precisely just almost
    nearly only some somewhere each = ~ ≈ : a count of mark time""")
_NEARLY = word_set("before after past shy under shortly right well over")
"""'Just before three' is three, to the ear."""
_TAIL = word_set("mark point marks points spot")
_TO = word_set("to until till")
_NOT_IN = word_set("the her his a favour favor order turn front response reply answer")
_ENDS = word_set("end finish close cut")
_STARTS = word_set("start beginning top outset opening")
_MIDDLES = word_set("middle midpoint halfway midway centre center half mid")


class Point(NamedTuple):
    """Seconds from the start. sure: it can be nothing but a time. edge: 'start', 'end' of the recording, or
    'share' where it is said as a part of it. last: the token behind."""

    seconds: float
    sure: bool
    last: int
    edge: str = ""


class Points(Parts):
    """Reads points in time, for a recording of `duration` seconds."""

    def point(self, i: int, skip: frozenset[str] = frozenset(), ranged: bool = False) -> Point | None:
        """The point at i, past 'about', 'the', and `skip`. ranged: a 'to' behind it goes to another point."""
        j = i
        while self.word(j) and self.word(j) in _ROUGHLY | skip and not (
            self.word(j) in ("a", "some") and self.amount(j) is not None
        ) and self.share(j) is None:  # fmt: skip
            j += 1
        found = None
        for start in dict.fromkeys((j, i)):
            found = (
                self._edge(start)
                or self._share_of_it(start)
                or self._nth(start)
                or self._measured(start, ranged)
            )
            if found is not None:
                break
        return found

    def _edge(self, i: int) -> Point | None:
        """'The very end', 'the start of the line', 'the clip ends'."""
        j = self.past(i, ("the", "very", "its", "her", "his"))
        word = self.word(j)
        if word in _ENDS and (j > i or (word != "cut" and self.closed(j + 1))):
            of = self.part(j + 1) if self.word(j + 1) == "of" else None
            if of is not None:
                return Point(of.end, True, of.last)
            return Point(self.duration, True, self.past_thing(j + 1), "end")
        if word in _STARTS and (j > i or self.word(j) in ("start", "top", "beginning")):
            of = self.part(j + 1) if self.word(j + 1) == "of" else None
            if of is not None:
                return Point(of.start, True, of.last)
            return Point(0.0, True, self.past_thing(j + 1), "start")
        if word in THING - {"of", "the", "way", "whole"} and self.word(j + 1) in (
            "ends", "stops", "finishes", "closes"
        ):  # fmt: skip
            return Point(self.duration, True, j + 2, "end")
        return None

    def _share_of_it(self, i: int) -> Point | None:
        """Halfway through; 50 % of the line; two thirds of the way in; the middle; mid-clip."""
        word = self.word(i)
        if word in _MIDDLES:
            j = i + 1
            if word in ("half", "mid"):
                j = self._hyphen(j)
                if self.word(j) not in ("way", "through", "mark", "point") and not (
                    word == "mid" and self.word(j) in THING
                ):
                    return self._half_alone(i)
                j += 1
            if self.word(j) in ("up", "down", "open", "closed", "shut", "between", "to"):
                return None
            return Point(self.duration / 2, True, self._through(j), "share")
        if self.row and i < len(self.row) and self.row[i].kind == "number":
            if self.word(i + 1) in ("%", "percent"):
                j = self._through(i + 2)
                share = min(1.0, self.row[i].number / 100.0)
                opens = self.word(i - 1) in ("at", "by", "from", "until") and self.closed(i - 2)
                return Point(share * self.duration, True, j, "share") if j > i + 2 or opens else None
            return None
        found = self.share(i)
        if found is None or (word == "half"):
            return None
        j = found[1]
        marked = self.word(j) in _TAIL
        if not marked and self.word(j) not in ("of", "through", "in", "into"):
            return None
        k = self._through(j)
        if (self.word(j) == "of" and (k == j or self.word(k) in UNITS)) or self.word(k) in ("a", "smile"):
            return None
        return Point(found[0] * self.duration, True, max(k, j + 1), "share")

    def _half_alone(self, i: int) -> Point | None:
        """'At the half'."""
        the = self.word(i) == "half" and self.word(i - 1) == "the" and self.closed(i + 1)
        return Point(self.duration / 2, True, i + 1, "share") if the else None

    def _through(self, i: int) -> int:
        return self.past(self.past(i, _TAIL), THING | {"through", "in", "into"})

    def _nth(self, i: int) -> Point | None:
        """Second three; seconds 1; the third second."""
        if self.word(i) in SECONDS and self.word(i) != "s":
            found = self.number(i + 1)
            if found is not None and self.word(found[1]) not in UNITS:
                return Point(found[0], True, self.past(found[1], _TAIL))
        nth = ORDINALS.get(self.word(i), 0.0)
        if nth and self.word(i + 1) == "mark":
            return Point(nth, True, i + 2)  # 'around the second mark'
        if nth and self.word(self._hyphen(i + 1)) in ("second", "seconds", "sec"):
            return Point(nth, True, self.past(self._hyphen(i + 1) + 1, _TAIL))
        return None

    def nth_alone(self, i: int) -> Point | None:
        """'The first' of 'the first and third second': its noun stands elsewhere."""
        j = i + 1 if self.word(i) == "the" else i
        nth = ORDINALS.get(self.word(j))
        return None if nth is None else Point(nth, False, j + 1)

    def _measured(self, i: int, ranged: bool) -> Point | None:
        """2; 2 s; the 2 s mark; two seconds from the end; 3 s after the start."""
        found = self.amount(i)
        if found is None or self.word(found.last) in ("%", "percent"):
            return None
        marked = self.word(found.last) in _TAIL
        last = self.past(found.last, _TAIL)
        if (
            found.sure
            and not (ranged and self.word(last) in _TO)
            and (ending := self.from_end(last)) is not None
        ):
            return Point(max(0.0, self.duration - found.seconds), True, ending)
        if found.sure and (begun := self.from_start(last)) is not None:
            return Point(found.seconds, True, begun)
        return Point(found.seconds, found.sure or marked or "." in self.word(found.last - 1), last)

    def from_end(self, i: int) -> int | None:
        """The token behind 'before the end', 'from the close of the line', 'to go', 'left'."""
        if self.word(i) in ("left", "remaining"):
            role = {self.word(i - 2), self.word(i - 3)} & {"after", "from", "until", "at", "past", "till"}
            return None if role else i + 1  # 'after 3 s left' is a look
        if self.word(i) == "to" and self.word(i + 1) in ("go", "spare", "run"):
            return i + 2
        j = self.past(i, ("short", "shy", "off", "away"))
        if self.word(j) not in ("before", "from", "of", "until", "till", "to"):
            return None
        edge = self._edge(j + 1)
        if edge is not None and edge.edge == "end":
            return edge.last
        k = self.past(j + 1, ("the", "it", "very", "'s", "all", "is"))
        return k + 1 if self.word(k) in ("over", "ends", "end") else None

    def from_start(self, i: int) -> int | None:
        """The token behind 'in', 'into the line', 'after the start', 'from the top'."""
        word = self.word(i)
        if word not in ("in", "into", "after", "from", "past", "of", "through"):
            return None
        edge = self._edge(i + 1)
        if edge is not None and edge.edge == "start":
            return edge.last
        if word == "after" and self.word(i + 1) == "the" and self.word(i + 2) in ("line", "first"):
            return i + 3
        if word == "into":
            return self.past(i + 1, THING | {"her", "his"})
        if word == "in" and self.word(i + 1) not in _NOT_IN:
            return i + 1
        return None

    def nearly(self) -> frozenset[str]:
        return _NEARLY
