"""Pieces of surface of their own: sheets of quads, closed bands, and locks of hair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

Corners = tuple[tuple[float, float], ...]
"""Where the corners of one face lie on the piece's own square of texture."""


@dataclass(frozen=True)
class Part:
    """A piece of surface. `anchors[i]` is the skin vertex that carries vertex i, or -1."""

    name: str
    vertices: np.ndarray  # (V, 3)
    faces: list[tuple[int, ...]]
    materials: list[str]  # one per face
    anchors: np.ndarray  # (V,) int
    uvs: list[Corners]  # one per face


def sheet(
    name: str,
    rows: np.ndarray,
    material: str | Sequence[str],
    closed: bool,
    anchors: np.ndarray | None = None,
) -> Part:
    """A surface through (r, c, 3) points; `closed` joins the last column to the first.

    `material` is one name or one per strip between two rows.
    """
    r, c = rows.shape[:2]
    across = c if closed else c - 1
    faces, materials, uvs = [], [], []
    for j in range(r - 1):
        for i in range(across):
            k = (i + 1) % c
            faces.append((j * c + i, j * c + k, (j + 1) * c + k, (j + 1) * c + i))
            materials.append(material if isinstance(material, str) else material[j])
            u0, u1, v0, v1 = i / across, (i + 1) / across, j / (r - 1), (j + 1) / (r - 1)
            uvs.append(((u0, v0), (u1, v0), (u1, v1), (u0, v1)))
    vertices = rows.reshape(-1, 3)
    carried = np.full(len(vertices), -1) if anchors is None else anchors
    return Part(name, vertices, faces, materials, carried, uvs)


def closed_end(part: Part, ring: np.ndarray, material: str, turned: bool) -> Part:
    """Close an even ring of the part's vertices with quads alone."""
    n = len(ring)
    faces = [tuple(int(ring[k]) for k in (i, i + 1, n - i - 2, n - i - 1)) for i in range((n - 2) // 2)]
    flat = part.vertices[ring]
    low, span = flat.min(0), np.ptp(flat, axis=0)
    axes = np.argsort(span)[1:]
    place = {
        int(v): tuple((p - low)[axes] / np.maximum(span[axes], 1e-9)) for v, p in zip(ring, flat, strict=True)
    }
    uvs: list[Corners] = [tuple(place[v] for v in f) for f in faces]
    if turned:
        faces, uvs = [f[::-1] for f in faces], [u[::-1] for u in uvs]
    return replace(
        part, faces=part.faces + faces, materials=part.materials + [material] * len(faces), uvs=part.uvs + uvs
    )


def joined(name: str, parts: Sequence[Part]) -> Part:
    """Several pieces as one part; they share its square of texture."""
    faces, count = [], 0
    for part in parts:
        faces += [tuple(v + count for v in f) for f in part.faces]
        count += len(part.vertices)
    return Part(
        name,
        np.concatenate([p.vertices for p in parts]),
        faces,
        [m for p in parts for m in p.materials],
        np.concatenate([p.anchors for p in parts]),
        [u for p in parts for u in p.uvs],
    )


def outwards(part: Part) -> Part:
    """The part with its faces seen counter-clockwise from outside: those of a positive volume."""
    p = part.vertices - part.vertices.mean(0)
    fans = [(f[0], f[i], f[i + 1]) for f in part.faces for i in range(1, len(f) - 1)]
    a, b, c = np.swapaxes(p[np.array(fans)], 0, 1)
    return part if np.sum(a * np.cross(b, c)) > 0 else _turned(part)


def _turned(part: Part) -> Part:
    return replace(part, faces=[f[::-1] for f in part.faces], uvs=[u[::-1] for u in part.uvs])


def mirrored(part: Part, name: str, anchors: np.ndarray | None = None) -> Part:
    """The part on the other side of the face."""
    other = replace(_turned(part), name=name, vertices=part.vertices * np.array([-1.0, 1.0, 1.0]))
    return other if anchors is None else replace(other, anchors=anchors)


ROUND = 10  # vertices round a lock
_U = np.array([-1.0, -0.8, -0.4, 0.0, 0.4, 0.8, 1.0, 0.6, 0.0, -0.6])
_H = np.array([0.0, 0.62, 0.92, 0.84, 0.92, 0.62, 0.0, -0.30, -0.38, -0.30])


def lock(
    curve: np.ndarray,
    normal: np.ndarray,
    width: np.ndarray,
    thick: np.ndarray,
    material: str,
    anchor: int = -1,
) -> Part:
    """A tapering lock along (m, 3) points: rounded above, with one groove, flatter below.

    normal (m, 3) points to the side that is seen; width (m,) is half the breadth, thick (m,) the height.
    """
    along = np.gradient(curve, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, normal)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(side, along)
    rings = (
        curve[:, None]
        + (width[:, None] * _U)[..., None] * side[:, None]
        + (thick[:, None] * _H)[..., None] * up[:, None]
    )
    part = sheet("lock", rings, material, True, np.full(ROUND * len(curve), anchor))
    part = closed_end(part, np.arange(ROUND), material, True)
    last = len(part.vertices) - ROUND + np.arange(ROUND)
    return outwards(closed_end(part, last, material, False))
