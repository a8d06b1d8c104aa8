"""What the anatomical check works on: units on their way through it, and what is found on the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from phiz.cotfa.steps import Finding, Reading, UnitStep


@dataclass
class Piece:
    """A unit on its way through the check; place: of the unit in the trace that it came from."""

    unit: UnitStep
    place: int

    def alike(self, **changes: Any) -> Piece:
        return Piece(self.unit.model_copy(update=changes), self.place)


@dataclass
class Check:
    """The pieces that are left, and what was found on the way."""

    reading: Reading
    duration: float
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: Any, rule: str, says: str, *pieces: Piece) -> None:
        places = tuple(sorted({piece.place for piece in pieces}))
        finding = Finding(kind=kind, rule=rule, units=places, says=says)
        if finding not in self.findings:
            self.findings.append(finding)
