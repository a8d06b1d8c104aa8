"""Slow random curves for everything that drifts: head sway, gaze wander, the rest of the face."""

from __future__ import annotations

import numpy as np


def drift(rng: np.random.Generator, frames: int, count: int, hz: float, fps: float) -> np.ndarray:
    """(frames, count) float32 Gaussian curves of unit variance, power falling as 1/(1 + (f/hz)^4).

    Not periodic: more than is needed is made and the rest dropped.
    """
    length = max(64, int(frames + 2 * fps / hz))
    spectrum = np.fft.rfft(rng.standard_normal((length, count)), axis=0)
    gain = 1.0 / (1.0 + (np.fft.rfftfreq(length, 1.0 / fps) / hz) ** 2)
    gain[0] = gain[1]
    # variance of the shaped noise, from the gain alone, so that short clips are not normalised to themselves
    scale = np.sqrt(2.0 * (gain**2).sum() / length)
    curves = np.fft.irfft(spectrum * gain[:, None], n=length, axis=0)
    return (curves[:frames] / scale).astype(np.float32)


def smoothstep(x: np.ndarray) -> np.ndarray:
    """0 below 0, 1 above 1, 3x^2 - 2x^3 between."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def pulse(times: np.ndarray, start: float, peak: float, release: float, end: float) -> np.ndarray:
    """(frames,) 0..1: smooth rise from start to peak, 1 until release, smooth fall to end. Seconds."""
    rise = smoothstep((times - start) / max(peak - start, 1e-6))
    fall = smoothstep((end - times) / max(end - release, 1e-6))
    return np.minimum(rise, fall)
