"""The articulation guard: where the sound says that the lips meet, they meet, and elsewhere they part.

For /p b m/ the lips touch each other, for /f v/ the lower lip tucks in under the upper teeth.

It acts on every prediction of the clean motion, so that the motion round a closure is sampled to fit
it. Without it, a sample closes on a doubtful /m/ as often as the encoder believes in it, and one viewer
in ten sees a word come out of an open mouth.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from phiz.face.channels import COUNT, INDEX, vector

SURELY_OPEN, SURELY_CLOSED = 0.1, 0.3
"""Probabilities of a closure below which the lips are parted and from which on they touch. Both lie under
a half: a closure that is missing is seen sooner than one too many."""

CLOSED, PARTED, OPEN = -0.012, 0.06, 0.12
"""Lip gaps in units of that of jawOpen 1. CLOSED: what a closure aims at, a little pressed. PARTED, OPEN: the
least and the most at SURELY_OPEN; between the two probabilities both bounds close on CLOSED, so that the lips
come as near to each other as a closure is likely. Surely open speech has no upper bound."""


SURELY_NOT_DENTAL, SURELY_DENTAL = 0.12, 0.4
"""Probabilities of /f v/ below which the lower lip is left alone and from which on it is tucked in."""

DENTAL_GAP = 0.045
"""The most that the lips are apart in /f v/, as the teacher has it."""

TUCKED = vector(mouthRollLower=0.38, mouthUpperUpBoth=0.2)
"""The least of each channel in /f v/; mouthLowerDown goes."""


class Lips(BaseModel):
    """The lip gap as a linear function of the channels, and where to hear closures.

    gap = rest (3,) + slope (3, 51) @ weights, at three points of the middle of the lips; 1 is the gap of
    jawOpen 1, 0 is touching. closure, labiodental, silence: which of the encoder's features are the roots
    of their probabilities.
    """

    model_config = ConfigDict(extra="forbid")

    rest: Annotated[list[float], Field(min_length=3, max_length=3)]
    slope: list[Annotated[list[float], Field(min_length=COUNT, max_length=COUNT)]]
    closure: Annotated[int, Field(ge=0)]
    labiodental: Annotated[int, Field(ge=0)]
    silence: Annotated[int, Field(ge=0)]


_LOWER_DOWN = [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]


def _smoothstep(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _heard(audio: np.ndarray, feature: int) -> np.ndarray:
    """(frames, 2 x (features + 1)) aligned audio -> (frames,) the larger probability of the frame's two."""
    return np.square(np.maximum(audio[:, feature], audio[:, audio.shape[1] // 2 + feature]))


def guard(
    audio: np.ndarray, lips: Lips, mean: np.ndarray, spread: np.ndarray, strength: float
) -> Callable[[np.ndarray], None]:
    """A function that corrects normalised motion (frames, 54) in place, for the aligned audio (frames, A).

    Moves mouthClose, jawOpen where there is no mouthClose left to give back, and for /f v/ what TUCKED names
    and mouthLowerDown. mean, spread (54,):
    how motion is normalised. strength: 0 leaves all as it is, 1 corrects in full.
    """
    closure = _heard(audio, lips.closure)  # (frames,)
    known = (SURELY_OPEN, SURELY_CLOSED)
    least = np.interp(closure, known, (PARTED, CLOSED))
    most = np.where(closure > SURELY_OPEN, np.interp(closure, known, (OPEN, CLOSED)), np.inf)
    dental = _heard(audio, lips.labiodental)
    tuck = _smoothstep((dental - SURELY_NOT_DENTAL) / (SURELY_DENTAL - SURELY_NOT_DENTAL))
    tuck *= strength * np.clip(1.0 - closure / SURELY_CLOSED, 0.0, 1.0)  # a closure goes before
    most = np.where(tuck > 0.0, np.minimum(most, OPEN + tuck * (DENTAL_GAP - OPEN)), most)
    least = least + tuck * np.minimum(DENTAL_GAP / 3.0 - least, 0.0)
    speaking = 1.0 - _smoothstep(2.0 * _heard(audio, lips.silence))
    rest, slope = np.array(lips.rest, np.float32), np.array(lips.slope, np.float32)
    close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
    closing, opening = -slope[:, close].mean(), slope[:, jaw].mean()

    def correct(clean: np.ndarray) -> None:
        weights = np.clip(clean[:, :COUNT] * spread[:COUNT] + mean[:COUNT], 0.0, 1.0)
        tucked = np.maximum(weights, tuck[:, None] * TUCKED)
        tucked[:, _LOWER_DOWN] *= 1.0 - 0.9 * tuck[:, None]
        clean[:, :COUNT] += (tucked - weights) / spread[:COUNT]
        weights = tucked
        gap = (rest + weights @ slope.T).max(axis=1)  # the widest of the three points
        too_wide = np.maximum(gap - most, 0.0)
        too_narrow = np.maximum(least - gap, 0.0) * speaking  # lips at rest may touch
        wanted = gap + strength * (too_narrow - too_wide)
        change = (gap - wanted) / closing  # positive closes
        after = np.clip(weights[:, close] + change, 0.0, 1.0)
        clean[:, close] += (after - weights[:, close]) / spread[close]
        missing = np.maximum(after - weights[:, close] - change, 0.0) * closing  # gap still to be opened
        clean[:, jaw] += missing / opening / spread[jaw]

    return correct
