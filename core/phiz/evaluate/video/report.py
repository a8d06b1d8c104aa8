"""What was measured, beside what is to be reached: as a table, as JSON and as a strip of pictures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from phiz.evaluate.video.run import Pair, Score
from phiz.writing import whole_file

_MOMENTS = 9  # of a clip, in the strip


@dataclass(frozen=True)
class Bar:
    """A row of the table: its value for generated and for true films, and what it has to reach.

    least: at least so much; None where `most` says at most so much, or nothing is asked.
    """

    name: str
    generated: float
    true: float
    least: float | None = None
    most: float | None = None
    how: Callable[[float], str] = "{:.2f}".format

    @property
    def reached(self) -> bool:
        """Whether it is; not, where it could not be measured."""
        if self.least is not None:
            return self.generated >= self.least
        return self.most is None or self.generated <= self.most

    @property
    def asked(self) -> str:
        if self.least is not None:
            return f"at least {self.how(self.least)}"
        return "" if self.most is None else f"at most {self.how(self.most)}"


def _percent(share: float) -> str:
    return "not measured" if np.isnan(share) else f"{share:.1%}"


def _times(ratio: float) -> str:
    return f"{ratio:.2f} x"


def bars(pairs: Sequence[Pair]) -> list[Bar]:
    """Every row, over all clips; frames and events weigh alike, whatever clip they are from."""

    def both(name: str, value: Callable[[Sequence[Score]], float], **asked: Any) -> Bar:
        return Bar(name, value([p.generated for p in pairs]), value([p.true for p in pairs]), **asked)

    def events(of: Callable[[Any], float]) -> Callable[[Sequence[Score]], float]:
        return lambda scores: _mean([of(shown) for score in scores for _, shown in score.shown])

    frames = np.array([len(pair.clip.frames) for pair in pairs])
    return [
        both(
            "mouth opening against the Take: correlation",
            lambda s: _mean([x.correlation for x in s]),
            least=0.7,
        ),
        both("asked Action Units that are visible", events(lambda x: x.visible), least=0.8, how=_percent),
        both("their change is like the true one: correlation", events(lambda x: x.like)),
        both(
            "frames that look like the portrait's person",
            lambda s: float(np.average([x.known for x in s], weights=frames)),
            least=0.95,
            how=_percent,
        ),
        Bar(
            "flicker of what no channel moves, against the source's",
            _mean([pair.generated.flicker / max(pair.true.flicker, 1e-6) for pair in pairs]),
            1.0,
            most=1.5,
            how=_times,
        ),
        both("flicker where the source stands: levels of 255", lambda s: _mean([x.standing for x in s])),
        Bar("difference to the true film: levels of 255", _mean([pair.away for pair in pairs]), 0.0),
    ]


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def table(pairs: Sequence[Pair]) -> Table:
    """The bars as a table for the terminal; a row that falls short is marked."""
    people = len({pair.clip.identity for pair in pairs})
    counted = sum(len(pair.generated.shown) for pair in pairs)
    left_out = sum(pair.unmeasured for pair in pairs)
    title = f"{len(pairs)} clips of {people} people, {counted} Action Unit events"
    out = Table(title=title + (f" ({left_out} more without a film to compare)" if left_out else ""))
    for heading in ("measure", "generated", "true films", "asked", ""):
        out.add_column(heading, justify="left" if heading in ("measure", "asked") else "right")
    for bar in bars(pairs):
        out.add_row(
            bar.name,
            bar.how(bar.generated),
            bar.how(bar.true),
            bar.asked,
            "" if not bar.asked else "reached" if bar.reached else "short",
        )
    return out


def as_data(pairs: Sequence[Pair]) -> dict[str, Any]:
    """All figures, for a file; what could not be measured is null."""
    return {
        "measures": [
            {
                "name": bar.name,
                "generated": _number(bar.generated),
                "true": _number(bar.true),
                "least": bar.least,
                "most": bar.most,
                "reached": bar.reached if bar.asked else None,
            }
            for bar in bars(pairs)
        ],
        "clips": [
            {
                "name": pair.clip.name,
                "identity": pair.clip.identity,
                "frames": len(pair.clip.frames),
                "difference": _number(pair.away),
                "generated": _score(pair.generated),
                "true": _score(pair.true),
            }
            for pair in pairs
        ],
    }


def _score(score: Score) -> dict[str, Any]:
    return {
        "opening": _number(score.correlation),
        "known": _number(score.known),
        "flicker": _number(score.flicker),
        "standing": _number(score.standing),
        "events": [
            {
                "au": event.au,
                "side": event.side,
                "inside": _number(shown.inside),
                "outside": _number(shown.outside),
                "like": _number(shown.like),
                "visible": shown.visible,
            }
            for event, shown in score.shown
        ],
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)


def add_out(parser: argparse.ArgumentParser) -> None:
    """The option --out of the programs that measure films."""
    parser.add_argument(
        "-o", "--out", type=Path, metavar="FILE", help="JSON to write, with a picture of the same name (.png)"
    )


def save_data(data: Any, path: Path) -> None:
    """Write figures as JSON. Raises OutputError."""
    with whole_file(path) as out:
        out.write((json.dumps(data, indent=1) + "\n").encode())


def save_strip(pairs: Sequence[Pair], path: Path, most: int = 6) -> None:
    """A picture of up to so many clips, one of each person: true frames, generated ones below, the mouth's
    curves beside them. Raises OutputError."""
    from matplotlib.figure import Figure

    chosen = list({pair.clip.identity: pair for pair in reversed(pairs)}.values())[::-1][:most]
    figure = Figure(figsize=(13.0, 2.15 * len(chosen)), layout="constrained")
    grid = figure.subplots(len(chosen), 2, width_ratios=(3.6, 1.0), squeeze=False)
    for (pictures, curves), pair in zip(grid, chosen, strict=True):
        at = np.linspace(0, len(pair.clip.frames) - 1, _MOMENTS).round().astype(int)
        rows = [
            np.concatenate([pair.clip.portrait, *score.frames[at]], 1)
            for score in (pair.true, pair.generated)
        ]
        pictures.imshow(np.concatenate(rows), interpolation="nearest")
        pictures.set_axis_off()
        pictures.set_title(
            f"{pair.clip.name}: the portrait; true above, generated below", fontsize=7, loc="left"
        )
        time = np.arange(len(pair.clip.frames)) / pair.clip.fps
        curves.plot(time, _standard(pair.aperture), color="0.6", label="Take")
        curves.plot(time, _standard(pair.generated.opening), color="tab:red", label="generated film")
        curves.set_title(f"mouth opening, correlation {pair.generated.correlation:.2f}", fontsize=7)
        curves.tick_params(labelsize=6)
        curves.set_yticks([])
    grid[0, 1].legend(fontsize=6)
    with whole_file(path) as out:
        figure.savefig(out, format="png", dpi=110)


def _standard(curve: np.ndarray) -> np.ndarray:
    return (curve - curve.mean()) / max(float(curve.std()), 1e-9)
