"""Are two units that were never on together in training shown together as well as two that were?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from phiz.acting.direction import AUEvent, Direction
from phiz.evaluate.experiments import Finding, Stage
from phiz.evaluate.experiments.measures import ControlRate, control_rate, measured
from phiz.evaluate.experiments.speech import Speech, closures, rich_speech
from phiz.face.action_units import ACTION_UNITS
from phiz.train.acted import HELD_OUT

Pair = tuple[int, int]

UNSEEN: tuple[Pair, ...] = tuple(sorted((min(pair), max(pair)) for pair in HELD_OUT))
SEEN: tuple[Pair, ...] = (
    (1, 12), (2, 15), (4, 20), (5, 17), (6, 12), (7, 26), (9, 14), (10, 16), (12, 62), (18, 43),
)  # fmt: skip
"""The units of the unseen pairs in other company: each as often, so that nothing differs but the company."""

SECONDS = 60.0
HELD, GAP, RAMP = 1.4, 0.6, 0.2  # s
SEED = 5


def run(stage: Stage) -> Finding:
    """Control Rate of both units of each pair, and closures, for unseen and seen pairs."""
    speech = rich_speech(stage.clips, SECONDS)

    def weights(step: int, events: Sequence[AUEvent]) -> np.ndarray:
        direction = Direction(emotion=(), events=tuple(events), seed=SEED)
        made = stage.weights(speech.recording, direction)
        stage.progress(step / 3)
        return made

    plain = closures(weights(1, ()), speech, stage.gap)
    rows: list[tuple[object, ...]] = []
    rates: dict[str, ControlRate] = {}
    closed: dict[str, float] = {}
    by_pair: dict[str, list[tuple[Pair, float]]] = {}
    for step, (kind, pairs) in enumerate((("unseen", UNSEEN), ("seen", SEEN)), start=2):
        turns = in_company(pairs, speech)
        made = weights(step, [event for _, events in turns for event in events])
        rates[kind] = control_rate([(made, events) for _, events in turns])
        closed[kind] = closures(made, speech, stage.gap).hit
        by_pair[kind] = []
        for pair in pairs:
            mine = [events for each, events in turns if each == pair]
            if not mine:
                continue
            rate = control_rate([(made, events) for events in mine])
            found = [np.mean([measured(made, events[i]) for events in mine]) for i in range(2)]
            by_pair[kind].append((pair, rate.every))
            names = " + ".join(f"{au} {ACTION_UNITS[au].name}" for au in pair)
            rows.append((kind, names, rate.every, *(rate.by_unit[au] for au in pair), *found))
        rows.append((kind, "all", rates[kind].every, "", "", "", ""))
    return Finding(
        "Pairs of units never seen together",
        _says(rates, closed, plain.hit, speech),
        ("pair", "units", "Control Rate", "of the first", "of the second", "measured", "measured"),
        rows,
        lambda axes: _draw(axes, by_pair),
    )


def in_company(pairs: Sequence[Pair], speech: Speech) -> list[tuple[Pair, tuple[AUEvent, AUEvent]]]:
    """The pairs in turn, both units at once at intensity 1, over and over until the recording ends."""
    turns: list[tuple[Pair, tuple[AUEvent, AUEvent]]] = []
    while (start := GAP + len(turns) * (HELD + GAP)) + HELD <= speech.seconds:
        pair = pairs[len(turns) % len(pairs)]
        first, second = (
            AUEvent(au=au, start=start, end=start + HELD, ramp_in=RAMP, ramp_out=RAMP) for au in pair
        )
        turns.append((pair, (first, second)))
    return turns


def _says(rates: dict[str, ControlRate], closed: dict[str, float], plain: float, speech: Speech) -> str:
    unseen, seen = rates["unseen"], rates["seen"]
    return (
        f"Ten pairs of units were kept apart in training. Asked for together at intensity 1, their Control"
        f" Rate is {unseen.every:.2f}, that of the same units in pairs that training had together"
        f" {seen.every:.2f}; the worst unit is at {unseen.worst[1]:.2f} (unit {unseen.worst[0]}) and"
        f" {seen.worst[1]:.2f} (unit {seen.worst[0]}). Lips close on {100 * closed['unseen']:.1f} % of"
        f" {speech.bilabials} /p b m/ with unseen pairs, {100 * closed['seen']:.1f} % with seen ones and"
        f" {100 * plain:.1f} % without units, each on the same {speech.seconds:.0f} s of held-out speech, of"
        f" which pairs take up {100 * HELD / (HELD + GAP):.0f} %.\n\n"
        "Control Rate: the share of (unit, frame) cells, frames in which the event is held in full, whose"
        " activation is at least half of what was asked. Each unit is in as many seen pairs as unseen ones."
    )


def _draw(axes: Axes, by_pair: dict[str, list[tuple[Pair, float]]]) -> None:
    names: list[str] = []
    for i, (kind, found) in enumerate(by_pair.items()):
        place = np.arange(len(names), len(names) + len(found))
        axes.bar(place, [rate for _, rate in found], color=f"C{i}", label=kind)
        names += ["+".join(map(str, pair)) for pair, _ in found]
    axes.set_xticks(range(len(names)), names, rotation=60, fontsize=8)
    axes.set(ylabel="Control Rate of both units", ylim=(0, 1.02))
    axes.legend(fontsize=8, loc="lower right")
