# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""Which meshes are a face, and what their shape keys show: real bpy, on whichever version this Python has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from blender_addon import character, faces  # noqa: E402
from blender_addon.keyframes import RigError  # noqa: E402
from phiz.face.channels import CHANNELS, INDEX, TONGUE  # noqa: E402
from phiz.face.head import Head, demo_head  # noqa: E402

VROID = [f"Fcl_MTH_{vowel}" for vowel in "AIUEO"] + ["Fcl_EYE_Close_L", "Fcl_EYE_Close_R", "Fcl_ALL_Joy"]


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def lips(jaw: float = -1.0, close: float = 1.0) -> Head:
    """An upper and a lower lip; jawOpen lowers the lower one by `jaw`, mouthClose lifts it by `close`."""
    upper = np.array([(x, -1, 0.1) for x in (-1.0, 0.0, 1.0)])
    vertices = np.concatenate([upper, upper - (0, 0, 0.2)]).astype(np.float32)
    below = (vertices[:, 2:] < 0) * np.array([0.0, 0.0, 1.0])  # (V, 3)
    return mesh_of({"jawOpen": jaw * below, "mouthClose": close * below}, vertices)


def mesh_of(keys: dict[str, np.ndarray], vertices: np.ndarray) -> Head:
    return Head(
        vertices=vertices,
        faces=[(0, 1, 2), (3, 4, 5)],
        material_index=np.array([0, 0]),
        materials=(("Skin", (0.8, 0.6, 0.5, 1.0), 0.5),),
        keys={name: delta.astype(np.float32) for name, delta in keys.items()},
    )


def add(scene, name: str, keys, at: float = 0.0):
    """A mesh with empty keys of these names, at x = `at`."""
    vertices = lips().vertices
    mesh = character.add(mesh_of({key: np.zeros((6, 3)) for key in keys}, vertices), scene, name)
    mesh.location.x = at
    bpy.context.view_layer.update()
    return mesh


def rig(scene, *meshes):
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(armature)
    for mesh in meshes:
        mesh.modifiers.new("Armature", "ARMATURE").object = armature
    return armature


def share_of(target, key: str, channel: str) -> float:
    return sum(share for index, share in target.shows[key] if index == INDEX[channel])


def test_faces_best_first_and_parts_are_not_faces(scene) -> None:
    add(scene, "Hat", ["Big", "Small"])
    add(scene, "Lashes", ["eyeBlinkLeft", "eyeBlinkRight"])
    add(scene, "Vroid", VROID, at=10)
    add(scene, "Teeth", ["jawOpen"])
    add(scene, "Head", (*CHANNELS, TONGUE))
    assert [face.name for face in faces.find(scene)] == ["Head", "Vroid"]


def test_companions_by_rig_and_by_place(scene) -> None:
    head = add(scene, "Head", CHANNELS)
    beard = add(scene, "Beard", CHANNELS, at=5)
    rig(scene, head, beard)
    other = add(scene, "Other", CHANNELS, at=20)
    add(scene, "Teeth", ["jawOpen"], at=20.5)
    add(scene, "Far", ["jawOpen"], at=40)
    assert [mesh.name for mesh in faces.companions(scene, head)] == ["Beard"]
    assert [mesh.name for mesh in faces.companions(scene, other)] == ["Teeth"]
    assert faces.find(scene) == [head, other, scene.objects["Far"]]


def test_plan_takes_the_face_and_its_parts(scene) -> None:
    add(scene, "Teeth", ["jawOpen"])
    add(scene, "Head", [name[0].upper() + name[1:] for name in CHANNELS])
    head, teeth = faces.plan(scene)
    assert (head.mesh.name, teeth.mesh.name) == ("Head", "Teeth")
    assert head.shows["JawOpen"] == ((INDEX["jawOpen"], 1.0),)
    assert teeth.shows == {"jawOpen": ((INDEX["jawOpen"], 1.0),)}
    assert faces.notes([head, teeth]) == []
    assert [target.mesh.name for target in faces.plan(scene, ["Teeth", "Head"])] == ["Teeth", "Head"]


