"""Which side of the face: left, right, one of them, the same, the other."""

from __future__ import annotations

from dataclasses import replace

from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.heads import Head, Reader, has_any
from phiz.cotfa.rules.items import Item, time_of
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_WAYS = frozenset(("gaze", "jaw"))  # parts for which left and right are a way to go
_GAZE = frozenset((61, 62, 63, 64))

_FOLLOWS = word_set("""reached got gets touches arrives catches next joins join follows follow after
    later behind then spreads reaches spread reach""")
_ACROSS = 0.5  # seconds from one side of the face to the other


class Sides(Reader):
    """Binds words for a side to what is shown."""

    def _other_of_two(self, segment: Segment, item: Item) -> bool:
        """'His right eye shuts, his left stays open': a side, not where the eye looks."""
        owner = self.row[item.first - 1].word if item.first else ""
        sided = self.said.last_part is not None and self.said.last_part[1] in ("L", "R")
        return sided and owner in ("her", "his", "the", "your") and not self._to_before(item)

    def _to_before(self, item: Item) -> bool:
        return item.first > 1 and self.row[item.first - 2].word in ("to", "toward", "towards")

    def _adjective(self, segment: Segment, item: Item) -> Item | None:
        """The part right behind a side: 'left brow', 'right side of the mouth'."""
        place = segment.items.index(item)
        for other in segment.items[place + 1 :]:
            if other.has("part"):
                between = [self.row[k].word for k in range(item.last, other.first)]
                return (
                    other
                    if all(
                        w
                        in (
                            "of",
                            "the",
                            "her",
                            "his",
                            "your",
                            "their",
                            "lip",
                            "upper",
                            "inner",
                            "outer",
                        )
                        for w in between
                    )
                    else None
                )
            if not other.has("plain", "degree"):
                return None
        return None

    def _side_of_part(self, segment: Segment, part: Item) -> str:
        for item in segment.items:
            if item.has("side") and self._adjective(segment, item) is part:
                return self._resolved(item.get("side")[0])
        return ""

    def _resolved(self, side: str) -> str:
        if side == "same":
            return self.said.side
        if side == "other":
            return {"L": "R", "R": "L"}.get(self.said.side, "any")
        if side in ("L", "R"):
            self.said.side = side
        return side

    def _sides(self, n: int, segment: Segment, heads: list[Head]) -> None:
        ways = {way for i in segment.items for way in i.get("move")} & {"left", "right"}
        if ways:
            heads[:] = [h for h in heads if not (h.part in _WAYS | {"eye"} and self._sidelong(h, segment))]
        if self._crossing(segment, heads):
            return
        for item in segment.items:
            way = next((way for way in item.get("move") if way in ("left", "right")), None)
            mine = [h for h in heads if h.sided and not h.part and h.units]
            if way and not item.has("side") and mine and not has_any(segment, "part"):
                mine[-1].side = self._resolved(way[0].upper())  # 'a wink to the right'
            if (
                way
                and not item.has("side")
                and not heads
                and any(h.sided and not h.part for h in self.heads[-1:])
            ):
                self._side_alone(n, segment, item, self._resolved(way[0].upper()), heads)
            if not item.has("side"):
                continue
            if (
                item.has("move")
                and any(item.first >= h.first and item.last <= h.last and h.part for h in heads)
                and any({u for u, _, _ in h.units} & (_GAZE | {30}) for h in heads)
            ):
                continue
            side = self._resolved(item.get("side")[0])
            adjective = self._adjective(segment, item)
            mine = [h for h in heads if h.sided]
            if adjective is not None:
                near = [
                    h for h in mine if h.first <= adjective.first < h.last or h.first <= item.first < h.last
                ]
                if near:
                    for h in near:
                        h.side = side if h.side in ("", "any") else h.side
                    continue
                if mine and not any(h.part for h in mine):  # 'a smile at the left corner'
                    mine[-1].side = side
                    continue
            if mine:
                before = [h for h in mine if h.first < item.first]
                chosen = before[-1:] or mine[:1]
                if side == "B":
                    chosen = []
                for h in chosen:
                    if h.side in ("", "any"):
                        together = [o for o in mine if o.first == h.first]
                        for o in together or [h]:
                            o.side = side
            elif not heads:
                self._side_alone(n, segment, item, side, heads)

    def _crossing(self, segment: Segment, heads: list[Head]) -> bool:
        """'The smile spreads from left to right': one side, and then the other."""
        sides: list[tuple[str, Item]] = []
        for item in segment.items:
            ways = [way[0].upper() for way in item.get("move") if way in ("left", "right")]
            sides += [(side, item) for side in (*item.get("side"), *ways) if side in ("L", "R")]
        words = [self.row[k].word for i in segment.items for k in range(i.first, i.last)]
        order = list(dict.fromkeys(side for side, _ in sides))
        mine = [h for h in heads if h.sided and not h.part and h.units]
        if len(order) != 2 or not mine or "from" not in words or "to" not in words:
            return False
        for head in mine:
            head.side = order[0]
            last = sides[-1][1]
            time = Time(last.first, last.last, after=_ACROSS)
            heads.append(
                replace(head, side=order[1], first=last.first, last=last.last, times=[time], own_time=True)
            )
        return True

    def _sidelong(self, head: Head, segment: Segment) -> bool:
        """'A sidelong look to her left': the way is said better."""
        return any(
            {"side", "away"} & set(i.get("move")) and head.first <= i.first and i.last <= head.last
            for i in segment.items
        ) and self.row[head.last - 1].word not in ("left", "right")

    def _side_alone(self, n: int, segment: Segment, item: Item, side: str, heads: list[Head]) -> None:
        """A side with nothing to show in its segment: of the head before it, or of the one to come."""
        if has_any(segment, "negator") or any("still" in i.get("move") for i in segment.items):
            return
        before = [h for h in self.heads if h.sided and not h.denied and h.segment >= n - 3]
        own = [h for h in before if h.sentence == segment.sentence] or before[-1:]
        later = self.segments[n + 1 : n + 2]
        if not own or (later and ":" in later[0].joins and segment.sentence == later[0].sentence):
            self._waiting_side = side  # 'the left side of the face: brow up, corner up'
            self._side_of_all = bool(later) and ":" in later[0].joins
            return
        last = own[-1]
        group = [h for h in own if h.segment == last.segment and h.first == last.first]
        timed = any(time_of(i) for i in segment.items) or bool(self._waiting)
        words = self.words_of(segment)
        follows = timed or bool((words | segment.joins) & _FOLLOWS)
        staggered = bool(segment.joins & {"before", "after"})
        follows = follows or staggered
        if staggered:  # 'ahead of the left by half a second'
            for k, other in enumerate(segment.items):
                time = time_of(other)
                gap = None if time is None else time.by or time.length
                if gap is not None:
                    segment.gap = gap
                    segment.items[k] = Item(other.first, other.last, (("plain", "by"),))
        if last.side in ("L", "R") and side in ("L", "R") and last.side != side and follows:
            for h in group:  # 'begins on the left at 1 s and reaches the right at 2 s'
                heads.append(replace(
                    h, side=side, segment=n, first=item.first, last=item.last, times=[], manners=set(),
                    sentence=segment.sentence,
                ))  # fmt: skip
            return
        for h in group:
            if h.side in ("", "any") and side != "B":
                h.side = side
