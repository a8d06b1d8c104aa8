"""Noise and rooms: what stands between a speaker and a microphone. Nothing here moves speech in time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq
from scipy.signal import oaconvolve

from phiz.audio.mel import RATE


def power(samples: np.ndarray) -> float:
    """Mean square of the samples."""
    return float(np.mean(np.square(samples, dtype=np.float64))) if len(samples) else 0.0


def coloured_noise(count: int, rng: np.random.Generator, tilt: float = 1.0) -> np.ndarray:
    """(count,) float32 noise of unit power whose power falls as 1 / f**tilt: 0 white, 1 pink, 2 brown."""
    if count == 0:
        return np.zeros(0, np.float32)
    white = rng.standard_normal(count, dtype=np.float32)
    noise = shaped(white, lambda hz: np.maximum(hz, 30.0) ** (-tilt / 2.0))
    return noise / np.float32(np.sqrt(power(noise)) + 1e-20)


def shaped(samples: np.ndarray, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """(n,) float32 samples through a zero-phase filter: gain gives the amplitude factor at each hertz."""
    count = next_fast_len(len(samples), real=True)
    response = gain(rfftfreq(count, 1.0 / RATE)).astype(np.float32)
    spectrum = np.asarray(rfft(np.asarray(samples, np.float32), count))
    return np.asarray(irfft(spectrum * response, count))[: len(samples)]


def add_noise(samples: np.ndarray, noise: np.ndarray, snr_db: float) -> np.ndarray:
    """samples plus noise (same length) scaled so that the whole clip has that signal-to-noise ratio."""
    gain = np.sqrt(power(samples) / (power(noise) + 1e-20) / 10.0 ** (snr_db / 10.0))
    return (samples + gain * noise).astype(np.float32)


def room_response(rng: np.random.Generator, rt60: float, direct_to_reverberant_db: float) -> np.ndarray:
    """(n,) float32 impulse response of a room; the direct sound is 1 at sample 0.

    After a short gap come a few early reflections and a diffuse tail, Gaussian noise under an
    exponential decay (Polack 1988), which reaches -60 dB at rt60 seconds; above 2 kHz it decays
    a third faster, as air and soft surfaces make it. The energy of everything after the direct
    sound is set by direct_to_reverberant_db.
    """
    count = max(int(rt60 * RATE), 2)
    t = np.arange(count) / RATE
    noise = rng.standard_normal(count)
    smooth = np.convolve(noise, np.full(4, 0.25), "same")  # below about 2 kHz
    decay = np.log(1000.0) / rt60  # amplitude falls by 60 dB in rt60
    tail = smooth * np.exp(-decay * t) + (noise - smooth) * np.exp(-1.5 * decay * t)
    first = int(rng.uniform(0.001, 0.006) * RATE)  # nearest surface: 0.3 to 2 m longer than the direct way
    tail[: min(first, count)] = 0.0
    for at in rng.uniform(0.0015, 0.03, 6):
        if at * RATE < count:
            tail[int(at * RATE)] += rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 2.0)
    tail[0] = 0.0
    tail *= np.sqrt(10.0 ** (-direct_to_reverberant_db / 10.0) / (np.sum(tail**2) + 1e-20))
    tail[0] = 1.0
    return tail.astype(np.float32)


def reverberate(samples: np.ndarray, response: np.ndarray) -> np.ndarray:
    """samples heard through a response, at the same length and power; the direct path is not delayed."""
    wet = oaconvolve(samples, response)[: len(samples)]
    return (wet * np.sqrt(power(samples) / (power(wet) + 1e-20))).astype(np.float32)


def noisy_room(samples: np.ndarray, rng: np.random.Generator, snr_db: float = 15.0) -> np.ndarray:
    """samples as heard in a living room (RT60 0.3 to 0.6 s) with pink-like noise at that SNR.

    The direct sound keeps its time. The same rng state gives the same room.
    """
    response = room_response(rng, rng.uniform(0.3, 0.6), rng.uniform(0.0, 6.0))
    wet = reverberate(samples, response)
    return add_noise(wet, coloured_noise(len(wet), rng, rng.uniform(0.5, 1.5)), snr_db)
