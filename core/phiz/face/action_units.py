"""FACS Action Units as poses of the ARKit channels.

Numbers, names and muscles follow Ekman, Friesen and Hager, *Facial Action Coding System: The Manual*
(2002). ARKit has no FACS table of its own; the channel weights here were set by matching Apple's
description of each blendshape to the appearance changes the manual lists, and then by looking at each
pose on a scanned head at 0.4, 0.7 and 1.0. Intensity 1.0 is the manual's level E (maximum), 0.2 about
level A (trace).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.errors import PhizError
from phiz.face.channels import COUNT, INDEX

SIDES = ("B", "L", "R")
"""Both, the character's left, the character's right."""


class ActionUnitError(PhizError):
    """An Action Unit that FACS does not know, that ARKit cannot show, or not on that side."""


@dataclass(frozen=True)
class ActionUnit:
    """One row of the FACS table.

    weights: channel name, or the stem of a Left/Right pair (`mouthSmile`), to its value at intensity 1.
    sided: it can be shown on one side alone. one_sided_only: it has no meaning on both sides.
    antagonists: the Action Units that pull the same part of the face the other way.
    note: what ARKit loses, or, for a unit that is not showable, why.
    """

    number: int
    name: str
    muscles: str
    sided: bool
    weights: dict[str, float]
    antagonists: tuple[int, ...] = ()
    note: str = ""
    one_sided_only: bool = False

    @property
    def showable(self) -> bool:
        return bool(self.weights)

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides `pose` accepts."""
        if not self.showable:
            return ()
        if self.one_sided_only:
            return SIDES[1:]
        return SIDES if self.sided else SIDES[:1]


