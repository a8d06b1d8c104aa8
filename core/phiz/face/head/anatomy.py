"""The whole head as one mesh, and where on the face each vertex lies.

`Points` says of each vertex what the shape keys need to know: its place, its place round the mouth
(elliptic coordinates whose foci are the corners), and how deep it lies inside the lips.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from phiz.face.head import parts as parts_module
from phiz.face.head.landmarks import landmarks
from phiz.face.head.openings import CONTACT, LIP_RINGS, MOUTH_RINGS
from phiz.face.head.proportions import Proportions, mouth_line
from phiz.face.head.skin import Skin
from phiz.face.head.skin import build as build_skin
from phiz.face.head.surfaces import Part

INWARD = (1.0, 0.9, 0.55, 0.25, 0.0, 0.0)  # how much each loop behind the contact moves with it


@dataclass(frozen=True)
class Points:
    """Where vertices lie on the face, (V,) each but place.

    place (V, 3) cm. away: distance round the mouth, 0 at the slit, about 0.25 at the border of the red,
    0.6 at the nose, 1.2 at the chin. side: 1 over the middle of the mouth, -1 under it, 0 beside it.
    beside: 1 beside the left corner, -1 beside the right one, 0 at the middle. lip: 0 on the border of
    the red to 1 where the lips touch, 0 elsewhere. follows: 1 on the outer skin, less deep inside. at: the
    landmarks of the left half, which stay where they are in the mirror.
    """

    place: np.ndarray
    away: np.ndarray
    side: np.ndarray
    beside: np.ndarray
    lip: np.ndarray
    follows: np.ndarray
    at: dict[str, np.ndarray]

    def mirrored(self) -> Points:
        return replace(self, place=self.place * np.array([-1.0, 1.0, 1.0]), beside=-self.beside)


@dataclass(frozen=True)
class Body:
    """The assembled mesh: `span[name]` is a part's slice of the vertices; the skin's is "skin"."""

    shape: Proportions
    skin: Skin
    vertices: np.ndarray
    faces: list[tuple[int, ...]]
    materials: list[str]
    span: dict[str, slice]
    anchors: np.ndarray  # (V,) the skin vertex that carries a vertex, or -1
    parts: tuple[Part, ...]  # everything but the skin, in the order of the vertices


def assemble(shape: Proportions) -> Body:
    """Skin and parts in one mesh, the skin's vertices first."""
    skin = build_skin(shape)
    vertices, faces, materials = [skin.vertices], list(skin.faces), list(skin.materials)
    anchors = [np.full(len(skin.vertices), -1)]
    count = len(skin.vertices)
    span = {"skin": slice(0, count)}
    parts = parts_module.build(skin, shape)
    for part in parts:
        vertices.append(part.vertices)
        anchors.append(part.anchors)
        faces += [tuple(v + count for v in face) for face in part.faces]
        materials += part.materials
        span[part.name] = slice(count, count + len(part.vertices))
        count += len(part.vertices)
    together = np.concatenate(vertices)
    return Body(shape, skin, together, faces, materials, span, np.concatenate(anchors), tuple(parts))


def points(body: Body) -> Points:
    """The places of all vertices. Inside the mouth a vertex takes the place of the lip it hangs on."""
    mouth, place = body.shape.mouth, body.vertices.copy()
    lip, follows = np.zeros(len(place)), np.ones(len(place))
    loops = body.skin.mouth.loops
    upper = np.ones(len(loops[0]))
    upper[body.skin.mouth.half + 1 :] = -1.0
    upper[[0, body.skin.mouth.half]] = 0.0
    given = np.zeros(len(place))
    for k in range(MOUTH_RINGS, len(loops)):
        lip[loops[k]] = min((k - MOUTH_RINGS) / LIP_RINGS, 1.0)
        if k >= CONTACT:
            given[loops[k]] = upper
        if k > CONTACT:
            place[loops[k]] = place[loops[CONTACT]]
            follows[loops[k]] = INWARD[k - CONTACT - 1]
    height = place[:, 2] - mouth_line(place[:, 0], mouth)
    inside = np.concatenate(loops[CONTACT:])
    height[inside] = given[inside] * 1e-9
    turned = np.arccosh((place[:, 0] + 1j * height) / mouth.half_width)
    away, angle = np.abs(turned.real), turned.imag * np.where(turned.real < 0, -1, 1)
    return Points(place, away, np.sin(angle), np.cos(angle), lip, follows, landmarks(body.shape))
