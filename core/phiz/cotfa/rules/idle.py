"""Parts of the face named with no move: 'one eyebrow', 'a flash of teeth', 'and the nose at 3 s'."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.cotfa.rules.heads import Head, Units, has_any
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.undoing import Undoing

_JOINING = frozenset(("join", "joins", "joining", "follow", "follows"))
_TEETH: dict[str, Units] = {
    "teeth": ((25, None, ""),), "upper teeth": ((10, None, ""),), "lower teeth": ((16, None, ""),),
}  # fmt: skip


class Idle(Undoing):
    """Heads of parts that do what they do."""

    def _alone(
        self, n: int, segment: Segment, parts: Sequence[tuple[Item, str]], named: tuple[str, str]
    ) -> Head | None:
        """The head of the only part of a segment without a move; None where something may still move it."""
        part, side = named
        at = next(item for item, other in parts if other == part)
        units = self._usual(n, segment, part, side)
        return (
            Head(units, None, at.first, at.last, n, segment.sentence, side=side, part=part) if units else None
        )

    def _usual(self, n: int, segment: Segment, part: str, side: str) -> Units:
        single = part == "brow" and side in ("any", "L", "R")
        if (single or part in ("inner brow", "outer brow")) and self._last_of(n, segment):
            return (
                ((2, None, ""),) if part == "brow" else self.lexicon.table[part, "up"]
            )  # 'outer brow L, 0.5-1.5'
        if part in _TEETH and self._shown_teeth(segment):
            return _TEETH[part]
        if self._detail(segment, part):
            return tuple((unit, None, "") for unit in self.lexicon.named[part])
        joins = segment.joins & _JOINING or any(
            i.has("next") and self.row[i.first].word in _JOINING for i in segment.items
        )
        if joins and self._last_of(
            n, segment
        ):  # 'the lids tighten, the lips follow'; 'the upper lip joins it'
            moves = [name for move in self.said.last_moves for name in move.get("move")]
            same = (self.lexicon.table[part, name] for name in moves if (part, name) in self.lexicon.table)
            usual = self.lexicon.table.get((part, "tell"), ())
            return usual if part == "jaw" else next(same, usual)
        return ()

    def _shown_teeth(self, segment: Segment) -> bool:
        """'Teeth by 1.5 s', 'a flash of upper teeth': named alone they are seen."""
        first = next((i for i in segment.items if not i.has("plain")), segment.items[0])
        words = {self.row[i.first].word for i in segment.items if i.has("plain")}
        opens = first.has("part", "time", "manner", "degree")
        return opens and words <= {"of", "the", "her", "his", "a"} and not has_any(segment, "negator")

    def _detail(self, segment: Segment, part: str) -> bool:
        """'The snarl comes in two stages, the lip at 2 s and the nose at 3': a part does what it does."""
        shown = any(h.sentence == segment.sentence and h.units and not h.denied for h in self.heads)
        timed = has_any(segment, "time") and not has_any(segment, "word", "feel", "code", "end", "negator")
        return shown and timed and part in ("nose", "cheek", "chin") and not self.said.moves

    def _last_of(self, n: int, segment: Segment) -> bool:
        """Whether nothing of the sentence follows that could move."""
        later = self.segments[n + 1 :]
        moved = any(i.has("move") for s in later if s.sentence == segment.sentence for i in s.items)
        return not moved and not self.said.moves and not has_any(segment, "negator", "cut")
