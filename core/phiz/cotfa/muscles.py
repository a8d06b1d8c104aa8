"""Step III: which muscles make a unit, and what they do to this face."""

from __future__ import annotations

from phiz.cotfa.steps import MuscleStep, UnitStep
from phiz.face.action_units import ACTION_UNITS


def muscle_steps(units: tuple[UnitStep, ...]) -> tuple[MuscleStep, ...]:
    """One step for each unit that is on, in order of time."""
    return tuple(
        MuscleStep(
            unit=unit.name,
            start=unit.start,
            end=unit.end,
            muscles=ACTION_UNITS[unit.au].muscles,
            does=ACTION_UNITS[unit.au].name,
        )
        for unit in sorted(units, key=lambda unit: unit.start)
        if unit.enabled
    )
