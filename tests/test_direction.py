"""Acting notes say what is wrong with them, and become smooth emotion tracks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.acting.direction import SHOWABLE, AUEvent, Direction, DirectionError, EmotionKey
from phiz.acting.presets import PRESETS
from phiz.acting.schema import schema
from phiz.acting.track import emotion_track
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS

DOCS = Path(__file__).resolve().parents[1] / "docs"
HAPPY, SAD, NEUTRAL = (EMOTIONS.index(name) for name in ("happy", "sad", "neutral"))


def two_keys(**second: Any) -> Direction:
    return Direction(
        emotion=[
            {"time": 1.0, "mix": {"happy": 1.0}},
            {"time": 3.0, "mix": {"sad": 1.0}, "intensity": 0.5} | second,
        ]
    )


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    direction = Direction(
        emotion=[{"time": 2, "mix": {"sad": 0.3, "fear": 0.7}, "intensity": 0.4}],
        events=[
            {"au": 12, "side": "L", "start": 0.1, "end": 0.7, "intensity": 1 / 3, "ramp_out": 0},
            {"au": 4, "start": 0.3, "end": 1.2, "envelope": [[0, 0], [1 / 7, 1], [1 / 7, 0.5], [0.9, 0]]},
        ],
        style="lively",
        seed=9,
    )
    direction.to_file(path)
    assert Direction.from_file(path) == direction
    written = json.loads(path.read_text())
    assert written["version"] == 2
    assert "envelope" not in written["events"][0] and not {"ramp_in", "ramp_out"} & set(written["events"][1])
    assert Direction(**direction.model_dump()) == direction
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())  # as some editors save it
    assert Direction.from_file(path) == direction


@pytest.mark.parametrize("emotion", [None, ()])
def test_open_and_neutral_stay_apart_in_a_file(tmp_path: Path, emotion: tuple[()] | None) -> None:
    path = tmp_path / "notes.json"
    Direction(emotion=emotion).to_file(path)
    assert Direction.from_file(path).emotion == emotion
    assert Direction().emotion is None


def test_keys_and_events_are_sorted_by_time() -> None:
    late, early = {"time": 5, "mix": {"sad": 1}}, {"time": 1, "mix": {"happy": 1}}
    assert [key.time for key in Direction(emotion=[late, early]).emotion or ()] == [1.0, 5.0]
    events = [{"au": au, "start": start, "end": 9} for au, start in ((1, 3), (2, 1), (4, 3))]
    assert [event.au for event in Direction(events=events).events] == [2, 1, 4]


def test_an_event_has_sides_strength_and_ramps_unless_told() -> None:
    assert AUEvent(au=12, start=1, end=2) == AUEvent(
        au=12, side="B", start=1.0, end=2.0, intensity=1.0, ramp_in=0.2, ramp_out=0.2
    )
    for number in SHOWABLE:
        for side in ACTION_UNITS[number].sides:
            fields = {"au": number, "side": side, "start": 0, "end": 1}
            assert AUEvent.model_validate(fields).side == side


def test_a_version_1_file_means_what_it_meant(tmp_path: Path) -> None:
    path = tmp_path / "notes.json"
    path.write_text('{"version": 1, "seed": 3}')
    read = Direction.from_file(path)
    assert read == Direction(emotion=(), seed=3) and read.version == 2
    path.write_text('{"version": 1, "emotion": [{"mix": {"sad": 1}}]}')
    assert Direction.from_file(path) == Direction.of("sad")
    path.write_text('{"version": 1, "events": []}')
    with pytest.raises(DirectionError, match="version should be 2 where there are events; got 1"):
        Direction.from_file(path)


def event(**fields: Any) -> dict[str, Any]:
    return {"events": [{"au": 12, "start": 0, "end": 1} | fields]}


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        (
            {"emotion": [{"mix": {"joy": 1}}]},
            r"emotion\[0\]\.mix\.joy: joy is not one of neutral, angry, ",
        ),
        (
            {"emotion": [{"mix": {"happy": 1.5}}]},
            r"emotion\[0\]\.mix\.happy: .*equal to 1; got 1\.5",
        ),
        ({"emotion": [{"mix": {"happy": 1}}, {"mix": {"sad": -1}}]}, r"emotion\[1\]\.mix\.sad: .*; got -1"),
        ({"emotion": [{"mix": {"happy": 1}, "time": -1}]}, r"emotion\[0\]\.time: .*got -1"),
        ({"emotion": [{"mix": {"happy": 1}, "time": float("nan")}]}, r"emotion\[0\]\.time"),
        ({"emotion": [{"mix": {"happy": 1}, "intensity": "very"}]}, r"emotion\[0\]\.intensity: .*got 'very'"),
        (
            {"emotion": [{"mix": {"happy": 1}, "ramp": 1}]},
            r"no field emotion\[0\]\.ramp\. Fields are time",
        ),
        ({"emotion": [{"time": 1}]}, r"emotion\[0\]\.mix is missing"),
        ({"emotion": "happy"}, "emotion: "),
        ({"version": 3}, "version: should be 2; got 3"),
        (event(au=3), r"events\[0\]\.au: 3 is not in the FACS table; may be 1, 2, 4, .*, 64; got 3"),
        (event(au=51), r"au: AU 51 \(Head turn left\) cannot be shown, a head movement.*; may be 1"),
        (event(au="smile"), r"events\[0\]\.au: .*got 'smile'"),
        (event(au=1, side="L"), r"events\[0\]\.side: AU 1 \(Inner brow raiser\) takes B; got 'L'"),
        (event(au=30), r"events\[0\]\.side: AU 30 \(Jaw sideways\) takes L or R; got 'B'"),
        (event(side="left"), r"events\[0\]\.side: should be 'B', 'L' or 'R'; got 'left'"),
        (event(end=0), r"events\[0\]\.end: should be later than start, 0; got 0"),
        (event(start=2.5, end=1), r"events\[0\]\.end: should be later than start, 2\.5; got 1"),
        (event(end=float("inf")), r"events\[0\]\.end: should be a finite number"),
        (event(start=float("nan")), r"events\[0\]\.start: should be a finite number; got nan"),
        (event(start=-0.1), r"events\[0\]\.start: .*got -0\.1"),
        (event(intensity=1.01), r"events\[0\]\.intensity: .*equal to 1; got 1\.01"),
        (event(ramp_in=-1), r"events\[0\]\.ramp_in: .*got -1"),
        (event(envelope=[[0, 0], [1, 1]], ramp_in=0.2), r"events\[0\]\.ramp_in: should be left out where"),
        (event(envelope=[[0, 0], [1, 1]], ramp_out=0), r"events\[0\]\.ramp_out: should be left out where"),
        (event(envelope=[]), r"events\[0\]\.envelope: .*at least 1 item"),
        (
            event(envelope=[[0.5, 0], [0.4, 1]]),
            r"\.envelope: points should be in order of time; 0\.4 s follows",
        ),
        (event(envelope=[[0, 0], [1.1, 1]]), r"\.envelope: points count from the event's start .* at 1 s at"),
        (event(envelope=[[0, 0], [0.5, 1.5]]), r"events\[0\]\.envelope\[1\]\[1\]: .*equal to 1; got 1\.5"),
        (event(envelope=[[-0.1, 0]]), r"events\[0\]\.envelope\[0\]\[0\]: .*got -0\.1"),
        (event(envelope=[[0.1]]), r"events\[0\]\.envelope\[0\]\[1\] is missing"),
        (event(ramp=1), r"no field events\[0\]\.ramp\. Fields are au, side, start, end, intensity"),
        ({"events": [{"au": 12, "start": 0}]}, r"events\[0\]\.end is missing"),
        ({"seed": -1}, "seed: .*got -1"),
        ({"seed": 0.5}, r"seed: .*got 0\.5"),
        ({"seed": 2**32}, "seed: "),
        ({"style": ""}, "style: "),
        ({"au": []}, "no field au. Fields are version, emotion, events, style, seed"),
    ],
)
def test_errors_name_the_field(tmp_path: Path, fields: dict[str, Any], named: str) -> None:
    with pytest.raises(DirectionError, match=named) as caught:
        Direction(**fields)
    assert "\n" not in str(caught.value)
    path = tmp_path / "notes.json"
    path.write_text(json.dumps(fields))
    with pytest.raises(DirectionError, match=named) as caught:
        Direction.from_file(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b"\xff\xfe\x00", None])
def test_files_that_are_no_direction(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "notes.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DirectionError) as caught:
        Direction.from_file(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_direction_cannot_be_changed() -> None:
    with pytest.raises(ValueError):
        Direction().seed = 3  # type: ignore[misc]


def test_one_emotion_all_through() -> None:
    track = emotion_track(Direction.of("happy", 0.6, seed=3), 50, 30.0)
    assert track.shape == (50, 8) and track.dtype == np.float32
    np.testing.assert_allclose(track[:, HAPPY], 0.6, atol=1e-6)
    np.testing.assert_allclose(track[:, NEUTRAL], 0.4, atol=1e-6)
    with pytest.raises(DirectionError, match="joy"):
        Direction.of("joy")


def test_no_notes_are_neutral() -> None:
    for direction in (Direction(), Direction(emotion=())):
        np.testing.assert_array_equal(emotion_track(direction, 5, 30.0), np.eye(8)[[NEUTRAL] * 5])


def test_mixes_over_one_are_scaled_and_under_one_are_filled_with_neutral() -> None:
    over = emotion_track(Direction(emotion=[{"mix": {"happy": 1, "sad": 1}, "intensity": 0.8}]), 1, 30)[0]
    np.testing.assert_allclose(over[[HAPPY, SAD, NEUTRAL]], [0.4, 0.4, 0.2], atol=1e-6)
    under = emotion_track(Direction(emotion=[{"mix": {"happy": 0.5}}]), 1, 30)[0]
    np.testing.assert_allclose(under[[HAPPY, NEUTRAL]], [0.5, 0.5], atol=1e-6)
    half = emotion_track(Direction(emotion=[{"mix": {"happy": 0.5, "neutral": 0.5}}]), 1, 30)[0]
    np.testing.assert_allclose(half, under, atol=1e-6)


def test_the_way_between_keys_is_smooth_and_stays_between() -> None:
    track = emotion_track(two_keys(), 150, 30.0)
    np.testing.assert_allclose(track.sum(axis=1), 1.0, atol=1e-6)
    assert track.min() >= 0.0
    np.testing.assert_allclose(track[:31, HAPPY], 1.0, atol=1e-6)  # held before the first key
    np.testing.assert_allclose(track[60, [HAPPY, SAD]], [0.5, 0.25], atol=1e-6)  # half way
    np.testing.assert_allclose(track[90:, SAD], 0.5, atol=1e-6)  # held after the last
    assert (np.diff(track[:, HAPPY]) <= 1e-7).all()
    assert np.abs(np.diff(track, 2, axis=0)).max() < 0.003  # no corner: a straight ramp would have 0.017


def test_the_same_moment_at_any_frame_rate() -> None:
    np.testing.assert_allclose(
        emotion_track(two_keys(), 300, 60.0)[::2], emotion_track(two_keys(), 150, 30.0), atol=1e-6
    )


def test_two_keys_at_one_time_are_a_cut() -> None:
    direction = Direction(emotion=[{"time": 1, "mix": {"happy": 1}}, {"time": 1, "mix": {"sad": 1}}])
    track = emotion_track(direction, 60, 30.0)
    assert (track[:30, HAPPY] == 1.0).all() and (track[30:, SAD] == 1.0).all()


def test_times_past_the_end_are_taken_as_the_end() -> None:
    track = emotion_track(two_keys(time=1000.0, intensity=1.0), 61, 30.0)
    assert track[30, HAPPY] == 1.0 and track[60, SAD] == 1.0
    np.testing.assert_allclose(track[45, SAD], 0.5, atol=1e-6)
    late = emotion_track(Direction(emotion=[{"time": 100, "mix": {"happy": 1}}]), 30, 30.0)
    assert (late[:, HAPPY] == 1.0).all()


def test_only_the_first_key_past_the_end_counts() -> None:
    keys = [{"time": t, "mix": {name: 1}} for t, name in ((0, "neutral"), (50, "happy"), (60, "sad"))]
    track = emotion_track(Direction(emotion=keys), 31, 30.0)
    assert track[30, HAPPY] == 1.0 and not track[:, SAD].any()


def test_no_frames() -> None:
    assert emotion_track(Direction.of("happy"), 0, 30.0).shape == (0, 8)


def test_presets_are_events_that_can_be_shown() -> None:
    for preset in PRESETS.values():
        events = Direction(events=preset.events(1.5)).events
        assert len(events) == len(preset.moves) and {event.start for event in events} == {1.5}
        assert all(event.end - event.start == pytest.approx(preset.seconds) for event in events)
    assert PRESETS["Felt smile"].formula == "6+12" and PRESETS["Doubt"].formula == "2L+4R+14R"


def test_the_published_schema_is_the_models() -> None:
    written = json.loads((DOCS / "direction.schema.json").read_text(encoding="utf-8"))
    assert written == schema(), "python -m phiz.acting.schema > docs/direction.schema.json"
    event = written["$defs"]["AUEvent"]["properties"]
    assert set(event) == set(AUEvent.model_fields) and event["au"]["enum"] == list(SHOWABLE)


def test_the_page_about_the_direction_holds_what_the_code_holds() -> None:
    page = (DOCS / "direction.md").read_text(encoding="utf-8")
    example = json.loads(page.split("```json")[1].split("```")[0])
    assert set(example) == set(Direction.model_fields) and len(Direction(**example).events) == 2
    for model in (Direction, EmotionKey, AUEvent):
        assert all(f"`{field}`" in page for field in model.model_fields)
    rows = [line for line in page.splitlines() if line.startswith("| ") and line[2].isdigit()]
    wanted = []
    for number in SHOWABLE:
        unit = ACTION_UNITS[number]
        against = " ".join(str(other) for other in unit.antagonists if ACTION_UNITS[other].showable)
        wanted.append(f"| {number} | {unit.name} | {' '.join(unit.sides)} | {against} |")
    assert rows == wanted
    assert all(name in page for name in EMOTIONS)
