# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportOptionalMemberAccess=false
# bpy ships no type information
"""The materials of a head as node trees that Workbench, EEVEE and Cycles all show well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from phiz.face.head.finishes import FINISHES, PLAIN_FINISH

if TYPE_CHECKING:
    from phiz.face.head.finishes import Finish

_PORES = 500.0  # across the head
_BLOTCHES = 9.0
_STRANDS = (260.0, 3.0, 1.0)  # across and along a lock of hair, in places of its texture
_STRAND_HEIGHT = 0.0006  # m
_VEIL = 0.015  # of glass in Workbench, which lays a milky film over a pupil
_INDEX = 1.376  # of refraction, of the cornea
_WATER = 1.33


def make(name: str, rgba: tuple[float, float, float, float], roughness: float) -> bpy.types.Material:
    """A new material of this kind, colour and roughness; `phiz.face.head.finishes` says the rest."""
    surface = FINISHES.get(name, PLAIN_FINISH)
    material = bpy.data.materials.new(f"Phiz {name}")
    shown = (*rgba[:3], _VEIL) if surface.clear else rgba
    material.diffuse_color = shown  # what Workbench and the solid viewport show
    material.roughness = roughness
    if not material.node_tree:  # since 5.0 a material always has its nodes
        material.use_nodes = True
    tree = material.node_tree
    principled = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    if surface.clear:
        tree.nodes.remove(principled)
        _glass(material, tree, roughness)
        return material
    values = {
        "Base Color": rgba,
        "Roughness": roughness,
        "Alpha": rgba[3],
        "Subsurface Weight": surface.subsurface,
        "Subsurface Radius": surface.scatter,
        "Subsurface Scale": 1.0,  # the radius is in metres
        "Coat Weight": surface.coat,
        "Coat Roughness": 0.08,
        "Coat IOR": _WATER,
        "Sheen Weight": surface.sheen,
        "Anisotropic": surface.streaks,
    }
    for socket, value in values.items():
        principled.inputs[socket].default_value = value
    if surface.pores:
        _skin(tree, principled, rgba, surface)
    if surface.streaks:
        _hair(tree, principled, rgba)
    return material


def _add(tree: Any, kind: str, column: float, row: int = 0, **values: Any) -> Any:
    """A node left of the surface, and what its sockets hold."""
    node = tree.nodes.new(kind)
    node.location = (-220 * column, 300 - 280 * row)
    for socket, value in values.items():
        node.inputs[socket].default_value = value
    return node


def _glass(material: bpy.types.Material, tree: Any, roughness: float) -> None:
    """Clear where one looks straight through, a mirror at the edge; refraction would cost much for little."""
    output = next(node for node in tree.nodes if node.type == "OUTPUT_MATERIAL")
    edge = _add(tree, "ShaderNodeFresnel", 2, 0, IOR=_INDEX)
    through = _add(tree, "ShaderNodeBsdfTransparent", 2, 1)
    mirror = _add(tree, "ShaderNodeBsdfAnisotropic", 2, 2, Roughness=roughness)  # "Glossy"
    mix = _add(tree, "ShaderNodeMixShader", 1)
    for source, socket in ((edge, 0), (through, 1), (mirror, 2)):
        tree.links.new(source.outputs[0], mix.inputs[socket])
    tree.links.new(mix.outputs[0], output.inputs["Surface"])
    material.surface_render_method = "BLENDED"
    material.use_transparent_shadow = True


def _skin(tree: Any, principled: Any, rgba: tuple[float, ...], surface: Finish) -> None:
    """Fine relief, and a colour that is not the same everywhere."""
    place = _add(tree, "ShaderNodeTexCoord", 5)
    fine = _add(tree, "ShaderNodeTexNoise", 4, 2, Scale=_PORES, Detail=2.0)
    bump = _add(tree, "ShaderNodeBump", 2, 2, Strength=0.6, Distance=surface.pores)
    coarse = _add(tree, "ShaderNodeTexNoise", 4, 0, Scale=_BLOTCHES, Detail=3.0)
    ramp = _add(tree, "ShaderNodeValToRGB", 2.4)
    for element, at, colour in zip(ramp.color_ramp.elements, (0.35, 0.65), (_ruddy(rgba), rgba), strict=True):
        element.position, element.color = at, colour
    for noise in (fine, coarse):  # where a vertex is at rest, so that nothing swims when the face moves
        tree.links.new(place.outputs["Generated"], noise.inputs["Vector"])
    tree.links.new(fine.outputs[0], bump.inputs["Height"])
    tree.links.new(bump.outputs[0], principled.inputs["Normal"])
    tree.links.new(coarse.outputs[0], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], principled.inputs["Base Color"])


def _ruddy(rgba: tuple[float, ...]) -> tuple[float, ...]:
    return (rgba[0] * 0.97, rgba[1] * 0.86, rgba[2] * 0.86, rgba[3])


def _hair(tree: Any, principled: Any, rgba: tuple[float, ...]) -> None:
    """Strands: relief and brightness drawn out along the texture's second axis."""
    place = _add(tree, "ShaderNodeTexCoord", 6)
    stretch = _add(tree, "ShaderNodeMapping", 5)
    stretch.inputs["Scale"].default_value = _STRANDS
    strands = _add(tree, "ShaderNodeTexNoise", 4, 0, Scale=1.0, Detail=3.0)
    bump = _add(tree, "ShaderNodeBump", 2, 2, Strength=0.8, Distance=_STRAND_HEIGHT)
    ramp = _add(tree, "ShaderNodeValToRGB", 2.4)
    for element, at, shade in zip(ramp.color_ramp.elements, (0.3, 0.7), (0.55, 1.35), strict=True):
        element.position = at
        element.color = (*(min(shade * part, 1.0) for part in rgba[:3]), rgba[3])
    tree.links.new(place.outputs["UV"], stretch.inputs["Vector"])
    tree.links.new(stretch.outputs[0], strands.inputs["Vector"])
    tree.links.new(strands.outputs[0], bump.inputs["Height"])
    tree.links.new(bump.outputs[0], principled.inputs["Normal"])
    tree.links.new(strands.outputs[0], ramp.inputs[0])
    tree.links.new(ramp.outputs[0], principled.inputs["Base Color"])
