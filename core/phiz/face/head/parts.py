"""The parts that sit on the skin: eyeballs, lashes, brows, ears, in centimetres; and all parts in a list."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from phiz.face.head.form import outwards as form_normals
from phiz.face.head.form import seen_from_front
from phiz.face.head.grid import directions
from phiz.face.head.hair import hair
from phiz.face.head.inside import teeth, tongue
from phiz.face.head.openings import LID_RINGS
from phiz.face.head.proportions import Proportions
from phiz.face.head.skin import Skin
from phiz.face.head.surfaces import Part, closed_end, joined, lock, mirrored, outwards, sheet

AROUND = 40  # vertices round an eyeball
DISH, BULGE = 0.16, 0.11  # depth of the iris and height of the cornea, as parts of the eye's radius


def _caps(angles: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """(k, AROUND, 3) rings at these angles from straight ahead, at these distances along the gaze."""
    turn = np.linspace(0, 2 * np.pi, AROUND, endpoint=False)
    a = angles[:, None]
    r = np.broadcast_to(radius, angles.shape)[:, None]
    x, z = np.sin(a) * np.cos(turn) * r, np.sin(a) * np.sin(turn) * r
    return np.stack([x, -np.cos(a) * r + 0 * x, z], -1)


def eyeball(shape: Proportions) -> Part:
    """The left eyeball: white, a hollow iris with its dark edge, the pupil, the cornea over them, a glint."""
    eye = shape.eye
    limbus = eye.iris
    white = _caps(
        np.array([limbus, limbus + 0.07, limbus + 0.20, 0.9, 1.15, 1.45, 1.8, 2.2, 2.7, 3.05]), np.array(1.0)
    )
    edge_radius, edge_depth = np.sin(limbus), np.cos(limbus)
    iris = []
    pupil = np.sin(eye.pupil) / edge_radius
    for share in (0.99, 0.90, 0.5 + 0.5 * pupil, pupil * 1.02, pupil * 0.97, 0.5 * pupil, 0.05 * pupil):
        ring = _caps(np.array([limbus]), np.array(1.0))[0] * np.array([share, 0.0, share])
        ring[:, 1] = -edge_depth + DISH * (1 - (2 * share - 1) ** 2 * (share > 0.5)) * 0.75
        iris.append(ring)
    names = ["iris edge"] * 2 + ["iris"] * 2 + ["pupil"] * 3
    inner = sheet("iris", np.concatenate([white[:1], np.stack(iris)]), names, True)
    inner = closed_end(inner, len(inner.vertices) - AROUND + np.arange(AROUND), "pupil", False)
    ball = sheet("white", white, "eye white", True)
    ball = closed_end(ball, len(ball.vertices) - AROUND + np.arange(AROUND), "eye white", False)
    share = np.array([1.02, 0.86, 0.68, 0.48, 0.26, 0.06])
    cornea = _caps(share * limbus, 1.0 + BULGE * (1 - share**2) * 0.62)
    glass = sheet("cornea", cornea, "cornea", True)
    glass = closed_end(glass, len(glass.vertices) - AROUND + np.arange(AROUND), "cornea", False)
    inner, ball, glass = _facing(inner), _facing(ball), _facing(glass)
    whole = joined("eyeball left", [ball, inner, glass, _glint(eye.iris)])
    return replace(whole, vertices=np.array(eye.centre) + eye.radius * whole.vertices)


def _facing(part: Part) -> Part:
    """Faces turned away from the middle of the ball."""
    f = part.faces[0]
    a, b, c = part.vertices[list(f[:3])] - np.array([0.0, 0.6, 0.0])
    if np.dot(a, np.cross(b, c)) > 0:
        return part
    return replace(part, faces=[f[::-1] for f in part.faces], uvs=[u[::-1] for u in part.uvs])


def _glint(iris: float) -> Part:
    """A spot of light in the cornea, so that the eye lives in flat shading too."""
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    rings = []
    for size in (0.075, 0.03):
        azimuth, elevation = 0.14 + size * np.cos(turn), 0.17 + size * np.sin(turn)
        away = np.hypot(azimuth, elevation) / iris
        radius = 1.005 + BULGE * (1 - np.minimum(away, 1.0) ** 2) * 0.62
        rings.append(radius[:, None] * directions(azimuth, elevation))
    part = sheet("glint", np.stack(rings), "glint", True)
    return closed_end(part, 12 + np.arange(12), "glint", False)


def lashes(skin: Skin, shape: Proportions) -> Part:
    """The left upper lashes: a dark line along the lid's rim and curled single lashes, longest outside."""
    ring = skin.eyes[0]
    rim = ring.loops[LID_RINGS][: ring.half + 1]
    base = skin.vertices[rim]
    t = np.linspace(0, 1, ring.half + 1)  # outer to inner corner
    out = base - np.array(shape.eye.centre)
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0])
    full = (np.clip(t / 0.05 + 0.35, 0, 1) * np.clip((1 - t) / 0.35, 0.12, 1))[:, None]
    rows = [base - 0.05 * out - 0.02 * up, base + 0.035 * out - 0.045 * up * full]
    rows += [base + 0.075 * full * out + 0.02 * up, base + (0.03 + 0.02 * full) * out + 0.085 * up * full]
    rows += [base - 0.01 * out + 0.06 * up * full]
    line = sheet("line", np.stack(rows), "lashes", False, np.tile(rim, 5))
    single = []
    for place in range(1, ring.half - 4, 2):
        share = 1 - t[place]
        length = shape.lashes * (0.16 + 0.52 * share**1.4)
        side = np.array([1.0, 0.0, 0.0]) * (0.95 * share - 0.30)
        s = np.linspace(0, 1, 5)[:, None]
        way = out[place] + 0.9 * side
        curve = base[place] + length * (s * way * (1 - 0.25 * s) + up * (0.95 * s**2 - 0.12 * s * (1 - s)))
        curve = curve - 0.03 * out[place]
        width = (0.06 + 0.06 * share) * (1 - s[:, 0] ** 1.1) + 0.006
        single.append(
            lock(curve, np.tile(up + 0.2 * out[place], (5, 1)), width, 0.8 * width, "lashes", int(rim[place]))
        )
    return joined("lashes left", [line, *single])


