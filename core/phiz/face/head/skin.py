"""The skin as one closed surface of quads: a grid round head and bust with rings let in for the openings.

The grid lives on directions (azimuth, elevation) seen from inside the head; below the jaw the eye that looks
slides down into the chest. Rectangles of the grid are replaced by rings that run from the rectangle to the
opening, so that edges circle eyes, mouth and nostrils; then the face's edges are evened out. The slit between
the lips is one edge loop, its upper and lower half lying on each other at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.head.form import outwards, seen_from_front, to_surface
from phiz.face.head.grid import COLUMNS, chart, directions, grid_lines, nostril_middle, ray
from phiz.face.head.mesh import Builder, evened
from phiz.face.head.proportions import Proportions, mouth_line

MOUTH_BLOCK = (10, 18, 26)  # half width in columns, first row, last row
EYE_BLOCK = (4, 20, 34, 46)  # first column, last column, first row, last row
NOSTRIL_BLOCK = (1, 4, 27, 31)
LID_RINGS = 8  # from the rectangle to the rim of the lid
FOLD_RING, CREASE_RING = 4, 5  # of them: the skin that hangs over the lid's crease, and the crease
MOUTH_RINGS = 5  # from the rectangle to the border of the red
LIP_RINGS = 6  # from that border to where the lips touch
CONTACT = MOUTH_RINGS + LIP_RINGS  # the loop of the mouth on which they touch
NECKLINE = 9  # rows from the lowest up to the garment's edge
SMOOTH_ROUNDS = 30


@dataclass(frozen=True)
class Ring:
    """An opening: `loops[k]` is the k-th loop of vertex indices, from the face inwards, all equally long.

    A loop starts at the outer corner (for the mouth, the left one), runs over the upper half to the
    other corner and back below.
    """

    loops: list[np.ndarray]

    @property
    def half(self) -> int:
        return len(self.loops[0]) // 2

    def partner(self) -> np.ndarray:
        """For each place in a loop, the place facing it across the opening."""
        n = len(self.loops[0])
        return (n - np.arange(n)) % n


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


def lid_rim(shape: Proportions, count: int, radius: float, wider: float = 0.0) -> np.ndarray:
    """(2 count, 3) points of the left lid's rim on a sphere of this radius round the eyeball's centre.

    `wider` is an angle by which the curve lies outside the rim, most of all above.
    """
    eye = shape.eye
    t = np.linspace(0.0, np.pi, count + 1)
    middle, half = (eye.outer + eye.inner) / 2, (eye.outer - eye.inner) / 2 + 0.45 * wider
    azimuth = middle + half * np.cos(t)
    slope = eye.tilt * np.cos(t)
    upper = slope + (eye.top + wider) * np.sin(t) ** 0.80 * (1 + 0.04 * np.cos(t) - 0.10 * np.cos(2 * t))
    lower = slope - (eye.bottom + 0.8 * wider) * np.sin(t) ** 1.0 * (1 + 0.16 * np.cos(t))
    azimuth = np.concatenate([azimuth, azimuth[-2:0:-1]])
    elevation = np.concatenate([upper, lower[-2:0:-1]])
    return np.array(eye.centre) + radius * directions(azimuth, elevation)


def _lip_curves(shape: Proportions, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(2 count, 2) x, z of the border of the red and of the line where the lips touch."""
    mouth = shape.mouth
    t = np.linspace(0.0, np.pi, count + 1)
    u = np.cos(t)
    x = mouth.half_width * u
    bow = 1.0 - 0.22 * np.exp(-((u / 0.11) ** 2)) + 0.10 * np.exp(-(((np.abs(u) - 0.20) / 0.14) ** 2))
    upper = mouth.upper_lip * np.sin(t) ** 1.25 * bow
    lower = -mouth.lower_lip * np.sin(t) ** 0.9
    line = mouth_line(x, mouth)
    wide = x * 1.03
    both = lambda a, b: np.concatenate([a, b[-2:0:-1]])  # noqa: E731
    border = np.stack([both(wide, wide), both(line + upper, line + lower)], -1)
    touch = np.stack([both(x, x), both(line, line)], -1)
    return border, touch


def front_places(xz: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 2) chart places of the skin points seen from the front at these (n, 2) x, z."""
    return chart(seen_from_front(xz, shape), shape)


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
    mouth = _mouth(make, outlines[0], shape)
    eyes = [_eye(make, o, shape, s) for o, s in zip(outlines[1:3], (1.0, -1.0), strict=True)]
    nostrils = [_nostril(make, o, shape, s) for o, s in zip(outlines[3:5], (1.0, -1.0), strict=True)]
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
    return Skin(vertices, make.faces, make.materials, eyes, mouth, nostrils, places, partner)


def _eye(make: Builder, outline: np.ndarray, shape: Proportions, side: float) -> Ring:
    """Rings from the face over the lid's fold to the rim of the lids and in behind it."""
    eye = shape.eye
    flip = np.array([side, 1.0, 1.0])
    half = len(outline) // 2
    lid = eye.radius + eye.lid_gap + eye.lid_thickness
    upper = np.sin(np.linspace(0, 2 * np.pi, 2 * half, endpoint=False))  # 1 over the middle, -1 below
    above = np.clip(upper * 2.2, 0, 1)
    curve = lambda radius, wider: lid_rim(shape, half, radius, wider) * flip  # noqa: E731
    fold_at, crease_at = eye.crease + 0.10, eye.crease
    fold_place = chart(curve(lid, fold_at), shape)
    start = make.places_of(outline)
    loops = [outline]
    for k in range(1, FOLD_RING):
        place = start + (fold_place - start) * (1 - (1 - k / FOLD_RING) ** 1.2)
        loops.append(make.add(to_surface(directions(*place.T), shape), place))
    way = directions(*fold_place.T)
    hang = 0.02 + eye.heavy * above[:, None]
    fold = to_surface(way, shape) + way * hang
    fold[:, 2] -= 0.9 * eye.heavy * above
    loops.append(make.add(fold, fold_place))
    away = np.linalg.norm(fold - np.array(eye.centre) * flip, axis=1)
    deep = 0.05 * above
    rim_place = chart(curve(lid, 0.0), shape)
    middle = np.array(eye.centre) * flip
    crease = lid + 0.35 * np.maximum(away - lid, 0) - deep
    for radius, wider in ((crease, crease_at), (lid, 0.56 * crease_at), (lid, 0.16 * crease_at), (lid, 0.0)):
        points = middle + (curve(1.0, wider) - middle) * np.broadcast_to(radius, (2 * half,))[:, None]
        loops.append(make.add(points, rim_place + (fold_place - rim_place) * wider / fold_at))
    for radius in (eye.radius + eye.lid_gap, eye.radius - 0.25):
        loops.append(make.add(curve(radius, 0.0), None))
    for k in range(len(loops) - 1):
        make.band(loops[k], loops[k + 1], "lid" if k >= LID_RINGS else "skin", side < 0)
    return Ring(loops)


