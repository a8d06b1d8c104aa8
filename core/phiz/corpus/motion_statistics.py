"""What real and made motion are compared by: amplitude, speed, spectrum, blinks, head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.signal import find_peaks, welch

from phiz.errors import PhizError
from phiz.face.channels import CHANNELS, INDEX

MOVES = 0.02
"""A channel whose range over all clips stays below this is at rest and left out of the spectrum."""
_BLINK_RISE, _BLINK_LONGEST = 0.25, 0.7  # prominence in channel units; seconds at half height
_SEGMENT = 128  # frames of a spectrum; 0.23 Hz apart at 30 fps


class MotionStatisticsError(PhizError):
    """Too little motion to say anything of."""


def statistics(
    clips: Sequence[np.ndarray], fps: float, heads: Sequence[np.ndarray] = (), known: np.ndarray | None = None
) -> dict[str, Any]:
    """Numbers of a set of clips (frames, 51) and head rotations (frames, 3) radians, all at one rate.

    known: (51,) bool, the channels to speak of; all by default.
    -> seconds; channels: name -> p05, p50, p95, max, std, velocity_p95 (units per second),
    above_3hz, above_8hz (shares of its power, mean left out; None for a channel at rest); the same
    shares over all channels together; blinks: per_minute, seconds (median length at half height),
    depth (median); head: p05-p95 range and velocity_p95 for yaw, pitch, roll, or None without heads.
    Raises MotionStatisticsError where no clip is long enough for a spectrum.
    """
    known = np.ones(len(CHANNELS), bool) if known is None else known
    together = np.concatenate(clips)  # (frames, 51)
    speed = np.concatenate([np.abs(np.diff(clip, axis=0)) for clip in clips]) * fps
    frequencies, power = _power(clips, fps)
    moves = known & (np.ptp(together, axis=0) > MOVES)
    channels = {}
    for i in np.flatnonzero(known):
        p05, p50, p95 = np.percentile(together[:, i], (5, 50, 95))
        channels[CHANNELS[i]] = {
            "p05": _short(p05), "p50": _short(p50), "p95": _short(p95), "max": _short(together[:, i].max()),
            "std": _short(together[:, i].std()), "velocity_p95": _short(np.percentile(speed[:, i], 95)),
            **(_shares(frequencies, power[:, i]) if moves[i] else {"above_3hz": None, "above_8hz": None}),
        }  # fmt: skip
    return {
        "seconds": _short(len(together) / fps),
        "spectrum": _shares(frequencies, power[:, moves].sum(axis=1)),
        "blinks": _blinks(clips, fps) if known[INDEX["eyeBlinkLeft"]] else None,
        "head": _head(heads, fps),
        "channels": channels,
    }


def _power(clips: Sequence[np.ndarray], fps: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean power (bins, 51) over the clips by length, and the frequency of each bin in Hz."""
    total, frames = np.zeros(()), 0
    frequencies = np.zeros(0)
    for clip in clips:
        if len(clip) < _SEGMENT:
            continue
        frequencies, power = welch(clip, fps, nperseg=_SEGMENT, axis=0)
        total = total + power * len(clip)
        frames += len(clip)
    if frames == 0:
        raise MotionStatisticsError(
            f"expected a clip of {_SEGMENT} frames or more, the longest has {max(map(len, clips))}; "
            "add a longer one"
        )
    return frequencies, total / frames


def _shares(frequencies: np.ndarray, power: np.ndarray) -> dict[str, float]:
    """Shares of the power (bins,) above 3 and 8 Hz."""
    whole = power[1:].sum()
    return {f"above_{hz}hz": float(f"{power[frequencies > hz].sum() / whole:.3g}") for hz in (3, 8)}


def _blinks(clips: Sequence[np.ndarray], fps: float) -> dict[str, float]:
    widths, depths = [], []
    for clip in clips:
        closing = clip[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean(axis=1)  # (frames,)
        _, peaks = find_peaks(
            closing, prominence=_BLINK_RISE, width=(0, _BLINK_LONGEST * fps), rel_height=0.5
        )
        widths += list(peaks["widths"] / fps)
        depths += list(peaks["prominences"])
    minutes = sum(map(len, clips)) / fps / 60
    return {
        "per_minute": _short(len(widths) / minutes),
        "seconds": _short(np.median(widths)) if widths else 0.0,
        "depth": _short(np.median(depths)) if depths else 0.0,
    }


def _head(heads: Sequence[np.ndarray], fps: float) -> dict[str, dict[str, float]] | None:
    if not heads:
        return None
    together = np.concatenate(heads)  # (frames, 3)
    speed = np.concatenate([np.abs(np.diff(head, axis=0)) for head in heads]) * fps
    return {
        name: {
            "range": _short(np.subtract(*np.percentile(together[:, i], (95, 5)))),
            "velocity_p95": _short(np.percentile(speed[:, i], 95)),
        }
        for i, name in enumerate(("yaw", "pitch", "roll"))
    }


def _short(value: float | np.floating) -> float:
    return round(float(value), 4)
