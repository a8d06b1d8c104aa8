"""A small software renderer: a posed head to pixels, with numpy alone.

For looking at poses and Takes where no Blender is at hand. Axes as in ICT-FaceKit: +x the
character's left, +y up, +z towards the viewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from phiz.errors import PhizError
from phiz.face import channels

if TYPE_CHECKING:
    from phiz.face.head import Head

RIG_FILE = "ict_facekit_arkit51.npz"


def _f32(values: Sequence) -> np.ndarray:
    return np.array(values, np.float32)


_SKIN, _MOUTH, _TEETH, _GUMS, _EYE, _HIDDEN = range(6)
_TINTS = np.array(
    [(0.80, 0.60, 0.50), (0.34, 0.12, 0.11), (0.90, 0.88, 0.80), (0.62, 0.26, 0.26), (0.93, 0.92, 0.90),
     (0, 0, 0)], np.float32,
)  # fmt: skip
# First vertex of each part of the ICT-FaceKit mesh (its README, "Model geometry"). The tear
# film, the occlusion shells and the sheets of the lashes need transparency, so they are left out.
_ICT_PARTS = (
    (0, _SKIN), (11248, _MOUTH), (13294, _SKIN), (14062, _GUMS), (17039, _TEETH), (21451, _EYE),
    (24591, _HIDDEN),
)  # fmt: skip
_ICT_VERTICES, _ICT_FACE_END = 26719, 9409
_PLAIN, _LEFT_EYE, _RIGHT_EYE, _FACE = range(4)  # what is painted on a triangle, per pixel
_ICT_EYES = ((21451, 23021), (23021, 24591))  # left, right eyeball
_IRIS, _PUPIL = 0.43, 0.17  # angles from the gaze axis in radians (iris 11.7 mm on an eye of 24-25 mm)
_IRIS_TINT, _PUPIL_TINT = _f32((0.24, 0.34, 0.36)), _f32((0.03, 0.03, 0.03))
_BROW_TINT, _LIP_TINT = _f32((0.24, 0.16, 0.12)), _f32((0.70, 0.42, 0.38))
# The mesh has no brows and one skin. Brows and lips are painted where they are at rest (cm).
_BROW = _f32(((0.95, 5.50), (2.2, 5.75), (3.6, 5.85), (4.6, 5.55), (5.3, 5.05)))  # middle line, |x|, y
_BROW_THICKNESS = 0.30
_LIP_LINE, _LIP_WIDTH, _LIP_UP, _LIP_DOWN = -3.30, 2.40, 0.90, 1.00
_GAZE_SIDE, _GAZE_UP = 0.55, 0.45  # radians of eyeball rotation at eyeLook = 1

_LIGHTS = (  # direction to the light, strength
    (_f32((-0.45, 0.55, 0.70)), 0.78),
    (_f32((0.80, 0.10, 0.45)), 0.22),
)
_AMBIENT = 0.22
_BACKGROUND = _f32((0.16, 0.17, 0.19))
_OVERSAMPLING = 2


class RigError(PhizError):
    """A rig file is missing or is not the one expected."""


@dataclass(frozen=True)
class Rig:
    """A head with one shape per channel.

    neutral (V, 3) float32; triangles (T, 3) int; deltas (51, V, 3) float32 in channel order; tint
    (T, 3) float32 base colour 0..1; paint (T,) int8: 1 left eyeball, 2 right, 3 skin that bears painted
    brows and lips, else 0; eye_centre (2, 3); frame = (centre x, centre y, height) of what a portrait shows.
    """

    neutral: np.ndarray
    triangles: np.ndarray
    deltas: np.ndarray
    tint: np.ndarray
    paint: np.ndarray
    eye_centre: np.ndarray
    frame: tuple[float, float, float]

    def posed(self, weights: np.ndarray, head: np.ndarray | None = None) -> np.ndarray:
        """(51,) weights, and (3,) yaw, pitch, roll in radians -> (V, 3) vertices."""
        active = np.flatnonzero(weights)
        moved = self.neutral + np.tensordot(np.asarray(weights, np.float32)[active], self.deltas[active], 1)
        if head is None:
            return moved
        pivot = self.neutral.mean(0) * _f32((0, 1, 1))
        return ((moved - pivot) @ _rotation(*head).T + pivot).astype(np.float32)


def load_rig(folder: str | Path) -> Rig:
    """The ICT-FaceKit head of `folder` (`ict_facekit_arkit51.npz`). Raises RigError."""
    path = Path(folder) / RIG_FILE
    if not path.is_file():
        raise RigError(f"expected the head {path}, found none; give the folder of rigs with --rigs")
    with np.load(path) as data:
        names = tuple(str(name) for name in data["names"])
        neutral, faces, deltas = data["neutral"], data["faces"], data["deltas"]
    if names != channels.CHANNELS or len(neutral) != _ICT_VERTICES:
        raise RigError(f"expected the 51 channels on {_ICT_VERTICES} vertices in {path}, found others")
    part = np.zeros(len(neutral), np.int8)
    for first, kind in _ICT_PARTS:
        part[first:] = kind
    paint = np.where(np.arange(len(neutral)) < _ICT_FACE_END, _FACE, _PLAIN).astype(np.int8)
    centres = np.empty((2, 3), np.float32)
    for side, (first, end) in enumerate(_ICT_EYES):
        paint[first:end] = (_LEFT_EYE, _RIGHT_EYE)[side]
        centres[side] = (neutral[first:end].min(0) + neutral[first:end].max(0)) / 2
    kind = part[faces[:, 0]]
    shown = kind != _HIDDEN
    return Rig(
        neutral=neutral,
        triangles=faces[shown],
        deltas=deltas.astype(np.float32),
        tint=_TINTS[kind[shown]] * _depth_shadow(neutral, faces[shown], kind[shown]),
        paint=paint[faces[shown, 0]],
        eye_centre=centres,
        frame=(0.0, 1.2, 24.0),
    )


def _depth_shadow(neutral: np.ndarray, faces: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """(T, 1): 1 outside the mouth, darker the farther behind the lips; there are no cast shadows."""
    depth = neutral[faces, 2].mean(1)
    inside = np.isin(kind, (_MOUTH, _TEETH, _GUMS))
    return np.where(inside, np.clip((depth - 5.0) / 6.0, 0.15, 1.0), 1.0)[:, None].astype(np.float32)


def rig_of(head: Head) -> Rig:
    """The Rig of our own head: Blender's axes turned to y up, polygons fanned into triangles."""

    def turned(points: np.ndarray) -> np.ndarray:
        return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1).astype(np.float32)

    fans = [
        (face[0], face[i], face[i + 1], material)
        for face, material in zip(head.faces, head.material_index, strict=True)
        if head.materials[material][1][3] > 0.5  # nothing here can show what lies behind glass
        for i in range(1, len(face) - 1)
    ]
    table = np.array(fans, np.int64)
    tints = np.array([material[1][:3] for material in head.materials], np.float32) ** (1 / 2.2)
    neutral = turned(head.vertices)
    low, high = neutral.min(0), neutral.max(0)
    return Rig(
        neutral=neutral,
        triangles=table[:, :3],
        deltas=np.stack([turned(head.keys[name]) for name in channels.CHANNELS]),
        tint=tints[table[:, 3]],
        paint=np.zeros(len(table), np.int8),
        eye_centre=np.zeros((2, 3), np.float32),
        frame=(0.0, float(low[1] + high[1]) / 2, float(high[1] - low[1]) * 1.04),
    )


