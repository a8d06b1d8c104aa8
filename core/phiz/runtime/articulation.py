"""The articulation guard: where the sound says that the lips meet, they meet, and elsewhere they part.

For /p b m/ the lips touch each other, for /f v/ the lower lip tucks in under the upper teeth.

It acts on the last predictions of the clean motion, so that the motion round a closure is sampled to fit
it. (Earlier, the model would answer with the jaw, and vowels lose their order of openness.) Without it, a
sample closes on a doubtful /m/ as often as the encoder believes in it, and one viewer in ten sees a word
come out of an open mouth.
"""

from __future__ import annotations

from typing import Annotated, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from phiz.face.channels import COUNT, INDEX, vector

CLOSURE = ((0.03, 0.0), (0.16, 0.88), (0.55, 1.0))
"""(probability of a closure, how far the lips go from where they are to touching). The steep part lies under
a half: a closure that is missing is seen sooner than one too many. The last stretch still tells a likely
closure from a sure one."""

CLOSED, PARTED = -0.012, 0.06
"""Lip gaps in units of that of jawOpen 1. CLOSED: what a closure aims at, a little pressed. PARTED: the least
where no closure is heard."""

SURELY_NOT_DENTAL, SURELY_DENTAL = 0.015, 0.2
"""Probabilities of /f v/ below which the lower lip is left alone and from which on it is tucked in; between
them by the root of the probability. They are low because a tuck that is too many is hardly seen."""

SPREAD = (0.6, 0.2)
"""Share of a frame's correction that its neighbours, one and two frames off, get at least: lips that jumped
for a single frame would flicker."""

DENTAL_GAP = 0.045
"""The most that the lips are apart in /f v/, as the teacher has it."""

TUCKED = vector(mouthRollLower=0.38, mouthUpperUpBoth=0.2)
"""The least of each channel in /f v/; mouthLowerDown goes."""


HEARD = 0.3
"""How far the guard goes to touching, from which on the lips are no further apart than in the reference."""
SUSPICION = (0.006, 0.013)
"""Probabilities of a closure from which on, and from which on in full, lips that meet in the reference go on
to meet: a word that begins with /b/ out of silence is hardly heard before it bursts."""

BEGIN = 0.875
"""Share of the sampling steps after which the guard acts."""


class Lips(BaseModel):
    """The lip gap as a linear function of the channels, and where to hear closures.

    gap = rest (3,) + slope (3, 51) @ weights, at three points of the middle of the lips; 1 is the gap of
    jawOpen 1, 0 is touching. closure, bilabials, labiodental, silence: which of the encoder's features are
    the roots of their probabilities; bilabials those of the phones /p b m/.
    """

    model_config = ConfigDict(extra="forbid")

    rest: Annotated[list[float], Field(min_length=3, max_length=3)]
    slope: list[Annotated[list[float], Field(min_length=COUNT, max_length=COUNT)]]
    closure: Annotated[int, Field(ge=0)]
    bilabials: list[Annotated[int, Field(ge=0)]] = []
    labiodental: Annotated[int, Field(ge=0)]
    silence: Annotated[int, Field(ge=0)]


_OPENERS = [
    INDEX[name]
    for name in ("jawOpen", "mouthFunnel", "mouthShrugUpper", "mouthRollUpper", "mouthLowerDownLeft",
                 "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight", "noseSneerLeft",
                 "noseSneerRight")
]  # fmt: skip
"""What gives way where mouthClose alone cannot bring the lips together."""

_LOWER_DOWN = [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]


