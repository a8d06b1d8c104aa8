"""Recordings of every common kind come in as 16 kHz mono; everything else is a named error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from phiz.audio.recording import (
    BadSamplesError,
    NotAudioError,
    Recording,
    RecordingLengthError,
    RecordingNotFoundError,
    load,
)

HZ = 440.0


def sine(rate: int, seconds: float = 1.0, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * HZ * np.arange(round(rate * seconds)) / rate)


def assert_sine(recording: Recording, amplitude: float = 0.5, tolerance: float = 2e-3) -> None:
    """The 440 Hz tone at its level and in its phase, away from the ends."""
    samples = recording.samples
    assert samples.dtype == np.float32 and samples.ndim == 1
    expected = sine(16_000, len(samples) / 16_000, amplitude)
    np.testing.assert_allclose(samples[800:-800], expected[800:-800], atol=tolerance)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000])
def test_any_rate_gives_the_same_tone(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, sine(rate), rate, subtype="PCM_24")
    recording = load(path)
    assert recording.source == path
    assert recording.seconds == pytest.approx(1.0, abs=1e-3)
    assert_sine(recording)


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_16_khz_passes_through_exactly(tmp_path: Path, subtype: str) -> None:
    path = tmp_path / "tone.wav"
    steps = np.round(sine(16_000) * 32768).astype(np.int64)  # a grid that every format holds
    soundfile.write(path, steps / 32768.0, 16_000, subtype=subtype)
    np.testing.assert_array_equal(load(path).samples, (steps / 32768).astype(np.float32))


def test_24_bit_steps_survive(tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    steps = np.arange(-2000, 2000) / 2.0**23
    soundfile.write(path, steps, 16_000, subtype="PCM_24")
    np.testing.assert_array_equal(load(path).samples, steps.astype(np.float32))


def test_channels_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    tone = sine(96_000)
    soundfile.write(path, np.stack([tone, np.zeros_like(tone)], axis=1), 96_000, subtype="PCM_24")
    assert_sine(load(path), amplitude=0.25)


@pytest.mark.parametrize(("suffix", "tolerance"), [("flac", 2e-3), ("ogg", 0.05), ("mp3", 0.05)])
def test_compressed_formats(tmp_path: Path, suffix: str, tolerance: float) -> None:
    path = tmp_path / f"tone.{suffix}"
    soundfile.write(path, sine(44_100), 44_100)
    recording = load(path)
    assert recording.seconds == pytest.approx(1.0, abs=0.08)  # MP3 pads to whole frames
    level = np.sqrt(np.mean(recording.samples[2000:14000] ** 2))
    assert level == pytest.approx(0.5 / np.sqrt(2), abs=tolerance)


def test_many_blocks_are_one_stream(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    soundfile.write(path, sine(44_100, 5.0), 44_100, subtype="PCM_24")  # more than three blocks
    assert_sine(load(path))


def test_reading_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "noise.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 44_100), 44_100)
    assert load(path).samples.tobytes() == load(path).samples.tobytes()


def test_silence_and_clipping_are_recordings(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    assert not load(path).samples.any()
    soundfile.write(path, np.clip(sine(16_000, amplitude=4.0), -1, 1), 16_000, subtype="FLOAT")
    assert np.abs(load(path).samples).max() == 1.0


def test_truncated_wav_gives_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "cut.wav"
    soundfile.write(path, sine(16_000), 16_000)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 8_000])
    assert len(load(path).samples) == 8_000


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_truncated_compressed_file_gives_its_start_or_a_named_error(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cut.{suffix}"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 48_000), 16_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    try:
        recording = load(path)
    except NotAudioError as error:
        assert "\n" not in str(error)
    else:
        assert 0.5 < recording.seconds < 2.5


@pytest.mark.parametrize(
    ("frames", "error"),
    [(0, RecordingLengthError), (800, RecordingLengthError), (1599, RecordingLengthError), (1600, None)],
)
def test_shortest(tmp_path: Path, frames: int, error: type[Exception] | None) -> None:
    path = tmp_path / "short.wav"
    soundfile.write(path, np.zeros(frames), 16_000)
    if error is None:
        assert len(load(path).samples) == frames
    else:
        with pytest.raises(error, match=r"100 ms"):
            load(path)


def test_longest(tmp_path: Path) -> None:
    path = tmp_path / "long.flac"
    soundfile.write(path, np.zeros(3 * 3600 * 10 + 1, np.int16), 10)  # 10 Hz: the length alone matters
    with pytest.raises(RecordingLengthError, match="Split"):
        load(path)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers(tmp_path: Path, value: float) -> None:
    path = tmp_path / "nan.wav"
    samples = sine(16_000, 6.0).astype(np.float32)
    samples[80_000:80_003] = value
    soundfile.write(path, samples, 16_000, subtype="FLOAT")
    with pytest.raises(BadSamplesError, match=r"holds 3 samples.*first at 5\.000 s"):
        load(path)


def test_not_a_recording(tmp_path: Path) -> None:
    text, empty, raw = tmp_path / "notes.wav", tmp_path / "empty.wav", tmp_path / "x.raw"
    text.write_text("this is not audio\n" * 50)
    raw.write_bytes(bytes(range(256)) * 20)
    empty.touch()
    for path, error in [
        (text, NotAudioError),
        (raw, NotAudioError),
        (empty, RecordingLengthError),
        (tmp_path, RecordingNotFoundError),
        (tmp_path / "missing.wav", RecordingNotFoundError),
    ]:
        with pytest.raises(error) as caught:
            load(path)
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)
