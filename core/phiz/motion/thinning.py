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
    while True:
        at = np.flatnonzero(key)
        error = np.abs(exact - np.interp(np.arange(len(curve)), at, exact[at]))
        worst = np.maximum.reduceat(error, at[:-1])  # (segments,)
        if (worst <= bound).all():
            return Keys(at, curve[at].astype(np.float32))
        segment = np.repeat(np.arange(len(worst)), np.diff(at))  # (frames - 1,)
        split = np.flatnonzero((error[:-1] == worst[segment]) & (worst[segment] > bound))
        _, first = np.unique(segment[split], return_index=True)
        key[split[first]] = True
