"""What recording chains do to a voice: equalisers, codecs, gain, clipping, noise and rooms at random."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from phiz.audio.mel import RATE
from phiz.corpus.rooms import add_noise, coloured_noise, power, reverberate, room_response, shaped

CODECS = ("mulaw", "OPUS", "VORBIS", "MPEG_LAYER_III")
_CONTAINERS = {"OPUS": "OGG", "VORBIS": "OGG", "MPEG_LAYER_III": "MP3"}


def equalise(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """samples through a random smooth filter: tilt +-6 dB per 3 octaves, two bells of +-8 dB. Zero phase."""
    tilt = rng.uniform(-2.0, 2.0)
    bells = rng.uniform((-8.0, -3.0, 0.3), (8.0, 2.7, 1.2), (2, 3))  # dB, centre and width in octaves

    def gain(hz: np.ndarray) -> np.ndarray:
        octave = np.log2(np.maximum(hz, 40.0) / 1000.0)
        db = tilt * octave
        for height, centre, width in bells:
            db += height * np.exp(-(((octave - centre) / width) ** 2))
        return 10.0 ** (db / 20.0)

    return shaped(samples, gain)


def band_limit(samples: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    """samples without what lies outside low_hz..high_hz (edges of 72 dB per octave). Zero phase."""

    def gain(hz: np.ndarray) -> np.ndarray:
        hz = np.maximum(hz, 1.0)
        return 1.0 / (1.0 + (low_hz / hz) ** 12) / (1.0 + (hz / high_hz) ** 12)

    return shaped(samples, gain)


def through_codec(samples: np.ndarray, codec: str, quality: float) -> np.ndarray:
    """samples coded and decoded again, same length, not delayed.

    codec: one of CODECS. quality: 0 (worst) to 1 for the compressed ones; mu-law has 8 bits.
    """
    if codec == "mulaw":
        x = np.clip(samples, -1.0, 1.0)
        coded = np.sign(x) * np.log1p(255.0 * np.abs(x)) / np.log(256.0)
        coded = np.round(coded * 127.0) / 127.0
        return (np.sign(coded) * np.expm1(np.abs(coded) * np.log(256.0)) / 255.0).astype(np.float32)
    file = io.BytesIO()
    with soundfile.SoundFile(
        file,
        "w",
        RATE,
        1,
        subtype=codec,
        format=_CONTAINERS[codec],
        compression_level=min(1.0 - quality, 0.99),
    ) as out:
        out.write(np.clip(samples, -1.0, 1.0))
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return np.pad(decoded[: len(samples)], (0, max(0, len(samples) - len(decoded))))


def babble(others: list[np.ndarray], count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) float32 of three to six other voices talking at once, unit power."""
    mix = np.zeros(count, np.float32)
    for i in rng.integers(0, len(others), rng.integers(3, 7)):
        voice = others[i] / np.sqrt(power(others[i]) + 1e-12)
        mix += np.roll(np.resize(voice, count), int(rng.integers(0, max(count, 1))))
    return mix / np.float32(np.sqrt(power(mix) + 1e-12))


def degrade(samples: np.ndarray, others: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """samples as another room, microphone and line would give them; the timing stays.

    samples: (n,) float32. others: clips for babble. Each of these happens by its own chance: room
    .35, noise .7 (5 to 40 dB), babble .15 (8 to 25 dB), equaliser .8, band limit .2, codec .12,
    clipping .06 (3 to 12 dB below the peak); the level always changes (peak -26 to 0 dB).
    """
    out = samples
    if rng.random() < 0.35:
        out = reverberate(out, room_response(rng, rng.uniform(0.1, 0.8), rng.uniform(-3.0, 12.0)))
    if rng.random() < 0.8:
        out = equalise(out, rng)
    if rng.random() < 0.7:
        out = add_noise(out, coloured_noise(len(out), rng, rng.uniform(-0.3, 2.0)), rng.uniform(5.0, 40.0))
    if others and rng.random() < 0.15:
        out = add_noise(out, babble(others, len(out), rng), rng.uniform(8.0, 25.0))
    if rng.random() < 0.2:
        telephone = rng.random() < 0.4
        low, high = (300.0, 3400.0) if telephone else (rng.uniform(20.0, 200.0), rng.uniform(3500.0, 7000.0))
        out = band_limit(out, low, high)
    peak = 10.0 ** (-rng.uniform(0.0, 26.0) / 20.0)
    out = out * np.float32(peak / (np.abs(out).max() + 1e-9))
    if rng.random() < 0.06:
        limit = peak * 10.0 ** (-rng.uniform(3.0, 12.0) / 20.0)
        out = np.clip(out, -limit, limit)
    if rng.random() < 0.12:
        out = through_codec(out, CODECS[rng.integers(len(CODECS))], rng.uniform(0.0, 0.6))
    return out.astype(np.float32)


def in_room(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """samples as a microphone hears them from across a room; the timing stays.

    Always a room (RT60 .2 to .9 s, -3 to 9 dB direct to reverberant) and noise (8 to 30 dB), half the
    time an equaliser; peak -26 to 0 dB. Closures drown in the tail of what came before: that has to be
    heard often to be learned.
    """
    out = reverberate(samples, room_response(rng, rng.uniform(0.2, 0.9), rng.uniform(-3.0, 9.0)))
    if rng.random() < 0.5:
        out = equalise(out, rng)
    out = add_noise(out, coloured_noise(len(out), rng, rng.uniform(-0.3, 2.0)), rng.uniform(8.0, 30.0))
    peak = 10.0 ** (-rng.uniform(0.0, 26.0) / 20.0)
    return (out * np.float32(peak / (np.abs(out).max() + 1e-9))).astype(np.float32)
