"""Audio features brought to the motion's clock: what each motion frame hears."""

from __future__ import annotations

import numpy as np

from phiz.audio.levels import loudness
from phiz.audio.spill import blocks, release, scratch

_BLOCK = 1800  # frames made at a time
ENCODER_FPS = 50.0
MEL_FPS = 100.0
MOTION_FPS = 30.0
"""The frame rate at which motion is made; other rates are resampled from it."""


def width(features: int) -> int:
    """Numbers per motion frame for an encoder of so many features: twice those and the loudness."""
    return 2 * (features + 1)


def silent(features: np.ndarray) -> np.ndarray:
    """(width,) float32 row of a frame that hears nothing: the encoder's (features,) of silence, -60 dB."""
    return np.tile(np.append(features, -3.0), 2).astype(np.float32)


def sampled(track: np.ndarray, fps: float, times: np.ndarray) -> np.ndarray:
    """Linear interpolation of (T, D) at times (F,) in s from its first row; the ends hold."""
    place = np.clip(times * fps, 0, len(track) - 1)
    low = np.minimum(place.astype(np.int64), max(len(track) - 2, 0))
    high = np.minimum(low + 1, len(track) - 1)
    share = (place - low).astype(np.float32)[:, None]
    low_rows, high_rows = (track[at].astype(np.float32, copy=False) for at in (low, high))
    return low_rows * (1 - share) + high_rows * share


def aligned(features: np.ndarray, mel: np.ndarray, frames: int) -> np.ndarray:
    """(frames, width) float32: for motion frame i the features and the loudness at i/30 -+ 1/120 s.

    features: (T, D) of an audio encoder at 50 fps. mel: (2T, 64) log-mel at 100 fps, not normalised,
    from which the loudness is taken (dB relative to the speech level, in units of 20 dB).
    """
    loud, out = loudness(mel), scratch((frames, width(features.shape[1])))
    for part in blocks(out, _BLOCK):
        out[part] = heard_at(np.arange(part.start, part.stop) / MOTION_FPS, features, loud)
        release(features)
    return out


def heard_at(times: np.ndarray, features: np.ndarray, loud: np.ndarray) -> np.ndarray:
    """(F, width) float32 rows of `aligned` at times (F,) in s from the first row of features (T, D) and of
    loud (2T,) in dB."""
    loud = (loud / 20.0)[:, None]
    parts = []
    for side in (-1.0, 1.0):
        at = times + side / (4 * MOTION_FPS)
        parts += [sampled(features, ENCODER_FPS, at), sampled(loud, MEL_FPS, at)]
    return np.concatenate(parts, axis=1, dtype=np.float32)
