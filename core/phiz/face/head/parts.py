"""The separate parts of the head: eyeballs, lashes, teeth, tongue, brows, ears and hair, in centimetres."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from phiz.face.head import hair as hair_module
from phiz.face.head.form import to_surface
from phiz.face.head.proportions import Proportions, mouth_line
from phiz.face.head.skin import CONTACT, LID_RINGS, Skin, directions, front_places


@dataclass(frozen=True)
class Part:
    """A piece of surface of its own. `anchors[i]` is the skin vertex that carries vertex i, or -1."""

    name: str
    vertices: np.ndarray  # (V, 3)
    faces: list[tuple[int, ...]]
    materials: list[str]
    anchors: np.ndarray  # (V,) int


def _sheet(
    name: str, rows: np.ndarray, material: str | list[str], closed: bool, anchors: np.ndarray | None = None
) -> Part:
    """A surface through (r, c, 3) points; `closed` joins the last column to the first.

    `material` is one name or one per strip between two rows.
    """
    r, c = rows.shape[:2]
    faces, materials = [], []
    for j in range(r - 1):
        for i in range(c if closed else c - 1):
            k = (i + 1) % c
            faces.append((j * c + i, j * c + k, (j + 1) * c + k, (j + 1) * c + i))
            materials.append(material if isinstance(material, str) else material[j])
    vertices = rows.reshape(-1, 3)
    return Part(name, vertices, faces, materials, np.full(len(vertices), -1) if anchors is None else anchors)


def _capped(part: Part, ring: np.ndarray, centre: np.ndarray, material: str, turned: bool) -> Part:
    """Close a ring of the part's vertices with a fan round one new vertex."""
    tip = len(part.vertices)
    fan = [(int(ring[i]), int(ring[(i + 1) % len(ring)]), tip) for i in range(len(ring))]
    if turned:
        fan = [f[::-1] for f in fan]
    return Part(
        part.name,
        np.concatenate([part.vertices, centre[None]]),
        part.faces + fan,
        part.materials + [material] * len(fan),
        np.concatenate([part.anchors, [-1]]),
    )


def _outwards(part: Part) -> Part:
    """The part with its faces seen counter-clockwise from outside: those of a positive volume."""
    p = part.vertices - part.vertices.mean(0)
    fans = [(f[0], f[i], f[i + 1]) for f in part.faces for i in range(1, len(f) - 1)]
    a, b, c = np.swapaxes(p[np.array(fans)], 0, 1)
    if np.sum(a * np.cross(b, c)) > 0:
        return part
    return replace(part, faces=[f[::-1] for f in part.faces])


def mirrored(part: Part, name: str, anchors: np.ndarray | None = None) -> Part:
    """The part on the other side of the face."""
    faces = [f[::-1] for f in part.faces]
    vertices = part.vertices * np.array([-1.0, 1.0, 1.0])
    return Part(name, vertices, faces, part.materials, part.anchors if anchors is None else anchors)


def eyeball(shape: Proportions) -> Part:
    """The left eyeball with pupil, iris and the iris's dark edge as rings, looking straight ahead."""
    eye = shape.eye
    angles = [0.5 * eye.pupil, eye.pupil, 0.5 * (eye.pupil + eye.iris), eye.iris - 0.05, eye.iris]
    angles += [eye.iris + 0.12, 0.75, 0.95, 1.15, 1.4, 1.8, 2.3]
    names = ["pupil", "iris", "iris", "iris edge"] + ["eye white"] * 7
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    a = np.array(angles)[:, None]
    unit = np.stack([np.sin(a) * np.cos(turn), -np.cos(a) * np.ones_like(turn), np.sin(a) * np.sin(turn)], -1)
    ball = _sheet("eyeball left", np.array(eye.centre) + eye.radius * unit, names, True)
    ball = _capped(ball, np.arange(28), np.array(eye.centre) - [0, eye.radius, 0], "pupil", True)
    return _glint(ball, shape)


def _glint(ball: Part, shape: Proportions) -> Part:
    """A spot of light on the edge of the pupil, so that the eye lives in flat shading too."""
    eye = shape.eye
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    azimuth, elevation = 0.15 + 0.095 * np.cos(turn), 0.17 + 0.095 * np.sin(turn)
    spot = np.array(eye.centre) + (eye.radius + 0.025) * directions(azimuth, elevation)
    n = len(ball.vertices)
    tip = np.array(eye.centre) + (eye.radius + 0.03) * directions(np.array([0.15]), np.array([0.17]))
    faces = [(n + (i + 1) % 12, n + i, n + 12) for i in range(12)]  # inwards, as the ball's so far
    vertices = np.concatenate([ball.vertices, spot, tip])
    anchors = np.full(len(vertices), -1)
    return Part(ball.name, vertices, ball.faces + faces, ball.materials + ["glint"] * 12, anchors)


