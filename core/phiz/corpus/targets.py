"""Motion for every clip of a source, made by the teacher and written beside the clips."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np

from phiz.audio.mel import RATE
from phiz.corpus.clips import FPS, Source, load_source, rng_for
from phiz.corpus.labels import Phone
from phiz.corpus.teacher import Performance, perform
from phiz.face.channels import COUNT
from phiz.face.emotions import EMOTIONS

QUIETEST_DB = -60.0
_HALF_WINDOW = RATE // 30  # samples on either side of a frame


def loudness(samples: np.ndarray, phones: list[Phone]) -> np.ndarray:
    """(frames,) float32 dB at 30 fps relative to the median frame of the clip's speech, -60 at least.

    samples: (n,) float at 16 kHz. Frame i is the power of 67 ms about i / 30 s. A clip without
    speech gives -60 throughout.
    """
    frames = round(len(samples) / RATE * FPS)
    sums = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    centres = np.arange(frames) / FPS
    first = np.clip(np.round(centres * RATE).astype(int) - _HALF_WINDOW, 0, len(samples))
    last = np.clip(first + 2 * _HALF_WINDOW, 0, len(samples))
    db = 10.0 * np.log10((sums[last] - sums[first]) / np.maximum(last - first, 1) + 1e-12)
    spoken = np.zeros(frames, bool)
    for start, end, name in phones:
        if name != "SIL":
            spoken |= (centres >= start) & (centres < end)
    if not spoken.any():
        return np.full(frames, QUIETEST_DB, np.float32)
    return np.maximum(db - np.median(db[spoken]), QUIETEST_DB).astype(np.float32)


def perform_clip(source: Source, index: int, seed: int) -> Performance:
    """The teacher's performance of a clip with phones; the same for the same seed, source and clip."""
    clip = source.clips[index]
    if clip.phones is None:
        raise ValueError(f"clip {clip.id} of {source.name} has no phones")
    rng = rng_for(seed, "targets", source.name, clip.id)
    loud = loudness(source.samples(index), clip.phones)
    return perform(clip.phones, clip.samples / RATE, loud, rng, clip.emotion)


def needs_targets(folder: Path) -> bool:
    """Whether a finished source has phones for all its clips and no targets yet."""
    if (folder / "targets.npz").is_file():
        return False
    with open(folder / "clips.jsonl", encoding="utf-8") as file:
        return all(json.loads(line)["phones"] is not None for line in file)


def write_targets(folder: Path, seed: int) -> int:
    """Make and write the targets of a finished source whose clips all have phones; gives the frames.

    `targets.npz` comes last, so that a source with it is whole. Raises CorpusError, TeacherError.
    """
    source = load_source(folder)
    offset = np.concatenate([[0], np.cumsum([clip.frames for clip in source.clips])]).astype(np.int64)
    total = int(offset[-1])
    weights = np.zeros((total, COUNT), np.float16)
    head = np.zeros((total, 3), np.float16)
    emotion = np.zeros((total, len(EMOTIONS)), np.float16)
    style = np.zeros(len(source.clips), np.int16)
    events_part = folder / ".events.part"
    with open(events_part, "w", encoding="utf-8") as file:
        for index, clip in enumerate(source.clips):
            made = perform_clip(source, index, seed)
            span = slice(offset[index], offset[index + 1])
            weights[span], head[span], emotion[span] = made.weights, made.head, made.emotion
            style[index] = made.style
            for event in made.events:
                file.write(json.dumps({"clip": clip.id, **event.model_dump()}) + "\n")
    part = folder / ".targets.part.npz"
    np.savez(
        part, weights=weights, head=head, emotion=emotion, style=style, offset=offset,
        mask=np.ones(COUNT + 3, bool),
    )  # fmt: skip
    os.replace(events_part, folder / "events.jsonl")
    os.replace(part, folder / "targets.npz")
    return total
