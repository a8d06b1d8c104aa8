"""The measures must see what is wrong with a face: late, never closed, always closed, frozen, shaking."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from phiz.face import channels
from phiz.face.channels import INDEX, vector
from phiz.motion import measures
from phiz.motion.measures import LipGap, Performance, Track

FPS = 60.0
OPEN = {
    "AA": 0.6,
    "IY": 0.15,
    "AE": 0.5,
    "UW": 0.2,
    "T": 0.12,
    "S": 0.08,
    "N": 0.15,
    "P": 0.0,
    "M": 0.0,
    "F": 0.05,
}


def lip_gap() -> LipGap:
    slope = np.zeros((5, 51))
    slope[:, INDEX["jawOpen"]] = 1.0
    slope[:, INDEX["mouthClose"]] = -1.0
    slope[:, INDEX["mouthPressLeft"]] = slope[:, INDEX["mouthPressRight"]] = -0.1
    return LipGap(np.full(5, 0.02), slope)


def sentence(seed: int, words: int = 60) -> list[measures.Phone]:
    rng = np.random.default_rng(seed)
    phones, now = [(0.0, 0.5, "SIL")], 0.5
    for i in range(words):
        for name in (
            rng.choice(["T", "S", "N"]),
            rng.choice(["AA", "IY", "AE", "UW"]),
            "TSNPMF"[i % 6],
            "AA",
        ):
            phones.append((now, now + 0.1, str(name)))
            now += 0.1
    phones.append((now, now + 0.5, "SIL"))
    return phones


def acted(phones: list[measures.Phone], late: float = 0.0) -> Performance:
    """Each phone's pose held over the phone, softened over 50 ms."""
    times = np.arange(int(phones[-1][1] * FPS)) / FPS - late
    weights = np.zeros((len(times), 51))
    for start, end, name in phones:
        if name == "SIL":
            continue
        pose = vector(jawOpen=OPEN[name])
        if name in ("P", "M"):
            pose = vector(mouthPressBoth=0.5)
        elif name == "F":
            pose = vector(jawOpen=0.05, mouthRollLower=0.3, mouthShrugLower=0.5, mouthUpperUpBoth=0.3)
        elif name == "UW":
            pose = vector(jawOpen=0.2, mouthPucker=0.8, mouthFunnel=0.4)
        weights[(times >= start) & (times < end)] = pose
    kernel = np.full(3, 1 / 3)
    return Performance(np.stack([np.convolve(c, kernel, "same") for c in weights.T], 1), FPS, phones)


def closure_of(performances: list[Performance]) -> dict[str, float]:
    return measures.closure([p.gap(lip_gap()) for p in performances], [p.phones for p in performances])


def test_a_face_on_time_closes_and_a_late_one_does_not() -> None:
    good = closure_of([acted(sentence(s)) for s in range(2)])
    late = closure_of([acted(sentence(s), late=0.15) for s in range(2)])
    assert good["hit"] > 0.99 and good["inside"] > 0.99 and good["vowels"] == 0.0
    assert late["hit"] < 0.75


def test_a_face_always_closed_scores_nothing() -> None:
    phones = sentence(0)
    shut = Performance(np.repeat(vector(mouthPressBoth=1.0)[None], 1500, 0), FPS, phones)
    result = closure_of([shut])
    assert result["hit"] == result["inside"] == result["vowels"] == 0.0
    assert result["at_zero"] == 1.0


def test_a_face_that_closes_on_every_consonant_scores_nothing() -> None:
    phones = sentence(0)
    closing = [(s, e, "P" if n in ("T", "S", "N", "F") else n) for s, e, n in phones]
    eager = Performance(acted(closing).weights, FPS, phones)
    assert closure_of([eager])["hit"] < 0.05


def test_threshold_lets_exactly_eight_percent_through() -> None:
    """100 T with gaps 1..100: the largest gap that at most 8 fall to lies just below 9."""
    phones = [(float(i), i + 0.5, "T") for i in range(100)] + [(100.0, 100.5, "P"), (101.0, 101.5, "P")]
    values = np.full(int(103 * FPS), 1000.0)
    for i in range(100):
        values[int((i + 0.25) * FPS)] = i + 1
    values[int(100.25 * FPS)] = 8.5  # closed
    values[int(101.25 * FPS)] = 9.0  # not closed: one consonant more would be
    result = measures.closure([Track(values, FPS)], [phones])
    assert result["limit"] == 9.0 and result["false"] == 0.08 and result["hit"] == 0.5


def test_consonants_beside_a_bilabial_do_not_set_the_threshold() -> None:
    phones = [(0.0, 0.1, "T"), (0.15, 0.25, "P"), (0.5, 0.6, "T")]
    result = measures.closure([Track(np.ones(60), FPS)], [phones])
    assert result["others"] == 1


def test_reach_is_forty_milliseconds() -> None:
    phones = [(0.0, 0.1, "T"), (0.5, 0.6, "P"), (1.5, 1.6, "P")]
    values = np.ones(240)
    values[round(0.633 * FPS)] = 0.0  # 33 ms after the first P
    values[round(1.65 * FPS)] = 0.0  # 50 ms after the second
    result = measures.closure([Track(values, FPS)], [phones])
    assert result["hit"] == 0.5 and result["inside"] == 0.0


