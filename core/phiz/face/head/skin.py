"""The skin as one surface of quads: a grid round the head with rings let in for the eyes and the mouth.

The grid lives on directions (azimuth, elevation) seen from inside the head. Three rectangles of it are
replaced by rings that run from the rectangle to the opening, so that edges circle eyes and mouth. The
slit between the lips is one edge loop, its upper and lower half lying on each other at rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.head.form import seen_from_front, to_surface
from phiz.face.head.proportions import Proportions, mouth_line

COLUMNS = 36  # on each side of the face's middle
MOUTH_BLOCK = (8, 4, 10)  # half width in columns, first row, last row
EYE_BLOCK = (3, 15, 16, 26)  # first column, last column, first row, last row
LID_RINGS = 6  # from the rectangle to the rim of the lid
MOUTH_RINGS = 4  # from the rectangle to the border of the red
LIP_RINGS = 5  # from that border to where the lips touch
CONTACT = MOUTH_RINGS + LIP_RINGS  # the loop of the mouth on which they touch


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


def directions(azimuth: np.ndarray, elevation: np.ndarray) -> np.ndarray:
    """(n, 3) unit vectors; azimuth 0 is front and grows towards the character's left."""
    c = np.cos(elevation)
    return np.stack([np.sin(azimuth) * c, -np.cos(azimuth) * c, np.sin(elevation)], -1)


def chart(points: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 2) azimuth and elevation under which (n, 3) points are seen from inside the head."""
    d = points - np.array(shape.rays)
    return np.stack([np.arctan2(d[:, 0], -d[:, 1]), np.arctan2(d[:, 2], np.hypot(d[:, 0], d[:, 1]))], -1)


def _grid_lines() -> tuple[np.ndarray, np.ndarray]:
    """Azimuths of the columns from the middle to the back of the head, elevations of the rows upwards."""
    front = np.linspace(0.0, np.radians(58), 23)
    back = np.radians(58) + (np.pi - np.radians(58)) * np.linspace(0, 1, COLUMNS - 21)[1:] ** 1.15
    side = np.concatenate([front, back])  # COLUMNS + 1 values, the last at the back
    rows = np.concatenate(
        [
            np.radians([-62.0, -57.0, -52.5, -48.5]),
            np.radians(np.linspace(-45.0, -24.0, 7)),
            np.radians(np.linspace(-21.0, -11.5, 4)),
            np.radians(np.linspace(-8.5, -8.0, 1)),
            np.radians(np.linspace(-6.0, 22.0, 11)),
            np.radians([25.5, 29.5, 34.0, 39.0, 45.0, 52.0, 60.0, 69.0, 79.0]),
        ]
    )
    return side, rows


def lid_rim(shape: Proportions, count: int, radius: float) -> np.ndarray:
    """(2 count, 3) points of the left lid's rim on a sphere of this radius round the eyeball's centre."""
    eye = shape.eye
    t = np.linspace(0.0, np.pi, count + 1)
    middle, half = (eye.outer + eye.inner) / 2, (eye.outer - eye.inner) / 2
    azimuth = middle + half * np.cos(t)
    slope = eye.tilt * np.cos(t)
    upper = slope + eye.top * np.sin(t) ** 0.85 * (1 + 0.10 * np.cos(t))
    lower = slope - eye.bottom * np.sin(t) ** 0.95 * (1 + 0.14 * np.cos(t))
    azimuth = np.concatenate([azimuth, azimuth[-2:0:-1]])
    elevation = np.concatenate([upper, lower[-2:0:-1]])
    return np.array(eye.centre) + radius * directions(azimuth, elevation)


def _lip_curves(shape: Proportions, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(2 count, 2) x, z of the border of the red and of the line where the lips touch."""
    mouth = shape.mouth
    t = np.linspace(0.0, np.pi, count + 1)
    x = mouth.half_width * np.cos(t)
    u = np.cos(t)
    bow = 1.0 - 0.16 * np.exp(-((u / 0.10) ** 2)) + 0.05 * np.exp(-(((np.abs(u) - 0.22) / 0.15) ** 2))
    upper = mouth.upper_lip * np.sin(t) ** 1.15 * bow
    lower = -mouth.lower_lip * np.sin(t) ** 0.9
    line = mouth_line(x, mouth)
    wide = x * 1.05
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


