"""Head rotation: slow sway, a nod or turn on stressed vowels, breath."""

from __future__ import annotations

import numpy as np

from phiz.corpus.teacher.noise import drift, pulse

SWAY = np.array([0.050, 0.032, 0.024])
"""Standard deviation of yaw, pitch, roll, radians, in the plain style."""
SWAY_HZ = 0.22
BREATH = 0.004
"""Amplitude of pitch with breathing, radians; 0.2 to 0.3 Hz."""


def head_motion(
    rng: np.random.Generator,
    times: np.ndarray,
    accents: list[tuple[float, float]],
    activity: float,
    fps: float,
) -> np.ndarray:
    """(frames, 3) float32 radians [yaw, pitch, roll]: yaw to the character's left, pitch down, positive.

    accents: (time, strength) of stressed vowels, each of which moves the head with probability
    0.4 * strength (at most 0.8), by 0.02 to 0.07 rad times activity, mostly a nod.
    """
    sway = drift(rng, len(times), 3, SWAY_HZ, fps) * SWAY * (0.5 + 0.5 * activity)
    sway += drift(rng, len(times), 3, 1.2, fps) * SWAY * 0.06 * activity
    sway += rng.normal(0.0, (0.04, 0.03, 0.02))
    rate, phase = rng.uniform(0.2, 0.3), rng.uniform(0.0, 2.0 * np.pi)
    sway[:, 1] += BREATH * np.sin(2.0 * np.pi * rate * times + phase)
    for at, strength in accents:
        if rng.random() > min(0.8, 0.4 * strength):
            continue
        peak = at + rng.uniform(-0.03, 0.10)
        shape = pulse(times, peak - rng.uniform(0.15, 0.28), peak, peak + 0.03, peak + rng.uniform(0.3, 0.6))
        size = rng.uniform(0.02, 0.07) * activity * strength
        direction = np.array(
            [rng.normal(0.0, 0.45), rng.choice((1.0, -0.6), p=(0.7, 0.3)), rng.normal(0.0, 0.3)]
        )
        sway += size * shape[:, None] * direction
    return np.clip(sway, -0.5, 0.5).astype(np.float32)
