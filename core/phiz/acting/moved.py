"""Acting notes at another time."""

from __future__ import annotations

from phiz.acting.direction import Direction


def later(direction: Direction, seconds: float) -> Direction:
    """The same acting notes, so many seconds later. Raises DirectionError where they would begin before 0."""
    emotion = direction.emotion
    return Direction(
        emotion=emotion and [key.model_dump() | {"time": key.time + seconds} for key in emotion],
        events=[
            event.model_dump() | {"start": event.start + seconds, "end": event.end + seconds}
            for event in direction.events
        ],
        style=direction.style,
        seed=direction.seed,
    )