def _nostril(make: Builder, outline: np.ndarray, shape: Proportions, side: float) -> Ring:
    """Rings under the wing of the nose, and a short dark way in."""
    start = make.places_of(outline)
    nose = shape.nose
    middle = nostril_middle(shape, side)
    turn = np.linspace(0, 2 * np.pi, len(outline), endpoint=False)
    scale = min(nose.wing / 1.12, 1.12)  # as wide as the nose, but within its rectangle
    across = np.radians(1.75) * scale * np.cos(turn) * side
    high = np.radians(1.45) * scale * np.sin(turn) + 0.18 * side * across
    rim = middle + np.stack([across, high], -1)
    loops = [outline]
    place = 0.45 * start + 0.55 * rim
    loops.append(make.add(to_surface(directions(*place.T), shape), place))
    edge = to_surface(directions(*rim.T), shape)
    loops.append(make.add(edge, rim))
    centre = edge.mean(0)
    for size, inwards in ((0.88, 0.14), (0.72, 0.42), (0.35, 0.70)):
        inner = centre + (edge - centre) * size + np.array([0.0, 0.35, 0.8]) * inwards
        loops.append(make.add(inner, None))
    for k in range(len(loops) - 1):
        make.band(loops[k], loops[k + 1], "skin" if k < 2 else "nostril", side < 0)
    make.lid(loops[-1], "nostril", side < 0)
    return Ring(loops)


def _mouth(make: Builder, outline: np.ndarray, shape: Proportions) -> Ring:
    """Rings from the face over the lips into the mouth, closed at the throat."""
    mouth = shape.mouth
    half = len(outline) // 2
    border_xz, touch_xz = _lip_curves(shape, half)
    start = make.places_of(outline)
    border, touch = front_places(border_xz, shape), front_places(touch_xz, shape)
    loops = [outline]
    for k in range(1, MOUTH_RINGS + 1):
        t = 1 - (1 - k / MOUTH_RINGS) ** 1.25
        place = start + (border - start) * t
        points = to_surface(directions(*place.T), shape)
        if k == MOUTH_RINGS:
            points[:, 1] -= 0.05  # the rim of the red stands out a little
        loops.append(make.add(points, place))
    u = np.cos(np.linspace(0, np.pi, half + 1))
    u = np.concatenate([u, u[-2:0:-1]])  # 1 at the left corner, -1 at the right one
    taper = np.abs(u)
    thick = 1 - taper**2.6
    upper = np.arange(2 * half) <= half
    pads = np.where(
        upper, 0.85 + 0.22 * np.exp(-((u / 0.16) ** 2)), 1.0 + 0.12 * np.exp(-(((taper - 0.30) / 0.22) ** 2))
    )
    for k in range(1, LIP_RINGS + 1):
        t = k / LIP_RINGS
        place = border + (touch - border) * t**0.85
        points = to_surface(directions(*place.T), shape)
        swell = np.sin(np.pi * t**0.72) ** 0.9 * pads * thick
        points[:, 1] -= mouth.fullness * swell + 0.05 * (1 - t) * thick
        points[:, 1] += (0.32 - 0.16 * taper**2) * t**3.2 + 0.08 * taper**4 * t
        loops.append(make.add(points, place))
    contact = make.points[-1]
    sign = np.where(upper, 1.0, -1.0)
    sign[[0, half]] = 0.0
    lift = sign * (1 - taper**4)
    for back, high, wide in (
        (0.20, 0.10, 0.99),
        (0.40, 0.55, 1.0),
        (0.65, 1.35, 1.02),
        (1.6, 1.9, 0.98),
        (4.0, 1.9, 0.8),
        (6.0, 1.0, 0.5),
    ):
        inner = contact.copy()
        inner[:, 0] *= wide
        inner[:, 1] += back
        inner[:, 2] = contact[:, 2] + lift * high
        loops.append(make.add(inner, None))
    for k in range(len(loops) - 1):
        material = "skin" if k < MOUTH_RINGS else "lips" if k < CONTACT + 1 else "mouth"
        make.band(loops[k], loops[k + 1], material, False)
    make.lid(loops[-1], "mouth", False)
    return Ring(loops)
