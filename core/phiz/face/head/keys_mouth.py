"""Keys of the lips. Sizes are hundredths of the jaw's drop: (left, up, front)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phiz.face.head.anatomy import Points
from phiz.face.head.fields import (
    bump,
    corner,
    corners,
    fold,
    left_half,
    over,
    push,
    push_both,
    round_mouth,
    step,
    under,
)

Field = Callable[[Points], np.ndarray]
WIDTH = 2.33  # cm from the middle to the corner of the mouth for which dimples are given
RED = 1.52  # cm of both lips' red, of the lips for which rolls are given


def _red(q: Points) -> float:
    """How much a roll has to move: less where the lips are thin."""
    return float(q.at["upper lip"][2] - q.at["lower lip"][2]) / RED


def _wide(q: Points) -> float:
    """How far the corners have to move: less where the mouth is narrow."""
    return min(float(q.at["mouth corner"][0]) / WIDTH, 1.0)


def funnel(q: Points) -> np.ndarray:
    """Lips pushed out and opened into a trumpet."""
    near = round_mouth(q, 0.55)
    rim = 1 - 0.4 * min(_red(q), 1.0) * (1 - q.lip)  # the red turns outwards
    return (
        push(near * over(q) * rim, 0, 22, 27)
        + push(near * np.maximum(-q.side, 0) ** 0.7 * rim, 0, -24, 22)
        + push(near * corners(q), 0, 0, 29)
        + push(near * q.beside, -25, 0, 0)
        + push(bump(q, "chin", 2.0, 1.8), 0, -9, -2)
    )


def pucker(q: Points) -> np.ndarray:
    """Lips drawn together and out, as for a kiss."""
    near = round_mouth(q, 0.6)
    return (
        push(near * over(q), 0, 10, 29)
        + push(near * under(q), 0, -3, 28)
        + push(near * corners(q), 0, 7, 33)
        + push(near * q.beside, -33, 0, 0)
        + push(near * over(q) * q.lip, 0, -13, 0)
        + push_both(q, "low cheek", 1.5, 1.5, -6, 2, 2)
    )


def sideways(sign: float) -> Field:
    """The whole mouth drawn to one side."""

    def field(q: Points) -> np.ndarray:
        near = round_mouth(q, 0.75)
        ahead = step(sign * q.beside, 0.0, 1.0)
        behind = step(-sign * q.beside, 0.0, 1.0)
        return (
            push(near * (1 - 0.42 * ahead), sign * 48, 2, -10)
            + push(near * ahead, 0, 4, -10)
            + push(near * behind, 0, -1, 42)
            + push(bump(q, "chin", 2.2, 2.0), sign * 8, 1, 2)
        )

    return field


def smile(q: Points) -> np.ndarray:
    """The left corner drawn up, out and back along the zygomatic muscle; the cheek lifts."""
    near = round_mouth(q, 0.72)
    middle = near * (over(q) + under(q)) * left_half(q, 1.6)
    return (
        push(near * corner(q), 26, 0, -6)
        + push(near * corner(q) ** 1.8, 0, 38, -25)  # lips bend into a bow, and round the teeth
        + push(middle, 2, 6, -6)
        + push(bump(q, "cheek", 1.8, 1.5), 4, 13, 10)
        + fold(q, 4, 5)
        + push(bump(q, "beside the mouth", 1.3, 1.1), 6, 6, -9)
        + push(bump(q, "low cheek", 1.4, 1.6), 11, 20, -6)
        + push(bump(q, "jaw side", 1.5, 1.5), 2, 8, 2)
        + push(bump(q, "nose wing", 0.9, 0.9), 4, 4, -2)
    )


def frown(q: Points) -> np.ndarray:
    near = round_mouth(q, 0.55)
    return (
        push(near * corner(q), 7, -20, -5)
        + push(bump(q, "beside the mouth", 1.2, 1.1), 1, -8, -5)
        + push(bump(q, "low cheek", 1.2, 1.2), 5, -9, 2)
        + push(bump(q, "chin", 1.8, 1.5), 0, 2, 2)
        + push(bump(q, "chin pad", 1.5, 0.8), 0, 2, 3)
    )


def dimple(q: Points) -> np.ndarray:
    near = _wide(q) * round_mouth(q, 0.48)
    return (
        push(near * corner(q), 4, 9, -20)
        + push(near * under(q) * left_half(q) * np.abs(q.beside), 6, 7, -7)
        + push(bump(q, "beside the mouth", 1.0, 0.9), 8, 0, -4)
        + push(bump(q, "low cheek", 1.2, 1.3), -4, 8, 4)
        + push(bump(q, "cheek", 1.4, 1.2), 2, 4, 6)
        + push(bump(q, "chin", 1.8, 1.2), 0, 2, 3)
    )


def stretch(q: Points) -> np.ndarray:
    near = round_mouth(q, 0.72)
    return (
        push(near * corner(q), 24, -11, -24)
        + push(near * (over(q) + under(q)) * left_half(q, 1.6), 2, -1, -5)
        + push(bump(q, "low cheek", 1.6, 2.0), 6, 0, -1)
    )


def roll_lower(q: Points) -> np.ndarray:
    """The lower lip turned in over the teeth: all of its red comes to where the lips touch."""
    near = _red(q) * round_mouth(q, 0.42) * under(q)
    shown = 1 - q.lip**0.85
    return (
        push(near * shown, 0, 34, 0)
        + push(near * (1 - q.lip), 0, 0, -16)
        + push(near * q.lip, 0, 5, -15)
        + push(bump(q, "chin pad", 1.6, 0.8), 0, 11, 14)
    )


def roll_upper(q: Points) -> np.ndarray:
    """The upper lip turned in over the teeth."""
    near = _red(q) * round_mouth(q, 0.42) * over(q)
    shown = 1 - q.lip**0.85
    return (
        push(near * shown, 0, -21, 0)
        + push(near * (1 - q.lip), 0, 0, -24)
        + push(near * q.lip, 0, -5, -14)
        + push(round_mouth(q, 0.4) * corners(q), 0, 2, -4)
        + push_both(q, "beside the mouth", 1.2, 1.0, 3, -11, -6)
    )


def shrug_lower(q: Points) -> np.ndarray:
    """The chin pushes the lower lip up."""
    return (
        push(round_mouth(q, 0.9) * under(q), 0, 25, 19)
        + push(round_mouth(q, 0.4) * over(q), 0, 10, 4)
        + push(bump(q, "chin", 2.2, 1.8), 0, 20, 6)
        + push(round_mouth(q, 0.5) * corners(q), 0, 6, 7)
    )


def shrug_upper(q: Points) -> np.ndarray:
    return push(round_mouth(q, 0.5) * over(q), 0, 20, 3)


def press(q: Points) -> np.ndarray:
    """The left half of the lips pressed on each other."""
    half = left_half(q, 1.3)
    near = _red(q) * round_mouth(q, 0.40)
    return (
        push(near * np.maximum(q.side, 0) * half * (1 - 0.7 * q.lip), 0, -7, -3)
        + push(near * np.maximum(-q.side, 0) * half * (1 - 0.7 * q.lip), 0, 13, 6)
        + push(round_mouth(q, 0.5) * corner(q) ** 1.8, 0, 5, 2)
        + push(bump(q, "nose tip", 1.0, 0.8) * left_half(q), 0, -1, -1)
        + push(bump(q, "chin", 2.0, 1.6) * left_half(q, 1.5), 0, 14, 7)
        + push(bump(q, "chin pad", 1.6, 0.8) * left_half(q, 1.5), 0, 9, 3)
        + push(bump(q, "low cheek", 1.3, 1.3), 2, 4, 3)
        + push(bump(q, "jaw side", 1.3, 1.3), -3, 4, 3)
    )


def lower_down(q: Points) -> np.ndarray:
    half = left_half(q, 1.7)
    return (
        push(round_mouth(q, 0.55) * under(q) * half, 1, -25, -7)
        + push(round_mouth(q, 0.55) * corner(q), 0, -4, -1)
        + push(bump(q, "chin", 2.0, 1.4) * half, 0, -8, -5)
    )


def upper_up(q: Points) -> np.ndarray:
    near = round_mouth(q, 0.6)
    return (
        push(near * over(q) * left_half(q, 1.5), 3, 26, -3)
        + push(near * corner(q), 1, 14, 1)
        + push(bump(q, "nose wing", 0.9, 0.9), 5, 9, -3)
        + push(bump(q, "beside the mouth", 1.1, 1.0), 5, 17, -4)
        + push(bump(q, "cheek", 1.5, 1.3), 4, 9, 5)
        + push(bump(q, "low cheek", 1.3, 1.3), -3, 9, 4)
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


def _funnel_open(q: Points) -> np.ndarray:
    """An open jaw leaves the trumpet's lower lip less to do."""
    near = round_mouth(q, 0.55)
    return push(near * under(q), 0, 20, 0) + push(near * over(q), 0, -8, 0)