def test_two_faces_have_to_be_chosen_from(scene) -> None:
    add(scene, "A", CHANNELS)
    add(scene, "B", CHANNELS)
    with pytest.raises(RigError, match="A, B"):
        faces.plan(scene)
    assert [target.mesh.name for target in faces.plan(scene, ["B"])] == ["B"]


def test_partial_faces_are_taken_and_said(scene) -> None:
    add(scene, "Face", VROID)
    (target,) = faces.plan(scene)
    assert "Fcl_ALL_Joy" not in target.shows
    said = faces.notes([target])
    assert said[0] == "without mouthClose: the jaw shuts for p, b and m, instead of the lips alone"
    assert any(line.startswith("without browInnerUp") for line in said)
    covered = faces.coverage([target.mesh])
    assert covered.convention == "VRoid"
    assert "jawOpen" in covered.rough
    assert "browInnerUp" in covered.missing


def test_faces_without_a_mouth_are_refused(scene) -> None:
    with pytest.raises(RigError, match="no mesh with the shape keys of a mouth"):
        faces.plan(scene)
    add(scene, "Eyes", ["eyeBlinkLeft", "browInnerUp"])
    add(scene, "Hat", ["Big"])
    assert faces.find(scene) == []
    with pytest.raises(RigError, match="anything of the mouth"):
        faces.plan(scene, ["Eyes"])
    with pytest.raises(RigError, match="no mesh named 'Other'"):
        faces.plan(scene, ["Other"])
    add(scene, "Head", CHANNELS)
    with pytest.raises(RigError, match="'Hat' has no shape key that Phiz knows"):
        faces.plan(scene, ["Head", "Hat"])


def test_edits_go_on_top(scene) -> None:
    face = add(scene, "Face", ["jawOpen", "Grin"])
    (target,) = faces.targets(face, edited={"mouthSmileLeft": "Grin", "mouthSmileRight": "Grin"})
    assert target.shows["Grin"] == ((INDEX["mouthSmileLeft"], 0.5), (INDEX["mouthSmileRight"], 0.5))
    with pytest.raises(RigError, match="'Nothing', a shape key that no mesh has"):
        faces.targets(face, edited={"mouthLeft": "Nothing"})
    with pytest.raises(RigError, match="anything of the mouth"):
        faces.targets(face, edited={"jawOpen": ""})
    hand_made = add(scene, "Mapped", ["Open wide"])
    (target,) = faces.targets(hand_made, edited={"jawOpen": "Open wide"})
    assert share_of(target, "Open wide", "jawOpen") == 1


def test_keys_that_show_a_channel(scene) -> None:
    face = add(scene, "Face", ["Mouth_Funnel_Up_L", "Mouth_Funnel_Up_R", "Jaw_Open", "Eye_Blink", "Hat"])
    assert faces.keys_of(face) == {
        "mouthFunnel": ("Mouth_Funnel_Up_L", "Mouth_Funnel_Up_R"),
        "jawOpen": ("Jaw_Open",),
        "eyeBlinkLeft": ("Eye_Blink",),
        "eyeBlinkRight": ("Eye_Blink",),
    }


def test_absolute_and_driven_keys(scene) -> None:
    face = add(scene, "Face", CHANNELS)
    lashes = add(scene, "Lashes", ["eyeBlinkLeft"])
    lashes.data.shape_keys.key_blocks["eyeBlinkLeft"].driver_add("value")
    assert faces.companions(scene, face) == [], "lashes follow their drivers"
    assert [target.mesh.name for target in faces.targets(face, [lashes])] == ["Face"]
    for name in CHANNELS:
        face.data.shape_keys.key_blocks[name].driver_add("value")
    with pytest.raises(RigError, match="'Face' have drivers"):
        faces.plan(scene)
    face.data.shape_keys.use_relative = False
    with pytest.raises(RigError, match="absolute"):
        faces.plan(scene, ["Face"])
    face.shape_key_clear()
    with pytest.raises(RigError, match="no shape keys"):
        faces.plan(scene, ["Face"])


