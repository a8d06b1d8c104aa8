"""Each frame's own prompt, coarse and fine, from the Direction, as tokens.

Coarse says what is felt, fine which Action Units show it and which are asked for: steps II and IV of the
chain of thought (`phiz.cotfa`), for one moment each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from phiz.acting.direction import Direction
from phiz.acting.track import emotion_track
from phiz.acting.units import UNITS, unit_track
from phiz.cotfa.typical import typical
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS, prototype

WORDS = len(EMOTIONS) + len(UNITS)
"""The small model's words: how much of each emotion, then how strongly each unit of UNITS shows."""


Prompted = Callable[[np.ndarray], np.ndarray]
"""Numbers of frames (n,) -> their prompts (2, n, tokens, width) float32, the coarse ones, then the fine."""


class PromptEncoder(Protocol):
    """Reads a Direction once; the tokens of any frames are then taken from what it gives back.

    nothing: (tokens, width) of no prompt at all, by which guidance measures what a prompt does.
    """

    def __call__(self, direction: Direction, frames: int, fps: float) -> Prompted: ...

    def nothing(self) -> np.ndarray: ...


def shown_units(direction: Direction, frames: int, fps: float) -> np.ndarray:
    """(frames, units) 0 to 1: how strongly each of UNITS shows, asked for by an event or, where none says
    otherwise, by what is felt."""
    felt = np.zeros((frames, len(UNITS)), np.float32)
    for emotion, share in zip(EMOTIONS, emotion_track(direction, frames, fps).T, strict=True):
        if share.any():
            felt = np.maximum(felt, _felt(emotion, share))
    track = unit_track(direction.events, frames, fps)
    held, strength = track[:, : len(UNITS)], track[:, len(UNITS) :]
    return felt * (1.0 - held) + strength


def _felt(emotion: str, share: np.ndarray) -> np.ndarray:
    """(frames, units) of one emotion at its strength (frames,)."""
    grid = np.linspace(0.0, 1.0, 21)
    known = {(au, side) for au, side in typical(emotion)}
    curves = np.zeros((len(grid), len(UNITS)))
    for i, intensity in enumerate(grid):
        for (au, side), strength in prototype(emotion, float(intensity)).items():
            if (au, side) in known:
                for way in "LR" if side == "B" else side:
                    curves[i, UNITS.index((au, way))] = strength
    return np.stack([np.interp(share, grid, curve) for curve in curves.T], axis=1).astype(np.float32)


class ActingWords:
    """The small model's prompts: a token whose numbers say how much of each of WORDS is meant."""

    def __call__(self, direction: Direction, frames: int, fps: float) -> Prompted:
        out = np.zeros((2, frames, 1, WORDS), np.float32)
        out[0, :, 0, : len(EMOTIONS)] = emotion_track(direction, frames, fps)
        out[1, :, 0, len(EMOTIONS) :] = shown_units(direction, frames, fps)
        return lambda at: out[:, at]

    def nothing(self) -> np.ndarray:
        return np.zeros((1, WORDS), np.float32)


_DEGREES = ((0.15, "slightly"), (0.45, "clearly"), (0.75, "strongly"))


def _degree(strength: float) -> str:
    return next((word for least, word in reversed(_DEGREES) if strength >= least), "hardly")


def coarse_words(emotions: np.ndarray) -> str:
    """A sentence for one frame's (8,) emotions."""
    felt = [(name, float(v)) for name, v in zip(EMOTIONS, emotions, strict=True) if name != "neutral"]
    said = [f"{_degree(v)} {name}" for name, v in sorted(felt, key=lambda pair: -pair[1]) if v >= 0.1]
    return f"A face that speaks, {' and '.join(said)}." if said else "A face that speaks."


def fine_words(units: np.ndarray) -> str:
    """A sentence for one frame's (units,) strengths: what the face does, by which muscles."""
    said = []
    for au in dict.fromkeys(number for number, _ in UNITS):
        left, right = (float(units[UNITS.index((au, side))]) for side in "LR")
        strength = max(left, right)
        if strength >= 0.1:
            one = min(left, right) < 0.5 * strength
            side = "" if not one else " on the left" if left > right else " on the right"
            unit = ACTION_UNITS[au]
            said.append(f"{unit.name.lower()}{side}, {_degree(strength)} ({unit.muscles})")
    return f"{'; '.join(said)}." if said else "No movement of the face beside speech."
