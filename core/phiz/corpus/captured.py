"""Real captured motion as corpus sources, so that some of what is learned was never made by rule.

`facegood`: four Mandarin takes whose mouth curves were tracked, with their sound (FACEGOOD-Audio2Face,
MIT). `livelink`: six range-of-motion takes of the Live Link Face app, without sound (alexdjulin, MIT).

`python -m phiz.corpus.captured DATA` prints the statistics of both as JSON.
"""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.corpus.clips import FPS, SourceWriter, is_done
from phiz.corpus.curve_expression import evaluate
from phiz.corpus.motion_statistics import statistics
from phiz.corpus.teacher.styles import STYLES
from phiz.errors import PhizError, status_of
from phiz.face.channels import CHANNELS, COUNT, INDEX
from phiz.face.emotions import EMOTIONS

FACEGOOD_TAKES = ("2_01", "2_02", "2_03", "2_04")
FACEGOOD_TEST = frozenset({"2_04"})
FACEGOOD_LAG = 1
"""Frames by which the tracked curves trail the sound: the correlation of the jaw with the energy of
the sound is highest between 0 and 1 frame late, and a jaw opens before its vowel sounds."""

ROUNDED_SHAPES: dict[str, dict[str, float]] = {
    "mouth_oh_c": {"jawOpen": 0.25, "mouthFunnel": 0.5, "mouthPucker": 0.3},
    "mouth_oo_c": {"mouthPucker": 0.7, "mouthFunnel": 0.2},
}
"""Two strong shapes the publishers' map leaves out, as gains on ARKit channels.

`oh` is open and round and lowers the jaw itself: where it is above .6 the jaw's own curve has a median
of only .16, in open vowels .35, and a quarter of `oh` makes up the difference. `oo` is the pout of /u/,
worn together with mouth_pucker.
"""

SHORTEST, LONGEST = 1.0, 20.0  # seconds of a clip
_GAP = 0.1  # s between tracked frames above which the face was lost, not a frame dropped
_STEP = 3  # motion frames that hold a whole number of samples (1600)


class CapturedError(PhizError):
    """Captured takes that are not there, or not what they should be."""


@dataclass(frozen=True)
class Captured:
    """One clip of captured motion at 30 fps.

    weights (F, 51) float32 0..1; head (F, 3) float32 [yaw, pitch, roll] radians; mask (54,) bool,
    channels and head angles that are known; samples (n,) float32 16 kHz sound of the clip, silence
    where it is not audible; style: a name of STYLES; expressive: the emotion is unknown, not neutral.
    """

    id: str
    speaker: str
    language: str
    split: Literal["train", "test"]
    style: str
    weights: np.ndarray
    head: np.ndarray
    mask: np.ndarray
    samples: np.ndarray
    audible: bool
    expressive: bool


def captured_targets(
    curves: Mapping[str, np.ndarray], rows: Iterable[Mapping[str, str]]
) -> tuple[np.ndarray, np.ndarray]:
    """FACEGOOD curves (F,) by name, and the rows of their `arkit_map.csv` -> what they say in ARKit.

    -> weights (F, 51) float32 0..1; mask (54,) bool: the channels of the usable rows, no head angles.
    The shapes of ROUNDED_SHAPES are added to the map. Raises CurveExpressionError.
    """
    frames = len(next(iter(curves.values())))
    weights = np.zeros((frames, COUNT), np.float32)
    mask = np.zeros(COUNT + 3, bool)
    for row in rows:
        if row["usable"] == "yes":
            weights[:, INDEX[row["arkit"]]] = evaluate(row["facegood"], curves)
            mask[INDEX[row["arkit"]]] = True
    for shape, gains in ROUNDED_SHAPES.items():
        for channel, gain in gains.items():
            weights[:, INDEX[channel]] += gain * curves[shape]
    return np.clip(weights, 0.0, 1.0), mask


