"""A Direction as dense tracks, one value per frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phiz.acting.direction import Direction, EmotionKey
from phiz.face.emotions import EMOTIONS

_NEUTRAL = EMOTIONS.index("neutral")


def emotion_track(direction: Direction, frames: int, fps: float) -> np.ndarray:
    """(frames, 8) float32: share times intensity of each emotion at i / fps, in the order of EMOTIONS.

    Rows sum to 1: neutral is what the others leave. Between two keys the values go over by smoothstep,
    which neither overshoots nor jumps in speed; before the first and after the last key they hold.
    The first key past the end is taken as standing at the last frame, those after it are left out.
    An emotion that is left open is neutral here.
    """
    end = (frames - 1) / fps
    written = direction.emotion or ()
    past = [key for key in written if key.time > end][:1]
    keys = [key for key in written if key.time <= end] + past
    return emotion_at(keys, np.arange(frames) / fps, end)


def emotion_at(keys: Sequence[EmotionKey], at: np.ndarray, latest: float = np.inf) -> np.ndarray:
    """(n, 8) float32 rows of `emotion_track` at times (n,); keys later than `latest` stand there."""
    track = np.zeros((len(at), len(EMOTIONS)), np.float32)
    track[:, _NEUTRAL] = 1.0
    if not keys or not len(at):
        return track
    times = np.array([min(key.time, latest) for key in keys])  # (k,) rising
    values = np.stack([_row(key) for key in keys])  # (k, 8)
    before = np.searchsorted(times, at, side="right") - 1  # the last key at or before each frame; -1: none
    after = np.minimum(before + 1, len(keys) - 1)
    before = np.maximum(before, 0)
    span = times[after] - times[before]
    share = np.clip((at - times[before]) / np.where(span > 0, span, 1.0), 0.0, 1.0)
    share = (share * share * (3.0 - 2.0 * share))[:, None]
    track[:] = values[before] * (1.0 - share) + values[after] * share
    return track


def _row(key: EmotionKey) -> np.ndarray:
    """(8,) the values of one key."""
    row = np.array([key.mix.get(name, 0.0) for name in EMOTIONS])
    row *= key.intensity / max(1.0, row.sum())
    row[_NEUTRAL] = 0.0
    row[_NEUTRAL] = max(0.0, 1.0 - row.sum())
    return row
