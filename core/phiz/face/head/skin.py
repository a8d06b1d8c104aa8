"""The skin as one closed surface of quads: a grid round head and bust with rings let in for the openings.

The grid lives on directions (azimuth, elevation) seen from inside the head; below the jaw the eye that looks
slides down into the chest. Rectangles of the grid are replaced by rings that run from the rectangle to the
opening, so that edges circle eyes, mouth and nostrils; then the face's edges are evened out. The slit between
the lips is one edge loop, its upper and lower half lying on each other at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.head import openings
from phiz.face.head.form import outwards, to_surface
from phiz.face.head.grid import COLUMNS, chart, directions, grid_lines, ray
from phiz.face.head.mesh import Builder, evened
from phiz.face.head.openings import FOLD_RING, MOUTH_RINGS, Ring
from phiz.face.head.proportions import Proportions

MOUTH_BLOCK = (10, 18, 26)  # half width in columns, first row, last row
EYE_BLOCK = (4, 20, 34, 46)  # first column, last column, first row, last row
NOSTRIL_BLOCK = (1, 4, 27, 31)
NECKLINE = 9  # rows from the lowest up to the garment's edge
SMOOTH_ROUNDS = 30


@dataclass(frozen=True)
class Skin:
    vertices: np.ndarray  # (V, 3) cm
    faces: list[tuple[int, ...]]
    materials: list[str]  # one name per face
    eyes: tuple[Ring, Ring]  # left, right
    mouth: Ring
    nostrils: tuple[Ring, Ring]
    places: np.ndarray  # (V, 2) azimuth and height on the grid, for the texture
    mirror: np.ndarray  # (V,) the vertex on the other side


def _block_outline(index: np.ndarray, columns: list[int], rows: list[int]) -> np.ndarray:
    """The grid vertices round a rectangle, starting at the middle of the side of `columns[-1]`, upwards."""
    middle = len(rows) // 2
    outer, inner = columns[-1], columns[0]
    path = [(outer, r) for r in rows[middle:]]
    path += [(c, rows[-1]) for c in columns[-2:0:-1]]
    path += [(inner, r) for r in rows[::-1]]
    path += [(c, rows[0]) for c in columns[1:-1]]
    path += [(outer, r) for r in rows[:middle]]
    return np.array([index[c, r] for c, r in path])


def build(shape: Proportions) -> Skin:
    """The skin with eye openings, lips, the mouth's cavity, nostrils, neck and bust."""
    side, rows = grid_lines(shape)
    azimuth = np.concatenate([-side[:0:-1], side[:-1]])  # column i lies COLUMNS places right of the middle
    n, m = len(azimuth), len(rows)
    middle = COLUMNS
    half, row0, row1 = MOUTH_BLOCK
    blocks = [(list(range(middle - half, middle + half + 1)), list(range(row0, row1 + 1)))]
    for first, last, low, high in (EYE_BLOCK, NOSTRIL_BLOCK):
        for sign in (1, -1):
            columns = list(range(middle + sign * first, middle + sign * (last + 1), sign))
            blocks.append((columns, list(range(low, high + 1))))
    inside = np.zeros((n, m), bool)
    hole = np.zeros((n, m), bool)  # quads left out, named by their lower left corner
    for columns, block_rows in blocks:
        lo, hi = min(columns), max(columns)
        inside[lo + 1 : hi, block_rows[0] + 1 : block_rows[-1]] = True
        hole[lo:hi, block_rows[0] : block_rows[-1]] = True
    make = Builder()
    places = np.stack(np.meshgrid(azimuth, rows, indexing="ij"), -1)[~inside]
    origin, way = ray(places[:, 0], places[:, 1], shape)
    index = np.full((n, m), -1)
    index[~inside] = make.add(to_surface(way, shape, origin), places)
    collar = _collar(make, index, shape)
    for i in range(n):
        for j in range(m - 1):
            if not hole[i, j]:
                k = (i + 1) % n
                above = collar[-1] if j == NECKLINE - 2 else index[:, j + 1]
                corners = (index[i, j], index[k, j], above[k], above[i])
                make.face(corners, "garment" if j < NECKLINE - 1 else "skin")
    _close(make, index[:, m - 1], np.pi / 2, "skin", shape)
    _close(make, index[:, 0], np.radians(-150.0), "garment", shape)
    outlines = [_block_outline(index, *block) for block in blocks]
    mouth = openings.mouth(make, outlines[0], shape)
    eyes = [openings.eye(make, o, shape, s) for o, s in zip(outlines[1:3], (1.0, -1.0), strict=True)]
    nostrils = [openings.nostril(make, o, shape, s) for o, s in zip(outlines[3:5], (1.0, -1.0), strict=True)]
    return _finished(make, shape, (eyes[0], eyes[1]), mouth, (nostrils[0], nostrils[1]), index, collar)