def test_scores_of_a_recogniser_count_as_gaps() -> None:
    phones = sentence(1)
    score = np.zeros(int(phones[-1][1] * 100))
    for start, end, name in phones:
        if name in ("P", "M"):
            score[round(start * 100) : round(end * 100)] = 1.0
    noise = np.random.default_rng(0).uniform(0, 0.3, len(score))
    assert measures.closure_from_scores([score + noise], 100.0, [phones])["hit"] == 1.0
    assert measures.closure_from_scores([noise], 100.0, [phones])["hit"] < 0.6


def test_labiodental_needs_the_lip_under_the_teeth() -> None:
    phones = sentence(2)
    good = acted(phones)
    flat = Performance(good.weights.copy(), FPS, phones)
    flat.weights[:, INDEX["mouthRollLower"]] = flat.weights[:, INDEX["mouthShrugLower"]] = 0.0
    flat.weights[:, [INDEX["mouthUpperUpLeft"], INDEX["mouthUpperUpRight"]]] = 0.0
    assert measures.labiodental([good], lip_gap())["hit"] == 1.0
    assert measures.labiodental([flat], lip_gap())["hit"] < 0.1


def test_labiodental_posture_falls_as_the_mouth_opens() -> None:
    lip_in = vector(mouthRollLower=0.3, mouthShrugLower=0.5, mouthUpperUpBoth=0.3)[None]
    nearly_shut, open_mouth = (
        measures.labiodental_posture(lip_in, np.array([gap]))[0] for gap in (0.02, 0.5)
    )
    assert nearly_shut == pytest.approx(1.06) and open_mouth == pytest.approx(0.1)


def test_rounding_and_openness_follow_the_vowels() -> None:
    good = acted(sentence(3))
    assert measures.rounding_auc([good]) == 1.0
    assert measures.openness_rank([good]) > 0.9
    frozen = Performance(np.full_like(good.weights, 0.3), FPS, good.phones)
    assert measures.rounding_auc([frozen]) == 0.5
    assert np.isnan(measures.openness_rank([frozen]))


def test_silence_leak_counts_movement_in_pauses_only() -> None:
    phones = [(0.0, 1.0, "SIL"), (1.0, 2.0, "AA"), (2.0, 2.2, "SIL"), (2.2, 3.0, "AA")]
    weights = np.zeros((90, 51))
    weights[31:60, INDEX["jawOpen"]] = np.linspace(0, 1, 29)  # in the vowel
    weights[61:66, INDEX["jawOpen"]] = 0.5  # in the short pause
    still = Performance(weights, 30.0, phones)
    assert measures.silence_leak([still]) == pytest.approx(0.0)
    weights = weights.copy()
    weights[:30:2, INDEX["jawOpen"]] = 0.02
    assert measures.silence_leak([Performance(weights, 30.0, phones)]) == pytest.approx(0.02, abs=0.001)


def test_tremor_is_the_variance_above_eight_hertz() -> None:
    phones = [(0.0, 4.0, "AA")]
    times = np.arange(120) / 30.0
    weights = np.zeros((120, 51))
    weights[:, INDEX["jawOpen"]] = (
        0.3 + 0.2 * np.sin(2 * np.pi * 3 * times) + 0.05 * np.sin(2 * np.pi * 11 * times)
    )
    fast, total = measures.tremor([Performance(weights, 30.0, phones)])
    assert fast == pytest.approx(0.05**2 / 2, rel=0.05)
    assert total == pytest.approx((0.05**2 + 0.2**2) / 2, rel=0.05)


@pytest.mark.parametrize("shift", [-3, 0, 4])
def test_lag_finds_the_shift(shift: int) -> None:
    sound = np.convolve(np.random.default_rng(0).normal(size=400), np.hanning(9), "same")
    assert measures.lag(np.roll(sound, shift), sound, 30.0) == pytest.approx(shift / 30.0, abs=0.01)


def test_seam_ratio_sees_a_jump() -> None:
    smooth = np.cumsum(np.random.default_rng(0).normal(0, 0.01, (300, 51)), 0)
    assert measures.seam_ratio(smooth, [100, 200])["worst"] < 1.5
    smooth[200:] += 0.1
    assert measures.seam_ratio(smooth, [100, 200])["worst"] > 3.0


def test_spearman_and_auc_against_known_values() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert measures.spearman(a, np.array([2.0, 1.0, 4.0, 3.0, 5.0])) == pytest.approx(0.8)
    assert measures.spearman(a, np.array([1.0, 1.0, 2.0, 2.0, 2.0])) == pytest.approx(0.8660254)


def test_resampling_is_linear_and_keeps_time() -> None:
    ramp = np.arange(31, dtype=float)[:, None] * np.ones(51)
    up = measures.resampled(ramp, 30.0, 60.0)
    assert len(up) == 61 and np.allclose(up[:, 0], np.arange(61) / 2)


def test_lip_gap_file_is_checked(tmp_path: Path) -> None:
    with pytest.raises(measures.LipGapError, match="--rigs"):
        measures.load_lip_gap(tmp_path)
    table = {"channels": list(channels.CHANNELS), "g0": [0.0] * 5, "G": np.zeros((5, 51)).tolist()}
    (tmp_path / measures.GAP_FILE).write_text(json.dumps(table))
    assert measures.load_lip_gap(tmp_path)(np.zeros((3, 51))).tolist() == [0, 0, 0]
    table["channels"].reverse()
    (tmp_path / measures.GAP_FILE).write_text(json.dumps(table))
    with pytest.raises(measures.LipGapError, match="order"):
        measures.load_lip_gap(tmp_path)
