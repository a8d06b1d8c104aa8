"""Speech level of a recording: what is loud, what is quiet, and mel frames freed of the channel."""

from __future__ import annotations

import numpy as np

from phiz.audio.mel import FLOOR

SPEECH_RANGE_DB = 25.0
"""Frames within this distance of the loudest ones count as speech."""

QUIETEST_SPEECH_DB = -10.0
"""Below this level (of `frame_level`; a voice at -60 dBFS) nothing counts as speech, so that digital
silence and room tone are not raised to the level of a voice."""

_DB_PER_NEPER = float(10.0 / np.log(10.0))


def frame_level(mel: np.ndarray) -> np.ndarray:
    """(frames, bins) natural-log mel power -> (frames,) level in dB, the bins' power summed."""
    peak = mel.max(axis=1)
    return _DB_PER_NEPER * (peak + np.log(np.exp(mel - peak[:, None]).sum(axis=1)))


def _speech_frames(level: np.ndarray) -> np.ndarray:
    top = np.percentile(level, 95)
    return level >= max(top - SPEECH_RANGE_DB, QUIETEST_SPEECH_DB)


def loudness(mel: np.ndarray) -> np.ndarray:
    """(frames, bins) log mel -> (frames,) dB relative to the recording's median speech level.

    Smoothed over 50 ms. A recording without speech is -60 dB throughout.
    """
    level = frame_level(mel)
    speech = _speech_frames(level)
    if not speech.any():
        return np.full(len(level), -60.0, np.float32)
    padded = np.pad(level, 2, mode="edge")
    smooth = np.convolve(padded, np.full(5, 0.2), mode="valid")
    return np.clip(smooth - np.median(level[speech]), -60.0, 30.0).astype(np.float32)


def normalised(mel: np.ndarray) -> np.ndarray:
    """Log mel with each bin's mean over the speech frames taken away, in units of about one.

    Takes out microphone, distance and gain. (frames, bins) -> (frames, bins) float32, limited to
    +-4 (a bin 35 dB under its mean is as good as silent).
    """
    speech = _speech_frames(frame_level(mel))
    if speech.any():
        reference = mel[speech].mean(axis=0)
    else:
        quiet = QUIETEST_SPEECH_DB / _DB_PER_NEPER - np.log(mel.shape[1])
        reference = np.full(mel.shape[1], max(quiet, np.log(FLOOR)), np.float32)
    out = (mel - reference).astype(np.float32, copy=False)
    out /= 2.0
    return np.clip(out, -4.0, 4.0, out=out)
