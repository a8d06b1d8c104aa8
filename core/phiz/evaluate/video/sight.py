"""Where on the picture a part of a rendered face is seen: masks from the head's own keys and its camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from scipy.ndimage import binary_dilation
from scipy.spatial import ConvexHull

from phiz.corpus.portraits.identities import identity
from phiz.corpus.portraits.scene import Scene
from phiz.corpus.portraits.studio import camera_place, on_picture
from phiz.corpus.portraits.surface import Surface, surface_of
from phiz.face.channels import CHANNELS, COUNT, vector
from phiz.face.head import demo_head

SHARE = 0.25
"""Of the largest displacement: what moves at least so far belongs to a unit's region."""
_SEEN_TO_MOVE = 0.001  # metres: what no key moves so far is still
_MOUTHS = (vector(), vector(jawOpen=0.7), vector(mouthSmileBoth=0.8), vector(mouthFunnel=0.8, jawOpen=0.3))
"""Poses between which lips are: what they span is the mouth's window."""


@cache
def person(number: int) -> Surface:
    """The head of a number, built once."""
    return surface_of(demo_head(identity(number)))


@dataclass(frozen=True, eq=False)
class Sight:
    """A person before a camera; pictures have `size` pixels on a side. Masks are (size, size) bool."""

    scene: Scene
    size: int

    @property
    def surface(self) -> Surface:
        return person(self.scene.identity)

    def mouth(self, turn: np.ndarray) -> np.ndarray:
        """The window in which lips can be, with the head turned by (3,) radians."""
        points = np.concatenate([self.surface.posed(pose, turn)[self._lips] for pose in _MOUTHS])
        hull = ConvexHull(self._place(points)).equations  # (k, 3): inside where a x + b y + c <= 0
        y, x = np.mgrid[: self.size, : self.size] + 0.5
        slack = 0.005 * self.size
        return (
            hull[:, 0, None, None] * x + hull[:, 1, None, None] * y + hull[:, 2, None, None] <= slack
        ).all(0)

    def moved(self, pose: np.ndarray, turn: np.ndarray, share: float = SHARE) -> np.ndarray:
        """What of the seen face moves far when (51,) weights come on: where it was and where it is."""
        before, after = self.surface.posed(np.zeros(COUNT, np.float32), turn), self.surface.posed(pose, turn)
        far = np.linalg.norm(after - before, axis=1)
        there = (far >= share * far.max()) & self._facing(before)
        return self._around([before[there], after[there]])

    @cached_property
    def still(self) -> np.ndarray:
        """What no channel moves: wall, hair, ears, neck; the rest has a margin for the head's turning."""
        largest = np.zeros(len(self.surface.head.vertices))
        for name in CHANNELS:
            largest = np.maximum(largest, np.linalg.norm(self.surface.head.keys[name], axis=1))
        rest = self.surface.head.vertices
        jaw = self.surface.posed(vector(jawOpen=1.0))
        there = largest >= _SEEN_TO_MOVE
        face = self._around([rest[there], jaw[there]])
        return np.logical_not(binary_dilation(face, iterations=max(1, self.size // 21)))

    @cached_property
    def _lips(self) -> np.ndarray:
        names = [name for name, _, _ in self.surface.head.materials]
        head = self.surface.head
        faces = [f for f, m in zip(head.faces, head.material_index, strict=True) if names[m] == "lips"]
        return np.unique(np.concatenate([np.array(face) for face in faces]))

    def _facing(self, vertices: np.ndarray) -> np.ndarray:
        away = camera_place(self.scene.camera) - vertices
        return (self.surface.normals(vertices) * away).sum(1) > 0

    def _place(self, points: np.ndarray) -> np.ndarray:
        return on_picture(points, self.scene.camera, self.size)

    def _around(self, points: Iterable[np.ndarray]) -> np.ndarray:
        """Pixels on which vertices lie, and those beside them."""
        mask = np.zeros((self.size, self.size), bool)
        for some in points:
            at = np.floor(self._place(some)).astype(int)
            at = at[((at >= 0) & (at < self.size)).all(1)]
            mask[at[:, 1], at[:, 0]] = True
        return binary_dilation(mask)
