"""Which head a phrase of time or a manner belongs to."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from phiz.cotfa.rules.alone import TimesAlone
from phiz.cotfa.rules.figures import Time, as_end, begun
from phiz.cotfa.rules.heads import Head, has_any
from phiz.cotfa.rules.items import Item, time_of
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_UNTIL_THEN = frozenset(("until", "till", "before", "up"))
_NO_MORE = frozenset(("after", "by", "past"))
_UNTIL = frozenset(("until", "till", "til"))
_LETTING = ("stop", "cease", "end", "lose", "lost", "wipe", "let", "drop", "quit", "release", "kill", "cut")
_DROPS = word_set("drop drops release kill cut lose end wipe")
_LOSING = word_set("stop stops stopped loses lost drops dropped ceases ceased quits")


class Timing(TimesAlone):
    """Binds times and manners to heads."""

    def _times(self, n: int, segment: Segment, heads: list[Head]) -> None:
        times = [time for item in segment.items if (time := time_of(item)) is not None]
        times = [_growing(time, segment) for time in times]
        until = not heads and (self._says_until(segment) or self._until_open)
        if until:
            times = [as_end(time) for time in times]
        self._until_open = until and not times
        over = [item for item in segment.items if item.has("end") or self._drops(segment, item)]
        over += [item for item in segment.items if self._loses(segment, item)]
        over += [item for item in segment.items if self._lets_go(segment, item) or self._goes(segment, item)]
        over += [item for item in segment.items[1:][-1:] if item.get("plain") == ["over"]]
        over += [item for item in segment.items if self._front(item)]
        over += [i for i, after in pairwise(segment.items) if self._settles(i, after)]
        if not heads:
            self._times_alone(n, segment, times, bool(over), has_any(segment, "hold"), until)
            return
        self._closing = False
        times = self._with_waiting(segment, times)
        for head in [*heads]:
            until = next((t for t in times if t.start is None and t.end is not None), None)
            if head.denied and until is not None and self.row[until.first].word in _UNTIL_THEN:
                head.denied = False  # 'does not smile until 3 s'
                head.times.append(Time(until.first, until.last, start=until.end))
                head.own_time = True
                continue
            no_more = [t for t in times if self.row[t.first].word in _NO_MORE and t.end is None]
            if head.denied and no_more:
                head.denied, head.over, head.own_time = False, True, True
                head.times += [as_end(t) for t in no_more]  # 'no smile after 3 s'
                continue
            if self._respectively(segment, heads, times):
                break
            head.times += times
            head.own_time = bool(times)
            for time in times:
                for when in time.also:
                    again = [Time(time.first, time.last, start=when)]
                    heads.append(replace(head, times=again, manners=set()))
            if over and not head.denied and self._ends_it(segment, over[0], head):
                head.over = True
                head.times = self._ended(head.times, over[0])

    def _respectively(self, segment: Segment, heads: list[Head], times: list[Time]) -> bool:
        """'Raise the left brow, then wink, at 2 and 2.5 s': one time for each."""
        if (
            len(times) != 1
            or not times[0].also
            or "next" not in segment.joins
            or times[0].first < heads[-1].last
        ):
            return False
        mine = [h for h in self.heads if h.sentence == segment.sentence and not h.denied]
        parts = sorted({h.segment for h in mine})
        if len(parts) != len(times[0].also) or any(h.times for h in mine):
            return False
        row = [times[0].start, *times[0].also]
        for head in mine:
            head.times = [Time(times[0].first, times[0].last, start=row[parts.index(head.segment)])]
        for head in heads:
            head.times = [Time(times[0].first, times[0].last, start=row[-1])]
        return True

    def _says_until(self, segment: Segment) -> bool:
        """'Until she hears her name, ...': the time comes behind the comma."""
        return bool(segment.joins & _UNTIL)

    def _ended(self, times: list[Time], end: Item) -> list[Time]:
        """The times of what ends: those behind the word for its end say when, those before it when it began;
        with none behind, the ones before are meant."""
        behind = [t for t in times if t.first >= end.first]
        return [as_end(t) if t in behind or not behind else t for t in times]

    def _with_waiting(self, segment: Segment, times: list[Time]) -> list[Time]:
        """The times of a segment, and those said before it with nothing to show: 'for a second, starting at
        2 s, the jaw drops'."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return times
        one_clause = segment.joins & {"with", "while", "as"} or (
            "cut" in segment.joins and "," not in segment.joins
        )
        if segment.joins & _UNTIL and "then" in segment.joins:
            waiting = [as_end(begun(t)) for t in waiting]  # 'opens them at 4 s; till then they are shut'
        if "next" in segment.joins or (self._waiting_idle and not one_clause):
            waiting = [_after(t) for t in waiting]
        if any(t.start is not None for t in times):
            waiting = [t for t in waiting if t.start is None]
        return [*waiting, *times]

    def _settles(self, item: Item, after: Item) -> bool:
        """'They lift at 1 and settle at 2 s'."""
        settles = self.row[item.first].word in ("settle", "settles", "settling", "settled")
        alone = settles and item.last == item.first + 1
        return alone and after.has("time") and self.said.last_part is not None

    def _drops(self, segment: Segment, item: Item) -> bool:
        """'The smile drops': what would lower a part of the face ends a smile."""
        if not {"up", "down"} & set(item.get("move")):
            return False
        smiles = [
            i for i in segment.items for word in i.get("word") if {12, 13} & {au for au, _, _ in word.units}
        ]
        near = smiles and 0 <= item.first - smiles[-1].last <= 1
        frowns = [
            i for i in segment.items for word in i.get("word") if word.units[:1] and word.units[0][0] == 4
        ]
        if (
            frowns
            and frowns[-1].last == item.first
            and "up" in item.get("move")
            and not has_any(segment, "part")
        ):
            return self.row[item.first].word.startswith(("lift", "rise"))  # 'the frown lifts'
        return (
            bool(near) and "down" in item.get("move") and not has_any(segment, "part") and self._loose(item)
        )

    def _loose(self, item: Item) -> bool:
        return self.row[item.first].word not in ("down", "low", "downward", "downwards")

    def _ends_it(self, segment: Segment, end: Item, head: Head) -> bool:
        word = self.row[end.first].word
        if end.has("move") and head.part and head.first <= end.first < head.last:
            return False
        timed = end is not segment.items[0] and any(
            i.first == end.last for i in segment.items if i.has("time")
        )
        if word in ("off", "back", "down", "leave", "leaves", "on") and not (
            timed and word in ("leaves", "off")
        ):
            return False
        return end.first >= head.first or word.startswith(_LETTING)

    def _lets_go(self, segment: Segment, item: Item) -> bool:
        """'Drop the smile at 3 s': a command that ends what stands behind it."""
        word = self.row[item.first].word
        named = any(i.has("word", "feel") for i in segment.items[1:4])
        return item is segment.items[0] and word in _DROPS and named and has_any(segment, "time")

    def _goes(self, segment: Segment, item: Item) -> bool:
        """'The smile goes at 3 s', 'is dropped at 3 s': nothing but a time behind."""
        word, before = self.row[item.first].word, self.row[item.first - 1].word if item.first else ""
        gone = word in ("goes", "go") or (word in ("dropped", "cut", "killed") and before in ("is", "are"))
        if not gone:
            return False
        named = any(i.has("word") and i.last == item.first for i in segment.items)
        behind = [i for i in segment.items if i.first >= item.last]
        named = named or (before in ("it", "they") and has_any(segment, "time"))
        return all(i.has("time") for i in behind) and (bool(behind) or named)

    def _loses(self, segment: Segment, item: Item) -> bool:
        """'Loses the smile at 2 s', 'stops smiling at 3 s': an end, not a denial."""
        word = self.row[item.first].word
        return item.has("negator") and word in _LOSING and has_any(segment, "time")

    def _manners(self, segment: Segment, heads: list[Head]) -> None:
        manners = {m for item in segment.items for m in item.get("manner")}
        if not heads:
            mine = [h for h in self.heads if h.sentence == segment.sentence]
            if mine and not self._opens(segment):
                for h in mine:
                    if h.segment == mine[-1].segment:
                        h.manners |= manners
            else:
                self._waiting_manners |= manners
            return
        for h in heads:
            h.manners |= manners | self._waiting_manners
            if self._waiting_side and h.sided and h.side in ("", "any"):
                h.side = self._waiting_side
        self._waiting_manners = set()
        self._waiting_side = self._waiting_side if self._side_of_all else ""

    def _opens(self, segment: Segment) -> bool:
        return "next" in segment.joins


def _growing(time: Time, segment: Segment) -> Time:
    """'Builds between 3 and 6 s': it comes in that time, and stays."""
    grows = any(i.last == time.first and "grow" in i.get("manner") for i in segment.items)
    if not grows or time.start is None or time.end is None:
        return time
    return Time(time.first, time.last, start=time.start, ramp=time.end - time.start)


def _after(time: Time) -> Time:
    """What follows something that goes on for so long, or until then."""
    if time.lead is not None:
        return Time(time.first, time.last, start=time.lead)
    if time.end is not None and time.start in (None, 0.0):
        return Time(time.first, time.last, start=time.end)
    return time
