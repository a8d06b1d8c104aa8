# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""Takes in Blender: real bpy, on whichever version this Python has."""

from __future__ import annotations

import math
import wave
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from mathutils import Vector  # noqa: E402

from blender_addon import action_support, character, faces, keyframes, rotation, stage  # noqa: E402
from phiz.face.channels import CHANNELS, TONGUE  # noqa: E402
from phiz.face.head import Head  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

FRAMES = 5
HAS_SOUND = action_support.sound_available()


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


@pytest.fixture
def take() -> Take:
    random = np.random.default_rng(7)
    head = random.uniform(-0.4, 0.4, (FRAMES, 3))
    return Take(
        random.random((FRAMES, 51)).astype(np.float32), head.astype(np.float32), 30.0, origin={"seed": 7}
    )


def tetrahedron(keys: tuple[str, ...] = (*CHANNELS, TONGUE)) -> Head:
    """The smallest head there is: every key lifts its nose, the vertex in front."""
    vertices = np.array([(0, -1, 0), (-1, 1, 0), (1, 1, 0), (0, 0, 1)], np.float32)
    lift = np.zeros((4, 3), np.float32)
    lift[0, 2] = 0.01
    return Head(
        vertices=vertices,
        faces=[(0, 2, 3), (0, 3, 1), (0, 1, 2), (1, 3, 2)],
        material_index=np.array([0, 0, 0, 1]),
        materials=(("Skin", (0.8, 0.6, 0.5, 1.0), 0.5), ("Eye", (1.0, 1.0, 1.0, 1.0), 0.1)),
        keys={name: lift for name in keys},
    )


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.wav"
    tone = (8000 * np.sin(np.arange(16000 * FRAMES // 30) * 0.2)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(tone.tobytes())
    return path


def evaluated(mesh, frame: float) -> np.ndarray:
    """(51,) what Blender itself makes of the keys at a scene frame."""
    bpy.context.scene.frame_set(math.floor(frame), subframe=frame % 1)
    keys = mesh.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([keys.key_blocks[name].value for name in CHANNELS])


def moved(mesh, point) -> Vector:
    return mesh.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world @ Vector(point)


def test_character_has_the_head(scene) -> None:
    head = tetrahedron()
    mesh = character.add(head, scene)
    keys = mesh.data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", *head.keys]
    assert not any(key.value for key in keys)
    assert keys["jawOpen"].data[0].co.z == pytest.approx(0.01)
    assert [polygon.material_index for polygon in mesh.data.polygons] == [0, 0, 0, 1]
    assert mesh.data.materials[0].diffuse_color[0] == pytest.approx(0.8)


def test_keys_are_the_take(scene, take: Take) -> None:
    mesh = character.add(tetrahedron(), scene)
    action = keyframes.write(faces.plan(scene)[0], take, start=10, rate=30.0)
    animation = mesh.data.shape_keys.animation_data
    assert animation.action == action
    if hasattr(animation, "action_slot"):
        assert animation.action_slot is not None
    for frame in range(FRAMES):
        assert np.abs(evaluated(mesh, 10 + frame) - take.weights[frame]).max() < 1e-6
    between = (take.weights[1] + take.weights[2]) / 2
    assert np.abs(evaluated(mesh, 11.5) - between).max() < 1e-4


def test_keys_that_show_several_channels(scene) -> None:
    """A rig with its own names, keys for pairs, and mouthClose as a share of the jaw's opening."""
    mesh = character.add(tetrahedron(("smile", "closed")), scene)
    weights = np.zeros((2, 51), np.float32)
    at = CHANNELS.index
    weights[:, at("jawOpen")], weights[:, at("mouthClose")] = 0.4, (0.4, 0.1)
    weights[:, at("mouthSmileLeft")], weights[:, at("mouthSmileRight")] = (1.0, 0.2), (1.0, 0.6)
    pair = ((at("mouthSmileLeft"), 0.5), (at("mouthSmileRight"), 1.0))
    target = keyframes.Target(mesh, {"smile": pair, "closed": ((at("mouthClose"), 1.0),)}, "relative")
    keyframes.write(target, Take(weights, np.zeros((2, 3)), 30.0), start=1, rate=30.0)
    for frame, (smile, closed) in enumerate([(1.0, 1.0), (0.7, 0.25)]):
        scene.frame_set(1 + frame)
        assert mesh.data.shape_keys.key_blocks["smile"].value == pytest.approx(smile)
        assert mesh.data.shape_keys.key_blocks["closed"].value == pytest.approx(closed)


def test_frame_rate_with_base(scene, take: Take) -> None:
    scene.render.fps, scene.render.fps_base = 24, 1.001
    rate = keyframes.scene_rate(scene)
    assert rate == pytest.approx(23.976, abs=1e-3)
    mesh = character.add(tetrahedron(), scene)
    keyframes.write(faces.plan(scene)[0], take, start=1, rate=rate)
    last = 1 + (FRAMES - 1) / 30 * rate
    assert np.abs(evaluated(mesh, last) - take.weights[-1]).max() < 1e-4


def test_artists_action_stays(scene, take: Take) -> None:
    mesh = character.add(tetrahedron(), scene)
    keys = mesh.data.shape_keys
    keys.key_blocks["jawOpen"].value = 0.25
    keys.key_blocks["jawOpen"].keyframe_insert("value", frame=3)
    theirs = keys.animation_data.action
    name = theirs.name
    keyframes.write(faces.plan(scene)[0], take, start=1, rate=30.0)
    ours = keyframes.write(faces.plan(scene)[0], take, start=1, rate=30.0)
    assert bpy.data.actions[name] == theirs != ours
    curves = list(action_support.curves(theirs))
    assert [(curve.data_path, len(curve.keyframe_points)) for curve in curves] == [
        ('key_blocks["jawOpen"].value', 1)
    ]
    assert tuple(curves[0].keyframe_points[0].co) == (3.0, 0.25)
    assert theirs.use_fake_user, "without a user it would not be saved"
    assert [a.name for a in bpy.data.actions if keyframes.OWNED in a] == ["Phiz Phiz"], (
        "the first run gives way"
    )


def test_face_in_two_meshes(scene, take: Take) -> None:
    character.add(tetrahedron(CHANNELS[1:]), scene, "Face")
    lids = character.add(tetrahedron(CHANNELS[:3]), scene, "Lids")
    character.add(tetrahedron(()), scene, "Hat")
    targets = faces.plan(scene, ["Face", "Lids"])
    for target in targets:
        keyframes.write(target, take, start=1, rate=30.0)
    scene.frame_set(3)
    assert lids.data.shape_keys.key_blocks["eyeBlinkLeft"].value == pytest.approx(take.weights[2, 0])
    assert len({target.keys.animation_data.action for target in targets}) == 2


def test_what_will_not_move_is_said(scene, take: Take) -> None:
    mesh = character.add(tetrahedron(), scene)
    keys = mesh.data.shape_keys.key_blocks
    keys["jawOpen"].slider_max = 0.1
    keys["cheekPuff"].mute = True
    keys["mouthClose"].driver_add("value")
    notes = keyframes.clipped(faces.plan(scene), take)
    assert [note.split(": ")[1].split()[0] for note in notes] == ["jawOpen", "mouthClose", "cheekPuff"]


@pytest.mark.parametrize("mode", ["XYZ", "QUATERNION"])
def test_head_turns_the_right_way(scene, mode: str) -> None:
    mesh = character.add(tetrahedron(), scene)
    mesh.rotation_mode = mode
    turns = np.array([(0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3), (0, 0, 0)])  # yaw, pitch, roll, rest
    rotation.write(
        rotation.Turning(rotation.Joint(mesh)), Take(np.zeros((4, 51)), turns, 30.0), start=1, rate=30.0
    )
    scene.frame_set(1)
    assert moved(mesh, (0, -1, 0)).x == pytest.approx(math.sin(0.3)), "yaw: nose to the character's left"
    scene.frame_set(2)
    assert moved(mesh, (0, -1, 0)).z == pytest.approx(-math.sin(0.3)), "pitch: nose down"
    scene.frame_set(3)
    assert moved(mesh, (1, 1, 0)).z == pytest.approx(math.sin(0.3)), "roll: left side up"
    scene.frame_set(4)
    assert moved(mesh, (0, -1, 0)).y == pytest.approx(-1)
    assert tuple(mesh.rotation_euler) == (0, 0, 0), "the object's own rotation is the artist's"


def test_head_bone_turns_in_the_axes_of_the_armature(scene) -> None:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    bone = armature.data.edit_bones.new("head")
    bone.head, bone.tail, bone.roll = (0, 0, 1), (0.2, 0.1, 2), 0.7
    bpy.ops.object.mode_set(mode="OBJECT")
    rest = armature.data.bones["head"].matrix_local.copy()
    turning = rotation.Turning(rotation.Joint(armature, "head"))
    rotation.plan(turning)
    take = Take(np.zeros((2, 51)), np.array([(0.3, 0.2, -0.1)] * 2), 30.0)
    rotation.write(turning, take, start=1, rate=30.0)
    scene.frame_set(1)
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["head"].matrix
    turn = (posed @ rest.inverted()).to_3x3()
    assert np.allclose(turn, rotation.head_rotation(take.head)[0], atol=1e-5)
    with pytest.raises(keyframes.RigError, match="no bone named 'neck'"):
        rotation.plan(rotation.Turning(rotation.Joint(armature, "neck")))


def test_camera_frames_the_face_of_a_body(scene) -> None:
    around = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    face = np.stack([0.07 * np.cos(around), -0.1 * np.ones(12), 1.6 + 0.07 * np.sin(around)], 1)
    feet = np.array([(0.2, 0, 0), (-0.2, 0, 0), (0, 0.2, 0)])
    lift = np.concatenate([np.full((12, 3), 0.01), np.zeros((3, 3))]).astype(np.float32)
    body = Head(
        vertices=np.concatenate([face, feet]).astype(np.float32),
        faces=[tuple(range(12)), (12, 13, 14)],
        material_index=np.array([0, 0]),
        materials=(("Skin", (0.8, 0.6, 0.5, 1.0), 0.5),),
        keys={name: lift for name in CHANNELS},
    )
    eye = stage.camera(scene, character.add(body, scene))
    assert eye.location.z == pytest.approx(1.6)
    assert -1.2 < eye.location.y < -0.4
    bpy.context.view_layer.update()
    assert (eye.matrix_world.to_3x3() @ Vector((0, 0, -1))).y == pytest.approx(1), "it looks at the face"


@pytest.mark.skipif(not HAS_SOUND, reason="this bpy was built without sound")
def test_sound_strip_once(scene, voice: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.wav"
    other.write_bytes(voice.read_bytes())
    for path in (voice, voice, other):
        assert stage.add_sound(scene, path, 4, "Face")
    (strip,) = action_support.strips(scene.sequence_editor)
    assert Path(strip.sound.filepath).name == "other.wav"
    assert action_support.strip_start(strip) == 4
    del strip[keyframes.OWNED]  # now it is the artist's
    assert stage.add_sound(scene, other, 4, "Face")
    assert keyframes.OWNED not in action_support.strips(scene.sequence_editor)[0]
    assert stage.add_sound(scene, voice, 4, "Face")
    assert len(action_support.strips(scene.sequence_editor)) == 2
    assert stage.add_sound(scene, voice, 104, "Face"), "a later line of the same speaker"
    assert stage.add_sound(scene, other, 104, "Another"), "someone else speaks at the same time"
    starts = sorted(map(action_support.strip_start, action_support.strips(scene.sequence_editor)))
    assert starts == [4, 104, 104], "the artist's own, and one of each speaker"
    (tmp_path / "text.wav").write_text("not a sound")
    with pytest.raises(stage.StageError, match=r"text\.wav"):
        stage.add_sound(scene, tmp_path / "text.wav", 4, "Face")
