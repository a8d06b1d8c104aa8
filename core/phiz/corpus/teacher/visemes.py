"""What the lips and jaw do for each phone, and how hard each phone insists on it.

Targets are weights at ordinary stress, the first guess taken from published viseme tables
(JALI, Edwards et al. 2016; OpenFaceFX), then set by looking at each on a scanned head. How hard a
phone insists is the amplitude of its dominance function (Cohen and Massaro 1993), per group of
articulators: a phone made by the tongue alone leaves the lips to its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.channels import CHANNELS, COUNT, vector

GROUPS = ("jaw", "lips", "rounding", "contact")
"""Articulators that move together; the second axis of the dominance tables."""

_GROUP_OF_STEM = {
    "jawOpen": 0, "jawForward": 0,
    "mouthLowerDown": 1, "mouthUpperUp": 1, "mouthStretch": 1, "mouthSmile": 1, "mouthDimple": 1,
    "mouthFunnel": 2, "mouthPucker": 2,
    "mouthRollLower": 3, "mouthRollUpper": 3, "mouthShrugLower": 3, "mouthShrugUpper": 3, "mouthPress": 3,
}  # fmt: skip


def _stem(channel: str) -> str:
    return channel.removesuffix("Left").removesuffix("Right")


SPEECH_CHANNELS: np.ndarray = np.array([i for i, c in enumerate(CHANNELS) if _stem(c) in _GROUP_OF_STEM])
"""Indices of the channels that speech itself moves."""

GROUP_OF: np.ndarray = np.array([_GROUP_OF_STEM[_stem(CHANNELS[i])] for i in SPEECH_CHANNELS])
"""For each of SPEECH_CHANNELS, the index of its group in GROUPS."""


@dataclass(frozen=True)
class Viseme:
    """weights: channel (a name ending in Both sets the pair) to target. dominance: amplitude per group.

    before, after: how far, in seconds, the dominance reaches out of the phone, per group.
    """

    weights: dict[str, float]
    dominance: tuple[float, float, float, float]
    before: tuple[float, float, float, float] = (0.046, 0.060, 0.060, 0.030)
    after: tuple[float, float, float, float] = (0.046, 0.060, 0.060, 0.030)


def _pose(jaw: float, down: float = 0.0, up: float = 0.0, stretch: float = 0.0, smile: float = 0.0,
          funnel: float = 0.0, pucker: float = 0.0, **more: float) -> dict[str, float]:  # fmt: skip
    named = {
        "jawOpen": jaw, "mouthLowerDownBoth": down, "mouthUpperUpBoth": up, "mouthStretchBoth": stretch,
        "mouthSmileBoth": smile, "mouthFunnel": funnel, "mouthPucker": pucker, **more,
    }  # fmt: skip
    return {name: value for name, value in named.items() if value}


_HEAVY = ((0.046, 0.080, 0.150, 0.030), (0.046, 0.070, 0.110, 0.030))
"""Lip-heavy sounds start early and end late."""

_VOWEL = (1.4, 0.9, 0.6, 1.2)
_ROUND_VOWEL = (1.4, 0.9, 1.5, 1.2)
_TONGUE = (0.75, 0.30, 0.06, 1.2)
_VELAR = (0.45, 0.22, 0.05, 1.2)
_SIBILANT = (2.0, 0.9, 0.35, 1.2)
_LIP_SIBILANT = (1.8, 0.8, 1.2, 1.2)
_BILABIAL = (1.0, 0.5, 0.15, 4.0)
_LABIODENTAL = (1.4, 1.0, 0.35, 4.0)

VISEMES: dict[str, Viseme] = {
    "SIL": Viseme({}, (1.3, 1.3, 1.3, 1.3), (0.060, 0.060, 0.060, 0.060), (0.060, 0.060, 0.060, 0.060)),
    # open and mid vowels, by falling jaw
    "AA": Viseme(_pose(0.60, 0.20, 0.07), _VOWEL),
    "AE": Viseme(_pose(0.50, 0.26, 0.16, 0.14, 0.05), _VOWEL),
    "AO": Viseme(_pose(0.48, 0.14, 0.04, funnel=0.24, pucker=0.14), _ROUND_VOWEL, *_HEAVY),
    "AH": Viseme(_pose(0.33, 0.18, 0.08), (1.2, 0.7, 0.4, 1.2)),
    "EH": Viseme(_pose(0.37, 0.23, 0.13, 0.13, 0.04), _VOWEL),
    "ER": Viseme(_pose(0.26, 0.16, 0.06, funnel=0.18, pucker=0.10), (1.3, 0.8, 0.8, 1.2)),
    "IH": Viseme(_pose(0.17, 0.20, 0.10, 0.15, 0.06), _VOWEL),
    "IY": Viseme(_pose(0.10, 0.22, 0.12, 0.22, 0.14), _VOWEL),
    "UH": Viseme(_pose(0.16, 0.10, 0.03, funnel=0.26, pucker=0.26), _ROUND_VOWEL, *_HEAVY),
    "UW": Viseme(_pose(0.08, 0.06, 0.0, funnel=0.28, pucker=0.58), _ROUND_VOWEL, *_HEAVY),
    "UE": Viseme(_pose(0.09, 0.06, 0.02, funnel=0.34, pucker=0.48), _ROUND_VOWEL, *_HEAVY),
    "OW": Viseme(_pose(0.33, 0.10, 0.02, funnel=0.42, pucker=0.36), _ROUND_VOWEL, *_HEAVY),
    # glides and liquids
    "W": Viseme(_pose(0.08, 0.05, 0.0, funnel=0.22, pucker=0.66), (1.0, 0.9, 2.0, 1.2), *_HEAVY),
    "R": Viseme(_pose(0.12, 0.12, 0.04, funnel=0.24, pucker=0.14), (0.8, 0.5, 0.8, 1.2), _HEAVY[0]),
    "Y": Viseme(_pose(0.11, 0.18, 0.09, 0.16, 0.10), (0.8, 0.6, 0.4, 1.2)),
    "L": Viseme(_pose(0.13, 0.17, 0.08), _TONGUE),
    # tongue alone: the lips stay parted and follow the neighbours
    "T": Viseme(_pose(0.08, 0.19, 0.09), _TONGUE),
    "D": Viseme(_pose(0.10, 0.19, 0.09), _TONGUE),
    "N": Viseme(_pose(0.10, 0.17, 0.07), _TONGUE),
    "TH": Viseme(_pose(0.12, 0.20, 0.09), (0.9, 0.5, 0.10, 1.2)),
    "DH": Viseme(_pose(0.12, 0.20, 0.09), (0.8, 0.45, 0.08, 1.2)),
    "K": Viseme(_pose(0.11, 0.15, 0.07), _VELAR),
    "G": Viseme(_pose(0.11, 0.15, 0.07), _VELAR),
    "NG": Viseme(_pose(0.11, 0.15, 0.06), _VELAR),
    "X": Viseme(_pose(0.16, 0.16, 0.07), _VELAR),
    "HH": Viseme(_pose(0.20, 0.15, 0.06), (0.15, 0.12, 0.04, 1.2)),
    # sibilants narrow the jaw
    "S": Viseme(_pose(0.06, 0.26, 0.13, 0.14, 0.03), _SIBILANT),
    "Z": Viseme(_pose(0.07, 0.25, 0.12, 0.13, 0.03), _SIBILANT),
    "SH": Viseme(_pose(0.08, 0.20, 0.12, funnel=0.36, pucker=0.20, jawForward=0.10), _LIP_SIBILANT, *_HEAVY),
    "ZH": Viseme(_pose(0.08, 0.19, 0.11, funnel=0.34, pucker=0.19, jawForward=0.10), _LIP_SIBILANT, *_HEAVY),
    "CH": Viseme(_pose(0.08, 0.20, 0.12, funnel=0.34, pucker=0.19, jawForward=0.10), _LIP_SIBILANT, *_HEAVY),
    "JH": Viseme(_pose(0.09, 0.19, 0.11, funnel=0.32, pucker=0.18, jawForward=0.10), _LIP_SIBILANT, *_HEAVY),
    # lips; contact itself is made in closure.py
    "P": Viseme(_pose(0.07, mouthPressBoth=0.34, mouthRollLower=0.20, mouthRollUpper=0.14), _BILABIAL),
    "B": Viseme(_pose(0.08, mouthPressBoth=0.28, mouthRollLower=0.18, mouthRollUpper=0.12), _BILABIAL),
    "M": Viseme(_pose(0.07, mouthPressBoth=0.24, mouthRollLower=0.16, mouthRollUpper=0.12), _BILABIAL),
    "F": Viseme(_pose(0.06, up=0.24, mouthRollLower=0.42, mouthShrugLower=0.16), _LABIODENTAL),
    "V": Viseme(_pose(0.06, up=0.20, mouthRollLower=0.38, mouthShrugLower=0.14), _LABIODENTAL),
}  # fmt: skip

GLIDES: dict[str, tuple[tuple[str, float], ...]] = {
    "AY": (("AA", 0.55), ("IH", 0.45)),
    "AW": (("AA", 0.55), ("UH", 0.45)),
    "EY": (("EH", 0.50), ("IY", 0.50)),
    "OW": (("OW", 0.60), ("UW", 0.40)),
    "OY": (("OW", 0.55), ("IY", 0.45)),
    "CH": (("T", 0.35), ("CH", 0.65)),
    "JH": (("D", 0.30), ("JH", 0.70)),
}
"""Phones that move: the visemes they pass through and each one's share of the time."""

