"""What a note asks for: segments in order, and the heads that each adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phiz.cotfa.rules.codes import Code
from phiz.cotfa.rules.degrees import Degrees
from phiz.cotfa.rules.denial import Denials
from phiz.cotfa.rules.heads import Head, Units
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.lexicon import FaceWord, Felt
from phiz.cotfa.rules.moves import Moves
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.timing import Timing, as_end
from phiz.cotfa.rules.tokens import word_set

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
            self._segment(n, segment)
        self._new_sentence(sentence)
        return self.heads

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
        self._carried_denial = self._open_denial = self._dangling = False
        self.said.parts, self.said.moves = [], []

    def _segment(self, n: int, segment: Segment) -> None:
        if {"leave", "alone"} <= {
            self.row[k].word for item in segment.items for k in range(item.first, item.last)
        }:
            return
        denial = self._denial(segment)
        heads = [*self._words(n, segment), *self._moves(n, segment)]
        heads.sort(key=lambda head: head.first)
        denial += self._post_denial(n, segment, heads)
        self._deny(segment, heads, denial)
        heads += self._named(n, segment, denial)
        self._words_of_a_part(segment)
        heads = _merged(heads)
        if self._still_there(segment, heads):
            heads = []  # 'and he keeps them shut for two seconds'
        self._sides(n, segment, heads)
        self._degrees(segment, heads)
        self._times(n, segment, heads)
        self._manners(segment, heads)
        self.heads += [head for head in heads if not self._ends_earlier(head, segment)]

    def _ends_earlier(self, head: Head, segment: Segment) -> bool:
        """'... by 2 s the smile has gone': the end of the smile named before, not another smile."""
        if head.denied or not head.units or not head.times:
            return False
        units = {unit for unit, _, _ in head.units}
        same = [
            h for h in self.heads
            if {unit for unit, _, _ in h.units} == units and not h.denied and not h.over
            and head.side in ("", h.side) and h.segment < head.segment
        ]  # fmt: skip
        if not same or not (head.over or self._definite(head, segment)):
            return False
        same[-1].over = True
        same[-1].times += [as_end(time) for time in head.times]
        return True

    def _definite(self, head: Head, segment: Segment) -> bool:
        """Whether it is 'the smile' again, and nothing says that it goes on, grows or comes once more."""
        before = self.row[head.first - 1].word if head.first else ""
        goes_on = any(
            item.has("hold", "start", "manner", "degree", "next", "first", "move") for item in segment.items
        ) or segment.joins & {"next", "first", "replacing", "replaced"}
        words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
        more = words & _ONCE_MORE
        return before in ("the", "that", "this") and not goes_on and not more and not head.part

    def _still_there(self, segment: Segment, heads: Sequence[Head]) -> bool:
        """Whether a segment says only that what was shown last goes on."""
        held = any(item.has("hold") for item in segment.items)
        words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
        if not heads or not held or not words & {"it", "them", "that", "they", "so"} or not self.heads:
            return False
        last = {unit for h in self.heads if h.segment == self.heads[-1].segment for unit, _, _ in h.units}
        return all({unit for unit, _, _ in head.units} <= last for head in heads)

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
                yield self._head(n, segment, item, (), felt[0])

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
