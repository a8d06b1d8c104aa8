"""Emotion heard in the voice: it is learned, stays calm where nothing is felt, and runs in bounded pieces."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch

from export.feeling import write_feeling_graph
from phiz.acting.direction import Direction
from phiz.audio import prosody
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.cli import main
from phiz.corpus.clips import SourceWriter
from phiz.face.emotions import EMOTIONS
from phiz.runtime import bundle, feeling
from phiz.runtime.generate import generate
from phiz.train import checkpoint
from phiz.train import feeling as training
from phiz.train.checkpoint import CheckpointError
from phiz.train.voices import VoicesError

NEUTRAL, ANGRY, SAD = (EMOTIONS.index(name) for name in ("neutral", "angry", "sad"))
MANNERS = {  # pitch in Hz, its swing in semitones, syllables a second, dB per octave
    "neutral": (140.0, 1.5, 4.0, -9.0),
    "angry": (240.0, 6.0, 5.5, -3.0),
    "sad": (110.0, 0.5, 2.5, -14.0),
}


def voice(manner: str, seconds: float, rng: np.random.Generator, size: float = 1.0) -> np.ndarray:
    """(n,) samples of harmonics under syllables. size: factor on the pitch, one for each speaker."""
    hz, swing, rate, tilt = MANNERS[manner]
    time = np.arange(round(seconds * RATE)) / RATE
    melody = swing * np.sin(2 * np.pi * rng.uniform(0.4, 0.9) * time + rng.uniform(0, 6))
    melody += rng.normal(0.0, 0.5)
    phase = 2 * np.pi * np.cumsum(hz * size * 2 ** (melody / 12)) / RATE
    out = np.zeros(len(time))
    for k in range(1, 20):
        out += 10 ** ((tilt + rng.normal(0, 0.3)) * np.log2(k) / 20) * np.sin(k * phase)
    depth = 0.5 - 0.5 * np.cos(2 * np.pi * rate * rng.uniform(0.95, 1.05) * time)
    return 0.05 * out * depth + rng.normal(0.0, 1e-4, len(time))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four actors, one of them held out, and plain voices of three sizes."""
    folder, rng = tmp_path_factory.mktemp("voices"), np.random.default_rng(0)
    with SourceWriter(folder, "acted", 0) as out:
        for actor, size in enumerate((0.9, 1.0, 1.05, 1.1)):
            for i in range(12):
                manner = list(MANNERS)[i % 3]
                split = "test" if actor == 1 else "train"
                samples = voice(manner, 2.0, rng, size)
                out.add(f"{actor}_{i}", samples, None, speaker=f"a{actor}", split=split, emotion=manner)
    with SourceWriter(folder, "plain", 0) as out:
        for i in range(16):
            split = "test" if i >= 12 else "train"
            samples = voice("neutral", 3.0, rng, (0.85, 1.0, 1.1, 0.95)[i % 4])
            out.add(f"p{i}", samples, None, speaker=f"p{i % 4}_{split}", split=split)
    with SourceWriter(folder, "real_degraded", 0) as out:  # repeats others
        out.add("d", voice("sad", 2.0, rng), None, speaker="a9", split="train", emotion="angry")
    return folder


