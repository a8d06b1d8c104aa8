"""The teacher keeps its contract: closures, openness, rounding, stillness, labels, determinism."""

from __future__ import annotations

import numpy as np
import pytest

from phiz.acting.direction import AUEvent
from phiz.acting.units import controlled
from phiz.audio.phones import PHONES
from phiz.corpus.teacher import FPS, Performance, TeacherError, acting, closure, eyes, perform, visemes
from phiz.corpus.teacher.check import Tally
from phiz.corpus.teacher.coarticulation import Phone
from phiz.corpus.teacher.styles import STYLES, TAUGHT
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import CHANNELS, COUNT, INDEX, vector
from phiz.face.emotions import EMOTIONS

PHRASES = (
    "SIL B AA B IY M EH T DH AH N AO R TH W IH N D",
    "SIL P UW T AH N AY S F IH SH IH N M AY V EY S",
    "SIL L UH K AE T DH IH S K AW Z OW P AH N JH OY K IY P G OW IH NG HH IH R Y UW TH SIL",
)
SENTENCE: list[str] = [name for phrase in PHRASES for name in phrase.split()]


def spoken(names: list[str], length: float = 0.08, pause: float = 0.5) -> tuple[list[Phone], float]:
    """Phones of equal length with long pauses; /p b m/ only 40 ms long."""
    phones: list[Phone] = []
    at = 0.0
    for name in names:
        lasts = {"SIL": pause, "P": 0.04, "B": 0.04, "M": 0.04}.get(name, length)
        phones.append((at, at + lasts, name))
        at += lasts
    return phones, at


def played(seed: int, emotion: str | None = None, style: str | None = None, names: list[str] = SENTENCE,
           length: float = 0.08) -> tuple[list[Phone], Performance]:  # fmt: skip
    phones, seconds = spoken(names, length)
    rng = np.random.default_rng(seed)
    loudness = rng.normal(0.0, 4.0, round(seconds * FPS))
    return phones, perform(phones, seconds, loudness, rng, emotion, style)


@pytest.mark.parametrize("style", TAUGHT)
def test_lips_close_for_bilabials_and_stay_apart_otherwise(style: str) -> None:
    tally = Tally.empty()
    for seed, emotion in enumerate(EMOTIONS * 2):
        phones, performance = played(seed, emotion, style)
        tally.add(phones, performance.weights)
    assert max(tally.bilabial) <= 0.005
    assert np.mean(np.array(tally.non_labial) < 0.06) < 0.06
    assert min(tally.non_labial) > 0.02
    assert np.mean(np.array(tally.vowel) < 0.06) < 0.05
    assert max(tally.labiodental) < 0.06


def test_a_closure_of_50_ms_holds_for_two_frames() -> None:
    for offset in np.linspace(0.0, 1.0 / FPS, 7):
        start = 0.8 + offset
        phones = [
            (0.0, 0.4, "SIL"),
            (0.4, start, "AA"),
            (start, start + 0.05, "P"),
            (start + 0.05, 1.5, "AA"),
        ]
        weights = perform(phones, 1.5, np.zeros(45), np.random.default_rng(1)).weights
        shut = np.flatnonzero(closure.lip_gap(weights[15:]) <= 0.005) + 15
        assert len(shut) >= 2
        assert any(start <= frame / FPS <= start + 0.05 for frame in shut)


def enforced(name: str, resting: float = 0.0, **weights: float) -> np.ndarray:
    """(30,) lip gap of one second of a phone over a constant pose."""
    posed = np.tile(vector(**weights), (30, 1))
    closure.enforce(posed, [(0.0, 1.0, name)], np.arange(30) / FPS, floor=0.1, press=1.0,
                    resting=np.full(30, resting), rest_gap=np.full(30, 0.01))  # fmt: skip
    assert posed.min() >= 0.0
    assert posed.max() <= 1.0
    return closure.lip_gap(posed)[5:25]