def facegood_curves(folder: Path, take: str) -> tuple[np.ndarray, np.ndarray]:
    """`captured_targets` of a take in the folder `facegood`, at 30 fps as tracked. Raises CapturedError."""
    with open(_present(folder / "arkit_map.csv"), encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with np.load(_present(folder / "curves" / f"{take}.npz")) as archive:
        if round(float(archive["fps"])) != FPS:
            raise CapturedError(f"expected curves at {FPS:g} fps in {take}.npz, came {archive['fps']}")
        curves = dict(zip(archive["names"].tolist(), archive["weights"].T, strict=True))
    return captured_targets(curves, rows)


def facegood_sound(folder: Path, take: str) -> Path:
    """The recording of a take. Raises CapturedError."""
    return _present(folder / "audio" / f"{take}.opus")


def facegood(data: Path) -> Iterator[Captured]:
    """The takes of `data/facegood` with sound, in clips of LONGEST seconds. Raises CapturedError."""
    for take in FACEGOOD_TAKES:
        weights, mask = facegood_curves(data / "facegood", take)
        weights = weights[FACEGOOD_LAG:]
        samples = recording.load(facegood_sound(data / "facegood", take)).samples
        for first, last in _cuts(len(weights)):
            begin = first * RATE // int(FPS)
            wanted = samples[begin : begin + _sample_count(last - first)]
            yield Captured(
                id=f"facegood_{take}_{first:05d}",
                speaker="facegood",
                language="zh",
                split="test" if take in FACEGOOD_TEST else "train",
                style="facegood",
                weights=weights[first:last],
                head=np.zeros((last - first, 3), np.float32),
                mask=mask,
                samples=np.pad(wanted, (0, _sample_count(last - first) - len(wanted))),
                audible=True,
                expressive=False,
            )


def livelink(data: Path) -> Iterator[Captured]:
    """The takes of `data/livelink_takes`, silent, cut where the face was lost. Raises CapturedError.

    A head angle that never moves was not recorded (a setting of the app) and is masked out.
    """
    folder = data / "livelink_takes"
    paths = sorted(_present(folder).glob("*.csv"))
    if not paths:
        raise CapturedError(f"expected Live Link Face takes (.csv) in {folder}, came none")
    for path in paths:
        runs = tracked_runs(path)
        if not runs:
            raise CapturedError(f"expected {SHORTEST:g} s or more of tracked face in {path}, came none")
        angles = np.concatenate([head for _, head in runs])
        mask = np.r_[np.ones(COUNT, bool), np.ptp(angles, axis=0) > 0]
        for number, (weights, head) in enumerate(runs):
            for first, last in _cuts(len(weights)):
                yield Captured(
                    id=f"livelink_{path.stem}_{number}_{first:05d}",
                    speaker=path.stem,
                    language="none",
                    split="train",
                    style="livelink",
                    weights=weights[first:last],
                    head=head[first:last],
                    mask=mask,
                    samples=np.zeros(_sample_count(last - first), np.float32),
                    audible=False,
                    expressive=True,
                )


def tracked_runs(path: Path) -> list[tuple[np.ndarray, np.ndarray]]:
    """The stretches of a Live Link Face CSV in which the face was tracked, SHORTEST or longer, at 30 fps.

    -> weights (F, 51) and head (F, 3) float32 of each. Single dropped frames are interpolated; a lost
    face (a line without values) ends a stretch, since a bridge across it would be motion nobody made.
    """
    with open(path, encoding="utf-8", newline="") as file:
        header, *lines = csv.reader(file)
    place = {name.lower(): i for i, name in enumerate(header)}
    columns = [place[name.lower()] for name in (*CHANNELS, "HeadYaw", "HeadPitch", "HeadRoll")]
    lines = [line for line in lines if len(line) == len(header)]
    table = np.array([[float(line[i]) for i in columns] for line in lines])  # (frames, 54)
    codes = np.array([[float(part) for part in line[0].split(":")] for line in lines])  # h, m, s, frames
    base = 60.0 if codes[:, 3].max() > 30 else 30.0
    times = codes @ [3600.0, 60.0, 1.0, 1.0 / base]
    ends = [0, *(np.flatnonzero(np.diff(times) > _GAP) + 1), len(times)]
    runs = []
    for first, last in pairwise(ends):
        if times[last - 1] - times[first] >= SHORTEST:
            at = np.arange(times[first], times[last - 1] + 1e-6, 1 / FPS)
            even = np.stack(
                [np.interp(at, times[first:last], track[first:last]) for track in table.T], axis=1
            )
            runs.append(
                (np.clip(even[:, :COUNT], 0, 1).astype(np.float32), even[:, COUNT:].astype(np.float32))
            )
    return runs


def write_captured(data: Path, out: Path) -> None:
    """Write the corpus sources `captured_facegood` and `captured_livelink` with their targets into `out`.

    Finished ones stay as they are. Raises CapturedError, RecordingError.
    """
    out.mkdir(parents=True, exist_ok=True)
    for name, read in (("captured_facegood", facegood), ("captured_livelink", livelink)):
        if not (is_done(out / name) and (out / name / "targets.npz").is_file()):
            _write(out, name, list(read(data)))


def _write(out: Path, name: str, clips: Sequence[Captured]) -> None:
    with SourceWriter(out, name, seed=0) as source:
        for clip in clips:
            source.add(
                clip.id, clip.samples, None,
                speaker=clip.speaker, language=clip.language, split=clip.split, audible=clip.audible,
            )  # fmt: skip
    frames = [len(clip.weights) for clip in clips]
    emotion = np.zeros((sum(frames), len(EMOTIONS)), np.float16)
    emotion[np.repeat([not clip.expressive for clip in clips], frames), EMOTIONS.index("neutral")] = 1.0
    (out / name / "events.jsonl").write_text("", encoding="utf-8")
    part = out / name / "targets.part.npz"
    np.savez(
        part,
        weights=np.concatenate([clip.weights for clip in clips]).astype(np.float16),
        head=np.concatenate([clip.head for clip in clips]).astype(np.float16),
        mask=np.logical_and.reduce([clip.mask for clip in clips]),
        emotion=emotion,
        style=np.array([STYLES.index(clip.style) for clip in clips], np.int16),
        offset=np.r_[0, np.cumsum(frames)].astype(np.int64),
    )
    os.replace(part, out / name / "targets.npz")


def calibration(data: Path) -> dict[str, Any]:
    """Statistics of the captured motion by style, see `motion_statistics.statistics`."""
    numbers = {}
    for style, read in (("facegood", facegood), ("livelink", livelink)):
        clips = list(read(data))
        heads = [clip.head for clip in clips if clip.mask[COUNT:].all()]
        numbers[style] = statistics([clip.weights for clip in clips], FPS, heads, clips[0].mask[:COUNT])
    return numbers


def _cuts(frames: int) -> Iterator[tuple[int, int]]:
    """[first, last) of clips of at most LONGEST seconds, cut where a frame begins on a whole sample.

    As even as can be, so that no scrap is left at the end.
    """
    pieces = -(-frames // int(LONGEST * FPS))
    length = -(-frames // pieces)
    length += -length % _STEP
    for first in range(0, frames, length):
        yield first, min(first + length, frames)


def _sample_count(frames: int) -> int:
    return round(frames * RATE / FPS)


def _present(path: Path) -> Path:
    if not path.exists():
        raise CapturedError(
            f"expected captured takes at {path}, found nothing; give the folder that holds them"
        )
    return path


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m phiz.corpus.captured DATA", file=sys.stderr)
        return 2
    return status_of(lambda: _show(Path(sys.argv[1])))


def _show(data: Path) -> int:
    print(json.dumps(calibration(data), indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
