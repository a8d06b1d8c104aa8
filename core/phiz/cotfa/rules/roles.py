"""Roles over points: 'at', 'until', 'by', 'from ... to', 'not before'."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from phiz.cotfa.rules.amounts import ORDINALS, UNITS
from phiz.cotfa.rules.figures import Figures, Time
from phiz.cotfa.rules.points import Point
from phiz.cotfa.rules.tokens import word_set

_OPENERS: dict[str, str] = {
    "start": """
        at; near; close to; nearing; not long after; a little after; a little past; a touch after; @; ~;
        ≈; around; about; on; after; since; past; from; as of; as from; as late as; as early as;
        but at; but before; but after; only after; only at; only from; only past; only by; not
        before; not until; not till; never before; never until; n't before; n't until; no sooner
        than; no earlier than; not sooner than; not earlier than; shortly after; shortly past;
        just at; just after; just past; right at; right after; right from; exactly at; when; once;
        hits; reaches; strikes; reach; reaching; the moment; the instant; but not before; but not
        until; onset; starting; starting at; starting from; starting in; starting on; starting
        around; beginning at; beginning from; beginning around; coming in at; coming in around;
        comes in at; comes in around; starts at; starts around; begins at; begins around; arriving
        at; arriving around; landing at; kicking in at; setting in at; commencing at; coming at;
        comes at; just before; right before; shortly before; moments before; a moment before; a
        hair before; a fraction before; a touch before; a shade before; just shy of; just short
        of; falling at; hitting at""",
    "end": """
        finishing at; finishing by; finishing on; ending at; ending by; stopping at; stopping by; lasting
        until; lasting till; lasting to; running to; running until; up to and including; all the
        way to; until; till; til; up to; up until; up till; to; through; thru; offset""",
    "by": "to full at; to its full at; to its fullest at; to a peak at; peaking at; at its widest at; at its "
    "deepest at; at its height at; at its strongest at; by; no later than; not later than; at the latest by",
    "before": "before",
}  # fmt: skip
_ROLES = {
    tuple(phrase.split()): role
    for role, phrases in _OPENERS.items()
    for phrase in phrases.replace("\n", " ").split(";")
}
_ADVERBS = word_set("somewhere sometime roughly precisely bang dead only")
_LONGEST_OPENER = max(map(len, _ROLES))
_CLOCKS = word_set("""the clock she he timer counter timecode time we it you they hit hits hitting reads
    reach reaches reaching says shows strikes is gets get to line clip read at around""")
_SIGNS = frozenset(("t", "=", "+"))
_DASHES = word_set("- – — → > to .. ... until till through and thru into")
_WORDED = word_set("to until till through")
_LASTS = word_set("last lasts stay hold linger continue remain on go run")
_WAITS = word_set("wait waits pause pauses beat waiting hesitates")
_GONE = word_set("have has gone by passed elapsed went pass in")
_SUBJECTS = word_set("she he it they the her his its is are")
_DOUBTFUL = word_set("on about by past before after near to")


class Roles(Figures):
    """Reads a point in time with the words that say what it is of an action."""

    def _range(self, i: int) -> Time | None:
        """From 1 to 3 s; between 0.4 and 1.1; 1-2 s; from start to 2 s; from the first second on."""
        prep = self.word(i)
        opened = prep in (
            "from",
            "between",
            "during",
            "over",
            "apex",
            "for",
            "at",
            "@",
            "in",
            "through",
            "around",
        )
        j = i + 1 if opened else i
        first = self.point(j, _SIGNS, ranged=True) or (
            self.nth_alone(j) if prep in ("from", "between") else None
        )
        if first is None:
            return None
        joined = self.word(first.last)
        if joined in _DASHES and (joined != "and" or prep == "between"):
            m = first.last + 2 if self.word(first.last + 1) == ">" else first.last + 1
            second = self.point(m, _SIGNS | self.nearly())
            if second is None and first.sure and opened:
                second = self.nth_alone(m)
            worded = joined in _WORDED and not opened
            named = first.sure or (second is not None and second.sure)
            if second is not None and self.word(first.last - 2) == "frames" and not second.sure:
                second = second._replace(seconds=second.seconds * self.frame)
            if second is not None and (not worded or named or not self.word(i - 1).startswith("au")):
                return Time(
                    i, second.last, start=first.seconds * self._scale(first, second), end=second.seconds
                )
        if prep == "apex" and any(token.word == "onset" for token in self.row):
            return Time(i, first.last, by=first.seconds)
        if prep == "apex":
            return Time(i, first.last, start=first.seconds)
        return None

    def _openers(self, i: int) -> Iterator[tuple[tuple[str, ...], str]]:
        """The roles that words from i on may have, the longest first."""
        words = tuple(self.word(i + k) for k in range(_LONGEST_OPENER))
        for length in range(_LONGEST_OPENER, 0, -1):
            if words[:length] in _ROLES:
                yield words[:length], _ROLES[words[:length]]

    def _role(self, i: int) -> Time | None:
        """At 2 s; not until the third second; by 2; up to halfway; somewhere near the two-second mark."""
        if self.word(i) in _ADVERBS:
            found = self._role(i + 1)
            return None if found is None else replace(found, first=i)
        for words, role in self._openers(i):
            time = self._start(i, words) if role == "start" else self._other(i, words, role)
            if time is not None:
                return time
        return None

    def _start(self, i: int, words: tuple[str, ...]) -> Time | None:
        prep, j = words[-1], i + len(words)
        sides = any(token.word == "left" for token in self.row)
        if words[0] == "right" and (sides or self.word(i - 1) not in ("", ",", ".", ";", ":")):
            return None  # 'left at 1 s, right at 2 s'
        if words[:2] in (("the", "moment"), ("the", "instant")) and self.word(j) not in _CLOCKS:
            return None
        found = self.point(j, _CLOCKS | _SIGNS) or self._nth_of_those(j)
        if found is None or (found.edge == "share" and words == ("on",)):
            return None
        if found.edge == "end":
            return None
        if found.edge == "start" and prep not in ("at", "from"):
            return None
        counted = any(token.word == "count" for token in self.row[j : found.last])  # 'on the count of three'
        if prep in _DOUBTFUL and not (found.sure or counted) and not self._alone(i, found):
            return None
        if found.edge == "" and self.word(found.last) == "of" and prep != "on":
            return None
        if prep == "past" and self.word(i - 1) in _LASTS:
            return Time(i, found.last, end=found.seconds)
        if prep == "after" and words[0] != "only" and self._follows_a_thing(found):
            return None
        k = self.past(found.last, _GONE) if prep in ("once", "when", "after") else found.last
        also = self._also(k, found.seconds) if prep in ("at", "@", "on") else None
        if also is not None:
            return Time(i, also[1], start=found.seconds, also=also[0])
        if self.word(k) == "in" and self.closed(k + 1):
            k += 1
        return Time(i, self._onward(k), start=found.seconds)

    def _alone(self, i: int, found: Point) -> bool:
        """'After two, ...', 'on 2:', 'by 3.': a bare number with nothing to count."""
        behind = self.closed(found.last) or (self.word(i) == "by" and self.word(found.last) in _SUBJECTS)
        return self.word(i) in ("by", "after", "on") and behind and found.edge == ""

    def _follows_a_thing(self, found: Point) -> bool:
        """'After two seconds of looking down'."""
        return self.word(found.last) == "of" and found.edge == ""

    def _other(self, i: int, words: tuple[str, ...], role: str) -> Time | None:
        j, prep = i + len(words), words[-1]
        wide = role == "end" and prep not in ("to", "through", "thru")
        found = self.point(j, self.nearly() | (_CLOCKS if wide or role == "by" else frozenset()))
        if found is None:
            return None
        if role == "end":
            if prep in ("to", "through", "thru") and not found.sure:
                return None
            if found.edge == "start" or (prep in ("to", "through") and self.word(found.last) == "of"):
                return None
            if prep == "to" and found.edge in ("share", "end") and self.word(j) != "the":
                return None
            if self.word(i - 1) in _WAITS:
                return Time(i, found.last, start=found.seconds)
            return Time(i, found.last, end=found.seconds)
        if found.edge in ("start", "end") or not (found.sure or (role == "by" and self._alone(i, found))):
            return None
        if role == "by":
            return Time(i, found.last, by=found.seconds)
        timed = self.word(found.last - 1) in UNITS or found.edge == "share" or self._marked(found)
        return Time(i, found.last, end=found.seconds) if timed and self.word(found.last) != "before" else None

    def _nth_of_those(self, i: int) -> Point | None:
        """'At the fourth', where a second was counted before: 'begins in the second second'."""
        seconds = any(
            a.word in ORDINALS and b.word in ("second", "mark") for a, b in itertools.pairwise(self.row[:i])
        )
        found = self.nth_alone(i) if seconds and self.word(i) == "the" else None
        return None if found is None or not self.closed(found.last) else found._replace(sure=True)

    def _marked(self, found: Point) -> bool:
        return self.word(found.last - 1) in ("mark", "point")

    def _also(self, k: int, value: float) -> tuple[tuple[float, ...], int] | None:
        """'And 4 s', ', 2 and 3', 'and again at 3': more points, and the token behind."""
        values: list[float] = []
        joined = again = False
        while self.word(k) in (",", "and", "&") and not joined:
            joined = self.word(k) != "," or self.word(k + 1) == "and"
            m = self.past(k + 1, ("and", "again", "at", "@", "once", "on"))
            again = again or (m > k + 1 and self.word(m - 1) != "and")
            found = self.point(m)
            if found is None or found.edge or found.seconds <= (values[-1] if values else value):
                return None
            if self.word(found.last) in ("later", "after", "before", "in", "into", "afterwards"):
                return None
            if m > k + 1 and self.word(m - 1) in ("at", "@", "on") and self.word(found.last) in _SUBJECTS:
                return None  # 'at 3, and at 6 they let go'

            if not (found.sure or again or self.closed(found.last) or self.word(found.last) == "and"):
                return None
            values.append(found.seconds)
            k = found.last
        return (tuple(values), k) if values and joined else None

    def _onward(self, i: int) -> int:
        j = i + 1 if self.word(i) == "and" and self.word(i + 1) in ("onward", "onwards", "on") else i
        return j + 1 if self.word(j) in ("on", "onward", "onwards", "forward", "forwards") else i

    def _at_the_end(self, i: int) -> Time | None:
        """At the end; near the close of the line; right at the start; all the way to the end."""
        j = i
        if self.word(j) in ("right", "all"):
            j = j + 3 if self.word(j + 1) == "the" and self.word(j + 2) == "way" else j + 1
        prep = self.word(j)
        edge = self._edge(j + 1) if self.word(j + 1) in ("the", "very", "its") else None
        if edge is None:
            return None
        if edge.edge == "":
            return Time(i, edge.last, start=edge.seconds) if prep == "at" else None  # 'of the third second'
        if edge.edge == "end":
            if prep in ("at", "towards", "near", "toward"):
                return Time(i, edge.last, start=max(0.75 * self.duration, self.duration - 1.0))
            return (
                Time(i, edge.last, end=self.duration) if prep in ("to", "until", "till", "through") else None
            )
        return Time(i, edge.last, start=0.0) if prep in ("at", "from") else None
