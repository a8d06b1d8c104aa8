# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportOptionalMemberAccess=false
# bpy ships no type information
"""Head arrays become a mesh object with materials and the 52 ARKit shape keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
import numpy as np

if TYPE_CHECKING:
    from phiz.face.head import Head


def add(head: Head, scene: bpy.types.Scene, name: str = "Phiz") -> bpy.types.Object:
    """A mesh object in the scene's collection: smooth, with its materials, all shape keys at 0."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(head.vertices.tolist(), [], [tuple(map(int, face)) for face in head.faces])
    for material in head.materials:
        mesh.materials.append(_material(*material))
    mesh.polygons.foreach_set("material_index", np.asarray(head.material_index, np.int32))
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    mesh.validate()
    mesh.update()
    body = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(body)

    body.shape_key_add(name="Basis", from_mix=False).value = 0.0
    for key, delta in head.keys.items():  # delta (V, 3)
        block = body.shape_key_add(name=key, from_mix=False)
        block.data.foreach_set("co", (head.vertices + delta).astype(np.float32).ravel())
        block.value = 0.0  # since 5.0 a new key starts at 1
    return body


def _material(name: str, rgba: tuple[float, float, float, float], roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    material.diffuse_color = rgba  # what Workbench and the solid viewport show
    material.roughness = roughness
    if not material.node_tree:  # since 5.0 a material always has its nodes
        material.use_nodes = True
    surface = next(node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    surface.inputs["Base Color"].default_value = rgba
    surface.inputs["Roughness"].default_value = roughness
    return material
