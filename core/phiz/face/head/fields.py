"""The few soft weights of which every shape key is made."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Points

JAW_DROP = 2.7
"""How far the chin falls at jawOpen = 1, in cm: the measure in which the keys' sizes are given."""
TIP = 0.15
"""Rounds off the point that the distance round the mouth comes to in its corners."""
BESIDE = 0.35
"""By how much a pull on the mouth reaches further beside it than above and below."""


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
    """(V,) 1 on the lips, falling off round the mouth, slower beside the corners; 0 behind the cheeks."""
    near = np.sqrt(q.away**4 + TIP**2) - TIP
    return np.exp(-near / (width * (1 + BESIDE * q.beside**2)) ** 2) * step(q.place[:, 1], 0.5, -3.0)


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
    """(V,) share of the left corner: rises along the lips, stays up beside the mouth."""
    return step(q.place[:, 0] / q.at["mouth corner"][0], -0.25, 1.2) ** 1.3


def ripple(q: Points, landmark: str, across: float, high: float, length: float, up: float) -> np.ndarray:
    """(V,) folds of skin round a landmark, `length` cm apart in height, the first ridge `up` cm over it."""
    rise = q.place[:, 2] - q.at[landmark][2] - up
    return bump(q, landmark, across, high) * np.cos(2 * np.pi * rise / length)


def beside_fold(q: Points) -> np.ndarray:
    """(V,) cm outside (+) or inside the left nasolabial fold, which runs from the nose round the corner."""
    wing, corner_at = q.at["nose wing"], q.at["mouth corner"]
    start = np.array([wing[0] + 0.25, wing[2] + 0.35])
    middle = np.array([(wing[0] + corner_at[0]) / 2 + 0.5, (wing[2] + corner_at[2]) / 2 + 0.25])
    end = np.array([corner_at[0] + 0.6, corner_at[2] - 0.35])
    p = q.place[:, [0, 2]]
    best, signed = np.full(len(p), np.inf), np.full(len(p), 9.0)
    for a, b in ((start, middle), (middle, end)):
        along = b - a
        t = np.clip((p - a) @ along / (along @ along), 0.0, 1.0)
        off = p - a - t[:, None] * along
        distance = np.linalg.norm(off, axis=1)
        side = np.sign(off @ np.array([-along[1], along[0]]))
        nearer = distance < best
        best, signed = np.where(nearer, distance, best), np.where(nearer, side * distance, signed)
    return np.where(q.place[:, 1] < q.at["low cheek"][1] + 2.5, signed, 9.0)


def fold(q: Points, groove: float, bulge: float) -> np.ndarray:
    """(V, 3) the left nasolabial fold deepened: a groove on it, the cheek full beside it."""
    signed = beside_fold(q)
    cheek = np.exp(-(((signed - 0.65) / 0.5) ** 2))
    return push(np.exp(-((signed / 0.34) ** 2)), 0, 0, -groove) + push(cheek, 0, 0, bulge)


def left_half(q: Points, width: float = 1.0) -> np.ndarray:
    """(V,) 1 on the left half of the face, 0 on the right, 1/2 in the middle."""
    return step(q.place[:, 0], -width, width)
