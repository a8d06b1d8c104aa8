# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""A head in Blender: materials, UVs, keys, and correctives that drivers hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: the head is not made in Blender")

import blender_addon  # noqa: E402
from blender_addon import character, faces, keyframes, own_head  # noqa: E402
from phiz.face import names  # noqa: E402
from phiz.face.channels import CHANNELS, COUNT, INDEX, TONGUE  # noqa: E402
from phiz.face.head import VARIATIONS, Head, shipped  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

SMILING = "jawOpen mouthSmileLeft corrective"


@pytest.fixture(scope="module")
def head() -> Head:
    body = shipped.load()
    delta = 0.1 * body.keys["mouthFunnel"]
    return replace(body, correctives={**body.correctives, SMILING: (("jawOpen", "mouthSmileLeft"), delta)})


@pytest.fixture
def scene() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def seen(body: Any, name: str) -> float:
    """The value of a shape key after drivers and animation."""
    bpy.context.view_layer.update()
    keys = body.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return keys.key_blocks[name].value


def test_correctives_are_driven_and_no_faces_of_their_own(scene: Any, head: Head) -> None:
    body = character.add(head, scene)
    blocks = body.data.shape_keys.key_blocks
    assert [block.name for block in blocks] == ["Basis", *CHANNELS, TONGUE, *head.correctives]
    assert all(block.value == 0 for block in blocks)
    blocks["jawOpen"].value, blocks["mouthSmileLeft"].value = 0.5, 0.6
    assert seen(body, SMILING) == pytest.approx(0.3, abs=1e-6)
    drivers = body.data.shape_keys.animation_data.drivers
    assert len(drivers) == len(head.correctives)
    assert all(curve.driver.is_simple_expression for curve in drivers), "they run where scripts are forbidden"
    shows = names.match([block.name for block in blocks]).shows
    assert set(shows) == set(CHANNELS)
    closing = faces.closing([body])
    assert closing.mouth_close == "cancelling" and closing.sure


def test_a_take_moves_them_and_leaves_the_drivers(scene: Any, head: Head) -> None:
    body = character.add(head, scene)
    weights = np.zeros((3, COUNT), np.float32)
    weights[:, INDEX["jawOpen"]], weights[:, INDEX["mouthSmileLeft"]] = (0, 1, 0.5), 0.5
    take = Take(weights, np.zeros((3, 3)), 30.0)
    (target,) = faces.targets(body)
    assert SMILING not in target.shows
    scene.render.fps = 30
    action = keyframes.write(target, take, start=1.0, rate=30.0)
    assert body.data.shape_keys.animation_data.action == action
    assert len(body.data.shape_keys.animation_data.drivers) == len(head.correctives)
    assert keyframes.clipped([target], take) == []
    for frame, wanted in ((1, 0.0), (2, 0.5), (3, 0.25)):
        scene.frame_set(frame)
        assert seen(body, SMILING) == pytest.approx(wanted, abs=1e-5)


def test_materials_and_uvs(scene: Any, head: Head) -> None:
    body = character.add(head, scene)
    uv = np.empty(2 * len(body.data.loops), np.float32)
    body.data.uv_layers[0].uv.foreach_get("vector", uv)
    np.testing.assert_allclose(uv.reshape(-1, 2), head.uvs, atol=1e-6)
    assert all(polygon.use_smooth for polygon in body.data.polygons)
    for slot, (name, rgba, roughness) in zip(body.material_slots, head.materials, strict=True):
        material = slot.material
        assert material.name == f"Phiz {name}"
        assert tuple(material.diffuse_color)[:3] == pytest.approx(rgba[:3])
        assert (material.diffuse_color[3] < 0.1) == (rgba[3] < 0.1)
        (output,) = (node for node in material.node_tree.nodes if node.type == "OUTPUT_MATERIAL")
        assert output.inputs["Surface"].is_linked
        nodes = {node.type: node for node in material.node_tree.nodes}
        if name == "cornea":
            assert "BSDF_TRANSPARENT" in nodes and material.surface_render_method == "BLENDED"
        else:
            surface = nodes["BSDF_PRINCIPLED"]
            assert surface.inputs["Roughness"].default_value == pytest.approx(roughness)
            assert (surface.inputs["Coat Weight"].default_value > 0.3) == (
                name
                in {"lips", "mouth", "eye white", "iris", "iris edge", "pupil", "teeth", "gums", "tongue"}
            )
    by_name = {slot.material.name: slot.material.node_tree.nodes for slot in body.material_slots}
    skin = by_name["Phiz skin"]["Principled BSDF"].inputs
    assert skin["Subsurface Weight"].default_value > 0 and skin["Normal"].is_linked


def test_a_second_head_leaves_the_first_alone(scene: Any, head: Head) -> None:
    first = character.add(head, scene)
    second = character.add(head, scene)
    assert (first.name, second.name) == ("Phiz", "Phiz.001")
    mine, other = ({slot.material for slot in body.material_slots} for body in (first, second))
    assert mine.isdisjoint(other)
    second.data.shape_keys.key_blocks["jawOpen"].value = 1.0
    second.data.shape_keys.key_blocks["mouthSmileLeft"].value = 1.0
    assert seen(first, SMILING) == 0 and seen(second, SMILING) == 1


def test_the_operator_adds_any_variation(scene: Any) -> None:
    blender_addon.register()
    try:
        other = list(VARIATIONS)[1]
        assert bpy.ops.phiz.add_demo_head(variation=other) == {"FINISHED"}
        body = bpy.context.object
        assert scene.phiz.face == body and body.phiz.head_object == body
        wanted = shipped.load(other)
        assert body.material_slots[0].material.diffuse_color[:3] == pytest.approx(wanted.materials[0][1][:3])
        assert scene.camera is not None and sum(thing.type == "LIGHT" for thing in scene.objects) == 3
        camera = scene.camera
        bpy.ops.phiz.add_demo_head()
        assert scene.camera == camera and sum(thing.type == "LIGHT" for thing in scene.objects) == 3
        assert sum(thing.type == "MESH" for thing in scene.objects) == 2
    finally:
        blender_addon.unregister()


def test_a_new_file_with_the_head(head: Head) -> None:
    blender_addon.register()
    try:
        made = own_head.scene(head, 29.97)
        assert made.render.fps / made.render.fps_base == pytest.approx(29.97)
        assert made.phiz.face.phiz.head_object == made.phiz.face == bpy.data.objects["Phiz"]
        assert made.render.engine.startswith("BLENDER_EEVEE")
    finally:
        blender_addon.unregister()
