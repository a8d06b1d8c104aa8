"""The numbers that make the demo character: every length in centimetres, in Blender axes.

+x is the character's left, -y is front, +z is up; the eyes lie at z = 0. Everything else in this package
follows from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Eye:
    """The left eye; the right one is its mirror. Angles in radians about the centre of the eyeball."""

    centre: tuple[float, float, float] = (3.15, -5.35, 0.0)
    radius: float = 1.9
    lid_gap: float = 0.09  # between eyeball and the rim of the open lid
    lid_thickness: float = 0.14
    inner: float = -0.80  # azimuth of the corner towards the nose
    outer: float = 0.86  # azimuth of the other corner
    top: float = 0.44  # elevation of the upper lid above the line between the corners
    bottom: float = 0.36
    tilt: float = 0.05  # elevation of the outer corner above the middle
    iris: float = 0.50  # half angle of the iris seen from the centre
    pupil: float = 0.22


@dataclass(frozen=True)
class Mouth:
    height: float = -5.85  # z of the line between the lips at the middle
    half_width: float = 2.5
    smile: float = 0.46  # how much higher the corners lie at rest
    upper_lip: float = 0.62
    lower_lip: float = 0.82
    fullness: float = 0.40


@dataclass(frozen=True)
class Proportions:
    eye: Eye = field(default_factory=Eye)
    mouth: Mouth = field(default_factory=Mouth)
    rays: tuple[float, float, float] = (0.0, 0.0, -1.0)  # every skin point is seen from here
    jaw_hinge: tuple[float, float] = (1.2, -1.6)  # (y, z) of the axis through both jaw joints
    jaw_open: float = 0.30  # radians at jawOpen = 1
    nose: tuple[float, float, float] = (0.0, -8.75, -2.75)  # tip
    chin: tuple[float, float, float] = (0.0, -7.6, -9.1)
    ear: tuple[float, float, float] = (7.55, 1.1, -0.9)  # the middle of the left one
    brow_height: float = 2.75


PLAIN = Proportions()


def mouth_line(x: np.ndarray, mouth: Mouth) -> np.ndarray:
    """z of the line between the closed lips at x, running on smoothly past the corners."""
    u = x / mouth.half_width
    return mouth.height + mouth.smile * u * u / (1.0 + 0.35 * u * u)
