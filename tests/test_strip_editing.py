# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""The list of Action Units and what is done with its strips; Directions written as strips and read back."""

from __future__ import annotations

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from blender_addon import action_support, strip_editing, strips  # noqa: E402
from phiz.acting.direction import AUEvent, Direction  # noqa: E402
from phiz.acting.presets import PRESETS  # noqa: E402
from phiz.acting.units import held_at, unit_track  # noqa: E402

START, SECONDS = 17.25, 60.0


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 30, 1.001
    return scene


@pytest.fixture
def face(scene):
    face = bpy.data.objects.new("Face", bpy.data.meshes.new("Face"))
    scene.collection.objects.link(face)
    return face


def read(face, scene) -> tuple[AUEvent, ...]:
    found = strips.read(face, scene, START, SECONDS)
    assert found.unread == ()
    return found.events


def test_the_list_is_in_order_of_time_and_says_all(face, scene) -> None:
    rate = 30 / 1.001
    strips.add(face, scene, START + 2 * rate, 12, "L", 0.6, 1.5)
    strips.add(face, scene, START + rate, 6).mute = True
    strips.add(face, scene, START + 3 * rate, 12).name = "AU6+1L"
    strips.add(face, scene, START + 4 * rate, 12).name = "AU12?"
    first, second, third, last = strip_editing.listing(face, scene, START, SECONDS)
    assert (first.strip, first.units, first.on, first.trouble) == ("AU6", ((6, "B"),), False, "")
    assert (second.strip, second.name, second.muscles) == ("AU12L", "Lip corner puller", "zygomaticus major")
    assert (second.track, second.intensity) == ("AU12 Lip corner puller", 0.6)
    assert second.seconds == pytest.approx((2.0, 3.5), abs=1e-5)
    assert third.units == ((6, "B"), (1, "L")) and third.name == "Cheek raiser + Inner brow raiser"
    assert third.trouble == "AU 1 (Inner brow raiser) takes B, not L"
    assert last.units == () and last.trouble.startswith("the name cannot be read")


def test_selecting_selects_alone_and_moves_the_playhead(face, scene) -> None:
    one, two = strips.add(face, scene, 20, 12), strips.add(face, scene, 40.5, 4)
    strip_editing.select(face, scene, "AU4")
    assert (one.select, two.select, scene.frame_current) == (False, True, 41)
    assert [track.select for track in face.animation_data.nla_tracks] == [False, True]
    with pytest.raises(strips.StripError, match="Face has no strip of an Action Unit named 'AU5'"):
        strip_editing.select(face, scene, "AU5")


def test_removing_takes_what_phiz_made_and_nothing_else(face, scene) -> None:
    strips.add(face, scene, 20, 12)
    kept = strips.add(face, scene, 60, 12)
    mine = bpy.data.actions.new("Mine")
    track = face.animation_data.nla_tracks.new()
    track.name = "Mine"
    track.strips.new("AU9", 20, mine).name = "AU9"
    linked = track.strips.new("AU12 copy", 60, kept.action)
    linked.name = "AU12 0.5"
    strip_editing.remove(face, "AU12")
    assert [action.name for action in bpy.data.actions] == ["AU12.001", "Mine"]
    strip_editing.remove(face, "AU12.001")
    assert [track.name for track in face.animation_data.nla_tracks] == ["Mine"]
    assert linked.action is not None and linked.action.name == "AU12.001"
    strip_editing.clear(face)
    assert [action.name for action in bpy.data.actions] == ["Mine"]
    strip_editing.remove(face, "AU9")
    assert [action.name for action in bpy.data.actions] == ["Mine"]
    assert [track.name for track in face.animation_data.nla_tracks] == ["Mine"]


def test_side_and_intensity_are_kept_by_the_action_and_else_by_the_name(face, scene) -> None:
    strip = strips.add(face, scene, 20, 12)
    strip_editing.set_side(face, "AU12", "R")
    strip_editing.set_intensity(face, "AU12R", 0.3)
    assert (strip.name, strip.action["phiz_side"], strip.action["phiz_intensity"]) == ("AU12R", "R", 0.3)
    strip.name = "AU9 0.5"
    strip_editing.set_intensity(face, "AU9 0.5", 0.7)
    assert strip.name == "AU9" and strip.action["phiz_au"] == 9
    assert [(e.au, e.side, e.intensity) for e in read(face, scene)] == [(9, "B", 0.7)]
    strip.name = "AU6+12"
    strip_editing.set_side(face, "AU6+12", "L")
    strip_editing.set_intensity(face, strip.name, 0.25)
    assert strip.name == "AU6L+12L 0.25"
    assert [(e.au, e.side, e.intensity) for e in read(face, scene)] == [(6, "L", 0.25), (12, "L", 0.25)]
    with pytest.raises(strips.StripError, match="The intensity is 0 to 1, came 2"):
        strip_editing.set_intensity(face, strip.name, 2.0)
    strip.name = "AU17"
    with pytest.raises(strips.StripError, match=r"AU 17 \(Chin raiser\) takes B, not L"):
        strip_editing.set_side(face, "AU17", "L")


