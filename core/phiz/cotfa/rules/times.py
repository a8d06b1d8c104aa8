"""Times in words: 'at 2 s', 'from 1 to 3', 'for the last second', 'halfway', 'two seconds later'."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phiz.cotfa.note import LONGEST_SECONDS
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
NUMBERS = {word: float(i) for i, word in enumerate(_SMALL)} | {
    "thirty": 30.0,
    "forty": 40.0,
    "sixty": 60.0,
}
_ORDINALS = {
    "first": 1.0,
    "second": 2.0,
    "third": 3.0,
    "fourth": 4.0,
    "fifth": 5.0,
    "sixth": 6.0,
}
_SHARES = {
    "half": 0.5,
    "third": 1 / 3,
    "quarter": 0.25,
    "halves": 0.5,
    "thirds": 1 / 3,
    "quarters": 0.25,
}
_UNITS = dict.fromkeys(["s", "sec", "secs", "second", "seconds"], 1.0) | dict.fromkeys(
    ["ms", "msec", "millisecond", "milliseconds"], 0.001
) | dict.fromkeys(["minute", "minutes", "min"], 60.0)  # fmt: skip
_FILLERS = frozenset(
    [
        "the",
        "about",
        "around",
        "roughly",
        "exactly",
        "approximately",
        "approx",
        "say",
        "circa",
        "precisely",
        "just",
        "over",
        "almost",
        "nearly",
        "a",
        "count",
        "of",
        "only",
        "mark",
        "=",
        "~",
        "≈",
    ]
)
_AT = frozenset(["at", "@", "~", "≈", "around", "about", "on", "after", "since", "past", "from", "starting"])
_UNTIL = frozenset(["until", "till", "til", "to", "through", "thru"])
_DASHES = frozenset(("-", "–", "—", "→", "to", "..", "...", "until", "till", "through", "and", "thru"))
_ROUGHLY = ("about", "around", "roughly", "approximately", "exactly", "some", "nearly", "almost", "just")
_NEARLY = frozenset(["before", "after", "past", "shy", "under", "shortly", "right", "well"])
_LASTS = frozenset(["last", "lasts", "stay", "hold", "linger", "continue", "remain", "on", "go", "run"])
_CLOCKS = frozenset(
    [
        "the",
        "clock",
        "she",
        "he",
        "timer",
        "counter",
        "timecode",
        "time",
        "we",
        "it",
        "you",
        "they",
        "hit",
        "hits",
        "hitting",
        "reads",
        "reach",
        "reaches",
        "reaching",
        "says",
        "shows",
        "strikes",
        "is",
        "gets",
        "get",
        "to",
        "line",
        "clip",
    ]
)
_NOT_BEFORE = frozenset(
    (first, second)
    for first, seconds in {
        "not": ("before", "until", "till"), "as": ("of", "from"), "but": ("before", "after", "at"),
        "only": ("after", "at", "from", "past", "by"), "never": ("before", "until"), "n't": ("before",),
    }.items()
    for second in seconds
)  # fmt: skip
_TAIL = frozenset(["mark", "point", "marks"])
_REACHES = frozenset(("hits", "reaches", "strikes", "once", "when", "reach", "reaching"))
_WAITS = frozenset(("wait", "waits", "pause", "pauses", "beat", "waiting", "hesitates"))
_THING = frozenset(
    [
        "of",
        "the",
        "line",
        "clip",
        "take",
        "recording",
        "shot",
        "audio",
        "way",
        "speech",
        "sound",
        "whole",
    ]
)


@dataclass(frozen=True)
class Time:
    """A phrase of time over tokens [first, last). start, end, length: seconds, None where not said.

    after: seconds that pass before what follows ('two seconds later'). by: when all of it is there.
    also: once more ('at 2 and 4 s'). lead: how long what is named goes on ('six seconds of calm').
    whole: from beginning to end, unless something says better.
    """

    first: int
    last: int
    start: float | None = None
    end: float | None = None
    length: float | None = None
    after: float | None = None
    by: float | None = None
    lead: float | None = None
    also: float | None = None
    whole: bool = False


class Clock:
    """Reads times at a place in a row of tokens, for a recording of `duration` seconds."""

    def __init__(self, row: Sequence[Token], duration: float) -> None:
        self.row = row
        self.duration = duration

    def word(self, i: int) -> str:
        return self.row[i].word if 0 <= i < len(self.row) else ""

    # ---- quantities ------------------------------------------------------------------------------

    def number(self, i: int) -> tuple[float, int] | None:
        """A bare number in figures or words, and where it ends."""
        if i >= len(self.row):
            return None
        if self.row[i].kind == "number":
            return self.row[i].number, i + 1
        word = self.word(i)
        if word not in NUMBERS:
            return None
        value, j = NUMBERS[word], i + 1
        if self.word(j) == "point" and self.word(j + 1) in NUMBERS:
            return value + NUMBERS[self.word(j + 1)] / 10.0, j + 2
        more = self.and_a(j)
        if more is not None:
            return value + more[0], more[1]
        if value >= 20 and self.word(j) == "-" and self.word(j + 1) in NUMBERS:
            return value + NUMBERS[self.word(j + 1)], j + 2
        return value, j

    def and_a(self, j: int) -> tuple[float, int] | None:
        """'And a half', '-and-a-quarter', and where it ends."""
        words: list[str] = []
        while len(words) < 3 and j < len(self.row):
            if self.word(j) != "-":
                words.append(self.word(j))
            j += 1
        share = {"half": 0.5, "quarter": 0.25}.get(words[-1]) if words else None
        return (share, j) if share and words[0] == "and" and words[1] in ("a", "one") else None

    def quantity(self, i: int) -> tuple[float, bool, int] | None:
        """Seconds, whether a unit was said, and where it ends."""
        while self.word(i) in ("full", "whole", "good", "long"):
            i += 1
        words = [self.word(i + k) for k in range(6)]
        if words[0] == "three" and words[1] == "-" and words[2] in ("quarter", "quarters"):
            words = [words[0], *words[2:]]
            i += 1
        if words[0] in ("a", "one") and words[1] in ("full", "whole", "good") and words[2] in _UNITS:
            return _UNITS[words[2]], True, i + 3
        article = 1 if words[0] in ("a", "an", "the") else 0
        if words[article] in ("half", "quarter") or (words[0] == "three" and words[1] == "quarters"):
            share = 0.5 if words[article] == "half" else 0.25
            k = article + 1
            if words[0] == "three":
                share, k = 0.75, 2
            if words[k] == "of":
                k += 1
            if words[k] in ("a", "an"):
                k += 1
            if words[k] == "-":
                k += 1
            if words[k : k + 1] and words[k] in _UNITS:
                return share, True, i + k + 1
        if words[0] in ("a", "one") and words[1] in ("second", "sec"):
            more = self.and_a(i + 2)
            return (1.0, True, i + 2) if more is None else (1.0 + more[0], True, more[1])
        if words[:3] == ["a", "couple", "of"] and words[3] in _UNITS:
            return 2.0 * _UNITS[words[3]], True, i + 4
        if words[:2] == ["a", "few"] and words[2] in _UNITS:
            return 3.0 * _UNITS[words[2]], True, i + 3
        found = self.number(i)
        if found is None:
            return None
        value, j = found
        while self.word(j) in ("full", "whole", "more", "good", "long"):
            j += 1
        k = j + 1 if self.word(j) == "-" and self.word(j + 1) in _UNITS else j
        if self.word(k) in _UNITS and not (self.row[i].kind == "word" and self.word(k) == "s"):
            j = k + 1
            value *= _UNITS[self.word(k)]
            more = self.and_a(j)
            return (value, True, j) if more is None else (value + more[0], True, more[1])
        if ":" in self.row[i].word:
            return value, True, j
        return value, False, found[1]

    # ---- phrases ---------------------------------------------------------------------------------

    def at(self, i: int) -> Time | None:
        """The time that starts at token i, or None."""
        for read in (
            self._bracketed, self._equals, self._numbered, self._labelled, self._whole, self._ends,
            self._part, self._share, self._range,
            self._since, self._until, self._length, self._counted,
        ):  # fmt: skip
            time = read(i)
            if time is not None:
                return self._clipped(time)
        return None

    def _clipped(self, time: Time) -> Time | None:
        """None for an end that is not after its start, or more seconds than a recording has: no time."""
        said = (
            time.start,
            time.end,
            time.length,
            time.after,
            time.by,
            time.lead,
            time.also,
        )
        if any(value is not None and value > LONGEST_SECONDS for value in said):
            return None
        if time.start is not None and time.end is not None and time.end <= time.start:
            return None
        return time

    def _bracketed(self, i: int) -> Time | None:
        """[2.0] or (1.8 s)."""
        close = {"[": "]", "(": ")", "<": ">", "{": "}"}.get(self.word(i))
        if close is None:
            return None
        j = i + 1
        if self.word(j) in _AT and self.word(j) != "on":
            j += 1
        found = self.quantity(j)
        if found is None:
            return None
        dash = found[2] + 1 if self.word(found[2]) in _DASHES else found[2]
        if close != ">" and self.word(dash) == ">":
            dash += 1
        if dash > found[2] and (second := self.quantity(dash)) is not None:
            closed = self.word(second[2]) == close
            return Time(i, second[2] + 1, start=found[0], end=second[0]) if closed else None
        if self.word(found[2]) != close or (close == ")" and not found[1]):
            return None
        return Time(i, found[2] + 1, start=found[0])

    def _equals(self, i: int) -> Time | None:
        """t=1, t = 2..4."""
        if self.word(i) not in ("t", "time") or self.word(i + 1) not in ("=", "+"):
            return None
        first = self.quantity(i + 2)
        if first is None:
            return None
        if self.word(first[2]) in _DASHES:
            again = self.word(first[2] + 1) in ("t", "time") and self.word(first[2] + 2) == "="
            second = self.quantity(first[2] + (3 if again else 1))
            if second is not None:
                return Time(i, second[2], start=first[0], end=second[0])
        return Time(i, first[2], start=first[0])

    def _numbered(self, i: int) -> Time | None:
        """At second 2; seconds 1-3; from second 1 to second 3; between the first and third second; after the
        first second."""
        j = i
        prep = self.word(j)
        if prep in (
            "at",
            "from",
            "on",
            "between",
            "by",
            "until",
            "till",
            "after",
            "during",
            "in",
        ):
            j += 1
        if self.word(j) == "the":
            j += 1
        nth = _ORDINALS.get(self.word(j), 0.0)
        if nth > 1 and prep in ("in", "during") and self.word(j + 1) in ("second", "sec"):
            return Time(i, j + 2, start=nth - 1.0, end=nth)
        if self.word(j) in _ORDINALS and prep in (
            "between",
            "after",
            "from",
            "until",
            "till",
            "on",
            "at",
        ):
            first = _ORDINALS[self.word(j)]
            if self.word(j + 1) in ("and", "to") and self.word(j + 2) in (
                "the",
                *_ORDINALS,
            ):
                k = j + 3 if self.word(j + 2) == "the" else j + 2
                if self.word(k) in _ORDINALS and self.word(k + 1) in (
                    "second",
                    "seconds",
                ):
                    return Time(i, k + 2, start=first, end=_ORDINALS[self.word(k)])
            if self.word(j + 1) in ("second", "sec") and prep in (
                "after",
                "until",
                "till",
            ):
                return Time(i, j + 2, end=first) if prep != "after" else Time(i, j + 2, start=first)
            return None
        if self.word(j) not in ("second", "seconds", "sec", "s"):
            return None
        found = self.number(j + 1)
        if found is None or self.word(found[1]) in _UNITS:
            return None
        k = found[1]
        if self.word(k) in (*_DASHES, "and"):
            m = k + 2 if self.word(k + 1) in ("second", "seconds") else k + 1
            second = self.number(m)
            if second is not None and second[0] > found[0]:
                return Time(i, second[1], start=found[0], end=second[0])
        if prep in ("until", "till"):
            return Time(i, k, end=found[0])
        return Time(i, k, by=found[0]) if prep == "by" else Time(i, self._onward(k), start=found[0])

    def _labelled(self, i: int) -> Time | None:
        """Start 1.0, end: 2.5; in at 1, out at 3; from=1 to=3."""
        label = self.word(i)
        # 'in 1.0', 'from=1' and the like; 'from 1' and 'to 2' are read elsewhere
        if label in ("peak", "peaks", "max") and (
            top := self.quantity(i + 2 if self.word(i + 1) in ("at", "@", ":", "=") else i + 1)
        ):
            return Time(i, top[2], by=top[0]) if self._counts(top) else None
        opens = label in (
            "start",
            "begin",
            "in",
            "onset",
            "starts",
            "begins",
            "from",
            "attack",
        )
        if not opens and label not in (
            "end",
            "out",
            "stop",
            "offset",
            "ends",
            "stops",
            "release",
            "to",
        ):
            return None
        j = i + 1
        marked = False
        while self.word(j) in ("at", ":", "=", "@", "time", "on"):
            marked, j = True, j + 1
        found = self.quantity(j)
        if found is None or not (marked or (self.row[j].kind == "number" and "." in self.row[j].word)):
            return None
        if (
            label
            in (
                "from",
                "to",
                "start",
                "begin",
                "starts",
                "begins",
                "end",
                "ends",
                "stop",
                "stops",
            )
            and not (marked and self.word(i + 1) in (":", "="))
            and label not in ("end", "ends", "stop", "stops")
            and (
                marked or label in ("from", "to") or self.word(found[2]) in ("later", "before", "after", "in")
            )
        ):
            return None
        if not opens and self.row[found[2] - 1].kind == "word" and self.word(i - 1) == "the":
            return None
        return Time(i, found[2], start=found[0]) if opens else Time(i, found[2], end=found[0])

    def _whole(self, i: int) -> Time | None:
        """For all six seconds; for the whole line."""
        j = i + 1 if self.word(i) in ("for", "over", "across", "during", "in") else i
        if self.word(j) not in ("all", "the", "whole", "entire"):
            return None
        k = j
        while self.word(k) in ("all", "the", "of", "whole", "entire", "full"):
            k += 1
        if not {"all", "whole", "entire", "full"} & {self.word(n) for n in range(j, k)}:
            return None
        found = self.quantity(k)
        if found is not None and found[1]:
            return Time(i, found[2], start=0.0, end=self.duration, whole=True)
        return None

    def _ends(self, i: int) -> Time | None:
        """To the end; at the end; at the start; from the beginning."""
        words = [self.word(i + k) for k in range(5)]
        if words[0] in ("right", "all"):
            inner = self._ends(i + 1) or (self._ends(i + 3) if words[1:3] == ["the", "way"] else None)
            return None if inner is None else Time(i, inner.last, inner.start, inner.end, inner.length)
        k = 1
        while words[k : k + 1] and words[k] in ("the", "very"):
            k += 1
        if k >= len(words):
            return None
        prep, noun = words[0], words[k]
        if noun in ("end", "finish", "close") and k > 1:
            if prep in _UNTIL or prep == "through":
                return Time(i, i + k + 1, end=self.duration)
            if prep in ("at", "towards", "near"):
                return Time(i, i + k + 1, start=max(0.75 * self.duration, self.duration - 1.0))
        opens = noun in ("start", "beginning", "top", "outset", "opening")
        if opens and k > 1 and prep in ("at", "from"):
            return Time(i, i + k + 1, start=0.0)
        return None

    def _part(self, i: int) -> Time | None:
        """The first two seconds, in the last half second, for the first half, the final third."""
        j = i
        if self.word(j) in (
            "for",
            "in",
            "during",
            "over",
            "across",
            "through",
            "throughout",
            "within",
        ):
            j += 1
        if self.word(j) in ("the", "her", "his"):
            j += 1
        which = self.word(j)
        if which in ("next", "following") and j > i:
            found = self.quantity(j + 1)
            if found is not None and (found[1] or self.word(i) == "for"):
                return Time(i, found[2], lead=found[0])
        if which not in (
            "first",
            "last",
            "final",
            "opening",
            "closing",
            "second",
            "middle",
        ):
            return None
        late = which in ("last", "final", "closing", "second")
        if (
            which == "second"
            and j > i
            and self._closed(j + 1)
            and any(t.word == "half" for t in self.row[:i])
        ):
            return Time(i, j + 1, start=0.5 * self.duration, end=self.duration)
        share = self.word(j + 1)
        if share in _SHARES and self.word(j + 2) not in _UNITS:
            length = _SHARES[share] * self.duration
            start = self.duration - length if late else 0.0
            if which == "middle":
                start = (self.duration - length) / 2
            elif which == "second" and share != "half":
                start = length
            return Time(i, self._past_thing(j + 2), start=start, end=start + length)
        if which in ("second", "middle"):
            return None
        found = self.quantity(j + 1)
        if found is None and self.word(j + 1) in ("second", "sec"):
            more = self.and_a(j + 2)
            found = (1.0, True, j + 2) if more is None else (1.0 + more[0], True, more[1])
        if found is None and self.word(j + 1) in ("couple", "few"):
            found = self.quantity(j + 1) or (
                2.0,
                True,
                j + 4 if self.word(j + 2) == "of" else j + 3,
            )
        if found is None or not found[1]:
            return None
        length = min(found[0], self.duration)
        start = self.duration - length if late else 0.0
        return Time(i, self._past_thing(found[2]), start=start, end=start + length)

    def _past_thing(self, j: int) -> int:
        """Past 'of the line'."""
        if self.word(j) == "of" and self.word(j + 1) in _THING | {"her", "his", "your"}:
            j += 2
            while self.word(j) in _THING:
                j += 1
        return j

    def _share(self, i: int) -> Time | None:
        """A share of the recording; after 'until' it is the end."""
        if self.word(i) in ("until", "till", "through") or (
            self.word(i) == "to" and self.word(i + 1) == "the"
        ):
            k = i + 2 if self.word(i + 1) == "the" else i + 1
            if self.word(k) in ("middle", "midpoint", "halfway", "midway"):
                m = k + 1
                while self.word(m) in ("mark", "point", "through"):
                    m += 1
                return Time(i, m, end=0.5 * self.duration)
            return None
        return self._share_in(i)

    def _share_in(self, i: int) -> Time | None:
        """Halfway through; at 50 % of the line; a third of the way in; in the middle."""
        j = i
        while j < i + 3 and self.word(j) in ("at", "from", "by", *_ROUGHLY):
            j += 1
        if self.word(j) == "mid" and self.word(j + 1) in ("-", "way"):
            j += 2 if self.word(j + 2) == "way" else 1
            if self.word(j) != "way" and self.word(j) not in _THING:
                return None
            return Time(i, self._past_thing(j + 1), start=0.5 * self.duration)
        if self.word(j) in ("halfway", "midway", "half", "midpoint"):
            k = j + 1
            if self.word(j) == "half":
                if self.word(k) == "-":
                    k += 1
                if self.word(k) not in ("way", "through"):
                    return None
                k += 1
            if self.word(k) in ("up", "down", "open", "closed", "shut"):
                return None
            while self.word(k) in _THING | {"through", "in", "into"}:
                k += 1
            return Time(i, k, start=0.5 * self.duration)
        if self.word(i) in ("in", "at") and self.word(i + 1) == "the" and self.word(i + 2) in (
            "middle", "midpoint", "halfway", "centre", "center",
        ):  # fmt: skip
            k = i + 3
            while self.word(k) in (
                "mark",
                "point",
                "of",
                "the",
                "line",
                "clip",
                "take",
            ):
                k += 1
            return Time(i, k, start=0.5 * self.duration)
        found = self.number(j)
        if found is not None and self.word(found[1]) in ("%", "percent") and self._is_place(i, found[1] + 1):
            k = found[1] + 1
            while self.word(k) in _THING | {"through", "in", "into"}:
                k += 1
            return Time(i, k, start=min(1.0, found[0] / 100.0) * self.duration)
        if self.word(j) == "the":
            j += 1
        count = {"a": 1.0, "one": 1.0, "two": 2.0, "three": 3.0}.get(self.word(j))
        h = j + 2 if self.word(j + 1) == "-" else j + 1
        share = _SHARES.get(self.word(h))
        if count and share and self.word(h + 1) in ("of", "through", "in", "into", "mark", "point"):
            k = h + 1
            while self.word(k) in ("mark", "point"):
                k += 1
            while self.word(k) in _THING | {"through", "in", "into"}:
                k += 1
            if self.word(k) in _UNITS or self.word(k) in ("a", "smile"):
                return None
            return Time(i, k, start=count * share * self.duration)
        return None

    def _is_place(self, i: int, j: int) -> bool:
        """Whether a percentage is a place in time: 'at 50 % of the line', '30 % in'."""
        if self.word(j) in ("of", "through", "in", "into"):
            return self.word(j + 1) in _THING or self.word(j) != "of"
        return False

    def _range(self, i: int) -> Time | None:
        """From 1 to 3 s; between 0.4 and 1.1; 1-2 s; 0.7–1.9; apex 1.2-2.0; from 0.5 s on."""
        j = i
        prep = self.word(j)
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
        )
        if opened:
            j += 1
        ordinal = self.word(j) == "the" and self.word(j + 1) in _ORDINALS and self.word(j + 2) in _UNITS
        if prep == "from" and ordinal:
            return Time(i, self._onward(j + 3), start=_ORDINALS[self.word(j + 1)])
        while opened and self.word(j) in _FILLERS:
            j += 1
        first = self.quantity(j)
        if first is None:
            return None
        k = first[2] + 1 if self.word(first[2]) in _TAIL else first[2]
        joined = self.word(k)
        if joined in _DASHES and (joined != "and" or prep == "between"):
            m = self._skipped(k + 1, _FILLERS | _NEARLY | {">"})
            if self.word(m) in ("end", "finish", "close"):
                return Time(
                    i,
                    m + 1,
                    start=first[0] * self._scale(first, None),
                    end=self.duration,
                )
            second = self.quantity(m)
            if second is not None and opened and (ending := self._from_end(second[2])) is not None:
                return Time(i, ending, start=first[0], end=max(0.0, self.duration - second[0]))
            worded = joined in ("to", "until", "till", "through") and not opened
            if second is not None and (not worded or first[1] or second[1] or self._timely(i)):
                end = second[0]
                start = first[0] * self._scale(first, second)
                return Time(i, second[2], start=start, end=end)
        if prep == "apex":
            return Time(i, first[2], start=first[0])
        return None

    def _skipped(self, j: int, words: frozenset[str]) -> int:
        """Past such words, but not past the article of 'a second'."""
        while self.word(j) in words and not (self.word(j) == "a" and self.quantity(j) is not None):
            j += 1
        return j

    def _scale(self, first: tuple[float, bool, int], second: tuple[float, bool, int] | None) -> float:
        """The unit of the second holds for both: 500-900 ms."""
        if first[1] or second is None or not second[1]:
            return 1.0
        return _UNITS.get(self.word(second[2] - 1), 1.0)

    def _timely(self, i: int) -> bool:
        """Whether bare numbers here are seconds: no unit code stands just before them."""
        return not self.word(i - 1).startswith("au")

    def _onward(self, j: int) -> int:
        return j + 1 if self.word(j) in ("on", "onward", "onwards", "forward") else j

    def _since(self, i: int) -> Time | None:
        """At 2 s; @2; around the four second mark; starting at 1; from 0.5 s on; onset 0.6; by 2."""
        j, prep = i, self.word(i)
        if prep in (
            "starting",
            "coming",
            "beginning",
            "comes",
            "starts",
            "begins",
            "right",
            "exactly",
        ):
            if prep == "right" and self.word(i - 1) not in ("", ",", ".", ";", ":"):
                return None
            j += 1
            if self.word(j) in ("in", "on"):
                j += 1
            if self.word(j) not in ("at", "from", "around", "@"):
                return None
            prep = self.word(j)
        if prep == "the" and self.word(j + 1) in ("moment", "instant") and self.word(j + 2) in _CLOCKS:
            j, prep = j + 1, "when"
        if prep == "but" and self.word(j + 1) == "not":
            j, prep = j + 1, "not"
        if (prep, self.word(j + 1)) in _NOT_BEFORE:
            j, prep = j + 1, "after"
        if prep in ("no", "not") and self.word(j + 1) in ("sooner", "earlier") and self.word(j + 2) == "than":
            j, prep = j + 2, "after"
        if prep in ("shortly", "just", "right", "only") and self.word(j + 1) in (
            "at",
            "after",
            "past",
            "from",
        ):
            j, prep = j + 1, self.word(j + 1)
        if prep not in _AT and prep not in ("onset", "by", "offset", "before") and prep not in _REACHES:
            return None
        j += 1
        while self.word(j) in _FILLERS | _CLOCKS or self.word(j) in ("at", "around"):
            j += 1
        if self.word(j - 1) == "a" and self.word(j) in (
            "second",
            "quarter",
            "half",
            "sec",
        ):
            j -= 1
        found = self.quantity(j)
        if found is None:
            return None
        bare = prep in ("on", "about", "by", "past", "before", "after") and not self._counts(found)
        if bare and not (prep in ("by", "after") and self._closed(found[2])):
            return None
        value, _, k = found
        if self.word(k) in ("%", "percent") or (self.word(k) == "of" and prep != "on"):
            return None
        if found[1] and prep != "by" and (ending := self._from_end(k)) is not None:
            return Time(i, ending, start=max(0.0, self.duration - value))
        if self.word(k) in _TAIL:
            k += 1
        if self.word(k) == "in" and self.word(k + 1) in (",", ".", ":", ""):
            k += 1
        if prep == "offset" or (prep == "past" and self.word(i - 1) in _LASTS):
            return Time(i, k, end=value)
        if prep == "before":
            if self.word(k - 1) in _UNITS and self.word(k) != "before":
                return Time(i, k, end=value)
            return None
        if prep == "by":
            return Time(i, k, by=value)
        more = self.quantity(k + 1) if self.word(k) in ("and", "&") and prep in ("at", "@") else None
        if self.word(k) == "and" and self.word(k + 1) in ("at", "again") and prep in ("at", "@"):
            m = k + 2 if self.word(k + 1) == "at" or self.word(k + 2) != "at" else k + 3
            more = self.quantity(m)
        again = self.word(k + 1) in ("at", "again")
        if more is not None and more[0] > value and (more[1] or again or self._closed(more[2])):
            return Time(i, more[2], start=value, also=more[0])
        return Time(i, self._onward(k), start=value)

    def _closed(self, j: int) -> bool:
        return j >= len(self.row) or self.row[j].kind == "mark"

    def _counts(self, found: tuple[float, bool, int]) -> bool:
        """Whether a number after a word of many uses is a time: it has a unit, or figures with a point."""
        return found[1] or "." in self.row[found[2] - 1].word

    def _until(self, i: int) -> Time | None:
        """Until 3 s; to 4 s; through 2.4 s; till the 3 second mark."""
        j, prep = i, self.word(i)
        if prep == "up" and self.word(i + 1) in ("to", "until", "till"):
            j, prep = i + 1, self.word(i + 1)
        if prep not in _UNTIL:
            return None
        between = _FILLERS | _NEARLY if prep in ("to", "through") else _FILLERS | _NEARLY | _CLOCKS
        j = self._skipped(j + 1, between)
        found = self.quantity(j)
        if found is None or (prep in ("to", "through", "thru") and not self._counts(found)):
            return None
        if found[1] and (ending := self._from_end(found[2])) is not None:
            return Time(i, ending, end=max(0.0, self.duration - found[0]))
        k = found[2] + 1 if self.word(found[2]) in _TAIL else found[2]
        if self.word(k) in ("%", "percent"):
            return None
        return Time(i, k, end=found[0])

    def _length(self, i: int) -> Time | None:
        """For two seconds; within half a second; lasting 2 s."""
        if self.word(i) not in ("for", "lasting", "lasts", "within", "duration"):
            return None
        j = i + 1
        while self.word(j) in (
            "about",
            "around",
            "another",
            "exactly",
            "some",
            "roughly",
            "a",
            "just",
        ):
            if self.word(j) == "a" and self.quantity(j) is not None:
                break
            j += 1
        found = self.quantity(j)
        if found is None or not (found[1] or self.word(i) in ("lasting", "lasts")):
            return None
        return Time(i, found[2], length=found[0])

    def _from_end(self, k: int) -> int | None:
        """Where 'before the end', 'from the close of the line', 'to go', 'left' ends, which starts at k."""
        if self.word(k) in ("left", "remaining"):
            return k + 1
        if self.word(k) == "to" and self.word(k + 1) in ("go", "spare"):
            return k + 2
        while self.word(k) in ("short", "shy", "off"):
            k += 1
        if self.word(k) not in ("before", "from", "of", "until", "till", "to"):
            return None
        m = k + 1
        while self.word(m) in ("the", "it", "very", "'s", "all"):
            m += 1
        return self._past_thing(m + 1) if self.word(m) in ("end", "close", "finish", "over", "ends") else None

    def _counted(self, i: int) -> Time | None:
        """Two seconds in; a second later; with 2 s left; one second before the end; 0.3 s long; 2 s: ..."""
        j = (
            i + 1
            if self.word(i) in ("with", "exactly", "just", "about", "takes", "after", "there", "in")
            else i
        )
        while j > i and self.word(j) in ("her", "him", "them", "is", "are", "about"):
            j += 1
        found = self.quantity(j)
        if found is None:
            return None
        value, unit, k = found
        if not unit:
            return self._bare(i, j, found)
        words = [self.word(k + n) for n in range(4)]
        if (ending := self._from_end(k)) is not None:
            return Time(i, ending, start=max(0.0, self.duration - value))
        if words[0] == "before" and (words[1] == "it" or words[1] == "that"):
            return None
        if words[0] == "before":
            return Time(i, k + 1, start=value)
        if (
            words[0] == "after"
            and words[1] == "the"
            and words[2] in ("start", "beginning", "top", "line", "first")
        ):
            return Time(i, k + 3, start=value)
        if words[0] in ("later", "afterwards", "after", "on"):
            return Time(
                i,
                k + (2 if words[0] == "after" and words[1] in ("that", "this") else 1),
                after=value,
            )
        if words[0] == "long":
            return Time(i, k + 1, length=value)
        if words[0] == "for" and self.word(i) == "takes":
            return Time(i, k + 1, start=value)
        if words[0] in ("in", "into"):
            m = k + 1
            while words[0] == "into" and (self.word(m) in _THING or self.word(m) in ("her", "his")):
                m += 1
            return Time(i, m, start=value)
        if words[0] == "of":
            return Time(i, k + 1, lead=value)
        if words[0] in ("pass", "go", "passes", "elapse", "tick", "have") or self.word(i - 1) in _WAITS:
            return Time(i, k, lead=value)
        if words[0] == ":" or self._opens(i):
            return Time(i, k, start=value)
        if self.word(i) == "in":
            return Time(i, k, start=value)
        return Time(i, k, length=value)

    def _bare(self, i: int, j: int, found: tuple[float, bool, int]) -> Time | None:
        """A number with a point that opens a part of the note: '1.0 brows up / 3.0 brows down', '2.0: up'."""
        if i == j and self.row[i].kind == "number" and "." in self.row[i].word and self.word(found[2]) == ":":
            return Time(i, found[2], start=found[0])
        if i == j and self.row[i].kind == "number" and "." in self.row[i].word and self._opens(i):
            return Time(i, found[2], start=found[0])
        return None

    def _opens(self, i: int) -> bool:
        return self.word(i - 1) in ("", ".", ";", "/", ",", "|", "\n", "(") and (
            i == 0 or self.row[i - 1].kind == "mark"
        )
