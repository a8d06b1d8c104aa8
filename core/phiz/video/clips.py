"""A folder of clips: a face that speaks, with its sound, its portrait and what it was asked to do.

    ROOT/clips.json        {"fps", "size", "clips": [{"name", "identity", "split", "folder"}]}
    ROOT/FOLDER/video.mp4      square, `size` pixels, constant rate
    ROOT/FOLDER/audio.wav      16 kHz mono, at least as long as the film
    ROOT/FOLDER/portrait.png   the same face at rest, `size` pixels
    ROOT/FOLDER/direction.json the acting notes; or
    ROOT/FOLDER/text.txt       a line with what is felt and a line with what the face does, in words
    ROOT/FOLDER/take.npz       (or .json, .csv) the motion behind the film, where it is known
    ROOT/FOLDER/scene.json     how it was rendered, where it was (`phiz.corpus.portraits`)
    ROOT/FOLDER/without.mp4, without.npz   the same performance without its Action Unit events, to measure
                               what these do; of rendered clips of the split `test`

Film your own the same way; then the last three are left out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import soundfile
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phiz.acting.direction import Direction, in_one_line
from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.cotfa.prompts import prompts_of
from phiz.cotfa.steps import Prompts
from phiz.errors import PhizError
from phiz.motion import take as takes
from phiz.motion.take import Take
from phiz.video import film
from phiz.writing import whole_file

INDEX = "clips.json"
VIDEO, AUDIO, PORTRAIT = "video.mp4", "audio.wav", "portrait.png"
DIRECTION, TEXT = "direction.json", "text.txt"
WITHOUT_VIDEO, WITHOUT_TAKE = "without.mp4", "without.npz"
TAKES = ("take.npz", "take.json", "take.csv")
SMALLEST, LARGEST = 16, 2048  # pixels of a side

Split = Literal["train", "test"]


class ClipsError(PhizError):
    """A folder of clips that cannot be used; the message names the file."""


class NoClipsError(ClipsError):
    """There is no such folder, no index in it, or nothing of what was asked for."""


class BadIndexError(ClipsError):
    """clips.json is not what this module describes."""


class MissingFileError(ClipsError):
    """A clip lacks one of its files."""


class PictureError(ClipsError):
    """Film or portrait are not square, or not of the size or rate that clips.json says."""


class LengthError(ClipsError):
    """Sound or Take end before the film does."""


class Entry(BaseModel):
    """A line of the index. identity: whose face it is; one in `test` is in no clip of `train`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(min_length=1)]
    identity: Annotated[str, Field(min_length=1)]
    split: Split
    folder: Annotated[str, Field(min_length=1)]


class Index(BaseModel):
    """What clips.json holds. size: pixels of a side."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    fps: Annotated[float, Field(ge=1.0, le=240.0)]
    size: Annotated[int, Field(ge=SMALLEST, le=LARGEST)]
    clips: tuple[Entry, ...]


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip in memory.

    frames (N, size, size, 3) uint8 RGB; frame i is shown from i / fps on. portrait (size, size, 3) uint8.
    voice: its sound, at least N / fps long. take: N frames at `fps`, or None where the motion is not
    known. direction: None where words alone were given. prompts: coarse and fine words.
    """

    name: str
    identity: str
    split: Split
    fps: float
    frames: np.ndarray
    portrait: np.ndarray
    voice: Recording
    take: Take | None
    direction: Direction | None
    prompts: Prompts

    @property
    def seconds(self) -> float:
        return len(self.frames) / self.fps


def read_index(root: str | os.PathLike[str]) -> Index:
    """The index of a folder of clips. Raises NoClipsError, BadIndexError."""
    path = Path(root) / INDEX
    if not path.is_file():
        raise NoClipsError(f"Expected a folder of clips with {INDEX} in it; {path} is not there.")
    try:
        index = Index.model_validate(json.loads(path.read_text(encoding="utf-8-sig")))
    except ValidationError as error:
        raise BadIndexError(f"{path}: {in_one_line(error, Index)}") from error
    except (OSError, ValueError) as error:
        raise BadIndexError(f"{path} is not JSON ({error}).") from error
    names = [entry.name for entry in index.clips]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadIndexError(f"{path}: the name {twice[0]} is there twice. Give every clip its own.")
    sides = {split: {e.identity for e in index.clips if e.split == split} for split in ("train", "test")}
    if both := sorted(sides["train"] & sides["test"]):
        raise BadIndexError(
            f"{path}: the face {both[0]} is in both train and test. Keep its clips on one side."
        )
    return index


def load_all(root: str | os.PathLike[str], split: Split | None = None) -> Iterator[Clip]:
    """Every clip, or those of one split, in the order of the index. Raises what `load` does."""
    index = read_index(root)
    entries = [entry for entry in index.clips if split in (None, entry.split)]
    if not entries:
        raise NoClipsError(f"{root} holds no clips{f' of the split {split}' if split else ''}.")
    for entry in entries:
        yield load(root, index, entry)


