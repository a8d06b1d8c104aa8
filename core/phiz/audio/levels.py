"""Speech level of a recording: what is loud, what is quiet, and mel frames freed of the channel."""

from __future__ import annotations

import numpy as np

from phiz.audio.mel import FLOOR
from phiz.audio.spill import blocks

SPEECH_RANGE_DB = 25.0
"""Frames within this distance of the loudest ones count as speech."""

QUIETEST_SPEECH_DB = -10.0
"""Below this level (of `frame_level`; a voice at -60 dBFS) nothing counts as speech, so that digital
silence and room tone are not raised to the level of a voice."""

_BLOCK = 6000  # frames looked at a time
_DB_PER_NEPER = float(10.0 / np.log(10.0))


def frame_level(mel: np.ndarray) -> np.ndarray:
    """(frames, bins) natural-log mel power -> (frames,) level in dB, the bins' power summed."""
    out = np.empty(len(mel), mel.dtype)
    for part in blocks(mel, _BLOCK):
        peak = mel[part].max(axis=1)
        out[part] = _DB_PER_NEPER * (peak + np.log(np.exp(mel[part] - peak[:, None]).sum(axis=1)))
    return out


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


def speech_spectrum(mel: np.ndarray) -> np.ndarray:
    """(frames, bins) log mel -> (bins,) float32 mean over the speech frames; where there are none, that of
    the quietest speech."""
    speech = _speech_frames(frame_level(mel))
    if not speech.any():
        quiet = QUIETEST_SPEECH_DB / _DB_PER_NEPER - np.log(mel.shape[1])
        return np.full(mel.shape[1], max(quiet, np.log(FLOOR)), np.float32)
    total = np.zeros(mel.shape[1])
    for part in blocks(mel, _BLOCK):
        total += mel[part][speech[part]].sum(axis=0, dtype=np.float64)
    return (total / speech.sum()).astype(np.float32)


def normalised(mel: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
    """Log mel with each bin's mean over the speech frames taken away, in units of about one.

    Takes out microphone, distance and gain. (frames, bins) -> (frames, bins) float32, limited to
    +-4 (a bin 35 dB under its mean is as good as silent). reference: `speech_spectrum` of the whole, where
    mel is a part.
    """
    reference = speech_spectrum(mel) if reference is None else reference
    out = (mel - reference).astype(np.float32, copy=False)
    out /= 2.0
    return np.clip(out, -4.0, 4.0, out=out)
