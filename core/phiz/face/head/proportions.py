"""The numbers that make a character: every length in centimetres, in Blender axes.

+x is the character's left, -y is front, +z is up; the eyes lie at z = 0. Everything else in this package
follows from these.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Eye:
    """The left eye; the right one is its mirror. Angles in radians about the centre of the eyeball."""

    centre: tuple[float, float, float] = (3.1, -5.45, 0.0)
    radius: float = 2.0
    lid_gap: float = 0.15  # between eyeball and the rim of the open lid
    lid_thickness: float = 0.10
    inner: float = -0.82  # azimuth of the corner towards the nose
    outer: float = 0.86  # azimuth of the other corner
    top: float = 0.43  # elevation of the upper lid above the line between the corners
    bottom: float = 0.37
    tilt: float = 0.10  # elevation of the outer corner above the middle
    crease: float = 0.20  # from the rim of the upper lid up to its fold
    heavy: float = 0.05  # cm by which the skin over the fold stands out
    iris: float = 0.50  # half angle of the iris seen from the centre
    pupil: float = 0.21


@dataclass(frozen=True)
class Mouth:
    height: float = -5.75  # z of the line between the lips at the middle
    half_width: float = 2.3
    smile: float = 0.34  # how much higher the corners lie at rest
    upper_lip: float = 0.66
    lower_lip: float = 0.86
    fullness: float = 0.42


@dataclass(frozen=True)
class Nose:
    tip: tuple[float, float, float] = (0.0, -9.40, -2.70)
    bridge: float = 0.42  # radius between the eyes
    ball: float = 0.74  # radius of the tip
    wing: float = 1.10  # from the middle to the outside of a wing
    root: float = 0.0  # how much further the bridge stands out


@dataclass(frozen=True)
class Proportions:
    eye: Eye = field(default_factory=Eye)
    mouth: Mouth = field(default_factory=Mouth)
    nose: Nose = field(default_factory=Nose)
    rays: tuple[float, float, float] = (0.0, 0.0, -1.0)  # every point of the face is seen from here
    skull: tuple[float, float, float] = (7.3, 8.5, 8.3)  # radii
    skull_middle: tuple[float, float, float] = (0.0, 0.95, 3.8)
    face_width: float = 6.15  # half, at the cheekbones
    face_front: float = -7.95  # y of the flat of the face between eyes and mouth
    muzzle: float = -8.15  # y of what carries the lips
    cheek: float = 1.0  # fullness of the cheeks' apples
    hollow: float = 0.0  # how far the cheeks fall in below them
    brow_ridge: float = 0.0  # cm
    jaw_angle: tuple[float, float, float] = (4.35, -0.6, -4.9)
    jaw_edge: float = 1.05  # radius of the jaw's line
    jaw_hinge: tuple[float, float] = (1.2, -1.6)  # (y, z) of the axis through both jaw joints
    jaw_open: float = 0.30  # radians at jawOpen = 1
    chin: tuple[float, float, float] = (0.0, -7.75, -8.95)
    chin_width: float = 1.55
    chin_cleft: float = 0.0
    neck: float = 2.75  # radius
    throat: float = 0.0  # how far the Adam's apple stands out
    shoulder: float = 7.6  # half width between the shoulder joints
    bust_rise: float = 0.0  # how much higher neck and shoulders sit
    ear: tuple[float, float, float] = (7.1, 1.0, -0.9)  # the middle of the left one
    ear_size: float = 0.92
    brow_height: float = 2.65
    brow_weight: float = 1.0  # thickness of the eyebrows
    lashes: float = 1.0  # length
    age: float = 0.0  # 0 young, 1 old: folds beside the nose, bags under the eyes, a softer jaw
    hair: str = "knot"  # one of phiz.face.head.hairstyles.STYLES


PLAIN = Proportions()


def mouth_line(x: np.ndarray, mouth: Mouth) -> np.ndarray:
    """z of the line between the closed lips at x, running on smoothly past the corners."""
    u = x / mouth.half_width
    dip = 0.07 * np.exp(-((u / 0.22) ** 2)) - 0.035 * np.exp(-(((np.abs(u) - 0.5) / 0.25) ** 2))
    return mouth.height + mouth.smile * u * u / (1.0 + 0.35 * u * u) - dip
