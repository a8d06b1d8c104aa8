# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""Strips in the NLA editor are the events that act, exactly as Blender itself evaluates them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from blender_addon import action_support, event_actions, strip_names, strips  # noqa: E402
from blender_addon.strip_names import Spoken, StripNameError  # noqa: E402
from phiz.acting.direction import AUEvent  # noqa: E402
from phiz.acting.units import held_at  # noqa: E402

START, RATE, SECONDS = 11.0, 25.0, 8.0


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 25, 1.0
    return scene


@pytest.fixture
def face(scene):
    face = bpy.data.objects.new("Face", bpy.data.meshes.new("Face"))
    scene.collection.objects.link(face)
    return face


def by_hand(face, name: str, frame: int = 20, frames: float = 30.0, track: str = "Mine"):
    """A strip as an artist makes it: an Action of their own, in a track of their own."""
    animation = face.animation_data or face.animation_data_create()
    row = animation.nla_tracks.new()
    row.name = track
    strip = row.strips.new(name, frame, action_support.new_action(face, "Mine"))
    strip.name = name
    strip.frame_end = frame + frames
    return strip


def read(face, scene) -> strips.Reading:
    return strips.read(face, scene, START, SECONDS)


def only(face, scene) -> AUEvent:
    events, unread = (found := read(face, scene)).events, found.unread
    assert len(events) == 1 and not unread
    return events[0]


@pytest.mark.parametrize(
    ("name", "units", "intensity"),
    [
        ("AU12", [(12, "B")], None),
        ("AU12L", [(12, "L")], None),
        ("AU12L 0.6", [(12, "L")], 0.6),
        ("AU 12 R 60%", [(12, "R")], 0.6),
        ("au12:0,25", [(12, "B")], 0.25),
        ("AU6+12", [(6, "B"), (12, "B")], None),
        ("AU6L + AU12 R .5", [(6, "L"), (12, "R")], 0.5),
        ("AU12.001", [(12, "B")], None),
        ("AU6+12L 0.6.012", [(6, "B"), (12, "L")], 0.6),
        ("AU12 0.125", [(12, "B")], 0.125),
        ("AU12 1.001", [(12, "B")], 1.0),
        ("AU12B 100%.002", [(12, "B")], 1.0),
    ],
)
def test_names(name: str, units: list[tuple[int, str]], intensity: float | None) -> None:
    assert strip_names.meant(name)
    assert strip_names.parse(name) == Spoken(tuple(units), intensity)
    written = strip_names.write(units, intensity)
    assert strip_names.parse(written) == Spoken(tuple(units), intensity)


@pytest.mark.parametrize("name", ["AU12 smile", "AU12D", "AU12+", "AU12 LR", "AU12 0.5 L", "AU1.2"])
def test_names_that_cannot_be_read(name: str) -> None:
    assert strip_names.meant(name)
    with pytest.raises(StripNameError, match="write it like AU12"):
        strip_names.parse(name)


def test_names_outside_the_range_and_names_of_others() -> None:
    for name in ("AU12 60", "AU12 1.5", "AU12 101%"):
        with pytest.raises(StripNameError, match="0 to 1 or 0% to 100%; the name says"):
            strip_names.parse(name)
    assert not any(strip_names.meant(name) for name in ("Audio", "AU", "Walk AU12", "NlaTrack", "AUX1"))


def test_a_strip_added_is_an_event(face, scene) -> None:
    strip = strips.add(face, scene, 36.5, 12, "L", 0.6, 1.5)
    assert strip.name == "AU12L" and strip.extrapolation == "NOTHING"
    event = only(face, scene)
    assert (event.au, event.side, event.intensity) == (12, "L", 0.6)
    assert (event.start, event.end) == pytest.approx(((36.5 - 11) / 25, (36.5 - 11) / 25 + 1.5), abs=1e-5)
    assert event.envelope is not None
    np.testing.assert_allclose(event.envelope, [(0, 0), (0.2, 1), (1.3, 1), (1.5, 0)], atol=1e-5)


def test_a_name_written_by_hand_goes_before_the_action_and_a_given_one_does_not(face, scene) -> None:
    strip = strips.add(face, scene, 20, 12, "L", 0.6)
    strip.action["phiz_side"], strip.action["phiz_intensity"] = "R", 0.3
    for name, side, intensity in (
        ("AU12L", "R", 0.3),  # as Phiz named it: the Action counts
        ("AU12L.001", "R", 0.3),
        ("smile", "R", 0.3),
        ("AU12", "B", 0.3),
        ("AU12L 0.8", "L", 0.8),
    ):
        strip.name = name
        assert event_actions.adjustable(strip) == (intensity == 0.3)
        event = only(face, scene)
        assert (event.au, event.side, event.intensity) == (12, side, intensity)
    strip.name = "AU4+7 50%"
    assert [(e.au, e.side, e.intensity) for e in read(face, scene).events] == [(4, "B", 0.5), (7, "B", 0.5)]


