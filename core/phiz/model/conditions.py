"""What the base model is told about emotion: a row of numbers for a label, or for any words.

`Labels` ships; `phiz.model.clip_text` takes any words.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from phiz.errors import PhizError
from phiz.face.emotions import EMOTIONS


class ConditionError(PhizError):
    """Words that an encoder cannot take, or a folder that holds none."""


class ConditionEncoder(Protocol):
    """Emotion as numbers. width: of a row; names: the labels that `mix` weighs, in its order."""

    @property
    def width(self) -> int: ...

    @property
    def names(self) -> tuple[str, ...]: ...

    def row(self, text: str) -> np.ndarray:
        """(width,) float32 of a name, or of any words where the vocabulary is open. Raises ConditionError."""
        ...

    def mix(self, weights: np.ndarray) -> np.ndarray:
        """(..., names) weights that sum to 1 -> (..., width) float32. What is neutral of them draws the
        row towards that of neutral, which is how intensity is told."""
        ...


class Labels:
    """The eight emotions, a number each: the weights themselves."""

    width = len(EMOTIONS)
    names = EMOTIONS

    def row(self, text: str) -> np.ndarray:
        if text not in EMOTIONS:
            raise ConditionError(f"expected one of {', '.join(EMOTIONS)}, came {text!r}")
        return np.eye(len(EMOTIONS), dtype=np.float32)[EMOTIONS.index(text)]

    def mix(self, weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights, np.float32)
