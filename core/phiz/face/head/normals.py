"""Smooth normals of a mesh."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def triangles(faces: Sequence[tuple[int, ...]]) -> tuple[np.ndarray, np.ndarray]:
    """(T, 3) corners of the triangles that polygons fall into, counted through all faces, and (T,) the face
    of each."""
    sizes = np.array([len(face) for face in faces], np.int64)
    first = np.cumsum(sizes) - sizes  # the corner at which a face begins
    whose = np.repeat(np.arange(len(sizes)), sizes - 2)
    turn = np.arange(len(whose)) - np.repeat(np.cumsum(sizes - 2) - (sizes - 2), sizes - 2)
    return first[whose, None] + np.stack([np.zeros_like(turn), turn + 1, turn + 2], 1), whose


def vertex_normals(vertices: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(V, 3) float32 unit normals: of the (T, 3) triangles at a vertex, weighted by their angles there.

    A vertex of no triangle, or of flat ones alone, looks up.
    """
    corner = vertices[triangles].astype(np.float64)  # (T, 3, 3)
    forth = np.roll(corner, -1, axis=1) - corner
    forth /= np.maximum(np.linalg.norm(forth, axis=2, keepdims=True), 1e-12)
    back = -np.roll(forth, 1, axis=1)
    flat = np.cross(forth[:, 0], forth[:, 1])
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    angle = np.arccos(np.clip((forth * back).sum(2), -1.0, 1.0))  # (T, 3)
    total = np.zeros((len(vertices), 3))
    for axis in range(3):
        weighted = (angle * flat[:, axis, None]).ravel()
        total[:, axis] = np.bincount(triangles.ravel(), weighted, minlength=len(vertices))
    size = np.linalg.norm(total, axis=1, keepdims=True)
    total = np.where(size > 1e-9, total / np.maximum(size, 1e-12), (0.0, 0.0, 1.0))
    return total.astype(np.float32)
