"""Action Unit events become tracks and masks that stay inside their span, and what is odd is said."""

from __future__ import annotations

import time

import numpy as np
import pytest

from phiz.acting.direction import AUEvent, Direction
from phiz.acting.remarks import notes_on
from phiz.acting.units import LIP_MOVERS, UNITS, WIDTH, control_mask, controlled, envelope, groups, unit_track
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import CHANNELS
from phiz.face.head.lips import lip_gap_coefficients

FPS = 30.0


def event(au: int = 12, start: float = 1.0, end: float = 2.0, **more: object) -> AUEvent:
    return AUEvent.model_validate({"au": au, "start": start, "end": end} | more)


def drawn(seed: int, count: int, seconds: float) -> list[AUEvent]:
    """Any events at all: every unit and side, ramps longer than the event, past the end, very short."""
    rng = np.random.default_rng(seed)
    numbers = [unit.number for unit in ACTION_UNITS.values() if unit.showable]
    events = []
    for _ in range(count):
        au = int(rng.choice(numbers))
        start = float(rng.uniform(0, 1.1 * seconds))
        ramps = rng.choice([0.0, 0.2, 3.0], 2)
        events.append(
            event(
                au, start, start + float(rng.exponential(0.5)) + 1e-3, intensity=float(rng.uniform()),
                side=str(rng.choice(ACTION_UNITS[au].sides)), ramp_in=ramps[0], ramp_out=ramps[1],
            )
        )  # fmt: skip
    return events


def column(au: int, side: str) -> int:
    return UNITS.index((au, side))


def test_every_showable_unit_has_two_columns() -> None:
    assert len(UNITS) == 66 and WIDTH == 132 and list(UNITS) == sorted(UNITS)
    assert all(ACTION_UNITS[au].showable for au, _ in UNITS)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
def test_an_envelope_stays_inside_its_span(fps: float) -> None:
    for one in drawn(1, 200, 10.0):
        span, held = envelope(one, round(10 * fps), fps)
        assert len(held) == span.stop - span.start and held.dtype == np.float32
        at = np.arange(span.start, span.stop) / fps
        assert (at > one.start - 1e-6).all() and (at < one.end + 1e-6).all() and span.stop <= 10 * fps
        assert (held > 0).all() and (held <= 1).all()
        assert (np.diff(np.sign(np.diff(held))) <= 0).all()  # up, then down, never again up


def test_ramps_are_smooth_and_as_long_as_written() -> None:
    span, held = envelope(event(ramp_in=0.5, ramp_out=0.2), 90, FPS)
    full = np.flatnonzero(held == 1.0) + span.start
    assert (full[0], full[-1]) == (45, 54) and (span.start, span.stop) == (31, 60)
    np.testing.assert_allclose(held[37 - span.start], 0.4507, atol=1e-3)  # smoothstep of 7/15
    assert np.abs(np.diff(held[:16], 2)).max() < 0.03  # a straight ramp has a corner of 0.067


def test_without_ramps_one_event_follows_another() -> None:
    span, held = envelope(event(ramp_in=0, ramp_out=0), 90, FPS)
    assert (span.start, span.stop) == (30, 60) and (held == 1.0).all()
    # 0.28 * 25 is a little more than 7 in floating point.
    assert envelope(event(start=0.28, end=0.56, ramp_in=0, ramp_out=0), 90, 25.0)[0] == slice(7, 14)


def test_ramps_longer_than_the_event_are_shortened_in_proportion() -> None:
    span, held = envelope(event(ramp_in=4.0, ramp_out=1.0), 90, FPS)
    assert span.start + int(held.argmax()) == 54 and held.max() == 1.0  # at 4/5 of the way


def test_an_envelope_of_points_is_straight_between_them_and_jumps_where_two_share_a_time() -> None:
    points = [(0.1, 0.0), (0.3, 1.0), (0.5, 0.5), (0.5, 0.25), (0.9, 0.0)]
    span, held = envelope(event(envelope=points), 90, FPS)
    assert (span.start, span.stop) == (34, 57)  # where it is 0 at either end it is not on
    for frame, wanted in ((36, 0.5), (39, 1.0), (42, 0.75), (45, 0.25), (51, 0.125)):
        np.testing.assert_allclose(held[frame - span.start], wanted, atol=1e-6)
    whole = envelope(event(envelope=[(0.4, 0.7)]), 90, FPS)
    assert whole[0] == slice(30, 60) and (whole[1] == np.float32(0.7)).all()


