"""Which head a phrase of time or a manner belongs to."""

from __future__ import annotations

from dataclasses import replace

from phiz.cotfa.rules.clauses import Segment
from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.heads import Head, Reader, has_any
from phiz.cotfa.rules.items import Item, time_of

_UNTIL_THEN = frozenset(("until", "till", "before", "up"))


class Timing(Reader):
    """Binds times and manners to heads."""

    def _times(self, n: int, segment: Segment, heads: list[Head]) -> None:
        times = [time for item in segment.items if (time := time_of(item)) is not None]
        over = [item for item in segment.items if item.has("end") or self._drops(segment, item)]
        holds = has_any(segment, "hold")
        if not heads:
            self._times_alone(n, segment, times, bool(over), holds)
            return
        if self._waiting:
            if not any(t.start is not None for t in times):
                times = [*self._waiting, *times]
            self._waiting = []
        for head in [*heads]:
            until = next((t for t in times if t.start is None and t.end is not None), None)
            if head.denied and until is not None and self.row[until.first].word in _UNTIL_THEN:
                head.denied = False  # 'does not smile until 3 s'
                head.times.append(Time(until.first, until.last, start=until.end))
                head.own_time = True
                continue
            head.times += times
            head.own_time = bool(times)
            for time in times:
                for when in time.also:
                    again = [Time(time.first, time.last, start=when)]
                    heads.append(replace(head, times=again, manners=set()))
            if over and not head.denied and self._ends_it(segment, over[0], head):
                head.over = True
                head.times = [as_end(t) for t in head.times]

    def _drops(self, segment: Segment, item: Item) -> bool:
        """'The smile drops': what would lower a part of the face ends a smile."""
        smiles = [
            i for i in segment.items for word in i.get("word") if {12, 13} & {au for au, _, _ in word.units}
        ]
        near = smiles and 0 <= item.first - smiles[-1].last <= 1
        return (
            bool(near) and "down" in item.get("move") and not has_any(segment, "part") and self._loose(item)
        )

    def _loose(self, item: Item) -> bool:
        return self.row[item.first].word not in ("down", "low", "downward", "downwards")

    def _ends_it(self, segment: Segment, end: Item, head: Head) -> bool:
        word = self.row[end.first].word
        if end.has("move") and head.part and head.first <= end.first < head.last:
            return False
        if word in ("off", "back", "down", "leave", "leaves", "on"):
            return False
        return end.first >= head.first or word.startswith(
            ("stop", "cease", "end", "lose", "wipe", "let", "drop")
        )

    def _times_alone(self, n: int, segment: Segment, times: list[Time], over: bool, holds: bool) -> None:
        """A time with nothing to show beside it: of what stands before in the sentence, or what follows."""
        if self._more(n, segment, times):
            return
        if not times:
            words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
            if (
                over
                and words & {"it", "that", "this", "they"}
                and segment.joins & {"as", "when", "once", "after"}
            ):
                mine = [h for h in self.heads if h.sentence == segment.sentence and h.units]
                for h in mine:
                    h.over = h.over or h.segment == mine[-1].segment  # 'a grin, and as it fades, a frown'
            return
        before = [h for h in self.heads if h.sentence == segment.sentence]
        if not before and (over or holds) and self.heads:
            before = [h for h in self.heads if h.sentence == self.heads[-1].sentence]
        starts = any(t.start is not None for t in times)
        latest = [h for h in before if h.segment == before[-1].segment]
        taken = starts and not over and any(t.start is not None for h in latest for t in h.times)
        better = bool(before) and any(t.whole for h in before for t in h.times)
        if not before or (taken and not better) or "next" in segment.joins:
            lead = [t for t in times if t.lead is not None or t.length is not None or t.end is not None]
            if lead and not before and not starts and self._waiting:
                self._waiting = [*self._waiting, *times]  # 'one second in, and for two seconds, ...'
            elif lead and not before and not starts:
                t = lead[0]
                if t.lead is None and t.length is None and not has_any(segment, "negator"):
                    self._waiting = times  # 'until 3 s, keep the lips parted'
                    return
                value = t.lead if t.lead is not None else t.length if t.length is not None else t.end
                self._waiting = [Time(t.first, t.last, start=value)]
            else:
                if not before and has_any(segment, "negator"):  # 'for the first two seconds nothing happens'
                    times = [
                        Time(t.first, t.last, start=t.end) if t.start == 0.0 and t.end is not None else t
                        for t in times
                    ]
                self._waiting = times
            return
        if over:
            times = [as_end(t) for t in times]
            last = before[-1]
            group = [h for h in before if h.segment == last.segment]
        else:
            group = [h for h in before if not h.own_time]
            if not group or holds or {"same", "after", "before"} & segment.joins:
                group = [h for h in before if h.segment == before[-1].segment]
        for h in group:
            h.times += times
            self.heads += [
                replace(h, times=[Time(t.first, t.last, start=when)], manners=set())
                for t in times
                for when in t.also
            ]

    def _more(self, n: int, segment: Segment, times: list[Time]) -> bool:
        """'One at 1 s and one at 4 s', 'then another': the same once more."""
        words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
        shown = [h for h in self.heads if h.units and not h.denied]
        if not shown or not words & {"one", "another", "again"} or has_any(segment, "part", "move"):
            return False
        last = [h for h in shown if h.segment == shown[-1].segment]
        if not any(h.own_time or h.times for h in last) and "one" in words:
            for head in last:
                head.times += times
            return True
        for head in last:
            self.heads.append(replace(
                head, times=list(times), segment=n, sentence=segment.sentence, own_time=bool(times),
                first=segment.items[0].first, last=segment.items[-1].last, manners=set(),
            ))  # fmt: skip
        return True

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
            if self._waiting_side and h.sided and not h.side:
                h.side = self._waiting_side
        self._waiting_manners, self._waiting_side = set(), ""

    def _opens(self, segment: Segment) -> bool:
        return "next" in segment.joins


def as_end(time: Time) -> Time:
    """'Fades at 3 s': the second at which it is over."""
    when = time.start if time.start is not None else time.by
    return time if when is None or time.end is not None else Time(time.first, time.last, end=when)