class _Builder:
    def __init__(self) -> None:
        self.points: list[np.ndarray] = []
        self.count = 0
        self.faces: list[tuple[int, ...]] = []
        self.materials: list[str] = []

    def add(self, points: np.ndarray) -> np.ndarray:
        self.points.append(points)
        self.count += len(points)
        return np.arange(self.count - len(points), self.count)

    def face(self, corners: tuple[int, ...], material: str, turned: bool = False) -> None:
        self.faces.append(corners[::-1] if turned else corners)
        self.materials.append(material)

    def band(self, a: np.ndarray, b: np.ndarray, material: str, turned: bool) -> None:
        """Quads between two closed loops of the same length."""
        for i in range(len(a)):
            j = (i + 1) % len(a)
            self.face((int(a[i]), int(a[j]), int(b[j]), int(b[i])), material, turned)


def build(shape: Proportions) -> Skin:
    """The skin with eye openings, lips, the mouth's cavity and a neck."""
    side, rows = _grid_lines()
    azimuth = np.concatenate([-side[:0:-1], side[:-1]])  # column i lies COLUMNS places right of the middle
    n, m = len(azimuth), len(rows)
    make = _Builder()
    index = np.full((n, m), -1)
    middle = COLUMNS
    half, row0, row1 = MOUTH_BLOCK
    inner, outer, eye0, eye1 = EYE_BLOCK
    blocks = [
        (list(range(middle - half, middle + half + 1)), list(range(row0, row1 + 1))),
        (list(range(middle + inner, middle + outer + 1)), list(range(eye0, eye1 + 1))),
        (list(range(middle - inner, middle - outer - 1, -1)), list(range(eye0, eye1 + 1))),
    ]
    inside = np.zeros((n, m), bool)
    hole = np.zeros((n, m), bool)  # quads left out, named by their lower left corner
    for columns, block_rows in blocks:
        lo, hi = min(columns), max(columns)
        inside[lo + 1 : hi, block_rows[0] + 1 : block_rows[-1]] = True
        hole[lo:hi, block_rows[0] : block_rows[-1]] = True
    keep = ~inside
    places = np.stack(np.meshgrid(azimuth, rows, indexing="ij"), -1)  # (n, m, 2)
    index[keep] = make.add(to_surface(directions(*places[keep].T), shape))
    for i in range(n):
        k = (i + 1) % n
        for j in range(m - 1):
            if not hole[i, j]:
                make.face(
                    tuple(int(v) for v in (index[i, j], index[k, j], index[k, j + 1], index[i, j + 1])),
                    "skin",
                )
    top = make.add(to_surface(np.array([[0.0, 0.0, 1.0]]), shape))[0]
    for i in range(n):
        make.face((int(index[i, m - 1]), int(index[(i + 1) % n, m - 1]), int(top)), "skin")
    _neck(make, index[:, 0])
    mouth = _mouth(make, _block_outline(index, *blocks[0]), shape)
    eyes = tuple(
        _eye(make, _block_outline(index, *b), shape, s) for b, s in ((blocks[1], 1.0), (blocks[2], -1.0))
    )
    return Skin(np.concatenate(make.points), make.faces, make.materials, (eyes[0], eyes[1]), mouth)


def _neck(make: _Builder, rim: np.ndarray) -> None:
    """Carry the lowest row of the grid down into a neck."""
    start = np.concatenate(make.points)[rim]
    angle = np.arctan2(start[:, 0], -(start[:, 1] - 1.5))
    end = np.stack([4.1 * np.sin(angle), 2.6 - 3.9 * np.cos(angle), np.full(len(rim), -16.0)], -1)
    waist = np.stack([3.5 * np.sin(angle), 2.1 - 3.4 * np.cos(angle), np.full(len(rim), -12.9)], -1)
    above = rim
    for t in np.linspace(0, 1, 8)[1:]:
        points = (1 - t) ** 2 * start + 2 * t * (1 - t) * waist + t * t * end
        below = make.add(points)
        make.band(below, above, "skin", False)
        above = below


