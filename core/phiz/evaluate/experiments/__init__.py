"""What Action Units are worth, in figures: each module here is one experiment with `run(Stage) -> Finding`.

`phiz experiment NAME` runs one and writes its table and its picture.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from phiz.acting.direction import AUEvent, Direction
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.evaluate.test_sets import HeldOutClip
from phiz.motion.measures import LipGap
from phiz.runtime.bundle import Bundle
from phiz.runtime.control import Control
from phiz.runtime.generate import generate
from phiz.writing import whole_file

EXPERIMENTS = ("conflict", "leakage", "boundaries", "lips", "pairs", "progressive", "steps")
"""Names of the modules of this package that are experiments."""

Progress = Callable[[float], None]


@dataclass(frozen=True)
class Stage:
    """What every experiment works with.

    clips: held-out real voices. gap: of the reference head. progress is told the share done, 0 to 1.
    others: bundles to compare with by how they were trained, such as "labels not swapped".
    """

    bundle: Bundle
    clips: Sequence[HeldOutClip]
    gap: LipGap
    progress: Progress = lambda done: None
    others: Mapping[str, Bundle] = field(default_factory=dict)

    def recording(self, seconds: float) -> Recording:
        """The clips end to end, again from the first where they do not last, cut to a length."""
        once = np.concatenate([clip.samples for clip in self.clips])
        return Recording(np.resize(once, round(seconds * RATE)))

    def weights(
        self,
        recording: Recording,
        direction: Direction,
        control: Control | None = None,
        *,
        bundle: Bundle | None = None,
        articulation: float = 1.0,
    ) -> np.ndarray:
        """(frames, 51) at 30 fps of the Take that the bundle, or another, makes."""
        bundle = self.bundle if bundle is None else bundle
        take = generate(recording, direction, bundle, control=control, articulation=articulation)
        return take.weights


def in_turn(
    units: Iterable[tuple[int, str]],
    *,
    held: float = 1.2,
    gap: float = 0.6,
    ramp: float = 0.2,
    intensity: float = 1.0,
    start: float = 0.6,
) -> tuple[tuple[AUEvent, ...], float]:
    """Events of (AU, side) one after another, each `held` seconds with its ramps and then a gap.

    Also when the last gap ends, in seconds.
    """
    events = []
    for au, side in units:
        span = {"start": start, "end": start + held, "ramp_in": ramp, "ramp_out": ramp}
        events.append(AUEvent.model_validate({"au": au, "side": side, "intensity": intensity, **span}))
        start += held + gap
    return tuple(events), start


class Table(NamedTuple):
    """rows: a cell per column, numbers or text."""

    heading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]


@dataclass(frozen=True)
class Finding:
    """A result. says: two or three plain sentences, and how it was measured. rows: a cell per column,
    numbers or text. draw: the picture, on axes of its own. more: tables below the first."""

    title: str
    says: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    draw: Callable[[Axes], None]
    more: tuple[Table, ...] = ()


def write(finding: Finding, name: str, folder: Path, command: str) -> None:
    """Write NAME.md and NAME.png into a folder, each whole or not at all. Raises OutputError."""
    lines = [
        f"# {finding.title}",
        "",
        finding.says.strip(),
        "",
        f"`{command}`",
        "",
        f"![{finding.title}]({name}.png)",
        "",
        *_table(finding.columns, finding.rows),
    ]
    for table in finding.more:
        lines += ["", f"## {table.heading}", "", *_table(table.columns, table.rows)]
    with whole_file(folder / f"{name}.md") as stream:
        stream.write(("\n".join(lines) + "\n").encode())
    with whole_file(folder / f"{name}.png") as stream:
        stream.write(_png(finding))


def _table(columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> list[str]:
    return [
        "| " + " | ".join(columns) + " |",
        "|---" * len(columns) + "|",
        *("| " + " | ".join(map(_cell, row)) + " |" for row in rows),
    ]


def _cell(value: object) -> str:
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.3g}"
    return str(value)


def _png(finding: Finding) -> bytes:
    figure = Figure(figsize=(6.4, 3.6), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    finding.draw(axes)
    axes.set_title(finding.title, fontsize=10)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue()