def portrait(
    rig: Rig,
    weights: np.ndarray,
    *,
    head: np.ndarray | None = None,
    size: int = 256,
    view: float = 0.0,
    closeup: bool = False,
) -> np.ndarray:
    """One pose as (size, size, 3) uint8.

    weights (51,) 0..1; head (3,) yaw, pitch, roll in radians; view turns the camera about the vertical
    axis, in radians; closeup shows the middle third of the face around the mouth.
    """
    vertices = rig.posed(weights, head)
    normals = _vertex_normals(vertices, rig.triangles)
    if view:
        turn = _rotation(view, 0.0, 0.0)
        pivot = rig.neutral.mean(0) * _f32((0, 1, 1))
        vertices, normals = (vertices - pivot) @ turn.T + pivot, normals @ turn.T
    x, y, height = rig.frame
    if closeup:
        y, height = y - 0.17 * height, height * 0.42
    pixels = size * _OVERSAMPLING
    scale = pixels / height
    screen = np.stack(
        [(vertices[:, 0] - x) * scale + pixels / 2, (y - vertices[:, 1]) * scale + pixels / 2], -1
    )  # (V, 2), pixel centres on whole numbers + 0.5
    hit, triangle, barycentric = rasterise(screen, vertices[:, 2], rig.triangles, pixels)
    image = np.broadcast_to(_BACKGROUND, (pixels * pixels, 3)).copy()
    image[hit] = _shade(rig, weights, normals, triangle, barycentric)
    image = image.reshape(size, _OVERSAMPLING, size, _OVERSAMPLING, 3).mean((1, 3))
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def rasterise(
    screen: np.ndarray, depth: np.ndarray, triangles: np.ndarray, pixels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Z-buffer of triangles, nearest (largest depth) wins; both sides of a face count.

    screen (V, 2) in pixels, depth (V,), triangles (T, 3) -> covered pixels as flat indices (P,), the
    triangle seen there (P,) and its barycentric weights (P, 3).
    """
    corners = screen[triangles].astype(np.float32)  # (T, 3, 2)
    low = np.ceil(corners.min(1) - 0.5).astype(np.float32)
    extent = np.floor(corners.max(1) - 0.5) - low + 1  # pixel centres covered in x, y
    edge1, edge2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = edge1[:, 0] * edge2[:, 1] - edge1[:, 1] * edge2[:, 0]
    usable = (extent > 0).all(1) & (np.abs(area) > 1e-9)
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    side = 1
    longest = extent.max(1)
    while usable.any():  # triangles of like size share one grid of candidate pixels
        group = np.flatnonzero(usable & (longest <= side))
        usable[group] = False
        if len(group):
            found.append(_covered(corners, low, area, group, side, pixels))
        side += max(1, side // 3)
    flat = np.concatenate([f[0] for f in found])
    triangle = np.concatenate([f[1] for f in found])
    barycentric = np.concatenate([f[2] for f in found])
    z = np.einsum("pk,pk->p", barycentric, depth[triangles][triangle])
    order = np.lexsort((z, flat))
    last = np.r_[flat[order][1:] != flat[order][:-1], True]  # the nearest of each pixel
    keep = order[last]
    return flat[keep], triangle[keep], barycentric[keep]


def _covered(
    corners: np.ndarray, low: np.ndarray, area: np.ndarray, group: np.ndarray, side: int, pixels: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    down, across = (part.ravel().astype(np.float32) for part in np.indices((side, side)))
    x = low[group, 0, None] + across  # (G, side^2), the pixel's column
    y = low[group, 1, None] + down
    a, b, c = (corners[group, k, None] for k in range(3))  # (G, 1, 2)
    scale = 1 / area[group, None]
    px, py = x + np.float32(0.5) - a[..., 0], y + np.float32(0.5) - a[..., 1]
    w1 = px * ((c - a)[..., 1] * scale) - py * ((c - a)[..., 0] * scale)
    w2 = py * ((b - a)[..., 0] * scale) - px * ((b - a)[..., 1] * scale)
    w0 = 1 - w1 - w2
    inside = (np.minimum(np.minimum(w0, w1), w2) >= 0) & (np.minimum(x, y) >= 0) & (np.maximum(x, y) < pixels)
    which, where = np.nonzero(inside)
    flat = y[which, where].astype(np.int64) * pixels + x[which, where].astype(np.int64)
    weights = np.stack([w[which, where] for w in (w0, w1, w2)], -1)
    return flat, group[which], weights


def _shade(
    rig: Rig, weights: np.ndarray, normals: np.ndarray, triangle: np.ndarray, barycentric: np.ndarray
) -> np.ndarray:
    """Colours (P, 3): Lambert under two lights, a little gloss, irises turned by the eyeLook channels."""
    corner = rig.triangles[triangle]  # (P, 3)
    normal = np.einsum("pk,pkd->pd", barycentric, normals[corner])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
    normal[normal[:, 2] < 0] *= -1  # the far side of an open sheet, seen from behind
    tint = rig.tint[triangle].copy()
    rest = np.einsum("pk,pkd->pd", barycentric, rig.neutral[corner])
    paint = rig.paint[triangle]
    for side, code in enumerate((_LEFT_EYE, _RIGHT_EYE)):
        ball = np.flatnonzero(paint == code)
        out = rest[ball] - rig.eye_centre[side]
        out /= np.linalg.norm(out, axis=1, keepdims=True)
        angle = np.arccos(np.clip(out @ _gaze(weights, side), -1, 1))
        tint[ball[angle < _IRIS]] = _IRIS_TINT
        tint[ball[angle < _PUPIL]] = _PUPIL_TINT
    face = np.flatnonzero(paint == _FACE)
    tint[face[_on_brow(rest[face])]] = _BROW_TINT
    tint[face[_on_lips(rest[face])]] = _LIP_TINT
    light = np.full(len(triangle), _AMBIENT, np.float32)
    gloss = np.zeros(len(triangle), np.float32)
    for direction, strength in _LIGHTS:
        direction = direction / np.linalg.norm(direction)
        light += strength * np.maximum(normal @ direction, 0)
        half = direction + _f32((0, 0, 1))
        gloss += strength * np.maximum(normal @ (half / np.linalg.norm(half)), 0) ** 40
    return tint * light[:, None] + 0.10 * gloss[:, None]


def _on_brow(rest: np.ndarray) -> np.ndarray:
    x, y = np.abs(rest[:, 0]), rest[:, 1]
    along = (x - _BROW[0, 0]) / (_BROW[-1, 0] - _BROW[0, 0])
    thickness = _BROW_THICKNESS * np.sqrt(np.clip(1 - along, 0, 1))
    middle = np.interp(x, _BROW[:, 0], _BROW[:, 1])
    return (along >= 0) & (along <= 1) & (np.abs(y - middle) < thickness)


def _on_lips(rest: np.ndarray) -> np.ndarray:
    bow = 1 - (rest[:, 0] / _LIP_WIDTH) ** 2
    above = rest[:, 1] - _LIP_LINE
    return (bow > 0) & (above < _LIP_UP * bow) & (above > -_LIP_DOWN * bow)


def _gaze(weights: np.ndarray, side: int) -> np.ndarray:
    name = ("Left", "Right")[side]
    w = {d: float(weights[channels.INDEX[f"eyeLook{d}{name}"]]) for d in ("In", "Out", "Up", "Down")}
    outwards = (w["Out"] - w["In"]) * _GAZE_SIDE * (1, -1)[side]
    up = (w["Up"] - w["Down"]) * _GAZE_UP
    return _f32((np.sin(outwards) * np.cos(up), np.sin(up), np.cos(outwards) * np.cos(up)))


def _vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)  # length = twice the area: larger faces weigh more
    flat = np.concatenate([triangles[:, k] for k in range(3)])
    return np.stack(
        [np.bincount(flat, np.tile(face[:, d], 3), minlength=len(vertices)) for d in range(3)], -1
    ).astype(np.float32)


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3) float32: roll about z, then pitch about x, then yaw about y (up)."""
    (sy, sp, sr), (cy, cp, cr) = np.sin([yaw, pitch, roll]), np.cos([yaw, pitch, roll])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (about_y @ about_x @ about_z).astype(np.float32)
