"""What the audio encoder hears of sound that is still arriving, hop by hop."""

from __future__ import annotations

import numpy as np

from phiz.audio.aligned import ENCODER_FPS, MOTION_FPS, heard_at
from phiz.audio.mel import BINS, HOP, RATE, WINDOW, log_mel
from phiz.audio.running_level import RunningLevel
from phiz.runtime.bundle import Bundle
from phiz.runtime.listen import silence

_BEFORE = -(-WINDOW // (2 * HOP))  # mel frames of samples that the first of a piece needs before it
_SIDE = 1.0 / (4.0 * MOTION_FPS)  # s: a motion frame hears so long before and after its own time


class Hearing:
    """Keeps what the next hop needs of the sound, and of that no more.

    The same samples give the same rows to the bit, in whatever pieces they come, because all work is done in
    hops whose size is fixed.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._samples = np.zeros(_BEFORE * HOP, np.float32)  # from the sample `_first` on
        self._first = -_BEFORE * HOP
        self._mel = np.zeros((0, BINS), np.float32)  # from the frame `_mel_first` on; an even one
        self._mel_first = 0
        self._level = RunningLevel()
        self.ended = False

    @property
    def samples(self) -> int:
        """Samples that came so far."""
        return self._first + len(self._samples)

    def hear(self, samples: np.ndarray) -> None:
        """(n,) float32 at 16 kHz, what follows."""
        self._samples = np.concatenate([self._samples, samples])

    def rows(self, frames: slice) -> np.ndarray:
        """(n, audio width) float32 of these motion frames, knowing all that came.

        Asked for frames in order. After the end of the sound frames past it hear silence.
        """
        self._take_in()
        known = len(self._mel) // 2  # encoder frames, counted from _mel_first / 2
        begin = self._mel_first // 2
        wanted = int(np.floor((frames.start / MOTION_FPS - _SIDE) * ENCODER_FPS))
        first = max(0, wanted - self._bundle.manifest.encoder_reach - begin)
        if known - first <= 0:
            return np.tile(silence(self._bundle), (frames.stop - frames.start, 1))
        mel = self._mel[2 * first : 2 * known]
        features = self._bundle.encode(self._level.normalised(mel)[None])[0]
        times = np.arange(frames.start, frames.stop) / MOTION_FPS
        heard = heard_at(times - (begin + first) / ENCODER_FPS, features, self._level.loudness(mel))
        if self.ended:
            heard[times >= self.samples / RATE] = silence(self._bundle)
        self._mel = self._mel[2 * first :]
        self._mel_first += 2 * first
        return heard

    def _take_in(self) -> None:
        """Turn samples into mel frames: those whose windows are complete, or all at the end."""
        have, until = self._mel_first + len(self._mel), self.samples
        if self.ended:
            count = until // HOP + 1
            count += count % 2  # an even number, as `paired` gives
        else:
            count = max(0, (until - WINDOW // 2) // HOP + 1) // 2 * 2
        if count <= have:
            return
        start = (have - _BEFORE) * HOP
        end = min((count - 1) * HOP + WINDOW // 2, until)
        piece = self._samples[start - self._first : end - self._first]
        rows = log_mel(piece)[_BEFORE : _BEFORE + count - have]
        if len(rows) < count - have:
            rows = np.concatenate([rows, rows[-1:]])
        self._level.hear(rows)
        self._mel = np.concatenate([self._mel, rows])
        self._samples = self._samples[(count - _BEFORE) * HOP - self._first :]
        self._first = (count - _BEFORE) * HOP