def test_tracks_masks_and_groups_follow_an_envelope_of_points() -> None:
    flash = event(4, intensity=0.5, side="L", envelope=[(0, 0), (0.2, 1), (0.4, 0), (0.6, 0), (1, 1)])
    track, mask = unit_track([flash], 90, FPS), control_mask([flash], 90, FPS)
    rows = [33, 36, 45, 54]
    np.testing.assert_allclose(track[rows, column(4, "L")], [0.5, 1, 0, 0.5], atol=1e-6)
    np.testing.assert_allclose(track[rows, len(UNITS) + column(4, "L")], [0.25, 0.5, 0, 0.25], atol=1e-6)
    np.testing.assert_allclose(mask[rows, CHANNELS.index("browDownLeft")], [0.5, 1, 0, 0.5], atol=1e-6)
    assert groups([flash], 90, FPS) == [(slice(31, 60), (flash,))]


@pytest.mark.parametrize("frames", [0, 1, 29, 31])
def test_a_recording_that_ends_before_or_during_the_event(frames: int) -> None:
    events = [event(ramp_in=0.0)]
    track, mask = unit_track(events, frames, FPS), control_mask(events, frames, FPS)
    assert track.shape == (frames, WIDTH) and mask.shape == (frames, 51)
    assert track.any() == mask.any() == (frames > 30) == bool(groups(events, frames, FPS))
    assert not unit_track([event(start=1e308, end=1.5e308)], frames, FPS).any()


def test_sides_and_intensity_stand_in_their_columns() -> None:
    track = unit_track([event(intensity=0.4), event(2, side="L", intensity=0.7), event(17)], 90, FPS)[45]
    wanted = np.zeros(WIDTH)
    for au, side, strength in [(12, "L", 0.4), (12, "R", 0.4), (2, "L", 0.7), (17, "L", 1), (17, "R", 1)]:
        wanted[column(au, side)] = 1.0
        wanted[len(UNITS) + column(au, side)] = strength
    np.testing.assert_allclose(track, wanted, atol=1e-6)


def test_of_overlapping_events_the_one_that_starts_later_says_how_strongly() -> None:
    low = event(start=2, end=3, intensity=0.2, side="L")
    for events in ([event(end=4, intensity=0.9), low], [low, event(end=4, intensity=0.9)]):
        track = unit_track(events, 150, FPS)
        left, right = (len(UNITS) + column(12, side) for side in "LR")
        np.testing.assert_allclose(track[[45, 75, 105], left], [0.9, 0.2, 0.9], atol=1e-6)
        assert (track[40:110, column(12, "L")] == 1.0).all()
        assert track[60:66, left].min() > 0.2 and (np.diff(track[60:67, left]) <= 0).all()
        np.testing.assert_allclose(track[40:110, right], 0.9, atol=1e-6)


def test_track_and_mask_are_zero_outside_the_events() -> None:
    for seed in range(20):
        events = drawn(seed, 6, 10.0)
        track, mask = unit_track(events, 300, FPS), control_mask(events, 300, FPS)
        assert (track >= 0).all() and (track <= 1).all() and (mask >= 0).all() and (mask <= 1).all()
        for i in range(300):
            on = [e for e in events if e.start - 1e-6 < i / FPS < e.end + 1e-6]
            columns = {column(e.au, side) for e in on for side in ("LR" if e.side == "B" else e.side)}
            assert set(np.flatnonzero(track[i, : len(UNITS)])) <= columns
            assert set(np.flatnonzero(track[i, len(UNITS) :])) <= columns
            assert set(np.flatnonzero(mask[i])) <= {c for e in on for c in controlled(e.au, e.side)}


def test_one_event_more_changes_only_its_own_frames() -> None:
    events, extra = drawn(3, 6, 10.0), event(start=4.0, end=6.0)
    for make in (unit_track, control_mask):
        changed = (make([*events, extra], 300, FPS) != make(events, 300, FPS)).any(1)
        assert changed.any() and not changed[:120].any() and not changed[180:].any()


def names(au: int, side: str) -> set[str]:
    return {CHANNELS[channel] for channel in controlled(au, side)}


