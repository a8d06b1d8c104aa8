"""More or less of a performance, region by region, with lips and lids that still shut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from phiz.face.channels import INDEX, REGIONS
from phiz.face.mouth_close import CLOSE, JAW, SHUT
from phiz.motion.take import Take, TakeError

STRONGEST = 2.0
HEAD = "head"
_LIDS = np.array([INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]])
_BLINK = (0.4, 0.9)
"""Lids this far down have begun to blink; lids this far down are to shut."""
_CALM = 0.25
"""Down to this strength of the eyes a blink still shuts them; below, it fades with them."""


def scaled(take: Take, strengths: Mapping[str, float]) -> Take:
    """The Take with each named region times its strength, at most 1; the others stay as they are.

    strengths: region ("brows", "eyes", "cheeks", "mouth", "head") -> 0 (still) to 2. mouthClose keeps
    its proportion to jawOpen, so lips that meet still meet where the jaw reaches its end; blinks shut
    the eyes at every strength of 0.25 and more. Raises TakeError on another region or strength.
    """
    weights, head = take.weights.copy(), take.head
    for region, strength in strengths.items():
        if region not in (*REGIONS, HEAD):
            raise TakeError(f"There is no region {region}. Choose of {', '.join((*REGIONS, HEAD))}.")
        if not 0.0 <= strength <= STRONGEST:
            raise TakeError(f"A strength is 0 to {STRONGEST:g}; got {strength:g} for {region}.")
        if strength == 1.0:
            continue
        if region == HEAD:
            head = take.head * strength
            continue
        part = np.array(REGIONS[region])
        weights[:, part] = np.minimum(take.weights[:, part] * strength, 1.0)
        if region == "mouth":
            weights[:, CLOSE] = _closing(take.weights, weights[:, JAW], strength)
        if region == "eyes" and strength < 1.0:
            weights[:, _LIDS] = take.weights[:, _LIDS] * _gain(take.weights[:, _LIDS], strength)
    return replace(take, weights=weights, head=head)


def _closing(before: np.ndarray, jaw: np.ndarray, strength: float) -> np.ndarray:
    """(frames,) mouthClose for the new jawOpen: of the same proportion to it."""
    was = before[:, JAW]
    gain = np.divide(jaw, was, out=np.full_like(jaw, strength), where=was > SHUT)
    return np.minimum(before[:, CLOSE] * gain, 1.0)


def _gain(lids: np.ndarray, strength: float) -> np.ndarray:
    """(frames, 2) what lids are multiplied with: the strength while open, 1 where they shut."""
    low, high = _BLINK
    shut = np.clip((lids - low) / (high - low), 0.0, 1.0)
    share = shut * shut * (3.0 - 2.0 * shut) * min(1.0, strength / _CALM)
    return strength + (1.0 - strength) * share
