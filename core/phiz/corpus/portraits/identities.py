"""People without end: each number is a head of its own, between the demo characters and beyond them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from phiz.corpus.clips import rng_for
from phiz.face.head import VARIATIONS, Variation
from phiz.face.head.variations import Colour, Palette

JITTER = 0.05
"""Standard deviation of every length about the mix of two characters, as a share of itself."""

_STYLES = {"knot": 0.3, "quiff": 0.3, "wreath": 0.13, "mop": 0.27}
"""How often each hairstyle is worn."""

# Linear RGB. Skins run from fair to dark; a person's is a place between two neighbours.
_SKINS = (
    (0.96, 0.64, 0.52), (0.93, 0.55, 0.39), (0.80, 0.45, 0.29), (0.62, 0.33, 0.19), (0.42, 0.20, 0.11),
    (0.22, 0.10, 0.06),
)  # fmt: skip
_HAIRS = (
    (0.012, 0.010, 0.010), (0.05, 0.024, 0.012), (0.17, 0.065, 0.028), (0.30, 0.10, 0.03), (0.50, 0.15, 0.03),
    (0.70, 0.46, 0.18), (0.72, 0.71, 0.69), (0.28, 0.28, 0.29), (0.32, 0.03, 0.05), (0.06, 0.12, 0.30),
)  # fmt: skip
_IRISES = (
    (0.10, 0.045, 0.02), (0.20, 0.11, 0.04), (0.12, 0.20, 0.075), (0.20, 0.42, 0.50), (0.16, 0.26, 0.36),
    (0.30, 0.34, 0.36),
)  # fmt: skip


def identity(number: int) -> Variation:
    """The person of this number: proportions, skin, hair and eyes. The same number, the same person."""
    rng = rng_for(number, "portrait identity")
    one, other = rng.choice(list(VARIATIONS), size=2, replace=False)
    share = float(rng.uniform(0.0, 0.6))
    shape = _between(VARIATIONS[one].shape, VARIATIONS[other].shape, share, rng)
    hair = str(rng.choice(list(_STYLES), p=list(_STYLES.values())))
    return Variation(dataclasses.replace(shape, hair=hair), _palette(rng))


def _between(a: Any, b: Any, share: float, rng: np.random.Generator) -> Any:
    """Numbers, tuples of them and dataclasses of both, a share of the way from a to b and a little off."""
    if dataclasses.is_dataclass(a):
        names = [field.name for field in dataclasses.fields(a)]
        values = {name: _between(getattr(a, name), getattr(b, name), share, rng) for name in names}
        return dataclasses.replace(a, **values)  # pyright: ignore[reportArgumentType]
    if isinstance(a, tuple):
        # One factor for a point: its parts belong together.
        factor = 1.0 + 0.3 * JITTER * float(rng.standard_normal())
        return tuple((x + share * (y - x)) * factor for x, y in zip(a, b, strict=True))
    if isinstance(a, float):
        return (a + share * (b - a)) * (1.0 + JITTER * float(np.clip(rng.standard_normal(), -2, 2)))
    return a


def _palette(rng: np.random.Generator) -> Palette:
    place = float(rng.uniform(0, len(_SKINS) - 1))
    k = min(int(place), len(_SKINS) - 2)
    skin = np.array(_SKINS[k]) + (place - k) * (np.array(_SKINS[k + 1]) - np.array(_SKINS[k]))
    skin *= rng.uniform(0.94, 1.06, 3)
    lips = skin * np.array([0.82, 0.46, 0.56]) * rng.uniform(0.85, 1.15, 3)
    hair = np.array(_HAIRS[rng.integers(len(_HAIRS))]) * rng.uniform(0.75, 1.3)
    iris = np.array(_IRISES[rng.integers(len(_IRISES))]) * rng.uniform(0.8, 1.25, 3)
    garment = rng.uniform(0.03, 0.55, 3)
    brows = hair * rng.uniform(0.55, 0.9)
    return Palette(*(_colour(c) for c in (skin, lips, iris, hair, brows, garment)))


def _colour(values: np.ndarray) -> Colour:
    r, g, b = np.clip(values, 0.005, 1.0).tolist()
    return r, g, b
