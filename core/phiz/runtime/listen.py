"""What the audio encoder hears in a recording, minute by minute."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phiz.audio.aligned import MOTION_FPS, aligned
from phiz.audio.levels import normalised
from phiz.audio.mel import log_mel
from phiz.audio.recording import Recording
from phiz.runtime.bundle import Bundle

_CHUNK = 3000  # encoder frames at a time: one minute


def frame_count(seconds: float) -> int:
    """Motion frames of a recording, at least one."""
    return max(1, round(seconds * MOTION_FPS))


def encode(mel: np.ndarray, bundle: Bundle, progress: Callable[[float], None] | None = None) -> np.ndarray:
    """(2T, 64) normalised log-mel -> (T, features) float32; the same in chunks as in one piece.

    Each chunk is given as much of its neighbours as the encoder's convolutions reach.
    """
    frames, reach = len(mel) // 2, bundle.manifest.encoder_reach
    out = np.empty((frames, bundle.manifest.features), np.float32)
    for start in range(0, frames, _CHUNK):
        end = min(start + _CHUNK, frames)
        first, last = max(0, start - reach), min(frames, end + reach)
        heard = bundle.encode(mel[None, 2 * first : 2 * last])
        out[start:end] = heard[0, start - first : end - first]
        if progress is not None:
            progress(end / frames)
    return out


def listen(
    recording: Recording, bundle: Bundle, progress: Callable[[float], None] | None = None
) -> np.ndarray:
    """(frames, audio width) float32: the conditions of the denoiser, one row per motion frame."""
    mel = log_mel(recording.samples)
    mel = np.pad(mel, ((0, len(mel) % 2), (0, 0)), mode="edge")
    return aligned(encode(normalised(mel), bundle, progress), mel, frame_count(recording.seconds))


def silence(bundle: Bundle) -> np.ndarray:
    """(audio width,) what a frame after the end of the recording hears: certain silence at -60 dB."""
    row = np.zeros(bundle.audio_width, np.float32)
    half = bundle.audio_width // 2
    row[[0, half]] = 1.0
    row[[half - 1, 2 * half - 1]] = -3.0
    return row
