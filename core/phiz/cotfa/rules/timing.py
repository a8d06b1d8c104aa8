"""Which head a phrase of time or a manner belongs to."""

from __future__ import annotations

from dataclasses import replace

from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.heads import Head, Reader, has_any
from phiz.cotfa.rules.items import Item, time_of
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_UNTIL_THEN = frozenset(("until", "till", "before", "up"))
_GAZE = frozenset((61, 62, 63, 64))
_NO_MORE = frozenset(("after", "by", "past"))
_UNTIL = frozenset(("until", "till", "til"))
_PRONOUNS = frozenset(("it", "that", "this", "they"))
_SHOWS = ("part", "word", "feel", "code", "move")
_ABOUT = word_set("it this that they these timing cue onset duration both all")
_LETTING = ("stop", "cease", "end", "lose", "lost", "wipe", "let", "drop", "quit", "release", "kill", "cut")
_DROPS = word_set("drop drops release kill cut lose end wipe")
_NTH = frozenset(("first", "second", "third", "other", "next", "last"))
_LOSING = word_set("stop stops stopped loses lost drops dropped ceases ceased quits")
_FUNCTION = word_set("""she he they it you her him his the a an is are was be and or of to in on at with for
    from by only just about so now but keep let have one there that 's our we i""")


class Timing(Reader):
    """Binds times and manners to heads."""

    def _times(self, n: int, segment: Segment, heads: list[Head]) -> None:
        times = [time for item in segment.items if (time := time_of(item)) is not None]
        until = not heads and (self._says_until(segment) or self._until_open)
        if until:
            times = [as_end(time) for time in times]
        self._until_open = until and not times
        over = [item for item in segment.items if item.has("end") or self._drops(segment, item)]
        over += [item for item in segment.items if self._loses(segment, item)]
        over += [item for item in segment.items if self._lets_go(segment, item) or self._goes(segment, item)]
        over += [item for item in segment.items[1:][-1:] if item.get("plain") == ["over"]]
        over += [item for item in segment.items if self._front(item)]
        if not heads:
            self._times_alone(n, segment, times, bool(over), has_any(segment, "hold"), until)
            return
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
            head.times += times
            head.own_time = bool(times)
            for time in times:
                for when in time.also:
                    again = [Time(time.first, time.last, start=when)]
                    heads.append(replace(head, times=again, manners=set()))
            if over and not head.denied and self._ends_it(segment, over[0], head):
                head.over = True
                head.times = self._ended(head.times, over[0])

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
        if "next" in segment.joins or (self._waiting_idle and not one_clause):
            waiting = [_after(t) for t in waiting]
        if any(t.start is not None for t in times):
            waiting = [t for t in waiting if t.start is None]
        return [*waiting, *times]

    def _drops(self, segment: Segment, item: Item) -> bool:
        """'The smile drops': what would lower a part of the face ends a smile."""
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

    def _times_alone(
        self, n: int, segment: Segment, times: list[Time], over: bool, holds: bool, until: bool
    ) -> None:  # fmt: skip
        """A time with nothing to show beside it: of what stands before in the sentence, or what follows."""
        if self._more(n, segment, times):
            return
        words = self._words_in(segment)
        before = [h for h in self.heads if h.sentence == segment.sentence]
        if times and self._closing and {"after", "same"} & segment.joins:
            over = True  # 'gone the instant he speaks at 3 s'
        if times and self.heads and any(item.has("post_negator") for item in segment.items):
            over = True  # 'thinks better of it at 2 s'
        self._closing = over and not times
        if over and not times and self._waiting and not before and self.heads:
            times, self._waiting = self._waiting, []  # 'at 3 s, relax'
        if not times:
            if over and all(item.has("end") for item in segment.items) and "next" not in segment.joins:
                for h in before:  # 'puckers, relaxes, puckers'
                    h.over = h.over or h.segment == before[-1].segment
            if over and words & _PRONOUNS and segment.joins & {"as", "when", "once", "after"}:
                mine = [h for h in before if h.units]
                for h in mine:
                    h.over = h.over or h.segment == mine[-1].segment  # 'a grin, and as it fades, a frown'
            return
        if times and has_any(segment, "negator") and self.row[times[0].first].word in _NO_MORE:
            over = True  # 'none after 3 s'
        if not before and self._afterthought(segment):
            before = [h for h in self.heads if h.sentence == segment.sentence - 1]
        if not before and (over or holds) and self.heads:
            before = [h for h in self.heads if h.sentence == self.heads[-1].sentence]
        starts = any(t.start is not None for t in times)
        latest = [h for h in before if h.segment == before[-1].segment]
        taken = starts and not over and any(t.start is not None for h in latest for t in h.times)
        better = bool(before) and any(t.whole for h in before for t in h.times)
        if not before or (taken and not better) or ("next" in segment.joins and not until and not over):
            self._wait(segment, times, starts)
            return
        if over:
            if words & {"all", "everything", "both"}:
                latest = [h for h in self.heads if not any(t.end is not None for t in h.times)]
            times = [as_end(t) for t in times]
        for h in latest if over else self._meant(before, segment, holds):
            h.times += times
            h.over = h.over or over
            self.heads += [
                replace(h, times=[Time(t.first, t.last, start=when)], manners=set())
                for t in times
                for when in t.also
            ]

    def _afterthought(self, segment: Segment) -> bool:
        """'Jubilation! From 2 s.', 'it comes at 2 s': a sentence of no face, about the one before."""
        mine = [h for h in self.heads if h.sentence == segment.sentence - 1]
        alone = [s for s in self.segments if s.sentence == segment.sentence]
        first = alone[0].items[0] if alone[0].items else None
        if not mine or first is None or any(has_any(s, *_SHOWS) for s in alone):
            return False
        if self.row[first.first].word in _ABOUT:
            return True
        return all(i.has("time") for s in alone for i in s.items) and not any(h.times for h in mine)

    def _meant(self, before: list[Head], segment: Segment, holds: bool) -> list[Head]:
        """The heads that a time behind them is about: the last ones that have none of their own."""
        last = [h for h in before if h.segment == before[-1].segment]
        if holds or {"same", "after", "before"} & segment.joins:
            return last
        free: list[Head] = []
        for head in reversed(before):
            if head.own_time or (head.times and head.segment != before[-1].segment):
                break
            free.append(head)
        return free or last

    def _wait(self, segment: Segment, times: list[Time], starts: bool) -> None:
        """Times for what comes. How long something goes on that is no face ('two seconds of small talk',
        'nothing until 3 s') is when the face begins."""
        idle = self._idle(segment) and not segment.joins & _UNTIL
        self._waiting_idle = idle or (self._waiting_idle and bool(self._waiting))
        alone = not starts and not self._waiting
        kept = [
            replace(t, length=None, lead=t.length) if t.length is not None and alone else t for t in times
        ]
        self._waiting = [*self._waiting, *kept] if not starts or self._waiting else kept

    def _idle(self, segment: Segment) -> bool:
        """Whether the segment tells of something, be it of nothing, that is no face."""
        plain = {self.row[item.first].word for item in segment.items if item.has("plain")}
        told = has_any(segment, "negator", "feel", "speech", "part", "move")
        return told or "after" in segment.joins or bool(plain - _FUNCTION)

    def _words_in(self, segment: Segment) -> set[str]:
        """The words of a segment that are no part of a phrase of time."""
        items = [item for item in segment.items if not item.has("time")]
        return {self.row[k].word for item in items for k in range(item.first, item.last)}

    def _front(self, item: Item) -> bool:
        """'Eyes front', 'looks into the lens': a glance elsewhere is over."""
        empty = any(not word.units for word in item.get("word"))
        glanced = [h for h in self.heads if h.units and not h.denied][-1:]
        return empty and any(unit in _GAZE for h in glanced for unit, _, _ in h.units)

    def _lets_go(self, segment: Segment, item: Item) -> bool:
        """'Drop the smile at 3 s': a command that ends what stands behind it."""
        word = self.row[item.first].word
        named = any(i.has("word", "feel") for i in segment.items[1:4])
        return item is segment.items[0] and word in _DROPS and named and has_any(segment, "time")

    def _goes(self, segment: Segment, item: Item) -> bool:
        """'The smile goes at 3 s', 'is dropped at 3 s': nothing but a time behind."""
        word, before = self.row[item.first].word, self.row[item.first - 1].word if item.first else ""
        named = any(i.has("word") and i.last == item.first for i in segment.items)
        gone = word in ("goes", "go") or (word in ("dropped", "cut", "killed") and before in ("is", "are"))
        behind = [i for i in segment.items if i.first >= item.last]
        return gone and all(i.has("time") for i in behind) and (bool(behind) or named)

    def _loses(self, segment: Segment, item: Item) -> bool:
        """'Loses the smile at 2 s', 'stops smiling at 3 s': an end, not a denial."""
        word = self.row[item.first].word
        return item.has("negator") and word in _LOSING and has_any(segment, "time")

    def _more(self, n: int, segment: Segment, times: list[Time]) -> bool:
        """'One at 1 s and one at 4 s', 'then another': the same once more."""
        words = self._words_in(segment) | segment.joins - {"after", "before"}
        shown = [h for h in self.heads if h.units and not h.denied]
        if not shown or has_any(segment, "part", "move"):
            return False
        counted = segment.sentence == shown[-1].sentence and any(
            self.row[time.first - 1].word in _NTH for time in times if time.first
        )  # 'two blinks, the first at 1 s, the second at 3 s'
        if not words & {"one", "another", "again"} and not counted:
            return False
        last = [h for h in shown if h.segment == shown[-1].segment]
        if not any(h.own_time or h.times for h in last) and words & {"one", "first"}:
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
            if self._waiting_side and h.sided and h.side in ("", "any"):
                h.side = self._waiting_side
        self._waiting_manners, self._waiting_side = set(), ""

    def _opens(self, segment: Segment) -> bool:
        return "next" in segment.joins


def _after(time: Time) -> Time:
    """What follows something that goes on for so long, or until then."""
    if time.lead is not None:
        return Time(time.first, time.last, start=time.lead)
    if time.end is not None and time.start in (None, 0.0):
        return Time(time.first, time.last, start=time.end)
    return time


def as_end(time: Time) -> Time:
    """'Fades at 3 s': the second at which it is over."""
    if time.after is not None:
        return Time(time.first, time.last, length=time.after)  # 'gone two seconds later'
    when = time.start if time.start is not None else time.by
    return time if when is None or time.end is not None else Time(time.first, time.last, end=when)
