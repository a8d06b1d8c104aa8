"""How far a mouth trails the sound: by how open the encoder hears the mouth and how open the curves have it.

The encoder's openness and a captured aperture go together to .8 and more, and their lag comes out the same
to a hundredth of a second from five seconds on (measured on the FACEGOOD takes, see docs/finetune.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import correlate

_RATE = 100.0  # of the tracks that are compared
REACH = 2.0
"""Seconds of lag that are looked for, either way."""
_PIECE = 15.0  # s of the stretches whose lags are compared with each other
_TRUSTED = 0.4  # agreement of a stretch from which on its lag counts


@dataclass(frozen=True)
class Synchrony:
    """lag: seconds by which the mouth follows the sound, negative where it leads. agreement: correlation of
    the two at that lag, -1 to 1. pieces (n, 2): the middle of each stretch of a long take and its lag."""

    lag: float
    agreement: float
    pieces: np.ndarray

    @property
    def wander(self) -> float:
        """Seconds between the least and the greatest lag of a stretch; 0 where there are not two."""
        return float(np.ptp(self.pieces[:, 1])) if len(self.pieces) > 1 else 0.0


def synchrony(aperture: np.ndarray, fps: float, openness: np.ndarray, heard_fps: float) -> Synchrony:
    """aperture (frames,) at fps and openness (n,) at heard_fps, both from 0 s -> their lag."""
    length = int(min(len(aperture) / fps, len(openness) / heard_fps) * _RATE)
    times = np.arange(length) / _RATE
    mouth = np.interp(times, np.arange(len(aperture)) / fps, aperture)
    sound = np.interp(times, np.arange(len(openness)) / heard_fps, openness)
    lag, agreement = _lag(mouth, sound, int(REACH * _RATE))
    pieces = []
    count = int(length / _RATE / _PIECE)
    moved = round(lag * _RATE)  # the pieces are looked at round the lag of the whole
    for part in np.array_split(np.arange(length), count) if count > 1 else []:
        at = part[(part + moved >= 0) & (part + moved < length)]
        if len(at) > 5 * _RATE:
            own, agreed = _lag(mouth[at + moved], sound[at], int(0.4 * _RATE))
            if agreed >= _TRUSTED:
                pieces.append((float(at.mean()) / _RATE, moved / _RATE + own))
    return Synchrony(lag, agreement, np.array(pieces, np.float64).reshape(-1, 2))


def _lag(mouth: np.ndarray, sound: np.ndarray, reach: int) -> tuple[float, float]:
    """Lag in seconds, and the correlation there, of two tracks (n,); 0 and 0 where one of them is still."""
    a, b = mouth - mouth.mean(), sound - sound.mean()
    n, size = len(a), float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    reach = min(reach, n - 2)
    if n < 4 or size < 1e-9:
        return 0.0, 0.0
    # Divided by the size of the whole tracks, so that few frames that happen to agree at the end of a long
    # shift do not win.
    score = correlate(a, b, mode="full", method="fft")[n - 1 - reach : n + reach] / size
    best = int(score.argmax())
    shift = float(best - reach)
    if 0 < best < len(score) - 1:
        left, middle, right = score[best - 1 : best + 2]
        shift += 0.5 * float((left - right) / (left - 2 * middle + right))
    return shift / _RATE, float(score[best])
