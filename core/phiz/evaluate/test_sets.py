"""The clips that no network has seen, as the corpus stores them: real voices, ked, and real in noise."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from phiz.audio.levels import loudness
from phiz.audio.mel import HOP, RATE, log_mel
from phiz.corpus import recordings
from phiz.corpus.clips import is_done, load_source
from phiz.corpus.rooms import noisy_room
from phiz.corpus.synthesis import HELD_OUT_VOICE
from phiz.errors import PhizError
from phiz.motion.measures import Phone, resampled

SETS = ("real", "ked", "noise")
NOISE_DB = 15.0
FPS = 30.0


class TestSetError(PhizError):
    """The corpus folder lacks the clips of a test set."""

    __test__ = False  # not a test case, whatever pytest makes of the name


@dataclass(frozen=True)
class HeldOutClip:
    """One test clip: samples (n,) float32 at 16 kHz, phones that cover it, source folder it came from."""

    id: str
    source: str
    samples: np.ndarray
    phones: list[Phone]

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE

    @property
    def seed(self) -> int:
        """A seed of its own, the same on every run."""
        return zlib.crc32(f"{self.source}/{self.id}".encode())

    def loudness(self) -> np.ndarray:
        """(frames,) dB relative to the clip's median speech level, at 30 fps."""
        frames = round(self.seconds * FPS)
        level = resampled(loudness(log_mel(self.samples)), RATE / HOP, FPS)
        return np.pad(level, (0, max(frames - len(level), 0)), mode="edge")[:frames]


def load(corpus: Path, name: str, clips: int | None = None) -> list[HeldOutClip]:
    """The labelled test clips of a set, at most `clips` of each source, spread evenly over it.

    real: the held-out clips of every labelled recording source; noise: the same with pink noise at
    15 dB and reverberation, seeded by the clip; ked: the held-out voice. Raises TestSetError.
    """
    if name == "noise":
        return [_in_noise(clip) for clip in load(corpus, "real", clips)]
    if not corpus.is_dir():
        raise TestSetError(f"expected a corpus folder at {corpus}, found none; run phiz corpus")
    sources = [folder for folder in sorted(corpus.iterdir()) if is_done(folder)]
    real = [folder for folder in sources if folder.name in recordings.LABELLED]
    chosen = (
        real
        if name == "real"
        else [folder for folder in sources if folder.name == f"synth_{HELD_OUT_VOICE.name}"]
    )
    found = [clip for folder in chosen for clip in _test_clips(folder, clips)]
    if not found:
        raise TestSetError(
            f"expected labelled test clips of the set {name} in {corpus}, found none; run phiz corpus"
        )
    return found


def _test_clips(folder: Path, most: int | None) -> list[HeldOutClip]:
    source = load_source(folder)
    places = [i for i, clip in enumerate(source.clips) if clip.split == "test" and clip.phones]
    if most is not None and len(places) > most:
        places = [places[i] for i in np.linspace(0, len(places) - 1, most).round().astype(int)]
    return [
        HeldOutClip(source.clips[i].id, folder.name, source.samples(i), source.clips[i].phones or [])
        for i in places
    ]


def _in_noise(clip: HeldOutClip) -> HeldOutClip:
    return replace(clip, samples=noisy_room(clip.samples, np.random.default_rng(clip.seed), NOISE_DB))
