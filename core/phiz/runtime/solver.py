"""From noise to motion in a few steps: DPM-Solver++(2M) for a network that predicts the clean motion.

Lu et al. 2022, algorithm 2, on the cosine schedule of training. Plain functions of arrays.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

FIRST_LEVEL = 0.995
"""Where sampling starts; at exactly 1 there would be no signal to speak of and no finite log-ratio."""


def levels(steps: int) -> np.ndarray:
    """(steps + 1,) noise levels from FIRST_LEVEL down to 0, closer together towards both ends.

    Where motion is nearly all noise its broad course is settled, and near 0 its fine detail, which one
    long last step would leave out. 8 such steps come as near to the data as 32 even ones (measured).
    """
    left = np.linspace(1.0, 0.0, steps + 1)
    return FIRST_LEVEL * left * left * (3.0 - 2.0 * left)


def signal_and_noise(level: float) -> tuple[float, float]:
    """Shares of signal and noise at a level in 0..1 (cosine schedule); their squares sum to 1."""
    angle = 0.5 * np.pi * level
    return float(np.cos(angle)), float(np.sin(angle))


def sample(
    denoise: Callable[[np.ndarray, float, int], np.ndarray], noise: np.ndarray, steps: int
) -> np.ndarray:
    """Clean motion from standard normal noise of any shape.

    denoise(x, level, step) predicts the clean motion from the noisy. The last step ends at level 0,
    where the result is the prediction itself. Deterministic.
    """
    at = levels(steps)
    x, before, last_ratio = noise, None, 0.0
    for i in range(steps):
        clean = denoise(x, float(at[i]), i)
        if i == steps - 1:
            return clean
        signal, sigma = signal_and_noise(at[i])
        next_signal, next_sigma = signal_and_noise(at[i + 1])
        # Plain floats: a numpy float64 would make float64 of the whole motion.
        ratio, next_ratio = float(np.log(signal / sigma)), float(np.log(next_signal / next_sigma))
        step = next_ratio - ratio
        guess = clean
        if before is not None:
            r = (ratio - last_ratio) / step
            guess = clean + (clean - before) / (2.0 * r)
        x = (next_sigma / sigma) * x - float(next_signal * np.expm1(-step)) * guess
        before, last_ratio = clean, ratio
    raise ValueError("expected at least one step")
