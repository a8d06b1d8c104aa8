"""Edges that must meet: lids in a blink, lips when mouthClose equals jawOpen; eyeballs under lids."""

from __future__ import annotations

import numpy as np

from phiz.evaluate.head.crossings import crossings
from phiz.evaluate.head.folds import DEEP
from phiz.evaluate.head.surface import EYE, MOUTH, Surface
from phiz.face.head.openings import CONTACT, LID_RINGS, Ring

STEPS = tuple(step / 10 for step in range(1, 11))


def apart(points: np.ndarray, ring: Ring, loop: int) -> tuple[float, float]:
    """Metres by which the upper edge of an opening stands over the lower one, and lies under it, at most."""
    upper = points[ring.loops[loop][1 : ring.half]]
    lower = points[ring.loops[loop][ring.partner()[1 : ring.half]]]
    distance = np.linalg.norm(upper - lower, axis=1)
    over = upper[:, 2] >= lower[:, 2]
    return float(distance[over].max(initial=0.0)), float(distance[~over].max(initial=0.0))


def lids(surface: Surface, weights: dict[str, float] | None = None) -> tuple[float, float]:
    """Gap and overlap of the closed lids, as shares of the head's height; other keys may be on too."""
    points = surface.head.posed({"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0, **(weights or {})})
    found = [apart(points, ring, k) for ring in surface.body.skin.eyes for k in (LID_RINGS, LID_RINGS + 1)]
    return _worst(found, surface)


def lips(surface: Surface) -> tuple[float, float]:
    """Gap and overlap of the lips where mouthClose equals jawOpen, over STEPS, as shares of the height."""
    mouth = surface.body.skin.mouth
    posed = [surface.head.posed({"jawOpen": step, "mouthClose": step}) for step in STEPS]
    return _worst([apart(points, mouth, CONTACT) for points in posed], surface)


def _worst(found: list[tuple[float, float]], surface: Surface) -> tuple[float, float]:
    gap, overlap = np.max(found, axis=0) / surface.height
    return float(gap), float(overlap)


def through(surface: Surface, points: np.ndarray, part: int) -> int:
    """Faces of the outer skin that eyeballs (EYE) or teeth and tongue (MOUTH) come through."""
    own = surface.triangles[surface.part == part]
    low, high = points[own.ravel()].min(0) - 2 * DEEP, points[own.ravel()].max(0) + 2 * DEEP
    beyond = np.packbits(np.concatenate([points < low, points > high], 1), axis=1)[:, 0]  # a bit a side
    a, b, c = beyond[surface.triangles[surface.outer]].T
    outer = surface.outer[(a & b & c) == 0]
    pairs, depth = crossings(points, surface.triangles[outer], own)
    return len(np.unique(surface.polygon[outer[pairs[depth > DEEP, 0]]]))


def eyeballs_through(surface: Surface) -> int:
    """Faces of the lids that an eyeball comes through in a blink, at the worst of STEPS."""
    posed = (surface.head.posed({"eyeBlinkLeft": step, "eyeBlinkRight": step}) for step in STEPS)
    return max(through(surface, points, EYE) for points in posed)


def mouth_through(surface: Surface, points: np.ndarray) -> int:
    return through(surface, points, MOUTH)