def test_whatever_the_pose_each_sound_has_its_lip_gap() -> None:
    open_pose = {"jawOpen": 0.6, "mouthFunnel": 0.5, "mouthUpperUpBoth": 0.8, "noseSneerBoth": 1.0}
    shut_pose = {"mouthPressBoth": 1.0, "mouthRollLower": 0.9, "mouthShrugLower": 0.9, "mouthClose": 0.3}
    assert enforced("M", **open_pose).max() <= 0.0
    assert enforced("V", **open_pose).max() <= closure.DENTAL + 1e-5
    assert enforced("V", **shut_pose).min() > 0.005
    assert enforced("N", **shut_pose).min() > 0.095
    assert np.allclose(enforced("SIL", resting=1.0, jawOpen=0.3), 0.01, atol=1e-5)


def test_pauses_are_still_and_shut() -> None:
    for seed in range(8):
        phones = [(0.0, 0.4, "SIL"), (0.4, 0.8, "AA"), (0.8, 1.0, "T"), (1.0, 1.8, "SIL"), (1.8, 2.4, "AA")]
        performance = perform(phones, 2.4, np.zeros(72), np.random.default_rng(seed), "neutral")
        if performance.events:
            continue
        rest = closure.lip_gap(performance.weights[round(1.2 * FPS) : round(1.6 * FPS)])
        assert rest.max() < 0.035
        assert np.abs(np.diff(rest)).max() < 0.002


def test_the_mouth_starts_before_the_sound() -> None:
    weights = perform([(0.0, 0.6, "SIL"), (0.6, 0.9, "AA"), (0.9, 1.4, "SIL")], 1.4, np.zeros(42),
                      np.random.default_rng(2), "neutral", "plain").weights  # fmt: skip
    jaw = weights[:, INDEX["jawOpen"]]
    assert jaw[17] > jaw[12] + 0.015
    assert abs(jaw[13] - jaw[5]) < 0.02


def test_rounding_and_height_of_vowels() -> None:
    tally = Tally.empty()
    for seed in range(30):
        for vowel in ("AA", "IY", "UW", "AE", "EH"):
            phones, performance = played(seed, "neutral", "plain", ["SIL", "T", vowel, "T", "SIL"], 0.15)
            if not performance.events:
                tally.add(phones, performance.weights)
    rounding = {k: np.mean(v) for k, v in tally.rounding.items()}
    jaw = {k: np.mean(v) for k, v in tally.jaw.items()}
    assert rounding["UW"] > 4 * max(rounding[v] for v in ("AA", "IY", "AE", "EH"))
    assert jaw["AA"] > jaw["EH"] > jaw["IY"]
    assert jaw["AE"] > jaw["EH"] > jaw["UW"]


def test_tongue_sounds_leave_rounding_to_their_neighbours() -> None:
    pucker = []
    for vowel in ("UW", "IY"):
        weights = perform([(0.0, 0.3, vowel), (0.3, 0.38, "T"), (0.38, 0.7, vowel)], 0.7, np.zeros(21),
                          np.random.default_rng(0), "neutral", "plain").weights  # fmt: skip
        pucker.append(weights[10, INDEX["mouthPucker"]])
    assert pucker[0] > 0.2
    assert pucker[1] < 0.05


def test_loud_vowels_open_wider() -> None:
    phones, seconds = spoken(["SIL", "T", "AA", "T", "SIL"], 0.15)
    openings = []
    for level in (-8.0, 0.0, 6.0):
        loudness = np.full(round(seconds * FPS), level)
        weights = perform(phones, seconds, loudness, np.random.default_rng(7), "neutral", "plain").weights
        openings.append(weights[:, INDEX["jawOpen"]].max())
    assert openings[0] < 0.85 * openings[1]
    assert openings[1] < 0.95 * openings[2]


def test_weights_and_labels_are_what_they_say() -> None:
    moods, eventful = 0, 0
    for seed in range(200):
        phones, performance = played(seed)
        frames = round(phones[-1][1] * FPS)
        assert performance.weights.shape == (frames, COUNT)
        assert performance.weights.dtype == performance.head.dtype == performance.emotion.dtype == np.float32
        assert performance.head.shape == (frames, 3)
        assert performance.weights.min() >= 0.0 and performance.weights.max() <= 1.0
        assert np.isfinite(performance.weights).all() and np.isfinite(performance.head).all()
        assert np.allclose(performance.emotion.sum(1), 1.0, atol=1e-5) and performance.emotion.min() > -1e-6
        assert STYLES[performance.style] in TAUGHT
        moods += performance.emotion[:, 1:].max() > 0
        eventful += bool(performance.events)
        for event in performance.events:
            assert 0.0 <= event.start < event.end <= frames / FPS + 1e-3
            assert 0.3 <= event.intensity <= 1.0
            assert event.ramp_in + event.ramp_out <= event.end - event.start
    assert 0.53 < moods / 200 < 0.77
    assert 0.15 < eventful / 200 < 0.36


