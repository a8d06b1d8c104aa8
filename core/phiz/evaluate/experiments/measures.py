"""How well Action Units do as they are told, on plain arrays: weights (frames, 51) at 30 fps.

"The run without events" is the same recording, emotion and noise with no unit asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from phiz.acting.direction import AUEvent
from phiz.acting.units import control_mask, envelope
from phiz.face.action_units import pose
from phiz.face.channels import MIRROR
from phiz.motion.measures import EVEN_FPS, TREMOR_HZ, spearman

OWN = 0.3  # of a unit's pose; channels below it only go along with the others
FULL = 0.99  # of the envelope, from which on an event is held in full
AROUND = 10  # frames after and before an event in which a leak is looked for
NEAR = 30  # frames on either side of an event that its edges are compared with


class Span(NamedTuple):
    """Where an event is: inside, the frames that it moves; held, those in which it is there in full."""

    inside: slice
    held: slice


def span(event: AUEvent, frames: int) -> Span:
    """The frames of an event in a recording of so many frames. held is empty where ramps leave nothing."""
    inside, height = envelope(event, frames, EVEN_FPS)
    full = inside.start + np.flatnonzero(height > FULL)
    held = slice(int(full[0]), int(full[-1]) + 1) if len(full) else slice(inside.start, inside.start)
    return Span(inside, held)


def activation(weights: np.ndarray, au: int, side: str) -> np.ndarray:
    """(frames, 51) -> (frames,): how far a unit is shown, 0 to 1.2.

    Mean over the channels of which its pose has 0.3 or more of weight / pose value, each cut to 0..1.2.
    """
    channels = _own(au, side)
    return np.clip(weights[:, channels] / pose(au, side)[channels], 0.0, 1.2).mean(1)


def shown(weights: np.ndarray, event: AUEvent) -> np.ndarray:
    """(held frames,) bool: activation at least half of what was asked, and at least 0.2."""
    found = activation(weights[span(event, len(weights)).held], event.au, event.side)
    return found >= max(0.5 * event.intensity, 0.2)


class ControlRate(NamedTuple):
    """every: share of (event, held frame) cells that are shown; by_unit: the same for each unit alone."""

    every: float
    by_unit: dict[int, float]

    @property
    def worst(self) -> tuple[int, float]:
        """The unit that is shown least, and its share."""
        return min(self.by_unit.items(), key=lambda pair: pair[1])


def control_rate(runs: Sequence[tuple[np.ndarray, Sequence[AUEvent]]]) -> ControlRate:
    """Of runs, each (weights, events), how surely the units asked for are seen."""
    cells: dict[int, list[np.ndarray]] = {}
    for weights, events in runs:
        for event in events:
            cells.setdefault(event.au, []).append(shown(weights, event))
    joined = {au: np.concatenate(parts) for au, parts in sorted(cells.items())}
    return ControlRate(
        float(np.concatenate(list(joined.values())).mean()),
        {au: float(cell.mean()) for au, cell in joined.items()},
    )


def measured(weights: np.ndarray, event: AUEvent) -> float:
    """Mean activation of an event's unit while it is held."""
    return float(activation(weights[span(event, len(weights)).held], event.au, event.side).mean())


def intensity_rank(requested: Sequence[float], found: Sequence[float]) -> float:
    """Spearman's rank correlation of the intensities asked for with those `measured`."""
    return spearman(np.asarray(requested), np.asarray(found))


def other_side(weights: np.ndarray, plain: np.ndarray, event: AUEvent) -> float:
    """How far the far side moves with a one-sided event, as a share of the near side.

    Both as mean |difference to the run without events| while it is held, over the unit's channels that
    have a side, and their mirror images.
    """
    near = [channel for channel in _own(event.au, event.side) if MIRROR[channel] != channel]
    held = span(event, len(weights)).held
    moved = np.abs(weights[held] - plain[held]).mean(0)
    return float(moved[MIRROR[near]].mean() / max(moved[near].mean(), 1e-6))


class Leak(NamedTuple):
    """Mean |difference to the run without events|, as a share of that inside the event, on what it controls.

    before, after: on all channels, in the 10 frames on either side of it. beside: inside the event, on
    the channels that it does not control. inside: that mean itself, in weights.
    """

    before: float
    after: float
    beside: float
    inside: float


def leak(weights: np.ndarray, plain: np.ndarray, event: AUEvent) -> Leak:
    """What an event moves that is not its own."""
    inside = span(event, len(weights)).inside
    moved = np.abs(weights - plain)
    controlled = _controlled(event, len(weights))
    own = max(float(moved[inside][:, controlled].mean()), 1e-6)
    before, after = (
        slice(max(inside.start - AROUND, 0), inside.start),
        slice(inside.stop, inside.stop + AROUND),
    )
    return Leak(
        float(moved[before].mean()) / own,
        float(moved[after].mean()) / own,
        float(moved[inside][:, ~controlled].mean()) / own,
        own,
    )


def boundary_jump(weights: np.ndarray, event: AUEvent, usual: np.ndarray | None = None) -> float:
    """The change into an event's first frame or out of its last, the larger, over the ordinary change.

    Change: mean |difference of two frames| over the channels that the event controls. Ordinary: its 95th
    percentile in the same motion, or in `usual` (frames, 51), within the event and 30 frames on either
    side, the two edges left out.
    """
    inside, channels = span(event, len(weights)).inside, _controlled(event, len(weights))
    usual = weights if usual is None else usual
    moves, ordinary = (np.abs(np.diff(each[:, channels], axis=0)).mean(1) for each in (weights, usual))
    at = [i for i in (inside.start - 1, inside.stop - 1) if 0 <= i < len(moves)]  # move i: i to i + 1
    near = np.setdiff1d(np.arange(max(at[0] - NEAR, 0), min(at[-1] + NEAR + 1, len(moves))), at)
    return float(moves[at].max() / max(np.quantile(ordinary[near], 0.95), 1e-4))


def fast_energy(weights: np.ndarray) -> float:
    """Energy above 8 Hz: the variance that a Hann-windowed spectrum shows there, summed over channels."""
    window = np.hanning(len(weights))[:, None]
    power = np.abs(np.fft.rfft((weights - weights.mean(0)) * window, axis=0)) ** 2
    power *= 2 / (window**2).sum() / len(weights)
    return float(power[np.fft.rfftfreq(len(weights), 1 / EVEN_FPS) > TREMOR_HZ].sum())


def likeness(weights: np.ndarray, plain: np.ndarray, events: Sequence[AUEvent]) -> float:
    """Correlation with the run without events, inside events, over all channels that they do not control.

    Each channel about its mean in the run without events; 1 where nothing was changed.
    """
    inside = np.zeros(len(weights), bool)
    for event in events:
        inside[span(event, len(weights)).inside] = True
    free = (control_mask(events, len(weights), EVEN_FPS) == 0) & inside[:, None]
    mean = plain.mean(0)
    return float(np.corrcoef((weights - mean)[free], (plain - mean)[free])[0, 1])


def _own(au: int, side: str) -> np.ndarray:
    """The channels that make the unit."""
    shape = pose(au, side)
    return np.flatnonzero(shape >= min(OWN, shape.max()))


def _controlled(event: AUEvent, frames: int) -> np.ndarray:
    """(51,) bool."""
    return control_mask([event], frames, EVEN_FPS).any(0)
