"""Does a face jump where an event begins and ends?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from phiz.acting.direction import Direction
from phiz.evaluate.experiments import Finding, Stage, in_turn
from phiz.evaluate.experiments.leakage import UNITS
from phiz.evaluate.experiments.measures import boundary_jump

RAMPS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4)  # s
DEFAULT = RAMPS.index(0.2)
BAR = 1.3
HELD, GAP = 1.4, 1.0  # s
SEED = 6


def run(stage: Stage) -> Finding:
    """The same events with ramps of each length."""
    jumps: list[list[float]] = []
    against_speech: list[list[float]] = []
    _, length = in_turn(UNITS, held=HELD, gap=GAP)
    recording = stage.recording(length)
    plain = stage.weights(recording, Direction(emotion=(), seed=SEED))
    for i, ramp in enumerate(RAMPS):
        stage.progress((1 + i) / (1 + len(RAMPS)))
        events, _ = in_turn(UNITS, held=HELD, gap=GAP, ramp=ramp)
        made = stage.weights(recording, Direction(emotion=(), events=events, seed=SEED))
        jumps.append([boundary_jump(made, event) for event in events])
        against_speech.append([boundary_jump(made, event, plain) for event in events])
    found, strict = jumps[DEFAULT], against_speech[DEFAULT]
    worst = UNITS[int(np.argmax(found))]
    rows = [
        (ramp, float(np.median(each)), float(np.mean(each)), max(each), _met(each), max(other), _met(other))
        for ramp, each, other in zip(RAMPS, jumps, against_speech, strict=True)
    ]
    return Finding(
        "Jumps at the edges of events",
        (
            f"{len(UNITS)} events at intensity 1, one after another, with ramps of each length. Jump: the"
            " change into an event's first frame or out of its last, the larger of the two (mean over the"
            " channels that it controls), over the 95th percentile of the other changes from frame to frame"
            " within the event and one second on either side. At the default ramp of 0.2 s the mean is"
            f" {np.mean(found):.2f} and the worst {max(found):.2f}, unit {worst[0]}{worst[1]} (bar: {BAR:g})."
            " The ramps themselves are among those other changes; against the run without events, which has"
            f" none, the worst is {max(strict):.2f}."
        ),
        ("ramp (s)", "median", "mean", "worst", "met", "worst, against no events", "met, against no events"),
        rows,
        lambda axes: _draw(axes, jumps),
    )


def _met(found: list[float]) -> str:
    """The share of events within the bar."""
    return f"{np.mean(np.array(found) <= BAR):.0%}"


def _draw(axes: Axes, jumps: list[list[float]]) -> None:
    for ramp, found in zip(RAMPS, jumps, strict=True):
        axes.plot([ramp] * len(found), found, ".", color="0.6")
    axes.plot(RAMPS, [np.mean(found) for found in jumps], "C0-o", label="mean")
    axes.axhline(BAR, color="C3", linewidth=0.8, label="bar")
    axes.set(xlabel="ramp (s)", ylabel="jump at the edge over the 95th percentile", yscale="log")
    axes.legend(fontsize=8)