def test_a_named_emotion_shows_on_the_face() -> None:
    smile, frown = INDEX["mouthSmileLeft"], INDEX["mouthFrownLeft"]
    happy = [played(seed, "happy", "plain")[1] for seed in range(6)]
    sad = [played(seed, "sad", "plain")[1] for seed in range(6)]
    assert all(p.emotion[:, EMOTIONS.index("happy")].min() > 0.2 for p in happy)
    assert np.mean([p.weights[:, smile].mean() for p in happy]) > 0.25
    assert np.mean([p.weights[:, frown].mean() for p in sad]) > 0.2
    assert np.mean([p.weights[:, smile].mean() for p in sad]) < 0.1


def asked(au: int, side: str | None = None, intensity: float = 1.0) -> AUEvent:
    """One unit through the middle of SENTENCE."""
    return AUEvent.model_validate(
        {
            "au": au,
            "side": side or ACTION_UNITS[au].sides[0],
            "start": 0.5,
            "end": 5.0,
            "intensity": intensity,
        }
    )


def acted(events: list[AUEvent], seed: int = 3, emotion: str = "neutral") -> np.ndarray:
    """(frames, 51) of SENTENCE with these events; everything else is the same for the same seed."""
    phones, seconds = spoken(SENTENCE)
    loudness = np.zeros(round(seconds * FPS))
    return perform(
        phones, seconds, loudness, np.random.default_rng(seed), emotion, "plain", events=events
    ).weights


SHOWABLE = [number for number, unit in ACTION_UNITS.items() if unit.showable]
HELD = slice(round(0.9 * FPS), round(4.6 * FPS))  # past the ramps of `asked`