def lashes(skin: Skin, shape: Proportions) -> Part:
    """The left upper lashes: one dark band carried by the lid's rim, longest at the outer corner."""
    ring = skin.eyes[0]
    rim = ring.loops[LID_RINGS][: ring.half + 1]
    t = np.linspace(0, 1, ring.half + 1)[:, None]  # outer to inner corner
    base = skin.vertices[rim]
    outwards = base - np.array(shape.eye.centre)
    outwards /= np.linalg.norm(outwards, axis=1, keepdims=True)
    up = np.array([0.0, 0.0, 1.0])
    sweep = np.array([1.0, 0.0, 0.0]) * np.cos(np.pi * np.clip(t * 1.1, 0, 1))
    length = 0.30 * (1 - t) ** 0.7 * np.clip(t / 0.06 + 0.45, 0, 1) + 0.10 * np.clip((1 - t) / 0.1, 0, 1)
    tip = base + length * (outwards * 0.75 + up * 0.65 + 0.55 * sweep)
    root = base - 0.02 * outwards - 0.05 * up
    thick = base + 0.10 * outwards + 0.11 * up * np.clip(length / 0.15, 0, 1)
    rows = np.stack([root, base + 0.10 * outwards - 0.03 * up, tip, thick, base + 0.06 * up])
    return _sheet("lashes left", rows, "lashes", False, np.tile(rim, 5))