def test_a_unit_controls_its_own_channels_and_those_against_it() -> None:
    assert names(2, "L") == {"browOuterUpLeft", "browDownLeft"}
    assert names(1, "B") == {"browInnerUp", "browDownLeft", "browDownRight"}
    assert {"mouthSmileRight", "mouthFrownRight", "mouthStretchRight"} <= names(12, "R")
    assert "mouthSmileLeft" not in names(5, "B")  # though a wink, against it, lifts the corner
    for au, side in {(n, side) for n, _ in UNITS for side in ACTION_UNITS[n].sides}:
        assert set(np.flatnonzero(pose(au, side))) <= set(controlled(au, side))
        other = {"L": "Right", "R": "Left"}.get(side)
        assert other is None or not any(name.endswith(other) for name in names(au, side))


def test_closures_are_kept_with_jaw_and_mouth_close_where_lips_are_moved() -> None:
    keepers = {"jawOpen", "mouthClose"}
    assert all(keepers <= names(au, "B") for au in (9, 10, 16, 17, 22, 24, 25, 28))
    assert not any(keepers & names(au, "B") for au in (1, 4, 5, 6, 12, 43, 61))
    moved = np.abs(lip_gap_coefficients()[1]).max(0)
    assert {CHANNELS[i] for i in np.flatnonzero(moved > 0.03)} == LIP_MOVERS


def test_groups_join_events_that_overlap_or_touch() -> None:
    one, two, three = (
        event(au, start, end, ramp_in=0, ramp_out=0)
        for au, start, end in ((12, 1, 2), (4, 2, 3), (12, 3.5, 4))
    )
    assert groups([three, two, one], 150, FPS) == [(slice(30, 90), (one, two)), (slice(105, 120), (three,))]
    inner = event(1, 1.5, 1.8)
    assert groups([one, inner], 150, FPS) == [(slice(30, 60), (one, inner))]
    assert groups([event(12, 9.0, 10.0)], 150, FPS) == []
    soft = [event(12, 1.0, 2.0), event(12, 2.0, 3.0)]  # frame 60 is zero in both
    assert [span for span, _ in groups(soft, 150, FPS)] == [slice(31, 60), slice(61, 90)]


def test_groups_hold_all_that_is_controlled() -> None:
    for seed in range(20):
        events = drawn(seed, 8, 10.0)
        inside = np.zeros(300, bool)
        found = groups(events, 300, FPS)
        for span, members in found:
            assert not inside[max(span.start - 1, 0) : span.stop + 1].any()
            inside[span] = True
            np.testing.assert_array_equal(
                control_mask(members, 300, FPS)[span], control_mask(events, 300, FPS)[span]
            )
        np.testing.assert_array_equal(inside, control_mask(events, 300, FPS).any(1))


def test_the_cost_of_an_event_does_not_grow_with_the_recording() -> None:
    hour = 108_000
    events = [event(12, float(start), start + 1.0) for start in range(3000)]
    began = time.process_time()
    unit_track(events, hour, FPS)
    assert time.process_time() - began < 3.0  # 3000 whole tracks of an hour would take minutes


def test_what_will_not_be_seen_as_written_is_said() -> None:
    direction = Direction(
        emotion=[{"time": t, "mix": {"sad": 1}} for t in (0, 9, 10)],
        events=[
            {"au": 12, "start": 1, "end": 3}, {"au": 12, "side": "L", "start": 2, "end": 4},
            {"au": 12, "side": "R", "start": 3.5, "end": 4}, {"au": 4, "start": 2, "end": 8.5},
            {"au": 1, "start": 8, "end": 9}, {"au": 2, "start": 5.01, "end": 5.02},
            {"au": 6, "start": 6, "end": 7, "envelope": [[0, 0], [1, 0]]},
        ],
    )  # fmt: skip
    assert notes_on(direction, 8.0) == [
        "emotion at 9 s: the recording ends at 8.00 s; taken as at the end",
        "emotion at 10 s: the recording ends at 8.00 s; left out",
        "AU 4 at 2-8.5 s: cut at the end of the recording, 8.00 s",
        "AU 2 at 5.01-5.02 s: falls between two frames, 30 in a second; left out",
        "AU 6 at 6-7 s: its envelope stays at 0; left out",
        "AU 1 at 8-9 s: the recording ends at 8.00 s; left out",
        "AU 12L at 2-4 s: goes before AU 12 at 1-3 s, which it overlaps",
    ]
    assert notes_on(Direction(), 1.0) == []
