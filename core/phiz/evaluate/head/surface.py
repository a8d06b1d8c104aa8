"""The demo head as triangles, each told which part of the head it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from phiz.face.head import VARIATIONS, Head, demo_head
from phiz.face.head.anatomy import Body, assemble
from phiz.face.head.openings import CONTACT, LID_RINGS, MOUTH_RINGS

INSIDE, OUTER, EYE, MOUTH = range(4)
"""Hidden or not asked about; skin that is seen from outside; eyeballs; teeth, gums and tongue."""
NEAR_LIDS = 3  # loops of an eye, counted from the rim, that count as its lids


@dataclass(frozen=True)
class Surface:
    """A head and its body, with (T, 3) triangles of all its polygons.

    polygon (T,) is a triangle's polygon; part (T,) one of INSIDE, OUTER, EYE, MOUTH; edge (V,) is 1 on the
    upper lip, -1 on the lower, 2 and -2 on the left lids, 3 and -3 on the right ones, 0 elsewhere.
    """

    head: Head
    body: Body
    triangles: np.ndarray
    polygon: np.ndarray
    part: np.ndarray
    edge: np.ndarray

    @cached_property
    def outer(self) -> np.ndarray:
        """Triangles of the outer skin."""
        return np.flatnonzero(self.part == OUTER)

    @property
    def outer_polygons(self) -> int:
        return len(np.unique(self.polygon[self.outer]))

    @property
    def height(self) -> float:
        """Metres from the chin to the crown of the bare head."""
        skin = self.head.vertices[self.body.span["skin"]]
        return float(skin[:, 2].max()) - self.body.shape.chin[2] / 100.0


def surface(variation: str) -> Surface:
    """The demo head of this name, cut into triangles."""
    return of(demo_head(variation), assemble(VARIATIONS[variation].shape))


def of(head: Head, body: Body) -> Surface:
    fans = [(f[0], f[i], f[i + 1], n) for n, f in enumerate(head.faces) for i in range(1, len(f) - 1)]
    table = np.array(fans, np.int64)
    triangles, polygon = table[:, :3], table[:, 3]
    kind = np.zeros(len(head.vertices), np.int64)
    for name, span in body.span.items():
        if name.startswith(("eyeball", "cornea")):
            kind[span] = EYE
        elif name.startswith(("teeth", "tongue", "gums")):
            kind[span] = MOUTH
    kind[body.span["skin"]] = OUTER
    for loop in body.skin.mouth.loops[CONTACT + 1 :]:
        kind[loop] = INSIDE
    for ring in body.skin.eyes:
        for loop in ring.loops[LID_RINGS + 2 :]:
            kind[loop] = INSIDE
    return Surface(head, body, triangles, polygon, kind[triangles].min(1), _edges(body))


def _edges(body: Body) -> np.ndarray:
    edge = np.zeros(len(body.vertices), np.int64)
    mouth = body.skin.mouth
    rings = [(mouth, mouth.loops[MOUTH_RINGS : CONTACT + 1])]
    rings += [(eye, eye.loops[LID_RINGS - NEAR_LIDS : LID_RINGS + 2]) for eye in body.skin.eyes]
    for number, (ring, loops) in enumerate(rings, 1):
        place = np.arange(len(loops[0]))
        side = np.where(place <= ring.half, number, -number)
        for loop in loops:
            edge[loop] = side
    return edge
