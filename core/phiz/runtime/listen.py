"""What the audio encoder hears in a recording, minute by minute."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phiz.audio.aligned import MOTION_FPS, aligned, silent
from phiz.audio.chunks import chunks
from phiz.audio.levels import normalised, speech_spectrum
from phiz.audio.mel import paired_log_mel
from phiz.audio.phones import INDEX
from phiz.audio.recording import Recording
from phiz.audio.spill import release, scratch
from phiz.runtime.bundle import Bundle

_CHUNK = 3000  # encoder frames at a time: one minute


def frame_count(seconds: float) -> int:
    """Motion frames of a recording, at least one."""
    return max(1, round(seconds * MOTION_FPS))


def encode(mel: np.ndarray, bundle: Bundle, progress: Callable[[float], None] | None = None) -> np.ndarray:
    """(2T, 64) log-mel, not normalised -> (T, features) float32; the same in chunks as in one piece.

    Each chunk is given as much of its neighbours as the encoder's convolutions reach.
    """
    frames, reference = len(mel) // 2, speech_spectrum(mel)
    out = scratch((frames, bundle.manifest.features))
    for chunk in chunks(frames, _CHUNK, bundle.manifest.encoder_reach):
        part = normalised(mel[2 * chunk.first : 2 * chunk.last], reference)
        out[chunk.start : chunk.end] = bundle.encode(part[None])[0, chunk.wanted]
        release(mel)
        release(out)
        if progress is not None:
            progress(chunk.end / frames)
    return out


def listen(
    recording: Recording, bundle: Bundle, progress: Callable[[float], None] | None = None
) -> np.ndarray:
    """(frames, audio width) float32: the conditions of the denoiser, one row per motion frame."""
    mel = paired_log_mel(recording.samples)
    return aligned(encode(mel, bundle, progress), mel, frame_count(recording.seconds))


def silence(bundle: Bundle) -> np.ndarray:
    """(audio width,) what a frame after the end of the recording hears: certain silence at -60 dB."""
    certain = np.zeros(bundle.manifest.features, np.float32)
    certain[INDEX["SIL"]] = 1.0
    return silent(certain)
