"""The 51 ARKit channels in the order of the Live Link Face CSV, their mirror pairs and regions.

`tongueOut`, the 52nd ARKit blendshape, is a shape key of the heads but not a channel of a Take.
"""

from __future__ import annotations

import numpy as np

CHANNELS: tuple[str, ...] = (
    "eyeBlinkLeft", "eyeLookDownLeft", "eyeLookInLeft", "eyeLookOutLeft", "eyeLookUpLeft",
    "eyeSquintLeft", "eyeWideLeft",
    "eyeBlinkRight", "eyeLookDownRight", "eyeLookInRight", "eyeLookOutRight", "eyeLookUpRight",
    "eyeSquintRight", "eyeWideRight",
    "jawForward", "jawLeft", "jawRight", "jawOpen", "mouthClose",
    "mouthFunnel", "mouthPucker", "mouthLeft", "mouthRight",
    "mouthSmileLeft", "mouthSmileRight", "mouthFrownLeft", "mouthFrownRight",
    "mouthDimpleLeft", "mouthDimpleRight", "mouthStretchLeft", "mouthStretchRight",
    "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper",
    "mouthPressLeft", "mouthPressRight", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthUpperUpLeft", "mouthUpperUpRight",
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight",
    "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "noseSneerLeft", "noseSneerRight",
)  # fmt: skip

TONGUE = "tongueOut"
COUNT = len(CHANNELS)
INDEX: dict[str, int] = {name: i for i, name in enumerate(CHANNELS)}


def mirrored(name: str) -> str:
    """The channel on the other side of the face; a midline channel is its own mirror."""
    if name.endswith("Left"):
        return name[: -len("Left")] + "Right"
    if name.endswith("Right"):
        return name[: -len("Right")] + "Left"
    return name


MIRROR: np.ndarray = np.array([INDEX[mirrored(name)] for name in CHANNELS])  # (51,) int
"""`weights[:, MIRROR]` is the performance seen in a mirror."""


def _region(name: str) -> str:
    if name.startswith("brow"):
        return "brows"
    if name.startswith("eye"):
        return "eyes"
    if name.startswith(("cheek", "nose")):
        return "cheeks"
    return "mouth"


REGIONS: dict[str, tuple[int, ...]] = {
    region: tuple(i for i, name in enumerate(CHANNELS) if _region(name) == region)
    for region in ("brows", "eyes", "cheeks", "mouth")
}


def vector(**weights: float) -> np.ndarray:
    """(51,) float32 pose from named channels. A name ending in `Both` sets Left and Right.

    Raises KeyError on a name that is not a channel.
    """
    pose = np.zeros(COUNT, np.float32)
    for name, value in weights.items():
        if name.endswith("Both"):
            stem = name[: -len("Both")]
            pose[INDEX[stem + "Left"]] = pose[INDEX[stem + "Right"]] = value
        else:
            pose[INDEX[name]] = value
    return pose
