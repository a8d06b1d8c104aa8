"""Log-mel, levels and the motion's clock: what must not change what the network hears, and what must."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from phiz.audio import mel
from phiz.audio.aligned import MOTION_FPS, aligned, silent, width
from phiz.audio.chunks import chunks
from phiz.audio.levels import frame_level, loudness, normalised
from phiz.audio.mel import BINS, FLOOR, HOP, RATE, centre_frequencies, frame_count, log_mel, paired


def voice(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise in syllables of a fifth of a second, at about -23 dBFS."""
    count = round(seconds * RATE)
    syllables = np.maximum(np.sin(2 * np.pi * 2.5 * np.arange(count) / RATE), 0.003)
    return (np.random.default_rng(seed).normal(0, 0.1, count) * syllables).astype(np.float32)


@pytest.mark.parametrize("hz", [200.0, 1000.0, 5000.0])
def test_a_tone_is_loudest_in_its_own_bin(hz: float) -> None:
    frames = log_mel(0.5 * np.sin(2 * np.pi * hz * np.arange(RATE) / RATE))
    wanted = np.abs(centre_frequencies()[1:-1] - hz).argmin()
    assert set(frames[5:-5].argmax(1)) <= {wanted - 1, wanted, wanted + 1}


@pytest.mark.parametrize("count", [0, 1, 159, 160, 161, 399, 400, 401, 16_000])
def test_a_frame_every_10_ms_of_any_length(count: int) -> None:
    frames = log_mel(voice(1.0)[:count])
    assert frames.shape == (frame_count(count), BINS) == (count // HOP + 1, BINS)
    assert frames.dtype == np.float32 and np.isfinite(frames).all()


def test_a_click_is_in_the_frames_about_it() -> None:
    samples = np.zeros(RATE, np.float32)
    samples[50 * HOP] = 0.5
    heard = np.flatnonzero(log_mel(samples).max(1) > np.log(FLOOR) + 1)
    assert heard.tolist() == [49, 50, 51]  # a window reaches 12.5 ms to either side


def test_blocks_of_the_transform_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = voice(2.0)
    whole = log_mel(samples)
    monkeypatch.setattr(mel, "_BLOCK", 7)
    np.testing.assert_allclose(log_mel(samples), whole, atol=1e-4)


def test_paired_repeats_the_last_frame_of_an_odd_number() -> None:
    odd, even = log_mel(voice(0.02)), log_mel(voice(0.03))
    assert len(odd) == 3 and len(paired(odd)) == 4
    np.testing.assert_array_equal(paired(odd)[-1], odd[-1])
    assert paired(even) is even


@pytest.mark.parametrize("gain", [0.15, 0.5, 3.0])
def test_gain_does_not_change_what_is_heard(gain: float) -> None:
    quiet, loud = log_mel(voice(3.0) * gain), log_mel(voice(3.0))
    speaking = frame_level(loud) > frame_level(loud).max() - 20
    np.testing.assert_allclose(normalised(quiet)[speaking], normalised(loud)[speaking], atol=0.05)
    np.testing.assert_allclose(loudness(quiet)[speaking], loudness(loud)[speaking], atol=0.2)


def test_a_microphones_colour_is_taken_out() -> None:
    plain = log_mel(voice(3.0))
    coloured = plain + np.linspace(-1.5, 1.5, BINS, dtype=np.float32)
    speaking = frame_level(plain) > frame_level(plain).max() - 15
    np.testing.assert_allclose(normalised(coloured)[speaking], normalised(plain)[speaking], atol=0.05)


def test_silence_and_room_tone_are_not_raised_to_a_voice() -> None:
    for samples in (np.zeros(RATE, np.float32), 3e-5 * voice(1.0)):
        frames = log_mel(samples)
        assert normalised(frames).max() < 0
        np.testing.assert_array_equal(loudness(frames), -60.0)


def test_loudness_is_in_decibels_of_the_voice() -> None:
    steady = np.random.default_rng(0).normal(0, 0.1, 3 * RATE).astype(np.float32)
    steady[RATE : 2 * RATE] *= 10 ** (-12 / 20)
    track = loudness(log_mel(steady))
    assert track[20:80].mean() == pytest.approx(0.0, abs=0.3)
    assert track[120:180].mean() == pytest.approx(-12.0, abs=0.3)


def test_aligned_samples_at_the_motions_times() -> None:
    seconds = 2
    ramp = np.arange(50 * seconds + 1, dtype=np.float32)[:, None] / 50  # each frame says its time
    frames = log_mel(voice(seconds))
    rows = aligned(ramp, frames, 30 * seconds)
    assert rows.shape == (60, width(1)) and rows.dtype == np.float32
    times = np.arange(60) / MOTION_FPS
    np.testing.assert_allclose(rows[1:, 0], times[1:] - 1 / 120, atol=1e-5)
    np.testing.assert_allclose(rows[:, 2], times + 1 / 120, atol=1e-5)
    np.testing.assert_allclose(rows[:, 1], (loudness(frames) / 20)[(times * 100).astype(int)], atol=0.7)
    assert rows[0, 0] == 0.0  # before the start, the first frame holds


def test_aligned_holds_the_end_and_takes_one_frame() -> None:
    rows = aligned(np.ones((1, 3), np.float32), log_mel(np.zeros(100)), 4)
    np.testing.assert_array_equal(rows, np.tile(silent(np.ones(3)), (4, 1)))


@pytest.mark.parametrize(("frames", "size", "context"), [(1, 5, 2), (10, 5, 2), (11, 5, 20), (0, 5, 2)])
def test_chunks_cover_every_frame_once(frames: int, size: int, context: int) -> None:
    track, found = np.arange(frames), []
    for chunk in chunks(frames, size, context):
        seen = track[chunk.first : chunk.last]
        assert len(seen) <= size + 2 * context
        found += seen[chunk.wanted].tolist()
    assert found == track.tolist()


def test_mel_filters_are_triangles() -> None:
    """Against their definition as a matrix, on a noise that fills all bands."""
    samples = np.random.default_rng(3).normal(0.0, 0.1, RATE).astype(np.float32)
    edges = centre_frequencies()
    hz = np.fft.rfftfreq(512, 1.0 / RATE)[:, None]
    rising, falling = (
        (hz - edges[:-2]) / np.diff(edges)[:-1],
        (edges[2:] - hz) / np.diff(edges)[1:],
    )
    triangles = np.maximum(0.0, np.minimum(rising, falling))  # (257, 64)
    middle = 50 * HOP  # of a frame whose window lies inside the noise
    spectrum = np.fft.rfft(samples[middle - 200 : middle + 200] * np.hanning(400), 512)
    wanted = np.log(np.abs(spectrum) ** 2 @ triangles + FLOOR)
    np.testing.assert_allclose(log_mel(samples)[50], wanted, atol=1e-4)


def test_mel_is_the_same_bytes_on_any_number_of_threads() -> None:
    program = (
        "import hashlib, numpy as np; from phiz.audio.mel import log_mel;"
        "sound = np.random.default_rng(0).normal(0, 0.1, 160_000);"
        "print(hashlib.sha256(log_mel(sound).tobytes()).hexdigest())"
    )
    found = set()
    for threads in ("1", "2"):
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", program]
        found.add(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
    assert len(found) == 1
