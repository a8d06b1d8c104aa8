"""The emotion in a voice that is still speaking: `phiz.runtime.feeling`, from what came so far."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort

from phiz.audio.aligned import MOTION_FPS
from phiz.audio.mel import RATE
from phiz.audio.prosody import FEATURES, describe
from phiz.face.emotions import EMOTIONS
from phiz.runtime.feeling import HOP, WINDOW, FeelingError, shown, smoothed

_NEUTRAL = EMOTIONS.index("neutral")
_KEPT = 5  # windows that are averaged


class LiveMood:
    """Hears a second at a time, in the last two seconds. What shows goes over to it in the next second.

    session: the bundle's graph `feeling`, None for a face that is neutral. Raises FeelingError.
    """

    def __init__(self, session: ort.InferenceSession | None) -> None:
        if session is not None and session.get_inputs()[0].shape[-1] != FEATURES:
            raise FeelingError(f"expected a feeling graph of {FEATURES} numbers; get a newer bundle")
        self._session = session
        self._samples = np.zeros(0, np.float32)
        self._heard: list[tuple[float, np.ndarray | None]] = []  # middle in s, shares or None without voice
        self._next = HOP
        self._seconds = 0.0
        self._from, self._to, self._since = np.zeros(8), np.zeros(8), 0

    def hear(self, samples: np.ndarray, frame: int) -> None:
        """(n,) float32 at 16 kHz, what follows; frame: the first whose emotion is still open."""
        if self._session is None:
            return
        self._samples = np.concatenate([self._samples, samples])[-round(WINDOW * RATE) :]
        self._seconds += len(samples) / RATE
        if self._seconds < self._next:
            return
        self._next += HOP
        row = describe(self._samples)
        shares = None if row is None else np.asarray(self._session.run(None, {"prosody": row[None]})[0])[0]
        self._heard = [*self._heard[1 - _KEPT :], (self._seconds - 0.5 * WINDOW, shares)]
        times = np.array([time for time, _ in self._heard])
        voiced = np.array([shares is not None for _, shares in self._heard])
        known = np.stack([np.eye(8)[_NEUTRAL] if s is None else s for _, s in self._heard])
        self._from = self._at(np.array([frame]))[0]
        self._to = shown(smoothed(times, known, voiced, times[-1:]))[0]
        self._since = frame

    def __call__(self, first: int, last: int) -> np.ndarray:
        """(last - first, 8) float32 share times intensity at these frames; rows sum to 1."""
        rows = self._at(np.arange(first, last))
        rows[:, _NEUTRAL] = np.maximum(0.0, 1.0 - rows.sum(axis=1))
        return rows.astype(np.float32)

    def _at(self, frames: np.ndarray) -> np.ndarray:
        share = np.clip((frames - self._since) / (HOP * MOTION_FPS), 0.0, 1.0)[:, None]
        return self._from + share * (self._to - self._from)
