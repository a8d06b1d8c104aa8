# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What a rig's mouthClose does: read from its drivers or measured on its vertices, and made up for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from phiz.face import mouth_close, names

from .keyframes import MouthClose

_WHOLE = (0.75, 1.3)
"""A mouthClose that takes back this share of the jaw's opening is taken as Apple's, which is 1."""
_AGAINST = -0.3
"""A mouthClose that opens the lips is not one, and tells nothing."""


@dataclass(frozen=True)
class Closing:
    """What mouthClose does on a face. share: the part of the jaw's opening it takes back between the
    lips, 1 as on Apple's head; None where no mesh tells. sure: measured or read, not guessed. said: one
    line for the user."""

    mouth_close: MouthClose
    share: float | None
    sure: bool
    said: str


def measure(meshes: Sequence[bpy.types.Object], matches: Sequence[names.Match]) -> Closing:
    """What mouthClose does on the meshes of a face, the first being the face itself; matches: one each.

    The vertices say it; where mouthClose alone takes back too little of the jaw's opening, a driver that
    reads it together with jawOpen says that the rest is made there.
    """
    if all("mouthClose" in match.missing for match in matches):
        return Closing("cancelling", None, True, "No key closes the lips: the jaw shuts for p, b and m.")
    both = list(zip(meshes, matches, strict=True))
    shares = [
        mouth_close.undone(_moved(mesh, match, "jawOpen"), _moved(mesh, match, "mouthClose"))
        for mesh, match in both
    ]
    share = next((share for share in shares if share is not None and share > _AGAINST), None)
    if share is None or share < _WHOLE[0]:
        for mesh, match in both:
            if _driven_together(mesh, match):
                said = f"A driver of {mesh.name} reads mouthClose together with jawOpen: a share of the jaw."
                return Closing("relative", None, True, said)
    if share is not None:
        return Closing("cancelling", share, True, _measured(share))
    sense: MouthClose = "relative" if matches[0].mouth_close == "relative" else "cancelling"
    usual = matches[0].convention or "ARKit"
    return Closing(sense, None, False, f"Nothing to measure mouthClose on: taken as usual for {usual}.")


def completed(shares: names.Shares, closed: float | None) -> names.Shares:
    """What a key follows, so that the lips meet where they should although mouthClose takes back another
    share of the jaw's opening than all of it: the jaw shuts for what is left, or mouthClose is used less.

    closed: that share (`Closing.share`); None changes nothing.
    """
    if closed is None or _WHOLE[0] <= closed <= _WHOLE[1]:
        return shares
    jaw = dict(shares).get("jawOpen", 0.0)
    if closed > 1:
        return tuple((c, share / closed if c == "mouthClose" else share) for c, share in shares)
    return (*shares, ("mouthClose", -jaw * (1 - max(closed, 0.0)))) if jaw > 0 else shares


def drivers(mesh: bpy.types.Object) -> Sequence[bpy.types.FCurve]:
    """The drivers on the shape keys of a mesh."""
    animation = mesh.data.shape_keys.animation_data
    return animation.drivers if animation else ()


def _measured(share: float) -> str:
    if _WHOLE[0] <= share <= _WHOLE[1]:
        return f"mouthClose cancels the jaw, as Apple's does ({share:.0%} of its opening)."
    if share > _WHOLE[1]:
        return f"mouthClose moves the lips {share:.0%} of the jaw's opening: it is used less."
    return f"mouthClose closes only {max(share, 0):.0%} of the jaw's opening: the jaw shuts for the rest."


def _driven_together(mesh: bpy.types.Object, match: names.Match) -> bool:
    """Whether one driver reads keys of mouthClose and of jawOpen: a corrective, or a rig that multiplies."""
    blocks = mesh.data.shape_keys.key_blocks
    paths = {
        channel: {
            blocks[key].path_from_id("value")
            for key, shares in match.shows.items()
            if dict(shares).get(channel, 0) > 0
        }
        for channel in ("jawOpen", "mouthClose")
    }
    for curve in drivers(mesh):
        read = {target.data_path for variable in curve.driver.variables for target in variable.targets}
        if all(read & wanted for wanted in paths.values()):
            return True
    return False


def _moved(mesh: bpy.types.Object, match: names.Match, channel: str) -> np.ndarray:
    """(V, 3) displacement of the vertices when a channel is at 1."""
    blocks = mesh.data.shape_keys.key_blocks
    moved = np.zeros((len(mesh.data.vertices), 3))
    for key, shares in match.shows.items():
        share = dict(shares).get(channel, 0.0)
        if share > 0:
            moved += share * (_points(blocks[key]) - _points(blocks[key].relative_key))
    return moved


def _points(block: bpy.types.ShapeKey) -> np.ndarray:
    """(V, 3) where a shape key puts the vertices."""
    flat = np.empty(3 * len(block.data), np.float32)
    block.data.foreach_get("co", flat)
    return flat.reshape(-1, 3)
