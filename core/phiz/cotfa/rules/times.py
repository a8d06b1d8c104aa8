"""Phrases of time: roles over points, parts of the recording, lengths; the longest that stands at a token."""

from __future__ import annotations

from dataclasses import replace

from phiz.cotfa.note import LONGEST_SECONDS
from phiz.cotfa.rules.amounts import UNITS, Amount
from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.parts import INSIDE, THING
from phiz.cotfa.rules.roles import Roles
from phiz.cotfa.rules.tokens import word_set

_WAITS = word_set("wait waits pause pauses beat waiting hesitates")
_RAMPS = word_set("ramp ramps ramping fade fades fading ease eases easing build builds blend blends")
_PASSES = word_set("pass passes go by elapse elapses tick have gone passed elapsed")
_GONE = word_set("have has gone by passed elapsed went pass in")
_POINTERS = frozenset((":", ">", "→", "=>"))
_HOLDS = word_set("hold holds held keep keeps kept for last lasts lasting stay stays")


class Clock(Roles):
    """Reads phrases of time at a place in a row of tokens, for a recording of `duration` seconds."""

    def at(self, i: int) -> Time | None:
        """The longest phrase of time that starts at token i, or None."""
        best: Time | None = None
        for read in (
            self._bracketed, self._equals, self._labelled, self._whole, self._stretch, self._rest,
            self._range, self._at_the_end, self._ramp, self._role, self._length, self._every, self._share,
            self._counted,
        ):  # fmt: skip
            time = read(i)
            if time is not None and self._possible(time) and (best is None or time.last > best.last):
                best = time
        return best

    def _possible(self, time: Time) -> bool:
        """False for an end that is not after its start, or more seconds than a recording has."""
        said = (time.start, time.end, time.length, time.after, time.by, time.lead, time.ramp, *time.also)
        if any(value is not None and value > LONGEST_SECONDS for value in said):
            return False
        return time.start is None or time.end is None or time.end > time.start

    def _whole(self, i: int) -> Time | None:
        """For all six seconds; the whole four seconds."""
        j = i + 1 if self.word(i) in INSIDE else i
        k = self.past(j, ("all", "the", "of", "whole", "entire", "full"))
        if not {"all", "whole", "entire", "full"} & {self.word(n) for n in range(j, k)}:
            return None
        if self.word(k - 1) in ("of", "the") and (part := self.part(k - 1)) is not None:
            return Time(i, part.last, start=part.start, end=part.end)  # 'the whole of the second half'
        found = self.amount(k)
        if found is not None and found.sure:
            return Time(i, found.last, start=0.0, end=self.duration, whole=True)
        return None

    def _stretch(self, i: int) -> Time | None:
        """The first two seconds; in the last half second; for the next two seconds."""
        found = self.part(i)
        if found is not None:
            return Time(i, found.last, start=found.start, end=found.end)
        if self.word(i) in ("until", "till") and (late := self.part(i + 1)) is not None and late.start:
            return Time(i, late.last, end=late.start)  # 'nothing until the final second'
        if self.word(i) == "next" and (share := self.percent(i + 1)) is not None:
            return Time(i, self.past_thing(i + 3), lead=share)
        if self.word(i) not in INSIDE:
            return None
        j = self.past(i + 1, ("the", "her", "his"))
        if self.word(j) not in ("next", "following"):
            return None
        more = self.amount(j + 1) or self.bare_second(j + 1)
        counted = more is not None and (more.sure or self.word(i) == "for")
        return Time(i, more.last, lead=more.seconds) if more is not None and counted else None

    def _rest(self, i: int) -> Time | None:
        """For the rest of the clip; the remaining time; the remainder."""
        j = i + 1 if self.word(i) in INSIDE else i
        if self.word(j) != "the":
            return None
        word = self.word(j + 1)
        if word in ("rest", "remainder") and (j > i or self.word(j + 2) in ("of", "she", "he", "the", "it")):
            last = self.past_thing(j + 2)
            return Time(i, last, rest=True) if last > j + 2 or self.word(j + 2) != "of" else None
        counted = any(token.word in UNITS for token in self.row[:i])
        if word in ("rest", "remainder") and (
            self.word(i - 1) in (",", ";", ".", "and", "") or (counted and self.closed(j + 2))
        ):
            return Time(i, j + 2, rest=True)
        if word == "remaining" and self.word(j + 2) in ("time", "seconds", "part", "half", "second"):
            return Time(i, self.past_thing(j + 3), rest=True)
        return None

    def _share(self, i: int) -> Time | None:
        """Halfway; a third of the way in; mid-clip: a start, where no word before it says otherwise."""
        j = i + 2 if self.word(i) in ("in", "at") and self.word(i + 1) == "the" else i
        found = self.point(i) if j == i else self._share_of_it(j)
        if found is None or found.edge != "share":
            return None
        return Time(i, found.last, start=found.seconds)

    def _length(self, i: int) -> Time | None:
        """For two seconds; lasting 2 s; over the course of three seconds; within half a second."""
        word = self.word(i)
        if word not in ("for", "lasting", "lasts", "within", "duration", "over"):
            return None
        j = i + 1
        if word == "for" and (stretch := self._whose(i)) is not None:
            return stretch
        if word == "over":
            j = self.past(j, ("the", "course", "space", "period", "span", "of"))
        while self.word(j) in ("about", "around", "exactly", "some", "roughly", "just", "the", "only"):
            j += 1
        found = self.amount(j)
        counted = word == "for" and self.closed(found.last if found else i) and self._counts(i)
        if found is None or not (found.sure or counted or word in ("lasting", "lasts")):
            return None
        if word == "over":
            return Time(i, found.last, ramp=found.seconds)
        if word == "within":
            return Time(i, self.from_start(found.last) or found.last, by=found.seconds)
        return Time(i, found.last, length=found.seconds)

    def _counts(self, i: int) -> bool:
        """Whether seconds were named before: 'happy for three seconds, then worried for three'."""
        return any(token.word in UNITS for token in self.row[:i])

    def _whose(self, i: int) -> Time | None:
        """'For the second from 2 to 3', 'for the two seconds after that'."""
        j = i + 2
        if self.word(i + 1) != "the":
            return None
        found = self.bare_second(j) or self.amount(j)
        if found is None or not found.sure:
            return None
        between = self._range(found.last) if self.word(found.last) in ("from", "between") else None
        if between is not None:
            return replace(between, first=i)
        if self.word(found.last) == "after" and self.word(found.last + 1) in ("that", "this", "it"):
            return Time(i, found.last + 2, length=found.seconds)
        return None

    def _ramp(self, i: int) -> Time | None:
        """'Ramps up 1.0-2.0', 'fades in from 1 to 2 s': comes so long; 'ramps down 3-4': gone by then."""
        way = self.word(i + 1)
        if self.word(i) not in _RAMPS or way not in ("up", "in", "down", "out", "off", "away"):
            return None
        j = i + 3 if self.word(i + 2) in ("over",) else i + 2
        between = self._range(j)
        if between is None or between.start is None or between.end is None:
            return None
        if way in ("up", "in"):
            return Time(i, between.last, start=between.start, ramp=between.end - between.start)
        return Time(i, between.last, end=between.end)

    def _every(self, i: int) -> Time | None:
        """Every two seconds; every second; once per second."""
        if self.word(i) not in ("every", "per"):
            return None
        found = self.amount(i + 1) or self.bare_second(i + 1)
        if found is None or not found.sure or found.seconds < 0.2:
            return None
        count = int(min(self.duration / found.seconds, 100.0))
        times = [
            found.seconds * (n + 1) for n in range(count) if found.seconds * (n + 1) < self.duration - 0.1
        ]
        return Time(i, found.last, start=times[0], also=tuple(times[1:])) if times else None

    def _counted(self, i: int) -> Time | None:
        """Two seconds in; a second later; with 2 s left; 0.3 s long; two seconds of; 2 s: ..."""
        leading = ("with", "exactly", "just", "about", "takes", "after", "there", "in", "for")
        j = i + 1 if self.word(i) in leading else i
        j = (
            self.past(j, ("her", "him", "them", "is", "are", "about", "a", "good", "full"))
            if j > i and self.amount(j) is None
            else j
        )
        found = self.amount(j)
        if found is None:
            nth = self._nth(i) if self._opens(i) else None
            if nth is not None and self.closed(nth.last):
                return Time(i, nth.last, start=nth.seconds)  # 'second 2: ...'
            return self._counting(i, j)
        if not found.sure:
            return self._bare(i, j, found)
        value, k, lead = found.seconds, found.last, self.word(i)
        if i == j and self.word(k - 2) == "-" and not self.closed(k):
            return Time(i, k, length=value)  # 'a two-second smile'
        after = self.word(k)
        if (ending := self.from_end(k)) is not None:
            return Time(i, ending, start=max(0.0, self.duration - value))
        elapsed = self.past(k, _PASSES)
        if elapsed > k and self.word(elapsed) == "before":
            return Time(i, elapsed + 1, start=value)
        takes = after == "before" and lead != "for" and self._elapses(i)
        if takes and self.word(k + 1) not in ("it", "that", "this"):
            return Time(i, k + 1, start=value)
        held = self.word(k) == "from" and _HOLDS & {token.word for token in self.row[max(0, i - 5) : i]}
        if self._into_a_thing(k):
            return Time(i, k + 3, after=value)
        if not held and (begun := self.from_start(k)) is not None:
            return Time(i, begun, start=value)
        behind = after == "behind" and self.closed(k + 1)
        if (after in ("later", "afterwards", "afterward", "on") or behind) and lead != "for":
            return Time(i, k + 1, after=value)
        if after == "after" and (self.word(k + 1) in ("that", "this", "it") or self.closed(k + 1)):
            return Time(i, k + 1 if self.closed(k + 1) else k + 2, after=value)
        if after == "apart":
            return Time(i, k + 1, apart=value)
        if after == "long":
            return Time(i, k + 1, length=value)
        if (most := self._at_most(k)) is not None:
            return Time(i, most, length=value)
        if after in ("for", "to") and lead == "takes":
            return Time(i, k + 1, start=value)
        if after == "of" and lead != "for":
            return Time(i, k + 1, lead=value)
        if elapsed > k:
            return Time(i, elapsed, after=value)
        if self.word(i - 1) in _WAITS or (self.word(i - 1) == "it" and self.word(i - 2) in ("give", "gives")):
            return Time(i, k, lead=value)
        if (
            after == ":"
            or (self._opens(i) and not (after == "after" and self.word(i - 1) == ","))
            or lead == "in"
            or (self.word(i - 1) in _POINTERS and self.closed(k))
        ):
            return Time(i, k, start=value)
        if lead in ("for", "after", "there"):
            return None
        return Time(i, k, length=value, bare=i == j and self.row[i].kind == "number")

    def _into_a_thing(self, k: int) -> bool:
        """'A second into the sneer'."""
        into = self.word(k) == "into" and self.word(k + 1) in ("the", "that", "this", "her", "his")
        moved = self.word(k + 2) not in THING | {"", "first", "second", "last"}
        return into and moved and self.closed(k + 3)

    def _at_most(self, k: int) -> int | None:
        """The token behind ', no longer', 'at most', 'tops'."""
        k = k + 1 if self.word(k) == "," else k
        if self.word(k) in ("tops", "max", "maximum"):
            return k + 1
        pair = (self.word(k), self.word(k + 1))
        return k + 2 if pair in (("no", "longer"), ("no", "more"), ("at", "most"), ("not", "more")) else None

    def _counting(self, i: int, j: int) -> Time | None:
        """'Count to two', 'a count of three': so long."""
        j = self.past(j, ("a", "the", "long", "short"))
        if self.word(j) not in ("count", "counts", "counting", "pause", "silence", "wait", "delay", "gap"):
            return None
        found = self.amount(j + 2) if self.word(j + 1) in ("to", "of") else None
        if found is None or found.seconds < 0.2:
            return None
        if self.word(i) in ("after", "count", "counts"):
            return Time(i, found.last, after=found.seconds)
        return Time(i, found.last, lead=found.seconds)

    def _elapses(self, i: int) -> bool:
        """Whether 'two seconds before' tells how long it takes, not how much sooner it is."""
        before = {token.word for token in self.row[max(0, i - 6) : i + 1]}
        return bool(before & {"takes", "still", "nothing", "calm", "blank", "it", "waits", "neutral"})

    def _bare(self, i: int, j: int, found: Amount) -> Time | None:
        """A figure with a point, or a whole one before a colon, that opens a part: '1.0 brows up'."""
        figure = i == j and self.row[i].kind == "number"
        figure = figure and ("." in self.word(i) or self.word(found.last) in ("→", "->"))
        styled = self.row[0].kind == "number" and "." in self.word(0) and figure and i == found.last - 1
        if styled and self.row[min(i + 1, len(self.row) - 1)].kind == "word":
            return Time(i, found.last, start=found.seconds)  # '1.0 brows up 3.0 a frown'
        pointed = self.word(i - 1) in _POINTERS and self.closed(found.last)
        counted = any(token.word in UNITS for token in self.row[:i]) and self.word(i + 1) == "of"
        if i == j and counted and self.word(i - 1) in (",", "then", "and", ";", "."):
            return Time(i, found.last + 1, lead=found.seconds)  # 'two seconds of frowning, one of smiling'
        if figure and (self.word(found.last) == ":" or self._opens(i) or pointed):
            return Time(i, found.last, start=found.seconds)
        return None

    def _opens(self, i: int) -> bool:
        return self.word(i - 1) in ("", ".", ";", "/", ",", "|", "\n", "(") and (
            i == 0 or self.row[i - 1].kind == "mark"
        )
