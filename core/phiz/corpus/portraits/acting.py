"""What a filmed person says and shows: a piece of a recording, and acting notes by chance."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from phiz.acting.direction import AUEvent, Direction, EmotionKey
from phiz.audio import recording
from phiz.audio.recording import Recording
from phiz.errors import PhizError
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS
from phiz.video.clips import Split

UNITS = (1, 2, 4, 5, 10, 12, 15, 18, 20, 22, 26, 27, 30, 43, 61, 62, 63, 64)
"""The units that are asked for: those that are seen on a picture of this size, each in its own place."""
_SUFFIXES = {".wav", ".flac", ".ogg", ".opus", ".mp3"}
_QUIET = 0.008  # RMS, +-1 full scale: no speech to be seen
_TRIES = 60
_GAP = 0.1  # seconds between two events, so that each is seen alone


class NoSpeechError(PhizError):
    """The folder of recordings holds nothing that could be said in front of the camera."""


class Voices:
    """The recordings of a folder, and of its folders. Raises NoSpeechError where there are none.

    A fifth of them, by name, is kept for the split `test`.
    """

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
        self._folder = folder
        self._files: dict[Split, list[Path]] = {"train": [], "test": []}
        for path in files:
            kept = zlib.crc32(path.name.encode()) % 5 == 0
            self._files["test" if kept else "train"].append(path)
        for split, found in self._files.items():
            if not found:
                raise NoSpeechError(f"Found {len(files)} recordings in {folder}, none of them for {split}.")

    def piece(self, rng: np.random.Generator, split: Split, seconds: float) -> Recording:
        """So many seconds of a recording by chance, in which something is said. Raises NoSpeechError."""
        files = self._files[split]
        for _ in range(_TRIES):
            voice = recording.load(files[rng.integers(len(files))])
            if voice.seconds < seconds + 0.01:
                continue
            pieces = [
                voice.cut(start, start + seconds) for start in rng.uniform(0, voice.seconds - seconds, 6)
            ]
            loudest = max(pieces, key=_loudness)
            if _loudness(loudest) > _QUIET:
                return loudest
        raise NoSpeechError(
            f"Found no recording of {seconds:.1f} s of speech in {self._folder}; give longer ones."
        )


def _loudness(voice: Recording) -> float:
    return float(np.sqrt(np.mean(np.square(voice.samples))))


def draw_direction(rng: np.random.Generator, seconds: float, seed: int) -> Direction:
    """An emotion, in a third of all cases turning into another, and up to two Action Units in turn."""
    keys = [EmotionKey(mix={_emotion(rng): 1.0}, intensity=_strength(rng))]
    if rng.random() < 0.33:
        turn = round(float(rng.uniform(0.35, 0.65)) * seconds, 3)
        keys = [
            *keys,
            keys[0].model_copy(update={"time": max(0.0, round(turn - 0.3, 3))}),
            EmotionKey(time=turn, mix={_emotion(rng, *keys[0].mix): 1.0}, intensity=_strength(rng)),
        ]
    count = int(rng.choice(3, p=(0.15, 0.4, 0.45)))
    drawn = rng.choice(UNITS, size=count, replace=False)
    room = (seconds - 0.2) / max(count, 1)
    events = []
    for i, number in enumerate(drawn.tolist()):
        length = float(rng.uniform(0.8, min(1.6, room - _GAP)))
        start = 0.1 + i * room + float(rng.uniform(0, room - _GAP - length))
        events.append(
            AUEvent(
                au=number,
                side=_side(rng, number),  # pyright: ignore[reportArgumentType]
                start=round(start, 3),
                end=round(start + length, 3),
                intensity=round(float(rng.uniform(0.75, 1.0)), 2),
            )
        )
    return Direction(emotion=keys, events=events, seed=seed)


def _emotion(rng: np.random.Generator, *but: str) -> str:
    return str(rng.choice([name for name in EMOTIONS if name not in but]))


def _strength(rng: np.random.Generator) -> float:
    return round(float(rng.uniform(0.5, 1.0)), 2)


def _side(rng: np.random.Generator, number: int) -> str:
    sides = ACTION_UNITS[number].sides
    return (
        sides[0] if len(sides) == 1 or ("B" in sides and rng.random() < 0.75) else str(rng.choice(sides[-2:]))
    )
