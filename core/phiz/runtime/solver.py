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


class Course:
    """A motion on its way from standard normal noise of any shape to clean motion, in so many steps.

    At every step the clean motion is to be predicted from the noisy x at the level, and `advance` told. After
    the last, which ends at level 0, x is that prediction itself. Deterministic, and every number of x has
    a course of its own: parts of a motion may be sampled one after the other.
    """

    def __init__(self, noise: np.ndarray, steps: int) -> None:
        if steps < 1:
            raise ValueError("expected at least one step")
        self.x, self.step, self.steps = noise, 0, steps
        self._levels = levels(steps)
        self._before: np.ndarray | None = None
        self._last_ratio = 0.0

    @property
    def level(self) -> float:
        return float(self._levels[self.step])

    def advance(self, clean: np.ndarray) -> None:
        """Take the step, towards the predicted clean motion."""
        if self.step == self.steps - 1:
            self.x = clean
        else:
            signal, sigma = signal_and_noise(self.level)
            next_signal, next_sigma = signal_and_noise(float(self._levels[self.step + 1]))
            # Plain floats: a numpy float64 would make float64 of the whole motion.
            ratio, next_ratio = float(np.log(signal / sigma)), float(np.log(next_signal / next_sigma))
            step = next_ratio - ratio
            guess = clean
            if self._before is not None:
                r = (ratio - self._last_ratio) / step
                guess = clean + (clean - self._before) / (2.0 * r)
            self.x = (next_sigma / sigma) * self.x - float(next_signal * np.expm1(-step)) * guess
            self._before, self._last_ratio = clean, ratio
        self.step += 1


def sample(
    denoise: Callable[[np.ndarray, float, int], np.ndarray], noise: np.ndarray, steps: int
) -> np.ndarray:
    """Clean motion from standard normal noise; denoise(x, level, step) predicts it from the noisy."""
    course = Course(noise, steps)
    while course.step < steps:
        course.advance(denoise(course.x, course.level, course.step))
    return course.x
