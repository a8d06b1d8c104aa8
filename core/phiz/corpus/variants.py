"""Sources made from other sources: warped speakers, degraded recordings, and clips of noise alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phiz.audio.mel import RATE
from phiz.corpus import rooms, warp
from phiz.corpus.clips import Source, SourceWriter, rng_for
from phiz.corpus.degrade import degrade, in_room

_BABBLE_VOICES = 40
NOISE_SECONDS = 8.0


def _babble_voices(source: Source, rng: np.random.Generator) -> list[np.ndarray]:
    usable = [i for i, clip in enumerate(source.clips) if clip.split == "train"]
    picked = rng.permutation(usable)[:_BABBLE_VOICES]
    return [source.samples(int(i)) for i in picked]


def write_warped(source: Source, out: SourceWriter, seed: int, copies: int) -> None:
    """Each labelled training clip `copies` times as another speaker, with pauses, most of them degraded.

    A copy in five stays clean but for the warp.
    """
    others = _babble_voices(source, rng_for(seed, out.folder.name))
    for index, clip in enumerate(source.clips):
        if clip.phones is None or clip.split != "train":
            continue
        for copy in range(copies):
            rng = rng_for(seed, out.folder.name, clip.id, str(copy))
            ratio = warp.draw_ratio(rng)
            samples, phones = warp.resample(source.samples(index), clip.phones, ratio)
            samples, phones = warp.insert_pauses(samples, phones, rng)
            if rng.random() < 0.8:
                samples = degrade(samples, others, rng)
            out.add(
                f"{source.name}/{clip.id}~{copy}",
                samples,
                phones,
                speaker=f"{clip.speaker}~{ratio:.2f}",
                language=clip.language,
                emotion=clip.emotion,
                weight=clip.weight,
            )


def write_degraded(source: Source, out: SourceWriter, seed: int) -> None:
    """Each labelled training clip once, at its own pace, as a worse recording."""
    others = _babble_voices(source, rng_for(seed, out.folder.name))
    _write_again(source, out, seed, lambda samples, rng: degrade(samples, others, rng))


def write_in_rooms(source: Source, out: SourceWriter, seed: int) -> None:
    """Each labelled training clip once, at its own pace, in a noisy room."""
    _write_again(source, out, seed, in_room)


def _write_again(
    source: Source,
    out: SourceWriter,
    seed: int,
    heard: Callable[[np.ndarray, np.random.Generator], np.ndarray],
) -> None:
    """Each labelled training clip once more, as `heard` makes its samples sound; the timing stays."""
    for index, clip in enumerate(source.clips):
        if clip.phones is None or clip.split != "train":
            continue
        rng = rng_for(seed, out.folder.name, clip.id)
        out.add(
            f"{source.name}/{clip.id}",
            heard(source.samples(index), rng),
            clip.phones,
            speaker=clip.speaker,
            language=clip.language,
            emotion=clip.emotion,
            weight=clip.weight,
        )


def _hum(count: int, rng: np.random.Generator) -> np.ndarray:
    t = np.arange(count) / RATE
    base = rng.choice((50.0, 60.0)) * rng.uniform(0.998, 1.002)
    parts = [
        np.sin(2 * np.pi * base * k * t + rng.uniform(0, 6.3)) / k ** rng.uniform(0.5, 2) for k in range(1, 9)
    ]
    return np.sum(parts, axis=0).astype(np.float32)


def _knocks(count: int, rng: np.random.Generator) -> np.ndarray:
    """Keys, taps and steps: short decaying resonances at random times."""
    out = np.zeros(count, np.float32)
    t = np.arange(int(0.08 * RATE)) / RATE
    for at in rng.integers(0, max(count - len(t), 1), rng.integers(2, 30)):
        ring = np.sin(2 * np.pi * rng.uniform(150.0, 4000.0) * t) + 0.5 * rng.standard_normal(len(t))
        out[at : at + len(t)] += (ring * np.exp(-t / rng.uniform(0.002, 0.02)) * rng.uniform(0.2, 1.0))[
            : count - at
        ]
    return out


def _breaths(count: int, rng: np.random.Generator) -> np.ndarray:
    out = np.zeros(count, np.float32)
    for at in rng.integers(0, count - RATE, rng.integers(1, 4)):
        air = warp.breath(rng.uniform(0.25, 0.8), rng) * rng.uniform(0.3, 1.0)
        out[at : at + len(air)] += air
    return out


def _tones(count: int, rng: np.random.Generator) -> np.ndarray:
    """Chords that change, as of music in the next room."""
    out = np.zeros(count, np.float32)
    at = 0
    while at < count:
        width = min(int(rng.uniform(0.2, 1.5) * RATE), count - at)
        t = np.arange(width) / RATE
        for semitones in rng.integers(0, 37, rng.integers(1, 5)):
            out[at : at + width] += np.sin(2 * np.pi * 110.0 * 2 ** (semitones / 12) * t) * np.exp(-2 * t)
        at += width
    return out


def write_noise(out: SourceWriter, seed: int, seconds: float) -> None:
    """Clips without speech: room tone, hum, knocks, breaths, tones, alone or mixed, at any level.

    Every clip is silence to its last frame, as far as a mouth is concerned.
    """
    count = int(NOISE_SECONDS * RATE)
    for index in range(round(seconds / NOISE_SECONDS)):
        rng = rng_for(seed, "noise", str(index))
        mix = rooms.coloured_noise(count, rng, rng.uniform(-0.3, 2.2))
        for kind, chance in ((_hum, 0.25), (_knocks, 0.3), (_breaths, 0.4), (_tones, 0.15)):
            if rng.random() < chance:
                part = kind(count, rng)
                mix = mix + part * np.float32(
                    10 ** rng.uniform(-0.5, 1.0) / np.sqrt(rooms.power(part) + 1e-12)
                )
        if rng.random() < 0.3:
            mix = rooms.reverberate(
                mix, rooms.room_response(rng, rng.uniform(0.1, 0.8), rng.uniform(-3.0, 9.0))
            )
        silent = rng.random() < 0.03
        peak = 0.0 if silent else 10.0 ** (-rng.uniform(6.0, 60.0) / 20.0)
        mix = mix * np.float32(peak / (np.abs(mix).max() + 1e-9))
        out.add(
            f"noise_{index:04d}",
            mix,
            [(0.0, NOISE_SECONDS, "SIL")],
            speaker=f"noise_{index}",
            language="none",
        )
