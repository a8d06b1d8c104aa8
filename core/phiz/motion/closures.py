"""The instants that resampling and smoothing must not blunt: lips that meet, eyes that shut."""

from __future__ import annotations

import numpy as np

from phiz.face.channels import INDEX, REGIONS

MOUTH = np.array(REGIONS["mouth"] + REGIONS["cheeks"])  # they move together in speech
EYES = np.array(REGIONS["eyes"])
SHALLOWEST = 0.04  # a shallower dip is ripple, not an event
_REACH = 0.25  # seconds on either side in which a dip has to stand out: a syllable


def mouth_opening(weights: np.ndarray) -> np.ndarray:
    """(frames, 51) weights -> (frames,) how far the lips are apart, in units of jawOpen.

    mouthClose undoes jawOpen (Apple's meaning of it); lips raised and lowered add, rolled and pressed
    lips take away. It orders the frames of one Take; it is no measure of a gap on a mesh.
    """

    def mean(*names: str) -> np.ndarray:
        return weights[:, [INDEX[name] for name in names]].mean(axis=1)

    parted = mean("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight")
    pressed = mean("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight")
    return weights[:, INDEX["jawOpen"]] - weights[:, INDEX["mouthClose"]] + 0.5 * (parted - pressed)


def eye_opening(weights: np.ndarray) -> np.ndarray:
    """(frames, 51) weights -> (frames,) 1 with both eyes open, 0 with either shut."""
    return 1.0 - weights[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].max(axis=1)


def dips(opening: np.ndarray, fps: float) -> np.ndarray:
    """(frames,) -> (k,) frames of the local minima at least SHALLOWEST under what is on either side."""
    count = len(opening)
    if count < 3:
        return np.zeros(0, np.int64)
    reach = max(1, round(_REACH * fps))
    padded = np.pad(opening, reach, mode="edge")
    highest = np.lib.stride_tricks.sliding_window_view(padded, reach + 1).max(axis=1)  # (count + reach,)
    before, after = highest[:count], highest[reach:]
    falls = np.r_[False, opening[1:] < opening[:-1]]
    rises = np.r_[opening[:-1] <= opening[1:], False]  # of a flat bottom, the first frame
    return np.flatnonzero(falls & rises & (np.minimum(before, after) - opening >= SHALLOWEST))
