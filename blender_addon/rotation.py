# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Head and eyes of a Take turn objects, or bones of armatures.

An object's delta rotation is used, so that its own rotation stays as it was. A bone turns about its own
head, in the axes of the armature. Both take the face to look along -y with +z up.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion

from phiz.face.channels import INDEX

from . import action_support, keyframes, ownership
from .keyframes import Curve, RigError
from .pieces import Pieces, at_once

if TYPE_CHECKING:
    from phiz.motion.take import Take

EYE_ANGLE = math.radians(35.0)
"""How far an eye turns at eyeLook 1: what the Live Link Face app gives sideways (0.61 rad) and down."""


@dataclass(frozen=True)
class Joint:
    """An object, or a bone of an armature, that Phiz turns."""

    owner: bpy.types.Object
    bone: str | None = None

    @property
    def turner(self) -> bpy.types.Object | bpy.types.PoseBone:
        return self.owner if self.bone is None else self.owner.pose.bones[self.bone]


@dataclass(frozen=True)
class Turning:
    """What turns with a face. eye_angle: radians that an eye turns, any way, at eyeLook 1."""

    head: Joint | None = None
    left_eye: Joint | None = None
    right_eye: Joint | None = None
    eye_angle: float = EYE_ANGLE

    @property
    def joints(self) -> tuple[Joint, ...]:
        return tuple(joint for joint in (self.head, self.left_eye, self.right_eye) if joint is not None)


STILL = Turning()
"""Nothing turns with the face."""


def plan(turning: Turning) -> None:
    """Raises RigError where one of the objects or bones cannot be turned, OwnerError where its Action
    cannot be exchanged."""
    for joint in turning.joints:
        name, mode = joint.owner.name, joint.owner.rotation_mode
        if joint.bone is not None:
            posed = joint.owner.pose.bones.get(joint.bone) if joint.owner.pose else None
            if posed is None:
                raise RigError(f"{name!r} has no bone named {joint.bone!r}. Check the name.")
            name, mode = joint.bone, posed.rotation_mode
        if mode == "AXIS_ANGLE":
            raise RigError(f"{name!r} turns by axis and angle. Give it Quaternion or an Euler order.")
        ownership.check(joint.owner)
    if len(set(turning.joints)) < len(turning.joints):
        raise RigError("Head and eyes are to turn the same object or bone. Choose different ones.")


def write(
    turning: Turning,
    take: Take,
    *,
    start: float,
    rate: float,
    thinning: float = 0.0,
    span: tuple[float, float] | None = None,
) -> list[bpy.types.Action]:
    """Turn head and eyes with the Take, one Action for each object; `keyframes.build` says the rest.

    thinning is in radians here. Call `plan` before.
    """
    built = at_once(build(turning, take, start=start, rate=rate, thinning=thinning, span=span))
    ownership.commit(built, take.origin)
    return [action for _, action in built]


def build(
    turning: Turning,
    take: Take,
    *,
    start: float,
    rate: float,
    thinning: float = 0.0,
    span: tuple[float, float] | None = None,
) -> Pieces[list[tuple[bpy.types.Object, bpy.types.Action]]]:
    """The Actions of `write`, not assigned yet; leaves nothing behind when it fails or is closed."""
    curves: dict[bpy.types.Object, list[Curve]] = {}
    for joint, turns in _turns(turning, take):
        yield
        curves.setdefault(joint.owner, []).extend(_curves(joint, turns))
        yield
    at = keyframes.frames(take, start=start, rate=rate)
    built: list[tuple[bpy.types.Object, bpy.types.Action]] = []
    try:
        for owner, wanted in curves.items():
            name = f"Phiz {owner.name} turns"
            action = yield from keyframes.build(owner, name, wanted, at, thinning=thinning, span=span)
            built.append((owner, action))
    except BaseException:
        for _, action in built:
            bpy.data.actions.remove(action)
        raise
    return built


def head_rotation(head: np.ndarray) -> list[Matrix]:
    """(frames, 3) yaw, pitch, roll in radians -> 3x3 rotations in Blender's axes.

    Positive yaw turns to the character's left (about +z), positive pitch lowers the chin (about +x),
    positive roll tilts towards the character's right shoulder (about -y); roll first, then pitch, then yaw.
    """
    return [Euler((pitch, -roll, yaw), "YXZ").to_matrix() for yaw, pitch, roll in head.tolist()]


