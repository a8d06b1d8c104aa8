"""Keys of the brows, cheeks and nose. Sizes are hundredths of the jaw's drop: (left, up, front)."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Points
from phiz.face.head.fields import bump, corners, over, push, round_mouth, step, under
from phiz.face.head.keys_mouth import Field
from phiz.face.head.proportions import Proportions


def _brow_band(q: Points, shape: Proportions) -> np.ndarray:
    """(V,) 1 along the brows, running out over the forehead and quickly towards the lids."""
    y, z = q.place.T[1:]
    rise = z - shape.brow_height
    return np.where(rise > 0, np.exp(-((rise / 2.6) ** 2)), np.exp(-((rise / 1.25) ** 2))) * step(
        y, 1.0, -3.0
    )


def brow_inner_up(q: Points, shape: Proportions) -> np.ndarray:
    x = np.abs(q.place[:, 0])
    weight = _brow_band(q, shape) * np.exp(-((np.maximum(x - 1.0, 0) / 1.9) ** 2))
    return push(weight, 0, 27, -1) - push(weight * np.sign(q.place[:, 0]) * step(x, 0.0, 1.2), 1, 0, 0)


def brow_down(q: Points, shape: Proportions) -> np.ndarray:
    x = q.place[:, 0]
    weight = _brow_band(q, shape) * step(x, -0.5, 1.0) * np.exp(-((np.maximum(x - 1.8, 0) / 2.2) ** 2))
    outer = _brow_band(q, shape) * np.exp(-(((x - 4.6) / 1.2) ** 2))
    return push(weight, -12, -19, 8) + push(outer, -6, -2, 6)


def brow_outer_up(q: Points, shape: Proportions) -> np.ndarray:
    x = q.place[:, 0]
    weight = _brow_band(q, shape) * np.exp(-(((x - 4.3) / 1.7) ** 2))
    return push(weight, 2, 30, -7)


def cheek_puff(q: Points, shape: Proportions) -> np.ndarray:
    out = np.zeros_like(q.place)
    for side in (1.0, -1.0):
        cheek = bump(q, (side * 4.7, -5.6, -5.4), (1.9, 2.6, 2.2))
        out += push(cheek, side * 26, 3, 24)
    near = round_mouth(q, 0.55)
    out += (
        push(near * over(q), 0, 3, 26) + push(near * under(q), 0, 1, 26) + push(near * corners(q), 0, 5, 26)
    )
    return out + push(near * q.beside, -8, 0, 0)


def cheek_squint(q: Points, shape: Proportions) -> np.ndarray:
    return push(bump(q, (3.9, -6.8, -2.5), (1.9, 2.2, 1.4)), -2, 14, 8) + push(
        round_mouth(q, 0.6) * np.maximum(q.beside, 0) ** 2, 2, 2, -3
    )


def nose_sneer(q: Points, shape: Proportions) -> np.ndarray:
    x = q.place[:, 0]
    half = step(x, -0.7, 0.9)
    near = round_mouth(q, 0.62)
    return (
        push(bump(q, (1.2, -8.1, -3.5), (0.9, 1.3, 1.0)), 1, 22, -1)
        + push(near * over(q) * step(x, -1.2, 1.2), 2, 22, 0)
        + push(near * np.maximum(q.beside, 0) ** 2, -2, 16, 2)
        + push(bump(q, (1.1, -7.8, -1.2), (0.9, 1.5, 1.6)) * half, 0, 9, 3)
        + push(bump(q, (2.9, -7.0, -2.9), (1.5, 2.0, 1.3)), -3, 7, 7)
        + push(_brow_band(q, shape) * np.exp(-(((x - 1.2) / 1.2) ** 2)), -2, -10, 1)
    )


FIELDS: dict[str, Field] = {
    "browInnerUp": brow_inner_up,
    "browDown": brow_down,
    "browOuterUp": brow_outer_up,
    "cheekPuff": cheek_puff,
    "cheekSquint": cheek_squint,
    "noseSneer": nose_sneer,
}
