"""Faces of the outer skin that a pose turns inside out or drives through each other, and which are seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from scipy import sparse

from phiz.evaluate.head.crossings import crossings
from phiz.evaluate.head.surface import OUTER, Surface
from phiz.evaluate.render import rasterise

DEEP = 1e-4  # metres: what cuts less deep is a touch
VIEWS = (0.0, 0.65, -0.65)  # radians that the camera stands to the side
PIXELS = 320  # of a view from chin to crown
MARGIN = 0.01  # metres
SEEN = 2  # pixels of a view that make a face seen


@dataclass(frozen=True)
class Folds:
    """Polygons of the outer skin, by number, in one pose.

    inverted: turned over. cutting: in another part of the outer skin, deeper than DEEP. visible: broken
    where a camera sees it, or seen from behind. touching: upper lip in lower or upper lid in lower, whose
    depth in metres is `pressed`; these are not in cutting.
    """

    inverted: np.ndarray
    cutting: np.ndarray
    visible: np.ndarray
    touching: np.ndarray
    pressed: float

    @property
    def broken(self) -> np.ndarray:
        return np.union1d(self.inverted, self.cutting)


@dataclass(frozen=True)
class Judge:
    """Looks at poses of one head."""

    surface: Surface
    views: tuple[float, ...] = field(default=VIEWS)

    @cached_property
    def _around(self) -> sparse.csr_matrix:
        """(V, V) which vertices lie within three edges of each other on the outer skin."""
        triangles = self.surface.triangles[self.surface.outer]
        i, j = triangles[:, [0, 1, 2]].ravel(), triangles[:, [1, 2, 0]].ravel()
        count = len(self.surface.head.vertices)
        near = sparse.coo_matrix((np.ones(len(i)), (i, j)), (count, count)).tocsr()
        near = near + near.T + sparse.identity(count, format="csr")
        return (near @ near @ near).tocsr()

    def __call__(self, points: np.ndarray) -> Folds:
        """Judge a pose, (V, 3) points in metres."""
        s = self.surface
        own = s.triangles[s.outer]
        pairs, depth = crossings(points, own, own)
        pairs = s.outer[pairs]
        edge = s.edge[s.triangles[pairs]]  # (n, 2, 3)
        low, high = edge.min(2), edge.max(2)
        meeting = ((low[:, 0] < 0) & (high[:, 1] == -low[:, 0])) | (
            (low[:, 1] < 0) & (high[:, 0] == -low[:, 1])
        )
        deep = depth > DEEP
        cutting = np.unique(pairs[deep & ~meeting])
        touching = np.unique(s.polygon[pairs[deep & meeting]])
        inverted = self._inverted(points)
        return Folds(
            np.unique(s.polygon[inverted]),
            np.unique(s.polygon[cutting]),
            self._visible(points, inverted, cutting),
            touching,
            float(depth[meeting].max(initial=0.0)),
        )

    def _inverted(self, points: np.ndarray) -> np.ndarray:
        """Triangles turned by more than a right angle; on lips and lids, which roll, more than what is near.

        What is near turns by the rotation that best carries the skin within three edges from rest.
        """
        s = self.surface
        rest = s.head.vertices.astype(np.float64)
        triangles = s.triangles[s.outer]
        before, after = _normals(rest, triangles), _normals(points, triangles)
        size = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
        turned = np.einsum("td,td->t", before, after) < -1e-3 * size
        rolls = (s.edge[triangles] != 0).all(1)
        for t in np.flatnonzero(turned & rolls):
            near = np.unique(np.concatenate([self._around[v].indices for v in triangles[t]]))
            a, b = rest[near] - rest[near].mean(0), points[near] - points[near].mean(0)
            u, _, vt = np.linalg.svd(a.T @ b)
            u[:, -1] *= np.sign(np.linalg.det(u @ vt))
            turned[t] = (before[t] @ (u @ vt)) @ after[t] < 0
        return s.outer[turned]

    def _visible(self, points: np.ndarray, inverted: np.ndarray, cutting: np.ndarray) -> np.ndarray:
        """Polygons of the outer skin that a view shows from behind, and broken ones that it shows at all.

        Only what lies within MARGIN of broken triangles is drawn: sound skin hides its own back.
        """
        s = self.surface
        faulty = np.union1d(inverted, cutting)
        broken = s.triangles[faulty]
        if not len(broken):
            return np.zeros(0, np.int64)
        middle = np.array([0.0, 0.0, s.head.vertices[s.body.span["skin"], 2].mean()])
        scale = PIXELS / s.height
        seen = []
        for view in self.views:
            c, d = np.cos(view), np.sin(view)
            x, y, z = (points - middle).T
            screen = np.stack([c * x + d * y, -z], -1) * scale
            depth = d * x - c * y
            corners = screen[s.triangles]  # (T, 3, 2)
            low, high = corners.min(1), corners.max(1)
            window = screen[broken.ravel()]
            first, last = window.min(0) - MARGIN * scale, window.max(0) + MARGIN * scale
            near = np.flatnonzero(((high >= first) & (low <= last)).all(1))
            pixels = int((last - first).max())
            hit, triangle, _ = rasterise(screen - first, depth, s.triangles[near], pixels)
            at = np.stack([hit % pixels, hit // pixels], 1)
            triangle = near[triangle[(at < last - first - 1).all(1)]]  # beyond it some cover is missing
            u, v = (corners[triangle, k] - corners[triangle, 0] for k in (1, 2))
            behind = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] > 0  # clockwise where y runs downwards
            wrong = triangle[(behind & (s.part[triangle] == OUTER)) | np.isin(triangle, faulty)]
            polygon, count = np.unique(s.polygon[wrong], return_counts=True)
            seen.append(polygon[count >= SEEN])
        return np.unique(np.concatenate(seen))


def _normals(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    a, b, c = (points[triangles[:, k]].astype(np.float64) for k in range(3))
    return np.cross(b - a, c - a)
