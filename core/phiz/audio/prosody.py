"""How something is said: melody, loudness, pace and colour of a voice, as one row of numbers.

Made to be the same through every microphone as far as it can: levels are relative to the piece's
own, and what a fixed filter adds to every frame is taken out wherever a difference between frames says
as much. Numpy alone.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from phiz.audio.levels import QUIETEST_SPEECH_DB, SPEECH_RANGE_DB, frame_level
from phiz.audio.mel import BINS, RATE, centre_frequencies, log_mel

FPS = 100.0
FEATURES = 77
"""Numbers that `describe` gives."""
LOWEST_PITCH, HIGHEST_PITCH = 65.0, 600.0  # Hz; a low man's voice to a shout or a child's
VOICED = 0.55
"""Height of the autocorrelation's peak above which a frame counts as voiced."""

_LEAST = 25  # voiced frames: .25 s
_WINDOW = 640  # 40 ms: two periods and a half of the lowest pitch
_HOP = 320  # pitch is looked for every 20 ms
_FFT = 1024
_BLOCK = 1024  # frames transformed at a time
_HANN = np.hanning(_WINDOW).astype(np.float32)
_LAGS = np.arange(int(RATE / HIGHEST_PITCH), int(RATE / LOWEST_PITCH) + 2)
_DB = float(10.0 / np.log(10.0))


def _own_correlation() -> np.ndarray:
    spectrum = np.fft.rfft(_HANN, _FFT)
    correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, _FFT)
    return (correlation / correlation[0]).astype(np.float32)


_OWN = _own_correlation()


