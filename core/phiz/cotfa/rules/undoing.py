"""Moves that undo what a part of the face did before: 'and down again', 'they open at 2 s'."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.cotfa.rules.figures import as_end, begun
from phiz.cotfa.rules.heads import Head, has_any
from phiz.cotfa.rules.items import Item, time_of
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.sides import Sides
from phiz.cotfa.rules.tokens import word_set

_BACK = word_set("again back both they")
_UNDOES = {
    1: ("down",),
    2: ("down",),
    4: ("part",),
    7: ("open",),
    43: ("open", "up"),
    26: ("shut",),
    27: ("shut",),
    25: ("shut",),
}
"""Unit: the moves of its part that undo it."""


class Undoing(Sides):
    """Ends what is undone."""

    def _ending(self, n: int, segment: Segment, loose: list[Item]) -> list[Item]:
        """'And down again', 'both down', 'they open at 2 s': what a part did is undone, so it is over."""
        words = self.words_of(segment)
        returns = any(move.has("end") for move in loose) or self._reopens(loose)
        lets = bool(words & {"let", "lets", "letting"} and words & {"it", "them"})
        if self.said.last_part is None or not (words & _BACK or returns or lets):
            return loose
        part = self.said.last_part[0]
        mine = [h for h in self.heads if h.part in (part, "") and h.units and not h.denied]
        mine = [h for h in mine if h.part == part] or mine
        all_of = {unit for h in self.heads if h.sentence == segment.sentence for unit, _, _ in h.units}
        if (
            "both" in words
            and len(all_of) > 1
            and not has_any(segment, "part")
            and len({h.part for h in self.heads[-2:]}) > 1
        ):
            mine = [h for h in self.heads[-2:] if h.units and not h.denied]
            return self._undo(segment, mine, loose, loose)  # 'the nose wrinkles, the lip rises, both drop'
        undone = {way for h in mine for unit, _, _ in h.units for way in _UNDOES.get(unit, ())}
        if lets:
            undone |= {"down", "half"}  # 'and lets them fall'
        if words & {"again", "back"} and any(unit == 5 for h in mine for unit, _, _ in h.units):
            undone |= {"narrow", "down", "half"}
        undoing = [
            move
            for move in loose
            if undone & set(move.get("move")) and not self._more_than(part, move, undone)
        ]
        return self._undo(segment, mine, undoing, loose) if undoing else loose

    def _undo(
        self, segment: Segment, mine: Sequence[Head], undoing: Sequence[Item], loose: list[Item]
    ) -> list[Item]:
        """What some moves undo is over; the moves that are left."""
        times = [time for item in segment.items if (time := time_of(item)) is not None]
        for head in mine:
            head.over = True
            head.times += [as_end(begun(time)) for time in times]
        segment.items = [item for item in segment.items if not item.has("time")]
        return [move for move in loose if move not in undoing]

    def _reopens(self, loose: Sequence[Item]) -> bool:
        """'Lids shut at 3, open at 4'."""
        names = {name for move in loose for name in move.get("move")}
        mine = [h for h in self.heads if h.sentence == self.heads[-1].sentence]
        shut = any(head.units[:1] == ((43, None, ""),) for head in mine)
        return "open" in names and "wide" not in names and shut

    def _more_than(self, part: str, move: Item, undone: set[str]) -> bool:
        """Whether a move that undoes another does more: 'the eyes open wide'."""
        others = set(move.get("move")) - undone - {"half"}
        return any((part, name) in self.lexicon.table for name in others)

    def _fits(self, part: str, moves: Sequence[Item]) -> bool:
        return any((part, name) in self.lexicon.table for move in moves for name in move.get("move"))
