"""Voices to learn emotion from: acted emotion and plain speech of a corpus, as rows of prosody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import soxr
from rich.progress import Progress

from phiz.audio.mel import RATE
from phiz.audio.prosody import describe
from phiz.corpus.clips import Clip, Source, rng_for
from phiz.corpus.degrade import degrade
from phiz.corpus.rooms import add_noise, coloured_noise
from phiz.errors import PhizError
from phiz.model.feeling import KINDS
from phiz.runtime.feeling import WINDOW
from phiz.train.speech import finished_sources

NOISE_DB = 15.0
_LENGTH = round(WINDOW * RATE)
_DERIVED = ("real_", "captured_")  # sources that repeat others, or have no sound of their own
_BORED = 5, "L"  # letter of EmoDB's clip names that tells the emotion; L: Langeweile


class VoicesError(PhizError):
    """A corpus without acted emotion or without plain speech."""


@dataclass(frozen=True)
class Voices:
    """A row for each piece that was heard: rows (n, FEATURES), kind (n,) index into KINDS, and names (n,)
    of split, source and speaker, and of how it was heard: clean, noise, degraded or varied."""

    rows: np.ndarray
    kind: np.ndarray
    split: np.ndarray
    source: np.ndarray
    speaker: np.ndarray
    heard: np.ndarray

    def __getitem__(self, chosen: np.ndarray) -> Voices:
        return Voices(*(getattr(self, field.name)[chosen] for field in fields(self)))

    @property
    def acted(self) -> np.ndarray:
        """(n,) bool: spoken by an actor, bored and neutral among them."""
        actors = [i for i, (_, voice) in enumerate(KINDS) if voice in ("acted", "bored")]
        return np.isin(self.kind, actors)


def sources(corpus: Path) -> tuple[list[Source], list[Source]]:
    """The finished sources of acted emotion and those of plain speech or noise, each voice once.

    Raises VoicesError where one kind is missing.
    """
    acted, plain = [], []
    for source in finished_sources(corpus):
        if not source.name.startswith(_DERIVED) and not source.name.endswith("_warped"):
            (acted if any(clip.emotion is not None for clip in source.clips) else plain).append(source)
    for found, what in ((acted, "acted emotion"), (plain, "plain speech")):
        if not found:
            raise VoicesError(f"expected {what} in {corpus}, found none; run `phiz corpus` first")
    return acted, plain


def kind_of(clip: Clip, source: str) -> int:
    """Index into KINDS."""
    if clip.emotion is not None:
        place, letter = _BORED
        bored = clip.emotion == "neutral" and clip.id[place : place + 1] == letter
        return KINDS.index((clip.emotion, "bored" if bored else "acted"))
    if source == "noise":
        return KINDS.index(("neutral", "noise"))
    return KINDS.index(("neutral", "synthetic" if source.startswith("synth_") else "read"))


def _varied(samples: np.ndarray, others: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A clip as another speaker (pitch, vocal tract and tempo by up to 11 %), cut and mostly degraded."""
    out = soxr.resample(samples, RATE * rng.uniform(0.9, 1.11), RATE, quality="MQ")
    length = min(len(out), round(rng.uniform(0.6, 1.0) * _LENGTH))
    first = int(rng.integers(0, len(out) - length + 1))
    out = out[first : first + length].astype(np.float32)
    return degrade(out, others, rng) if rng.random() < 0.85 else out


def _acted_pieces(
    samples: np.ndarray, variants: int, others: list[np.ndarray], rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    yield "clean", samples
    yield "noise", add_noise(samples, coloured_noise(len(samples), rng), NOISE_DB)
    yield "degraded", degrade(samples, others, rng)
    for _ in range(variants):
        yield "varied", _varied(samples, others, rng)


def _plain_pieces(
    samples: np.ndarray, count: int, others: list[np.ndarray], rng: np.random.Generator
) -> Iterator[tuple[str, np.ndarray]]:
    for _ in range(count):
        first = int(rng.integers(0, max(1, len(samples) - _LENGTH + 1)))
        piece = samples[first : first + _LENGTH]
        yield "clean", piece
        yield "degraded", degrade(piece, others, rng)


def listen(corpus: Path, seed: int, variants: int, plain: int) -> Voices:
    """Hear a corpus: every acted clip clean, at 15 dB of noise and degraded, plain speech clean and degraded.

    variants: times that each clip of a training actor is heard as another speaker besides. plain: clips of
    each plain source's training speakers; a source with fewer is heard several times elsewhere, six at
    most. Pieces without a voice are left out. Raises VoicesError.
    """
    acted, read = sources(corpus)
    columns: list[tuple[np.ndarray, int, str, str, str, str]] = []

    def add(pieces: Iterator[tuple[str, np.ndarray]], clip: Clip, source: str) -> None:
        for heard, piece in pieces:
            row = describe(piece)
            if row is not None:
                columns.append((row, kind_of(clip, source), clip.split, source, clip.speaker, heard))

    learned = [i for i, clip in enumerate(acted[0].clips) if clip.split == "train"]
    others = [acted[0].samples(i) for i in learned[::17]]  # babble; test actors not even in that
    with Progress() as bar:
        for source in bar.track([*acted, *read], description="hearing"):
            rng = rng_for(seed, "feeling", source.name)
            speaking = [i for i, clip in enumerate(source.clips) if clip.split == "train"]
            if source in acted:
                for i, clip in enumerate(source.clips):
                    times = variants if clip.split == "train" else 0
                    add(_acted_pieces(source.samples(i), times, others, rng), clip, source.name)
                continue
            times = int(np.clip(plain // max(1, len(speaking)), 1, 6))
            for i in rng.permutation(speaking)[:plain]:
                add(_plain_pieces(source.samples(i), times, others, rng), source.clips[i], source.name)
    rows, *names = zip(*columns, strict=True)
    return Voices(np.stack(rows), *(np.array(column) for column in names))