@pytest.mark.parametrize("au", SHOWABLE)
def test_more_is_asked_more_is_shown(au: int) -> None:
    full = pose(au, ACTION_UNITS[au].sides[0])
    shown = [
        acted([asked(au, intensity=x)])[HELD] @ full / (full @ full) for x in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    means = [strength.mean() for strength in shown]
    assert np.diff(means).min() > 0.03, means
    assert means[-1] - means[0] > 0.3


@pytest.mark.parametrize("au", [number for number in SHOWABLE if "L" in ACTION_UNITS[number].sides])
def test_one_side_stays_on_its_side(au: int) -> None:
    near = acted([asked(au, "R")])[HELD] - acted([])[HELD]
    other = [INDEX[name] for name in CHANNELS if name.endswith("Left") and name != "jawLeft"]
    assert np.abs(near).mean(0).max() > 0.05
    lips = [INDEX[name] for name in ("mouthUpperUpLeft", "mouthLowerDownLeft", "mouthPressLeft")]
    far = np.abs(near[:, other]).mean(0)
    assert far[~np.isin(other, lips)].max() < 1e-6
    assert far.max() < 0.1 * np.abs(near).mean(0).max()  # the closure pass moves lips on both sides


@pytest.mark.parametrize("au", SHOWABLE)
def test_a_unit_moves_what_it_controls(au: int) -> None:
    """Apart from what the closure pass does to lips and jaw."""
    side = ACTION_UNITS[au].sides[0]
    weights, share = np.full((60, COUNT), 0.5, np.float32), np.ones((60, COUNT), np.float32)
    acting.act(
        weights, [AUEvent.model_validate({"au": au, "side": side, "start": 0.0, "end": 2.0})], share, FPS
    )
    moved = set(np.flatnonzero(np.abs(weights[30] - 0.5) > 1e-6))
    assert set(np.flatnonzero(pose(au, side) > 0.5)) <= moved <= set(controlled(au, side))


def test_a_unit_takes_the_place_of_a_mood() -> None:
    smile, frown = INDEX["mouthSmileLeft"], INDEX["mouthFrownLeft"]
    happy, sad = acted([], emotion="happy"), acted([], emotion="sad")
    none = acted([asked(12, intensity=0.0)], emotion="happy")
    assert happy[HELD, smile].mean() > 0.2 and none[HELD, smile].max() < 1e-6
    np.testing.assert_array_equal(happy[:15], none[:15])
    against = acted([asked(12, intensity=0.7)], emotion="sad")
    assert against[HELD, smile].mean() == pytest.approx(0.7, abs=0.1)
    assert against[HELD, frown].mean() < 0.6 * sad[HELD, frown].mean()


def test_units_that_share_a_channel_do_not_take_it_from_each_other() -> None:
    cheek = INDEX["cheekSquintLeft"]
    alone, both = acted([asked(6)]), acted([asked(6), asked(12)])
    np.testing.assert_allclose(alone[HELD, cheek], both[HELD, cheek], atol=1e-6)


@pytest.mark.parametrize("au", [10, 12, 16, 22, 25, 26, 27])
def test_lips_close_under_a_unit(au: int) -> None:
    tally = Tally.empty()
    tally.add(spoken(SENTENCE)[0], acted([asked(au)]))
    assert max(tally.bilabial) <= 0.005


def test_speech_and_blinks_go_on_under_a_unit() -> None:
    jaw = acted([asked(26)])[HELD, INDEX["jawOpen"]]
    assert np.corrcoef(jaw, acted([])[HELD, INDEX["jawOpen"]])[0, 1] > 0.5
    lids = [
        acted(events, seed)[HELD, INDEX["eyeBlinkLeft"]].max()
        for events in ([], [asked(5)])
        for seed in range(6)
    ]
    assert lids[:6] == lids[6:] and max(lids) > 0.8


def test_blinks_shut_both_eyes_and_are_short() -> None:
    times = np.arange(1800) / FPS
    lids = eyes.blinks(np.random.default_rng(0), times, 15.0, np.zeros(0))
    shut = lids > 0.5
    starts = np.flatnonzero(shut[1:] & ~shut[:-1])
    assert 8 <= len(starts) <= 24
    assert shut.sum() / len(starts) / FPS < 0.25
    weights = eyes.pose(np.zeros((1800, 2)), lids)
    assert np.array_equal(weights[:, INDEX["eyeBlinkLeft"]], weights[:, INDEX["eyeBlinkRight"]])


def test_same_generator_same_performance_another_differs() -> None:
    one, same, other = played(5)[1], played(5)[1], played(6)[1]
    assert np.array_equal(one.weights, same.weights) and np.array_equal(one.head, same.head)
    assert one.events == same.events
    assert np.abs(one.weights - other.weights).mean() > 0.01


def test_every_phone_has_visemes() -> None:
    for name in PHONES:
        shares = visemes.parts(name)
        assert abs(sum(share for _, share in shares) - 1.0) < 1e-9
        assert all(part in visemes.VISEMES for part, _ in shares)


@pytest.mark.parametrize("phones", [[], [(0.3, 0.5, "AA")], [(0.0, 0.02, "P")], [(0.0, 9.0, "AA")]])
def test_odd_clips_are_performed(phones: list[Phone]) -> None:
    performance = perform(phones, 1.0, np.zeros(30), np.random.default_rng(0))
    assert performance.weights.shape == (30, COUNT)
    if not phones:
        assert closure.lip_gap(performance.weights).max() < 0.6


def test_what_cannot_be_performed_is_refused() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(TeacherError, match="phone"):
        perform([(0.0, 1.0, "QQ")], 1.0, np.zeros(30), rng)
    with pytest.raises(TeacherError, match="emotion"):
        perform([], 1.0, np.zeros(30), rng, emotion="bored")
    with pytest.raises(TeacherError, match="style"):
        perform([], 1.0, np.zeros(30), rng, style="facegood")
    with pytest.raises(TeacherError, match="frame"):
        perform([], 0.001, np.zeros(0), rng)
