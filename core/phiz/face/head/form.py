"""The form of the head: a signed distance field of rounded solids blended into one another.

Distances are approximate (ellipsoids), negative inside, in centimetres.
"""

from __future__ import annotations

import numpy as np

from phiz.face.head.proportions import Proportions


def _ellipsoid(p: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    q = (p - np.array(centre)) / np.array(radii)
    k0 = np.linalg.norm(q, axis=1)
    k1 = np.linalg.norm(q / np.array(radii), axis=1)
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)


def _capsule(p: np.ndarray, a: tuple[float, ...], b: tuple[float, ...], ra: float, rb: float) -> np.ndarray:
    """A rod from a to b whose radius runs from ra to rb."""
    start, along = np.array(a), np.array(b) - np.array(a)
    t = np.clip((p - start) @ along / (along @ along), 0.0, 1.0)
    return np.linalg.norm(p - start - t[:, None] * along, axis=1) - (ra + (rb - ra) * t)


def _blend(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Union of two solids with a fillet: the polynomial smooth minimum of I. Quilez."""
    h = np.maximum(width - np.abs(a - b), 0.0) / width
    return np.minimum(a, b) - h * h * width * 0.25


def _carve(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Solid a with solid b taken away, the edge rounded."""
    return -_blend(-a, b, width)


def distance(points: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n,) distance of (n, 3) points to the skin, without lips, ears and hair."""
    p = points.copy()
    p[:, 0] = np.abs(p[:, 0])
    tip_y, tip_z = shape.nose[1:]
    d = _ellipsoid(p, (0, 0.7, 3.6), (7.5, 8.6, 8.6))
    d = _blend(d, _ellipsoid(p, (0, -1.6, -1.6), (6.5, 6.2, 6.8)), 2.5)
    d = _blend(d, _ellipsoid(p, (0, -2.4, -5.5), (5.2, 5.5, 4.1)), 2.5)
    d = _blend(d, _ellipsoid(p, (0, -6.75, -8.2), (1.9, 1.6, 1.5)), 2.0)
    d = _blend(d, _ellipsoid(p, (3.7, -4.4, -3.1), (2.5, 2.6, 2.2)), 2.0)
    d = _blend(d, _ellipsoid(p, (0, -5.6, -5.8), (3.0, 2.6, 2.3)), 1.8)
    d = _blend(d, _ellipsoid(p, (2.7, -5.6, 2.5), (2.6, 1.9, 0.9)), 1.8)
    d = _carve(d, _ellipsoid(p, (3.2, -8.9, -0.1), (2.3, 2.0, 1.6)), 1.6)
    d = _blend(d, _capsule(p, (0, -6.6, 0.9), (0, tip_y + 0.15, tip_z + 0.25), 0.60, 0.84), 1.1)
    d = _blend(d, _ellipsoid(p, (0, tip_y, tip_z), (0.92, 0.85, 0.78)), 0.7)
    d = _blend(d, _ellipsoid(p, (0.86, tip_y + 1.0, tip_z - 0.3), (0.6, 0.75, 0.52)), 0.6)
    d = _carve(d, _ellipsoid(p, (0.5, tip_y + 0.5, tip_z - 1.0), (0.3, 0.42, 0.36)), 0.35)
    d = _blend(d, _capsule(p, (0, 1.6, -5.0), (0, 2.6, -18.0), 3.7, 3.7), 2.5)
    eye = shape.eye
    lid = eye.radius + eye.lid_gap + eye.lid_thickness
    return _blend(d, np.linalg.norm(p - np.array(eye.centre), axis=1) - lid, 0.5)


STEPS, CLOSE = 48, 1e-5  # of the march to the surface; cm


def to_surface(directions: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 3) skin points where rays along (n, 3) unit directions from `shape.rays` leave the head."""
    origin = np.array(shape.rays)
    t = np.full(len(directions), 3.0)
    for _ in range(STEPS):
        d = distance(origin + t[:, None] * directions, shape)
        t -= 0.9 * d
        if np.abs(d).max() < CLOSE:
            break
    return origin + t[:, None] * directions


def seen_from_front(xz: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 3) skin points that lie foremost at these (n, 2) x, z."""
    p = np.stack([xz[:, 0], np.full(len(xz), -12.0), xz[:, 1]], -1)
    for _ in range(STEPS):
        d = distance(p, shape)
        p[:, 1] += 0.9 * d
        if np.abs(d).max() < CLOSE:
            break
    return p
