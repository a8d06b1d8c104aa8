"""Experiments on Action Units: measures with known answers, and each experiment on a tiny bundle."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from conftest import speech
from matplotlib.axes import Axes

from phiz.acting.direction import SHOWABLE, AUEvent
from phiz.acting.units import control_mask, unit_track
from phiz.cli import main
from phiz.evaluate.experiments import Finding, Stage, Table, boundaries, conflict, in_turn, leakage, write
from phiz.evaluate.experiments import measures as m
from phiz.evaluate.test_sets import HeldOutClip
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import COUNT, INDEX
from phiz.face.emotions import pose as emotion_pose
from phiz.motion.measures import LipGap
from phiz.runtime import bundle

FRAMES = 120
SMILE = AUEvent(au=12, start=1.0, end=3.0)
LEFT = AUEvent(au=12, side="L", start=1.0, end=3.0)


def still(value: float = 0.0) -> np.ndarray:
    return np.full((FRAMES, COUNT), value, np.float32)


def acted(*events: AUEvent, gain: float = 1.0) -> np.ndarray:
    """(frames, 51): every event's pose as asked, times a gain."""
    weights = still()
    for event in events:
        held = unit_track([event], FRAMES, 30.0)[:, len(unit_track([event], 1, 30.0)[0]) // 2 :].max(1)
        weights = np.maximum(weights, gain * held[:, None] * pose(event.au, event.side))
    return weights.astype(np.float32)


def test_the_span_of_an_event() -> None:
    inside, held = m.span(SMILE, FRAMES)
    assert (inside, held) == (slice(31, 90), slice(36, 85))
    brief = m.span(AUEvent(au=12, start=1.0, end=1.2), FRAMES)
    assert len(range(*brief.held.indices(FRAMES))) <= 1
    assert m.span(AUEvent(au=12, start=9.0, end=9.5), FRAMES).held == slice(120, 120)


def test_activation_is_weight_over_pose() -> None:
    weights = still()
    weights[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = [0.4, 0.8]
    assert m.activation(weights, 12, "B")[0] == pytest.approx(0.6)  # cheekSquint, 0.25, does not count
    assert m.activation(weights, 12, "L")[0] == pytest.approx(0.4)
    weights[:, INDEX["jawOpen"]] = 0.9
    assert m.activation(weights, 26, "B")[0] == pytest.approx(1.2)  # pose 0.45, cut off
    assert m.activation(weights, 25, "B")[0] == 0.0


@pytest.mark.parametrize(("gain", "intensity", "rate"), [(0.6, 1.0, 1.0), (0.4, 1.0, 0.0), (0.9, 0.2, 0.0)])
def test_shown_is_half_of_what_was_asked_and_enough_to_be_seen(
    gain: float, intensity: float, rate: float
) -> None:
    event = SMILE.model_copy(update={"intensity": intensity})
    found = m.control_rate([(acted(event, gain=gain), [event])])
    assert found.every == rate and found.by_unit == {12: rate}


def test_control_rate_counts_cells_and_names_the_worst() -> None:
    brow = AUEvent(au=4, start=1.0, end=2.0)
    found = m.control_rate([(acted(SMILE), [SMILE, brow])])
    cells = [len(range(*m.span(event, FRAMES).held.indices(FRAMES))) for event in (SMILE, brow)]
    assert found.every == pytest.approx(cells[0] / sum(cells))
    assert found.worst == (4, 0.0)


def test_intensities_are_ranked() -> None:
    asked = (0.0, 0.25, 0.5, 0.75, 1.0)
    found = [m.measured(acted(SMILE.model_copy(update={"intensity": x}), gain=0.8), SMILE) for x in asked]
    assert found == pytest.approx([0.8 * x for x in asked], abs=1e-6)
    assert m.intensity_rank(asked, found) == pytest.approx(1.0)
    assert m.intensity_rank(asked, [0.0, 0.2, 0.1, 0.3, 0.4]) == pytest.approx(0.9)


def test_the_other_side_is_what_moves_there_against_the_run_without_events() -> None:
    plain = still(0.2)
    weights = plain.copy()
    near, far = INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]
    weights[:, near], weights[:, far] = 0.8, 0.26
    assert m.other_side(weights, plain, LEFT) == pytest.approx(0.1, abs=1e-3)
    assert m.other_side(acted(LEFT), still(), LEFT) == 0.0


def test_a_leak_is_what_moves_outside() -> None:
    controlled = control_mask([SMILE], FRAMES, 30.0).any(0)
    inside = m.span(SMILE, FRAMES).inside
    weights = still()
    weights[inside, :] = np.where(controlled, 0.5, 0.05)
    assert m.leak(weights, still(), SMILE)[:3] == pytest.approx((0.0, 0.0, 0.1))
    weights[inside.stop : inside.stop + 5] = 0.5
    weights[inside.start - 11] = 1.0  # too far before
    found = m.leak(weights, still(), SMILE)
    assert (found.before, found.after, found.inside) == pytest.approx((0.0, 0.5, 0.5))


def test_a_jump_at_an_edge_stands_out() -> None:
    rng = np.random.default_rng(0)
    plain = rng.uniform(0.0, 0.1, (FRAMES, COUNT)).astype(np.float32)
    assert 0.3 < m.boundary_jump(plain, SMILE) < 1.5
    weights = plain.copy()
    weights[m.span(SMILE, FRAMES).inside] += 0.5
    assert m.boundary_jump(weights, SMILE) > 5.0
    assert m.boundary_jump(weights, SMILE, 10 * plain) < 1.5
    assert m.boundary_jump(plain, SMILE, weights) < 1.5  # the edges are no part of what is ordinary


def test_fast_energy_is_what_lies_above_8_hz() -> None:
    time = np.arange(300) / 30.0
    slow, fast = (np.tile(np.sin(2 * np.pi * hz * time)[:, None], (1, 2)) for hz in (3.0, 11.0))
    assert m.fast_energy(slow) < 1e-3
    assert m.fast_energy(slow + 0.5 * fast) == pytest.approx(0.25, rel=0.05)  # two channels of 0.5² / 2


def test_likeness_looks_at_what_no_event_controls() -> None:
    plain = np.random.default_rng(1).uniform(0, 1, (FRAMES, COUNT)).astype(np.float32)
    mask = control_mask([SMILE], FRAMES, 30.0) > 0
    assert m.likeness(np.where(mask, 0.0, plain), plain, [SMILE]) == pytest.approx(1.0)
    other = np.random.default_rng(2).uniform(0, 1, plain.shape)
    assert m.likeness(other, plain, [SMILE]) < 0.1


def test_every_unit_stands_under_a_label_that_does_not_show_it() -> None:
    direction, seconds = conflict._conflicts()
    labels = {event.au: label for label, event in conflict._labelled(direction)}
    assert set(labels) == set(SHOWABLE) and set(labels.values()) == set(conflict.LABELS)
    assert (labels[12], labels[15], labels[1]) == ("sad", "happy", "angry")
    for au, label in labels.items():
        shape = pose(au, ACTION_UNITS[au].sides[0])
        assert emotion_pose(label) @ shape < 0.5 * shape @ shape, (au, label)
    events = direction.events
    assert all(b.start - a.end >= 1.0 for a, b in itertools.pairwise(events))
    assert seconds >= events[-1].end


def test_units_in_turn() -> None:
    (first, second), end = in_turn([(12, "L"), (4, "B")], held=1.0, gap=0.5, intensity=0.3)
    assert (first.au, first.side, first.intensity, second.au) == (12, "L", 0.3, 4)
    assert second.start - first.end == pytest.approx(0.5) and end == pytest.approx(second.end + 0.5)


def _line(axes: Axes) -> None:
    axes.plot([0, 1])


def test_a_finding_is_a_page_and_a_picture(tmp_path: Path) -> None:
    finding = Finding(
        "A title",
        "It says.",
        ("what", "figure"),
        [("one", 0.123456), ("two", float("nan"))],
        _line,
        (Table("More", ("x",), [(3,)]),),
    )
    write(finding, "name", tmp_path, "phiz experiment name")
    page = (tmp_path / "name.md").read_text()
    assert "# A title" in page and "| one | 0.123 |" in page and "| two |  |" in page and "## More" in page
    assert "`phiz experiment name`" in page and "](name.png)" in page
    assert (tmp_path / "name.png").stat().st_size < 60_000


@pytest.fixture(scope="module")
def stage(acting_bundle: Path) -> Stage:
    rng = np.random.default_rng(3)
    samples, phones = speech(rng, 4.0)
    clip = HeldOutClip("one", "made up", samples.astype(np.float32), phones)
    gap = LipGap(np.zeros(5), np.tile(np.eye(1, COUNT, INDEX["jawOpen"]), (5, 1)))
    return Stage(bundle.load(acting_bundle, threads=1), [clip], gap)


def test_leakage_of_ours_is_zero(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leakage, "UNITS", ((12, "L"), (4, "B")))
    rows = {row[0]: row for row in leakage.run(stage).rows}
    assert rows["ours"][1:4] == (0.0, 0.0, 0.0)
    assert float(str(rows["mask off"][2])) > 0.0


def test_boundaries_run_on_every_ramp(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundaries, "UNITS", ((12, "L"), (4, "B")))
    rows = boundaries.run(stage).rows
    assert [row[0] for row in rows] == list(boundaries.RAMPS)
    assert all(np.isfinite(float(str(row[3]))) for row in rows)


def test_conflict_runs_with_a_bundle_to_compare(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    units = (1, 12, 15, 26)
    monkeypatch.setattr(conflict, "SHOWABLE", units)
    monkeypatch.setattr(conflict, "SIDED", (12, 15))
    monkeypatch.setattr(conflict, "STRENGTHS", (0.0, 1.0))
    monkeypatch.setattr(conflict, "INTENSITIES", (0.0, 1.0))
    shares: list[float] = []
    compared = Stage(
        stage.bundle, stage.clips, stage.gap, shares.append, others={"labels not swapped": stage.bundle}
    )
    finding = conflict.run(compared)
    assert shares[-1] == pytest.approx(1.0)
    ours, others = finding.rows[:2], finding.rows[2:]
    assert [row[1] for row in ours] == [0.0, 1.0] and [row[1] for row in others] == [1.0] * 4
    assert "labels not swapped" in str(others[-1][0])
    assert all(row[6] == pytest.approx(1.0) for row in ours)  # what no event controls stays as it was
    assert all(float(str(row[6])) < 0.999 for row in finding.rows if "the paper" in str(row[0]))
    assert [row[0] for row in finding.more[0].rows] == [f"{au} {ACTION_UNITS[au].name}" for au in units]


def test_the_command_names_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["experiment", "nothing", "--corpus", "x", "--rigs", "x"]) == 2
    assert "conflict, leakage" in capsys.readouterr().err
