"""What no face can do: the pairs of `conflicts.json`, and whether two units stand in each other's way."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from phiz.acting.direction import AUEvent, Direction
from phiz.cotfa.steps import UnitStep
from phiz.face.action_units import ACTION_UNITS

LOWER_FACE = frozenset(unit for unit in ACTION_UNITS if 10 <= unit <= 34 and ACTION_UNITS[unit].showable)
HOLDS_OPEN = frozenset((10, 16, 22, 25, 26, 27))
HOLDS_SHUT = frozenset((17, 23, 24, 28, 34))
_SLACK = 1e-6


@dataclass(frozen=True)
class Tables:
    """`conflicts.json`: pairs that never stand together, that come to so much at most, that may."""

    never: dict[frozenset[int], str]
    most: dict[frozenset[int], tuple[float, str]]
    explained: dict[frozenset[int], str]
    instead: dict[int, tuple[int, float, str]]
    opponents: dict[int, tuple[int, ...]]
    partners: dict[int, tuple[int, ...]]


@cache
def tables() -> Tables:
    raw: dict[str, Any] = json.loads(Path(__file__).with_name("conflicts.json").read_text(encoding="utf-8"))
    never = {frozenset(row["units"]): row["why"] for row in raw["never"]}
    most = {frozenset(row["units"]): (row["most"], row["why"]) for row in raw["together"]}
    return Tables(
        never,
        most,
        {frozenset(row["units"]): row["why"] for row in raw["explained"]},
        {int(au): (row["unit"], row["share"], row["why"]) for au, row in raw["instead"].items()},
        _others(never),
        _others(most),
    )


def _others(pairs: Iterable[frozenset[int]]) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = defaultdict(list)
    for pair in pairs:
        one, other = sorted(pair)
        found[one].append(other)
        found[other].append(one)
    return {au: tuple(others) for au, others in found.items()}


def clash(one: UnitStep, other: UnitStep) -> bool:
    if one.au == 30 and other.au == 30:
        return one.side != other.side
    return sides_meet(one.side, other.side)


def sides_meet(one: str, other: str) -> bool:
    return one == other or "B" in (one, other)


def meet(one: UnitStep | AUEvent, other: UnitStep | AUEvent) -> bool:
    return one.start < other.end - _SLACK and other.start < one.end - _SLACK


def impossible(direction: Direction) -> Iterator[str]:
    """What no face can do in the events of a Direction, in words; nothing for one that left the check."""
    for i, one in enumerate(direction.events):
        for other in direction.events[i + 1 :]:
            pair = frozenset((one.au, other.au))
            if one.intensity == 0.0 or other.intensity == 0.0 or not meet(one, other):
                continue
            if one.au == other.au == 30 and one.side != other.side:
                yield "the jaw goes left and right"
            if not sides_meet(one.side, other.side):
                continue
            if pair in tables().never:
                yield f"AU {one.au} with {other.au}: {tables().never[pair]}"
            if pair in tables().most and one.intensity + other.intensity > tables().most[pair][0] + _SLACK:
                yield f"AU {one.au} with {other.au} come to {one.intensity + other.intensity:g}"
