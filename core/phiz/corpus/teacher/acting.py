"""Action Units: which ones a clip gets by chance, and what they do to a face that speaks and feels."""

from __future__ import annotations

from functools import cache

import numpy as np

from phiz.acting import units
from phiz.acting.direction import AUEvent
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import CHANNELS, COUNT, INDEX

EVENT_CHANCE = 0.25
"""Share of clips that carry Action Unit events."""

WEAKENED = 0.7
"""How much a unit at full strength takes from the channels of its antagonists."""

_EVENT_WEIGHTS = {
    1: 3, 2: 3, 4: 3, 5: 2, 6: 2, 7: 2, 9: 2, 10: 2, 12: 3, 13: 1, 14: 2, 15: 2, 16: 1, 17: 2, 18: 1, 20: 2,
    22: 1, 23: 2, 24: 2, 25: 1, 26: 2, 27: 1, 28: 1, 29: 1, 30: 1, 34: 1, 43: 1, 45: 1, 46: 1, 61: 1, 62: 1,
    63: 1, 64: 1,
}  # fmt: skip
"""How often each unit is drawn, relative to the others."""
_EVENT_UNITS = np.array(list(_EVENT_WEIGHTS))
_EVENT_SHARES = np.array(list(_EVENT_WEIGHTS.values()), float) / sum(_EVENT_WEIGHTS.values())

_SPEECH = ("jawOpen", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRoll", "mouthShrug", "mouthLowerDown",
           "mouthUpperUp", "mouthPress", "eyeBlink", "eyeLook")  # fmt: skip
_ADDED = np.array([name.startswith(_SPEECH) for name in CHANNELS])
"""Channels on which speech, blinks and gaze go on under a unit; on the others it replaces what is there."""


def draw_events(rng: np.random.Generator, seconds: float) -> list[AUEvent]:
    """One to three Action Units in EVENT_CHANCE of the clips, none in the others; no unit twice."""
    if rng.random() >= EVENT_CHANCE or seconds < 0.8:
        return []
    drawn = rng.choice(_EVENT_UNITS, size=int(rng.integers(1, 4)), replace=False, p=_EVENT_SHARES)
    events = []
    for number in sorted(int(u) for u in drawn):
        sides = ACTION_UNITS[number].sides
        side = (
            sides[0]
            if len(sides) == 1 or ("B" in sides and rng.random() < 0.7)
            else str(rng.choice(sides[-2:]))
        )
        longest = 0.35 if number == 45 else 2.5
        length = min(float(rng.uniform(0.25 if number == 45 else 0.4, longest)), seconds - 0.2)
        start = float(rng.uniform(0.0, seconds - length))
        ramp_in, ramp_out = (float(min(r, 0.45 * length)) for r in rng.uniform(0.1, 0.4, 2))
        events.append(
            AUEvent(
                au=number,
                side=side,  # pyright: ignore[reportArgumentType]
                start=round(start, 3),
                end=round(start + length, 3),
                intensity=round(float(rng.uniform(0.3, 1.0)), 3),
                ramp_in=round(ramp_in, 3),
                ramp_out=round(ramp_out, 3),
            )
        )
    return events


@cache
def _pose(column: int) -> np.ndarray:
    """(51,) pose of one column of a unit track; left and right together make the two-sided pose."""
    number, side = units.UNITS[column]
    if side in ACTION_UNITS[number].sides:
        return pose(number, side)
    return 0.5 * pose(number)


@cache
def _against(column: int) -> np.ndarray:
    """(51,) poses of a unit's antagonists, as far as it controls their channels and does not use them.

    Never jawOpen and eyeBlink: speech and blinks go on.
    """
    number, side = units.UNITS[column]
    own_side = side if side in ACTION_UNITS[number].sides else "B"
    against = np.zeros(COUNT, np.float32)
    for other in ACTION_UNITS[number].antagonists:
        for way in ACTION_UNITS[other].sides:
            against = np.maximum(against, pose(other, way))
    free = np.ones(COUNT, bool)
    free[list(units.controlled(number, own_side))] = False
    free[pose(number, own_side) > 0] = True
    free[[INDEX["jawOpen"], INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = True
    against[free] = 0.0
    return against


def act(
    weights: np.ndarray, events: list[AUEvent], share: np.ndarray, fps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Show Action Units on a face, in place; a function of their unit track alone.

    weights (frames, 51). share: (frames, 51) what speech leaves of a pose, at least half. Brows, lids,
    cheeks, nose, corners and a jaw moved aside go over to the unit's pose as far as it is held; jaw,
    lips, blinks and gaze get it on top. Each unit weakens its antagonists' channels. Of two units that
    use one channel the further one counts. Returns how far each channel was replaced, and the pose
    shown, both (frames, 51).
    """
    frames = len(weights)
    track = units.unit_track(events, frames, fps)
    held, strength = np.split(track, 2, axis=1)  # (frames, units) each
    replaced, shown, weaker = (np.zeros((frames, COUNT), np.float32) for _ in range(3))
    for number in {event.au for event in events}:
        whole = np.zeros((frames, COUNT), np.float32)
        for column, (other, _) in enumerate(units.UNITS):
            if other != number or not held[:, column].any():
                continue
            part, strong = _pose(column), strength[:, column, None]
            whole += strong * part
            replaced = np.maximum(replaced, held[:, column, None] * (part > 0))
            weaker = np.maximum(weaker, strong * _against(column))
        shown = np.maximum(shown, whole)
    replaced[:, _ADDED] = 0.0
    shown[:, _ADDED] *= np.maximum(share[:, _ADDED], 0.5)
    weights *= 1.0 - WEAKENED * weaker
    weights *= 1.0 - replaced
    weights += np.where(_ADDED, shown * (1.0 - np.clip(weights, 0.0, 1.0)), shown)
    return replaced, shown
