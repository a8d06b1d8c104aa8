# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
"""Why isn't it moving? Every cause is built, seen to hold the mesh, found, mended, and seen to be mended."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from blender_addon import action_support, keyframes, ownership, rotation  # noqa: E402
from blender_addon.action_diagnosis import Cause  # noqa: E402
from blender_addon.diagnosis import diagnose  # noqa: E402
from blender_addon.keyframes import Target  # noqa: E402
from blender_addon.rotation import Joint, Turning  # noqa: E402
from phiz.face.channels import CHANNELS, INDEX  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

JAW = INDEX["jawOpen"]
SHOWS = {name: ((i, 1.0),) for i, name in enumerate(CHANNELS)}
OPEN, SHUT = 11, 1  # frames

MOVES = {"jawOpen": 0, "mouthPucker": 1}  # which corner each key lifts; the other keys move nothing


@pytest.fixture
def target() -> Target:
    """A face on which the jaw opens to 0.8 from frame 1 to frame 11 and shuts until 21."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps = 30
    mesh = bpy.data.meshes.new("Face")
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    body = bpy.data.objects.new("Face", mesh)
    scene.collection.objects.link(body)
    body.shape_key_add(name="Basis")
    for name in CHANNELS:
        block = body.shape_key_add(name=name)
        block.value = 0.0
        if name in MOVES:
            block.data[MOVES[name]].co.z = 1.0
    target = Target(body, SHOWS)
    weights = np.zeros((21, 51), np.float32)
    weights[:, JAW] = 0.8 * (1 - np.abs(np.linspace(-1, 1, 21)))
    keyframes.write(target, Take(weights, np.zeros((21, 3)), 30.0), start=1, rate=30.0)
    assert diagnose([target], scene) == []
    assert opens(target) == pytest.approx(0.8)
    return target


def height(target: Target, frame: int) -> float:
    """The first corner of the mesh as Blender shows it at a frame."""
    bpy.context.scene.frame_set(frame)
    seen = target.mesh.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = seen.to_mesh()
    z = mesh.vertices[0].co.z
    seen.to_mesh_clear()
    return z


def opens(target: Target) -> float:
    """How far the mesh moves, 0 where it cannot be seen."""
    if not target.mesh.visible_get():
        return 0.0
    return height(target, OPEN) - height(target, SHUT)


def holding(target: Target) -> list[Cause]:
    """What is found, without the remark that strips of the artist's are hidden."""
    return [c for c in diagnose([target], bpy.context.scene) if "wins over NLA strips" not in c.text]


def artists(target: Target, name: str = "Artist", value: float = 0.1) -> bpy.types.Action:
    """An Action of the artist's that holds the jaw still."""
    action = action_support.new_action(target.keys, name)
    curve = action_support.curves(action).new('key_blocks["jawOpen"].value')
    curve.keyframe_points.insert(1, value)
    curve.keyframe_points.insert(21, value)
    return action


def strip_of(target: Target, action: bpy.types.Action) -> bpy.types.NlaStrip:
    animation = target.keys.animation_data
    strip = animation.nla_tracks.new().strips.new(action.name, 1, action)
    if hasattr(strip, "action_slot"):
        strip.action_slot = action.slots[0]
    return strip


def curve_of(target: Target) -> bpy.types.FCurve:
    return next(c for c in action_support.used_curves(target.keys) if "jawOpen" in c.data_path)


def no_slot(target: Target) -> None:
    if not action_support.assigned_slot(target.keys):
        pytest.skip("Actions have slots since 4.4")
    target.keys.animation_data.action_slot = None


def another_slot(target: Target) -> None:
    no_slot(target)
    action = target.keys.animation_data.action
    target.keys.animation_data.action_slot = action.slots.new(id_type="KEY", name="Other")


def another_action(target: Target) -> None:
    action_support.assign(target.keys, artists(target))


def no_action(target: Target) -> None:
    target.keys.animation_data.action = None


def curve_muted(target: Target) -> None:
    curve_of(target).mute = True


def solo(target: Target) -> None:
    strip_of(target, artists(target))
    target.keys.animation_data.nla_tracks[0].is_solo = True


def no_influence(target: Target) -> None:
    strip_of(target, artists(target))
    target.keys.animation_data.action_influence = 0.0


def subtracted(target: Target) -> None:
    strip_of(target, artists(target))
    target.keys.animation_data.action_blend_type = "SUBTRACT"


def tweaked(target: Target) -> None:
    strip = strip_of(target, artists(target))
    animation = target.keys.animation_data
    animation.nla_tracks[0].select = strip.select = True
    animation.nla_tracks.active = animation.nla_tracks[0]
    animation.use_tweak_mode = True
    assert animation.use_tweak_mode


