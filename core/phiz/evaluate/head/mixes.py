"""Poses as they come up in use: frames of speech, with an emotion or some Action Units laid over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from phiz.acting.direction import Direction, EmotionKey
from phiz.audio.mel import RATE
from phiz.audio.phones import PHONES
from phiz.audio.recording import Recording
from phiz.audio.recording import load as load_recording
from phiz.corpus import teacher
from phiz.errors import PhizError
from phiz.face import action_units, emotions
from phiz.face.channels import CHANNELS
from phiz.motion import take as take_module
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import generate

SECONDS = 60.0  # of each Take
FELT = ("neutral", "happy", "angry", "sad")  # of the Takes, in turn
STRENGTH = 0.8
SOUND = (".flac", ".ogg", ".opus", ".wav")


class SourceError(PhizError):
    """A source of speech is neither a Take nor a folder of recordings."""


def played(count: int, seed: int = 0) -> list[np.ndarray]:
    """(frames, 51) weights of SECONDS each: the teacher speaks phones drawn at random, feeling something."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        ends = np.cumsum(rng.uniform(0.05, 0.2, int(SECONDS / 0.05)))
        ends = ends[ends < SECONDS]
        starts = np.concatenate([[0.0], ends[:-1]])
        names = rng.choice([name for name in PHONES if name != "SIL"], len(ends))
        phones = [(float(a), float(b), str(n)) for a, b, n in zip(starts, ends, names, strict=True)]
        frames = round(SECONDS * teacher.FPS)
        out.append(teacher.perform(phones, SECONDS, np.zeros(frames), rng).weights)
    return out


def acted(sources: Sequence[Path], bundle: Bundle) -> list[Take]:
    """A Take per source: the file of one, or a folder whose recordings, end to end, the bundle acts.

    SECONDS at most; the folders feel FELT in turn. Raises SourceError and what loading raises.
    """
    takes = []
    for number, source in enumerate(sources):
        if not source.is_dir():
            takes.append(take_module.load(source))
            continue
        felt = FELT[number % len(FELT)]
        direction = Direction(
            emotion=() if felt == "neutral" else (EmotionKey(mix={felt: 1.0}, intensity=STRENGTH),),
            seed=number,
        )
        takes.append(generate(Recording(_sound(source)), direction, bundle))
    return takes


def _sound(folder: Path) -> np.ndarray:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SOUND)
    if not files:
        raise SourceError(f"expected recordings ({', '.join(SOUND)}) in {folder}, found none")
    samples, wanted = np.zeros(0, np.float32), int(SECONDS * RATE)
    for path in files:
        samples = np.concatenate([samples, load_recording(path).samples])
        if len(samples) >= wanted:
            break
    return samples[:wanted]


def mixes(speech: Sequence[np.ndarray], count: int, seed: int = 0) -> list[np.ndarray]:
    """(51,) weights each: two in five a frame of speech as it is, two with an emotion added, one with three
    Action Units."""
    rng = np.random.default_rng(seed)
    units = [unit for unit in action_units.ACTION_UNITS.values() if unit.showable]
    felt = [name for name in emotions.EMOTIONS if name != "neutral"]
    out = []
    for number in range(count):
        take = speech[rng.integers(len(speech))]
        weights = take[rng.integers(len(take))].copy()
        if number % 5 in (2, 3):
            weights += emotions.pose(str(rng.choice(felt)), rng.uniform(0.3, 1.0))
        elif number % 5 == 4:
            for unit in rng.choice(len(units), 3, replace=False):
                side = str(rng.choice(units[unit].sides))
                weights += action_units.pose(units[unit].number, side, rng.uniform(0.3, 1.0))
        out.append(np.clip(weights, 0.0, 1.0))
    return out


def named(weights: np.ndarray) -> dict[str, float]:
    """Those of (51,) weights that are on."""
    return {name: float(w) for name, w in zip(CHANNELS, weights, strict=True) if w > 0}
