"""Keys of the lips. Sizes are hundredths of the jaw's drop: (left, up, front)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phiz.face.head.anatomy import Points
from phiz.face.head.fields import bump, corner, corners, left_half, over, push, round_mouth, step, under
from phiz.face.head.proportions import Proportions

Field = Callable[[Points, Proportions], np.ndarray]


def funnel(q: Points, shape: Proportions) -> np.ndarray:
    """Lips pushed out and opened into a trumpet."""
    near = round_mouth(q, 0.55)
    rim = 0.75 + 0.25 * q.lip
    return (
        push(near * over(q) * rim, 0, 22, 27)
        + push(near * under(q) * rim, 0, -32, 22)
        + push(near * corners(q), 0, 0, 29)
        + push(near * q.beside, -15, 0, 0)
        + push(bump(q, shape.chin, (2.0, 2.0, 1.8)), 0, -9, -2)
    )


def pucker(q: Points, shape: Proportions) -> np.ndarray:
    """Lips drawn together and out, as for a kiss."""
    near = round_mouth(q, 0.6)
    return (
        push(near * over(q), 0, 10, 29)
        + push(near * under(q), 0, -3, 28)
        + push(near * corners(q), 0, 7, 33)
        + push(near * q.beside, -24, 0, 0)
        + push(near * over(q) * q.lip, 0, -8, 0)
    )


def sideways(sign: float) -> Field:
    def field(q: Points, shape: Proportions) -> np.ndarray:
        near = round_mouth(q, 0.75)
        towards = sign * q.beside
        ahead = step(towards, 0.0, 1.0)
        behind = step(-towards, 0.0, 1.0)
        return (
            push(near * (1 - 0.6 * ahead), sign * 54, 2, -10)
            + push(near * ahead, 0, 18, -6)
            + push(near * behind, 0, -1, 42)
            + push(bump(q, shape.chin, (2.2, 2.5, 2.0)), sign * 8, 1, 2)
        )

    return field


def smile(q: Points, shape: Proportions) -> np.ndarray:
    """The left corner drawn up, out and back; the cheek lifts."""
    near = round_mouth(q, 0.78)
    middle = near * (over(q) + under(q)) * left_half(q, 1.6)
    return (
        push(near * corner(q), 26, 36, -30)
        + push(middle, 2, 7, -7)
        + push(bump(q, (4.3, -6.6, -3.2), (1.9, 2.5, 1.5)), 4, 14, 6)
        + push(bump(q, (1.6, -8.0, -4.2), (1.0, 1.5, 0.9)), 4, 4, -2)
    )


def frown(q: Points, shape: Proportions) -> np.ndarray:
    near = round_mouth(q, 0.6)
    return (
        push(near * corner(q), 7, -18, -5)
        + push(near * under(q) * left_half(q) * step(q.away, 0.1, 0.4), 0, 2, 1)
        + push(bump(q, shape.chin, (1.8, 2, 1.5)), 0, 2, 2)
    )


def dimple(q: Points, shape: Proportions) -> np.ndarray:
    near = round_mouth(q, 0.42)
    return push(near * corner(q), 5, 9, -22) + push(bump(q, shape.chin, (1.8, 2, 1.5)), 0, 2, 3)


def stretch(q: Points, shape: Proportions) -> np.ndarray:
    near = round_mouth(q, 0.72)
    return (
        push(near * corner(q), 24, -11, -24)
        + push(near * (over(q) + under(q)) * left_half(q, 1.6), 2, -1, -5)
        + push(bump(q, (4.4, -5.5, -7.0), (1.6, 2.5, 2.0)), 6, 0, -1)
    )


def roll_lower(q: Points, shape: Proportions) -> np.ndarray:
    """The lower lip turned in over the teeth."""
    near = round_mouth(q, 0.36) * under(q)
    return push(near * (1 - q.lip), 0, 30, -14) + push(near * q.lip, 0, 6, -38)


def roll_upper(q: Points, shape: Proportions) -> np.ndarray:
    near = round_mouth(q, 0.36) * over(q)
    return (
        push(near * (1 - q.lip), 0, -20, -22)
        + push(near * q.lip, 0, -2, -36)
        + push(round_mouth(q, 0.4) * corners(q) * q.beside, -6, 0, 0)
        + push(bump(q, (0, -8.0, -4.5), (1.6, 1.5, 0.6)) * over(q), 0, -7, 0)
    )


def shrug_lower(q: Points, shape: Proportions) -> np.ndarray:
    near = round_mouth(q, 0.9) * under(q)
    return (
        push(near, 0, 25, 19)
        + push(bump(q, shape.chin, (2.2, 2.2, 1.8)), 0, 20, 6)
        + push(round_mouth(q, 0.5) * corners(q), 0, 6, 7)
    )


def shrug_upper(q: Points, shape: Proportions) -> np.ndarray:
    return push(round_mouth(q, 0.5) * over(q), 0, 20, 3)


def press(q: Points, shape: Proportions) -> np.ndarray:
    """The left half of the lips pressed on each other."""
    half = left_half(q, 1.3) * (1 - 0.6 * np.abs(q.beside) ** 3)
    near = round_mouth(q, 0.36)
    return (
        push(near * over(q) * half * (1 - 0.7 * q.lip), 0, -5, -2)
        + push(near * under(q) * half * (1 - 0.7 * q.lip), 0, 9, 5)
        + push(round_mouth(q, 0.5) * corner(q), 0, 5, 2)
        + push(bump(q, shape.chin, (2.0, 2.2, 1.6)) * left_half(q, 1.5), 0, 9, 6)
    )


def lower_down(q: Points, shape: Proportions) -> np.ndarray:
    half = left_half(q, 1.7)
    near = round_mouth(q, 0.55)
    return (
        push(near * under(q) * half, 1, -25, -7)
        + push(near * corner(q), 0, -4, -1)
        + push(bump(q, shape.chin, (2.0, 2.2, 1.4)) * half, 0, -8, -5)
    )


def upper_up(q: Points, shape: Proportions) -> np.ndarray:
    half = left_half(q, 1.5)
    near = round_mouth(q, 0.6)
    return (
        push(near * over(q) * half, 3, 26, -3)
        + push(near * corner(q), 1, 14, 1)
        + push(bump(q, (1.2, -8.2, -3.6), (0.9, 1.2, 0.9)), 5, 11, -4)
        + push(bump(q, (3.6, -6.8, -3.0), (1.4, 2, 1.2)), 2, 4, 3)
    )


FIELDS: dict[str, Field] = {
    "mouthFunnel": funnel,
    "mouthPucker": pucker,
    "mouthLeft": sideways(1.0),
    "mouthRight": sideways(-1.0),
    "mouthSmile": smile,
    "mouthFrown": frown,
    "mouthDimple": dimple,
    "mouthStretch": stretch,
    "mouthRollLower": roll_lower,
    "mouthRollUpper": roll_upper,
    "mouthShrugLower": shrug_lower,
    "mouthShrugUpper": shrug_upper,
    "mouthPress": press,
    "mouthLowerDown": lower_down,
    "mouthUpperUp": upper_up,
}
