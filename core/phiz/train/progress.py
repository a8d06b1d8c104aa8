"""The record of a training run: a CSV line every so often, a plot of it, and a bar on the terminal."""

from __future__ import annotations

import csv
from pathlib import Path

from matplotlib.figure import Figure


class Log:
    """Appends rows of named numbers to `log.csv`; `plot` draws them over the step."""

    def __init__(self, folder: Path, columns: tuple[str, ...]) -> None:
        self.path = folder / "log.csv"
        self.columns = ("step", *columns)
        folder.mkdir(parents=True, exist_ok=True)
        if not self.path.is_file():
            with open(self.path, "w", newline="") as file:
                csv.writer(file).writerow(self.columns)

    def write(self, step: int, **values: float) -> None:
        with open(self.path, "a", newline="") as file:
            csv.writer(file).writerow([step, *(f"{values[c]:.5f}" for c in self.columns[1:])])

    def plot(self) -> None:
        with open(self.path, newline="") as file:
            rows = list(csv.reader(file))[1:]
        if len(rows) < 2:
            return
        figure = Figure(figsize=(9, 2.2 * len(self.columns[1:])), layout="constrained")
        steps = [int(row[0]) for row in rows]
        for i, name in enumerate(self.columns[1:]):
            axes = figure.add_subplot(len(self.columns) - 1, 1, i + 1)
            axes.plot(steps, [float(row[i + 1]) for row in rows], linewidth=1)
            axes.set_ylabel(name)
            axes.grid(alpha=0.3)
        figure.savefig(self.path.with_suffix(".png"), dpi=80)


def learning_rate(step: int, steps: int, peak: float, warmup: int = 200) -> float:
    """Rises over the warm-up, stays, and falls in a straight line to zero over the last 40 %."""
    rise = min(1.0, (step + 1) / warmup)
    fall = min(1.0, (steps - step) / (0.4 * steps))
    return peak * rise * fall