def test_strips_typed_by_hand_count_in_any_track_and_other_strips_are_left_alone(face, scene) -> None:
    by_hand(face, "AU6+12 0.7")
    by_hand(face, "Walk")
    by_hand(face, "AU46R", 80)
    found = read(face, scene)
    assert [(e.au, e.side, e.intensity) for e in found.events] == [
        (6, "B", 0.7),
        (12, "B", 0.7),
        (46, "R", 1),
    ]
    assert found.unread == ()
    assert (found.events[0].start, found.events[0].ramp_in, found.events[0].envelope) == (0.36, 0.0, None)


def test_what_cannot_be_read_is_listed_with_its_reason(face, scene) -> None:
    for name, reason in {
        "AU3": "AU 3 is not in the FACS table",
        "AU19": "AU 19 (Tongue show) has no ARKit shape key: tongueOut is a shape key but not a channel",
        "AU1L": "AU 1 (Inner brow raiser) takes B, not L",
        "AU46": "AU 46 (Wink) takes L or R, not B",
        "AU12 60": "the intensity is 0 to 1 or 0% to 100%; the name says 60",
        "AU12 quick": "the name cannot be read; write it like AU12, AU12L 0.6, AU 12 R 60% or AU6+12",
    }.items():
        strip = by_hand(face, name)
        found = read(face, scene)
        assert found.events == () and found.unread == ((name, reason),)
        strip.mute = True
    wrong = strips.add(face, scene, 20, 12)
    wrong.action["phiz_intensity"] = 1.5
    assert "property phiz_intensity of the Action says 1.5" in read(face, scene).unread[0].reason
    wrong.mute = True
    early, late = by_hand(face, "AU12", -40), by_hand(face, "AU12", 300)
    assert [reason for _, reason in read(face, scene).unread] == [
        "it ends before the recording, 0.84 s",
        "it begins after the end of the recording, 3.56 s",
    ]
    early.mute = late.mute = True
    by_hand(face, "AU1L+2L")
    found = read(face, scene)
    assert [(e.au, e.side) for e in found.events] == [(2, "L")] and len(found.unread) == 1
    assert strips.unread(face, scene, START, SECONDS) == found.unread


def test_mute_and_solo_are_honoured(face, scene) -> None:
    first, second = strips.add(face, scene, 20, 12), strips.add(face, scene, 20, 4)
    tracks = face.animation_data.nla_tracks
    assert [event.au for event in read(face, scene).events] == [12, 4]
    first.mute = True
    assert [event.au for event in read(face, scene).events] == [4]
    first.mute = False
    tracks[1].mute = True
    assert [event.au for event in read(face, scene).events] == [12]
    tracks[1].is_solo = True
    assert [event.au for event in read(face, scene).events] == [4]
    tracks[1].is_solo = tracks[1].mute = False
    second.mute = True
    face.animation_data.use_nla = False
    assert read(face, scene) == strips.Reading((), ())


def test_overlaps_get_tracks_of_their_own(face, scene) -> None:
    for frame in (20, 60.5, 30, 100, 45.3):
        strips.add(face, scene, frame, 12, seconds=1.0)
    strips.add(face, scene, 20, 4)
    rows = [(track.name, len(track.strips)) for track in face.animation_data.nla_tracks]
    assert rows == [
        ("AU12 Lip corner puller", 3), ("AU12 Lip corner puller.001", 1), ("AU12 Lip corner puller.002", 1),
        ("AU4 Brow lowerer", 1),
    ]  # fmt: skip
    starts = [round(event.start * RATE + START, 3) for event in read(face, scene).events]
    assert starts == [20, 20, 30, 45.3, 60.5, 100]


def probed(face, name: str = "AU12", frame: int = 20, frames: float = 30.0, length: float | None = None):
    """A lone strip whose Action moves a property of the face, from 0.3 to 1 and down to 0.6."""
    face["phiz_intensity"] = 0.0
    strip = by_hand(face, name, frame, frames)
    length = frames if length is None else length
    curve = action_support.curves(strip.action).new('["phiz_intensity"]')
    for at, value in ((0.0, 0.3), (0.4 * length, 1.0), (length, 0.6)):
        curve.keyframe_points.insert(at, value)  # Bezier
    strip.action_frame_start, strip.action_frame_end = 0.0, length
    strip.frame_end = frame + frames
    return strip


def evaluated(face, scene, frames: np.ndarray) -> np.ndarray:
    """What Blender makes of the probed property at scene frames."""
    values = []
    for frame in frames:
        scene.frame_set(int(frame), subframe=float(frame % 1.0))
        values.append(face.evaluated_get(bpy.context.evaluated_depsgraph_get())["phiz_intensity"])
    return np.array(values)