NAMES: tuple[str, ...] = tuple(VISEMES)
INDEX: dict[str, int] = {name: i for i, name in enumerate(NAMES)}

TARGETS: np.ndarray = np.stack([vector(**v.weights) for v in VISEMES.values()])[:, SPEECH_CHANNELS]
"""(visemes, speech channels) float32."""
DOMINANCE: np.ndarray = np.array([v.dominance for v in VISEMES.values()], np.float32)  # (visemes, groups)
BEFORE: np.ndarray = np.array([v.before for v in VISEMES.values()], np.float32)  # (visemes, groups), s
AFTER: np.ndarray = np.array([v.after for v in VISEMES.values()], np.float32)  # (visemes, groups), s


def parts(phone: str) -> tuple[tuple[str, float], ...]:
    """The visemes a phone passes through, with each one's share of its time. KeyError if unknown."""
    if phone in GLIDES:
        return GLIDES[phone]
    return ((NAMES[INDEX[phone]], 1.0),)


def pose(phone: str) -> np.ndarray:
    """(51,) float32: the first viseme of a phone, before any coarticulation or closure."""
    weights = np.zeros(COUNT, np.float32)
    weights[SPEECH_CHANNELS] = TARGETS[INDEX[parts(phone)[0][0]]]
    return weights