def pitch(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) samples at 16 kHz -> pitch in semitones above 55 Hz, and 0..1 how periodic, every 20 ms.

    Peak of the autocorrelation over that of the window (Boersma 1993, Accurate short-term analysis
    of the fundamental frequency), short lags preferred a little; no path is searched, lone jumps
    are taken out by a median of five.
    """
    count = len(samples) // _HOP + 1
    padded = np.pad(np.asarray(samples, np.float32), (_WINDOW // 2, _WINDOW // 2 + _HOP))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP][:count]
    semitones, periodic = np.empty(count, np.float32), np.empty(count, np.float32)
    for start in range(0, count, _BLOCK):
        block = frames[start : start + _BLOCK]
        block = (block - block.mean(axis=1, keepdims=True)) * _HANN
        spectrum = np.fft.rfft(block, _FFT)
        correlation = np.fft.irfft(spectrum.real**2 + spectrum.imag**2, _FFT)[:, : _LAGS[-1] + 2]
        correlation = correlation / (correlation[:, :1] + 1e-7) / _OWN[: _LAGS[-1] + 2]
        inside = correlation[:, _LAGS] - 0.03 * np.log2(_LAGS / _LAGS[0])
        best = _LAGS[inside.argmax(axis=1)]
        row = np.arange(len(best))
        left, middle, right = (correlation[row, best + k] for k in (-1, 0, 1))
        bend = np.minimum(left - 2 * middle + right, -1e-6)
        lag = best + np.clip(0.5 * (left - right) / bend, -0.5, 0.5)
        semitones[start : start + _BLOCK] = 12.0 * np.log2(RATE / lag / 55.0)
        periodic[start : start + _BLOCK] = np.clip(middle, 0.0, 1.0)
    if count >= 5:
        around = np.lib.stride_tricks.sliding_window_view(np.pad(semitones, 2, mode="edge"), 5)
        semitones = np.median(around, axis=1)
    return semitones, periodic


_CENTRES = centre_frequencies()[1:-1]
_EDGES = (0.0, 250.0, 500.0, 1000.0, 1500.0, 2200.0, 3200.0, 4500.0, 8000.0)  # Hz
_BANDS = np.stack([(low <= _CENTRES) & (high > _CENTRES) for low, high in pairwise(_EDGES)])  # (8, 64)
_CEPSTRA = 8
_COSINES = np.cos(np.pi * np.arange(1, _CEPSTRA + 1)[:, None] * (np.arange(BINS) + 0.5) / BINS)
_COSINES = (_COSINES * np.sqrt(2.0 / BINS)).astype(np.float32)  # (8, 64)


class Prosody(NamedTuple):
    """Tracks of a piece at 100 fps: level in dB, pitch in semitones, periodic 0..1; mel (T, 64)."""

    mel: np.ndarray
    level: np.ndarray
    semitones: np.ndarray
    periodic: np.ndarray
    speech: np.ndarray  # (T,) bool


def tracks(samples: np.ndarray) -> Prosody:
    """The tracks of (n,) samples at 16 kHz."""
    mel = log_mel(samples)
    level = frame_level(mel)
    semitones, periodic = (np.repeat(track, 2)[: len(mel)] for track in pitch(samples))
    speech = level >= max(np.percentile(level, 95) - SPEECH_RANGE_DB, QUIETEST_SPEECH_DB)
    return Prosody(mel, level, semitones, periodic, speech)


def _runs(on: np.ndarray) -> np.ndarray:
    """Lengths of the stretches in which a (T,) bool track is on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    return edges[1::2] - edges[::2]


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Slope and correlation of y over x."""
    x, y = x - x.mean(), y - y.mean()
    sxx, syy, sxy = float(x @ x) + 1e-6, float(y @ y) + 1e-6, float(x @ y)
    return sxy / sxx, sxy / np.sqrt(sxx * syy)


def _melody(track: Prosody, voiced: np.ndarray) -> dict[str, float]:
    high = track.semitones[voiced].astype(np.float64)
    place = np.flatnonzero(voiced) / FPS
    p5, p20, p50, p80, p95 = np.percentile(high, (5, 20, 50, 80, 95))
    steps = np.diff(track.semitones)[voiced[1:] & voiced[:-1]] * FPS
    steps = steps[np.abs(steps) < 3 * FPS]  # what jumps further is an octave error
    up, down = steps[steps > 0], steps[steps < 0]
    slope, _ = _line(place, high)
    per_db, together = _line(track.level[voiced], high)
    half = len(high) // 2
    return {
        "pitch": p50,
        "pitch_low": p50 - p5,
        "pitch_high": p95 - p50,
        "pitch_range": p80 - p20,
        "pitch_spread": float(high.std()),
        "pitch_slope": slope,
        "pitch_fall": float(high[half:].mean() - high[:half].mean()) if half else 0.0,
        "pitch_up": float(up.mean()) if len(up) else 0.0,
        "pitch_down": float(down.mean()) if len(down) else 0.0,
        "pitch_moves": float(np.abs(steps).mean()) if len(steps) else 0.0,
        "pitch_per_db": per_db,
        "pitch_with_level": together,
        "periodic": float(track.periodic[voiced].mean()),
        "periodic_spread": float(track.periodic[voiced].std()),
    }


def _loudness(track: Prosody, first: int, last: int) -> dict[str, float]:
    level, speech = track.level[first:last], track.speech[first:last]
    loud = level[speech]
    p5, p20, p50, p80, p95 = np.percentile(loud, (5, 20, 50, 80, 95))
    floor = np.maximum(level, p95 - 30.0)
    smooth = np.convolve(np.pad(floor, 2, mode="edge"), np.full(5, 0.2), "valid")
    steps = np.diff(smooth) * FPS
    up, down = steps[steps > 0], steps[steps < 0]
    peaks = (smooth[1:-1] > smooth[:-2]) & (smooth[1:-1] >= smooth[2:]) & (smooth[1:-1] > p50 - 6.0)
    length = len(level) / FPS
    spectrum = np.abs(np.fft.rfft((smooth - smooth.mean()) * np.hanning(len(smooth)), 512)) ** 2
    hz = np.arange(len(spectrum)) * FPS / 512
    whole = spectrum[(hz >= 0.5) & (hz < 20)].sum() + 1e-6
    rhythm = [spectrum[(hz >= a) & (hz < b)].sum() / whole for a, b in ((2, 4), (4, 7), (7, 12))]
    return {
        "level_low": p50 - p5,
        "level_high": p95 - p50,
        "level_range": p80 - p20,
        "level_spread": float(loud.std()),
        "level_up": float(up.mean()) if len(up) else 0.0,
        "level_down": float(down.mean()) if len(down) else 0.0,
        "level_slope": _line(np.arange(len(loud)) / FPS, loud)[0],
        "peaks": float(peaks.sum()) / length,
        "rhythm_slow": float(rhythm[0]),
        "rhythm_syllable": float(rhythm[1]),
        "rhythm_fast": float(rhythm[2]),
        "pauses": float(1.0 - speech.mean()),
        "longest_pause": float(_runs(~speech).max(initial=0)) / FPS,
        "length": length,
    }


def _pace(voiced: np.ndarray) -> dict[str, float]:
    runs = _runs(voiced)
    runs = runs[runs >= 4]
    length = len(voiced) / FPS
    return {
        "voiced": float(voiced.mean()),
        "voiced_runs": len(runs) / length,
        "voiced_length": float(runs.mean()) / FPS if len(runs) else 0.0,
        "voiced_longest": float(runs.max(initial=0)) / FPS,
    }


def _colour(track: Prosody, voiced: np.ndarray) -> dict[str, float]:
    mel, level = track.mel[voiced], track.level[voiced]
    bands = _DB * np.log(np.exp(mel) @ _BANDS.T + 1e-9) - level[:, None]  # (T, 8) dB of the whole
    cepstra = mel @ _COSINES.T  # (T, 8)
    order = level.argsort()
    third = max(1, len(order) // 3)
    quiet, loud = order[:third], order[-third:]
    found: dict[str, float] = {}
    for k in range(len(_BANDS)):
        found[f"band{k}"] = float(np.median(bands[:, k]))
        found[f"band{k}_loud"] = float(bands[loud, k].mean() - bands[quiet, k].mean())
        found[f"band{k}_spread"] = float(bands[:, k].std())
    for k in range(_CEPSTRA):
        found[f"cepstrum{k + 1}"] = float(cepstra[:, k].mean())
        found[f"cepstrum{k + 1}_spread"] = float(cepstra[:, k].std())
    tilt = bands[:, :3].max(axis=1) - bands[:, 4:7].max(axis=1)
    found["tilt_per_db"], found["tilt_with_level"] = _line(level, tilt)
    return found


def _change(track: Prosody, first: int, last: int) -> dict[str, float]:
    """How quickly the spectrum moves: mean distance of mel frames 20 ms apart, in three bands."""
    mel = np.maximum(track.mel[first:last], track.mel[first:last].max() - 8.0)
    moved = np.abs(mel[2:] - mel[:-2]) if len(mel) > 2 else np.zeros((1, BINS))
    thirds = ((0, 20), (20, 40), (40, 64))
    return {f"change{k}": float(moved[:, a:b].mean()) for k, (a, b) in enumerate(thirds)}


def describe(samples: np.ndarray) -> np.ndarray | None:
    """What (n,) samples at 16 kHz, one to three seconds of speech, sound like: (FEATURES,) float32.

    None without a voice: less than .25 s of speech, or of voiced speech.
    """
    track = tracks(samples)
    where = np.flatnonzero(track.speech)
    voiced = track.speech & (track.periodic >= VOICED)
    if voiced.sum() < _LEAST:
        return None
    first, last = int(where[0]), int(where[-1]) + 1
    found = (
        _melody(track, voiced)
        | _loudness(track, first, last)
        | _pace(voiced[first:last])
        | _colour(track, voiced)
        | _change(track, first, last)
    )
    return np.array(list(found.values()), np.float32)