_TABLE = (
    # Upper face
    ActionUnit(1, "Inner brow raiser", "frontalis, pars medialis", False, {"browInnerUp": 1.0}, (4,),
               "ARKit has one inner-brow channel for both sides"),
    ActionUnit(2, "Outer brow raiser", "frontalis, pars lateralis", True, {"browOuterUp": 1.0}, (4,)),
    ActionUnit(4, "Brow lowerer", "corrugator supercilii, depressor supercilii, procerus", True,
               {"browDown": 1.0}, (1, 2)),
    ActionUnit(5, "Upper lid raiser", "levator palpebrae superioris", True, {"eyeWide": 1.0},
               (7, 43, 45, 46)),
    ActionUnit(6, "Cheek raiser", "orbicularis oculi, pars orbitalis", True,
               {"cheekSquint": 1.0, "eyeSquint": 0.35}),
    ActionUnit(7, "Lid tightener", "orbicularis oculi, pars palpebralis", True,
               {"eyeSquint": 1.0, "eyeBlink": 0.08}, (5,)),
    ActionUnit(43, "Eyes closed", "relaxation of levator palpebrae superioris", True,
               {"eyeBlink": 1.0}, (5,)),
    ActionUnit(45, "Blink", "relaxation of levator palpebrae; orbicularis oculi, pars palpebralis", False,
               {"eyeBlink": 1.0}, (5,), "one eye alone is 46"),
    ActionUnit(46, "Wink", "orbicularis oculi", True,
               {"eyeBlink": 1.0, "cheekSquint": 0.5, "eyeSquint": 0.4, "mouthSmile": 0.1}, (5,),
               "on one side by definition", one_sided_only=True),
    ActionUnit(61, "Eyes turn left", "rectus lateralis (left), rectus medialis (right)", False,
               {"eyeLookOutLeft": 1.0, "eyeLookInRight": 1.0}, (62,), "the character's left"),
    ActionUnit(62, "Eyes turn right", "rectus medialis (left), rectus lateralis (right)", False,
               {"eyeLookInLeft": 1.0, "eyeLookOutRight": 1.0}, (61,), "the character's right"),
    ActionUnit(63, "Eyes up", "rectus superior", False, {"eyeLookUp": 1.0, "eyeWide": 0.1}, (64,)),
    ActionUnit(64, "Eyes down", "rectus inferior", False, {"eyeLookDown": 1.0}, (63,)),
    # Lower face, up and down
    ActionUnit(9, "Nose wrinkler", "levator labii superioris alaeque nasi", True,
               {"noseSneer": 1.0, "browDown": 0.35, "eyeSquint": 0.2}),
    ActionUnit(10, "Upper lip raiser", "levator labii superioris", True,
               {"mouthUpperUp": 1.0}, (24, 28)),
    ActionUnit(15, "Lip corner depressor", "depressor anguli oris", True, {"mouthFrown": 1.0}, (12, 13)),
    ActionUnit(16, "Lower lip depressor", "depressor labii inferioris", True, {"mouthLowerDown": 1.0},
               (17, 24, 28)),
    ActionUnit(17, "Chin raiser", "mentalis", False, {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.4},
               (16, 25, 26, 27)),
    ActionUnit(25, "Lips part", "depressor labii inferioris, or relaxation of mentalis or orbicularis oris",
               False, {"mouthLowerDown": 0.4, "mouthUpperUp": 0.2}, (17, 23, 24, 28)),
    ActionUnit(26, "Jaw drop", "masseter, temporalis and internal pterygoid relaxed", False,
               {"jawOpen": 0.45}, (17, 24, 28)),
    ActionUnit(27, "Mouth stretch", "pterygoids, digastric", False, {"jawOpen": 1.0}, (17, 24, 28)),
    # Lower face, sideways and oblique
    ActionUnit(12, "Lip corner puller", "zygomaticus major", True,
               {"mouthSmile": 1.0, "cheekSquint": 0.25}, (15, 18, 20)),
    ActionUnit(13, "Sharp lip puller", "levator anguli oris (caninus)", True,
               {"mouthSmile": 0.55, "mouthPress": 0.3, "cheekPuff": 0.2}, (15,),
               "ARKit has no sharp upward pull of the corner; a tight smile with full cheeks stands for it"),
    ActionUnit(14, "Dimpler", "buccinator", True, {"mouthDimple": 1.0, "mouthPress": 0.2}, (18, 22)),
    ActionUnit(20, "Lip stretcher", "risorius with platysma", True,
               {"mouthStretch": 1.0}, (18, 22)),
    # Lower face, round the lips
    ActionUnit(18, "Lip pucker", "incisivii labii superioris and inferioris", False, {"mouthPucker": 1.0},
               (12, 14, 20)),
    ActionUnit(22, "Lip funneler", "orbicularis oris", False, {"mouthFunnel": 1.0}, (14, 20, 28)),
    ActionUnit(23, "Lip tightener", "orbicularis oris", False,
               {"mouthPress": 0.5, "mouthRollUpper": 0.35, "mouthRollLower": 0.35, "mouthPucker": 0.15},
               (25,)),
    ActionUnit(24, "Lip pressor", "orbicularis oris", False,
               {"mouthPress": 1.0, "mouthRollUpper": 0.15, "mouthRollLower": 0.15, "mouthShrugLower": 0.2},
               (10, 16, 25, 26, 27)),
    ActionUnit(28, "Lip suck", "orbicularis oris", False,
               {"mouthRollUpper": 1.0, "mouthRollLower": 1.0}, (10, 16, 22, 25)),
    ActionUnit(34, "Puff", "buccinator relaxed, lips held by orbicularis oris", False,
               {"cheekPuff": 1.0, "mouthPress": 0.15}),
    # Jaw
    ActionUnit(29, "Jaw thrust", "external pterygoid, both", False, {"jawForward": 1.0}),
    ActionUnit(30, "Jaw sideways", "external pterygoid of the other side", True, {"jaw": 1.0}, (),
               "L moves the jaw to the character's left", one_sided_only=True),
    # Not showable with the 51 channels
    ActionUnit(8, "Lips toward each other", "orbicularis oris", False, {}, (25,),
               "only seen with an open jaw, where it is a part of mouthClose; no channel of its own"),
    ActionUnit(11, "Nasolabial deepener", "zygomaticus minor", False, {}, (),
               "no channel deepens the furrow without lifting the lip"),
    ActionUnit(19, "Tongue show", "genioglossus", False, {}, (),
               "tongueOut is a shape key but not a channel"),
    ActionUnit(21, "Neck tightener", "platysma", False, {}, (), "ARKit has no neck"),
    ActionUnit(31, "Jaw clencher", "masseter", False, {}, (), "the bulge of the masseter has no channel"),
    ActionUnit(32, "Lip bite", "orbicularis oris, masseter", False, {}, (),
               "needs teeth on the lip; mouthRollLower alone is 28"),
    ActionUnit(33, "Cheek blow", "buccinator relaxed", False, {}, (),
               "air leaving the lips has no channel; 34 is near"),
    ActionUnit(35, "Cheek suck", "buccinator", False, {}, (34,), "no channel draws the cheeks in"),
    ActionUnit(36, "Tongue bulge", "genioglossus", False, {}, (),
               "the tongue inside the cheek has no channel"),
    ActionUnit(37, "Lip wipe", "genioglossus", False, {}, (), "needs the tongue along the lips"),
    ActionUnit(38, "Nostril dilator", "nasalis, pars alaris", False, {}, (39,),
               "noseSneer wrinkles, it does not flare"),
    ActionUnit(39, "Nostril compressor", "nasalis, pars transversa", False, {}, (38,),
               "no channel narrows the nostrils"),
    *(
        ActionUnit(number, name, "neck", False, {}, (against,),
                   "a head movement: the Take's yaw, pitch and roll")
        for number, name, against in (
            (51, "Head turn left", 52), (52, "Head turn right", 51),
            (53, "Head up", 54), (54, "Head down", 53),
            (55, "Head tilt left", 56), (56, "Head tilt right", 55),
        )
    ),
    ActionUnit(57, "Head forward", "neck", False, {}, (58,),
               "a Take carries rotation of the head, not position"),
    ActionUnit(58, "Head back", "neck", False, {}, (57,),
               "a Take carries rotation of the head, not position"),
)  # fmt: skip

ACTION_UNITS: dict[int, ActionUnit] = {unit.number: unit for unit in sorted(_TABLE, key=lambda u: u.number)}


def pose(number: int, side: str = "B", intensity: float = 1.0) -> np.ndarray:
    """(51,) float32 weights 0..1 of one Action Unit at an intensity 0..1.

    On one side alone, a channel of the midline gets half its value. Raises ActionUnitError where
    FACS has no such number, ARKit cannot show it, or it has no such side.
    """
    unit = ACTION_UNITS.get(number)
    if unit is None:
        raise ActionUnitError(f"expected a FACS Action Unit, came {number}; see ACTION_UNITS for the table")
    if not unit.showable:
        raise ActionUnitError(f"AU {number} ({unit.name}) cannot be shown with ARKit channels: {unit.note}")
    if side not in unit.sides:
        raise ActionUnitError(
            f"AU {number} ({unit.name}) takes side {' or '.join(unit.sides)}, came {side!r}"
        )
    weights = np.zeros(COUNT, np.float32)
    for name, value in unit.weights.items():
        if name in INDEX:
            weights[INDEX[name]] = value if side == "B" else 0.5 * value
            continue
        if side != "R":
            weights[INDEX[name + "Left"]] = value
        if side != "L":
            weights[INDEX[name + "Right"]] = value
    return np.clip(weights * np.float32(intensity), 0.0, 1.0)
