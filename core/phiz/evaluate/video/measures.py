"""The measures, each of frames (N, size, size, 3) uint8 and masks; nothing in them is trained.

What they find on true films is in docs/video_clips.md: the ceiling of every table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation

_FAR = 60.0
"""Levels of distance between colours from which on they are simply others."""
_LAYOUT = 16
"""Fields along a side of the layout of colours by which a person is known."""
VISIBLE, AGAINST = 3.0, 2.0
"""A unit is visible where its region differs by so many levels of 255, and so many times the rest's."""


def mouth_opening(
    frames: np.ndarray, windows: Sequence[np.ndarray], portrait: np.ndarray, at_rest: np.ndarray
) -> np.ndarray:
    """(N,) how much of the mouth's window shows what the closed mouth does not: teeth, tongue, darkness.

    windows: a mask for each frame, `at_rest` that of the portrait, whose lips are closed. Summed over the
    window: how far a pixel's colour is from the nearest one in the portrait's window, up to 60 levels.
    """
    known = portrait[at_rest].astype(np.float32)  # (k, 3)
    out = np.zeros(len(frames))
    for i, (frame, window) in enumerate(zip(frames, windows, strict=True)):
        seen = frame[window].astype(np.float32)
        away = np.sqrt(((seen[:, None] - known) ** 2).sum(-1)).min(1)
        out[i] = np.minimum(away, _FAR).sum()
    return out


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's; 0 where either does not move."""
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


@dataclass(frozen=True)
class Shown:
    """What a unit changes. inside, outside: mean difference in levels of 255, in its region and in the rest
    of the picture. like: correlation of the change in the region with the true films' change there."""

    inside: float
    outside: float
    like: float

    @property
    def visible(self) -> bool:
        return self.inside >= VISIBLE and self.inside >= AGAINST * self.outside


def unit_shown(
    frames: np.ndarray, without: np.ndarray, true: np.ndarray, true_without: np.ndarray, region: np.ndarray
) -> Shown:
    """What an event shows in frames (n, size, size, 3) in which it is held: against the same seed without it.

    The rest of the picture begins two pixels from the region.
    """
    change = frames.astype(np.float32) - without
    true_change = true.astype(np.float32) - true_without
    rest = np.logical_not(binary_dilation(region, iterations=2))
    size = np.abs(change).mean((0, 3))
    like = correlation(change.mean(0)[region].ravel(), true_change.mean(0)[region].ravel())
    return Shown(float(size[region].mean()), float(size[rest].mean()), like)


def layout(pictures: np.ndarray) -> np.ndarray:
    """(N, 768) where on the picture which colours lie, coarsely: what makes a person known at a glance.

    Averages over 16 x 16 fields of equal size; what is left over at the right and below does not count.
    """
    field = pictures.shape[1] // _LAYOUT
    kept = pictures[:, : _LAYOUT * field, : _LAYOUT * field].astype(np.float32)
    return (
        kept.reshape(len(pictures), _LAYOUT, field, _LAYOUT, field, 3).mean((2, 4)).reshape(len(pictures), -1)
    )


def away(frames: np.ndarray, portraits: np.ndarray) -> np.ndarray:
    """(N, P) RMS distance of frames' layouts from those of portraits (P, size, size, 3), in levels of 255."""
    people = layout(portraits)
    return np.stack([np.sqrt(((seen - people) ** 2).mean(-1)) for seen in layout(frames)])


def known_as(frames: np.ndarray, portraits: np.ndarray) -> np.ndarray:
    """(N,) which of the portraits (P, size, size, 3) each frame looks like most."""
    return away(frames, portraits).argmin(1)


def flicker(frames: np.ndarray, still: np.ndarray) -> float:
    """Levels of 255 by which a pixel of the mask jumps between frames, beyond moving on evenly (RMS)."""
    jumps = np.diff(frames[:, still].astype(np.float32), n=2, axis=0)
    return float(np.sqrt(np.mean(jumps**2)))
