"""What can be wrong with the recording of a take."""

from __future__ import annotations

import numpy as np

from phiz.audio.mel import RATE
from phiz.train.takes.findings import Finding

SHORTEST = 3.0
"""Seconds below which neither synchrony can be told nor a window be filled."""
_QUIET = 10 ** (-50 / 20)  # of full scale, the level that the loudest tenth of a second reaches
_FULL = 0.985  # of the peak; samples beyond it, three and more in a row, were cut off


def sound_findings(samples: np.ndarray, speaking: np.ndarray) -> list[Finding]:
    """samples (n,) at 16 kHz; speaking (frames,) bool at 50 fps, where the encoder hears speech."""
    seconds = len(samples) / RATE
    if seconds < SHORTEST:
        text = f"the recording is {seconds:.1f} s long; {SHORTEST:g} s are the least that can be checked"
        return [Finding("short", "error", text, {"seconds": seconds})]
    blocks = samples[: len(samples) // 1600 * 1600].reshape(-1, 1600)
    loudest = float(np.sqrt(np.square(blocks, dtype=np.float64).mean(1)).max())
    if loudest < _QUIET:
        text = "the recording is silent; was the right microphone on?"
        return [Finding("silent", "error", text, {"loudest_db": _db(loudest)})]
    found = []
    spoken = float(speaking.mean())
    if spoken < 0.02:
        text = "no speech is heard in the recording, though it is not silent"
        found.append(Finding("speechless", "error", text, {"share": spoken}))
    elif spoken < 0.2:
        text = f"speech is heard in {spoken:.0%} of it only; cut the long pauses"
        found.append(Finding("pauses", "warning", text, {"share": spoken}))
    clipped = _clipped(samples)
    if clipped > 2e-4:
        text = (
            f"the recording is clipped: {clipped:.2%} of its samples are cut off at full level; record "
            "it with less gain"
        )
        found.append(Finding("clipped_sound", "warning", text, {"share": clipped}))
    return found


def _clipped(samples: np.ndarray) -> float:
    """Share of samples in runs of three or more at the very top or bottom of what the recording reaches."""
    peak = float(np.abs(samples).max())
    if peak < 0.3:  # nothing that was cut off by a converter
        return 0.0
    top = np.abs(samples) >= _FULL * peak
    inner = top[:-2] & top[1:-1] & top[2:]
    return float(inner.mean())


def _db(value: float) -> float:
    return round(20 * float(np.log10(max(value, 1e-7))), 1)
