"""What a note asks for: segments in order, and the heads that each adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from phiz.cotfa.rules.codes import Code
from phiz.cotfa.rules.degrees import Degrees
from phiz.cotfa.rules.denial import Denials
from phiz.cotfa.rules.figures import as_end, begun
from phiz.cotfa.rules.heads import Head, Units, has_any
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.lexicon import FaceWord, Felt
from phiz.cotfa.rules.moves import Moves
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.timing import Timing
from phiz.cotfa.rules.tokens import word_set
from phiz.cotfa.typical import typical

_COMPARED = word_set("wider widest tighter tightest deeper deepest bigger")
_FURTHER = _COMPARED | word_set("further farther harder more still")
_RELAXING = ("relax", "smooth", "soft", "rest", "neutral", "level", "slack", "loose")
_ONLY = word_set("alone only just merely solely exclusively confined limited restricted nowhere")
_UPPER = frozenset((1, 2, 4))
_AROUND = frozenset((5, 6, 7))
_LOWER = frozenset((10, 12, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26))
_REGIONS = (
    dict.fromkeys(("brow", "inner brow", "outer brow"), _UPPER)
    | dict.fromkeys(("eye", "lid", "upper lid", "lower lid", "gaze", "eye corner"), _AROUND)
    | dict.fromkeys(("mouth", "lip", "corner"), _LOWER)
    | {"nose": frozenset((9,)), "cheek": frozenset((6,)), "chin": frozenset((17,)), "jaw": frozenset((26,))}
)
_FACES = ("word", "code", "feel", "part")

_ONCE_MORE = word_set(
    "again another second third new wider bigger full peak peaks widest deepest back is was"
)


class Binder(Moves, Denials, Degrees, Timing):
    """Reads segments in order and makes their heads."""

    def bind(self) -> list[Head]:
        """The heads in the order of the note."""
        sentence = -1
        for n, segment in enumerate(self.segments):
            if segment.sentence != sentence:
                self._new_sentence(sentence)
                sentence = segment.sentence
            self._answered(segment)
            self._taken_back(n, segment)
            self._let_out(n, segment)
            self._segment(n, segment)
        self._new_sentence(sentence)
        if any(head.felt and not head.denied for head in self.heads):
            self.heads += self._at_rest()
        return self.heads

    def _at_rest(self) -> Iterator[Head]:
        """'She is scared, mouth and jaw relaxed': parts that are still take no share in what is felt."""
        for n, segment in enumerate(self.segments):
            items = [i for i in segment.items if not i.has("time", "plain", "mark", "degree", "hold")]
            still = bool(items) and items[-1].get("move")[:1] == ["still"]
            if not still or not all(i.has("part") for i in items[:-1]) or len(items) < 2:
                continue
            before = self.segments[n - 1] if n else None
            if before is not None and "and" in segment.joins and before.items[-1:]:
                items = [*(i for i in before.items[-1:] if i.has("part")), *items]
            for item in items[:-1]:
                if units := self.lexicon.named.get(item.get("part")[0]):
                    shown = tuple((unit, None, "") for unit in units)
                    yield Head(shown, None, item.first, item.last, n, segment.sentence, denied=True)

    def _new_sentence(self, sentence: int) -> None:
        """Nothing that waited for a head is carried into another sentence, but a time opens what follows."""
        if sentence >= 0 and self._waiting:
            mine = [head for head in self.heads if head.sentence == sentence]
            if mine:
                self._waiting = []
        self._waiting_manners, self._waiting_side, self._waiting_degree = (
            set(),
            "",
            None,
        )
        self._carried_denial = self._open_denial = self._dangling = self._side_of_all = False
        self.said.parts, self.said.moves = [], []

    def _segment(self, n: int, segment: Segment) -> None:
        words = self.words_of(segment)
        leaves = words & {"leave", "leaves", "leaving"} and words & {"alone", "where", "be"}
        if leaves or (words & {"keep", "keeps", "keeping"} and "where" in words):
            return
        self._relaxed(segment)
        denial = self._denial(segment)
        heads = [*self._words(n, segment), *self._moves(n, segment)]
        heads.sort(key=lambda head: head.first)
        denial += self._post_denial(n, segment, heads)
        self._deny(segment, heads, denial)
        heads += self._confined(n, segment, heads)
        heads += self._named(n, segment, denial)
        self._words_of_a_part(segment)
        heads = _merged(heads)
        heads = [head for head in heads if not self._goes_further(head, segment)]
        if self._still_there(segment, heads):
            heads = []  # 'and he keeps them shut for two seconds'
        self._sides(n, segment, heads)
        self._degrees(segment, heads)
        self._times(n, segment, heads)
        self._manners(segment, heads)
        self.heads += [head for head in heads if not self._ends_earlier(head, segment)]

    def _confined(self, n: int, segment: Segment, heads: Sequence[Head]) -> list[Head]:
        """'Fear in the eyes alone', 'the sadness shows only in her brows': of a feeling, the units there."""
        words = self.words_of(segment) | segment.joins
        parts = [item for item in segment.items if item.has("part")]
        felt = [head for head in (*self.heads, *heads) if head.sentence == segment.sentence and head.felt]
        only = words & _ONLY or {"all", "in"} <= words
        if not parts or not felt or not only or has_any(segment, "move", "word", "negator"):
            return []
        head = felt[-1]
        if head.denied or any(h.units and h.sentence == segment.sentence for h in (*self.heads, *heads)):
            return []
        there = {au for item in parts for au in _REGIONS.get(item.get("part")[0], ())}
        assert head.felt is not None
        units = {au for name, _ in head.felt.mix for au, _ in typical(name)} & there
        if not units:
            return []
        head.felt = replace(head.felt, loose=True)
        shown = tuple((au, None, "") for au in sorted(units))
        return [Head(shown, None, parts[0].first, parts[0].last, n, segment.sentence)]

    def _ends_earlier(self, head: Head, segment: Segment) -> bool:
        """'... by 2 s the smile has gone': the end of the smile named before, not another smile."""
        if head.denied or not head.units or not head.times:
            return False
        units = {unit for unit, _, _ in head.units}
        same = [
            h for h in self.heads
            if self._same(units, {unit for unit, _, _ in h.units}, head) and not h.denied and not h.over
            and head.side in ("", h.side) and h.segment < head.segment
        ]  # fmt: skip
        if not same or not (head.over or self._definite(head, segment)):
            return False
        same[-1].over = True
        same[-1].times += [as_end(time) for time in head.times]
        return True

    def _same(self, units: set[int], before: set[int], head: Head) -> bool:
        """Whether a word is that of before; 'the smile drains away' ends a beaming smile too."""
        return units == before or (head.over and not head.part and units < before)

    def _definite(self, head: Head, segment: Segment) -> bool:
        """Whether it is 'the smile' again, and nothing says that it goes on, grows or comes once more."""
        before = self.row[head.first - 1].word if head.first else ""
        goes_on = any(
            item.has("hold", "start", "manner", "degree", "next", "first", "move") for item in segment.items
        ) or segment.joins & {"next", "first", "replacing", "replaced"}
        words = self.words_of(segment)
        more = words & _ONCE_MORE
        return before in ("the", "that", "this") and not goes_on and not more and not head.part

    def _goes_further(self, head: Head, segment: Segment) -> bool:
        """'Narrow at 1 s, narrow further at 2 s': the same, more of it, with nothing ended between."""
        words = self.words_of(segment)
        units = {unit for unit, _, _ in head.units}
        same = [
            h for h in self.heads
            if h.sentence == head.sentence and h.units and not h.denied and not h.over
            and ({u for u, _, _ in h.units} == units or (head.inherited and h.part == head.part))
        ]  # fmt: skip
        more = words & _FURTHER if same and same[-1].units == head.units else words & _COMPARED
        ended = any(t.end is not None or t.length is not None for h in same[-1:] for t in h.times)
        return bool(more) and bool(same) and same[-1] is self.heads[-1] and not ended and not head.denied

    def _relaxed(self, segment: Segment) -> None:
        """'From the half: nose relaxed': what that part did so far is over."""
        items = [i for i in segment.items if not i.has("time", "plain", "mark", "manner", "next")]
        plain = {self.row[i.first].word for i in segment.items if i.has("plain")}
        if len(items) == 1 and "still" in items[0].get("move") and plain & {"it", "they"} and self.heads:
            if self.row[items[0].first].word.startswith(_RELAXING):  # 'by 3 it has smoothed'
                for head in [h for h in self.heads if h.segment == self.heads[-1].segment]:
                    head.over = True
                    head.times += [as_end(begun(t)) for i in segment.items for t in i.get("time")]
                segment.items = [i for i in segment.items if not i.has("time")]
            return
        if len(items) != 2 or not items[0].has("part") or "still" not in items[1].get("move"):
            return
        if not self.row[items[1].first].word.startswith(_RELAXING):
            return
        units = {
            unit for (part, _), shown in self.lexicon.table.items()
            if part == items[0].get("part")[0] for unit, _, _ in shown
        }  # fmt: skip
        times = [time for i in segment.items for time in i.get("time")] or self._waiting
        for head in self.heads:
            if head.units and not head.denied and {unit for unit, _, _ in head.units} <= units and times:
                head.over = True
                head.times += [as_end(begun(time)) for time in times if not time.rest]

    def _still_there(self, segment: Segment, heads: Sequence[Head]) -> bool:
        """Whether a segment says only that what was shown last goes on."""
        held = any(item.has("hold") for item in segment.items)
        words = self.words_of(segment)
        if heads and held and self.heads and self.row[heads[0].first - 1].word in ("the", "that", "this"):
            mine = [h for h in self.heads if h.segment == self.heads[-1].segment and not h.denied]
            if mine and {u for h in heads for u, _, _ in h.units} <= {u for h in mine for u, _, _ in h.units}:
                for head in mine:  # 'and holds the pucker for two seconds'
                    head.times += [time for i in segment.items for time in i.get("time")]
                return True
        if heads and held and self._stays(segment, heads):
            return True
        if not heads or not held or not words & {"it", "them", "that", "they", "so"} or not self.heads:
            return False
        last = {unit for h in self.heads if h.segment == self.heads[-1].segment for unit, _, _ in h.units}
        return all({unit for unit, _, _ in head.units} <= last for head in heads)

    def _stays(self, segment: Segment, heads: Sequence[Head]) -> bool:
        """'Puckers and stays puckered till 2 s': the same word again, so its time is of the first."""
        if not any(i.has("hold") and i.last == heads[0].first for i in segment.items) or not self.heads:
            return False
        mine = [h for h in self.heads if h.segment == self.heads[-1].segment and not h.denied]
        same = {u for h in mine for u, _, _ in h.units} == {u for h in heads for u, _, _ in h.units}
        if not mine or not same or not mine[0].units or mine[0].sentence != segment.sentence:
            return False
        for head in mine:
            head.times += [time for i in segment.items for time in i.get("time")]
        return True

    def _words(self, n: int, segment: Segment) -> Iterator[Head]:
        """Heads that stand for themselves: face words, codes, feelings."""
        for item in segment.items:
            if codes := item.get("code"):
                code: Code = codes[0]
                for unit in code.units:
                    yield self._head(n, segment, item, (unit,), strength=unit[1], side=unit[2])
            elif words := item.get("word"):
                if item.has("part", "move") and self._better_as_move(segment, item):
                    continue
                word: FaceWord = words[0]
                if word.units:
                    sides = {side for _, _, side in word.units if side}
                    head = self._head(n, segment, item, word.units)
                    head.side = (
                        {"one": "any"}.get(sides.pop(), "") or head.side
                        if sides == {"one"}
                        else (sides.pop() if sides else "")
                    )
                    head.short = word.short
                    yield head
                if word.mix:
                    yield self._head(n, segment, item, (), Felt(word.mix, 0.6, loose=True))
            elif felt := item.get("feel"):
                if item.has("move") and self._better_as_move(segment, item):
                    continue
                if "still" in item.get("move") and self._of_a_part(segment, item):
                    continue  # 'nose relaxed'
                if item.has("post_negator") and any(i.has("part") for i in segment.items):
                    continue  # 'the mouth gives nothing away'
                yield self._head(n, segment, item, (), felt[0])

    def _of_a_part(self, segment: Segment, item: Item) -> bool:
        """Whether a part of the face stands right before, with 'is' or 'stays' at most."""
        before = [i for i in segment.items if i.last <= item.first and not i.has("plain", "hold", "degree")]
        return before[-1:] != [] and before[-1].has("part") and before[-1].get("part") != ["head"]

    def _head(
        self, n: int, segment: Segment, item: Item, units: Units, felt: Felt | None = None,
        strength: float | None = None, side: str = "",
    ) -> Head:  # fmt: skip
        return Head(
            units,
            felt,
            item.first,
            item.last,
            n,
            segment.sentence,
            side=side,
            strength=strength,
        )


def _merged(heads: list[Head]) -> list[Head]:
    """Of two heads of one segment for one unit, the one with a side; a smile at the left corner is one."""
    kept: list[Head] = []
    for head in heads:
        units = {unit for unit, _, _ in head.units}
        twin = next(
            (h for h in kept if units and {u for u, _, _ in h.units} == units and h.denied == head.denied),
            None,
        )
        if twin is None or (twin.side in ("L", "R") and head.side in ("L", "R") and twin.side != head.side):
            kept.append(head)
            continue
        if twin.side in ("", "any") and head.side:
            twin.side = head.side
        twin.first, twin.last = min(twin.first, head.first), max(twin.last, head.last)
    return kept
