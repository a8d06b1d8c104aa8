"""Action Unit events as dense tracks: how far each unit is held, and which channels that controls."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache

import numpy as np

from phiz.acting.direction import AUEvent
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import CHANNELS, COUNT, INDEX, REGIONS

UNITS: tuple[tuple[int, str], ...] = tuple(
    (unit.number, side) for unit in ACTION_UNITS.values() if unit.showable for side in "LR"
)
"""(AU, side) of each column of a unit track: every showable unit, left and right."""

WIDTH = 2 * len(UNITS)
"""Columns of a unit track: how far each unit is held, then how strongly."""

LIP_MOVERS = frozenset((
    "jawForward", "jawOpen", "mouthClose", "mouthFunnel", "mouthRollLower", "mouthRollUpper",
    "mouthShrugLower", "mouthShrugUpper", "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft",
    "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft", "noseSneerRight",
))  # fmt: skip
"""Channels that move the lip gap of the demo head by more than 0.03 (`lip_gap_coefficients`)."""

_COLUMN = {unit: column for column, unit in enumerate(UNITS)}
_REGION = {channel: region for region, channels in REGIONS.items() for channel in channels}
_SLACK = 1e-6  # of a frame, a second or an envelope: rounding of times such as 0.1 s * 30


def envelope(event: AUEvent, frames: int, fps: float, begin: int = 0) -> tuple[slice, np.ndarray]:
    """The frames at which an event is seen, and how far it is held there: (n,) float32, 0 to 1.

    Frame i stands at i / fps. The ramps are smoothsteps inside the span; the end itself is outside it,
    so that without ramps one event may follow another. What lies past the recording is cut off, and so
    are frames at either end at which it is not held at all. The slice is empty for an event past the
    end, one that falls between two frames, or one whose envelope stays at 0. What lies before the frame
    `begin` is cut off likewise.
    """
    first, last = (math.ceil(min(time * fps, frames) - _SLACK) for time in (event.start, event.end))
    first, last = max(first, begin), max(last, begin)
    at = np.arange(first, last) / fps
    held = held_at(event, at)
    seen = np.flatnonzero(held > _SLACK)
    if not len(seen):
        return slice(first, first), np.zeros(0, np.float32)
    held = held[seen[0] : seen[-1] + 1]
    return slice(first + int(seen[0]), first + int(seen[-1]) + 1), held.astype(np.float32)


def held_at(event: AUEvent, at: np.ndarray) -> np.ndarray:
    """How far an event is held, 0 to 1, at times (n,) inside its span, in seconds of the recording."""
    if event.envelope is not None:
        return _along(np.array(event.envelope), at - event.start)
    shrink = min(1.0, (event.end - event.start) / max(event.ramp_in + event.ramp_out, 1e-9))
    return _ramp(at - event.start, shrink * event.ramp_in) * _ramp(event.end - at, shrink * event.ramp_out)


def _along(points: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Straight lines between points (k, 2); at a jump, two points at one time, the later one counts."""
    times, values = points.T
    before = np.searchsorted(times - _SLACK, at, side="right") - 1  # -1: before the first
    after = np.minimum(before + 1, len(times) - 1)
    before = np.maximum(before, 0)
    span = times[after] - times[before]
    share = np.clip((at - times[before]) / np.where(span > 0.0, span, 1.0), 0.0, 1.0)
    return values[before] * (1.0 - share) + values[after] * share


def _ramp(since: np.ndarray, length: float) -> np.ndarray:
    """Smoothstep from 0 to 1 over a length; a step where there is none. Seconds."""
    if length <= 0.0:
        return np.ones_like(since)
    share = np.clip(since / length, 0.0, 1.0)
    return share * share * (3.0 - 2.0 * share)


def unit_track(events: Iterable[AUEvent], frames: int, fps: float, begin: int = 0) -> np.ndarray:
    """(frames, WIDTH) float32: for each of UNITS how far it is held, then that times its intensity.

    begin: the frame to begin with, for a part of a track (frames - begin, WIDTH).

    An event on both sides, or of a unit that has no sides, fills both columns. Where two of a unit and
    side overlap, it is held as far as the further one, and as strongly as the one that starts later says
    while that is on, blended by its envelope.
    """
    track = np.zeros((frames - begin, WIDTH), np.float32)
    for event in _in_order(events):
        span, held = _from(begin, *envelope(event, frames, fps, begin))
        for side in "LR" if event.side == "B" else event.side:
            column = _COLUMN[event.au, side]
            track[span, column] = np.maximum(track[span, column], held)
            strength = track[span, len(UNITS) + column]
            strength += held * (np.float32(event.intensity) - strength)
    return track


def control_mask(events: Iterable[AUEvent], frames: int, fps: float, begin: int = 0) -> np.ndarray:
    """(frames, 51) float32 Z, 0 to 1: the events' envelopes on the channels they control, else exactly 0.

    begin: the frame to begin with, for a part of a mask.
    """
    mask = np.zeros((frames - begin, COUNT), np.float32)
    for event in events:
        span, held = _from(begin, *envelope(event, frames, fps, begin))
        for channel in controlled(event.au, event.side):
            mask[span, channel] = np.maximum(mask[span, channel], held)
    return mask


@cache
def controlled(au: int, side: str) -> tuple[int, ...]:
    """The channels that a unit controls on a side, ascending.

    Those of its pose; on the same side and in the regions of the face that its pose moves, those of its
    antagonists'; and mouthClose and jawOpen where any of these moves the lip gap, for closures are kept
    with them.
    """
    own = set(np.flatnonzero(pose(au, side)))
    regions = {_REGION[channel] for channel in own}
    other_side = {"B": (), "L": ("Right",), "R": ("Left",)}[side]
    against = {
        channel
        for number in ACTION_UNITS[au].antagonists
        for way in ACTION_UNITS[number].sides
        for channel in np.flatnonzero(pose(number, way))
        if _REGION[channel] in regions and not CHANNELS[channel].endswith(other_side)
    }
    channels = own | against
    if any(CHANNELS[channel] in LIP_MOVERS for channel in channels):
        channels |= {INDEX["mouthClose"], INDEX["jawOpen"]}
    return tuple(sorted(int(channel) for channel in channels))


def groups(events: Iterable[AUEvent], frames: int, fps: float) -> list[tuple[slice, tuple[AUEvent, ...]]]:
    """Events whose frames overlap or touch, joined: (their frames, the events), in order of time.

    The unit of locality: no frame of one group is next to a frame of another. Events without frames are
    in no group.
    """
    joined: list[tuple[slice, tuple[AUEvent, ...]]] = []
    for span, event in sorted(_spans(events, frames, fps), key=lambda pair: pair[0].start):
        if joined and span.start <= joined[-1][0].stop:
            before, members = joined.pop()
            joined.append((slice(before.start, max(before.stop, span.stop)), (*members, event)))
        else:
            joined.append((span, (event,)))
    return joined


def _spans(events: Iterable[AUEvent], frames: int, fps: float) -> Iterator[tuple[slice, AUEvent]]:
    for event in _in_order(events):
        span, held = envelope(event, frames, fps)
        if len(held):
            yield span, event


def _from(begin: int, span: slice, held: np.ndarray) -> tuple[slice, np.ndarray]:
    """An envelope by frames counted from `begin`."""
    return slice(span.start - begin, span.stop - begin), held


def _in_order(events: Iterable[AUEvent]) -> list[AUEvent]:
    return sorted(events, key=lambda event: event.start)
