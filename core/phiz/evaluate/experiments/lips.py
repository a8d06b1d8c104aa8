"""Do lips still meet on /p b m/ while a unit of the lower face is held in full?"""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from phiz.acting.direction import SHOWABLE, AUEvent, Direction
from phiz.evaluate.experiments import Finding, Stage
from phiz.evaluate.experiments.measures import measured
from phiz.evaluate.experiments.speech import closures, rich_speech
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import INDEX, REGIONS

SECONDS = 45.0
BAR = 3.0  # points
SEED = 5

_LOWER = [*REGIONS["mouth"], INDEX["noseSneerLeft"], INDEX["noseSneerRight"]]
LOWER_FACE = tuple(
    au
    for au in SHOWABLE
    if (pose(au, ACTION_UNITS[au].sides[0])[_LOWER] > 0.1).any()  # a wink's hint of a smile is not enough
)


def run(stage: Stage) -> Finding:
    """Closure hit with each unit at 1.0 over the whole recording, guard on and off."""
    speech = rich_speech(stage.clips, SECONDS)
    done = 0

    def weights(guard: float, *events: AUEvent) -> np.ndarray:
        nonlocal done
        direction = Direction(emotion=(), events=events, seed=SEED)
        made = stage.weights(speech.recording, direction, articulation=guard)
        done += 1
        stage.progress(done / (2 * len(LOWER_FACE) + 2))
        return made

    plain = {guard: closures(weights(guard), speech, stage.gap) for guard in (1.0, 0.0)}
    on, off = plain[1.0], plain[0.0]
    rows: list[tuple[object, ...]] = [
        (
            "none",
            on.hit,
            0.0,
            on.others_hit,
            on.inside,
            on.vowels,
            "",
            off.hit,
            100 * (off.hit - on.hit),
            off.vowels,
        )
    ]
    lost: dict[int, tuple[float, float]] = {}
    for au in LOWER_FACE:
        event = AUEvent.model_validate(
            {"au": au, "side": ACTION_UNITS[au].sides[0], "start": 0.0, "end": speech.seconds}
        )
        made = weights(1.0, event)
        with_guard = closures(made, speech, stage.gap, on.limit)
        without = closures(weights(0.0, event), speech, stage.gap)
        lost[au] = 100 * (with_guard.hit - on.hit), 100 * (without.hit - on.hit)
        rows.append((
            f"{au} {ACTION_UNITS[au].name}", with_guard.hit, lost[au][0], with_guard.others_hit,
            with_guard.inside, with_guard.vowels, measured(made, event), without.hit, lost[au][1],
            without.vowels,
        ))  # fmt: skip
    return Finding(
        "Lower-face units against speech",
        _says(lost, on.hit, speech.seconds, speech.bilabials),
        (
            "unit", "hit, guard on", "points", "hit at the threshold of none", "inside", "vowels closed",
            "unit measured", "hit, guard off", "points", "vowels closed, guard off",
        ),
        rows,
        lambda axes: _draw(axes, lost),
    )  # fmt: skip


def _says(lost: dict[int, tuple[float, float]], plain: float, seconds: float, bilabials: int) -> str:
    worst = min(lost, key=lambda au: lost[au][0])
    worst_off = min(lost, key=lambda au: lost[au][1])
    below = [au for au in lost if lost[au][0] < -BAR]
    return (
        f"Each of {len(lost)} units of the lower face at 1.0 over all of {seconds:.0f} s of held-out speech"
        f" rich in /p b m/ ({bilabials} of them, so one is {100 / max(bilabials, 1):.1f} points). Without"
        f" units {100 * plain:.1f} % close. With the guard on, unit {worst} changes that most for the worse,"
        f" by {lost[worst][0]:+.1f} points (bar: no unit loses more than {BAR:.0f};"
        f" {len(below)} do{': ' + ', '.join(map(str, below)) if below else ''}); with the guard off,"
        f" unit {worst_off}, by {lost[worst_off][1]:+.1f}.\n\n"
        "Hit: closure within 40 ms of the phone, at the threshold that 8 % of the other consonants of the"
        " same run fall to; the bar is on this measure, the one that Phiz's closures are always told by."
        " Points: against the run without units, guard on. At the threshold of none: that of the run without"
        " units in place of its own; it does not see whether other sounds close too. Inside: within the"
        " phone. Unit measured: its activation over the whole recording, closures and all."
    )


def _draw(axes: Axes, lost: dict[int, tuple[float, float]]) -> None:
    place = np.arange(len(lost))
    for column, label in enumerate(("guard on", "guard off")):
        axes.bar(place + 0.4 * column - 0.2, [pair[column] for pair in lost.values()], 0.4, label=label)
    axes.axhline(-BAR, color="0.4", linewidth=0.8, linestyle="--")
    axes.set_xticks(place, [str(au) for au in lost])
    axes.set(xlabel="unit at 1.0", ylabel="closure hit, points against none")
    axes.legend(fontsize=8)
