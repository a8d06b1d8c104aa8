"""The last step: feelings become emotion keys, Action Units become events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from phiz.acting.direction import AUEvent, EmotionKey
from phiz.cotfa.steps import Feeling, UnitStep
from phiz.face.emotions import EMOTIONS

_NEUTRAL = EMOTIONS.index("neutral")
_LEAST = 1e-3  # a share of an emotion below this is not written


def emotion_keys(feelings: Iterable[Feeling], duration: float) -> tuple[EmotionKey, ...] | None:
    """Keys wherever a feeling starts to come, is there, starts to go or is gone; None where none is named.

    Feelings that are on together add up. One of intensity 0 takes its emotions away while it is on.
    A feeling that is on from the first moment, or to the last, does not come or go there unless its ramp
    is a long one; one that another follows at once goes while that comes.
    """
    feelings = [feeling for feeling in feelings if feeling.enabled]
    if not feelings:
        return None
    shapes = [_shape(feeling, feelings, duration) for feeling in feelings]
    times = sorted({round(time, 3) for shape in shapes for time in shape if 0.0 <= time <= duration} | {0.0})
    keys: list[EmotionKey] = []
    for time in times:
        # A feeling that begins or ends without a ramp is a cut: one key before it, one after.
        sides = (-1e-6, 1e-6) if any(_is_cut(shape, time) for shape in shapes) and time > 0 else (1e-6,)
        for side in sides:
            key = _key(feelings, shapes, time, time + side)
            if not keys or key.time > keys[-1].time or key != keys[-1]:
                keys.append(key)
    return tuple(_without_repeats(keys))


_Shape = tuple[float, float, float, float]  # starts to come, is there, starts to go, is gone


def _shape(feeling: Feeling, among: list[Feeling], duration: float) -> _Shape:
    start, end = feeling.start, feeling.end
    at_first = start <= _SAME and feeling.ramp_in <= _SHORT
    at_last = end >= duration - _SAME and feeling.ramp_out <= _SHORT
    follower = next((other for other in among if abs(other.start - end) <= _SAME), None)
    come = 0.0 if at_first else feeling.ramp_in
    go = 0.0 if at_last or follower is not None else feeling.ramp_out
    shrink = min(1.0, (end - start) / max(come + go, 1e-9))
    there, going = start + shrink * come, end - shrink * go
    if at_last:
        return (-1.0 if at_first else start), there, duration + 1.0, duration + 1.0
    if follower is not None:
        end += min(follower.ramp_in, follower.end - follower.start)
    return (-1.0, -1.0, going, end) if at_first else (start, there, going, end)


_SAME = 1e-3  # seconds
_SHORT = 0.5  # seconds: ramps up to this are a matter of course, not asked for


def _is_cut(shape: _Shape, time: float) -> bool:
    return any(abs(a - b) < _SAME and abs(a - time) < _SAME for a, b in (shape[:2], shape[2:]))


def _held(shape: _Shape, time: float) -> float:
    start, there, going, end = shape
    if not start <= time <= end:
        return 0.0
    if time < there:
        return (time - start) / (there - start)
    return (end - time) / (end - going) if time > going else 1.0


def _key(feelings: list[Feeling], shapes: list[_Shape], time: float, at: float) -> EmotionKey:
    row = np.zeros(len(EMOTIONS))
    for feeling, shape in zip(feelings, shapes, strict=True):
        scale = feeling.intensity * _held(shape, at) / max(1.0, sum(feeling.mix.values()))
        for emotion, share in feeling.mix.items():
            row[EMOTIONS.index(emotion)] += share * scale
    for feeling, shape in zip(feelings, shapes, strict=True):
        if feeling.intensity == 0.0:
            for emotion in feeling.mix:
                row[EMOTIONS.index(emotion)] *= 1.0 - _held(shape, at)
    row[_NEUTRAL] = 0.0
    total = float(row.sum())
    if total < _LEAST:
        return EmotionKey(time=time, mix={"neutral": 1.0})
    mix = {
        name: round(float(share) / total, 3)
        for name, share in zip(EMOTIONS, row, strict=True)
        if share / total >= _LEAST
    }
    return EmotionKey(time=time, mix=mix, intensity=round(min(1.0, total), 3))


def _without_repeats(keys: list[EmotionKey]) -> Iterator[EmotionKey]:
    """Leave out a key whose neighbours on both sides say the same."""
    same = [
        all(0 <= j < len(keys) and _says(keys[i]) == _says(keys[j]) for j in (i - 1, i + 1))
        for i in range(len(keys))
    ]
    last = len(keys) - 1
    for i, key in enumerate(keys):
        if same[i] or (i == last and i > 0 and _says(key) == _says(keys[i - 1])):
            continue
        yield key


def _says(key: EmotionKey) -> tuple[tuple[tuple[str, float], ...], float]:
    return tuple(sorted(key.mix.items())), key.intensity


def events(units: Iterable[UnitStep]) -> tuple[AUEvent, ...]:
    """The events of those units that call for one: worded and on, or felt and edited."""
    return tuple(
        AUEvent(
            au=unit.au, side=unit.side, start=unit.start, end=unit.end, ramp_in=unit.ramp_in,
            ramp_out=unit.ramp_out, intensity=unit.intensity if unit.enabled else 0.0,
        )
        for unit in units
        if (unit.enabled if unit.felt is None else unit.edited)
    )  # fmt: skip