def _smoothstep(x: np.ndarray) -> np.ndarray:
    x = np.clip(x, 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _spread_out(change: np.ndarray) -> np.ndarray:
    """(frames,) corrections >= 0 -> the same, each with a slope before and after it."""
    out = change.copy()
    for distance, share in enumerate(SPREAD, start=1):
        out[distance:] = np.maximum(out[distance:], share * change[:-distance])
        out[:-distance] = np.maximum(out[:-distance], share * change[distance:])
    return out


def _heard(audio: np.ndarray, feature: int) -> np.ndarray:
    """(frames, 2 x (features + 1)) aligned audio -> (frames,) the larger probability of the frame's two."""
    return np.square(np.maximum(audio[:, feature], audio[:, audio.shape[1] // 2 + feature]))


def closure_heard(audio: np.ndarray, lips: Lips) -> np.ndarray:
    """(frames,) how surely the lips meet: what the lips' own output and the phones /p b m/ say, meant
    geometrically, for they err in different places."""
    found = []
    for half in (0, audio.shape[1] // 2):
        closure = np.square(audio[:, half + lips.closure])
        phones = np.square(audio[:, [half + feature for feature in lips.bilabials]]).sum(axis=1)
        found.append(np.sqrt(closure * phones) if lips.bilabials else closure)
    return np.maximum(*found)


class Correct(Protocol):
    """What corrects normalised motion in place, see `guard`."""

    def __call__(self, clean: np.ndarray, frames: slice, reference: np.ndarray | None = None, /) -> None: ...


def doubted(probability: np.ndarray, doubt: np.ndarray) -> np.ndarray:
    """(frames,) probabilities, each with so much (frames,) taken off its log odds."""
    odds = probability * np.exp(-doubt)
    return odds / np.maximum(odds + 1.0 - probability, 1e-9)


def guard(
    audio: np.ndarray,
    lips: Lips,
    mean: np.ndarray,
    spread: np.ndarray,
    strength: float,
    doubt: np.ndarray | None = None,
) -> Correct:
    """What corrects normalised motion (n, 54) in place, told which of the audio's frames these are.

    audio: (frames, A) aligned. mean, spread (54,): how motion is normalised. It may be told a reference
    (n, 54), corrected already: where a closure is heard, though faintly, the lips are then no further apart
    than there; where they meet in it, the least suspicion is enough.
    Moves mouthClose; what opens the lips where no mouthClose is left to take or give; and for /f v/ what
    TUCKED names and mouthLowerDown. strength: 0 leaves all as it is, 1 corrects in full. doubt (frames,):
    how much less is to be believed in closures, in log odds, where less was heard than the whole.
    """
    closure = closure_heard(audio, lips)  # (frames,)
    if doubt is not None:
        closure = doubted(closure, doubt)
    shut = np.interp(closure, [p for p, _ in CLOSURE], [way for _, way in CLOSURE])
    least = PARTED + shut * (CLOSED - PARTED)
    shut = _spread_out(shut)
    faint = np.clip((closure - SUSPICION[0]) / (SUSPICION[1] - SUSPICION[0]), 0.0, 1.0)
    dental = np.sqrt(_heard(audio, lips.labiodental))
    few, many = np.sqrt((SURELY_NOT_DENTAL, SURELY_DENTAL))
    tuck = _spread_out(_smoothstep((dental - few) / (many - few)))
    tuck *= strength * (1.0 - shut)  # a closure goes before
    least = least + tuck * np.minimum(DENTAL_GAP / 3.0 - least, 0.0)
    speaking = 1.0 - _smoothstep(2.0 * _heard(audio, lips.silence))
    rest, slope = np.array(lips.rest, np.float32), np.array(lips.slope, np.float32)
    close, jaw = INDEX["mouthClose"], INDEX["jawOpen"]
    closing, opening = -slope[:, close].mean(), slope[:, jaw].mean()

    def correct(clean: np.ndarray, frames: slice, reference: np.ndarray | None = None, /) -> None:
        weights = np.clip(clean[:, :COUNT] * spread[:COUNT] + mean[:COUNT], 0.0, 1.0)
        tucked = np.maximum(weights, tuck[frames, None] * TUCKED)
        tucked[:, _LOWER_DOWN] *= 1.0 - 0.9 * tuck[frames, None]
        clean[:, :COUNT] += (tucked - weights) / spread[:COUNT]
        weights = tucked
        gap = (rest + weights @ slope.T).max(axis=1)  # the widest of the three points
        nearer = np.maximum(shut[frames] * (gap - CLOSED), tuck[frames] * (gap - DENTAL_GAP))
        if reference is not None:
            free = np.clip(reference[:, :COUNT] * spread[:COUNT] + mean[:COUNT], 0.0, 1.0)
            before = (rest + free @ slope.T).max(axis=1)
            met = _spread_out(_smoothstep(2.0 * (1.0 - before / PARTED)) * faint[frames])
            kept = np.maximum(np.minimum(shut[frames] / HEARD, 1.0), met)
            nearer = np.maximum(nearer, kept * (gap - np.maximum(before, CLOSED)))
        gap -= strength * np.maximum(nearer, 0.0)
        apart = np.maximum(least[frames] - gap, 0.0) * speaking[frames]  # lips at rest may touch
        change = strength * (np.maximum(nearer, 0.0) - apart) / closing  # positive closes
        after = np.clip(weights[:, close] + change, 0.0, 1.0)
        clean[:, close] += (after - weights[:, close]) / spread[close]
        missing = (after - weights[:, close] - change) * closing  # gap still to be opened, or less than 0
        clean[:, jaw] += np.maximum(missing, 0.0) / opening / spread[jaw]
        opened = weights[:, _OPENERS] * slope[:, _OPENERS].mean(0)  # (frames, openers)
        kept = 1.0 + np.minimum(missing, 0.0) / np.maximum(opened.sum(1), 1e-6)
        less = weights[:, _OPENERS] * (1.0 - np.clip(kept, 0.0, 1.0))[:, None]
        clean[:, _OPENERS] -= less / spread[_OPENERS]

    return correct
