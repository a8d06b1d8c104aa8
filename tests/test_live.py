"""The live session: the same frames however the sound is cut, in order, and what was shown stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording
from phiz.audio.incoming import Incoming, SoundFormatError, lag
from phiz.audio.levels import loudness, normalised
from phiz.audio.mel import RATE, log_mel
from phiz.audio.recording import BadSamplesError, Recording
from phiz.audio.running_level import RunningLevel
from phiz.corpus.teacher.closure import lip_gap
from phiz.face.channels import COUNT, INDEX
from phiz.motion.measures import aperture, seam_ratio
from phiz.runtime import bundle
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import StyleError, generate
from phiz.runtime.listen import frame_count
from phiz.runtime.live import continuing
from phiz.runtime.live.continuing import doubts
from phiz.runtime.live.score import BLEND, Score
from phiz.runtime.live.session import HOP, LOOK_AHEAD, Frames, LiveError, LiveSession

VOICE = Path(__file__).resolve().parent.parent / "docs" / "demo" / "voice.flac"
CALM = Direction(emotion=(), style="plain", seed=3)
SMILE = AUEvent(au=12, start=1.0, end=1.8)


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return recording.load(VOICE).samples


@pytest.fixture(scope="module")
def tiny(acting_bundle: Path) -> Bundle:
    return bundle.load(acting_bundle, threads=1)


def joined(parts: list[Frames]) -> np.ndarray:
    """(n, 54), after a look at their order."""
    reached = parts[0].first
    for part in parts:
        assert part.first == reached and len(part.weights) == len(part.head)
        reached += len(part)
    return np.concatenate([np.concatenate([part.weights, part.head], axis=1) for part in parts])


def acted(model: Bundle, samples: np.ndarray, sizes: list[int], direction: Direction = CALM, **how: Any):
    """All frames of samples that come in pieces of these sizes, over and over."""
    session, parts, at, turn = LiveSession(model, direction, **how), [], 0, 0
    while at < len(samples):
        parts.append(session.push(samples[at : at + sizes[turn % len(sizes)]]))
        at += sizes[turn % len(sizes)]
        turn += 1
    return joined([*parts, session.finish()])


# ---- frames ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [RATE, 48_000])
def test_pieces_of_any_size_give_the_same_bytes(tiny: Bundle, voice: np.ndarray, rate: int) -> None:
    samples = voice[: round(2.03 * rate)]  # at another rate another voice, but a voice
    direction = Direction(emotion=(), events=(SMILE,), seed=3)
    whole = acted(tiny, samples, [len(samples)], direction, rate=rate)
    assert len(whole) == frame_count(len(samples) / rate)
    assert np.ptp(whole[:, :COUNT]) > 0.1
    for sizes in ([rate // 10], [1, 7, 999, 0, 4801]):
        assert acted(tiny, samples, sizes, direction, rate=rate).tobytes() == whole.tobytes()


def test_one_sample_at_a_time(tiny: Bundle, voice: np.ndarray) -> None:
    samples = voice[: RATE // 2]
    assert acted(tiny, samples, [1]).tobytes() == acted(tiny, samples, [len(samples)]).tobytes()


@pytest.mark.parametrize("rate", [RATE, 8_000, 44_100])
def test_a_frame_is_there_when_its_sound_and_no_more_is(tiny: Bundle, rate: int) -> None:
    session = LiveSession(tiny, CALM, rate=rate)
    step = rate // 100
    heard = 0
    for _ in range(120):
        heard += step
        session.push(np.zeros(step, np.float32))
        due = (heard / rate - LOOK_AHEAD) * 30
        assert session.frames >= due - 0.31, heard / rate  # a step is 0.3 frames
        assert session.frames <= max(0.0, (heard / rate - LOOK_AHEAD + lag(rate)) * 30 + HOP + 1e-6)


def test_float_int16_and_two_channels_say_the_same(tiny: Bundle, voice: np.ndarray) -> None:
    whole = np.round(voice[:RATE] * 32767).astype(np.int16)
    wanted = acted(tiny, whole, [1600])
    assert np.array_equal(acted(tiny, whole / 32768.0, [1600]), wanted)
    both = np.stack([whole, whole], axis=1) / np.float32(32768.0)
    session = LiveSession(tiny, CALM)
    assert np.allclose(joined([session.push(both), session.finish()]), wanted, atol=1e-6)


def test_the_seed_and_nothing_else_is_chance(tiny: Bundle, voice: np.ndarray) -> None:
    samples = voice[:RATE]
    one, same, other = (acted(tiny, samples, [1600], Direction(emotion=(), seed=seed)) for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes() and np.abs(one - other).max() > 0.01


def test_the_shipped_model_acts_as_it_does_offline(voice: np.ndarray) -> None:
    """Same seed: the mouth goes with that of a Take, hops leave no jumps, nothing stands still."""
    model = bundle.load(threads=2)
    samples = voice[: 6 * RATE]
    frames, take = acted(model, samples, [1600], CALM), generate(Recording(samples), CALM, model)
    assert len(frames) == take.frames
    assert np.corrcoef(aperture(frames[:, :COUNT]), aperture(take.weights))[0, 1] > 0.9
    assert seam_ratio(frames[:, :COUNT], range(HOP, len(frames), HOP))["mean"] < 1.4
    moves = np.abs(np.diff(frames[:, COUNT:], axis=0)).mean(axis=1)
    assert moves[HOP - 1 :: HOP].mean() < 1.6 * np.delete(moves, np.s_[HOP - 1 :: HOP]).mean()
    assert frames[:, INDEX["eyeBlinkLeft"]].max() > 0.5
    assert (frames[:, COUNT:].std(axis=0) > 0.3 * take.head.std(axis=0)).all()


def test_a_closure_of_which_little_was_heard_is_believed_less(
    tiny: Bundle, voice: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (np.diff(doubts(5)) > 0).all() and (doubts(24)[:18] == 0).all()
    gaps = []
    for doubt in (0.0, 3.0):
        monkeypatch.setattr(continuing, "DOUBT", doubt)
        gaps.append(lip_gap(acted(tiny, voice[: 2 * RATE], [1600])[:, :COUNT]))
    assert gaps[1].mean() > gaps[0].mean() + 1e-3


def test_silence_closes_the_mouth_and_an_empty_session_ends(tiny: Bundle) -> None:
    session = LiveSession(tiny, CALM)
    assert len(session.finish()) == 0
    frames = acted(bundle.load(threads=1), np.zeros(RATE, np.float32), [1600])
    assert len(frames) == 30 and aperture(frames[:, :COUNT]).max() < 0.15


def held(thing: object, seen: set[int]) -> int:
    """Bytes of all arrays, and items of all lists, that can be reached from a session."""
    if id(thing) in seen or isinstance(thing, Bundle | str | int | float):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes + held(thing.base, seen)
    if isinstance(thing, list | tuple):
        return len(thing) + sum(held(part, seen) for part in thing)
    return sum(held(part, seen) for part in getattr(thing, "__dict__", {}).values())


def test_what_a_session_holds_does_not_grow(tiny: Bundle) -> None:
    session = LiveSession(tiny, CALM, steps=1)
    piece = np.random.default_rng(0).normal(0.0, 0.1, RATE // 10).astype(np.float32)
    sizes = []
    for turn in range(240):
        if turn % 10 == 0:
            session.direct(Direction(emotion=(), events=(SMILE,), seed=turn))
        session.push(piece)
        sizes.append(held(session, set()))
    assert max(sizes[160:]) == max(sizes[80:160])


# ---- Directions -----------------------------------------------------------------------------------------


def directed(
    model: Bundle, samples: np.ndarray, changes: dict[int, tuple[Direction, float | None]], size: int = 1600
) -> np.ndarray:
    """All frames, with a Direction given (and its `at`) before so many samples have come."""
    session, parts = LiveSession(model, CALM), []
    marks = sorted({*range(0, len(samples), size), *changes})
    for start, end in zip(marks, [*marks[1:], len(samples)], strict=True):
        if start in changes:
            session.direct(*changes[start])
        parts.append(session.push(samples[start:end]))
    return joined([*parts, session.finish()])


def test_a_late_direction_changes_nothing_that_was_shown(tiny: Bundle, voice: np.ndarray) -> None:
    samples, happy = voice[: 2 * RATE], Direction.of("happy", seed=3)
    plain = acted(tiny, samples, [1600])
    now = directed(tiny, samples, {RATE: (happy, None)})
    first = round((1.0 - LOOK_AHEAD) * 30) + HOP  # what was there after a second of sound
    assert now[:first].tobytes() == plain[:first].tobytes()
    assert not np.array_equal(now[first : first + HOP], plain[first : first + HOP])
    later = directed(tiny, samples, {RATE // 2: (happy, 1.5)})
    # The hop before frame 45 is made with a look at the frames that follow it.
    assert later[:42].tobytes() == plain[:42].tobytes() and not np.array_equal(later[45:], plain[45:])
    assert directed(tiny, samples, {RATE // 2: (happy, 1.5)}, size=333).tobytes() == later.tobytes()
    assert directed(tiny, samples, {RATE // 2: (happy, 0.1)})[:9].tobytes() == plain[:9].tobytes()


def test_an_event_acts_where_it_says_and_nowhere_else(tiny: Bundle, voice: np.ndarray) -> None:
    samples = voice[: round(2.5 * RATE)]
    plain = acted(tiny, samples, [1600])
    smiling = directed(tiny, samples, {RATE // 2: (CALM.model_copy(update={"events": (SMILE,)}), None)})
    differs = np.abs(smiling - plain).max(axis=1) > 0.0
    assert differs[32:52].all() and not differs[:30].any() and not differs[54:].any()
    assert (smiling[36:50, INDEX["mouthSmileLeft"]] > 0.5).all()


def test_directions_blend_and_replace_one_another() -> None:
    def mood(first: int, last: int) -> np.ndarray:
        return np.zeros((last - first, 8), np.float32)

    score, rows = Score(mood), np.eye(2, dtype=np.float32)
    calm, glad = Direction(emotion=()), Direction.of("happy")
    score.change(calm, rows[0], 0)
    score.change(glad, rows[1], 30)
    score.change(calm, rows[0], 60)
    score.change(glad, rows[1], 10)  # takes the place of both
    shown = np.concatenate([score.asked(i, i + 1).emotion for i in range(40)])[:, 5]
    assert (np.diff(shown) >= 0.0).all() and np.diff(shown).max() < 0.25
    assert shown[9] == 0.0 and shown[10] > 0.0 and (shown[10 + BLEND - 1 :] == 1.0).all()
    assert np.array_equal(score.asked(50, 51).style, rows[1])


def test_a_style_that_is_unknown_leaves_all_as_it_was(tiny: Bundle, voice: np.ndarray) -> None:
    session = LiveSession(tiny, CALM)
    part = session.push(voice[: RATE // 2])
    with pytest.raises(StyleError, match="nobody"):
        session.direct(Direction(style="nobody"))
    rest = [session.push(voice[RATE // 2 : RATE]), session.finish()]
    assert joined([part, *rest]).tobytes() == acted(tiny, voice[:RATE], [1600]).tobytes()


# ---- sound ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "error", "said"),
    [
        (np.full(10, np.nan, np.float32), BadSamplesError, "10 of the samples from 0.500 s"),
        (np.array([0.0, np.inf]), BadSamplesError, "not numbers"),
        (np.array([0.0, 20_000.0]), BadSamplesError, "int16"),
        (np.zeros(10, np.int32), SoundFormatError, "int32"),
        (np.zeros((2, 2, 2), np.float32), SoundFormatError, "channels"),
        (np.zeros((5, 0), np.float32), SoundFormatError, "channels"),
        (np.array(["a"]), SoundFormatError, "float32"),
    ],
)
def test_a_bad_piece_is_as_if_it_had_not_come(
    tiny: Bundle, voice: np.ndarray, samples: np.ndarray, error: type[Exception], said: str
) -> None:
    session = LiveSession(tiny, CALM)
    parts = [session.push(voice[: RATE // 2])]
    with pytest.raises(error, match=said):
        session.push(samples)
    parts += [session.push(voice[RATE // 2 : RATE]), session.finish()]
    assert joined(parts).tobytes() == acted(tiny, voice[:RATE], [1600]).tobytes()


def test_a_finished_session_and_an_impossible_rate_are_refused(tiny: Bundle) -> None:
    session = LiveSession(tiny, CALM)
    session.finish()
    for act in (session.finish, lambda: session.push(np.zeros(1)), lambda: session.direct(CALM)):
        with pytest.raises(LiveError, match="open another"):
            act()
    with pytest.raises(SoundFormatError, match="4000 to"):
        LiveSession(tiny, CALM, rate=0)


def test_resampled_sound_does_not_depend_on_its_pieces() -> None:
    samples = np.random.default_rng(0).normal(0.0, 0.1, 9_000).astype(np.float32)

    def heard(size: int) -> np.ndarray:
        stream = Incoming(44_100)
        parts = [stream.hear(samples[i : i + size]) for i in range(0, len(samples), size)]
        return np.concatenate([*parts, stream.finish()])

    assert len(heard(9_000)) == round(9_000 / 44_100 * RATE)
    assert heard(1).tobytes() == heard(441).tobytes() == heard(9_000).tobytes()
    assert lag(RATE) == 0.0 and 0.0 < lag(48_000) < 0.05


def test_the_running_level_comes_to_that_of_the_whole(voice: np.ndarray) -> None:
    mel = log_mel(voice)
    for gain in (0.0, 3.0):  # nepers of power
        level = RunningLevel()
        level.hear(mel + np.float32(gain))
        early = RunningLevel()
        early.hear(mel[:60] + np.float32(gain))
        whole = normalised(mel)
        assert np.abs(level.normalised(mel + np.float32(gain)) - whole).mean() < 0.2
        assert np.abs(level.loudness(mel + np.float32(gain)) - loudness(mel)).mean() < 2.0
        spoken = loudness(mel) > -15.0
        assert np.abs(early.normalised(mel + np.float32(gain)) - whole)[spoken].mean() < 0.8
    quiet = RunningLevel()
    quiet.hear(np.full((500, 64), -16.0, np.float32))
    assert quiet.loudness(np.full((10, 64), -16.0, np.float32)).max() < -40.0
