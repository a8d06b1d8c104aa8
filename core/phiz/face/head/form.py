"""The form of the head: a signed distance field of rounded solids blended into one another.

Distances are approximate (ellipsoids), negative inside, in centimetres.
"""

from __future__ import annotations

import numpy as np

from phiz.face.head.proportions import Proportions, mouth_line


def _ellipsoid(p: np.ndarray, centre: tuple[float, ...], radii: tuple[float, ...]) -> np.ndarray:
    squares = [((p[:, k] - centre[k]) / radii[k]) ** 2 for k in range(3)]
    k0 = np.sqrt(squares[0] + squares[1] + squares[2])
    k1 = np.sqrt(sum(s / radii[k] ** 2 for k, s in enumerate(squares)))
    return k0 * (k0 - 1.0) / np.maximum(k1, 1e-9)


def _capsule(p: np.ndarray, a: tuple[float, ...], b: tuple[float, ...], ra: float, rb: float) -> np.ndarray:
    """A rod from a to b whose radius runs from ra to rb."""
    along = [b[k] - a[k] for k in range(3)]
    q = [p[:, k] - a[k] for k in range(3)]
    t = sum(q[k] * along[k] for k in range(3)) / sum(c * c for c in along)
    t = np.clip(t, 0.0, 1.0)
    return np.sqrt(sum((q[k] - t * along[k]) ** 2 for k in range(3))) - (ra + (rb - ra) * t)


