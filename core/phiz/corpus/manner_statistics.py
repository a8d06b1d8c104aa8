"""What each style's motion is like, for `phiz.runtime.manner` to match references with.

A taught style is performed by the teacher, one performance to a stretch, as a reference is one take of
one speaker. A captured style is read from its clips that have sound: one that was learned without sound
does not move when it speaks as it moved when it was captured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from phiz.corpus.clips import CorpusError, Source, load_clips, load_source, rng_for
from phiz.corpus.labels import Phone
from phiz.corpus.targets import loudness
from phiz.corpus.teacher import FPS, perform
from phiz.corpus.teacher.styles import CAPTURED, STYLES, TAUGHT
from phiz.motion.take import Take
from phiz.runtime.manner import SHORTEST, STATISTICS, Manner, Manners, logarithms, read_manner

STRETCH = 15.0
"""Seconds of a performance; it ends with the clip that reaches it."""
_STRETCHES = 24  # per taught style
_LEAST_SPREAD = 0.05


def speech(corpus: Path, split: str = "train") -> list[tuple[Source, int]]:
    """The clips of a split whose phones are known and not all silence, over all finished sources."""
    found = []
    for folder in sorted(path for path in corpus.iterdir() if (path / "done.json").is_file()):
        clips = load_clips(folder)
        audio = (
            np.memmap(folder / "audio.i16", "<i2", "r")
            if any(c.samples for c in clips)
            else np.zeros(0, "<i2")
        )
        source = Source(folder.name, folder, clips, audio, None)
        found += [
            (source, i)
            for i, clip in enumerate(clips)
            if clip.split == split and any(name != "SIL" for _, _, name in clip.phones or ())
        ]
    return found


def stretch(clips: list[tuple[Source, int]], style: str, seconds: float, rng: np.random.Generator) -> Take:
    """One performance in a taught style of clips drawn and joined until they last `seconds`."""
    phones: list[Phone] = []
    loud, at = [], 0.0
    while at < seconds:
        source, i = clips[rng.integers(len(clips))]
        clip = source.clips[i]
        level = loudness(source.samples(i), clip.phones or [])
        phones += [(at + s, at + e, name) for s, e, name in clip.phones or [] if e <= len(level) / FPS]
        loud.append(level)
        at += len(level) / FPS
    made = perform(phones, at, np.concatenate(loud), rng, style=style)
    return Take(made.weights, made.head, FPS)


def manners_of(corpus: Path, seed: int = 0) -> Manners:
    """The manner of every style; the same for the same corpus and seed. Raises CorpusError, TeacherError.

    Statistics of a style of which the corpus holds no motion are left out.
    """
    if not corpus.is_dir():
        raise CorpusError(f"expected a corpus folder, there is no {corpus}; run `phiz corpus` first")
    clips = speech(corpus)
    if not clips:
        raise CorpusError(f"expected clips with phones in {corpus}, came none; run `phiz corpus` first")
    read: dict[str, list[np.ndarray]] = {style: [] for style in STYLES}
    for style in TAUGHT:
        rng = rng_for(seed, "manner", style)
        read[style] = [
            logarithms(read_manner(stretch(clips, style, STRETCH, rng))) for _ in range(_STRETCHES)
        ]
    for style, take in _captured(corpus):
        read[style].append(logarithms(read_manner(take)))
    return Manners(
        styles=[manner_of(style, np.array(rows), style in CAPTURED) for style, rows in read.items()]
    )


def _captured(corpus: Path) -> list[tuple[str, Take]]:
    """The captured clips to train on that have sound and last long enough, each with its style."""
    found = []
    for name in CAPTURED:
        folder = corpus / f"captured_{name}"
        if not (folder / "targets.npz").is_file():
            continue
        source = load_source(folder)
        made = source.targets
        assert made is not None
        for i, clip in enumerate(source.clips):
            span = slice(made.offset[i], made.offset[i + 1])
            if clip.split == "train" and clip.audible and clip.frames >= SHORTEST * FPS:
                known = made.mask.astype(np.float32)
                weights, head = made.weights[span] * known[:-3], made.head[span] * known[-3:]
                found.append((STYLES[int(made.style[i])], Take(weights, head, FPS)))
    return found


def manner_of(style: str, rows: np.ndarray, captured: bool) -> Manner:
    """rows: (stretches, statistics) logarithms, nan where unknown."""
    typical, spread = {}, {}
    for column, (name, floor) in enumerate(STATISTICS.items()):
        values = rows[:, column] if len(rows) else np.zeros(0)
        values = values[~np.isnan(values)]
        if len(values) >= 3:
            typical[name] = round(max(float(np.exp(values.mean())) - floor, 0.0), 5)
            spread[name] = round(max(float(values.std()), _LEAST_SPREAD), 5)
    return Manner(name=style, typical=typical, spread=spread, captured=captured)
