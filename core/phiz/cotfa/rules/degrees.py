"""How strong: words of degree, percentages, plus and minus."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.cotfa.rules.heads import Head, Reader
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.segment import Segment


class Degrees(Reader):
    """Binds degrees to heads."""

    def _degrees(self, segment: Segment, heads: list[Head]) -> None:
        acting = {id(i) for i in segment.items if i.has("move")}
        for item in segment.items:
            if not item.has("degree") or (id(item) in acting and self._acts(item, heads)):
                continue
            strength = item.get("degree")[0]
            if self.row[item.first].word == "+" or self.row[item.first].word == "++":
                strength = 0.85
            if heads:
                after = [h for h in heads if h.last > item.first and h.first <= item.last + 3]
                before = [h for h in heads if h.first < item.first]
                chosen = (
                    (after[:1] if after and after[0].first >= item.first else before[-1:])
                    or after[:1]
                    or heads[:1]
                )
                for h in heads:
                    if any(h.first == c.first for c in chosen):
                        h.strength = strength
            else:
                mine = [h for h in self.heads if h.sentence == segment.sentence]
                if mine and not {"next"} & segment.joins:
                    group = (
                        [h for h in mine if h.strength is None]
                        if self._of_all(segment, mine)
                        else [h for h in mine if h.segment == mine[-1].segment and h.strength is None]
                    )
                    for h in group:
                        h.strength = strength
                else:
                    self._waiting_degree = strength
        if heads and self._waiting_degree is not None:
            for h in heads:
                h.strength = self._waiting_degree if h.strength is None else h.strength
            self._waiting_degree = None
        self._marks(segment, heads)

    def _marks(self, segment: Segment, heads: list[Head]) -> None:
        """'++' and '--' behind a word."""
        for item in segment.items:
            word = self.row[item.first].word
            if word in ("++", "--"):
                for h in heads[-1:]:
                    for o in heads:
                        if o.first == h.first:
                            o.strength = 0.85 if word == "++" else 0.3

    def _of_all(self, segment: Segment, mine: Sequence[Head]) -> bool:
        words = self.words_of(segment)
        return bool(words & {"both", "all"}) or len(segment.items) == 1

    def _acts(self, item: Item, heads: Sequence[Head]) -> bool:
        return any(h.part and h.first <= item.first < h.last for h in heads)
