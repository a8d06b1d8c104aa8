"""The openings of the skin: rings of edges from the grid to eyes, mouth and nostrils, and in behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.head.form import seen_from_front, to_surface
from phiz.face.head.grid import chart, directions, nostril_middle
from phiz.face.head.mesh import Builder
from phiz.face.head.proportions import Proportions, mouth_line

LID_RINGS = 8  # from the rectangle to the rim of the lid
FOLD_RING, CREASE_RING = 4, 5  # of them: the skin that hangs over the lid's crease, and the crease
MOUTH_RINGS = 5  # from the rectangle to the border of the red
LIP_RINGS = 6  # from that border to where the lips touch
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


def eye(make: Builder, outline: np.ndarray, shape: Proportions, side: float) -> Ring:
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


def nostril(make: Builder, outline: np.ndarray, shape: Proportions, side: float) -> Ring:
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


def mouth(make: Builder, outline: np.ndarray, shape: Proportions) -> Ring:
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
