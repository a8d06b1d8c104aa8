"""Fewer keys with a stated bound on the error."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Keys(NamedTuple):
    """The keys of one curve: frames (k,) int64 rising, values (k,) float32, both of the curve itself."""

    frames: np.ndarray
    values: np.ndarray


def thin(curves: np.ndarray, bound: float | np.ndarray) -> list[Keys]:
    """(frames, n) curves -> n Keys between which straight lines stay within `bound` of every frame.

    `bound` is absolute, one for all or (n,). Linear interpolation between the keys (before the first
    and after the last: their values) differs from the curve by at most the bound in any frame;
    with Bezier handles that does not hold. A curve that is constant within the bound keeps one key.
    Keys are placed by Ramer (1972) and Douglas-Peucker (1973), all open segments of a curve at once.
    """
    curves = np.asarray(curves)
    bounds = np.broadcast_to(np.asarray(bound, np.float64), curves.shape[1:])
    return [_thin(curve, float(limit)) for curve, limit in zip(curves.T, bounds, strict=True)]


def _thin(curve: np.ndarray, bound: float) -> Keys:
    exact = curve.astype(np.float64)
    if np.abs(exact - exact[0]).max() <= bound:
        return Keys(np.zeros(1, np.int64), curve[:1].astype(np.float32))
    key = np.zeros(len(curve), bool)
    key[0] = key[-1] = True
    start, end = np.array([0]), np.array([len(curve) - 1])  # (open segments,)
    while True:
        wide = end - start > 1
        start, end = start[wide], end[wide]
        if len(start) == 0:
            break
        inner = end - start - 1
        first = np.cumsum(inner) - inner  # where each segment begins among the frames below
        segment = np.repeat(np.arange(len(start)), inner)
        frame = np.arange(len(segment)) - np.repeat(first - start - 1, inner)
        slope = (exact[end] - exact[start]) / (end - start)
        error = np.abs(exact[frame] - exact[start[segment]] - slope[segment] * (frame - start[segment]))
        worst = np.maximum.reduceat(error, first)
        at = np.flatnonzero((error == worst[segment]) & (worst[segment] > bound))
        split, once = np.unique(segment[at], return_index=True)
        middle = frame[at[once]]
        key[middle] = True
        start, end = np.r_[start[split], middle], np.r_[middle, end[split]]
    frames = np.flatnonzero(key)
    return Keys(frames, curve[frames].astype(np.float32))
