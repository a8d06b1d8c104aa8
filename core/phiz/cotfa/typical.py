"""Step II of what is felt: the Action Units by which an emotion is known."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from phiz.acting.direction import Side
from phiz.cotfa.steps import Feeling, Reading, UnitStep
from phiz.face.emotions import prototype

_SHARE = 0.25  # of the whole display, below which an emotion of a mix lends no units of its own
_TRACE = 0.05  # of a typical unit that a weak display has not reached yet


@cache
def typical(emotion: str) -> tuple[tuple[int, Side], ...]:
    """(Action Unit, side) of each unit by which an emotion is known: `prototypes.json`."""
    table = json.loads(Path(__file__).with_name("prototypes.json").read_text(encoding="utf-8"))
    return tuple(_parsed(name) for name in table["emotions"][emotion]["typical"])


def _parsed(name: str) -> tuple[int, Side]:
    """Unit and side as FACS writes them: `12L` is (12, "L")."""
    side: Side = "L" if name.endswith("L") else "R" if name.endswith("R") else "B"
    return int(name.rstrip("LR")), side


def felt_units(feeling: Feeling) -> Iterator[UnitStep]:
    """The units that a feeling shows of itself, each once, as strongly as the strongest of its emotions."""
    strongest: dict[tuple[int, Side], float] = {}
    total = max(1.0, sum(feeling.mix.values()))
    for emotion, share in feeling.mix.items():
        share /= total
        if share < _SHARE:
            continue
        shown = prototype(emotion, share * feeling.intensity)
        for unit in typical(emotion):
            strongest[unit] = max(strongest.get(unit, _TRACE), round(shown.get(unit, 0.0), 3))
    if feeling.intensity > 0.0:
        for (au, side), strength in strongest.items():
            yield UnitStep(
                au=au, side=side, intensity=strength, felt=strength, because=feeling.because,
                **feeling.model_dump(include={"start", "end", "ramp_in", "ramp_out"}),
            )  # fmt: skip


def settled(reading: Reading, units: Iterable[UnitStep]) -> tuple[UnitStep, ...]:
    """The units of step II as the reading now has them: those in words, then those felt, made anew.

    What was edited of a felt unit (its tick, strength or span) stays as long as its words still show it.
    """
    units = tuple(units)
    worded = [unit for unit in units if unit.felt is None]
    denied = [unit for unit in worded if unit.enabled and unit.intensity == 0.0]
    edited = {_key(unit): unit for unit in units if unit.edited}
    felt: list[UnitStep] = []
    for feeling in reading.feelings:
        if feeling.enabled and not feeling.faced:
            for unit in felt_units(feeling):
                if any(no.au == unit.au and no.start < unit.end and unit.start < no.end for no in denied):
                    continue
                kept = edited.get(_key(unit))
                felt.append(unit if kept is None else kept.model_copy(update={"felt": unit.felt}))
    return (*worded, *felt)


def _key(unit: UnitStep) -> tuple[int, str, int, int]:
    return unit.au, unit.side, unit.because.start, unit.because.end