def _funnel_pucker(q: Points) -> np.ndarray:
    """A trumpet that is puckered stays round: both together would close it to a slit."""
    near = round_mouth(q, 0.55)
    return push(near * q.beside, 22, 0, 0) + push(near, 0, 0, -8)


def _pucker_open(q: Points) -> np.ndarray:
    """A kiss with an open jaw is a small round opening."""
    near = round_mouth(q, 0.5)
    return push(near * under(q), 0, 26, 0) + push(near * over(q), 0, -8, 0) + push(near * q.beside, 6, 0, 0)


def _smile_open(q: Points) -> np.ndarray:
    """A laugh lifts the upper lip off the teeth; the corner stays where the smile holds it."""
    half = left_half(q, 1.6)
    near = round_mouth(q, 0.6)
    return push(near * over(q) * half, 0, 7, 3) + push(near * corner(q), 2, 8, 0)


def _smile_dimple(q: Points) -> np.ndarray:
    """A smile has drawn the corner back already: a dimple adds little."""
    near = round_mouth(q, 0.45) * corner(q)
    return push(near, -3, -4, 13)


def _rolled_both(q: Points) -> np.ndarray:
    near = _red(q) * round_mouth(q, 0.42)
    return push(near * under(q), 0, -5, 4) + push(near * over(q), 0, 5, 4)


