# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""Takes as keys: real bpy, on whichever version this Python has."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from mathutils import Matrix, Vector  # noqa: E402

from blender_addon import action_support, keyframes, ownership, rotation  # noqa: E402
from blender_addon.rotation import Joint, Turning  # noqa: E402
from phiz.face.channels import CHANNELS  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

JAW, SMILE = CHANNELS.index("jawOpen"), CHANNELS.index("mouthSmileLeft")
SHOWS = {"open": ((JAW, 1.0),), "smile": ((SMILE, 1.0),)}
FRAMES = 40


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene


def face(scene, name: str = "Face", keys=tuple(SHOWS)):
    """One triangle; every key lifts its first corner."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    body = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(body)
    body.shape_key_add(name="Basis")
    for key in keys:
        block = body.shape_key_add(name=key)
        block.data[0].co.z, block.value = 1.0, 0.0
    return body


def performance(seed: int = 0, frames: int = FRAMES, fps: float = 30.0) -> Take:
    random = np.random.default_rng(seed)
    weights = np.zeros((frames, 51), np.float32)
    weights[:, [JAW, SMILE]] = random.random((frames, 2))
    return Take(weights, random.uniform(-0.4, 0.4, (frames, 3)), fps, origin={"seed": seed})


def bow(frames: int = FRAMES) -> Take:
    """A jaw that opens once, smoothly; nothing else moves."""
    weights = np.zeros((frames, 51), np.float32)
    weights[:, JAW] = np.sin(np.linspace(0, np.pi, frames))
    return Take(weights, np.zeros((frames, 3)), 30.0)


def value(mesh, key: str, frame: float) -> float:
    bpy.context.scene.frame_set(math.floor(frame), subframe=frame % 1)
    keys = mesh.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return keys.key_blocks[key].value


def points(owner) -> dict[tuple[str, int], list[tuple]]:
    """What the keys of each curve hold; not the handles that follow from the keys beside them."""

    def handle(key):
        return tuple(key.handle_left) if key.handle_left_type == "FREE" else ()

    return {
        (curve.data_path, curve.array_index): [
            (*key.co, key.interpolation, key.easing, key.type, *handle(key)) for key in curve.keyframe_points
        ]
        for curve in action_support.used_curves(owner)
    }


def test_the_artists_action_comes_back_as_it_was(scene) -> None:
    mesh = face(scene)
    keys = mesh.data.shape_keys
    keys.key_blocks["smile"].value = 0.75  # set by hand, no keys
    keys.key_blocks["open"].value = 0.25
    theirs = bpy.data.actions.new("Artist")
    keys.animation_data_create().action = theirs
    if hasattr(theirs, "slots"):
        theirs.slots.new(id_type="KEY", name="Another")
        keys.animation_data.action_slot = theirs.slots.new(id_type="KEY", name="Theirs")
    keys.key_blocks["open"].keyframe_insert("value", frame=3)
    slot = action_support.assigned_slot(keys)
    assert theirs == keys.animation_data.action
    before = points(keys)
    ours = None
    for seed in range(3):
        ours = keyframes.write(keyframes.Target(mesh, SHOWS), performance(seed), start=1, rate=30.0)
        assert ours == ownership.owned(keys) != theirs
        assert theirs.use_fake_user, "without a user it would not be saved"
    assert [action.name for action in bpy.data.actions if ownership.OWNED in action] == ["Phiz Face"]
    assert ours is not None and json.loads(ours[ownership.OWNED]) == {"seed": 2}
    scene.frame_set(20)

    assert ownership.remove(keys)
    assert not ownership.remove(keys), "there is nothing left to remove"
    assert list(bpy.data.actions) == [theirs] == [keys.animation_data.action]
    assert action_support.assigned_slot(keys) == slot
    assert not theirs.use_fake_user
    assert points(keys) == before
    assert keys.key_blocks["smile"].value == 0.75
    assert value(mesh, "open", 20) == 0.25


def test_an_action_of_the_artists_that_is_gone(scene) -> None:
    mesh = face(scene)
    keys = mesh.data.shape_keys
    keys.key_blocks["open"].keyframe_insert("value", frame=3)
    theirs = keys.animation_data.action
    keyframes.write(keyframes.Target(mesh, SHOWS), performance(), start=1, rate=30.0)
    bpy.data.actions.remove(theirs)
    mesh.shape_key_remove(keys.key_blocks["smile"])
    assert ownership.remove(keys)
    assert keys.animation_data.action is None
    assert not bpy.data.actions


def test_released_it_is_the_artists(scene) -> None:
    mesh = face(scene)
    target = keyframes.Target(mesh, SHOWS)
    action = keyframes.write(target, performance(), start=1, rate=30.0)
    assert ownership.release(target.keys)
    assert not ownership.release(target.keys)
    assert not action.keys()
    assert keyframes.write(target, performance(1), start=1, rate=30.0) != action
    assert action.use_fake_user
    ownership.remove(target.keys)
    assert target.keys.animation_data.action == action


@pytest.mark.parametrize("thinning", [0.0, 0.02])
def test_a_range_alone(scene, thinning: float) -> None:
    """Keys outside it stay to the bit, those the artist made smooth as well; inside is the new Take."""
    mesh = face(scene)
    target = keyframes.Target(mesh, SHOWS)
    old, new = performance(1), performance(2)
    action = keyframes.write(target, old, start=5, rate=30.0, thinning=thinning)
    for curve in action_support.curves(action):
        curve.modifiers.new("LIMITS")
        curve.keyframe_points[1].interpolation = "BEZIER"
        curve.keyframe_points[1].handle_left_type = "FREE"
        curve.keyframe_points[-1].type = "EXTREME"
    before = points(target.keys)
    values = {frame: value(mesh, "open", frame) for frame in np.arange(1, 60, 0.5)}
    keyframes.write(target, new, start=5, rate=30.0, thinning=thinning, span=(15, 24))
    assert len([a for a in bpy.data.actions if ownership.OWNED in a]) == 1
    assert all(len(curve.modifiers) == 1 for curve in action_support.used_curves(target.keys))
    after = points(target.keys)
    for curve, kept in before.items():
        kept = [point for point in kept if not 15 <= point[0] <= 24]
        assert set(kept) <= set(after[curve])
        if not thinning:
            assert [point for point in after[curve] if not 15 <= point[0] <= 24] == kept
        assert [point[0] for point in after[curve]] == sorted(point[0] for point in after[curve])
    for frame, was in values.items():
        if frame <= 14 or frame >= 25:
            assert value(mesh, "open", frame) == pytest.approx(was, abs=1e-6)
        elif 15 <= frame <= 24 and frame % 1 == 0:
            assert value(mesh, "open", frame) == pytest.approx(
                new.weights[int(frame) - 5, JAW], abs=max(thinning, 1e-6)
            )


def test_a_range_where_thinning_left_one_key(scene) -> None:
    mesh = face(scene)
    target = keyframes.Target(mesh, SHOWS)
    still = Take(np.full((FRAMES, 51), 0.3), np.zeros((FRAMES, 3)), 30.0)
    keyframes.write(target, still, start=1, rate=30.0, thinning=0.01)
    assert [len(keys) for keys in points(target.keys).values()] == [1, 1]
    keyframes.write(target, performance(), start=1, rate=30.0, thinning=0.01, span=(10, 20))
    assert [value(mesh, "open", frame) for frame in (1, 9, 21, 40)] == pytest.approx([0.3] * 4)
    keyframes.write(target, performance(), start=1, rate=30.0, span=(500, 600))  # no frame of it
    assert value(mesh, "open", 300) == pytest.approx(0.3)


def test_a_range_on_a_face_without_keys(scene) -> None:
    mesh = face(scene)
    target = keyframes.Target(mesh, SHOWS)
    keyframes.write(target, performance(), start=1, rate=30.0, span=(10, 12))
    assert [point[0] for point in points(target.keys)['key_blocks["open"].value', 0]] == [10, 11, 12]


def test_thinned_keys_are_fewer_and_within_the_bound(scene) -> None:
    mesh = face(scene)
    target, take = keyframes.Target(mesh, SHOWS), bow(200)
    keyframes.write(target, take, start=1, rate=30.0, thinning=0.01)
    jaw, smile = points(target.keys).values()
    assert 5 < len(jaw) < 30
    assert len(smile) == 1
    for frame in range(200):
        assert abs(value(mesh, "open", 1 + frame) - take.weights[frame, JAW]) <= 0.01 + 1e-6


def test_a_failure_leaves_the_file_as_it_was(scene, monkeypatch) -> None:
    mesh = face(scene)
    target = keyframes.Target(mesh, SHOWS)
    keyframes.write(target, performance(), start=1, rate=30.0)
    before = points(target.keys)
    thin, left = keyframes.thin, 0

    def failing(*words):
        nonlocal left
        left -= 1
        if left == 0:
            raise MemoryError
        return thin(*words)

    monkeypatch.setattr(keyframes, "thin", failing)
    turning = Turning(Joint(mesh), Joint(face(scene, "Eye")))
    writers: list[tuple[Any, Any, int]] = [(target, keyframes.write, 2), (turning, rotation.write, 5)]
    for part, writer, last in writers:
        for span in (None, (3, 9)):
            left = last
            with pytest.raises(MemoryError):
                writer(part, performance(1), start=1, rate=30.0, thinning=0.1, span=span)
    assert points(target.keys) == before
    assert [action.name for action in bpy.data.actions] == ["Phiz Face"]


def test_an_nla_strip_in_tweak_mode_is_said_before_anything_is_made(scene) -> None:
    mesh = face(scene)
    keys = mesh.data.shape_keys
    keys.key_blocks["open"].keyframe_insert("value", frame=3)
    animation = keys.animation_data
    strip = animation.nla_tracks.new().strips.new("Take 1", 1, animation.action)
    animation.action = None
    strip.select = animation.nla_tracks[0].select = True
    animation.use_tweak_mode = True
    with pytest.raises(ownership.OwnerError, match="tweak mode"):
        ownership.check(keys)


def test_eyes_turn_the_way_they_look(scene) -> None:
    ways = ("Out", "In", "Up", "Down")
    weights = np.zeros((5, 51), np.float32)
    for frame, way in enumerate(ways):
        for side in ("Left", "Right"):
            weights[frame, CHANNELS.index(f"eyeLook{way}{side}")] = 1.0
    take = Take(weights, np.zeros((5, 3)), 30.0)
    left, right = face(scene, "L"), face(scene, "R")
    left.rotation_euler.y = 0.5  # the artist's own, which stays
    turning = Turning(left_eye=Joint(left), right_eye=Joint(right), eye_angle=0.5)
    rotation.plan(turning)
    rotation.write(turning, take, start=1, rate=30.0)
    seen = []
    for frame in range(5):
        scene.frame_set(1 + frame)
        graph = bpy.context.evaluated_depsgraph_get()
        rest = left.rotation_euler.to_matrix()
        turns = [eye.evaluated_get(graph).matrix_world.to_3x3() for eye in (left, right)]
        turns[0] = turns[0] @ rest.inverted()
        seen.append([turn @ Vector((0, -1, 0)) for turn in turns])
    sine = math.sin(0.5)
    assert [eye.x for eye in seen[0]] == pytest.approx([sine, -sine]), "out"
    assert [eye.x for eye in seen[1]] == pytest.approx([-sine, sine]), "in"
    assert [eye.z for eye in seen[2]] == pytest.approx([sine, sine]), "up"
    assert [eye.z for eye in seen[3]] == pytest.approx([-sine, -sine]), "down"
    assert [eye.y for eye in seen[4]] == pytest.approx([-1, -1]), "ahead"


def test_head_and_eyes_of_one_armature(scene) -> None:
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name, x in (("head", 0.0), ("eye.L", 0.1), ("eye.R", -0.1)):
        bone = armature.data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = (x, 0, 1), (x, -0.3, 1.1), 0.4
    bpy.ops.object.mode_set(mode="OBJECT")
    armature.pose.bones["eye.L"].rotation_mode = "YXZ"
    turning = Turning(Joint(armature, "head"), Joint(armature, "eye.L"), Joint(armature, "eye.R"))
    rotation.plan(turning)
    take = performance()
    (action,) = rotation.write(turning, take, start=1, rate=30.0)
    assert action.name == "Phiz Rig turns"
    assert len(points(armature)) == 4 + 3 + 4
    scene.frame_set(1)
    bone = armature.data.bones["head"]
    posed = armature.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["head"].matrix
    turn = (posed @ bone.matrix_local.inverted()).to_3x3()
    assert np.allclose(turn, rotation.head_rotation(take.head)[0], atol=1e-5)
    scene.frame_set(10)
    ownership.remove(armature)
    assert armature.pose.bones["head"].matrix_basis == Matrix.Identity(4)
    armature.pose.bones["eye.R"].rotation_mode = "AXIS_ANGLE"
    for wrong, said in (
        (turning, "'eye.R' turns by axis and angle"),
        (Turning(Joint(armature, "neck")), "no bone named 'neck'"),
        (Turning(Joint(armature, "head"), Joint(armature, "head")), "the same object or bone"),
    ):
        with pytest.raises(keyframes.RigError, match=said):
            rotation.plan(wrong)
    assert ownership.owned(armature) is None


def test_the_artists_action_on_an_armature_plays_on(scene) -> None:
    """Head keys lie under it, between frames too; removed, the armature is as it was."""
    body = face(scene)
    body.location.x = 1.0
    body.keyframe_insert("location", index=0, frame=1)
    body.location.x = 2.0
    body.keyframe_insert("location", index=0, frame=41)
    theirs, slot = body.animation_data.action, action_support.assigned_slot(body)
    turning = Turning(Joint(body))
    for seed, start in ((0, 5.0), (1, 5.5)):
        take = performance(seed)
        rotation.write(turning, take, start=start, rate=30.0)
        assert body.animation_data.action == theirs
        assert len(body.animation_data.nla_tracks) == 1
        assert len(bpy.data.actions) == 2
        for frame in (0, 7, 20, FRAMES - 1):
            scene.frame_set(math.floor(start + frame), subframe=start % 1)
            turned = body.evaluated_get(bpy.context.evaluated_depsgraph_get()).matrix_world
            assert turned.translation.x > 1.02
            wanted = rotation.head_rotation(take.head)[frame]
            assert np.allclose(turned.to_3x3(), wanted, atol=1e-5)
        np.testing.assert_allclose(
            rotation.head_seen(Joint(body), start + np.arange(FRAMES)), take.head, atol=1e-5
        )
    before = rotation.head_seen(Joint(body), 5.5 + np.arange(FRAMES))
    rotation.write(turning, performance(2), start=5.5, rate=30.0, span=(10, 20))
    after = rotation.head_seen(Joint(body), 5.5 + np.arange(FRAMES))
    assert (after[:4] == before[:4]).all()
    assert not np.allclose(after[6:12], before[6:12])
    assert ownership.remove(body)
    assert list(bpy.data.actions) == [theirs] == [body.animation_data.action]
    assert action_support.assigned_slot(body) == slot
    assert not body.animation_data.nla_tracks
    assert tuple(body.delta_rotation_euler) == (0, 0, 0)


def test_what_the_artist_keys_in_an_action_of_phiz_is_theirs(scene) -> None:
    """Since 4.4 Blender puts keys of an object into the Action of its shape keys."""
    body = face(scene)
    target = keyframes.Target(body, SHOWS)
    keyframes.write(target, performance(), start=1, rate=30.0)
    body.location.x = 1.0
    body.keyframe_insert("location", index=0, frame=1)
    theirs = body.animation_data.action
    assert ownership.owned(body) is None
    rotation.write(Turning(Joint(body)), performance(), start=1, rate=30.0)
    keyframes.write(target, performance(1), start=1, rate=30.0, span=(3, 9))
    assert len(getattr(ownership.owned(target.keys), "slots", "-")) == 1
    keyframes.write(target, performance(2), start=1, rate=30.0)
    assert ownership.owned(target.keys) != theirs
    assert ownership.remove(body)
    assert ownership.remove(target.keys)
    assert body.animation_data.action == theirs
    assert points(body)["location", 0][0][:2] == (1.0, 1.0)
