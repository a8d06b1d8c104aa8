"""Step III: which muscles make a unit, what they do to this face, and what helps or hinders them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from phiz.cotfa.conflicts import HOLDS_OPEN, HOLDS_SHUT, LOWER_FACE
from phiz.cotfa.steps import MuscleStep, UnitStep
from phiz.face.action_units import ACTION_UNITS

DEGREES = ((0.0, "hardly"), (0.15, "slightly"), (0.45, "clearly"), (0.75, "strongly"), (0.93, "fully"))
"""From which intensity on a word says it."""

_SIDES = {"B": "", "L": " on the character's left", "R": " on the character's right"}
_SLOW = 0.6  # seconds: a ramp from here on is a slow one
_SUDDEN = 0.1


@cache
def _table() -> dict[str, Any]:
    return json.loads(Path(__file__).with_name("muscles.json").read_text(encoding="utf-8"))


def muscle_steps(units: Sequence[UnitStep]) -> tuple[MuscleStep, ...]:
    """One step for each unit that is on, in order of time."""
    shown = sorted((unit for unit in units if unit.enabled), key=lambda unit: (unit.start, unit.au))
    return tuple(_step(unit, shown) for unit in shown)


def _step(unit: UnitStep, shown: Sequence[UnitStep]) -> MuscleStep:
    beside = [
        other
        for other in shown
        if other is not unit and other.intensity and other.start < unit.end and unit.start < other.end
    ]
    helps = _table().get(str(unit.au), {}).get("helps", ())
    return MuscleStep(
        unit=unit.name,
        start=unit.start,
        end=unit.end,
        muscles=ACTION_UNITS[unit.au].muscles,
        does=does(unit),
        synergies=tuple(dict.fromkeys(o.name for o in beside if o.au in helps)),
        conflicts=tuple(dict.fromkeys(o.name for o in beside if o.au in ACTION_UNITS[unit.au].antagonists)),
        speech=_speech(unit.au) if unit.intensity else "",
    )


def does(unit: UnitStep) -> str:
    """What a unit does to the face, how strongly and how fast, in words."""
    what = _table().get(str(unit.au), {}).get("does", ACTION_UNITS[unit.au].name.lower())
    if unit.intensity == 0.0:
        return f"does not show: {what}"
    degree = next(word for least, word in reversed(DEGREES) if unit.intensity >= least)
    pace = " slowly" if unit.ramp_in >= _SLOW else " suddenly" if unit.ramp_in <= _SUDDEN else ""
    return f"{what}{_SIDES[unit.side]}, {degree}{pace}"


def _speech(au: int) -> str:
    if au in HOLDS_OPEN:
        return "holds the lips apart; /p b m/ still close, /f v/ still meet the teeth"
    if au in HOLDS_SHUT:
        return "holds the lips together; vowels still open them"
    return "shares lips and jaw with the words, which go on" if au in LOWER_FACE else ""