def pushed_down(target: Target) -> bpy.types.NlaTrack:
    animation = target.keys.animation_data
    strip_of(target, animation.action)
    animation.action = None
    return animation.nla_tracks[0]


def pushed_under_an_action(target: Target) -> None:
    pushed_down(target)
    action_support.assign(target.keys, artists(target))


def pushed_track_muted(target: Target) -> None:
    pushed_down(target).mute = True


def pushed_strip_muted(target: Target) -> None:
    pushed_down(target).strips[0].mute = True


def pushed_another_solo(target: Target) -> None:
    strip_of(target, artists(target))
    pushed_down(target)
    target.keys.animation_data.nla_tracks[0].is_solo = True


def pushed_under_a_strip(target: Target) -> None:
    pushed_down(target)
    strip_of(target, artists(target))


def pushed_nla_off(target: Target) -> None:
    pushed_down(target)
    target.keys.animation_data.use_nla = False


def key_muted(target: Target) -> None:
    target.keys.key_blocks["jawOpen"].mute = True


def driven(target: Target) -> None:
    target.keys.key_blocks["jawOpen"].driver_add("value").driver.expression = "0.1"


def slider_low(target: Target) -> None:
    target.keys.key_blocks["jawOpen"].slider_max = 0.0


def slider_high(target: Target) -> None:
    target.keys.key_blocks["jawOpen"].slider_max = 2.0
    target.keys.key_blocks["jawOpen"].slider_min = 0.9


def absolute(target: Target) -> None:
    target.keys.use_relative = False


def pinned(target: Target) -> None:
    target.mesh.active_shape_key_index = target.keys.key_blocks.find("mouthPucker")
    target.mesh.show_only_shape_key = True


def in_edit_mode(target: Target) -> None:
    bpy.context.view_layer.objects.active = target.mesh
    target.mesh.active_shape_key_index = 0
    bpy.ops.object.mode_set(mode="EDIT")


def hidden(target: Target) -> None:
    target.mesh.hide_set(True)


def disabled(target: Target) -> None:
    target.mesh.hide_viewport = True


def collected(target: Target) -> bpy.types.LayerCollection:
    """The face two collections down; the layer's view of the outer one."""
    scene = bpy.context.scene
    outer, inner = bpy.data.collections.new("Outer"), bpy.data.collections.new("Inner")
    scene.collection.children.link(outer)
    outer.children.link(inner)
    inner.objects.link(target.mesh)
    scene.collection.objects.unlink(target.mesh)
    return bpy.context.view_layer.layer_collection.children["Outer"]


def collection_excluded(target: Target) -> None:
    collected(target).exclude = True


def collection_hidden(target: Target) -> None:
    collected(target).children["Inner"].hide_viewport = True


def collection_disabled(target: Target) -> None:
    collected(target).collection.hide_viewport = True


CAUSES: list[tuple[Callable[[Target], object], str]] = [
    (no_slot, "no slot assigned"),
    (another_slot, "no slot assigned"),
    (another_action, "'Artist' is in use on Face instead"),
    (no_action, "Face does not use it"),
    (curve_muted, "1 of the F-curves of 'Phiz Face' are muted"),
    (solo, "is solo: the Action is not played"),
    (no_influence, "influence of 0 in the NLA"),
    (subtracted, "blended by Subtract"),
    (tweaked, "tweak mode"),
    (pushed_under_an_action, "The Action 'Artist' of Face wins over the NLA strip"),
    (pushed_track_muted, "the track is muted"),
    (pushed_strip_muted, "the strip is muted"),
    (pushed_another_solo, "another track, 'NlaTrack', is solo"),
    (pushed_under_a_strip, "the strip 'Artist' above it moves the same"),
    (pushed_nla_off, "NLA is switched off"),
    (key_muted, "are muted: jawOpen"),
    (driven, "Drivers move shape keys of Face and win over the keys: jawOpen"),
    (slider_low, "Slider ranges of Face cut the motion off: jawOpen"),
    (slider_high, "Slider ranges of Face cut the motion off: jawOpen"),
    (absolute, "absolute"),
    (pinned, "shows only its shape key 'mouthPucker'"),
    (in_edit_mode, "Edit Mode"),
    (hidden, "hidden"),
    (disabled, "hidden"),
    (collection_excluded, "hidden"),
    (collection_hidden, "hidden"),
    (collection_disabled, "hidden"),
]


