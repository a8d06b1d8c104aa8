"""A part of one Take in another: what lies outside the part stays, bit for bit."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from phiz.motion.take import Take, TakeError

BLEND = 0.1
"""Seconds over which the one Take goes over into the other, inside the part."""

_SLACK = 1e-6  # of a frame


class SpliceError(TakeError):
    """Two Takes that cannot be joined, or a part that lies outside them."""


def frames_between(start: float, end: float, frames: int, fps: float) -> slice:
    """The frames i with start <= i / fps < end, of so many. Raises SpliceError where there are none."""
    first, last = (math.ceil(min(max(time, 0.0) * fps, frames) - _SLACK) for time in (start, end))
    if last <= first:
        raise SpliceError(
            f"expected a range with a frame in it inside {frames / fps:.2f} s, came {start:g} to {end:g} s"
        )
    return slice(first, last)


def check_fits(before: Take, frames: int, fps: float) -> None:
    """Raise SpliceError unless a Take has so many frames at this fps."""
    if (before.fps, before.frames) != (fps, frames):
        raise SpliceError(
            f"expected a Take of {frames} frames at {fps:g} fps to put a range into, came one of"
            f" {before.frames} at {before.fps:g}; generate the whole once more"
        )


def splice(before: Take, anew: Take, start: float, end: float) -> Take:
    """`before` outside start to end, in seconds, and `anew` inside; both of one fps and length.

    At each end the motion goes over by a smoothstep of BLEND, less where the part is shorter than two of
    them, and none at the beginning or the end of the Take. audio and origin are those of `anew`. Raises
    SpliceError.
    """
    check_fits(before, anew.frames, anew.fps)
    part = frames_between(start, end, anew.frames, anew.fps)
    at = np.arange(part.start, part.stop)
    length = min(BLEND * anew.fps, 0.5 * len(at))  # in frames
    share = np.ones(len(at))
    if part.start > 0:
        share = np.minimum(share, (at - part.start + 1) / (length + 1))
    if part.stop < anew.frames:
        share = np.minimum(share, (part.stop - at) / (length + 1))
    share = (share * share * (3.0 - 2.0 * share)).astype(np.float32)[:, None]
    weights, head = before.weights.copy(), before.head.copy()
    weights[part] = weights[part] * (1.0 - share) + anew.weights[part] * share
    head[part] = head[part] * (1.0 - share) + anew.head[part] * share
    return replace(anew, weights=weights, head=head)
