"""The anatomical check: what no face can do is mended or said, never silently dropped."""

from __future__ import annotations

from phiz.cotfa.steps import Finding, Reading, UnitStep


def checked(
    units: tuple[UnitStep, ...], reading: Reading, duration: float
) -> tuple[tuple[UnitStep, ...], tuple[Finding, ...]]:
    """The units as a face can show them, and what was found."""
    return units, ()
