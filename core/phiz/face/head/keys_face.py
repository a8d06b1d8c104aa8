"""Keys of the brows, cheeks and nose. Sizes are hundredths of the jaw's drop: (left, up, front)."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Points
from phiz.face.head.fields import bump, fold, left_half, over, push, push_both, ripple, round_mouth, step
from phiz.face.head.keys_mouth import Field


def _brow_band(q: Points) -> np.ndarray:
    """(V,) 1 along the brows, running out over the forehead and quickly towards the lids."""
    y, z = q.place.T[1:]
    rise = z - q.at["inner brow"][2] - 0.2
    return np.where(rise > 0, np.exp(-((rise / 2.6) ** 2)), np.exp(-((rise / 1.25) ** 2))) * step(
        y, 1.0, -3.0
    )


def _along(x: np.ndarray, middle: float, width: float) -> np.ndarray:
    return np.exp(-(((x - middle) / width) ** 2))


def brow_inner_up(q: Points) -> np.ndarray:
    x = q.place[:, 0]
    weight = _brow_band(q) * np.exp(-((np.maximum(np.abs(x) - 1.0, 0) / 1.9) ** 2))
    folds = ripple(q, "forehead", 2.2, 1.6, 1.9, -0.3) + ripple(q.mirrored(), "forehead", 2.2, 1.6, 1.9, -0.3)
    return push(weight, 0, 27, -1) + push(weight * np.tanh(x), -1, 0, 0) + push(folds, 0, 0, 3)


def brow_down(q: Points) -> np.ndarray:
    x = q.place[:, 0]
    weight = _brow_band(q) * step(x, -0.5, 1.0) * np.exp(-((np.maximum(x - 1.8, 0) / 2.2) ** 2))
    inner = q.at["inner brow"]
    high = np.exp(-(((q.place[:, 2] - inner[2] + 0.5) / 1.0) ** 2)) * step(q.place[:, 1], -2.0, -5.0)
    return (
        push(weight, -12, -17, 8)
        + push(_brow_band(q) * _along(x, 4.6, 1.2), -6, -2, 6)
        + push(high * _along(x, 0.36 * inner[0], 0.26), 0, 0, -6)
        + push(high * _along(x, 0.85 * inner[0], 0.45), 0, 0, 5)
    )


def brow_outer_up(q: Points) -> np.ndarray:
    return push(_brow_band(q) * _along(q.place[:, 0], 4.3, 1.7), 2, 29, -7)


def cheek_puff(q: Points) -> np.ndarray:
    """Both cheeks and the lips filled with air."""
    near = round_mouth(q, 0.5)
    return (
        push_both(q, "low cheek", 1.9, 2.0, 15, 4, 38)
        + push_both(q, "beside the mouth", 1.4, 1.0, -4, 4, 16)
        + push_both(q, "jaw side", 1.6, 1.4, 0, 9, 12)
        + push_both(q, "nose wing", 0.8, 0.7, 0, 4, 9)
        + push(near, 0, 3, 27)
        + push(near * q.beside, -6, 0, 0)
        + push(bump(q, "chin", 2.0, 1.2), 0, 7, 6)
    )


def cheek_squint(q: Points) -> np.ndarray:
    """The cheek lifted towards the eye."""
    return (
        push(bump(q, "cheek", 1.7, 1.3), -2, 15, 7)
        + push(bump(q, "under the eye", 1.4, 0.7), -3, 4, 1)
        + push(bump(q, "low cheek", 1.3, 1.4), 4, 9, 0)
        + push(bump(q, "beside the mouth", 1.0, 0.9), 3, 3, -4)
        + push(round_mouth(q, 0.6) * np.maximum(q.beside, 0) ** 2, 2, 2, -3)
        + push(_brow_band(q) * _along(q.place[:, 0], 3.4, 1.9), -1, -3, 0)
    )


def nose_sneer(q: Points) -> np.ndarray:
    """The nose's wing and the upper lip drawn up, the skin beside the nose gathered."""
    x, _, z = q.place.T
    near = round_mouth(q, 0.55)
    return (
        push(bump(q, "nose wing", 0.9, 0.9), 3, 16, 1)
        + fold(q, 4, 4) * step(z, q.at["mouth corner"][2] - 0.3, q.at["mouth corner"][2] + 1.2)[:, None]
        + push(ripple(q, "nose bridge", 0.9, 1.3, 0.95, 0.1) * left_half(q, 0.5), 0, 0, 5)
        + push(bump(q, "nose tip", 1.0, 0.8), 0, 4, 0)
        + push(near * over(q) * step(x, -1.2, 1.2), 2, 19, 0)
        + push(near * np.maximum(q.beside, 0) ** 2, -2, 14, 1)
        + push(bump(q, "nose bridge", 0.9, 1.3) * step(x, -0.7, 0.9), 0, 6, 3)
        + push(bump(q, "beside the mouth", 1.2, 1.0), -2, 21, -2)
        + push(bump(q, "cheek", 1.6, 1.3), -2, 19, 7)
        + push(bump(q, "low cheek", 1.4, 1.4), -5, 14, 6)
        + push(bump(q, "under the eye", 1.3, 0.7), 0, 5, 1)
        + push(_brow_band(q) * _along(x, 1.9, 1.6), -2, -11, 1)
    )


FIELDS: dict[str, Field] = {
    "browInnerUp": brow_inner_up,
    "browDown": brow_down,
    "browOuterUp": brow_outer_up,
    "cheekPuff": cheek_puff,
    "cheekSquint": cheek_squint,
    "noseSneer": nose_sneer,
}
