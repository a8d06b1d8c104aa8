"""What of a Direction will not be seen as written, in plain words."""

from __future__ import annotations

from collections.abc import Iterator

from phiz.acting.direction import AUEvent, Direction
from phiz.acting.units import envelope
from phiz.audio.aligned import MOTION_FPS


def notes_on(direction: Direction, seconds: float) -> list[str]:
    """One line for each emotion key or event that a recording of this length cuts, moves or leaves out,
    or that falls between two frames, and for each pair of events of one unit and side that overlap."""
    return [*_on_emotion(direction, seconds), *_on_events(direction, seconds), *_on_overlaps(direction)]


def _on_emotion(direction: Direction, seconds: float) -> Iterator[str]:
    late = [key for key in direction.emotion or () if key.time > seconds]
    for i, key in enumerate(late):
        does = "left out" if i else "taken as at the end"
        yield f"emotion at {key.time:g} s: the recording ends at {seconds:.2f} s; {does}"


def _on_events(direction: Direction, seconds: float) -> Iterator[str]:
    frames = round(seconds * MOTION_FPS)
    for event in direction.events:
        if event.start >= seconds:
            yield f"{spoken(event)}: the recording ends at {seconds:.2f} s; left out"
        elif event.envelope is not None and not any(held for _, held in event.envelope):
            yield f"{spoken(event)}: its envelope stays at 0; left out"
        elif not len(envelope(event, frames, MOTION_FPS)[1]):
            yield f"{spoken(event)}: falls between two frames, {MOTION_FPS:g} in a second; left out"
        elif event.end > seconds:
            yield f"{spoken(event)}: cut at the end of the recording, {seconds:.2f} s"


def _on_overlaps(direction: Direction) -> Iterator[str]:
    """Each event against those of its unit that are still on when it starts."""
    still_on: dict[int, list[AUEvent]] = {}
    for event in direction.events:
        before = [other for other in still_on.get(event.au, ()) if other.end > event.start]
        for other in before:
            if "B" in (event.side, other.side) or event.side == other.side:
                yield f"{spoken(event)}: goes before {spoken(other)}, which it overlaps"
        still_on[event.au] = [*before, event]


def spoken(event: AUEvent) -> str:
    """The event as `phiz generate --au` writes it, without its intensity."""
    side = "" if event.side == "B" else event.side
    return f"AU {event.au}{side} at {event.start:g}-{event.end:g} s"