def eye_rotation(weights: np.ndarray, side: Literal["Left", "Right"], angle: float) -> list[Matrix]:
    """(frames, 51) weights -> 3x3 rotations of an eye in the axes of `head_rotation`, without roll.

    eyeLookIn, Out, Up and Down at 1 turn it by `angle` radians from straight ahead.
    """

    def look(way: str) -> np.ndarray:
        return weights[:, INDEX[f"eyeLook{way}{side}"]].astype(np.float64)

    outwards = look("Out") - look("In")
    yaw = outwards if side == "Left" else -outwards
    pitch = look("Down") - look("Up")
    return head_rotation(np.stack([yaw, pitch, np.zeros_like(yaw)], 1) * angle)


def head_seen(joint: Joint, frames: np.ndarray) -> np.ndarray:
    """(frames,) scene frames -> (frames, 3) yaw, pitch, roll that the Actions on the joint's owner give.

    The inverse of what `write` does; axes without an F-curve have their present value.
    """
    path, present = _place(joint)
    playing = (*ownership.curves(joint.owner), *action_support.used_curves(joint.owner))  # the later win
    curves = {curve.array_index: curve for curve in playing if curve.data_path == path}
    values = [
        [curves[axis].evaluate(frame) if axis in curves else value for axis, value in enumerate(present)]
        for frame in frames.tolist()
    ]
    kind = Quaternion if len(present) == 4 else lambda angles: Euler(angles, joint.turner.rotation_mode)
    rest = _rest(joint)
    turns = [rest @ kind(value).to_matrix() @ rest.transposed() for value in values]
    seen = [turn.to_euler("YXZ") for turn in turns]
    return np.array([(angles.z, angles.x, -angles.y) for angles in seen], np.float32)


def _turns(turning: Turning, take: Take) -> Iterator[tuple[Joint, list[Matrix]]]:
    if turning.head is not None:
        yield turning.head, head_rotation(take.head)
    if turning.left_eye is not None:
        yield turning.left_eye, eye_rotation(take.weights, "Left", turning.eye_angle)
    if turning.right_eye is not None:
        yield turning.right_eye, eye_rotation(take.weights, "Right", turning.eye_angle)


def _curves(joint: Joint, turns: list[Matrix]) -> list[Curve]:
    rest = _rest(joint)
    turns = [rest.transposed() @ turn @ rest for turn in turns]
    path, present = _place(joint)
    if len(present) == 4:
        values = _continuous([turn.to_quaternion() for turn in turns])
    else:
        values = _unwrapped(turns, joint.turner.rotation_mode)
    return [Curve(path, axis, values[:, axis]) for axis in range(values.shape[1])]


def _rest(joint: Joint) -> Matrix:
    """From the axes in which the joint's rotation is given to those of the object or armature."""
    return Matrix.Identity(3) if joint.bone is None else joint.turner.bone.matrix_local.to_3x3()


def _place(joint: Joint) -> tuple[str, Quaternion | Euler]:
    """Where in the owner the rotation is, and what it is now."""
    turner = joint.turner
    name = "rotation_quaternion" if turner.rotation_mode == "QUATERNION" else "rotation_euler"
    path = f"delta_{name}" if joint.bone is None else f"{turner.path_from_id()}.{name}"
    return path, joint.owner.path_resolve(path)


def _continuous(turns: Sequence[Quaternion]) -> np.ndarray:
    """(frames, 4): of q and -q, the same rotation, the one nearer to the frame before."""
    for before, turn in itertools.pairwise(turns):
        if before.dot(turn) < 0:
            turn.negate()
    return np.array(turns, np.float32)


def _unwrapped(turns: Sequence[Matrix], order: str) -> np.ndarray:
    """(frames, 3) Euler angles in radians, each the nearest to the frame before."""
    angles: list[Euler] = []
    for turn in turns:
        angles.append(turn.to_euler(order, angles[-1]) if angles else turn.to_euler(order))
    return np.array(angles, np.float32)
