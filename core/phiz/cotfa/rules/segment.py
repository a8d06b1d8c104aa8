"""A segment: the items between two separators, and what separates it from the segment before."""

from __future__ import annotations

from dataclasses import dataclass, field

from phiz.cotfa.rules.items import Item


@dataclass
class Segment:
    """Items between two separators. joins: what separated it from the one before: kinds of relation, the
    marks ',' ':' and the word itself. sentence: its number. gap: seconds between it and what it stands to."""

    sentence: int
    items: list[Item] = field(default_factory=list)
    joins: set[str] = field(default_factory=set)
    gap: float | None = None


def has_head(segment: Segment) -> bool:
    """Whether it names something that a face can show or feel."""
    return any(
        item.has("word", "feel", "code") or (item.has("part") and item.get("part") != ["head"])
        for item in segment.items
    )


def opened(made: list[Segment]) -> Segment:
    """A new segment of the same sentence, or the last one where it is still empty."""
    if made[-1].items:
        made.append(Segment(made[-1].sentence))
    return made[-1]
