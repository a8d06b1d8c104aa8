"""One voice made into others, and pauses put into speech; the phone times follow."""

from __future__ import annotations

import numpy as np
import soxr

from phiz.audio.mel import RATE
from phiz.corpus.labels import Phone, cover
from phiz.corpus.rooms import coloured_noise

LOWEST_RATIO, HIGHEST_RATIO = 0.82, 1.22


def draw_ratio(rng: np.random.Generator) -> float:
    """A resampling ratio that makes a clearly different speaker: 0.82 to 1.22, not 0.95 to 1.05."""
    if rng.random() < 0.5:
        return float(rng.uniform(LOWEST_RATIO, 0.95))
    return float(rng.uniform(1.05, HIGHEST_RATIO))


def resample(samples: np.ndarray, phones: list[Phone], ratio: float) -> tuple[np.ndarray, list[Phone]]:
    """The clip played `ratio` times as fast: pitch, formants and tempo move together.

    samples: (n,) float32. Gives (about n / ratio,) float32 and the phones at their new times.
    """
    # quick and accurate enough: aliases of soxr's "MQ" lie 96 dB down
    warped = soxr.resample(samples, RATE * ratio, RATE, quality="MQ")
    seconds = len(warped) / RATE
    moved = [(start / ratio, min(end / ratio, seconds), name) for start, end, name in phones]
    moved[-1] = (moved[-1][0], seconds, moved[-1][2])
    return warped.astype(np.float32), moved


def breath(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) float32 audible intake of air, peak 1: band noise that swells and ends."""
    count = int(seconds * RATE)
    noise = coloured_noise(count, rng, 0.5)
    noise = np.diff(noise, prepend=noise[:1])  # little below 500 Hz
    swell = np.sin(np.pi * np.linspace(0.0, 1.0, count) ** rng.uniform(0.6, 1.5)) ** 2
    noise *= swell
    return (noise / (np.abs(noise).max() + 1e-9)).astype(np.float32)


def _pause(seconds: float, floor: float, level: float, rng: np.random.Generator) -> np.ndarray:
    """Room tone at the rms `floor`, now and then with a breath at a fraction of the speech `level`."""
    tone = coloured_noise(int(seconds * RATE), rng, 1.0) * floor
    if seconds > 0.5 and rng.random() < 0.35:
        air = breath(rng.uniform(0.25, min(0.6, seconds - 0.1)), rng) * level * 10 ** rng.uniform(-1.2, -0.4)
        at = int(rng.integers(0, len(tone) - len(air)))
        tone[at : at + len(air)] += air
    return tone


def insert_pauses(
    samples: np.ndarray, phones: list[Phone], rng: np.random.Generator
) -> tuple[np.ndarray, list[Phone]]:
    """The clip with silence added within its pauses, before it and after it.

    A pause inside is lengthened by 0.2 to 1.2 s with probability .4, the ends by 0 to 1 s. The
    added stretches hold room tone as quiet as the clip's quietest parts, or a breath.
    """
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160)
    rms = np.sqrt(np.mean(frames**2, axis=1)) if len(frames) else np.zeros(1)
    floor, level = max(float(np.percentile(rms, 5)), 1e-5), float(np.percentile(rms, 90))
    pieces: list[np.ndarray] = []
    out: list[Phone] = []
    cut = 0

    def put_in(at: float, seconds: float) -> float:
        """Insert a pause before second `at` of the original; gives its length, a whole number of samples."""
        nonlocal cut
        here = min(round(at * RATE), len(samples))
        pause = _pause(seconds, floor, level, rng)
        pieces.extend((samples[cut:here], pause))
        cut = here
        return len(pause) / RATE

    lead = put_in(0.0, rng.uniform(0.0, 1.0))
    out.append((0.0, lead, "SIL"))
    shift = lead
    for i, (start, end, name) in enumerate(phones):
        grown = 0.0
        last = i == len(phones) - 1
        if name == "SIL" and i > 0 and not last and end - start > 0.05 and rng.random() < 0.4:
            grown = put_in((start + end) / 2.0, rng.uniform(0.2, 1.2))
        out.append((start + shift, end + shift + grown, name))
        shift += grown
    trail = put_in(len(samples) / RATE, rng.uniform(0.0, 1.0))
    out.append((out[-1][1], out[-1][1] + trail, "SIL"))
    whole = np.concatenate([*pieces, samples[cut:]]).astype(np.float32)
    return whole, cover(out, len(whole) / RATE)
