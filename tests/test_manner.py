"""Talk like this take: what is read, which mixture of styles it is taken for, what the gains do."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

from phiz.corpus import manner_statistics
from phiz.corpus.clips import CorpusError, SourceWriter
from phiz.corpus.manner_statistics import manners_of, speech, stretch
from phiz.corpus.teacher.styles import CAPTURED, STYLES, TAUGHT
from phiz.face.channels import COUNT, INDEX, REGIONS
from phiz.motion.take import Take
from phiz.runtime import manner
from phiz.runtime.manner import (
    LEAST_GAIN,
    MOST_GAIN,
    STATISTICS,
    Manner,
    MannerError,
    Manners,
    gain,
    gains,
    likeness,
    read_manner,
    style_weights,
)

UNCHANGED = {"jaw": 1.0, "lips": 1.0, "rounding": 1.0, "brows": 1.0, "head": 1.0}


@pytest.fixture(scope="module")
def known(tiny_corpus: Path) -> Manners:
    return manners_of(tiny_corpus)


def performed(corpus: Path, style: str, seconds: float = 30.0, seed: int = 0) -> Take:
    return stretch(speech(corpus, "test"), style, seconds, np.random.default_rng(seed))


def changed(take: Take, channels: tuple[str, ...], factor: float) -> Take:
    weights = take.weights.copy()
    weights[:, [INDEX[name] for name in channels]] *= factor
    return dataclasses.replace(take, weights=weights)


# ---- reading -------------------------------------------------------------------------------------------


def test_a_manner_does_not_hang_on_the_frame_rate(tiny_corpus: Path) -> None:
    take = performed(tiny_corpus, "lively")
    fine = read_manner(take.resampled(60.0))
    for name, value in read_manner(take).items():
        assert fine[name] == pytest.approx(value, rel=0.1), name


def test_each_statistic_follows_its_own_channels(tiny_corpus: Path) -> None:
    take = performed(tiny_corpus, "plain")
    before = read_manner(take)
    for statistic, channels in {
        "jaw": ("jawOpen", "mouthClose"),
        "lips": ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
        "rounding": ("mouthFunnel", "mouthPucker"),
        "smile": ("mouthSmileLeft", "mouthSmileRight"),
        "brows": tuple(name for name in INDEX if name.startswith("brow")),
    }.items():
        after = read_manner(changed(take, channels, 0.7))
        assert after[statistic] == pytest.approx(0.7 * before[statistic], rel=0.1), statistic
        others = set(STATISTICS) - {statistic, "jaw_speed"}
        assert all(after[name] == pytest.approx(before[name], rel=0.15) for name in others), statistic


def test_blinks_are_counted() -> None:
    weights = np.zeros((600, COUNT), np.float32)
    for frame in (100, 200, 350, 500):
        weights[frame : frame + 5, REGIONS["eyes"][0]] = (0.5, 1.0, 1.0, 0.6, 0.2)
        weights[frame : frame + 5, INDEX["eyeBlinkRight"]] = (0.5, 1.0, 1.0, 0.6, 0.2)
    found = read_manner(Take(weights, np.zeros((600, 3)), 30.0))
    assert found["blinks"] == pytest.approx(12.0)
    assert math.isnan(found["jaw"]) and math.isnan(found["gaze"]) and math.isnan(found["yaw"])


def test_what_stands_still_is_unknown(tiny_corpus: Path) -> None:
    take = performed(tiny_corpus, "plain")
    weights = take.weights.copy()
    weights[:, REGIONS["eyes"]] = 0.1
    found = read_manner(Take(weights, np.full_like(take.head, 0.2), 30.0))
    unknown = {name for name, value in found.items() if math.isnan(value)}
    assert unknown == {"yaw", "pitch", "roll", "head_speed", "gaze", "blinks"}


def test_too_little_motion_is_named(tiny_corpus: Path) -> None:
    take = performed(tiny_corpus, "plain")
    with pytest.raises(MannerError, match=r"4 s or more, came 3\.9 s"):
        read_manner(Take(take.weights[:117], take.head[:117], 30.0))
    with pytest.raises(MannerError, match="stands still"):
        read_manner(Take(np.full((300, COUNT), 0.2), np.zeros((300, 3)), 30.0))


# ---- matching ------------------------------------------------------------------------------------------


def test_every_style_is_known_in_the_order_of_the_model(known: Manners) -> None:
    assert [m.name for m in known.styles] == list(STYLES)
    assert {m.name for m in known.styles if m.captured} == set(CAPTURED)
    assert all(set(m.typical) == set(m.spread) == set(STATISTICS) for m in known.styles if not m.captured)
    assert Manners.model_validate_json(known.model_dump_json()) == known


def test_the_typical_manner_of_a_style_is_that_style(known: Manners) -> None:
    for place, style in enumerate(known.styles[: len(TAUGHT)]):
        weights = style_weights(style.typical, known)
        assert weights.dtype == np.float32 and weights.shape == (len(STYLES),)
        assert weights[place] > 0.99


def test_halfway_between_two_styles_is_a_mixture_of_them(known: Manners) -> None:
    a, b = (known.styles[STYLES.index(name)].typical for name in ("mumbling", "theatrical"))
    halfway = {k: math.sqrt((a[k] + floor) * (b[k] + floor)) - floor for k, floor in STATISTICS.items()}
    weights = style_weights(halfway, known)
    assert weights.min() >= 0.0 and weights.sum() == pytest.approx(1.0, abs=1e-5)
    level = np.stack([manner.logarithms(style.typical) for style in known.styles[: len(TAUGHT)]])
    reached = weights[: len(TAUGHT)] @ level
    wanted = manner.logarithms(halfway)
    nearest = min(np.abs(wanted - row).mean() for row in level)
    assert np.count_nonzero(weights > 0.02) >= 2 and np.abs(wanted - reached).mean() < nearest


def test_performances_are_taken_for_the_style_they_are_in(known: Manners, tiny_corpus: Path) -> None:
    right = [
        STYLES[int(style_weights(read_manner(performed(tiny_corpus, style, seed=seed)), known).argmax())]
        == style
        for style in TAUGHT
        for seed in range(3)
    ]
    assert np.mean(right) >= 0.7


def test_what_is_unknown_is_left_out(known: Manners, tiny_corpus: Path) -> None:
    take = performed(tiny_corpus, "theatrical")
    still = likeness(Take(take.weights, np.zeros_like(take.head), 30.0), known)
    assert STYLES[int(still.weights.argmax())] == "theatrical"
    assert still.gains["head"] == 1.0


def test_a_captured_style_takes_part_only_where_it_fits(known: Manners) -> None:
    own = {"jaw": 0.9, "lips": 0.02, "press": 0.01}
    odd = Manner(name="odd", typical=own, spread=dict.fromkeys(own, 0.2), captured=True)
    manners = Manners(styles=[*known.styles[: len(TAUGHT)], odd])
    assert style_weights(own, manners)[-1] > 0.9
    assert style_weights(known.styles[0].typical, manners)[-1] == 0.0
    vague = odd.model_copy(
        update={"typical": known.styles[0].typical, "spread": dict.fromkeys(STATISTICS, 2.0)}
    )
    for other in (vague, Manner(name="unknown", typical={}, spread={}, captured=True)):
        manners = Manners(styles=[*known.styles[: len(TAUGHT)], other])
        assert style_weights(known.styles[0].typical, manners)[-1] == 0.0


def test_gains_make_up_for_what_the_mixture_lacks(known: Manners) -> None:
    plain = known.styles[0].typical
    row = np.eye(len(STYLES), dtype=np.float32)[0]
    assert gains(plain, row, known) == pytest.approx(UNCHANGED, abs=1e-3)
    wanted = {**plain, "jaw": 1.3 * plain["jaw"], "brows": 0.1 * plain["brows"], "yaw": 9.0, "pitch": 9.0}
    found = gains(wanted, row, known)
    assert 1.02 < found["jaw"] < 1.3  # a part of it may be chance
    assert found["brows"] == LEAST_GAIN and found["head"] == MOST_GAIN and found["lips"] == pytest.approx(1.0)
    far = gains({**plain, "jaw": 2.5 * plain["jaw"]}, row, known)
    assert far["jaw"] == MOST_GAIN
    assert gains({}, row, known) == UNCHANGED


# ---- applying ------------------------------------------------------------------------------------------


def normalised(take: Take) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    motion = np.concatenate([take.weights, take.head], axis=1)
    mean, spread = motion.mean(0), np.maximum(motion.std(0), 0.01)
    return ((motion - mean) / spread).astype(np.float32), mean, spread


def test_gains_of_one_change_nothing(tiny_corpus: Path) -> None:
    clean, mean, spread = normalised(performed(tiny_corpus, "plain"))
    before = clean.copy()
    gain(clean, mean, spread, UNCHANGED)
    np.testing.assert_array_equal(clean, before)


def test_gains_bring_a_take_to_the_statistics_they_were_made_for(tiny_corpus: Path) -> None:
    take = performed(tiny_corpus, "plain")
    before = read_manner(take)
    clean, mean, spread = normalised(take)
    gain(clean, mean, spread, {"jaw": 1.2, "lips": 0.8, "rounding": 0.7, "brows": 0.7, "head": 0.6})
    motion = clean * spread + mean
    after = read_manner(Take(motion[:, :COUNT], motion[:, COUNT:], 30.0))
    for name, factor in {
        "jaw": 1.2, "lips": 0.8, "rounding": 0.7, "brows": 0.7, "yaw": 0.6, "pitch": 0.6, "roll": 0.6,
        "head_speed": 0.6, "gaze": 1.0, "blinks": 1.0,
    }.items():  # fmt: skip
        assert after[name] == pytest.approx(factor * before[name], rel=0.12), name
    eyes = list(REGIONS["eyes"])
    np.testing.assert_allclose(motion[:, eyes], take.weights[:, eyes], atol=1e-5)


def test_a_raised_brow_that_stays_up_is_mood_and_stays() -> None:
    motion = np.zeros((300, COUNT + 3), np.float32)
    motion[:, INDEX["browInnerUp"]] = 0.6
    motion[150, INDEX["browInnerUp"]] = 0.9
    gain(motion, np.zeros(COUNT + 3), np.ones(COUNT + 3), {**UNCHANGED, "brows": 1.5})
    assert motion[20, INDEX["browInnerUp"]] == pytest.approx(0.6, abs=1e-6)
    assert motion[150, INDEX["browInnerUp"]] == pytest.approx(1.05, abs=0.01)


# ---- the corpus ----------------------------------------------------------------------------------------


def test_manners_are_repeatable(tiny_corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manner_statistics, "_STRETCHES", 3)
    first = manners_of(tiny_corpus)
    assert manners_of(tiny_corpus) == first and manners_of(tiny_corpus, seed=1) != first


def test_a_corpus_without_speech_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"no .*none"):
        manners_of(tmp_path / "none")
    with SourceWriter(tmp_path, "mute", 0) as out:
        out.add("a", np.zeros(16000), None, speaker="x")
    with pytest.raises(CorpusError, match="phones"):
        manners_of(tmp_path)


def test_every_statistic_has_a_place(known: Manners) -> None:
    assert set(manner._REGIONS) == set(UNCHANGED) == {*manner._SCALED, "brows"}
    assert {name for names in manner._REGIONS.values() for name in names} <= set(STATISTICS)
