"""Acting notes that change while they are acted: for every frame, what the Directions so far ask of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from phiz.acting.direction import Direction
from phiz.acting.track import emotion_at
from phiz.acting.units import control_mask, unit_track
from phiz.audio.aligned import MOTION_FPS
from phiz.errors import PhizError

BLEND = 9
"""Frames in which one Direction goes over into the next, 0.3 s."""
MOST = 1000
"""Directions that may wait for their time."""

Mood = Callable[[int, int], np.ndarray]
"""(n, 8) what is heard in the voice at these frames."""


class ScoreError(PhizError):
    """A Direction that cannot take effect when it should."""


@dataclass(frozen=True)
class Asked:
    """What is asked of n frames: emotion (n, 8), units (n, U), mask (n, 51) Z, style (styles,), seed."""

    emotion: np.ndarray
    units: np.ndarray
    mask: np.ndarray
    style: np.ndarray
    seed: int

    def followed_by(self, later: Asked) -> Asked:
        """Both, one after the other; style and seed are the later one's."""
        return Asked(
            np.concatenate([self.emotion, later.emotion]),
            np.concatenate([self.units, later.units]),
            np.concatenate([self.mask, later.mask]),
            later.style,
            later.seed,
        )

    def part(self, frames: slice) -> Asked:
        """These frames of it."""
        return Asked(self.emotion[frames], self.units[frames], self.mask[frames], self.style, self.seed)


@dataclass(frozen=True)
class _Part:
    start: int
    direction: Direction
    style: np.ndarray


class Score:
    """Directions by the frame from which they hold. Times inside a Direction count from the start of all."""

    def __init__(self, mood: Mood) -> None:
        self._mood = mood
        self._parts: list[_Part] = []

    def change(self, direction: Direction, style: np.ndarray, start: int) -> None:
        """From this frame on, this Direction; whatever was to hold from then on no longer does.

        style (styles,): its style. Raises ScoreError.
        """
        kept = [part for part in self._parts if part.start < start]
        if len(kept) >= MOST:
            raise ScoreError(f"expected at most {MOST} Directions that wait for their time; send them later")
        self._parts = [*kept, _Part(start, direction, style)]

    def asked(self, first: int, last: int) -> Asked:
        """What is asked of the frames `first` to `last`, of which no earlier one will be asked again."""
        while len(self._parts) > 1 and self._parts[1].start + BLEND <= first + 1:
            self._parts.pop(0)
        current = self._parts[0]
        tracks = self._tracks(current, first, last)
        style = current.style
        for part in self._parts[1:]:
            if part.start >= last:
                break
            share = np.clip((np.arange(first, last) - part.start + 1) / BLEND, 0.0, 1.0)
            share = (share * share * (3.0 - 2.0 * share)).astype(np.float32)
            new = self._tracks(part, first, last)
            tracks = [a + share[:, None] * (b - a) for a, b in zip(tracks, new, strict=True)]
            if part.start <= first:
                style = style + share[0] * (part.style - style)
                current = part
        emotion, units, mask = tracks
        return Asked(emotion, units, mask, style.astype(np.float32), current.direction.seed)

    def _tracks(self, part: _Part, first: int, last: int) -> list[np.ndarray]:
        direction, at = part.direction, np.arange(first, last) / MOTION_FPS
        begin, end = at[0] - 1.0, at[-1] + 1.0
        events = [event for event in direction.events if event.end > begin and event.start < end]
        emotion = direction.emotion
        return [
            self._mood(first, last) if emotion is None else emotion_at(emotion, at),
            unit_track(events, last, MOTION_FPS, first),
            control_mask(events, last, MOTION_FPS, first),
        ]
