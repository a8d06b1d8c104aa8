"""The demo character: a plain stylised head with all 52 ARKit shape keys, made by our own code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.head.proportions import PLAIN, Proportions

MATERIALS: tuple[tuple[str, tuple[float, float, float, float], float], ...] = (
    ("skin", (0.93, 0.55, 0.39, 1.0), 0.55),
    ("lid", (0.78, 0.38, 0.28, 1.0), 0.55),
    ("lips", (0.76, 0.25, 0.22, 1.0), 0.40),
    ("mouth", (0.24, 0.05, 0.06, 1.0), 0.60),
    ("eye white", (0.93, 0.92, 0.90, 1.0), 0.15),
    ("iris", (0.20, 0.42, 0.50, 1.0), 0.20),
    ("iris edge", (0.06, 0.14, 0.19, 1.0), 0.20),
    ("pupil", (0.01, 0.01, 0.015, 1.0), 0.10),
    ("glint", (1.0, 1.0, 1.0, 1.0), 0.10),
    ("lashes", (0.05, 0.03, 0.025, 1.0), 0.60),
    ("teeth", (0.92, 0.90, 0.84, 1.0), 0.25),
    ("gums", (0.66, 0.27, 0.28, 1.0), 0.40),
    ("tongue", (0.72, 0.30, 0.32, 1.0), 0.45),
    ("brows", (0.12, 0.045, 0.02, 1.0), 0.80),
    ("hair", (0.17, 0.065, 0.028, 1.0), 0.70),
)


@dataclass(frozen=True)
class Head:
    """A mesh with shape keys, in metres and Blender axes (+x the character's left, -y front, +z up).

    vertices (V, 3) float32; faces of three or four vertices, outside seen counter-clockwise;
    material_index (F,) int into materials (name, rgba, roughness); keys: for each of the 52 ARKit names
    the (V, 3) float32 displacement at weight 1.
    """

    vertices: np.ndarray
    faces: list[tuple[int, ...]]
    material_index: np.ndarray
    materials: tuple[tuple[str, tuple[float, float, float, float], float], ...]
    keys: dict[str, np.ndarray]

    def posed(self, weights: dict[str, float]) -> np.ndarray:
        """(V, 3) float32 vertices with these keys at these weights."""
        out = self.vertices.copy()
        for name, weight in weights.items():
            out += np.float32(weight) * self.keys[name]
        return out


def demo_head(shape: Proportions = PLAIN) -> Head:
    """The demo character, built anew in about a second; equal calls give equal heads."""
    from phiz.face.head.anatomy import assemble
    from phiz.face.head.keys import all_keys

    body = assemble(shape)
    keys = {name: (delta / 100.0).astype(np.float32) for name, delta in all_keys(body).items()}
    names = [name for name, _, _ in MATERIALS]
    index = np.array([names.index(m) for m in body.materials])
    return Head((body.vertices / 100.0).astype(np.float32), body.faces, index, MATERIALS, keys)