@pytest.mark.parametrize(("build", "said"), CAUSES, ids=[build.__name__ for build, _ in CAUSES])
def test_found_and_mended(target: Target, build, said: str) -> None:
    scene = bpy.context.scene
    theirs = {action.name for action in bpy.data.actions} | {"Artist"}
    build(target)
    target.keys.update_tag()  # Blender's own buttons do so
    assert opens(target) < 0.75, "the situation does not hold the mesh"
    scene.frame_set(SHUT)
    (cause,) = holding(target)
    assert said in cause.text
    assert cause.fix is not None
    assert cause.label
    cause.fix()
    bpy.context.view_layer.update()
    assert holding(target) == []
    assert opens(target) == pytest.approx(0.8, abs=1e-5)
    assert {action.name for action in bpy.data.actions} <= theirs
    if target.mesh.mode == "EDIT":
        bpy.ops.object.mode_set(mode="OBJECT")


def test_the_playhead_outside_of_the_performance(target: Target) -> None:
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 50, 90
    scene.frame_set(60)
    play, go = diagnose([target], scene)
    assert "the scene plays 50 to 90" in play.text
    assert "the playhead is at 60" in go.text
    assert play.fix
    assert go.fix
    play.fix()
    assert (scene.frame_start, scene.frame_end) == (1, 90)
    go.fix()
    assert scene.frame_current == 1
    assert diagnose([target], scene) == []


def test_what_only_the_artist_can_mend(target: Target, tmp_path) -> None:
    scene = bpy.context.scene
    for name in ("jawOpen", "mouthFunnel"):
        target.mesh.shape_key_remove(target.keys.key_blocks[name])
    (gone,) = diagnose([target], scene)
    assert "has no shape keys jawOpen, mouthFunnel any more" in gone.text
    rest = {name: shares for name, shares in SHOWS.items() if name not in ("jawOpen", "mouthFunnel")}
    (missing,) = diagnose([Target(target.mesh, rest)], scene)
    assert "No shape key shows jawOpen, mouthFunnel" in missing.text
    assert gone.fix is missing.fix is None
    ownership.remove(target.keys)
    assert "Press Generate" in diagnose([target], scene)[0].text

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "face.blend"), link=True) as (_, wanted):
        wanted.objects = ["Face"]
    linked = bpy.data.objects["Face"]
    bpy.context.scene.collection.objects.link(linked)
    cause = diagnose([Target(linked, rest)], bpy.context.scene)[0]
    assert "is linked from" in cause.text


def test_strips_of_the_artists_under_the_performance(target: Target) -> None:
    strip_of(target, artists(target))
    assert height(target, SHUT) == pytest.approx(0.0)
    (cause,) = diagnose([target], bpy.context.scene)
    assert "wins over NLA strips on the same shape keys: Artist" in cause.text
    assert cause.fix
    cause.fix()
    assert height(target, SHUT) == pytest.approx(0.1)
    assert height(target, OPEN) == pytest.approx(0.9)
    assert diagnose([target], bpy.context.scene) == []


def test_two_causes_one_behind_the_other(target: Target) -> None:
    another_action(target)
    curves = action_support.curves(bpy.data.actions["Phiz Face"])
    curves.find('key_blocks["jawOpen"].value').mute = True
    for _ in range(2):
        (cause,) = diagnose([target], bpy.context.scene)
        assert cause.fix
        cause.fix()
    assert opens(target) == pytest.approx(0.8)
    ownership.remove(target.keys)
    assert target.keys.animation_data.action.name == "Artist", "put in use again, it knows what it displaced"


def test_what_turns_with_the_face(target: Target) -> None:
    turning = Turning(Joint(target.mesh))
    rotation.write(turning, Take(np.zeros((2, 51)), np.ones((2, 3)), 30.0), start=1, rate=30.0)
    assert diagnose([target], bpy.context.scene, turning) == []
    action_support.used_curves(target.mesh)[0].mute = True
    (cause,) = diagnose([target], bpy.context.scene, turning)
    assert "1 of the F-curves of 'Phiz Face turns'" in cause.text


def test_what_turns_under_the_artists_action(target: Target) -> None:
    body, scene = target.mesh, bpy.context.scene
    body.keyframe_insert("location", frame=1)
    turning = Turning(Joint(body))
    rotation.write(turning, Take(np.zeros((2, 51)), np.ones((2, 3)), 30.0), start=1, rate=30.0)
    assert diagnose([target], scene, turning) == []
    body.animation_data.nla_tracks[0].mute = True
    (cause,) = diagnose([target], scene, turning)
    assert "the track is muted" in cause.text
    assert cause.fix
    cause.fix()
    scene.frame_set(2)
    assert body.evaluated_get(bpy.context.evaluated_depsgraph_get()).delta_rotation_euler.x > 0.5
    body.keyframe_insert("delta_rotation_euler", frame=1)
    (cause,) = diagnose([target], scene, turning)
    assert "turns what Phiz is to turn, and wins: delta_rotation_euler" in cause.text
