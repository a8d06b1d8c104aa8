"""What an event moves that is not its own, in time and in channels, by form of guidance."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from phiz.acting.direction import Direction
from phiz.evaluate.experiments import Finding, Stage, in_turn
from phiz.evaluate.experiments.measures import Leak, leak
from phiz.runtime.control import Control, Form

UNITS = (
    (1, "B"), (2, "L"), (4, "B"), (5, "B"), (6, "B"), (7, "B"), (9, "B"), (10, "B"), (12, "B"), (12, "L"),
    (14, "B"), (15, "B"), (18, "B"), (20, "B"), (26, "B"), (34, "B"),
)  # fmt: skip
FORMS: tuple[tuple[Form, str], ...] = (
    ("unmasked", "mask off"),
    ("paper", "the paper's"),
    ("nested", "nested, masked"),
    ("local", "ours"),
)
GAP = 1.5  # s; the 10 frames around an event lie out of reach of its neighbours
SEED = 5


def run(stage: Stage) -> Finding:
    """Every form on the same recording and noise, each against the run without events."""
    events, length = in_turn(UNITS, gap=GAP, start=1.5)
    recording = stage.recording(length)
    asked = Direction(emotion=(), events=events, seed=SEED)
    plain = stage.weights(recording, asked.model_copy(update={"events": ()}))
    # The other forms cut stretches of their own, which alone changes the motion: at strength 0 they do
    # that and nothing else.
    still = stage.weights(recording, asked, Control(0.0, "nested"))
    leaks: dict[str, Leak] = {}
    for i, (form, name) in enumerate(FORMS):
        stage.progress((2 + i) / (2 + len(FORMS)))
        made = stage.weights(recording, asked, Control(form=form))
        without = plain if form == "local" else still
        leaks[name] = Leak(*np.mean([leak(made, without, event) for event in events], axis=0))
    off = leaks["mask off"]
    rows = [(name, *found, found.after / off.after) for name, found in leaks.items()]
    nested, ours = leaks["nested, masked"], leaks["ours"]
    return Finding(
        "Leakage of Action Units",
        (
            f"{len(events)} events at intensity 1, one after another in one recording. Mean |difference to"
            " the run without events| as a share of that on the channels an event controls while it is on:"
            " in the 10 frames before and after it, over all channels, and beside it, on the channels that"
            " it does not control. Masked guidance alone leaves"
            f" {nested.after / off.after:.0%} of what leaks after an event with the mask off,"
            f" {nested.before / off.before:.0%} before it and {nested.beside / off.beside:.0%} beside it"
            f" (bar: 50 %); ours, which keeps the reference outside the mask, leaks {ours.before:g} before,"
            f" {ours.after:g} after and {ours.beside:g} beside (bar: 0).\n\n"
            "For the forms that sample the stretch around an event anew, the run without events is the same"
            " at strength 0."
        ),
        ("form", "before", "after", "beside", "inside (weights)", "after, of mask off"),
        rows,
        lambda axes: _draw(axes, leaks),
    )


def _draw(axes: Axes, leaks: dict[str, Leak]) -> None:
    places = np.arange(len(leaks))
    for i, part in enumerate(("before", "after", "beside")):
        axes.bar(
            places + 0.27 * (i - 1), [getattr(found, part) for found in leaks.values()], 0.25, label=part
        )
    axes.set_xticks(places, list(leaks))
    axes.set_ylabel("share of the change inside")
    axes.legend(fontsize=8)
