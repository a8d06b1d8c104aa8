"""A phrase of time with nothing to show beside it: of what stands before it, or of what follows."""

from __future__ import annotations

from dataclasses import replace

from phiz.cotfa.rules.figures import Time, as_end, begun
from phiz.cotfa.rules.heads import Head, Reader, has_any
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_GAZE = frozenset((61, 62, 63, 64))
_NO_MORE = frozenset(("after", "by", "past"))
_UNTIL = frozenset(("until", "till", "til"))
_PRONOUNS = frozenset(("it", "that", "this", "they"))
_SHOWS = ("part", "word", "feel", "code", "move")
_ABOUT = word_set("it this that they these timing cue onset duration both all")
_NTH = frozenset(("first", "second", "third", "other", "next", "last"))
_OPEN = word_set("that which who has have had does do will is are")
_WHICH = frozenset(("which", "is", "that", "was", "happens", "comes"))
_TURNS = word_set("turn change switch shift transition swap handover changeover crossover")
_BEING = word_set("is are was 's does do has")
_FUNCTION = word_set("""she he they it you her him his the a an is are was be and or of to in on at with for
    from by only just about so now but keep let have one there that 's our we i""")


class TimesAlone(Reader):
    """Binds times of segments that show nothing themselves."""

    def _times_alone(
        self, n: int, segment: Segment, times: list[Time], over: bool, holds: bool, until: bool
    ) -> None:  # fmt: skip
        """A time with nothing to show beside it: of what stands before in the sentence, or what follows."""
        if (not over and self._more(n, segment, times)) or self._listed_times(n, segment, times):
            return
        words = self._words_in(segment)
        if ":" in segment.joins and len(times) == 1 and times[0].bare and words <= {"or", "so", "about"}:
            times = [replace(times[0], length=None, start=times[0].length, bare=False)]  # 'late: 3 s or so'
        before = [h for h in self.heads if h.sentence == segment.sentence]
        bare = segment.joins <= {","} and all(item.has("time") for item in segment.items)
        if times and self._closing and (bare or {"after", "same"} & segment.joins):
            over = True  # 'gone the instant he speaks at 3 s'
        if times and self.heads and any(item.has("post_negator") for item in segment.items):
            over = True  # 'thinks better of it at 2 s'
        self._closing = over and not times
        if over and not times and self._waiting and not before and self.heads:
            times, self._waiting = self._waiting, []  # 'at 3 s, relax'
        if self._nothing(segment) and self._waiting and self.heads and not before:
            mine = [h for h in self.heads if h.segment == self.heads[-1].segment and h.units]
            if any(t.start is not None for t in self._waiting):
                for h in mine:  # '2 s: frown. 4 s: nothing.'
                    h.over = True
                    h.times += [as_end(begun(t)) for t in self._waiting]
                self._waiting = []
                return
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
        if len(times) == 1 and words & _TURNS and not before and len(self.heads) > 1:
            self._turned(times[0])  # 'starts wide-eyed, ends squinting; the turn is at 3 s'
            return
        if times and (self._falls(segment) or self._down_again(n, segment)):
            over = True  # 'a smile that grows until 3 s, then drops at 5'
        if times and self.heads and self._no_more(segment):
            over = True  # 'still smiling at 3; at 4 he is not'
        if times and not before and self._not_yet(segment):
            mine = [h for h in self.heads if h.sentence == self.heads[-1].sentence]
            for h in mine:  # 'No smile yet. Wait for it. Now, at 4 s.'
                h.denied = False
                h.times += times
            return
        if not before and self._afterthought(segment):
            before = [h for h in self.heads if h.sentence == segment.sentence - 1]
        if "each" in words and len(times) == 1 and times[0].length is not None:
            for h in self.heads:  # 'Corners up. Corners down. Each for two seconds.'
                if not h.times and h.units and (not before or h.sentence == segment.sentence):
                    h.times.append(replace(times[0], length=None, lead=times[0].length))
            return
        ended = bool(times) and all(t.start is None and t.end is not None for t in times)
        ended = ended and all(i.has("time") for i in segment.items)  # 'And release at four.'
        if not before and (over or holds or ended) and self.heads:
            before = [h for h in self.heads if h.sentence == self.heads[-1].sentence]
        starts = any(t.start is not None for t in times)
        latest = [h for h in before if h.segment == before[-1].segment]
        if over:  # 'her smile outlasts her raised brows: they drop at 2, it fades at 4'
            latest = [h for h in latest if not (h.over and h.times)] or latest
        taken = starts and not over and any(t.start is not None for h in latest for t in h.times)
        better = bool(before) and any(t.whole for h in before for t in h.times)
        onward = times and all(t.after is not None for t in times) and "and" in segment.joins
        if before and (self._left_open(n) or (onward and self._to_come(n))):
            self._wait(segment, times, starts)
            return
        if (
            not before
            or (taken and not better)
            or ("next" in segment.joins and not until and not over and self._to_come(n))
        ):
            self._wait(segment, times, starts)
            return
        if not over and all(h.over and not h.times for h in latest) and words <= _WHICH:
            times = [as_end(t) for t in times]  # 'let the smile die early, at 2 s'
        if over:
            if any(self._front(item) for item in segment.items):
                times = [begun(t) for t in times if not t.rest]  # 'from 3 to 4 s, straight ahead'
            if words & {"all", "everything", "both", "neither"}:
                latest = [h for h in self.heads if not any(t.end is not None for t in h.times)]
            times = [as_end(t) for t in times]
        for h in latest if over else self._meant(before, segment, holds):
            h.times += times
            h.over = h.over or over
            self._again([h], times)

    def _again(self, heads: list[Head], times: list[Time]) -> None:
        """Heads once more at each further time."""
        self.heads += [
            replace(h, times=[Time(t.first, t.last, start=when)], manners=set())
            for h in heads
            for t in times
            for when in t.also
        ]

    def _more(self, n: int, segment: Segment, times: list[Time]) -> bool:
        """'One at 1 s and one at 4 s', 'then another': the same once more."""
        words = self._words_in(segment) | segment.joins - {"after", "before"}
        opens = self.row[segment.items[0].first].word if segment.items else ""
        words |= {"one"} if opens == "once" and times else set()
        words |= {"again"} if {"once", "more"} <= words else set()
        shown = [h for h in self.heads if h.units and not h.denied]
        if not shown or has_any(segment, "part", "move"):
            return False
        counted = segment.sentence == shown[-1].sentence and any(
            self.row[time.first - 1].word in _NTH for time in times if time.first
        )  # 'two blinks, the first at 1 s, the second at 3 s'
        spaced = [h for h in shown if any(t.apart is not None for t in h.times)]
        if spaced and times and spaced[0].sentence == segment.sentence:
            spaced[0].times += times  # '..., two seconds apart, the first at 1 s'
            return True
        if not words & {"one", "another", "again"} and not counted:
            return False
        last = [h for h in shown if h.segment == shown[-1].segment]
        if not any(h.own_time or h.times for h in last) and words & {"one", "first"}:
            for head in last:
                head.times += times
            self._again(last, times)
            return True
        for head in last:
            self.heads.append(replace(
                head, times=list(times), segment=n, sentence=segment.sentence, own_time=bool(times),
                first=segment.items[0].first, last=segment.items[-1].last, manners=set(),
            ))  # fmt: skip
        return True

    def _listed_times(self, n: int, segment: Segment, times: list[Time]) -> bool:
        """'An eyebrow goes up on each "no": 1 s, 2 s, 4 s': once more at each."""
        shown = [h for h in self.heads if h.units and not h.denied and h.sentence == segment.sentence]
        opens = [s for s in self.segments[: n + 1] if s.sentence == segment.sentence and ":" in s.joins]
        if not shown or not opens or len(segment.items) != 1 or len(times) != 1:
            return False
        last = [h for h in shown if h.segment == shown[-1].segment]
        begins = [t.start for h in last for t in h.times]
        start = times[0].start if times[0].start is not None else times[0].length
        if None in begins or start is None or not begins or start <= max(b for b in begins if b is not None):
            return False
        if any(
            self.row[h.first].start > self.row[opens[0].items[0].first].start for h in last if opens[0].items
        ):
            return False
        again = Time(times[0].first, times[0].last, start=start)
        if all(t.end is not None and start <= t.end for h in last for t in h.times):
            for head in last:  # 'three blinks in the last two seconds: at 4.2, ...'
                head.times = [again]
        else:
            self.heads += [replace(h, times=[again], segment=n, manners=set()) for h in last]
        self._again(last, times)
        return True

    def _left_open(self, n: int) -> bool:
        """Whether the words before a time ask for more: 'a line that, around 2 s, cracks open'."""
        before, later = self.segments[n - 1], self.segments[n + 1 : n + 2]
        last = before.items[-1:] if n else []
        goes_on = bool(later) and later[0].sentence == before.sentence == self.segments[n].sentence
        goes_on = goes_on and all(i.has("time") for i in self.segments[n].items)
        return goes_on and any(i.has("plain") and self.row[i.first].word in _OPEN for i in last)

    def _turned(self, time: Time) -> None:
        """The second at which what was shown first gives way to what was shown last."""
        new = [h for h in self.heads if h.segment == self.heads[-1].segment]
        shown = [h for h in self.heads if h not in new and h.sentence == new[0].sentence]
        for head in new:
            head.times.append(time)
        for head in shown:
            head.over = True
            head.times.append(as_end(time))

    def _not_yet(self, segment: Segment) -> bool:
        """Whether all that was named last is only denied for now, and a segment says 'now'."""
        if not self.heads or not self.heads[-1].denied:
            return False
        denied = self.heads[-1].sentence
        words = {w for s in self.segments if s.sentence == denied for w in self._words_in(s) | s.joins}
        said = self._words_in(segment) | segment.joins
        return "yet" in words and bool(said & {"now", "there", "then", "and", "here"})

    def _falls(self, segment: Segment) -> bool:
        """Whether a smile, named last, drops: a verb for it and no part of the face."""
        last = self.heads[-1] if self.heads else None
        if last is None or last.part or last.denied or not {12, 13} & {au for au, _, _ in last.units}:
            return False
        verbs = [self.row[i.first].word for i in segment.items if "down" in i.get("move")]
        return any(verb.startswith(("drop", "fall", "fell", "sink", "sank", "slip", "die")) for verb in verbs)

    def _down_again(self, n: int, segment: Segment) -> bool:
        """'A smirk: up at 0.8, down at 3.2': said of a word for all of it."""
        if not n or not self.heads or self.heads[-1].part:
            return False
        ways = [
            {self.row[i.first].word for i in s.items if not i.has("time")}
            for s in (self.segments[n - 1], segment)
        ]
        return ways in ([{"up"}, {"down"}], [{"on"}, {"off"}], [{"in"}, {"out"}])

    def _no_more(self, segment: Segment) -> bool:
        """Whether a segment says that it is not there, with a time and no more."""
        last = [i for i in segment.items if not i.has("time")][-1:]
        plain = {self.row[i.first].word for i in segment.items if i.has("plain")}
        denied = bool(last) and self.row[last[0].first].word in ("n't", "not", "no", "none", "neither")
        return denied and plain <= _FUNCTION | _BEING and plain & _BEING != set()

    def _to_come(self, n: int) -> bool:
        """Whether the sentence goes on behind segment n."""
        later = self.segments[n + 1 : n + 2]
        return bool(later) and later[0].sentence == self.segments[n].sentence

    def _nothing(self, segment: Segment) -> bool:
        """Whether a segment says 'nothing' and no more."""
        return [self.row[i.first].word for i in segment.items] in (["nothing"], ["none"], ["off"])

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
            between = self.segments[head.segment + 1 : before[-1].segment + 1]
            if any(other.joins & {"before", "after"} for other in between):
                break  # 'the frown is off his face before he smiles, at 3 s'

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
