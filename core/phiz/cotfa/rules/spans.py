"""How long each head is on, and how it comes and goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phiz.cotfa.rules.heads import Head
from phiz.face.action_units import ACTION_UNITS

_REGIONS = (
    frozenset((1, 2, 4)), frozenset((5, 7, 43, 45, 46)), frozenset((61, 62, 63, 64)),
    frozenset((10, 12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 24, 28, 32, 34)), frozenset((25, 26, 27)),
    frozenset((29, 30)),
)  # fmt: skip
_BLINKS = {45: 0.3, 46: 0.45}
_BRIEF = 0.7  # seconds that something brief lasts
LEAST = 0.1  # seconds: nothing is shorter
_LAP = 0.25  # seconds: how long one thing still goes while the next comes


@dataclass
class Placed:
    """A head with its seconds and ramps. timed: its start, or its end, stands in the note."""

    head: Head
    beat: float
    start: float = 0.0
    end: float = 0.0
    ramp_in: float = 0.25
    ramp_out: float = 0.25
    given_start: float | None = None
    given_end: float | None = None
    length: float | None = None
    by: float | None = None
    ramp: float | None = None


def ends(made: Sequence[Placed], duration: float) -> None:
    """Sets each end: the one that the note gives, or where something takes over, or that of the recording."""
    for place in made:
        if place.given_end is not None:
            place.end = place.given_end
        else:
            place.end = max(duration, place.start + LEAST)
            length = _own_length(place)
            follower = [
                p.start + (_LAP if place.head.felt is None else 0.0)
                for p in made
                if p is not place and p.start > place.start + 1e-6 and _takes_over(p, place)
            ]
            place.end = min([place.end, *follower])
            if length is not None:
                place.end = min(place.end, place.start + length)
        place.end = max(place.end, place.start + LEAST)


def _own_length(place: Placed) -> float | None:
    if place.length is not None:
        return place.length
    if place.head.short is not None:
        return place.head.short
    shortest = [_BLINKS[au] for au, _, _ in place.head.units if au in _BLINKS]
    if shortest:
        return shortest[0]
    return _BRIEF if "brief" in place.head.manners else None


def _takes_over(new: Placed, old: Placed) -> bool:
    """Whether what comes new ends what is on."""
    if new.head.denied:
        return False
    if old.head.felt is not None:
        return new.head.felt is not None and not old.head.denied
    neutral = new.head.felt is not None and all(name == "neutral" for name, _ in new.head.felt.mix)
    if neutral:
        return True
    for au, _, _ in old.head.units:
        for other, _, _ in new.head.units:
            sides = {old.head.side or "B", new.head.side or "B"}
            if sides == {"L", "R"} and other in (au, *ACTION_UNITS[au].antagonists):
                continue
            if other == au or other in ACTION_UNITS[au].antagonists:
                return True
            if new.beat > old.beat and any(au in region and other in region for region in _REGIONS):
                return True
    return False


def ramps(made: Sequence[Placed], duration: float) -> None:
    """Sets how long each comes and goes, by its manners."""
    for place in made:
        span = place.end - place.start
        manners = place.head.manners
        usual = 0.25 if place.head.felt is None else 0.5
        come = go = min(usual, 0.4 * span)
        if "quick" in manners:
            come = go = min(0.12, 0.3 * span)
        if "sudden" in manners:
            come = min(0.08, 0.3 * span)
        if "slow" in manners:
            come = min(1.2, 0.6 * span)
        if place.ramp is not None:
            come = min(place.ramp, 0.9 * span)
        if "grow" in manners:
            come = min(0.9 * span, span - go)
        if "fade" in manners or (place.head.over and place.given_end is None):
            go = min(0.7 * span, span - come)
        if place.by is not None and place.start < place.by:
            come = min(place.by - place.start, 0.9 * span)
        if any(au in _BLINKS for au, _, _ in place.head.units):
            come = go = min(0.1, 0.4 * span)
        place.ramp_in, place.ramp_out = come, go
