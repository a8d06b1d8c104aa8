"""When in sampling should Action Units come in: from the start, or after the coarse motion is there?"""

from __future__ import annotations

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

WAYS: tuple[tuple[str, Control], ...] = (
    ("one stage", Control(begin=0.0, blend=0.0)),
    *((f"two stages, from {begin:g}", Control(begin=begin)) for begin in (0.2, 0.3, 0.4, 0.5, 0.6)),
    ("ramp of strength, 0.3 to 0.7", Control(begin=0.5, blend=0.2)),
    ("ramp of strength, 0.1 to 0.9", Control(begin=0.5, blend=0.4)),
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
    chosen = next(i for i, (_, control) in enumerate(WAYS) if control == Control())
    least, most = int(np.argmin(rates)), int(np.argmax(rates))
    return (
        f"All units one after another at intensity 1 in {length:.0f} s of held-out speech, without emotion."
        f" The Control Rate is {rates[chosen]:.2f} with two stages from {Control().begin:g} on, as Phiz"
        f" does, and {rates[0]:.2f} in one stage; of all ways it is least with {WAYS[least][0]},"
        f" {rates[least]:.2f}, and most with {WAYS[most][0]}, {rates[most]:.2f}. The median jump at an"
        f" event's edges is {jumps[chosen]:.2f} of the 95th percentile round it, {jumps[0]:.2f} in one stage."
        f" Without units {100 * plain:.1f} % of /p b m/ close.\n\n"
        "Think-Before-Draw's three and four stages add one label after another. Phiz has one kind of event,"
        f" so there are no more than two stages to tell apart, and in {steps} steps no room for many: in"
        " their place stand ramps of strength over a longer part of sampling, which are not the same"
        " thing. Change inside the mask: mean |difference to the run without units|, in weights."
    )


def _draw(axes: Axes, rates: list[float], jumps: list[float]) -> None:
    place = np.arange(len(WAYS))
    axes.barh(place - 0.2, rates, 0.4, label="Control Rate")
    axes.barh(place + 0.2, jumps, 0.4, label="jump ratio at edges, median")
    axes.set_yticks(place, [name for name, _ in WAYS], fontsize=8)
    axes.invert_yaxis()
    axes.legend(fontsize=8)