def acted(event: AUEvent, frames: np.ndarray) -> np.ndarray:
    return event.intensity * held_at(event, (frames - START) / RATE)


def keyed(strip, path: str, keys: dict[float, float]) -> None:
    for frame, value in keys.items():
        setattr(strip, path, value)
        strip.keyframe_insert(path, frame=frame)


def plain(strip) -> None:
    pass


def blends(strip) -> None:
    strip.blend_in, strip.blend_out = 5.0, 12.5


def blends_that_meet(strip) -> None:
    strip.blend_in, strip.blend_out = 20.0, 10.0
    strip.frame_end -= 6.3


def auto_blend(strip) -> None:
    other = by_hand(strip.id_data, "Walk", 40)
    strip.use_auto_blend = other.use_auto_blend = True
    assert strip.blend_out == 10.0


def unused_influence(strip) -> None:
    strip.influence = 0.4


def animated_influence(strip) -> None:
    blends(strip)
    strip.use_animated_influence = True
    keyed(strip, "influence", {20.0: 0.0, 26.5: 0.9, 33.0: 0.2, 49.0: 1.0})


def animated_influence_out_of_range(strip) -> None:
    strip.use_animated_influence = True
    keyed(strip, "influence", {20.0: 0.0, 50.0: 1.0})
    points = strip.fcurves.find("influence").keyframe_points
    points[0].co[1], points[-1].co[1] = -0.5, 1.5


def scaled(strip) -> None:
    strip.scale = 1.7
    strip.frame_end = strip.frame_start + 30 * 1.7
    blends(strip)


def repeated(strip) -> None:
    strip.repeat = 2.6


def repeated_whole(strip) -> None:
    strip.repeat, strip.scale = 3.0, 0.37
    strip.blend_in = 4.0


def repeated_on_whole_frames(strip) -> None:
    strip.action_frame_end = 10.0
    strip.scale, strip.repeat = 1.1, 2.5  # 10 x 1.1 is 11 in single precision and a little more in double


def reversed_(strip) -> None:
    strip.use_reverse = True


def reversed_and_repeated(strip) -> None:
    strip.use_reverse = True
    strip.repeat, strip.scale = 2.5, 0.5


def trimmed(strip) -> None:
    strip.action_frame_start, strip.action_frame_end = 4.0, 17.5


def moved(strip) -> None:
    strip.frame_end += 17.37
    strip.frame_start += 17.37


def animated_time(strip) -> None:
    strip.use_animated_time = True
    keyed(strip, "strip_time", {20.0: 0.0, 30.0: 25.0, 50.0: 5.0})


def cyclic_time(strip) -> None:
    strip.action_frame_start, strip.action_frame_end = 2.0, 14.0
    strip.use_animated_time = strip.use_animated_time_cyclic = True
    keyed(strip, "strip_time", {20.0: 0.0, 50.0: 40.0})


def held_before_and_after(strip) -> None:
    strip.extrapolation = "HOLD"


def stepped(strip) -> None:
    for point in action_support.strip_curves(strip)[0].keyframe_points:
        point.interpolation = "CONSTANT"
    strip.scale = 0.9