def _blend(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Union of two solids with a fillet: the polynomial smooth minimum of I. Quilez."""
    h = np.maximum(width - np.abs(a - b), 0.0) / width
    return np.minimum(a, b) - h * h * width * 0.25


def _carve(a: np.ndarray, b: np.ndarray, width: float) -> np.ndarray:
    """Solid a with solid b taken away, the edge rounded."""
    return -_blend(-a, b, width)


def distance(points: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n,) distance of (n, 3) points to the skin, without lips, ears and hair."""
    p = np.array(points, order="F")
    p[:, 0] = np.abs(p[:, 0])
    d, low = _head(p, shape), p[:, 2] < -2.0
    if low.any():
        d[low] = _blend(d[low], _bust(p[low], shape), 1.6)
    return d - _details(p, shape)


def _head(p: np.ndarray, shape: Proportions) -> np.ndarray:
    """The head down to the jaw; p has |x|."""
    eye_x, eye_y = shape.eye.centre[:2]
    chin_y, chin_z = shape.chin[1:]
    gonion, wide = shape.jaw_angle, shape.face_width
    line = shape.mouth.height
    d = _ellipsoid(p, shape.skull_middle, shape.skull)
    d = _blend(d, _ellipsoid(p, (0, shape.face_front + 6.05, -1.7), (wide, 6.05, 6.6)), 2.5)
    jaw = _ellipsoid(p, (0, -2.4, 0.5 * (line + chin_z) + 2.5), (gonion[0] + 0.75, 5.3, 4.9))
    jaw = _blend(
        jaw, _capsule(p, gonion, (0.55, chin_y + 1.7, chin_z + 1.15), shape.jaw_edge, shape.jaw_edge), 2.4
    )
    d = _blend(d, jaw, 2.6)
    chin = (0, chin_y + 1.25, chin_z + 1.0)
    d = _blend(d, _ellipsoid(p, chin, (shape.chin_width, 1.35, 1.2)), 1.7)
    d = _blend(d, _ellipsoid(p, (wide - 2.0, -4.1, -2.2), (2.1, 2.2, 1.6)), 2.2)
    apple = 0.25 * (shape.cheek - 1.0)
    d = _blend(
        d, _ellipsoid(p, (eye_x + 0.2, -5.35 - apple, line + 2.35), (2.0, 1.75 + apple, 1.8 + apple)), 2.0
    )
    d = _blend(d, _ellipsoid(p, (0, shape.muzzle + 2.4, line + 0.05), (2.9, 2.4, 2.2)), 1.8)
    ridge = shape.brow_ridge
    d = _blend(d, _ellipsoid(p, (2.7, -5.7 - ridge, 2.5), (2.7, 1.8, 0.9)), 2.0)
    d = _carve(d, _ellipsoid(p, (eye_x + 0.05, eye_y - 3.5, -0.1), (2.3, 2.0, 1.55)), 1.6)
    d = _nose(d, p, shape)
    eye = shape.eye
    lid = eye.radius + eye.lid_gap + eye.lid_thickness
    return _blend(d, _ellipsoid(p, eye.centre, (lid, lid, lid)), 0.5)


def _nose(d: np.ndarray, p: np.ndarray, shape: Proportions) -> np.ndarray:
    """Bridge, ball of the tip, the column under it, wings with a crease above them."""
    nose = shape.nose
    _, y, z = nose.tip
    b = nose.ball
    bridge = _capsule(p, (0, -6.95 - nose.root, 0.9), (0, y + b, z + 0.35), nose.bridge, 0.74 * b)
    d = _blend(d, bridge, 1.1)
    d = _blend(d, _ellipsoid(p, (0, y + b, z), (1.02 * b, b, 0.90 * b)), 0.6)
    d = _blend(d, _capsule(p, (0, y + b + 0.1, z - 0.35), (0, y + 2.0, z - 0.75), 0.34, 0.30), 0.5)
    d = _blend(d, _ellipsoid(p, (0.55 * nose.wing, y + b + 0.35, z - 0.10), (0.42, 0.55, 0.5)), 0.5)
    return _blend(d, _ellipsoid(p, (nose.wing - 0.40, y + 1.50, z - 0.30), (0.42, 0.70, 0.50)), 0.36)


def _bust(p: np.ndarray, shape: Proportions) -> np.ndarray:
    """Neck with its slanting muscles, shoulders and the top of the chest, cut off below."""
    r = shape.neck
    p = p - np.array([0.0, 0.0, shape.bust_rise])
    d = _capsule(p, (0, 1.3, -5.5), (0, 2.7, -16.0), r, r + 0.2)
    behind = _capsule(p, (4.4, 2.4, -4.6), (0.75, 0.35 - 0.2 * (r - 3.0), -15.6), 0.85, 0.62)
    d = _blend(d, behind, 1.5)
    if shape.throat:
        d = _blend(d, _ellipsoid(p, (0, 2.2 - r, -11.6), (0.7, 0.5 + shape.throat, 0.9)), 1.0)
    d = _blend(d, _capsule(p, (0.9, 3.5, -8.0), (0.8 * shape.shoulder, 3.4, -17.4), 1.4, 1.1), 2.6)
    s = shape.shoulder
    d = _blend(d, _capsule(p, (0, 2.9, -17.6), (s, 3.2, -18.2), 2.3, 2.1), 2.2)
    d = _blend(d, _ellipsoid(p, (0, 2.0, -19.0), (s + 0.4, 4.3, 4.2)), 2.0)
    collar = _capsule(p, (0.9, -0.75, -16.3), (0.85 * s, 1.4, -15.9), 0.5, 0.6)
    d = _blend(d, collar, 1.2)
    return _carve(d, p[:, 2] + 20.6, 1.6)


def _bell(x: np.ndarray, middle: float, width: float) -> np.ndarray:
    return np.exp(-(((x - middle) / width) ** 2))


def _details(p: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n,) how far small forms of the face stand out: philtrum, folds, the dent under the lip."""
    x, y, z = p.T
    nose, mouth, age = shape.nose, shape.mouth, shape.age
    front = np.clip((-2.5 - y) / 1.5, 0, 1)
    base, red = nose.tip[2] - 1.15, mouth.height + mouth.upper_lip
    between = np.clip((base + 0.15 - z) / 0.3, 0, 1) * np.clip((z - red + 0.35) / 0.3, 0, 1)
    out = between * (0.05 * _bell(x, 0.40, 0.15) - 0.10 * _bell(x, 0.0, 0.22))
    line = mouth_line(x, mouth)
    out = out - 0.10 * _bell(z, mouth.height - mouth.lower_lip - 0.42, 0.30) * _bell(x, 0, 1.1)
    out = out - 0.08 * np.exp(-(((x - mouth.half_width - 0.10) / 0.30) ** 2 + ((z - line) / 0.42) ** 2))
    if shape.hollow:
        dent = ((x - shape.face_width + 1.3) / 1.5) ** 2 + ((z - mouth.height - 0.9) / 1.7) ** 2
        out = out - 0.42 * shape.hollow * np.exp(-dent)
    if shape.chin_cleft:
        out = out - shape.chin_cleft * _bell(x, 0, 0.20) * _bell(z, shape.chin[2] + 1.0, 0.7)
    out = out + _fold(x, z, shape) * (0.05 + 0.22 * age)
    if age:
        eye = shape.eye
        bag = eye.centre[2] - 1.55 - 0.10 * (x - eye.centre[0]) ** 2
        across = _bell(x, eye.centre[0] - 0.1, 1.4)
        out = out + age * across * (0.13 * _bell(z, bag + 0.30, 0.26) - 0.14 * _bell(z, bag - 0.10, 0.16))
        for k in range(3):  # lines across the forehead
            height = shape.brow_height + 1.7 + 0.85 * k + 0.10 * np.cos(x * 1.1)
            out = out - 0.055 * age * np.exp(-(((z - height) / 0.13) ** 2)) * _bell(x, 0, 3.0)
        out = out - 0.07 * age * _bell(x, 0.55, 0.14) * _bell(z, shape.brow_height - 0.55, 0.6)
        jowl = np.exp(-(((x - 3.4) / 0.9) ** 2 + ((z - mouth.height + 1.9) / 1.1) ** 2))
        out = out + 0.22 * age * jowl
    return out * front


def _fold(x: np.ndarray, z: np.ndarray, shape: Proportions) -> np.ndarray:
    """The fold from the nose's wing past the corner of the mouth: the cheek stands over the lip."""
    nose, mouth = shape.nose, shape.mouth
    top, low = nose.tip[2] - 0.15, mouth.height - 0.35
    t = np.clip((top - z) / (top - low), -0.3, 1.4)
    path = nose.wing + 0.12 + (mouth.half_width + 0.62 - nose.wing) * np.clip(t, 0, 1.4) ** 0.85
    side = x - path
    ends = np.clip((t + 0.1) / 0.35, 0, 1) * np.clip((1.25 - t) / 0.45, 0, 1)
    return ends * (0.9 * np.exp(-(((side - 0.40) / 0.45) ** 2)) - 0.8 * np.exp(-((side / 0.27) ** 2)))


STEPS, CLOSE = 60, 1e-5  # of the march to the surface; cm


def _march(points: np.ndarray, directions: np.ndarray, shape: Proportions) -> None:
    """Move the points along their directions, or back, until they lie on the surface."""
    left = np.arange(len(points))
    for _ in range(STEPS):
        d = distance(points[left], shape)
        points[left] -= (0.9 * d)[:, None] * directions[left]
        left = left[np.abs(d) > CLOSE]
        if not len(left):
            break


def to_surface(directions: np.ndarray, shape: Proportions, origin: np.ndarray | None = None) -> np.ndarray:
    """(n, 3) skin points where rays along (n, 3) unit directions leave the head.

    They start at `shape.rays` or at (n, 3) origins inside.
    """
    start = np.array(shape.rays) if origin is None else origin
    points = start + 1.5 * directions
    _march(points, directions, shape)
    return points


def outwards(points: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 3) unit normals of the form at (n, 3) points near its surface."""
    shifts = 0.02 * np.eye(3)
    slope = np.stack([distance(points + s, shape) - distance(points - s, shape) for s in shifts], -1)
    return slope / np.linalg.norm(slope, axis=1, keepdims=True)


def seen_from_front(xz: np.ndarray, shape: Proportions) -> np.ndarray:
    """(n, 3) skin points that lie foremost at these (n, 2) x, z."""
    p = np.stack([xz[:, 0], np.full(len(xz), -12.0), xz[:, 1]], -1)
    _march(p, np.broadcast_to([0.0, -1.0, 0.0], p.shape), shape)
    return p
