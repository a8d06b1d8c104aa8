"""Four characters from the same code: each its proportions and its colours."""

from __future__ import annotations

from dataclasses import dataclass, field

from phiz.face.head.proportions import PLAIN, Proportions

Colour = tuple[float, float, float]
Material = tuple[str, tuple[float, float, float, float], float]
"""Name, linear RGBA, roughness."""


@dataclass(frozen=True)
class Palette:
    """The colours of a character, linear RGB; the others follow from these."""

    skin: Colour = (0.93, 0.55, 0.39)
    lips: Colour = (0.76, 0.25, 0.22)
    iris: Colour = (0.20, 0.42, 0.50)
    hair: Colour = (0.17, 0.065, 0.028)
    brows: Colour = (0.12, 0.045, 0.02)
    garment: Colour = (0.10, 0.22, 0.26)

    def materials(self) -> tuple[Material, ...]:
        skin, iris = self.skin, self.iris
        lid = (0.84 * skin[0], 0.70 * skin[1], 0.72 * skin[2])
        edge = (0.30 * iris[0], 0.33 * iris[1], 0.38 * iris[2])
        return (
            ("skin", (*skin, 1.0), 0.55),
            ("lid", (*lid, 1.0), 0.55),
            ("lips", (*self.lips, 1.0), 0.40),
            ("mouth", (0.24, 0.05, 0.06, 1.0), 0.60),
            ("nostril", (0.30 * skin[0], 0.18 * skin[1], 0.18 * skin[2], 1.0), 0.70),
            ("eye white", (0.93, 0.92, 0.90, 1.0), 0.15),
            ("iris", (*iris, 1.0), 0.20),
            ("iris edge", (*edge, 1.0), 0.20),
            ("pupil", (0.01, 0.01, 0.015, 1.0), 0.10),
            ("cornea", (1.0, 1.0, 1.0, 0.08), 0.03),
            ("glint", (1.0, 1.0, 1.0, 1.0), 0.10),
            ("lashes", (0.05, 0.03, 0.025, 1.0), 0.60),
            ("teeth", (0.92, 0.90, 0.84, 1.0), 0.25),
            ("gums", (0.66, 0.27, 0.28, 1.0), 0.40),
            ("tongue", (0.72, 0.30, 0.32, 1.0), 0.45),
            ("brows", (*self.brows, 1.0), 0.80),
            ("garment", (*self.garment, 1.0), 0.85),
            ("hair", (*self.hair, 1.0), 0.70),
        )


@dataclass(frozen=True)
class Variation:
    shape: Proportions = PLAIN
    palette: Palette = field(default_factory=Palette)


VARIATIONS: dict[str, Variation] = {
    "woman": Variation(),
    "man": Variation(palette=Palette(hair=(0.03, 0.018, 0.012), brows=(0.025, 0.015, 0.01))),
    "elder": Variation(palette=Palette(hair=(0.62, 0.60, 0.57), brows=(0.45, 0.43, 0.40))),
    "child": Variation(palette=Palette(hair=(0.45, 0.20, 0.06), brows=(0.30, 0.12, 0.04))),
}