WAYS = (
    plain, blends, blends_that_meet, auto_blend, unused_influence, animated_influence,
    animated_influence_out_of_range,
    scaled, repeated, repeated_whole, repeated_on_whole_frames, reversed_, reversed_and_repeated, trimmed,
    moved, animated_time, cyclic_time, held_before_and_after, stepped,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_strips_act_as_blender_evaluates_them(face, scene, way) -> None:
    strip = probed(face)
    way(strip)
    event = only(face, scene)
    first, last = strip.frame_start, strip.frame_end
    rng = np.random.default_rng(3)
    frames = np.concatenate([np.arange(np.ceil(first), last), rng.uniform(first, last, 40).round(2)])
    np.testing.assert_allclose(acted(event, frames), evaluated(face, scene, frames), rtol=0, atol=1e-5)
    assert (event.start, event.end) == pytest.approx(
        ((first - START) / RATE, (last - START) / RATE), abs=1e-6
    )


def test_strips_that_cannot_be_are_refused_before_anything_is_made(face, scene) -> None:
    for fields in ({"au": 3}, {"au": 1, "side": "L"}, {"intensity": 1.1}, {"seconds": 0.0}):
        whole: dict[str, Any] = {"frame": 20, "au": 12} | fields
        with pytest.raises(strips.StripError, match="No strip was added: "):
            strips.add(face, scene, **whole)
    assert not len(bpy.data.actions) and face.animation_data is None


def in_editor(face, operator, **options) -> None:
    """Run an operator as the NLA editor would on what is selected."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "NLA_EDITOR"
    region = next(region for region in area.regions if region.type == "WINDOW")
    bpy.context.view_layer.objects.active = face
    face.select_set(True)
    with bpy.context.temp_override(window=window, area=area, region=region):
        assert operator(**options) == {"FINISHED"}


def drag(face, frames: float) -> None:
    in_editor(face, bpy.ops.transform.transform, mode="TRANSLATION", value=(frames, 0, 0, 0))


def spans(face, scene) -> list[tuple[float, float]]:
    """The events' spans in scene frames."""
    ends = [(event.start, event.end) for event in read(face, scene).events]
    return [(round(a * RATE + START, 2), round(b * RATE + START, 2)) for a, b in ends]


def test_what_the_editor_does_to_a_strip_changes_the_acting(face, scene) -> None:
    strip = strips.add(face, scene, 20, 12, "L", 0.6, 1.0)
    strip.select = True
    drag(face, 10)
    assert spans(face, scene) == [(30, 55)]
    scene.frame_set(30)
    in_editor(face, bpy.ops.transform.transform, mode="TIME_SCALE", value=(2, 0, 0, 0))
    assert spans(face, scene) == [(30, 80)]
    in_editor(face, bpy.ops.nla.duplicate, linked=False)
    drag(face, 60)
    assert spans(face, scene) == [(30, 80), (90, 140)]
    in_editor(face, bpy.ops.nla.duplicate, linked=True)
    drag(face, 60)
    in_editor(face, bpy.ops.nla.apply_scale)
    assert spans(face, scene) == [(30, 80), (90, 140), (150, 200)]
    scene.frame_set(170)
    in_editor(face, bpy.ops.nla.split)
    assert spans(face, scene)[2:] == [(150, 170), (170, 200)]
    in_editor(face, bpy.ops.nla.delete)  # both halves
    assert spans(face, scene) == [(30, 80), (90, 140)]
    strip = next(strip for _, strip, _ in strips.on(face) if strip.frame_start == 90)
    strip.frame_end_ui = 120
    strip.frame_start_ui = 95
    assert spans(face, scene)[1] == (95, 125)
    assert {(e.au, e.side, e.intensity) for e in read(face, scene).events} == {(12, "L", 0.6)}


def test_strips_inside_a_meta_strip_act_as_blender_plays_them(face, scene) -> None:
    strip = probed(face)
    strip.blend_in, strip.select = 5.0, True
    in_editor(face, bpy.ops.nla.meta_add)
    meta = face.animation_data.nla_tracks[0].strips[0]
    meta.blend_in = 10.0  # which Blender leaves out
    drag(face, 6)
    frames = np.arange(26.0, 56.0)
    np.testing.assert_allclose(
        acted(only(face, scene), frames), evaluated(face, scene, frames), rtol=0, atol=1e-5
    )
    meta.mute = True
    assert read(face, scene) == strips.Reading((), ())


def test_an_event_that_begins_before_the_recording_is_cut_there(face, scene) -> None:
    strip = strips.add(face, scene, 9.0, 12, seconds=1.0)
    strip.blend_in = 10.0
    event = only(face, scene)
    assert event.start == 0.0 and event.end == pytest.approx(0.92, abs=1e-6)
    assert event.envelope is not None
    np.testing.assert_allclose(event.envelope, [(0, 0.2), (0.32, 1), (0.72, 1), (0.92, 0)], atol=1e-4)
    strip.action["phiz_smooth"] = True
    assert held_at(only(face, scene), np.array([0.12])) == pytest.approx(0.5, abs=1e-5)
    strip.frame_start, strip.blend_in, strip.blend_out = 11.0, 5.0, 5.0
    smooth = only(face, scene)
    assert (smooth.ramp_in, smooth.ramp_out, smooth.envelope) == (0.2, 0.2, None)


def test_an_animated_intensity_keeps_its_peak_and_its_shape(face, scene) -> None:
    strip = probed(face)
    curve = action_support.strip_curves(strip)[0]
    for point in curve.keyframe_points:
        point.interpolation, point.co[1] = "LINEAR", 0.5 * point.co[1]
    event = only(face, scene)
    assert event.intensity == pytest.approx(0.5, abs=1e-5)
    assert event.envelope is not None and max(held for _, held in event.envelope) == pytest.approx(
        1, abs=1e-5
    )
    strip.action["phiz_au"] = 12  # as if Phiz had made it
    assert not event_actions.adjustable(strip)
    curve.mute = True
    assert event_actions.adjustable(strip) and only(face, scene).intensity == 1.0
    curve.mute = False
    for point in curve.keyframe_points:
        point.co[1] = 0.0
    off = only(face, scene)
    assert off.intensity == 0.0 and off.envelope == ((0.0, 1.0), (pytest.approx(1.2), 1.0))
