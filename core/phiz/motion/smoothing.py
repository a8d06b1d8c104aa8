"""Calmer motion without blunted closures or blinks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from phiz.face.channels import REGIONS
from phiz.motion import closures
from phiz.motion.take import Take, TakeError

WIDEST = 0.1  # seconds; standard deviation of the Gaussian at strength 1
_KEPT = 0.08  # seconds on either side of a closure over which the raw motion fades out
HEAD = "head"


def smoothed(take: Take, strengths: Mapping[str, float]) -> Take:
    """The Take with a zero-phase Gaussian over each named region; the others stay as they are.

    strengths: region ("brows", "eyes", "cheeks", "mouth", "head") -> 0 (as it was) to 1 (a standard
    deviation of 0.1 s). At closures of the lips the mouth and cheeks, and at blinks the eyes, keep
    their exact values, fading into the smoothed motion over 80 ms. Raises TakeError on another region
    or strength.
    """
    weights, head = take.weights.copy(), take.head
    kept = {
        "mouth": closures.dips(closures.mouth_opening(take.weights), take.fps),
        "eyes": closures.dips(closures.eye_opening(take.weights), take.fps),
    }
    kept["cheeks"] = kept["mouth"]
    for region, strength in strengths.items():
        if region not in (*REGIONS, HEAD):
            raise TakeError(f"There is no region {region}. Choose of {', '.join((*REGIONS, HEAD))}.")
        if not 0.0 <= strength <= 1.0:
            raise TakeError(f"A smoothing strength is 0 to 1; got {strength:g} for {region}.")
        if strength == 0.0:
            continue
        deviation = strength * WIDEST * take.fps  # frames
        if region == HEAD:
            head = _gaussian(take.head, deviation)
            continue
        raw = take.weights[:, REGIONS[region]]
        share = _fade(kept.get(region), take.frames, _KEPT * take.fps)[:, None]
        weights[:, REGIONS[region]] = share * raw + (1.0 - share) * _gaussian(raw, deviation)
    return replace(take, weights=weights, head=head)


def _gaussian(curves: np.ndarray, deviation: float) -> np.ndarray:
    """(frames, n) curves under a Gaussian of so many frames; the first and last values hold beyond."""
    reach = max(1, int(np.ceil(4.0 * deviation)))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / deviation) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(curves.astype(np.float64), ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(curve, kernel, mode="valid") for curve in padded.T], axis=1)


def _fade(instants: np.ndarray | None, frames: int, reach: float) -> np.ndarray:
    """(frames,) 1 at the instants, falling as a raised cosine to 0 within `reach` frames."""
    if instants is None or len(instants) == 0:
        return np.zeros(frames)
    position = np.arange(frames)
    after = np.minimum(np.searchsorted(instants, position), len(instants) - 1)
    before = np.maximum(after - 1, 0)
    distance = np.minimum(np.abs(instants[after] - position), np.abs(instants[before] - position))
    return 0.5 + 0.5 * np.cos(np.pi * np.minimum(distance / reach, 1.0))
