"""Action Units on top of a run that knows nothing of them, each only where it acts.

Two motions are sampled side by side from one noise: the reference, without events, and for each group
of events a stretch in which they act. At every step the adapter is asked about the stretch; what it says
counts as far as the control mask Z reaches, in time and in channels, and outside Z the stretch is the
reference again, bit for bit. So an edit stays where it was made, however long the recording.

Coarse before fine (Think-Before-Draw, arXiv 2507.12761): the adapter is heard from 40 % of the steps on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from phiz.acting.direction import AUEvent
from phiz.acting.units import UNITS, control_mask, groups, unit_track
from phiz.audio.aligned import MOTION_FPS
from phiz.face.action_units import ACTION_UNITS, pose
from phiz.face.channels import COUNT


def _half(au: int, side: str) -> np.ndarray:
    """(51,) what a unit's column of one side shows; both sides together are the whole pose."""
    sides = ACTION_UNITS[au].sides
    return pose(au, side) if side in sides else 0.5 * pose(au, sides[0])


_POSES = np.stack([_half(au, side) for au, side in UNITS])  # (units, 51)

CONTEXT = 30
"""Frames on either side of a group that the networks see beside it, one second."""

SHOWN = 0.7
"""Share of the pose asked for that is seen at the least, whatever the adapter says: a few units, most of them
round the lips, it would leave at half."""

Form = Literal["local", "masked", "nested", "paper", "unmasked"]
_KEEPING = ("local", "masked")  # the reference outside Z


@dataclass(frozen=True)
class Control:
    """How Action Units act.

    strength: beta, 0 not at all, 1 as asked, more exaggerates. form: "local", the default, keeps the
    reference outside Z and shows at least SHOWN of what is asked inside; "masked" is the same without SHOWN,
    what the adapter does by itself. The others are Cafe-Talk's, for comparison, and hold no promise outside
    Z: "nested", x_AC + beta Z (x_ACF - x_AC) in place of x_AC;
    "paper", beta Z (x_ACF - x_none) added; "unmasked", as nested with Z = 1. begin, blend: share of the
    steps after which events count, and half the width of the smoothstep there.
    """

    strength: float = 1.0
    form: Form = "local"
    begin: float = 0.4
    blend: float = 0.1

    def weight(self, step: int, steps: int) -> float:
        """How much the events count at a step, 0 to 1. The last step always counts in full."""
        if step == steps - 1:
            return 1.0
        at = (step + 0.5) / steps
        if self.blend <= 0.0:
            return float(at >= self.begin)
        x = min(max((at - self.begin + self.blend) / (2.0 * self.blend), 0.0), 1.0)
        return x * x * (3.0 - 2.0 * x)


@dataclass(frozen=True)
class Stretch:
    """A group of events with its context, sampled by itself. frames: of the recording.

    mask (n, 51) is Z; acts (n, 54) bool, where the motion may differ from the reference; units (n, U) the
    unit track. n: the frames.
    """

    frames: slice
    mask: np.ndarray
    acts: np.ndarray
    units: np.ndarray

    def least(self, strength: float) -> np.ndarray:
        """(n, 51) weights that are shown at the least; strength is beta."""
        asked = np.minimum(self.units[:, len(UNITS) :] @ _POSES, 1.0)
        return np.float32(SHOWN * min(strength, 1.0)) * asked

    def within(self, span: slice) -> Stretch | None:
        """What of it lies in these frames, counted from their first; None where nothing acts there."""
        first, last = max(self.frames.start, span.start), min(self.frames.stop, span.stop)
        part = slice(first - self.frames.start, last - self.frames.start)
        if last <= first or not self.acts[part].any():
            return None
        frames = slice(first - span.start, last - span.start)
        return Stretch(frames, self.mask[part], self.acts[part], self.units[part])


def stretches(events: tuple[AUEvent, ...], frames: int, form: Form) -> list[Stretch]:
    """The groups of events in a recording of so many frames."""
    found: list[Stretch] = []
    if not events:
        return found
    all_units, z = unit_track(events, frames, MOTION_FPS), control_mask(events, frames, MOTION_FPS)
    for span, _ in groups(events, frames, MOTION_FPS):
        first, last = max(0, span.start - CONTEXT), min(frames, span.stop + CONTEXT)
        inside, count = slice(span.start - first, span.stop - first), last - first
        units = np.zeros((count, all_units.shape[1]), np.float32)
        units[inside] = all_units[span]  # a neighbouring group may lie in the context
        mask = np.zeros((count, COUNT), np.float32)
        mask[inside] = z[span]
        acts = np.zeros((count, COUNT + 3), bool)
        acts[:, :COUNT] = mask > 0.0
        if form == "unmasked":
            mask[:] = 1.0
        if form not in _KEEPING:
            acts[:] = True
        found.append(Stretch(slice(first, last), mask, acts, units))
    return found


def windows_of(frames: int, length: int, overlap: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Windows that cover a stretch, and what each counts at its frames; the last may overlap further."""
    if frames <= length:
        yield slice(0, frames), np.ones(frames, np.float32)
        return
    starts = [*range(0, frames - length, length - overlap), frames - length]
    total = np.zeros(frames, np.float32)
    ramp = np.minimum(np.arange(1, length + 1), np.arange(length, 0, -1)).astype(np.float32)
    share = np.minimum(ramp / overlap, 1.0)
    for start in starts:
        total[start : start + length] += share
    for start in starts:
        part = slice(start, start + length)
        yield part, share / total[part]


Branch = Callable[[np.ndarray, float, Stretch, "Kind"], np.ndarray]
"""One run over a stretch: noisy motion (n, 54), level, the stretch, what is told -> clean (n, 54)."""
Kind = Literal["none", "coarse", "fine"]


def controlled(
    y: np.ndarray,
    level: float,
    stretch: Stretch,
    control: Control,
    weight: float,
    branch: Branch,
    guided: np.ndarray,
    coarse: np.ndarray,
    guidance: float,
) -> np.ndarray:
    """The prediction (n, 54) of clean motion in a stretch whose noisy motion is y (n, 54).

    guided, coarse (n, 54): of the reference, with guidance and the plain run under all coarse conditions.
    guidance: weight of the coarse run against none, for the forms that do without the reference.
    In forms "local" and "masked": guided + w Z (x_AC(y) + beta (x_ACF(y) - x_AC(y)) - coarse); at beta 1
    x_AC(y) cancels.
    """
    z = np.zeros_like(y)
    z[:, :COUNT] = np.float32(weight) * stretch.mask
    beta = np.float32(control.strength)
    if control.form in _KEEPING:
        if weight == 0.0:
            return guided.copy()
        shown = branch(y, level, stretch, "fine")
        if control.strength != 1.0:
            plain = branch(y, level, stretch, "coarse")
            shown = plain + beta * (shown - plain)
        return guided + z * (shown - coarse)
    none, plain = (branch(y, level, stretch, kind) for kind in ("none", "coarse"))
    base = none + np.float32(guidance) * (plain - none)
    if weight == 0.0:
        return base
    shown = branch(y, level, stretch, "fine")
    return base + beta * z * (shown - (none if control.form == "paper" else plain))