def _eye(make: _Builder, outline: np.ndarray, shape: Proportions, side: float) -> Ring:
    """Rings from the face to the rim of the lids and in behind it."""
    eye = shape.eye
    flip = np.array([side, 1.0, 1.0])
    half = len(outline) // 2
    rim = lid_rim(shape, half, eye.radius + eye.lid_gap + eye.lid_thickness) * flip
    edge = lid_rim(shape, half, eye.radius + eye.lid_gap) * flip
    behind = lid_rim(shape, half, eye.radius - 0.25) * flip
    start, goal = chart(np.concatenate(make.points)[outline], shape), chart(rim, shape)
    loops = [outline]
    for k in range(1, LID_RINGS):
        t = 1 - (1 - k / LID_RINGS) ** 1.35
        place = start + (goal - start) * t
        loops.append(make.add(to_surface(directions(*place.T), shape)))
    loops += [make.add(rim), make.add(edge), make.add(behind)]
    for k in range(len(loops) - 1):
        material = "lid" if k >= LID_RINGS else "skin"
        make.band(loops[k], loops[k + 1], material, side < 0)
    return Ring(loops)


def _mouth(make: _Builder, outline: np.ndarray, shape: Proportions) -> Ring:
    """Rings from the face over the lips into the mouth, closed at the throat."""
    mouth = shape.mouth
    half = len(outline) // 2
    border_xz, touch_xz = _lip_curves(shape, half)
    start = chart(np.concatenate(make.points)[outline], shape)
    border, touch = front_places(border_xz, shape), front_places(touch_xz, shape)
    loops = [outline]
    for k in range(1, MOUTH_RINGS + 1):
        t = 1 - (1 - k / MOUTH_RINGS) ** 1.25
        loops.append(make.add(to_surface(directions(*(start + (border - start) * t).T), shape)))
    across = np.abs(np.linspace(-1, 1, half + 1))
    taper = np.concatenate([across, across[-2:0:-1]])  # 1 at the corners, 0 in the middle
    thick = 1 - taper**3
    upper = np.arange(2 * half) <= half
    for k in range(1, LIP_RINGS + 1):
        t = k / LIP_RINGS
        points = to_surface(directions(*(border + (touch - border) * t**0.9).T), shape)
        swell = np.sin(np.pi * t**0.85) * np.where(upper, 0.9, 1.1) * thick
        points[:, 1] -= mouth.fullness * swell
        points[:, 1] += (0.34 - 0.10 * taper**2) * t**4 + 0.1 * taper**4 * t
        loops.append(make.add(points))
    contact = make.points[-1]
    sign = np.where(upper, 1.0, -1.0)
    sign[[0, half]] = 0.0
    lift = sign * (1 - taper**4)
    for back, high, wide in (
        (0.22, 0.10, 0.99),
        (0.45, 0.55, 1.0),
        (0.75, 1.35, 1.02),
        (1.6, 1.9, 0.98),
        (4.0, 1.9, 0.8),
        (6.0, 1.0, 0.5),
    ):
        inner = contact.copy()
        inner[:, 0] *= wide
        inner[:, 1] += back
        inner[:, 2] = contact[:, 2] + lift * high
        loops.append(make.add(inner))
    for k in range(len(loops) - 1):
        material = "skin" if k < MOUTH_RINGS else "lips" if k < MOUTH_RINGS + LIP_RINGS + 1 else "mouth"
        make.band(loops[k], loops[k + 1], material, False)
    last = loops[-1]
    for i in range(half):  # close the throat: quads between upper and lower half
        a, b = last[i], last[i + 1]
        c, d = last[(2 * half - i - 1) % (2 * half)], last[(2 * half - i) % (2 * half)]
        corners = tuple(dict.fromkeys(int(v) for v in (a, b, c, d)))
        make.face(corners, "mouth", False)
    return Ring(loops)
