"""The few soft weights of which every shape key is made."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Points

JAW_DROP = 2.7
"""How far the chin falls at jawOpen = 1, in cm: the measure in which the keys' sizes are given."""


def step(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """0 below low, 1 above high, smooth between; low may exceed high to fall instead."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def bump(q: Points, landmark: str, across: float, high: float) -> np.ndarray:
    """(V,) 1 at a landmark, falling off as a Gaussian over these radii in cm (and 2.2 in depth)."""
    return np.exp(-np.sum(((q.place - q.at[landmark]) / np.array([across, 2.2, high])) ** 2, axis=1))


def push(weight: np.ndarray, left: float, up: float, front: float) -> np.ndarray:
    """(V, 3) a push along the axes, in hundredths of the jaw's drop."""
    return weight[:, None] * np.array([left, -front, up]) * (JAW_DROP / 100.0)


def push_both(
    q: Points, landmark: str, across: float, high: float, out: float, up: float, front: float
) -> np.ndarray:
    """(V, 3) the same push at a landmark and at its mirror; `out` is away from the middle of the face."""
    left, right = bump(q, landmark, across, high), bump(q.mirrored(), landmark, across, high)
    return push(left, out, up, front) + push(right, -out, up, front)


def round_mouth(q: Points, width: float) -> np.ndarray:
    """(V,) 1 on the lips, falling off round the mouth."""
    return np.exp(-((q.away / width) ** 2))


def over(q: Points) -> np.ndarray:
    """(V,) share of the upper lip: 1 over the middle, 0 at the corners and below."""
    return np.maximum(q.side, 0.0) ** 2


def under(q: Points) -> np.ndarray:
    """(V,) share of the lower lip."""
    return np.maximum(-q.side, 0.0) ** 2


def corners(q: Points) -> np.ndarray:
    """(V,) share of both corners; with `over` and `under` it adds up to 1."""
    return q.beside**2


def corner(q: Points) -> np.ndarray:
    """(V,) share of the left corner."""
    return step(q.beside, 0.0, 1.0) * np.abs(q.beside)


def left_half(q: Points, width: float = 1.0) -> np.ndarray:
    """(V,) 1 on the left half of the face, 0 on the right, 1/2 in the middle."""
    return step(q.place[:, 0], -width, width)
