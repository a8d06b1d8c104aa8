"""The eight emotions as graded mixtures of Action Units.

Which units make an emotion is the published part; each row names its source. How strong each is at a
weak, medium and strong display is ours, set by looking at the result on a scanned head, inside what
the sources allow (the manual grades every unit A to E and lists weaker variants of each prototype).
Not every unit grows in step with the whole: cheeks rise late in a smile, the lids of anger glare only
when it is strong, the jaw of fear drops last.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.errors import PhizError
from phiz.face import action_units
from phiz.face.channels import COUNT

EMOTIONS = ("neutral", "angry", "contempt", "disgusted", "fear", "happy", "sad", "surprised")
INDEX: dict[str, int] = {name: i for i, name in enumerate(EMOTIONS)}

GRADES = (0.0, 1 / 3, 2 / 3, 1.0)
"""Intensities of the whole at which a prototype is stated: none, weak, medium, strong."""


class EmotionError(PhizError):
    """A name that is not one of the eight emotions."""


@dataclass(frozen=True)
class Prototype:
    """units: (Action Unit, side) to its intensity at the weak, medium and strong display."""

    units: dict[tuple[int, str], tuple[float, float, float]]
    source: str


_INVESTIGATOR = "Ekman & Friesen, EMFACS (1983); Ekman, Friesen & Hager, FACS Investigator's Guide (2002)"

PROTOTYPES: dict[str, Prototype] = {
    "neutral": Prototype({}, "absence of action"),
    "angry": Prototype(
        {(4, "B"): (0.6, 0.9, 1.0), (5, "B"): (0.0, 0.25, 0.45), (7, "B"): (0.45, 0.75, 1.0),
         (10, "B"): (0.0, 0.12, 0.25), (17, "B"): (0.1, 0.2, 0.35), (23, "B"): (0.35, 0.6, 0.8),
         (24, "B"): (0.1, 0.25, 0.4), (29, "B"): (0.0, 0.15, 0.3)},
        f"4+5+7+10+23, 4+5+7+17+24: {_INVESTIGATOR}; the jaw thrust forward: Ekman, Emotions Revealed (2003)",
    ),
    "contempt": Prototype(
        {(12, "R"): (0.2, 0.4, 0.6), (14, "R"): (0.4, 0.75, 1.0)},
        "R14 or R12+R14, one-sided: Ekman & Friesen, A new pan-cultural facial expression of emotion (1986); "
        "Matsumoto & Ekman, The relationship among expressions, labels, and descriptions of contempt (2004)",
    ),
    "disgusted": Prototype(
        {(7, "B"): (0.1, 0.2, 0.3), (9, "B"): (0.35, 0.6, 0.8), (10, "B"): (0.1, 0.2, 0.3),
         (15, "B"): (0.1, 0.25, 0.4), (16, "B"): (0.05, 0.15, 0.25), (17, "B"): (0.15, 0.3, 0.4)},
        f"9, 9+16+15+26, 10+17, 9+17: {_INVESTIGATOR}; 7 added by eye",
    ),
    "fear": Prototype(
        {(1, "B"): (0.6, 0.85, 1.0), (2, "B"): (0.25, 0.35, 0.4), (4, "B"): (0.3, 0.4, 0.5),
         (5, "B"): (0.5, 0.8, 1.0), (7, "B"): (0.1, 0.2, 0.3), (20, "B"): (0.3, 0.6, 0.9),
         (25, "B"): (0.1, 0.3, 0.45), (26, "B"): (0.0, 0.15, 0.3)},
        f"1+2+4+5+7+20+26 and 1+2+4+5+20+25: {_INVESTIGATOR}",
    ),
    "happy": Prototype(
        {(6, "B"): (0.1, 0.5, 0.9), (12, "B"): (0.4, 0.7, 0.95), (25, "B"): (0.0, 0.35, 0.75)},
        f"6+12, 12C/D, with 25 as the smile widens: {_INVESTIGATOR}; 6 marks the felt smile: "
        "Ekman, Davidson & Friesen, The Duchenne smile (1990)",
    ),
    "sad": Prototype(
        {(1, "B"): (0.5, 0.8, 1.0), (4, "B"): (0.15, 0.25, 0.3), (15, "B"): (0.35, 0.65, 0.9),
         (17, "B"): (0.1, 0.3, 0.45), (43, "B"): (0.08, 0.15, 0.2), (64, "B"): (0.1, 0.2, 0.25)},
        f"1+4+15+17 with 54+64: {_INVESTIGATOR}; the drooping lid (43) added by eye",
    ),
    "surprised": Prototype(
        {(1, "B"): (0.5, 0.8, 1.0), (2, "B"): (0.5, 0.8, 1.0), (5, "B"): (0.25, 0.5, 0.75),
         (26, "B"): (0.25, 0.6, 1.0)},
        f"1+2+5B+26: {_INVESTIGATOR}",
    ),
}  # fmt: skip


def prototype(name: str, intensity: float = 1.0) -> dict[tuple[int, str], float]:
    """(Action Unit, side) -> its intensity 0..1 in an emotion of intensity 0..1, units at rest left out.

    Linear between the weak, medium and strong displays. Raises EmotionError on an unknown name.
    """
    if name not in PROTOTYPES:
        raise EmotionError(f"expected one of {', '.join(EMOTIONS)}, came {name!r}")
    graded = {
        key: float(np.interp(intensity, GRADES, (0.0, *strengths)))
        for key, strengths in PROTOTYPES[name].units.items()
    }
    return {key: strength for key, strength in graded.items() if strength > 0}


def pose(name: str, intensity: float = 1.0) -> np.ndarray:
    """(51,) float32 weights 0..1: the Action Units of `prototype` added and clipped at 1.

    Raises EmotionError on an unknown name.
    """
    weights = np.zeros(COUNT, np.float32)
    for (number, side), strength in prototype(name, intensity).items():
        weights += action_units.pose(number, side, strength)
    return np.clip(weights, 0.0, 1.0)