def _arch(front: float, width: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(count, 2) x, y along a row of teeth from right to left, and outward normals."""
    a = np.linspace(-np.radians(80), np.radians(80), count)
    depth = 2.3
    line = np.stack([width * np.sin(a), front + depth - depth * np.cos(a) ** 0.8], -1)
    along = np.gradient(line, axis=0)
    normal = np.stack([along[:, 1], -along[:, 0]], -1)
    return line, normal / np.linalg.norm(normal, axis=1, keepdims=True)


def teeth(skin: Skin, shape: Proportions, upper: bool) -> Part:
    """One row of twelve teeth with its gum, standing behind the lips."""
    contact = skin.vertices[skin.mouth.loops[CONTACT]]
    front = contact[:, 1].min() + (0.58 if upper else 0.76)
    count = 12 * 4 + 1
    line, normal = _arch(front, 2.4 if upper else 2.3, count)
    phase = np.abs(((np.arange(count) / 4.0) % 1.0) - 0.5) * 2  # 1 between two teeth, 0 on a tooth's middle
    groove = 0.07 * phase**3
    centre = mouth_line(np.zeros(1), shape.mouth)[0]
    sign = 1.0 if upper else -1.0
    edge = centre + (-0.16 if upper else -0.14)
    bite = 0.05 * phase**4
    rows = []
    for out, height in (
        (0.30, 1.55),
        (0.12, 0.90),
        (0.02, 0.72),
        (0.0, 0.40),
        (-0.03, 0.0),
        (-0.30, 0.03),
        (-0.45, 0.8),
    ):
        offset = out - (groove if 0.0 <= height < 0.8 else 0.3 * groove)
        z = edge + sign * (height + (bite if height < 0.1 else 0.06 * phase * (height == 0.72)))
        xy = line + normal * np.asarray(offset)[:, None]
        rows.append(np.concatenate([xy, np.broadcast_to(z, (count,))[:, None]], 1))
    strips = ["gums", "gums", "teeth", "teeth", "teeth", "teeth"]
    return _sheet("teeth upper" if upper else "teeth lower", np.stack(rows), strips, False)


def tongue(skin: Skin, shape: Proportions) -> Part:
    """A flat rounded tongue lying behind the lower teeth."""
    contact = skin.vertices[skin.mouth.loops[CONTACT]]
    back = contact[:, 1].min() + 3.6
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    a = np.linspace(0.15, np.pi - 0.15, 12)[:, None]
    wide, high = 1.4 * np.sin(a) ** 0.6, 0.42 * np.sin(a) ** 0.6
    x, up = wide * np.cos(turn), high * np.sin(turn)
    up = up - 0.14 * np.exp(-((x / 0.35) ** 2)) * (np.sin(turn) > 0)  # the furrow
    y = back - 2.6 * np.cos(a) + 0 * x
    z = shape.mouth.height - 0.72 + up + 0.10 * np.sin(a)
    part = _sheet("tongue", np.stack([x, y, z], -1), "tongue", True)
    tip, root = part.vertices[:16].mean(0) - [0, 0.05, 0], part.vertices[-16:].mean(0)
    part = _capped(part, np.arange(16), tip, "tongue", True)
    return _capped(part, np.arange(11 * 16, 12 * 16), root, "tongue", False)


def brow(shape: Proportions) -> Part:
    """The left eyebrow: a raised strip on the skin, full towards the nose and thin at its end."""
    t = np.linspace(0, 1, 15)
    x = 1.25 + 4.15 * t
    z = shape.brow_height - 0.28 + 0.95 * np.sin(np.pi * np.clip(t * 0.72 + 0.03, 0, 1)) - 0.35 * t
    width = 0.36 * np.clip(t / 0.12 + 0.55, 0, 1) * (1 - 0.75 * t**1.6)
    rows = []
    for across, lift in ((-1.0, -0.1), (-0.8, 0.12), (0.0, 0.2), (0.8, 0.12), (1.0, -0.1)):
        place = front_places(np.stack([x, z + across * width], -1), shape)
        skin = to_surface(directions(*place.T), shape)
        out = skin - np.array(shape.rays)
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        ends = np.minimum(1, np.minimum(t, 1 - t) / 0.08 + 0.2)[:, None]
        rows.append(skin + out * np.where(lift > 0, lift * ends, lift))
    return _sheet("brow left", np.stack(rows), "brows", False)


# the ear's rings from the hollow to the rim and round behind it: size, height over the ear's plane, material
EAR_RINGS = (
    (0.22, -0.50, "lid"),
    (0.42, -0.42, "lid"),
    (0.56, 0.02, "skin"),
    (0.68, 0.16, "skin"),
    (0.80, -0.04, "lid"),
    (0.88, 0.12, "skin"),
    (0.96, 0.26, "skin"),
    (1.00, 0.10, "skin"),
    (0.94, -0.12, "skin"),
    (0.55, -0.60, "skin"),
)


def ear(shape: Proportions) -> Part:
    """The left ear: a shell with a hollow, an inner fold and a rolled rim."""
    turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    up, rear = np.sin(turn), np.cos(turn)
    # the outline in the ear's plane: s to the rear, h upwards; narrow at the lobe
    outline_s = (1.6 * rear + 0.30 * up) * np.where(up < 0, 1 - 0.34 * up**2, 1.0)
    outline_h = 2.6 * up - 0.1
    free = 0.5 + 0.5 * rear  # 1 at the rear rim, 0 where the ear meets the head
    x, y, z = shape.ear
    rows = []
    for size, height, _ in EAR_RINGS:
        s, h = outline_s * size, outline_h * size
        out = 0.68 * s + height * (0.5 + 0.5 * free)
        rows.append(np.stack([x + out, y + 0.85 * s - 0.35 * height + 0.12 * h, z + h - 0.10 * s], -1))
    part = _sheet("ear left", np.stack(rows), [name for _, _, name in EAR_RINGS[1:]], True)
    return _capped(part, np.arange(28), part.vertices[:28].mean(0), "lid", True)


def hair(shape: Proportions) -> Part:
    """A cap of short hair."""
    rows = hair_module.shell(shape)
    part = _sheet("hair", rows, "hair", True)
    count = rows.shape[1]
    crown = rows[-1].mean(0) + np.array([0.0, 0.0, 0.02])
    return _capped(part, np.arange(len(part.vertices) - count, len(part.vertices)), crown, "hair", False)


def build(skin: Skin, shape: Proportions) -> list[Part]:
    """Every part, left ones before right ones."""
    lash = _outwards(lashes(skin, shape))
    right_rim = skin.eyes[1].loops[LID_RINGS][: skin.eyes[1].half + 1]
    pairs = [_outwards(part) for part in (eyeball(shape), brow(shape), ear(shape))]
    parts = []
    for left in pairs:
        parts += [left, mirrored(left, left.name.replace("left", "right"))]
    parts += [lash, mirrored(lash, "lashes right", np.tile(right_rim, 5))]
    middle = (teeth(skin, shape, True), teeth(skin, shape, False), tongue(skin, shape), hair(shape))
    return [*parts, *map(_outwards, middle)]