def _rolled_lower_pressed(q: Points) -> np.ndarray:
    lower = _red(q) * round_mouth(q, 0.4) * np.maximum(-q.side, 0) * left_half(q, 1.3)
    return push(lower * (1 - 0.7 * q.lip), 0, -19, -5)


def _rolled_upper_pressed(q: Points) -> np.ndarray:
    upper = _red(q) * round_mouth(q, 0.4) * np.maximum(q.side, 0) * left_half(q, 1.3)
    return push(upper * (1 - 0.7 * q.lip), 0, 8, 3) + push(round_mouth(q, 0.5) * corner(q) ** 1.8, 0, -4, 0)


def _rolled_lower_smile(q: Points) -> np.ndarray:
    """A smile draws the lips back already: a rolled one stays in front of the teeth."""
    return push(_red(q) * round_mouth(q, 0.42) * under(q) * left_half(q, 1.3), 0, 0, 10)


CORRECTIVES: dict[tuple[str, ...], Field] = {
    ("jawOpen", "mouthFunnel"): _funnel_open,
    ("jawOpen", "mouthPucker"): _pucker_open,
    ("jawOpen", "mouthSmile"): _smile_open,
    ("mouthFunnel", "mouthPucker"): _funnel_pucker,
    ("mouthSmile", "mouthDimple"): _smile_dimple,
    ("mouthRollLower", "mouthRollUpper"): _rolled_both,
    ("mouthRollLower", "mouthPress"): _rolled_lower_pressed,
    ("mouthRollUpper", "mouthPress"): _rolled_upper_pressed,
    ("mouthRollLower", "mouthSmile"): _rolled_lower_smile,
}
"""What is added at the product of the weights of keys; for the left side where a name has sides."""
