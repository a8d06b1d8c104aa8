"""A head as the graphics pipeline wants it: triangles, vertices of one material each, and its motion."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix

from phiz.face.channels import CHANNELS
from phiz.face.head import Head
from phiz.face.head.finishes import FINISHES, PLAIN_FINISH
from phiz.face.head.normals import triangles

NECK = (0.0, 0.02, -0.075)
"""Metres: the point about which a head turns on its neck."""
_STILL, _TURNED = -0.155, -0.085  # z below which nothing turns with the head, and above which all does
_INSIDE = ("mouth", "teeth", "gums", "tongue", "nostril")
_DEPTH = 0.016  # metres behind the lips at which a third of the sky's light is left


@dataclass(frozen=True)
class Surface:
    """faces (T, 3) into split vertices; source (S,) the head's vertex behind each split vertex; look (S, 6)
    float32: linear RGB, roughness, softness, share of the open sky."""

    head: Head
    faces: np.ndarray
    source: np.ndarray
    look: np.ndarray

    def posed(self, weights: np.ndarray, turn: np.ndarray | None = None) -> np.ndarray:
        """(V, 3) float32 vertices at (51,) weights, correctives included, the head turned by (3,) radians
        [yaw to the character's left, pitch down, roll to the right shoulder]; shoulders stay."""
        on = np.flatnonzero(weights)
        points = self.head.posed({CHANNELS[i]: float(weights[i]) for i in on})
        if turn is None or not np.any(turn):
            return points
        pivot = np.array(NECK, np.float32)
        turned = (points - pivot) @ _rotation(*turn).T + pivot
        return points + self._follows[:, None] * (turned - points)

    def normals(self, vertices: np.ndarray) -> np.ndarray:
        """(V, 3) float32 unit normals, those of larger triangles weighing more."""
        a, b, c = (vertices[self._corners[:, k]] for k in range(3))
        total = self._touching @ np.cross(b - a, c - a)
        return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)).astype(np.float32)

    @cached_property
    def _corners(self) -> np.ndarray:
        return self.source[self.faces]

    @cached_property
    def _touching(self) -> csr_matrix:
        """(V, T) 1 where a triangle has a vertex."""
        count = len(self._corners)
        rows, columns = self._corners.ravel(), np.repeat(np.arange(count), 3)
        ones = np.ones(3 * count, np.float32)
        return csr_matrix((ones, (rows, columns)), shape=(len(self.head.vertices), count))

    @cached_property
    def _follows(self) -> np.ndarray:
        share = np.clip((self.head.vertices[:, 2] - _STILL) / (_TURNED - _STILL), 0, 1)
        return (share * share * (3 - 2 * share)).astype(np.float32)


def surface_of(head: Head) -> Surface:
    """Triangles of a head, without what is clear as glass."""
    flat = np.concatenate([np.array(face) for face in head.faces])
    corners, whose = triangles(head.faces)
    material = head.material_index[whose]
    solid = np.array([rgba[3] > 0.5 for _, rgba, _ in head.materials])[material]
    corners, material = flat[corners[solid]], material[solid]
    pairs = np.stack([corners.ravel(), np.repeat(material, 3)], 1)
    split, back = np.unique(pairs, axis=0, return_inverse=True)
    source, kind = split.T
    table = np.array(
        [
            (*rgba[:3], roughness, min(1.0, 5 * FINISHES.get(name, PLAIN_FINISH).subsurface))
            for name, rgba, roughness in head.materials
        ]
    )
    hidden = np.isin(kind, [i for i, (name, _, _) in enumerate(head.materials) if name in _INSIDE])
    lips = np.isin(kind, [i for i, (name, _, _) in enumerate(head.materials) if name == "lips"])
    behind = np.maximum(head.vertices[source, 1] - head.vertices[source[lips], 1].min(), 0)
    sky = np.where(hidden, np.exp(-behind / _DEPTH), 1.0)
    look = np.concatenate([table[kind], sky[:, None]], 1).astype(np.float32)
    return Surface(head, back.reshape(-1, 3).astype(np.int32), source, look)


def _rotation(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """(3, 3) float32 in Blender's axes: roll, then pitch, then yaw."""
    (sy, sp, sr), (cy, cp, cr) = np.sin([yaw, pitch, roll]), np.cos([yaw, pitch, roll])
    about_z = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_y = np.array([[cr, 0, -sr], [0, 1, 0], [sr, 0, cr]])
    return (about_z @ about_x @ about_y).astype(np.float32)
