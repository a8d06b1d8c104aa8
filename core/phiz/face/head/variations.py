"""Four characters from the same code: each its proportions and its colours."""

from __future__ import annotations

from dataclasses import dataclass, field

from phiz.face.head.proportions import PLAIN, Eye, Mouth, Nose, Proportions

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


_WOMAN = Variation()
_MAN = Variation(
    Proportions(
        eye=Eye(
            (3.15, -5.3, 0.0),
            1.85,
            inner=-0.84,
            outer=0.88,
            top=0.38,
            bottom=0.34,
            tilt=0.05,
            heavy=0.10,
            crease=0.16,
        ),
        mouth=Mouth(-6.0, 2.55, 0.22, 0.46, 0.66, 0.34),
        nose=Nose((0.0, -9.5, -3.0), 0.58, 0.86, 1.32, 0.30),
        skull=(7.4, 8.7, 8.0),
        face_width=6.3,
        cheek=0.8,
        hollow=0.35,
        brow_ridge=0.35,
        jaw_angle=(5.3, -0.5, -5.9),
        jaw_edge=1.3,
        chin=(0.0, -8.1, -9.6),
        chin_width=2.3,
        chin_cleft=0.07,
        neck=3.35,
        throat=0.35,
        shoulder=9.6,
        ear=(7.15, 1.0, -1.0),
        ear_size=1.0,
        brow_height=2.2,
        brow_weight=1.35,
        lashes=0.22,
        hair="quiff",
    ),
    Palette(
        skin=(0.52, 0.25, 0.14),
        lips=(0.42, 0.15, 0.11),
        iris=(0.16, 0.075, 0.03),
        hair=(0.022, 0.014, 0.010),
        brows=(0.018, 0.011, 0.008),
        garment=(0.32, 0.07, 0.05),
    ),
)
_ELDER = Variation(
    Proportions(
        eye=Eye(
            (3.05, -5.2, 0.0),
            1.75,
            inner=-0.84,
            outer=0.88,
            top=0.34,
            bottom=0.33,
            tilt=-0.03,
            heavy=0.17,
            crease=0.13,
        ),
        mouth=Mouth(-6.1, 2.45, 0.10, 0.34, 0.50, 0.26),
        nose=Nose((0.0, -9.75, -3.35), 0.60, 1.02, 1.50, 0.25),
        skull=(7.2, 8.5, 8.0),
        face_width=6.15,
        cheek=0.9,
        hollow=0.7,
        brow_ridge=0.30,
        jaw_angle=(4.6, -0.4, -5.3),
        chin=(0.0, -8.1, -9.2),
        chin_width=1.7,
        neck=2.9,
        throat=0.30,
        shoulder=7.8,
        ear=(7.05, 1.0, -1.1),
        ear_size=1.16,
        brow_height=2.2,
        brow_weight=1.6,
        lashes=0.15,
        age=1.0,
        hair="wreath",
    ),
    Palette(
        skin=(0.88, 0.50, 0.37),
        lips=(0.66, 0.29, 0.25),
        iris=(0.16, 0.26, 0.36),
        hair=(0.72, 0.71, 0.69),
        brows=(0.62, 0.60, 0.57),
        garment=(0.16, 0.13, 0.09),
    ),
)
_CHILD = Variation(
    Proportions(
        eye=Eye(
            (3.2, -5.1, -0.3),
            2.15,
            0.17,
            top=0.50,
            bottom=0.42,
            tilt=0.06,
            crease=0.18,
            iris=0.53,
            pupil=0.25,
        ),
        mouth=Mouth(-5.35, 1.85, 0.28, 0.52, 0.66, 0.40),
        nose=Nose((0.0, -8.95, -2.55), 0.38, 0.68, 0.94, -0.15),
        skull=(7.6, 8.8, 8.4),
        skull_middle=(0.0, 0.9, 4.2),
        face_width=6.25,
        face_front=-7.45,
        muzzle=-7.45,
        cheek=1.7,
        jaw_angle=(4.2, -0.9, -4.4),
        chin=(0.0, -6.95, -7.9),
        chin_width=1.35,
        neck=2.15,
        shoulder=5.4,
        bust_rise=1.9,
        ear=(7.2, 0.9, -1.1),
        ear_size=0.92,
        brow_height=2.75,
        brow_weight=0.75,
        lashes=0.7,
        hair="mop",
    ),
    Palette(
        skin=(0.96, 0.60, 0.45),
        lips=(0.80, 0.30, 0.27),
        iris=(0.11, 0.20, 0.075),
        hair=(0.55, 0.19, 0.035),
        brows=(0.38, 0.13, 0.03),
        garment=(0.62, 0.40, 0.06),
    ),
)

VARIATIONS: dict[str, Variation] = {"woman": _WOMAN, "man": _MAN, "elder": _ELDER, "child": _CHILD}