def brow(shape: Proportions) -> Part:
    """The left eyebrow: tufts laid one over the other, upright towards the nose and flat at its end."""
    heavy = shape.brow_weight
    x0, x1 = 1.30, shape.eye.centre[0] + 2.30
    s, upper = (a.ravel()[:, None] for a in np.meshgrid(np.linspace(0, 0.90, 11), [0.0, 1.0], indexing="ij"))
    u = np.linspace(0, 1, 7)
    along = s + 0.03 * upper + (0.24 - 0.03 * upper) * (1 - 0.3 * s) * u
    rise = shape.brow_height - 0.32 + 0.80 * np.sin(np.pi * np.clip(0.80 * along + 0.02, 0, 1)) - 0.30 * along
    lean = np.where(upper > 0, -0.22 - 0.2 * s, np.clip(0.55 - 1.1 * s, 0.0, 0.55))
    offset = 0.17 * heavy * (1 - 0.65 * s) * (2 * upper - 1)
    z = rise + offset * (1 - 0.8 * u) + 0.22 * heavy * lean * u
    flat = np.stack([(x0 + (x1 - x0) * along).ravel(), z.ravel()], -1)
    base = seen_from_front(flat, shape)
    normal = form_normals(base, shape)
    tufts = []
    for k in range(len(s)):
        profile = np.sin(np.pi * np.clip(u * 0.84 + 0.16, 0, 1)) ** 0.8
        width = heavy * 0.22 * (1 - 0.60 * s[k]) * profile + 0.008
        rows = slice(k * len(u), (k + 1) * len(u))
        lift = 0.01 + 0.012 * (k % 3) * u
        curve = base[rows] + lift[:, None] * normal[rows]
        tufts.append(lock(curve, normal[rows], width, 0.38 * width + 0.03, "brows"))
    return joined("brow left", tufts)