@pytest.fixture(scope="module")
def trained(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return training.train(corpus, tmp_path_factory.mktemp("feeling"), variants=1, plain=12)


@pytest.fixture(scope="module")
def session(trained: Path, tmp_path_factory: pytest.TempPathFactory) -> ort.InferenceSession:
    path = tmp_path_factory.mktemp("graph") / "feeling.onnx"
    assert write_feeling_graph(trained, path)["difference"] < 1e-4
    return ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def speaking(manner: str, seconds: float = 8.0) -> Recording:
    return Recording(voice(manner, seconds, np.random.default_rng(7)).astype(np.float32))


def felt(keys: tuple, seconds: float = 8.0) -> np.ndarray:
    """(8,) mean over time of what the keys ask for."""
    from phiz.acting.track import emotion_track

    return emotion_track(Direction(emotion=keys), round(30 * seconds), 30.0).mean(0)


def test_actors_that_were_not_heard_are_understood(trained: Path) -> None:
    figures = checkpoint.facts(trained)
    for name in ("left_out", "held_out"):
        weighted, unweighted = training.recalls(np.array(figures["confusion"][name]["clean"]))
        assert weighted > 0.8 and unweighted > 0.8
    assert np.sum(figures["confusion"]["held_out"]["clean"]) == 12  # the test actor's clips, no other's
    assert np.sum(figures["confusion"]["left_out"]["clean"]) == 36
    assert figures["plain"]["recordings"] == 4 and figures["plain"]["neutral"] > 0.9
    assert figures["proposed"]["clips"] == 8 and figures["proposed"]["right"] > 0.8
    text = training.report(figures)
    assert "unweighted" in text and "plain speech" in text


def test_the_command_line_prints_how_often_it_is_right(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", "feeling", str(corpus), str(tmp_path / "out"), "--threads", "1"]) == 0
    told = capsys.readouterr().out
    assert "unweighted" in told and "plain speech" in told
    assert (tmp_path / "out" / "feeling.safetensors").is_file()


def test_the_test_actor_is_not_learned_from(corpus: Path, trained: Path) -> None:
    from phiz.train import voices

    heard = voices.listen(corpus, 0, 1, 12)
    assert set(heard.source) == {"acted", "plain"}
    again = training.fit(heard[heard.split == "train"])
    everyone = training.fit(heard)
    saved = training.load(trained)
    torch.testing.assert_close(saved.weight, again.weight)  # the same seed, the same pieces
    assert not torch.allclose(saved.weight, everyone.weight, rtol=1e-2)


def test_emotion_is_proposed_where_it_is_heard(session: ort.InferenceSession) -> None:
    angry, sad = (felt(feeling.propose(speaking(manner), session)) for manner in ("angry", "sad"))
    assert angry.argmax() == ANGRY and sad.argmax() == SAD
    assert felt(feeling.propose(speaking("neutral"), session))[NEUTRAL] > 0.9


def test_it_follows_a_change(session: ort.InferenceSession) -> None:
    rng = np.random.default_rng(3)
    both = np.concatenate([voice("neutral", 10.0, rng), voice("angry", 10.0, rng)]).astype(np.float32)
    keys = feeling.propose(Recording(both), session)
    from phiz.acting.track import emotion_track

    track = emotion_track(Direction(emotion=keys), 600, 30.0)
    assert track[:200, ANGRY].max() < 0.2 and track[400:, ANGRY].min() > 0.5
    times = np.array([key.time for key in keys])
    assert times[0] == 0.0 and len(keys) <= 6
    assert (np.diff(times)[1:] >= feeling.SPACING - 0.01).all()


@pytest.mark.parametrize("gain", [0.03, 1.0, 8.0])
def test_loudness_of_the_recording_says_nothing(session: ort.InferenceSession, gain: float) -> None:
    loud = Recording(speaking("angry").samples * np.float32(gain))
    np.testing.assert_allclose(
        felt(feeling.propose(loud, session)), felt(feeling.propose(speaking("angry"), session)), atol=0.15
    )


@pytest.mark.parametrize("seconds", [0.1, 0.5, 3.0])
def test_silence_and_noise_are_neutral(session: ort.InferenceSession, seconds: float) -> None:
    count, rng = round(seconds * RATE), np.random.default_rng(1)
    for level in (0.0, 1e-4, 0.1):
        noise = Recording((level * rng.standard_normal(count)).astype(np.float32))
        assert feeling.propose(noise, session) == ()


def test_a_syllable_is_enough_to_answer(session: ort.InferenceSession) -> None:
    for seconds in (0.1, 0.4, 1.0, 2.1):
        keys = feeling.propose(speaking("angry", seconds), session)
        assert all(0.0 <= key.intensity <= 1.0 and sum(key.mix.values()) < 1.02 for key in keys)


def test_the_same_recording_gives_the_same_keys(session: ort.InferenceSession) -> None:
    assert feeling.propose(speaking("angry"), session) == feeling.propose(speaking("angry"), session)


def test_a_long_recording_is_heard_in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    lengths: list[int] = []

    def describe(samples: np.ndarray) -> np.ndarray:
        lengths.append(len(samples))
        return np.zeros(prosody.FEATURES, np.float32)

    def estimate(rows: np.ndarray) -> np.ndarray:
        sizes.append(len(rows))
        return np.full((len(rows), len(EMOTIONS)), 1 / len(EMOTIONS), np.float32)

    monkeypatch.setattr(feeling, "describe", describe)
    times, heard, voiced = feeling.hear(np.zeros(600 * RATE, np.float32), estimate)
    assert len(times) == len(heard) == len(voiced) == sum(sizes) == 599
    assert max(sizes) <= 64 and max(lengths) == round(feeling.WINDOW * RATE)
    assert times[-1] == 599.0


def test_nothing_is_proposed_that_cannot_be_heard(trained: Path) -> None:
    rows = torch.randn(200, prosody.FEATURES, generator=torch.Generator().manual_seed(0)) * 30
    shares = training.load(trained)(rows)
    assert not shares[:, [EMOTIONS.index("contempt"), EMOTIONS.index("surprised")]].any()
    torch.testing.assert_close(shares.sum(1), torch.ones(200))


def test_pitch_is_that_of_the_tone() -> None:
    time = np.arange(RATE) / RATE
    for hz in (80.0, 133.0, 220.0, 410.0):
        tone = sum(np.sin(2 * np.pi * k * hz * time) / k for k in range(1, 6))
        semitones, periodic = prosody.pitch(0.1 * np.asarray(tone, np.float32))
        inside = slice(3, -4)
        np.testing.assert_allclose(semitones[inside], 12 * np.log2(hz / 55), atol=0.15)
        assert periodic[inside].min() > 0.9
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    assert np.median(prosody.pitch(noise)[1]) < 0.4


def test_a_row_of_prosody() -> None:
    said = speaking("neutral", 2.0).samples
    row = prosody.describe(said)
    assert row is not None and row.shape == (prosody.FEATURES,) and np.isfinite(row).all()
    assert prosody.describe(np.zeros(RATE, np.float32)) is None
    assert prosody.describe(np.zeros(10, np.float32)) is None


def test_errors_say_what_is_wrong(tiny_encoder: Path, tiny_corpus: Path, tmp_path: Path) -> None:
    from phiz.train.graphs import write_graph

    for path in (tmp_path / "none", tiny_encoder):
        with pytest.raises(CheckpointError) as caught:
            training.load(path)
        assert "\n" not in str(caught.value)
    with pytest.raises(VoicesError, match="acted"):
        training.train(tiny_corpus, tmp_path / "out")
    other = tmp_path / "other.onnx"
    write_graph(torch.nn.Linear(5, 8), {"prosody": torch.zeros(1, 5)}, "feeling", {}, other)
    with pytest.raises(feeling.FeelingError, match="77"):
        feeling.propose(speaking("sad"), ort.InferenceSession(str(other)))


def test_an_open_direction_is_filled_from_the_voice(session: ort.InferenceSession, tiny_bundle: Path) -> None:
    hearing = dataclasses.replace(bundle.load(tiny_bundle, threads=1), feeling=session)
    recording = speaking("angry")
    keys = feeling.propose(recording, session)
    assert keys
    heard, said = (
        generate(recording, direction, hearing, steps=1)
        for direction in (Direction(), Direction(emotion=keys))
    )
    np.testing.assert_array_equal(heard.weights, said.weights)
    assert heard.origin["direction"]["emotion"] == [key.model_dump(mode="json") for key in keys]
    neutral = generate(recording, Direction(emotion=()), hearing, steps=1)  # what is written goes before
    assert neutral.origin["direction"]["emotion"] == [] and (neutral.weights != heard.weights).any()
