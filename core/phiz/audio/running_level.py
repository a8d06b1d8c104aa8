"""The speech level while it is being spoken: what `levels` says of a whole recording, from what came so far.

Frames are counted by their level, a decibel to a bin, so that what counted as speech before a louder voice
came no longer does. Old speech is forgotten. Before there is any, a typical voice is taken for granted.
"""

from __future__ import annotations

import numpy as np

from phiz.audio.levels import QUIETEST_SPEECH_DB, SPEECH_RANGE_DB, frame_level
from phiz.audio.mel import BINS

_LOWEST_DB, _HIGHEST_DB = -60, 80  # of the bins
_SMOOTH = 5  # frames over which a level is averaged before it may be the top: a click is no voice
_HEADROOM_DB = 2.0  # how far the loudest speech stands above its 95th percentile
_MEMORY = 3000.0  # frames of speech, 30 s, after which its share has fallen to 1 / e
_FALL, _SLOW_FALL = 0.01, 0.003  # dB per frame that the top falls by in speech, and else

_GRANTED = 60.0
"""Frames of speech that the typical voice counts as."""
_TYPICAL_DB = -7.5
"""Median level of speech, under the top: like the next, the mean of 435 training clips of all sources."""
_TYPICAL_AT = (0, 3, 5, 8, 12, 16, 20, 30, 47, 63)
_TYPICAL = (-8.8, -6.7, -6.3, -6.6, -7.4, -8.7, -9.4, -10.0, -11.1, -13.3)
"""Mean of log mel over speech at these bins, under the top in nepers."""

_DB_PER_NEPER = float(10.0 / np.log(10.0))


class RunningLevel:
    """Told log-mel frames in order, brings any to the level of the speech that was heard so far.

    Its memory does not grow. What it says depends on the frames alone, not on how they were told.
    """

    def __init__(self) -> None:
        bins = _HIGHEST_DB - _LOWEST_DB
        self._counts, self._sums = np.zeros(bins), np.zeros((bins, BINS))
        self._recent = np.full(_SMOOTH, -100.0)
        self._top = QUIETEST_SPEECH_DB + SPEECH_RANGE_DB
        self._typical = np.interp(np.arange(BINS), _TYPICAL_AT, _TYPICAL)

    def hear(self, mel: np.ndarray) -> None:
        """(n, 64) log mel, the frames that follow those told before."""
        for row, level in zip(mel, frame_level(mel), strict=True):
            self._recent = np.append(self._recent[1:], level)
            speaks = level >= self._threshold
            self._top = max(self._top - (_FALL if speaks else _SLOW_FALL), self._recent.mean() - _HEADROOM_DB)
            self._top = max(self._top, QUIETEST_SPEECH_DB + SPEECH_RANGE_DB)
            if level < QUIETEST_SPEECH_DB:
                continue
            if speaks:
                self._counts *= 1.0 - 1.0 / _MEMORY
                self._sums *= 1.0 - 1.0 / _MEMORY
            place = int(np.clip(level - _LOWEST_DB, 0, len(self._counts) - 1))
            self._counts[place] += 1.0
            self._sums[place] += row

    @property
    def _threshold(self) -> float:
        return max(self._top - SPEECH_RANGE_DB, QUIETEST_SPEECH_DB)

    def _speech(self) -> slice:
        return slice(int(np.clip(self._threshold - _LOWEST_DB, 0, len(self._counts) - 1)), None)

    def normalised(self, mel: np.ndarray) -> np.ndarray:
        """(n, 64) log mel, told or not -> the same as `levels.normalised` would have it."""
        speech = self._speech()
        granted = _GRANTED * (self._typical + self._top / _DB_PER_NEPER)
        reference = (self._sums[speech].sum(axis=0) + granted) / (self._counts[speech].sum() + _GRANTED)
        return np.clip((mel - reference) / 2.0, -4.0, 4.0).astype(np.float32)

    def loudness(self, mel: np.ndarray) -> np.ndarray:
        """(n, 64) log mel, told or not -> (n,) dB as `levels.loudness` would have it."""
        speech = self._speech()
        counts, granted = self._counts[speech], self._top + _TYPICAL_DB
        median = granted
        if counts.any():
            passed = np.cumsum(counts)
            place = int(np.searchsorted(passed, 0.5 * passed[-1]))
            found = _LOWEST_DB + (speech.start or 0) + place + 0.5
            median = (found * passed[-1] + granted * _GRANTED) / (passed[-1] + _GRANTED)
        padded = np.pad(frame_level(mel), 2, mode="edge")
        smooth = np.convolve(padded, np.full(5, 0.2), mode="valid")
        return np.clip(smooth - median, -60.0, 30.0).astype(np.float32)