def test_linked_and_overridden_faces(scene, tmp_path: Path) -> None:
    add(scene, "Face", CHANNELS)
    library = tmp_path / "library.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(library))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    with bpy.data.libraries.load(str(library), link=True) as (_, loaded):
        loaded.objects = ["Face"]
    scene.collection.objects.link(loaded.objects[0])
    with pytest.raises(RigError, match=r"'Face' is linked from .*library.blend"):
        faces.plan(scene)
    face = scene.objects["Face"].override_create(remap_local_usages=True)
    with pytest.raises(RigError, match="'Face' is overridden, but its mesh is still linked"):
        faces.plan(scene)
    face.data.override_create(remap_local_usages=True)
    assert faces.plan(scene)[0].mesh == face


def test_meshes_that_share_their_keys_count_once(scene) -> None:
    face = add(scene, "Face", CHANNELS)
    twin = bpy.data.objects.new("Twin", face.data)
    scene.collection.objects.link(twin)
    assert [target.mesh.name for target in faces.targets(face, [twin])] == ["Face"]


@pytest.mark.parametrize(
    ("close", "jaw_share", "close_share"),
    [(1.0, 0.0, 1.0), (0.9, 0.0, 1.0), (0.4, -0.6, 1.0), (0.02, -0.98, 1.0), (2.0, 0.0, 0.5)],
)
def test_lips_meet_whatever_mouth_close_does(
    scene, close: float, jaw_share: float, close_share: float
) -> None:
    face = character.add(lips(close=close), scene)
    found = faces.closing([face])
    assert found.sure and found.share == pytest.approx(close)
    (target,) = faces.targets(face)
    assert target.mouth_close == "cancelling"
    assert share_of(target, "jawOpen", "mouthClose") == pytest.approx(jaw_share)
    assert share_of(target, "mouthClose", "mouthClose") == pytest.approx(close_share)
    (as_told,) = faces.targets(face, mouth_close="cancelling")
    assert as_told.shows["jawOpen"] == ((INDEX["jawOpen"], 1.0),), "what the user says wins"


def test_mouth_close_of_our_head_cancels() -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    face = character.add(demo_head(), bpy.context.scene)
    found = faces.closing([face])
    assert found.sure and found.share == pytest.approx(1.0, abs=0.15)
    assert faces.targets(face)[0].shows["jawOpen"] == ((INDEX["jawOpen"], 1.0),)


def test_mouth_close_multiplied_by_a_driver_is_a_share(scene) -> None:
    face = character.add(lips(close=0.0), scene)
    face.shape_key_add(name="jaw_and_lips", from_mix=False).value = 0.0
    keys = face.data.shape_keys
    driver = keys.key_blocks["jaw_and_lips"].driver_add("value").driver
    driver.expression = "jaw * lips"
    for name, key in (("jaw", "jawOpen"), ("lips", "mouthClose")):
        variable = driver.variables.new()
        variable.name = name
        variable.targets[0].id_type, variable.targets[0].id = "KEY", keys
        variable.targets[0].data_path = keys.key_blocks[key].path_from_id("value")
    found = faces.closing([face])
    assert (found.mouth_close, found.sure) == ("relative", True)
    assert faces.targets(face)[0].mouth_close == "relative"
    assert faces.targets(face, mouth_close="cancelling")[0].mouth_close == "cancelling"


def test_where_nothing_can_be_measured_it_is_guessed(scene) -> None:
    unreal = add(scene, "Head", ["CTRL_expressions_jawOpen", "CTRL_expressions_mouthLipsTogetherUL"])
    found = faces.closing([unreal])
    assert (found.mouth_close, found.sure) == ("relative", False)
    assert faces.targets(unreal)[0].mouth_close == "relative"
    no_key = add(scene, "NoKey", ["jawOpen", "mouthFunnel"])
    (target,) = faces.targets(no_key, mouth_close="relative")
    assert target.mouth_close == "cancelling", "a share of the jaw makes no sense without the key"
    assert share_of(target, "jawOpen", "mouthClose") == -1
