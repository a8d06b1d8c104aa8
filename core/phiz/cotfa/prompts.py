"""Step IV: the whole as words, coarse and fine, for networks that are guided by text."""

from __future__ import annotations

from phiz.cotfa.muscles import muscle_steps
from phiz.cotfa.steps import Prompts, Reading, UnitStep


def prompts(reading: Reading, units: tuple[UnitStep, ...], duration: float) -> Prompts:
    """The emotion over time, and every movement with its muscles."""
    coarse = "; ".join(" and ".join(feeling.mix) for feeling in reading.feelings if feeling.enabled)
    fine = "; ".join(f"{step.does} ({step.muscles})" for step in muscle_steps(units))
    return Prompts(coarse=coarse or "a neutral face", fine=fine)
