# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportOptionalMemberAccess=false
# bpy ships no type information
"""Head arrays become a mesh object with materials, UVs, the 52 ARKit shape keys and driven correctives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np

from . import materials

if TYPE_CHECKING:
    from phiz.face.head import Head


def add(head: Head, scene: bpy.types.Scene, name: str = "Phiz") -> bpy.types.Object:
    """A mesh object in the scene's collection: smooth, with its materials, all shape keys at 0.

    Correctives come after the keys; a driver holds each at the product of the keys that it corrects.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(head.vertices.tolist(), [], [tuple(map(int, face)) for face in head.faces])
    for material in head.materials:
        mesh.materials.append(materials.make(*material))
    mesh.polygons.foreach_set("material_index", np.asarray(head.material_index, np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    if len(head.uvs):
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", head.uvs.astype(np.float32).ravel())
    mesh.validate()
    mesh.update()
    body = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(body)

    body.shape_key_add(name="Basis", from_mix=False).value = 0.0
    for key, delta in head.keys.items():
        _add_key(body, head, key, delta)
    for key, (drivers, delta) in head.correctives.items():
        _drive(_add_key(body, head, key, delta), drivers)
    return body


def _add_key(body: bpy.types.Object, head: Head, name: str, delta: np.ndarray) -> bpy.types.ShapeKey:
    """A new shape key that moves the head's vertices by (V, 3) metres."""
    block = body.shape_key_add(name=name, from_mix=False)
    block.data.foreach_set("co", (head.vertices + delta).astype(np.float32).ravel())
    block.value = 0.0  # since 5.0 a new key starts at 1
    return block


def _drive(block: bpy.types.ShapeKey, by: tuple[str, ...]) -> None:
    """Hold a shape key at the product of the values of others, without Python: scripts may be forbidden."""
    keys = block.id_data
    driver = block.driver_add("value").driver
    driver.type = "SCRIPTED"
    for number, name in enumerate(by):
        variable = driver.variables.new()
        variable.name = f"key{number}"
        target = variable.targets[0]
        target.id_type, target.id = "KEY", keys
        target.data_path = keys.key_blocks[name].path_from_id("value")
    driver.expression = " * ".join(variable.name for variable in driver.variables)
