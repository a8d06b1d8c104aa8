"""A long recording in windows that overlap and agree.

At every sampling step all windows predict from the one noisy motion, and where two overlap their
predictions are blended (MultiDiffusion, Bar-Tal et al. 2023): there is no seam to hide afterwards.
Each window costs the same, so cost and memory grow in a straight line with the recording.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Windows:
    """Windows of `length` frames, each sharing `overlap` with the next; together they cover `frames`."""

    frames: int
    length: int
    overlap: int

    @property
    def starts(self) -> range:
        hop = self.length - self.overlap
        count = 1 + max(0, -(-(self.frames - self.length) // hop))
        return range(0, count * hop, hop)

    @property
    def padded(self) -> int:
        """Frames covered by all windows together; at least `frames`."""
        return self.starts[-1] + self.length

    def touching(self, span: slice) -> tuple[slice, Windows]:
        """The frames covered by the windows that any of these frames lies in, and those windows alone."""
        starts = [start for start in self.starts if start < span.stop and start + self.length > span.start]
        cut = slice(starts[0], starts[-1] + self.length)
        return cut, Windows(min(self.frames, cut.stop) - cut.start, self.length, self.overlap)

    def share(self) -> np.ndarray:
        """(length,) what a window counts at each of its frames: 1, and straight ramps that sum to 1
        with the neighbour's in the overlaps."""
        ramp = (np.arange(self.overlap, dtype=np.float32) + 0.5) / self.overlap
        share = np.ones(self.length, np.float32)
        share[: self.overlap], share[-self.overlap :] = ramp, ramp[::-1]
        return share

    def shares(self, window: int) -> np.ndarray:
        """(length,) of one window: the first has no ramp before it and the last none after it."""
        share = self.share()
        if window == 0:
            share[: self.overlap] = 1.0
        if window == len(self.starts) - 1:
            share[-self.overlap :] = 1.0
        return share
