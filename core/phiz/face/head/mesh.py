"""Vertices and faces as they are put together, and the evening out of their edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class Builder:
    """A surface in the making. Vertices bring their place on the skin's grid, or None inside the head."""

    def __init__(self) -> None:
        self.points: list[np.ndarray] = []
        self.places: list[np.ndarray] = []
        self.count = 0
        self.faces: list[tuple[int, ...]] = []
        self.materials: list[str] = []

    def add(self, points: np.ndarray, places: np.ndarray | None) -> np.ndarray:
        self.points.append(points)
        self.places.append(np.full((len(points), 2), np.nan) if places is None else places)
        self.count += len(points)
        return np.arange(self.count - len(points), self.count)

    def places_of(self, vertices: np.ndarray) -> np.ndarray:
        return np.concatenate(self.places)[vertices]

    def face(self, corners: Sequence[int], material: str, turned: bool = False) -> None:
        plain = tuple(int(v) for v in corners)
        self.faces.append(plain[::-1] if turned else plain)
        self.materials.append(material)

    def band(self, a: np.ndarray, b: np.ndarray, material: str, turned: bool) -> None:
        """Quads between two closed loops of the same length."""
        for i in range(len(a)):
            j = (i + 1) % len(a)
            self.face((a[i], a[j], b[j], b[i]), material, turned)

    def lid(self, loop: np.ndarray, material: str, turned: bool) -> None:
        """Quads between the two halves of a loop, which close it; a triangle at either end."""
        n = len(loop)
        for i in range(n // 2):
            corners = (loop[i], loop[i + 1], loop[(n - i - 1) % n], loop[(n - i) % n])
            self.face(tuple(dict.fromkeys(int(v) for v in corners)), material, turned)


def evened(unit: np.ndarray, faces: list[tuple[int, ...]], fixed: np.ndarray, rounds: int) -> np.ndarray:
    """(V, 3) unit vectors with each free one moved to the middle of its neighbours, `rounds` times."""
    edges = {tuple(sorted(e)) for f in faces for e in zip(f, (*f[1:], f[0]), strict=True)}
    a, b = np.array(sorted(edges)).T
    free = ~fixed
    degree = np.maximum(np.bincount(np.concatenate([a, b]), minlength=len(unit)), 1)[:, None]
    for _ in range(rounds):
        total = np.stack(
            [np.bincount(a, unit[b, k], len(unit)) + np.bincount(b, unit[a, k], len(unit)) for k in range(3)],
            -1,
        )
        moved = total / degree
        moved /= np.linalg.norm(moved, axis=1, keepdims=True)
        unit = np.where(free[:, None], moved, unit)
    return unit
