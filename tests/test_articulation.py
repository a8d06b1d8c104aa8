"""The articulation guard: closures close, open sounds part, and only as far as its strength says."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from phiz.audio.aligned import width
from phiz.corpus.teacher.closure import GAP, REST_GAP, lip_gap
from phiz.face.channels import COUNT, INDEX, vector
from phiz.runtime.articulation import CLOSED, DENTAL_GAP, PARTED, Lips, guard
from phiz.runtime.bundle import MOTION

FEATURES = 4
LIPS = Lips(rest=REST_GAP.tolist(), slope=GAP.T.tolist(), silence=0, closure=1, labiodental=2)
MEAN, SPREAD = np.full(MOTION, 0.1, np.float32), np.full(MOTION, 0.2, np.float32)


def corrected(
    pose: np.ndarray, strength: float = 1.0, lips: Lips = LIPS, doubt: float | None = None, **heard: float
) -> np.ndarray:
    """(51,) weights of a pose after the guard, for one frame that hears these probabilities."""
    row = np.zeros(FEATURES)
    for name, probability in heard.items():
        row[3 if name == "phone" else getattr(LIPS, name)] = np.sqrt(probability)
    audio = np.tile(np.append(row, 0.0), 2)[None].astype(np.float32)
    assert audio.shape[1] == width(FEATURES)
    clean = (np.append(pose, np.zeros(3)) - MEAN) / SPREAD
    clean = clean[None].astype(np.float32)
    doubts = None if doubt is None else np.array([doubt])
    guard(audio, lips, MEAN, SPREAD, strength, doubts)(clean, slice(0, len(clean)))
    return (clean[0] * SPREAD + MEAN)[:COUNT]


OPEN_MOUTH = vector(jawOpen=0.5, mouthUpperUpBoth=0.3, mouthFunnel=0.2)
SHUT_MOUTH = vector(jawOpen=0.3, mouthClose=0.32)


def gap(weights: np.ndarray) -> float:
    return float(lip_gap(np.clip(weights, 0, 1)[None])[0])


@pytest.mark.parametrize("pose", [OPEN_MOUTH, vector(jawOpen=0.2, noseSneerBoth=0.6, mouthSmileBoth=0.5)])
def test_a_heard_closure_closes_whatever_the_mood(pose: np.ndarray) -> None:
    assert gap(pose) > 0.2
    assert gap(corrected(pose, closure=0.6)) == pytest.approx(CLOSED, abs=0.004)


def test_lips_and_phones_both_have_to_hear_a_closure() -> None:
    both = LIPS.model_copy(update={"bilabials": [3]})
    alone = corrected(OPEN_MOUTH, lips=both, closure=0.9)
    np.testing.assert_allclose(alone, corrected(OPEN_MOUTH), atol=1e-6)
    assert gap(corrected(OPEN_MOUTH, lips=both, closure=0.9, phone=0.9)) == pytest.approx(CLOSED, abs=0.004)


def test_doubt_takes_log_odds_off_what_is_heard() -> None:
    plain = corrected(OPEN_MOUTH, closure=0.1)
    np.testing.assert_allclose(corrected(OPEN_MOUTH, doubt=0.0, closure=0.1), plain, atol=1e-6)
    odds = 0.1 / 0.9 * np.exp(-1.0)
    less = corrected(OPEN_MOUTH, doubt=1.0, closure=0.1)
    np.testing.assert_allclose(less, corrected(OPEN_MOUTH, closure=odds / (1.0 + odds)), atol=1e-5)
    assert gap(less) > gap(plain) + 0.05
    assert gap(corrected(OPEN_MOUTH, doubt=1.2, closure=1.0)) == pytest.approx(
        CLOSED, abs=0.004
    )  # sure is sure


def test_a_mouth_too_wide_for_mouth_close_still_closes() -> None:
    wide = vector(jawOpen=1.0, mouthFunnel=1.0, mouthLowerDownBoth=1.0)
    assert gap(np.maximum(wide, vector(mouthClose=1.0))) > 0.3
    assert gap(corrected(wide, closure=0.9)) == pytest.approx(CLOSED, abs=0.02)


def test_a_closure_of_one_frame_has_a_slope_on_either_side() -> None:
    row = np.zeros((9, FEATURES))
    row[4, LIPS.closure] = 1.0
    audio = np.hstack([row, np.zeros((9, 1))] * 2).astype(np.float32)
    clean = ((np.append(OPEN_MOUTH, np.zeros(3)) - MEAN) / SPREAD).astype(np.float32) * np.ones(
        (9, 1), np.float32
    )
    guard(audio, LIPS, MEAN, SPREAD, 1.0)(clean, slice(0, len(clean)))
    gaps = [gap(row) for row in (clean * SPREAD + MEAN)[:, :COUNT]]
    assert gaps[1] > gaps[2] > gaps[3] > gaps[4] < gaps[5] < gaps[6] < gaps[7]
    assert gaps[1] == pytest.approx(gap(OPEN_MOUTH), abs=1e-4)


def test_a_closure_is_as_near_as_it_is_likely() -> None:
    gaps = [gap(corrected(OPEN_MOUTH, closure=p)) for p in (0.02, 0.06, 0.1, 0.14, 0.4)]
    assert gaps[0] == pytest.approx(gap(OPEN_MOUTH), abs=1e-4)
    assert all(a > b + 0.005 for a, b in pairwise(gaps))


def test_open_speech_is_parted_and_silence_may_rest() -> None:
    assert gap(SHUT_MOUTH) < 0.0
    assert gap(corrected(SHUT_MOUTH)) == pytest.approx(PARTED, abs=0.004)
    assert gap(corrected(vector())) == pytest.approx(PARTED, abs=0.004)  # the jaw opens: nothing to give back
    np.testing.assert_allclose(corrected(SHUT_MOUTH, silence=0.9), SHUT_MOUTH, atol=1e-6)


def test_a_labiodental_tucks_the_lower_lip_in_and_a_closure_goes_before() -> None:
    tucked = corrected(OPEN_MOUTH, labiodental=0.8)
    assert tucked[INDEX["mouthRollLower"]] > 0.35
    assert 0.0 < gap(tucked) <= DENTAL_GAP + 0.004
    both = corrected(OPEN_MOUTH, labiodental=0.8, closure=0.6)
    assert gap(both) < 0.0 and both[INDEX["mouthRollLower"]] == pytest.approx(0.0, abs=1e-6)


def test_strength_scales_the_correction_and_zero_is_off() -> None:
    np.testing.assert_array_equal(corrected(OPEN_MOUTH, 0.0, closure=0.9), corrected(OPEN_MOUTH, 0.0))
    np.testing.assert_allclose(corrected(SHUT_MOUTH, 0.0, closure=0.9), SHUT_MOUTH, atol=1e-6)
    half = gap(corrected(OPEN_MOUTH, 0.5, closure=0.9))
    assert CLOSED + 0.1 < half < gap(OPEN_MOUTH) - 0.1


def test_lips_that_met_go_on_to_meet_at_the_least_suspicion() -> None:
    def kept(before: np.ndarray, heard: float, silence: float = 0.9) -> float:
        """Lip gap of an open mouth beside a reference, at this probability of a closure."""
        row = np.zeros(FEATURES)
        row[[LIPS.closure, LIPS.silence]] = np.sqrt([heard, silence])
        audio = np.tile(np.append(row, 0.0), 2)[None].astype(np.float32)
        clean, reference = (
            ((np.append(pose, np.zeros(3)) - MEAN) / SPREAD)[None].astype(np.float32)
            for pose in (OPEN_MOUTH, before)
        )
        guard(audio, LIPS, MEAN, SPREAD, 1.0)(clean, slice(0, 1), reference)
        return gap((clean[0] * SPREAD + MEAN)[:COUNT])

    assert kept(SHUT_MOUTH, 0.02) < 0.02
    assert kept(SHUT_MOUTH, 0.004) == pytest.approx(gap(OPEN_MOUTH), abs=1e-4)  # rest is no closure
    assert kept(OPEN_MOUTH, 0.02) == pytest.approx(gap(OPEN_MOUTH), abs=1e-4)
