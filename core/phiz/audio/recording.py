"""Any audio file to 16 kHz mono."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from phiz.audio.mel import RATE
from phiz.audio.spill import Growing
from phiz.errors import PhizError

SHORTEST = 0.1  # seconds; three frames at 30 fps, about one phone
LONGEST = 3 * 3600.0  # seconds
_BLOCK = 1 << 16  # source frames read at a time


class RecordingError(PhizError):
    """The recording cannot be used."""


class RecordingNotFoundError(RecordingError):
    """No file stands at the path."""


class NotAudioError(RecordingError):
    """The file is not audio of a kind that can be read, or it is damaged."""


class RecordingLengthError(RecordingError):
    """The recording is empty, too short or too long."""


class BadSamplesError(RecordingError):
    """Some samples are not numbers."""


@dataclass(frozen=True, eq=False)
class Recording:
    """Samples (n,) float32 mono at 16 kHz, +-1 full scale, and the file they came from.

    Samples of a long file lie in a temporary one (`phiz.audio.spill`): go over them in blocks.
    """

    samples: np.ndarray
    source: Path | None = None

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    def cut(self, start: float, end: float | None = None) -> Recording:
        """Its part from `start` to `end` in seconds, None to its end. Raises RecordingLengthError."""
        samples = self.samples[round(start * RATE) : None if end is None else round(end * RATE)]
        if len(samples) < SHORTEST * RATE:
            till = "its end" if end is None else f"{end:g} s"
            raise RecordingLengthError(
                f"From {start:g} s to {till} of {self.source or 'the recording'}, {self.seconds:.2f} s long,"
                f" there are {len(samples) / RATE:.2f} s; at least {1000 * SHORTEST:.0f} ms are needed."
            )
        return Recording(samples, self.source)


def load(path: str | os.PathLike[str]) -> Recording:
    """Read a file as 16 kHz mono: channels averaged, resampled with soxr HQ, levels untouched.

    WAV, FLAC, Ogg, Opus, MP3, AIFF and whatever else libsndfile reads, at any rate, channel count and
    bit depth. Read block by block, in memory that stays flat. A file that ends early
    gives what it holds. Raises RecordingNotFoundError, NotAudioError, RecordingLengthError
    (under 0.1 s or over 3 hours) or BadSamplesError (NaN or infinity).
    """
    path = Path(path)
    if path.is_dir():
        raise RecordingNotFoundError(
            f"Expected an audio file, but {path} is a folder. Name a file inside it."
        )
    if not path.exists():
        raise RecordingNotFoundError(f"There is no file {path}. Check the name and the folder.")
    if path.stat().st_size == 0:
        raise RecordingLengthError(f"{path} is empty (0 bytes). Record or export it again.")
    try:
        with open(path, "rb"), soundfile.SoundFile(path) as file:
            samples = _read(file, path)
    except OSError as error:
        raise RecordingNotFoundError(
            f"Cannot open {path}: {error.strerror}. Check who may read it."
        ) from error
    except (soundfile.SoundFileError, TypeError) as error:  # TypeError: a .raw file, which has no header
        reason = str(getattr(error, "error_string", "no header")).removeprefix("Error : ").rstrip(". \n")
        raise NotAudioError(
            f"Cannot read {path} as audio ({reason}). It may be damaged, or has to become WAV first."
        ) from error
    return Recording(samples, path)


def _read(file: soundfile.SoundFile, path: Path) -> np.ndarray:
    rate = file.samplerate
    stream = soxr.ResampleStream(rate, RATE, 1, dtype="float32", quality="HQ") if rate != RATE else None
    samples = Growing()
    read, bad, first_bad = 0, 0, 0
    while True:
        block = file.read(_BLOCK, dtype="float32", always_2d=True)  # (<=_BLOCK, channels)
        mono = block.mean(axis=1, dtype=np.float32)
        finite = np.isfinite(mono)
        if not finite.all():
            first_bad = first_bad if bad else read + int(np.argmin(finite))
            bad += int((~finite).sum())
        read += len(block)
        if read > LONGEST * rate:
            raise RecordingLengthError(
                f"{path} is longer than {LONGEST / 3600:.0f} hours. Split it into shorter recordings."
            )
        last = len(block) < _BLOCK
        if not bad:
            samples.add(mono if stream is None else stream.resample_chunk(mono, last=last))
        if last:
            break
    if bad:
        raise BadSamplesError(
            f"{path} holds {bad} samples that are not numbers (NaN or infinite), the first at "
            f"{first_bad / rate:.3f} s. Export it again."
        )
    if read < SHORTEST * rate:
        came = f"{1000 * read / rate:.0f} ms long" if read else "empty (no samples)"
        raise RecordingLengthError(f"{path} is {came}; at least {1000 * SHORTEST:.0f} ms are needed.")
    return samples.array()
