"""Thinned keys keep their stated bound in every frame, and are few."""

from __future__ import annotations

import time

import numpy as np
import pytest

from phiz.motion.thinning import Keys, thin


def rebuilt(keys: Keys, frames: int) -> np.ndarray:
    return np.interp(np.arange(frames), keys.frames, keys.values)


def curves(frames: int = 600, count: int = 8, seed: int = 0) -> np.ndarray:
    """Bumps, jumps and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None] / 30
    smooth = 0.3 + 0.3 * np.sin(t * rng.uniform(0.5, 8, count))
    jumps = 0.3 * (np.sin(t * rng.uniform(0.2, 2, count)) > 0.6)
    return (smooth + jumps + rng.normal(0, 0.004, smooth.shape)).astype(np.float32)


@pytest.mark.parametrize("bound", [0.0, 0.001, 0.01, 0.1, 1.0])
def test_the_bound_holds_in_every_frame(bound: float) -> None:
    original = curves()
    for channel, keys in zip(original.T, thin(original, bound), strict=True):
        assert np.abs(rebuilt(keys, len(channel)) - channel).max() <= bound + 1e-7
        assert (np.diff(keys.frames) > 0).all()
        np.testing.assert_array_equal(keys.values, channel[keys.frames])


def test_a_bound_of_its_own_for_each_curve() -> None:
    original = np.repeat(curves(count=1), 2, axis=1)
    fine, coarse = thin(original, np.array([0.005, 0.1]))
    assert len(coarse.frames) < len(fine.frames) / 2
    assert np.abs(rebuilt(fine, 600) - original[:, 0]).max() <= 0.005


def test_straight_lines_need_two_keys_and_constants_one() -> None:
    line = np.linspace(0, 1, 1000, dtype=np.float32)
    still = np.full(1000, 0.3, np.float32)
    rise, rest = thin(np.stack([line, still], axis=1), 1e-4)
    assert list(rise.frames) == [0, 999]
    assert list(rest.frames) == [0] and rest.values[0] == np.float32(0.3)


def test_corners_become_keys() -> None:
    ramp = np.interp(np.arange(100), [0, 20, 30, 70, 99], [0, 1, 0.2, 0.9, 0.9]).astype(np.float32)
    assert list(thin(ramp[:, None], 1e-4)[0].frames) == [0, 20, 30, 70, 99]


def test_one_frame_and_two() -> None:
    assert list(thin(np.ones((1, 1), np.float32), 0.01)[0].frames) == [0]
    assert list(thin(np.array([[0.0], [1.0]], np.float32), 0.01)[0].frames) == [0, 1]


def test_ten_minutes_take_seconds() -> None:
    original = curves(18_000, 4)
    start = time.process_time()
    keys = thin(original, 0.02)
    assert time.process_time() - start < 3.0
    assert sum(len(k.frames) for k in keys) < 0.3 * original.size
