"""The corpus on disk: one folder per source, its clips, their audio and the motion made for them.

`clips.jsonl` holds a clip per line, `audio.i16` all samples end to end (16 kHz, mono, little-endian
int16), `done.json` the counts. `targets.npz` and `events.jsonl` are added later, see `targets.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

import numpy as np

from phiz.audio.mel import RATE
from phiz.corpus.labels import Phone
from phiz.errors import PhizError

FPS = 30.0


def rng_for(seed: int, *names: str) -> np.random.Generator:
    """A random generator that depends on the seed and the names alone, so that order does not matter."""
    return np.random.default_rng([seed, *(zlib.crc32(name.encode()) for name in names)])


class CorpusError(PhizError):
    """A corpus folder that is not there, not finished or not whole."""


@dataclass(frozen=True)
class Clip:
    """One recording: where its samples lie, who speaks, and its phones if they are known.

    start, samples: first sample and count in `audio.i16`. phones: cover the clip, in seconds, or
    None. emotion: one of `phiz.face.emotions.EMOTIONS` if the recording is labelled with one.
    weight: how far the labels are to be trusted, 0 to 1. audible: False for motion captured without
    sound, whose samples are silence that says nothing about it.
    """

    id: str
    speaker: str
    language: str
    split: Literal["train", "test"]
    start: int
    samples: int
    phones: list[Phone] | None
    emotion: str | None = None
    weight: float = 1.0
    audible: bool = True

    @property
    def seconds(self) -> float:
        return self.samples / RATE

    @property
    def frames(self) -> int:
        """Motion frames at 30 fps that belong to the clip."""
        return round(self.samples / RATE * FPS)


class SourceWriter:
    """Writes a source into a hidden folder beside the real one; it appears under its name when whole.

    Use as a context: on an exception nothing remains. `add` appends a clip.
    """

    def __init__(self, corpus: Path, name: str, seed: int, **facts: object) -> None:
        self.folder = corpus / name
        self._part = corpus / f".{name}.part"
        self._facts = {"source": name, "seed": seed, **facts}
        self._clips: list[Clip] = []
        self._samples = 0

    def __enter__(self) -> SourceWriter:
        shutil.rmtree(self._part, ignore_errors=True)
        self._part.mkdir(parents=True)
        self._audio = open(self._part / "audio.i16", "wb")
        return self

    @property
    def seconds(self) -> float:
        """Length of the audio added so far."""
        return self._samples / RATE

    def add(
        self,
        id: str,
        samples: np.ndarray,
        phones: list[Phone] | None,
        *,
        speaker: str,
        language: str = "en",
        split: Literal["train", "test"] = "train",
        emotion: str | None = None,
        weight: float = 1.0,
        audible: bool = True,
    ) -> None:
        """Append a clip. samples: (n,) float, +-1 full scale, at 16 kHz; louder is clipped."""
        ints = np.round(np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2")
        self._audio.write(ints.tobytes())
        if phones is not None:
            phones = [(round(s, 4), round(e, 4), name) for s, e, name in phones]
        clip = Clip(
            id, speaker, language, split, self._samples, len(ints), phones, emotion, round(weight, 3), audible
        )
        self._clips.append(clip)
        self._samples += len(ints)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._audio.close()
        if kind is not None:
            shutil.rmtree(self._part, ignore_errors=True)
            return
        with open(self._part / "clips.jsonl", "w", encoding="utf-8") as file:
            for clip in self._clips:
                file.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")
        facts = {
            **self._facts,
            "clips": len(self._clips),
            "labelled": sum(c.phones is not None for c in self._clips),
            "test": sum(c.split == "test" for c in self._clips),
            "speakers": len({c.speaker for c in self._clips}),
            "seconds": round(self._samples / RATE, 1),
        }
        (self._part / "done.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        os.replace(self._part, self.folder)


def is_done(folder: Path) -> bool:
    """Whether the source in this folder was written to its end."""
    return (folder / "done.json").is_file()


@dataclass(frozen=True)
class Targets:
    """The motion of every clip of a source, end to end, at 30 fps (N frames in all).

    weights (N, 51) and head (N, 3) [yaw, pitch, roll, radians] float16; mask (54,) bool, the
    channels and head angles that are known; emotion (N, 8) float16, mix times intensity in the
    order of EMOTIONS; style (clips,) int16; offset (clips + 1,) int64: clip i has the frames
    offset[i] to offset[i + 1]; events: per clip, the Action Unit events as dicts.
    """

    weights: np.ndarray
    head: np.ndarray
    mask: np.ndarray
    emotion: np.ndarray
    style: np.ndarray
    offset: np.ndarray
    events: list[list[dict]]


@dataclass(frozen=True)
class Source:
    """A finished source: its clips, its audio (memory-mapped int16), its targets if they are made."""

    name: str
    folder: Path
    clips: list[Clip]
    audio: np.ndarray
    targets: Targets | None

    def samples(self, index: int) -> np.ndarray:
        """(n,) float32 samples of a clip, +-1 full scale."""
        clip = self.clips[index]
        return self.audio[clip.start : clip.start + clip.samples].astype(np.float32) / 32768.0


def load_clips(folder: Path) -> list[Clip]:
    """The clips of a finished source. Raises CorpusError."""
    if not is_done(folder):
        raise CorpusError(
            f"expected a finished corpus source in {folder}, found no done.json; run phiz corpus"
        )
    clips = []
    with open(folder / "clips.jsonl", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["phones"] is not None:
                row["phones"] = [(s, e, name) for s, e, name in row["phones"]]
            clips.append(Clip(**row))
    return clips


def load_targets(folder: Path, clips: list[Clip]) -> Targets | None:
    """The targets of a source, or None while they are not made. Raises CorpusError if they do not fit."""
    path = folder / "targets.npz"
    if not path.is_file():
        return None
    with np.load(path) as data:
        arrays = {name: data[name] for name in ("weights", "head", "mask", "emotion", "style", "offset")}
    if len(arrays["offset"]) != len(clips) + 1:
        raise CorpusError(
            f"expected targets for {len(clips)} clips in {path}, came {len(arrays['offset']) - 1}; "
            "delete targets.npz and run `phiz corpus` again"
        )
    events: list[list[dict]] = [[] for _ in clips]
    place = {clip.id: i for i, clip in enumerate(clips)}
    with open(folder / "events.jsonl", encoding="utf-8") as file:
        for line in file:
            event = json.loads(line)
            events[place[event.pop("clip")]].append(event)
    return Targets(**arrays, events=events)


def load_source(folder: str | Path) -> Source:
    """Open a finished source for reading. Raises CorpusError."""
    folder = Path(folder)
    clips = load_clips(folder)
    path = folder / "audio.i16"
    expected = sum(clip.samples for clip in clips)
    if path.stat().st_size != 2 * expected:
        raise CorpusError(
            f"expected {2 * expected} bytes in {path}, came {path.stat().st_size}; delete it and run again"
        )
    audio = np.memmap(path, "<i2", "r") if expected else np.zeros(0, "<i2")
    return Source(folder.name, folder, clips, audio, load_targets(folder, clips))
