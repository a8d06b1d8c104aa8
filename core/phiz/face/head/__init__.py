"""The demo character: a stylised head with all 52 ARKit shape keys, made by our own code."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from phiz.face.head.variations import VARIATIONS, Material, Variation

__all__ = ["VARIATIONS", "Head", "Variation", "demo_head"]

Corrective = tuple[tuple[str, ...], np.ndarray]
"""The keys that drive it, and the (V, 3) displacement at the product of their weights."""


@dataclass(frozen=True)
class Head:
    """A mesh with shape keys, in metres and Blender axes (+x the character's left, -y front, +z up).

    vertices (V, 3) float32; faces of three or four vertices, outside seen counter-clockwise;
    material_index (F,) int into materials (name, rgba, roughness); keys: for each of the 52 ARKit names
    the (V, 3) float32 displacement at weight 1; uvs (C, 2) float32 in [0, 1], one for each corner of each
    face in turn, or none; correctives: what is added, in metres, when all driving keys of a name are on.
    """

    vertices: np.ndarray
    faces: list[tuple[int, ...]]
    material_index: np.ndarray
    materials: tuple[Material, ...]
    keys: dict[str, np.ndarray]
    uvs: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    correctives: dict[str, Corrective] = field(default_factory=dict)

    def posed(self, weights: dict[str, float]) -> np.ndarray:
        """(V, 3) float32 vertices with these keys at these weights."""
        out = self.vertices.copy()
        for name, weight in weights.items():
            out += np.float32(weight) * self.keys[name]
        for drivers, delta in self.correctives.values():
            amount = np.prod([weights.get(driver, 0.0) for driver in drivers])
            if amount:
                out += np.float32(amount) * delta
        return out


def demo_head(variation: str | Variation = "woman") -> Head:
    """A demo character, one of VARIATIONS or your own, built anew; equal calls give equal heads."""
    from phiz.face.head.anatomy import assemble
    from phiz.face.head.keys import all_keys, correctives
    from phiz.face.head.texture import face_uvs

    chosen = VARIATIONS[variation] if isinstance(variation, str) else variation
    body = assemble(chosen.shape)
    keys = {name: (delta / 100.0).astype(np.float32) for name, delta in all_keys(body).items()}
    materials = chosen.palette.materials()
    names = [name for name, _, _ in materials]
    index = np.array([names.index(m) for m in body.materials])
    vertices = (body.vertices / 100.0).astype(np.float32)
    mends = {n: (by, (delta / 100.0).astype(np.float32)) for n, (by, delta) in correctives(body).items()}
    return Head(vertices, body.faces, index, materials, keys, face_uvs(body), mends)
