"""Speech whose phone times are known because an engine made it: flite and festival.

Both print, with the wave, where each phone ends. espeak-ng is left out: its stops carry too little
closure for a recogniser of human speech to find (12 to 58 %, against 82 to 100 % here).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
import soxr

from phiz.audio.mel import RATE
from phiz.corpus import labels
from phiz.corpus.labels import Phone
from phiz.errors import PhizError

_BATCH = 40  # sentences per festival process: its start takes a second


class MissingEngineError(PhizError):
    """A speech engine, or one of its voices, is not installed."""


class SynthesisError(PhizError):
    """An engine is there but did not speak."""


@dataclass(frozen=True)
class Voice:
    """A voice: its short name, its engine, the engine's name for it, the Debian package it comes in."""

    name: str
    engine: str
    id: str
    package: str


VOICES: tuple[Voice, ...] = (
    Voice("kal", "flite", "kal16", "flite"),
    Voice("slt", "flite", "slt", "flite"),
    Voice("awb", "flite", "awb", "flite"),
    Voice("rms", "flite", "rms", "flite"),
    Voice("slt_hts", "festival", "cmu_us_slt_arctic_hts", "festvox-us-slt-hts"),
)
HELD_OUT_VOICE = Voice("ked", "festival", "ked_diphone", "festvox-kdlpc16k")

Utterance = tuple[np.ndarray, list[Phone]]  # (n,) float32 samples at 16 kHz; covering phones


@cache
def _voices_of(engine: str) -> str:
    """What an engine prints when asked for its voices. Raises MissingEngineError."""
    if shutil.which(engine) is None:
        raise MissingEngineError(
            f"expected the program {engine} on the path, found none; install the Debian package {engine}"
        )
    command = {"flite": ["flite", "-lv"], "festival": ["festival", "-b", "(print (voice.list))"]}[engine]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def require(voice: Voice) -> None:
    """Raises MissingEngineError, naming the Debian package, unless the voice can be used."""
    names = _voices_of(voice.engine).replace("(", " ").replace(")", " ").split()
    if voice.id not in names:
        raise MissingEngineError(
            f"expected the voice {voice.id} in {voice.engine}, found {' '.join(names) or 'none'}; "
            f"install the Debian package {voice.package}"
        )


def speak(voice: Voice, texts: list[str], stretches: np.ndarray) -> Iterator[Utterance]:
    """Speak each text, slowed by its stretch (1.2 = a fifth longer). A text that fails is left out.

    Raises MissingEngineError, and SynthesisError if nothing at all was spoken.
    """
    require(voice)
    engine = _flite if voice.engine == "flite" else _festival
    spoken = 0
    with tempfile.TemporaryDirectory() as folder:
        for utterance in engine(voice, texts, stretches, Path(folder)):
            spoken += 1
            yield utterance
    if texts and not spoken:
        raise SynthesisError(f"expected speech from {voice.engine} with voice {voice.id}, got none at all")


def _read(path: Path) -> np.ndarray:
    samples, rate = soundfile.read(path, dtype="float32")
    return samples if rate == RATE else soxr.resample(samples, rate, RATE)


def _phones(ends: list[tuple[float, str]], seconds: float) -> list[Phone]:
    starts = [0.0, *(end for end, _ in ends)]
    return labels.from_arpabet(
        [(start, end, name) for start, (end, name) in zip(starts, ends, strict=False)], seconds
    )


def _flite(voice: Voice, texts: list[str], stretches: np.ndarray, folder: Path) -> Iterator[Utterance]:
    wave = folder / "said.wav"
    for text, stretch in zip(texts, stretches, strict=True):
        wave.unlink(missing_ok=True)
        done = subprocess.run(
            ["flite", "-voice", voice.id, "-psdur", "--setf", f"duration_stretch={stretch:.3f}",
             "-t", text, "-o", str(wave)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        ends = [(float(end), name) for name, _, end in (x.rpartition(":") for x in done.stdout.split())]
        if done.returncode or not ends or not wave.is_file():
            continue
        samples = _read(wave)
        yield samples, _phones(ends, len(samples) / RATE)


_SAY = """
(define (say path stretch text)
  (Parameter.set 'Duration_Stretch stretch)
  (let ((utt (eval (list 'Utterance 'Text text))))
    (utt.synth utt)
    (utt.save.wave utt (string-append path ".wav") 'riff)
    (utt.save.segs utt (string-append path ".lab"))))
"""


def _festival(voice: Voice, texts: list[str], stretches: np.ndarray, folder: Path) -> Iterator[Utterance]:
    for first in range(0, len(texts), _BATCH):
        batch = range(first, min(first + _BATCH, len(texts)))
        lines = [_SAY, f"(voice_{voice.id})"]
        lines += [f'(say "{folder / str(i)}" {stretches[i]:.3f} "{texts[i]}")' for i in batch]
        script = folder / "batch.scm"
        script.write_text("\n".join(lines), encoding="utf-8")
        subprocess.run(["festival", "-b", str(script)], capture_output=True, check=False)
        for i in batch:
            wave, lab = folder / f"{i}.wav", folder / f"{i}.lab"
            if not (wave.is_file() and lab.is_file()):
                continue
            rows = [line.split() for line in lab.read_text().splitlines() if line.strip() != "#"]
            samples = _read(wave)
            yield samples, _phones([(float(end), name) for end, _, name in rows], len(samples) / RATE)
            wave.unlink()
