"""When in sampling should Action Units come in: from the start, or after the coarse motion is there?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes

from phiz.acting.direction import SHOWABLE, Direction
from phiz.acting.units import control_mask
from phiz.evaluate.experiments import Finding, Stage, in_turn
from phiz.evaluate.experiments.measures import boundary_jump, control_rate
from phiz.evaluate.experiments.speech import closures, rich_speech
from phiz.face.action_units import ACTION_UNITS
from phiz.motion.measures import EVEN_FPS
from phiz.runtime.control import Control


@dataclass(frozen=True)
class Stairs(Control):
    """Units that come in over more than two stages: an equal part of their weight at each of `at`."""

    at: tuple[float, ...] = ()

    def weight(self, step: int, steps: int) -> float:
        stairs = (replace(self, begin=begin, at=()) for begin in self.at)
        return float(np.mean([Control.weight(stair, step, steps) for stair in stairs]))


WAYS: tuple[tuple[str, Control], ...] = (
    ("one stage", Control(form="masked", begin=0.0, blend=0.0)),
    *(
        (f"two stages, from {begin:g}", Control(form="masked", begin=begin))
        for begin in (0.2, 0.3, 0.4, 0.5, 0.6)
    ),
    ("three stages, from 0.4 and 0.7", Stairs(form="masked", at=(0.4, 0.7))),
    ("four stages, from 0.4, 0.6 and 0.8", Stairs(form="masked", at=(0.4, 0.6, 0.8))),
)
SEED = 5


def run(stage: Stage) -> Finding:
    """Control Rate, boundaries, closures and change, over when the units come in."""
    events, length = in_turn([(au, ACTION_UNITS[au].sides[0]) for au in SHOWABLE])
    speech = rich_speech(stage.clips, length)
    direction = Direction(emotion=(), seed=SEED)
    plain = stage.weights(speech.recording, direction)
    direction = direction.model_copy(update={"events": events})
    inside = control_mask(events, len(plain), EVEN_FPS) > 0
    rows: list[tuple[object, ...]] = []
    rates: list[float] = []
    jumps: list[float] = []
    steps = stage.bundle.manifest.steps
    for i, (name, control) in enumerate(WAYS):
        made = stage.weights(speech.recording, direction, control)
        stage.progress((i + 1) / len(WAYS))
        rate = control_rate([(made, events)])
        jump = [boundary_jump(made, event) for event in events]
        closed = closures(made, speech, stage.gap)
        rates.append(rate.every)
        jumps.append(float(np.median(jump)))
        change = float(np.abs(made - plain)[inside].mean())
        rows.append((
            name, sum(control.weight(step, steps) for step in range(steps)), rate.every, rate.worst[1],
            float(np.median(jump)), float(np.max(jump)), closed.hit, change,
        ))  # fmt: skip
    return Finding(
        "Progressive guidance",
        _says(rates, jumps, closures(plain, speech, stage.gap).hit, length, steps),
        (
            "way", f"steps of {steps} in which units count", "Control Rate", "worst unit",
            "jump ratio, median", "largest", "closure hit", "change inside the mask",
        ),
        rows,
        lambda axes: _draw(axes, rates, jumps),
    )  # fmt: skip


def _says(rates: list[float], jumps: list[float], plain: float, length: float, steps: int) -> str:
    chosen = next(i for i, (_, control) in enumerate(WAYS) if control == Control(form="masked"))
    least, most = int(np.argmin(rates)), int(np.argmax(rates))
    return (
        f"All units one after another at intensity 1 in {length:.0f} s of held-out speech, without emotion."
        f" The Control Rate is {rates[chosen]:.2f} with two stages from {Control().begin:g} on, as Phiz"
        f" does, and {rates[0]:.2f} in one stage; of all ways it is least with {WAYS[least][0]},"
        f" {rates[least]:.2f}, and most with {WAYS[most][0]}, {rates[most]:.2f}. The median jump at an"
        f" event's edges is {jumps[chosen]:.2f} of the 95th percentile round it, {jumps[0]:.2f} in one stage."
        f" Without units {100 * plain:.1f} % of /p b m/ close.\n\n"
        "More stages than two: the units come in by equal parts of their weight, as prompts in between stand"
        " between Think-Before-Draw's coarse and fine ones. It is the adapter alone that is measured: the"
        " rule that shows a part of each unit whatever the adapter says is off here."
        " Change inside the mask: mean |difference to the run without units|, in weights."
    )


def _draw(axes: Axes, rates: list[float], jumps: list[float]) -> None:
    place = np.arange(len(WAYS))
    axes.barh(place - 0.2, rates, 0.4, label="Control Rate")
    axes.barh(place + 0.2, jumps, 0.4, label="jump ratio at edges, median")
    axes.set_yticks(place, [name for name, _ in WAYS], fontsize=8)
    axes.invert_yaxis()
    axes.legend(fontsize=8)
