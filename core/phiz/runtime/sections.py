"""A long recording section by section, so that memory holds the sampling of one alone.

At every step what a window predicts reaches as far as the windows that it overlaps. So a section is sampled
with as many windows more on either side as there are steps, and what comes out is what one piece would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from phiz.acting.direction import Direction
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.spill import release, scratch
from phiz.runtime.bundle import MOTION, Bundle
from phiz.runtime.control import Stretch, stretches
from phiz.runtime.performance import Performance, Settings, Work

LENGTH = round(20 * 60 * MOTION_FPS)
"""Frames after which a section ends, at the first that no group of events lies over."""


def sections(frames: int, acted: list[Stretch]) -> Iterator[slice]:
    """Sections of so many frames that cut no stretch in two; one where there are few."""
    start = 0
    while start < frames:
        end = start + LENGTH
        if frames - end < LENGTH // 4:  # not worth the windows round it
            end = frames
        for stretch in sorted(acted, key=lambda stretch: stretch.frames.start):
            if stretch.frames.start < end < stretch.frames.stop:
                end = stretch.frames.stop
        yield slice(start, min(end, frames))
        start = end


def sampled(
    heard: np.ndarray, direction: Direction, bundle: Bundle, settings: Settings, work: Work
) -> np.ndarray:
    """(frames, 54) the motion of a recording that is heard so (frames, A). Raises CancelledError."""
    frames, acted = len(heard), stretches(direction.events, len(heard), settings.control.form)
    reach = settings.steps * (bundle.manifest.window - bundle.manifest.overlap)
    begun, out = work.until, scratch((frames, MOTION))
    for section in sections(frames, acted):
        span = slice(max(0, section.start - reach), min(frames, section.stop + reach))
        whole = Performance.of(heard, direction, bundle, settings, span)
        release(heard)
        inside = slice(section.start - whole.first, section.stop - whole.first)
        mine = [
            one for one in whole.acted if one.frames.start < inside.stop and inside.start < one.frames.stop
        ]
        part = replace(whole, acted=mine)
        out[section] = part.sampled(work, begun + (1.0 - begun) * section.stop / frames)[inside]
        release(out)
    return out
