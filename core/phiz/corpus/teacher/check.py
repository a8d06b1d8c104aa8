"""How well the teacher keeps its own contract: closures on the mesh, openness, rounding, stillness.

The lip gap is that of closure.py, clipped at 0, resampled linearly to 60 fps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.audio.phones import BILABIAL, LABIODENTAL, NON_LABIAL_CONSONANTS, VOWELS
from phiz.corpus.teacher.closure import lip_gap
from phiz.corpus.teacher.coarticulation import PAUSE, Phone
from phiz.corpus.teacher.performance import FPS
from phiz.face.channels import INDEX

FINE_FPS = 60.0
CLOSED_GAP = 0.005
NEAR = 0.040
AWAY = 0.100
"""Non-labial consonants count where no /p b m/ is this near, in seconds."""
LONG_VOWEL = 0.080


@dataclass
class Tally:
    """Figures gathered over clips: least lip gap inside phones; gap, jaw and rounding at vowel middles."""

    bilabial: list[float]
    bilabial_near: list[float]
    non_labial: list[float]
    vowel: list[float]
    labiodental: list[float]
    pause: list[float]
    rounding: dict[str, list[float]]
    jaw: dict[str, list[float]]

    @classmethod
    def empty(cls) -> Tally:
        return cls([], [], [], [], [], [], {}, {})

    def add(self, phones: list[Phone], weights: np.ndarray) -> None:
        """One clip: phones (start, end, name) and weights (frames, 51) at FPS."""
        seconds = len(weights) / FPS
        fine = np.arange(int(seconds * FINE_FPS)) / FINE_FPS
        gap = np.interp(fine, np.arange(len(weights)) / FPS, np.maximum(lip_gap(weights), 0.0))
        round_lips = weights[:, INDEX["mouthPucker"]] + 0.6 * weights[:, INDEX["mouthFunnel"]]
        shut = [(s, e) for s, e, name in phones if name in BILABIAL]
        for start, end, name in phones:
            inside = gap[(fine >= start - 1e-6) & (fine <= end + 1e-6)]
            if not len(inside) or end > seconds:
                continue
            middle = min(round(0.5 * (start + end) * FPS), len(weights) - 1)
            if name in BILABIAL:
                self.bilabial.append(float(inside.min()))
                self.bilabial_near.append(float(gap[(fine >= start - NEAR) & (fine <= end + NEAR)].min()))
            elif name in LABIODENTAL:
                self.labiodental.append(float(inside.min()))
            elif name in NON_LABIAL_CONSONANTS:
                if not any(s < end + AWAY and e > start - AWAY for s, e in shut):
                    self.non_labial.append(float(inside.min()))
            elif name in VOWELS and end - start >= LONG_VOWEL:
                self.vowel.append(float(np.interp(0.5 * (start + end), fine, gap)))
                self.rounding.setdefault(name, []).append(float(round_lips[middle]))
                self.jaw.setdefault(name, []).append(float(weights[middle, INDEX["jawOpen"]]))
            elif name == "SIL" and end - start >= PAUSE:
                inner = gap[(fine >= start + 0.15) & (fine <= end - 0.15)]
                if len(inner) > 4:
                    self.pause.append(float(np.abs(np.diff(inner[::2])).mean()))

    def lines(self) -> list[str]:
        """The figures as text; a figure that no clip gave is nan."""
        others = self.non_labial
        allowed = float(np.percentile(others, 8)) if others else float("nan")
        return [
            f"/p b m/ {len(self.bilabial)}: gap <= {CLOSED_GAP} inside {_share(self.bilabial, CLOSED_GAP)}, "
            f"within 40 ms {_share(self.bilabial_near, CLOSED_GAP)}",
            f"non-labial consonants {len(others)}: at that gap {_share(others, CLOSED_GAP)}, "
            f"below 0.06 {_share(others, 0.06)}, 8 % gap {allowed:.3f}, median {_median(others)}",
            f"vowel middles {len(self.vowel)}: at that gap {_share(self.vowel, CLOSED_GAP)}, "
            f"at the 8 % gap {_share(self.vowel, allowed)}, median {_median(self.vowel)}",
            f"/f v/ {len(self.labiodental)}: gap median {_median(self.labiodental)}, "
            f"below 0.05 {_share(self.labiodental, 0.05)}",
            f"pauses {len(self.pause)}: mean change of gap per frame {_mean(self.pause)}",
            "jawOpen by vowel: " + _ranked(self.jaw),
            "rounding by vowel: " + _ranked(self.rounding),
        ]


def _share(values: list[float], limit: float) -> str:
    return f"{np.mean(np.array(values) <= limit):.4f}" if values else "nan"


def _median(values: list[float]) -> str:
    return f"{np.median(values):.3f}" if values else "nan"


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.5f}" if values else "nan"


def _ranked(values: dict[str, list[float]]) -> str:
    means = {name: float(np.mean(v)) for name, v in values.items()}
    return " ".join(f"{name} {means[name]:.2f}" for name in sorted(means, key=lambda n: -means[n]))