def load(root: str | os.PathLike[str], index: Index, entry: Entry) -> Clip:
    """Read one clip and check that its files belong together.

    Raises ClipsError, and what a file that is damaged raises: FilmError, RecordingError, TakeError,
    DirectionError.
    """
    folder = Path(root) / entry.folder
    for name in (VIDEO, AUDIO, PORTRAIT):
        if not (folder / name).is_file():
            raise MissingFileError(f"The clip {entry.name} lacks {folder / name}.")
    frames, fps = film.read(folder / VIDEO)
    if frames.shape[1:3] != (index.size, index.size):
        raise PictureError(
            f"{folder / VIDEO} is {frames.shape[2]} x {frames.shape[1]} pixels; {INDEX} says "
            f"{index.size} x {index.size}. Crop and scale it."
        )
    if abs(fps - index.fps) > 0.01:
        raise PictureError(f"{folder / VIDEO} has {fps:g} frames per second; {INDEX} says {index.fps:g}.")
    voice = recording.load(folder / AUDIO)
    if voice.seconds < (len(frames) - 0.5) / fps:
        raise LengthError(
            f"{folder / AUDIO} is {voice.seconds:.2f} s long, its film {len(frames) / fps:.2f} s. "
            "Cut the film, or give all its sound."
        )
    seconds = len(frames) / fps
    direction, prompts = _words(folder, entry, seconds)
    return Clip(
        entry.name,
        entry.identity,
        entry.split,
        fps,
        frames,
        read_picture(folder / PORTRAIT, index.size),
        voice,
        _take(folder, fps, len(frames)),
        direction,
        prompts,
    )


def read_picture(path: Path, size: int) -> np.ndarray:
    """(size, size, 3) uint8 of a square picture that has this size. Raises PictureError."""
    try:
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"))
    except (OSError, ValueError) as error:
        raise PictureError(f"Cannot read {path} as a picture ({error}). Export it again as PNG.") from error
    if pixels.shape[:2] != (size, size):
        height, width = pixels.shape[:2]
        raise PictureError(f"{path} is {width} x {height} pixels; {size} x {size} are needed. Scale it.")
    return pixels


def _take(folder: Path, fps: float, frames: int) -> Take | None:
    found = next((folder / name for name in TAKES if (folder / name).is_file()), None)
    if found is None:
        return None
    take = takes.load(found).resampled(fps)
    if take.frames < frames - 1:
        raise LengthError(f"{found} is {take.seconds:.2f} s long, its film {frames / fps:.2f} s.")
    at = np.minimum(np.arange(frames), take.frames - 1)  # a frame more or less is rounding
    return Take(take.weights[at], take.head[at], fps, take.audio, take.origin)


def _words(folder: Path, entry: Entry, seconds: float) -> tuple[Direction | None, Prompts]:
    notes, text = folder / DIRECTION, folder / TEXT
    direction = Direction.from_file(notes) if notes.is_file() else None
    if text.is_file():
        try:
            lines = text.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise ClipsError(f"Cannot read {text} as UTF-8 text ({error}).") from error
        if len(lines) != 2 or not all(line.strip() for line in lines):
            raise ClipsError(
                f"{text} needs two lines, what is felt and what the face does; it has {len(lines)}."
            )
        return direction, Prompts(coarse=lines[0], fine=lines[1])
    if direction is None:
        raise MissingFileError(f"The clip {entry.name} has neither {notes} nor {text}. Give it one of them.")
    return direction, prompts_of(direction, seconds)


def write_clip(folder: str | os.PathLike[str], clip: Clip) -> None:
    """Write the files of one clip into a folder, which is made. Raises OutputError, NoVideoExtraError."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    film.write(folder / VIDEO, clip.frames, clip.fps)
    with whole_file(folder / AUDIO) as out:
        soundfile.write(out, clip.voice.samples, RATE, format="WAV", subtype="PCM_16")
    with whole_file(folder / PORTRAIT) as out:
        Image.fromarray(clip.portrait).save(out, format="PNG")
    if clip.direction is not None:
        clip.direction.to_file(folder / DIRECTION)
    if clip.take is not None:
        clip.take.save(folder / TAKES[0])
    with whole_file(folder / TEXT) as out:
        out.write(f"{clip.prompts.coarse}\n{clip.prompts.fine}\n".encode())


def write_index(root: str | os.PathLike[str], index: Index) -> None:
    """Write clips.json, last of all: without it a folder is no folder of clips. Raises OutputError."""
    with whole_file(Path(root) / INDEX) as out:
        out.write((index.model_dump_json(indent=1) + "\n").encode())
