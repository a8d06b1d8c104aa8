"""What a strip's name says: Action Units, sides and an intensity.

    AU12    AU12L    AU 12 R 60%    AU12L 0.6    AU12:0.6    AU6+12    AU6L+12 0.8    au1+2.001

A number with L, R or B behind it is on that side; a letter after a space goes for every number without
one of its own; none means both. An intensity is 0 to 1, or 0 to 100 with %. The `.001` that Blender adds to
a name that is taken means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from phiz.errors import PhizError

_MEANT = re.compile(r"\s*AU\s*\d", re.IGNORECASE)
_UNIT = r"(?:AU\s*)?\d+[LRB]?"
_NAME = re.compile(
    rf"\s*(?P<units>AU\s*\d+[LRB]?(?:\s*\+\s*{_UNIT})*)(?:\s+(?P<side>[LRB]))?"
    r"(?:[\s:]+(?P<number>\d+(?:[.,]\d+)?|[.,]\d+)\s*(?P<percent>%?))?\s*",
    re.IGNORECASE,
)
_SUFFIX = re.compile(r"\.\d{3,}$")


class StripNameError(PhizError):
    """A strip's name begins like an Action Unit's and goes on in a way that cannot be read."""


@dataclass(frozen=True)
class Spoken:
    """units: (number, side) in the order written. intensity: 0 to 1, or None where the name has none."""

    units: tuple[tuple[int, str], ...]
    intensity: float | None = None


def meant(name: str) -> bool:
    """Whether a name looks as if it were written for Phiz: AU and a digit."""
    return _MEANT.match(name) is not None


def without_suffix(name: str) -> str:
    """The name without the `.001` that Blender gives a duplicate."""
    return _SUFFIX.sub("", name)


def parse(name: str) -> Spoken:
    """What a name says. Raises StripNameError; whether the units exist is not looked at."""
    # Whole first: of "AU12 0.125" the end is no suffix, of "AU12 1.001" it is.
    readings = [_NAME.fullmatch(text) for text in (name, without_suffix(name))]
    found = [(match, _intensity(match)) for match in readings if match]
    if not found:
        raise StripNameError("the name cannot be read; write it like AU12, AU12L 0.6, AU 12 R 60% or AU6+12")
    match, intensity = next((pair for pair in found if _allowed(pair[1])), found[-1])
    if not _allowed(intensity):
        raise StripNameError(f"the intensity is 0 to 1 or 0% to 100%; the name says {match['number']}")
    common = (match["side"] or "B").upper()
    units = re.findall(r"(\d+)([LRB]?)", match["units"].upper())
    return Spoken(tuple((int(number), side or common) for number, side in units), intensity)


def write(units: Sequence[tuple[int, str]], intensity: float | None = None) -> str:
    """The name that `parse` reads as these units and this intensity."""
    said = "+".join(f"{number}{'' if side == 'B' else side}" for number, side in units)
    return f"AU{said}" if intensity is None else f"AU{said} {intensity:g}"


def _intensity(match: re.Match[str]) -> float | None:
    if match["number"] is None:
        return None
    return float(match["number"].replace(",", ".")) / (100.0 if match["percent"] else 1.0)


def _allowed(intensity: float | None) -> bool:
    return intensity is None or 0.0 <= intensity <= 1.0