def test_strips_that_share_an_action_go_together(face, scene) -> None:
    strip = strips.add(face, scene, 20, 12)
    other = face.animation_data.nla_tracks[0].strips.new("AU12", 90, strip.action)
    other.name = "AU12"
    strip_editing.set_side(face, other.name, "L")
    assert [event.side for event in read(face, scene)] == ["L", "L"]


def test_a_duplicate_acts_the_same_and_is_its_own(face, scene) -> None:
    strip = strips.add(face, scene, 20.5, 12, "L", 0.6, 1.0)
    strip.use_animated_influence = True
    for frame, value in ((20.5, 0.0), (30.0, 1.0), (50.0, 0.3)):
        strip.influence = value
        strip.keyframe_insert("influence", frame=frame)
    copy = strip_editing.duplicate(face, "AU12L")
    one, two = read(face, scene)
    assert two.start == pytest.approx(one.end, abs=1e-5) and (two.side, two.intensity) == ("L", 0.6)
    for share in np.linspace(0.0, 0.99, 30):
        at = share * (one.end - one.start)
        same = [held_at(event, np.array([event.start + at]))[0] for event in (one, two)]
        assert same[0] == pytest.approx(same[1], abs=3e-5)
    strip_editing.set_intensity(face, copy.name, 0.2)
    assert [event.intensity for event in read(face, scene)] == [0.6, 0.2]


def test_a_preset_is_a_strip_for_each_unit(face, scene) -> None:
    made = strip_editing.add_preset(face, scene, START, PRESETS["Doubt"])
    assert [strip.name for strip in made] == ["AU2L", "AU4R", "AU14R"]
    assert {(e.au, e.side, e.intensity) for e in read(face, scene)} == set(PRESETS["Doubt"].moves)


def events() -> list[AUEvent]:
    """Ramps, ramps too long for their span, none; blends; shapes that only a curve can hold; overlaps.

    What begins or ends at once does so between two frames: on one, rounding would decide.
    """
    fields = [
        {"au": 12, "side": "L", "start": 0.1, "end": 1.7, "intensity": 1 / 3},
        {"au": 12, "start": 1.2, "end": 2.91, "ramp_in": 0.31, "ramp_out": 0.0},
        {"au": 4, "start": 1.2, "end": 1.5, "ramp_in": 0.4, "ramp_out": 0.2, "intensity": 0.0},
        {"au": 45, "start": 2.01, "end": 2.26, "ramp_in": 0, "ramp_out": 0},
        {"au": 9, "start": 3.0, "end": 4.5, "envelope": [(0, 0), (0.5, 1), (1.1, 1), (1.5, 0)]},
        {"au": 46, "side": "R", "start": 4.01, "end": 5.01, "envelope": [(0, 1), (0.6, 1), (1, 0)]},
        {"au": 6, "start": 5.01, "end": 7.01, "intensity": 0.8,
         "envelope": [(0.2, 0.1), (0.7, 0.5), (0.7, 0.9), (1.1, 0.3), (1.8, 0.4)]},
        {"au": 17, "start": 50.01, "end": 52.01, "envelope": [(0.5, 0.25)]},
    ]  # fmt: skip
    return [AUEvent.model_validate(one) for one in fields]


def test_a_direction_written_as_strips_is_read_back(face, scene, tmp_path) -> None:
    wanted = Direction(events=events())
    strip_editing.write(face, scene, wanted.events, START)
    path = tmp_path / "notes.json"
    Direction(events=read(face, scene)).to_file(path)
    found = Direction.from_file(path)
    key = lambda event: (event.start, event.au)  # noqa: E731
    for want, got in zip(sorted(wanted.events, key=key), sorted(found.events, key=key), strict=True):
        assert (got.au, got.side, got.intensity) == (want.au, want.side, want.intensity)
        assert (got.start, got.end) == pytest.approx((want.start, want.end), abs=1e-5)
        at = np.linspace(0.003, 0.997 * (want.end - want.start), 200)
        np.testing.assert_allclose(held_at(got, got.start + at), held_at(want, want.start + at), atol=2e-5)
    tracks = [unit_track(direction.events, 1800, 30.0) for direction in (wanted, found)]
    np.testing.assert_allclose(tracks[0], tracks[1], atol=2e-5)


def test_a_written_envelope_moves_with_its_strip(face, scene) -> None:
    curved = events()[6]
    (strip,) = strip_editing.write(face, scene, [curved], START)
    assert [curve.data_path for curve in action_support.strip_curves(strip)] == ['["phiz_held"]']
    assert "phiz_held" in face
    strip.frame_end += 90.0
    strip.frame_start += 90.0
    (moved,) = read(face, scene)
    assert moved.start == pytest.approx(5.01 + 90 * 1.001 / 30, abs=1e-5)
    for at, held in ((0.1, 0.1), (0.45, 0.3), (0.8, 0.75), (1.9, 0.4)):
        assert held_at(moved, np.array([moved.start + at]))[0] == pytest.approx(held, abs=2e-5)