def _collar(make: Builder, index: np.ndarray, shape: Proportions) -> np.ndarray:
    """(3, n) loops that carry the garment's edge off the skin; the garment itself is moved out too."""
    points = make.points[0]
    low = index[:, : NECKLINE - 1].ravel()
    points[low] += 0.16 * outwards(points[low], shape)
    neck = index[:, NECKLINE - 1]
    start = points[neck]
    normal = outwards(start, shape)
    up = np.array([0.0, 0.0, 1.0])
    place = make.places_of(neck)
    loops = [neck]
    for out, rise, down in ((0.14, 0.16, 0.15), (0.34, 0.12, 0.4), (0.40, -0.10, 0.7)):
        drop = np.array([0.0, np.radians(down)])
        loops.append(make.add(start + out * normal + rise * up, place - drop))
    for a, b in zip(loops[1:], loops[:-1], strict=True):
        make.band(a, b, "garment", False)
    return np.array(loops[1:])


def _close(make: Builder, rim: np.ndarray, height: float, material: str, shape: Proportions) -> None:
    """A fan from the last row of the grid to its pole."""
    origin, way = ray(np.zeros(1), np.array([height]), shape)
    pole = make.add(to_surface(way, shape, origin), np.array([[0.0, height]]))[0]
    for i in range(len(rim)):
        make.face((rim[i], rim[(i + 1) % len(rim)], pole), material, height < 0)


def _finished(
    make: Builder,
    shape: Proportions,
    eyes: tuple[Ring, Ring],
    mouth: Ring,
    nostrils: tuple[Ring, Ring],
    index: np.ndarray,
    collar: np.ndarray,
) -> Skin:
    """Even out the face's edges, put lids, lips and nostrils in their places, let the garment stand off."""
    vertices, places = np.concatenate(make.points), np.concatenate(make.places)
    fixed = np.ones(len(vertices), bool)
    near = (places[:, 1] > np.radians(-40)) & (places[:, 1] < np.radians(42)) & (np.abs(places[:, 0]) < 1.15)
    fixed[near] = False
    kept = [(mouth, MOUTH_RINGS - 1), *((eye, FOLD_RING) for eye in eyes), *((ring, 2) for ring in nostrils)]
    for ring, first in kept:
        fixed[np.concatenate(ring.loops[first:])] = True
    way = evened(directions(*chart(vertices, shape).T), make.faces, fixed, SMOOTH_ROUNDS)
    free = ~fixed
    vertices[free] = to_surface(way[free], shape)
    places[free] = np.stack([np.arctan2(way[free, 0], -way[free, 1]), np.arcsin(way[free, 2])], -1)
    partner = np.arange(len(vertices))
    flat = index >= 0
    partner[index[flat]] = np.roll(index[::-1], 1, axis=0)[flat]
    partner[collar] = np.roll(collar[:, ::-1], 1, axis=1)
    for loop in mouth.loops:
        partner[loop] = loop[(mouth.half - np.arange(len(loop))) % len(loop)]
    for left, right in (eyes, nostrils):
        for a, b in zip(left.loops, right.loops, strict=True):
            partner[a], partner[b] = b, a
    flip = np.array([-1.0, 1.0, 1.0])
    vertices = np.where((vertices[:, :1] >= 0), vertices, vertices[partner] * flip)
    vertices[partner == np.arange(len(vertices)), 0] = 0.0
    faces = _split_alike(make.faces, partner, vertices[:, 0])
    return Skin(vertices, faces, make.materials, eyes, mouth, nostrils, places, partner)


def _split_alike(faces: list[tuple[int, ...]], partner: np.ndarray, x: np.ndarray) -> list[tuple[int, ...]]:
    """The faces with quads of the left half turned so that first and third corner mirror those on the right.

    Programs split quads between these, and a fold of the skin is smooth only where they run along it.
    """
    right = {frozenset(face): face for face in faces if len(face) == 4 and x[list(face)].sum() < 0}
    out = []
    for face in faces:
        twin = right.get(frozenset(partner[list(face)].tolist()))
        if (
            twin is not None
            and x[list(face)].sum() > 0
            and {face[0], face[2]} != {*partner[[twin[0], twin[2]]]}
        ):
            face = (*face[1:], face[0])
        out.append(face)
    return out
