"""How far the demo character's lips stand apart, as a linear function of the channels."""

from __future__ import annotations

import numpy as np

from phiz.face.channels import CHANNELS, INDEX
from phiz.face.head.anatomy import Body, assemble
from phiz.face.head.keys import all_keys
from phiz.face.head.openings import CONTACT
from phiz.face.head.proportions import PLAIN, Proportions

PLACES = (-0.42, 0.0, 0.42)  # along the lips, from the character's right to left; 1 is the left corner


def lip_gap_coefficients(shape: Proportions = PLAIN) -> tuple[np.ndarray, np.ndarray]:
    """(3,) g0 and (3, 51) G: gap = g0 + G @ weights at three points in the middle of the lips.

    Vertical distance between the edges of the upper and the lower lip that touch at rest. 1 is the gap
    of jawOpen 1 at the middle, 0 is touching, less is pressed together. Points from the character's
    right to left; channels in the order of `phiz.face.channels.CHANNELS`.
    """
    body = assemble(shape)
    keys = all_keys(body)
    upper, lower = _edges(body)
    rest = body.vertices[upper, 2] - body.vertices[lower, 2]
    moved = np.stack([keys[name][upper, 2] - keys[name][lower, 2] for name in CHANNELS], 1)
    scale = moved[PLACES.index(0.0), INDEX["jawOpen"]]
    return (rest / scale).astype(np.float32), (moved / scale).astype(np.float32)


def _edges(body: Body) -> tuple[np.ndarray, np.ndarray]:
    """(3,) vertices of the upper lip and (3,) of the lower lip facing them, at PLACES."""
    ring = body.skin.mouth
    loop = ring.loops[CONTACT]
    along = body.vertices[loop[: ring.half + 1], 0] / body.shape.mouth.half_width
    place = np.array([np.abs(along - p).argmin() for p in PLACES])
    return loop[place], loop[ring.partner()[place]]
