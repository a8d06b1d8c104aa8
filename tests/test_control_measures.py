"""Experiments on lips, pairs and progressive guidance: what they count, and each runs to its finding."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from phiz.acting.direction import SHOWABLE
from phiz.audio.aligned import width
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.evaluate.experiments import Stage, lips, pairs, progressive, steps
from phiz.evaluate.experiments.speech import Speech, closures, rich_speech
from phiz.evaluate.test_sets import HeldOutClip
from phiz.face.action_units import ACTION_UNITS
from phiz.face.channels import COUNT, INDEX, vector
from phiz.motion.measures import LipGap
from phiz.runtime import bundle
from phiz.runtime.articulation import Lips, guard

JAW_GAP = LipGap(np.zeros(5), np.tile(np.eye(COUNT)[INDEX["jawOpen"]], (5, 1)))
"""Lips that are apart as far as the jaw is open."""


def clip(name: str, *phones: str) -> HeldOutClip:
    """Each phone 0.2 s of noise, as loud as its place in the alphabet."""
    said = [(0.2 * i, 0.2 * (i + 1), phone) for i, phone in enumerate(phones)]
    noise = np.random.default_rng(len(name)).normal(0, 0.1, round(0.2 * len(phones) * RATE))
    return HeldOutClip(name, "made_up", noise.astype(np.float32), said)


def test_rich_speech_begins_with_the_clip_of_most_bilabials_and_keeps_the_phones_in_time() -> None:
    poor, rich = clip("poor", "T", "AA", "T"), clip("rich", "M", "AA")
    speech = rich_speech([poor, rich], 1.2)
    assert [name for _, _, name in speech.phones] == ["M", "AA", "T", "AA", "T", "M", "AA"]
    np.testing.assert_allclose([start for start, _, _ in speech.phones], 0.2 * np.arange(7), atol=1e-9)
    np.testing.assert_array_equal(
        speech.recording.samples, np.concatenate([rich.samples, poor.samples, rich.samples])
    )
    assert speech.bilabials == 2 and speech.seconds == pytest.approx(1.4)


def spoken() -> tuple[Speech, np.ndarray]:
    """B AA T AA, 0.3 s each, 20 times over, and a run that closes every B and opens AA wider than T."""
    names = ["B", "AA", "T", "AA"] * 20
    phones = [(0.3 * i, 0.3 * (i + 1), name) for i, name in enumerate(names)]
    at = np.arange(24 * 30) // 9  # the phone of each frame
    weights = np.zeros((len(at), COUNT))
    weights[:, INDEX["jawOpen"]] = [{"B": 0.0, "T": 0.4, "AA": 0.6}[names[i]] + 0.001 * i for i in at]
    return Speech(Recording(np.zeros(24 * RATE, np.float32)), phones), weights


def test_closures_at_ones_own_threshold_and_at_another() -> None:
    speech, weights = spoken()
    closed = closures(weights, speech, JAW_GAP)
    assert closed.hit == closed.others_hit == 1.0 and closed.inside == 1.0 and closed.vowels == 0.0
    half = weights.copy()
    half[: len(half) // 2, INDEX["jawOpen"]] += 0.3  # nothing closes any more in the first half
    assert closures(half, speech, JAW_GAP, 0.2).others_hit == pytest.approx(0.5)
    lifted = weights.copy()
    lifted[:, INDEX["jawOpen"]] += 0.3  # all is more open: told apart still, but not closed as before
    again = closures(lifted, speech, JAW_GAP, 0.2)
    assert again.hit == 1.0 and again.others_hit == 0.0
    assert again.limit == pytest.approx(closed.limit + 0.3)


def test_lower_face_units() -> None:
    assert {9, 12, 17, 26, 28, 30} <= set(lips.LOWER_FACE) <= set(SHOWABLE)
    assert not {1, 4, 6, 43, 45, 46, 61} & set(lips.LOWER_FACE)


def test_seen_pairs_are_the_unseen_units_in_other_company() -> None:
    def units(each: tuple[pairs.Pair, ...]) -> list[int]:
        return sorted(au for pair in each for au in pair)

    assert units(pairs.SEEN) == units(pairs.UNSEEN)
    assert not set(map(frozenset, pairs.SEEN)) & set(map(frozenset, pairs.UNSEEN))
    for first, second in pairs.SEEN:
        assert second not in ACTION_UNITS[first].antagonists


def test_pairs_come_in_turn_until_the_recording_ends() -> None:
    speech = rich_speech([clip("x", *["M", "AA", "T"] * 5)], 9.0)
    turns = pairs.in_company(((1, 2), (4, 5)), speech)
    assert [pair for pair, _ in turns] == [(1, 2), (4, 5), (1, 2), (4, 5)]
    for (_, (first, second)), (_, (after, _)) in pairwise(turns):
        assert (first.start, first.end) == (second.start, second.end) and first.end < after.start
    assert turns[-1][1][0].end <= speech.seconds


@pytest.fixture(scope="module")
def stage(acting_bundle: Path) -> Stage:
    made_up = clip("made up", *["B", "AA", "T", "M", "IY", "S"] * 3)
    return Stage(bundle.load(acting_bundle, threads=1), [made_up], JAW_GAP)


def test_lips_runs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lips, "SECONDS", 3.0)
    monkeypatch.setattr(lips, "LOWER_FACE", (12, 26))
    found = lips.run(stage)
    assert [row[0] for row in found.rows] == ["none", "12 Lip corner puller", "26 Jaw drop"]
    assert all(len(row) == len(found.columns) for row in found.rows)


def test_pairs_runs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "SECONDS", 7.0)
    found = pairs.run(stage)
    assert [row[0] for row in found.rows] == ["unseen"] * 4 + ["seen"] * 4
    assert all(len(row) == len(found.columns) and 0 <= float(str(row[2])) <= 1 for row in found.rows)


def test_progressive_runs(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progressive, "SHOWABLE", (1, 12))
    found = progressive.run(stage)
    assert len(found.rows) == len(progressive.WAYS)
    counted = [float(str(row[1])) for row in found.rows]
    assert counted[0] == stage.bundle.manifest.steps and counted[1:6] == sorted(counted[1:6], reverse=True)


@pytest.mark.parametrize(("heard", "as_reference"), [(0.0, False), (0.1, True)])
def test_a_faint_closure_is_no_wider_for_a_unit(heard: float, as_reference: bool) -> None:
    slope = [vector(jawOpen=1.0, mouthClose=-1.0).tolist()] * 3
    lips = Lips(rest=[0.0] * 3, slope=slope, silence=0, closure=1, labiodental=2)
    mean, spread = np.zeros(COUNT + 3, np.float32), np.ones(COUNT + 3, np.float32)
    audio = np.zeros((1, width(3)), np.float32)
    audio[0, 1] = np.sqrt(heard)
    correct = guard(audio, lips, mean, spread, 1.0)
    reference, wide = (
        np.append(vector(jawOpen=jaw), np.zeros(3))[None].astype(np.float32) for jaw in (0.1, 0.6)
    )
    correct(reference, slice(0, 1))
    correct(wide, slice(0, 1), reference)
    gaps = [float(each[0, INDEX["jawOpen"]] - each[0, INDEX["mouthClose"]]) for each in (reference, wide)]
    assert (gaps[1] == pytest.approx(gaps[0], abs=1e-5)) == as_reference


def test_steps_run_in_two_runs_and_in_int8(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "UNITS", (1, 12))
    monkeypatch.setattr(steps, "STEPS", (1, 3))
    rows = steps.run(stage).rows
    assert [row[:2] for row in rows] == [(way, n) for way in ("two runs", "two runs, int8") for n in (1, 3)]
    assert all(np.isfinite(float(str(value))) for row in rows for value in row[2:])
