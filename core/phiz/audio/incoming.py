"""Sound that is still arriving, in pieces of any size, to 16 kHz mono."""

from __future__ import annotations

from functools import cache

import numpy as np
import soxr

from phiz.audio.mel import RATE
from phiz.audio.recording import BadSamplesError, RecordingError

SLOWEST, FASTEST = 4_000, 384_000  # samples per second
LOUDEST = 64.0
"""Times full scale; samples beyond it are integers that were taken for floats."""


class SoundFormatError(RecordingError):
    """A rate, a type or a shape of samples that cannot be used."""


@cache
def lag(rate: int) -> float:
    """Seconds, at the most, for which the resampler holds back what it was given at this rate."""
    if rate == RATE:
        return 0.0
    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")
    step = max(1, rate // 1000)
    piece = np.zeros(step, np.float32)
    given = came = 0
    worst = 0.0
    while given < rate:
        given += step
        came += len(stream.resample_chunk(piece))
        worst = max(worst, given / rate - came / RATE)
    return worst


class Incoming:
    """Turns pieces of sound into samples at 16 kHz, the same however the sound was cut.

    rate: samples per second of what arrives. Raises SoundFormatError.
    """

    def __init__(self, rate: int) -> None:
        if not SLOWEST <= rate <= FASTEST:
            raise SoundFormatError(
                f"expected a rate of {SLOWEST} to {FASTEST} samples per second, came {rate}"
            )
        self.rate = rate
        self.given = 0
        """Samples that arrived so far."""
        self._stream = None
        if rate != RATE:
            self._stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ")

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """(n,) or (n, channels), float with full scale 1 or int16 -> (m,) float32 at 16 kHz.

        m may be 0. Raises SoundFormatError or BadSamplesError; then it is as if nothing had been given.
        """
        mono = _mono(samples, self.given / self.rate)
        self.given += len(mono)
        if self._stream is None or not len(mono):
            return mono
        return self._stream.resample_chunk(mono)

    def finish(self) -> np.ndarray:
        """(m,) what was held back. Nothing may be given afterwards."""
        if self._stream is None or not self.given:
            return np.zeros(0, np.float32)
        return self._stream.resample_chunk(np.zeros(0, np.float32), last=True)


def _mono(samples: np.ndarray, time: float) -> np.ndarray:
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] == 0):
        raise SoundFormatError(f"expected samples (n,) or (n, channels), came {samples.shape}")
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32) / np.float32(32768.0)
    elif samples.dtype not in (np.float32, np.float64):
        raise SoundFormatError(f"expected samples of float32, float64 or int16, came {samples.dtype}")
    if not np.isfinite(samples).all():
        bad = int((~np.isfinite(samples)).sum())
        raise BadSamplesError(
            f"{bad} of the samples from {time:.3f} s on are not numbers (NaN or infinite); send them again"
        )
    if samples.size and float(np.abs(samples).max()) > LOUDEST:
        raise BadSamplesError(
            f"expected samples of full scale 1, came {np.abs(samples).max():.0f} from {time:.3f} s on; send"
            " int16 as int16"
        )
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    return np.ascontiguousarray(mono, np.float32)
