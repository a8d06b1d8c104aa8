"""Fine-tuning shown on captured curves: how near a face comes to the true one, before and after.

The FACEGOOD takes, their mouths mapped to ARKit as `phiz.corpus.captured` does; one is kept from all
training, of the shipped model as of the fine-tuned one, and acted anew from its sound.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from phiz.acting.direction import Direction
from phiz.audio import recording
from phiz.audio.recording import Recording
from phiz.corpus.captured import FACEGOOD_TAKES, facegood_curves, facegood_sound
from phiz.face.channels import CHANNELS, COUNT, REGIONS
from phiz.motion.measures import LipGap, aperture
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import generate
from phiz.train.takes.curve_checks import live_channels
from phiz.writing import whole_file

_FPS = 30.0
_PLOTTED = (20.0, 28.0)  # seconds of the held-out take


@dataclass(frozen=True)
class Nearness:
    """How near a face comes to the true one. error: mean absolute difference of the mouth's channels that
    move in truth; gap_error: of the lip gap on the captured head, 1 being the gap of jawOpen 1;
    correlation: of those channels, the mean, and of the aperture."""

    error: float
    gap_error: float
    correlation: float
    aperture_correlation: float


def facegood_take(folder: Path, name: str) -> Take:
    """A FACEGOOD take as ours: the mouth alone moves. Raises CapturedError."""
    weights, _ = facegood_curves(folder, name)
    return Take(weights, np.zeros((len(weights), 3)), _FPS, audio=f"{name}.opus")


def write_takes(folder: Path, out: Path, held_out: str) -> None:
    """All takes but one as `phiz train finetune` takes them. Raises CapturedError, OutputError."""
    out.mkdir(parents=True, exist_ok=True)
    for name in FACEGOOD_TAKES:
        if name != held_out:
            facegood_take(folder, name).save(out / f"{name}.npz")
            shutil.copyfile(facegood_sound(folder, name), out / f"{name}.opus")


def held_out_take(folder: Path, name: str) -> tuple[Take, Recording]:
    """The true take and its sound. Raises CapturedError, RecordingError."""
    return facegood_take(folder, name), recording.load(facegood_sound(folder, name))


def acted(bundle: Bundle, style: str, sound: Recording, seeds: Sequence[int]) -> list[Take]:
    """What a bundle makes of the sound, neutral, once for each seed."""
    return [generate(sound, Direction(emotion=(), style=style, seed=seed), bundle) for seed in seeds]


def nearness(takes: Sequence[Take], truth: Take, lip_gap: LipGap) -> Nearness:
    """The mean over takes of one sound."""
    moving = [i for i in REGIONS["mouth"] if live_channels(truth)[i]]
    found = []
    for take in takes:
        n = min(take.frames, truth.frames)
        ours, theirs = take.weights[:n], truth.weights[:n]
        found.append(
            (
                np.abs(ours[:, moving] - theirs[:, moving]).mean(),
                np.abs(lip_gap(ours) - lip_gap(theirs)).mean(),
                np.mean([_correlation(ours[:, i], theirs[:, i]) for i in moving]),
                _correlation(aperture(ours), aperture(theirs)),
            )
        )
    return Nearness(*(float(value) for value in np.mean(found, axis=0)))


def at_rest(truth: Take) -> Take:
    """A face that does nothing: near to one whose channels mostly rest, and in step with nothing."""
    return Take(np.zeros_like(truth.weights), truth.head, truth.fps)


def moving_channels(truth: Take) -> list[str]:
    """Names of the mouth's channels that count."""
    return [CHANNELS[i] for i in REGIONS["mouth"] if live_channels(truth)[:COUNT][i]]


def table(rows: Mapping[str, Nearness], before: str) -> str:
    """Markdown; the last column is the mouth's error against that of the row `before`."""
    lines = [
        "| held-out take | mouth error | lip gap error | correlation: channels | aperture | mouth error |",
        "|---|---|---|---|---|---|",
    ]
    for name, near in rows.items():
        change = "" if name == before else f"{near.error / rows[before].error - 1:+.0%}"
        lines.append(
            f"| {name} | {near.error:.4f} | {near.gap_error:.4f} | {near.correlation:.2f} | "
            f"{near.aperture_correlation:.2f} | {change} |"
        )
    return "\n".join(lines)


def save_plot(truth: Take, takes: Mapping[str, Take], path: str | os.PathLike[str]) -> None:
    """The aperture, and the rounding below it, true and as each take has them, over eight seconds."""
    figure = Figure(figsize=(11, 5), dpi=110, layout="constrained", facecolor="white")
    above, below = figure.subplots(2, 1, sharex=True)
    first, last = (round(second * _FPS) for second in _PLOTTED)
    colours = ("#9aa3b0", "#c1452b", "#2b6cb0")
    pucker = [CHANNELS.index("mouthPucker"), CHANNELS.index("mouthFunnel")]
    for (name, take), colour in zip({**takes, "true": truth}.items(), (*colours[: len(takes)], "#22252b"),
                                    strict=True):  # fmt: skip
        part = take.weights[first:last]
        times = np.arange(first, first + len(part)) / _FPS
        width = 2.0 if name == "true" else 1.2
        above.plot(times, aperture(part), color=colour, linewidth=width, label=name)
        below.plot(times, part[:, pucker].sum(1), color=colour, linewidth=width)
    above.set_ylabel("aperture")
    below.set_ylabel("pucker + funnel")
    below.set_xlabel("seconds")
    above.legend(ncols=4, fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0))
    for axis in (above, below):
        axis.grid(alpha=0.3)
    canvas = FigureCanvasAgg(figure)
    with whole_file(path) as stream:
        canvas.print_png(stream)


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """0 where one of them stands still: nothing of the other is foretold."""
    if np.ptp(a) < 1e-6 or np.ptp(b) < 1e-6:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