EAR_SIZES = (0.10, 0.22, 0.33, 0.43, 0.52, 0.60, 0.68, 0.76, 0.84, 0.91, 0.97, 1.0, 0.97, 0.88, 0.66, 0.42)
EAR_AROUND = 40


def _ear_height(size: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """How far the ear's front stands out of its plane; turn 0 is to the rear, pi/2 up."""
    bell = lambda x, m, w: np.exp(-(((x - m) / w) ** 2))  # noqa: E731
    apart = lambda a, b: np.abs(np.angle(np.exp(1j * (a - b))))  # noqa: E731
    helix = np.clip((2.6 - apart(turn, np.radians(70))) / 0.5, 0, 1)
    lobe = bell(apart(turn, np.radians(-100)), 0, 0.55)
    h = 0.34 * bell(size, 0.93, 0.085) * helix * (1 - 0.8 * lobe) + 0.10 * lobe * (size > 0.5)
    anti = bell(apart(turn, np.radians(-5)), 0, 1.25)
    h = h + 0.24 * bell(size, 0.60, 0.11) * anti - 0.10 * bell(size, 0.78, 0.08) * helix
    h = h + 0.16 * bell(size, 0.58, 0.10) * bell(apart(turn, np.radians(95)), 0, 0.5)
    h = h - 0.62 * (1 - np.clip((size - 0.18) / 0.34, 0, 1) ** 2)
    h = h + 0.52 * bell(size, 0.58, 0.17) * bell(apart(turn, np.radians(190)), 0, 0.34)  # tragus
    h = h + 0.20 * bell(size, 0.55, 0.12) * bell(apart(turn, np.radians(-75)), 0, 0.30)  # antitragus
    return h + 0.20 * bell(size, 0.55, 0.2) * bell(apart(turn, np.radians(150)), 0, 0.3)


def ear(shape: Proportions) -> Part:
    """The left ear: rim, inner fold, hollow, tragus and lobe, over a shell that goes back into the head."""
    turn = np.linspace(0, 2 * np.pi, EAR_AROUND, endpoint=False)
    up, rear = np.sin(turn), np.cos(turn)
    # the outline in the ear's plane: s to the rear, h upwards; narrow at the lobe
    outline_s = (1.55 * rear + 0.42 * up) * np.where(up < 0, 1 - 0.24 * up**2, 1.0)
    outline_h = 2.65 * up - 0.1
    free = 0.5 + 0.5 * rear  # 1 at the rear rim, 0 where the ear meets the head
    x, y, z = shape.ear
    front = EAR_SIZES.index(1.0)
    rows = []
    for k, size in enumerate(EAR_SIZES):
        middle = -0.22 * (1 - size)  # the hollow lies towards the face
        s, h = outline_s * size + middle, outline_h * size - 0.35 * (1 - size)
        height = _ear_height(np.full_like(turn, size), turn)
        if k > front:
            height = np.full_like(turn, (-0.16, -0.30, -0.55, -0.95)[k - front - 1])
        out = 0.62 * s + height * (0.45 + 0.55 * free)
        rows.append(np.stack([out, 0.85 * s - 0.35 * height + 0.10 * h, h - 0.16 * s], -1))
    grid = np.array([x, y, z]) + shape.ear_size * np.stack(rows)
    part = sheet("ear left", grid, "skin", True)
    return outwards(closed_end(part, np.arange(EAR_AROUND), "skin", True))


def build(skin: Skin, shape: Proportions) -> list[Part]:
    """Every part, left ones before right ones."""
    lash = lashes(skin, shape)
    right_rim = skin.eyes[1].loops[LID_RINGS]
    other = np.full(len(skin.vertices) + 1, -1)
    other[skin.eyes[0].loops[LID_RINGS]] = right_rim
    parts: list[Part] = []
    for left in (eyeball(shape), brow(shape), ear(shape)):
        parts += [left, mirrored(left, left.name.replace("left", "right"))]
    parts += [lash, mirrored(lash, "lashes right", other[lash.anchors])]
    middle = (teeth(skin, shape, True), teeth(skin, shape, False), tongue(skin, shape), hair(shape))
    return [*parts, *middle]
