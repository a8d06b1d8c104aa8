# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""A Take becomes a new Action on shape keys, and head rotation on an object or a bone.

Plan, then commit: `plan` finds every trouble before anything is changed; `write` builds the whole
Action first and assigns it last. Actions that Phiz did not make are never changed; one that loses its
place is kept in the file by a fake user. Re-running replaces the Action of the run before.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import bpy
import numpy as np
from mathutils import Euler, Matrix, Quaternion

from phiz.errors import PhizError
from phiz.face import mouth_close
from phiz.face.channels import CHANNELS

from . import action_support

if TYPE_CHECKING:
    from phiz.motion.take import Take

OWNED = "phiz"
"""Custom property on every Action and strip that Phiz made: JSON, where it came from."""

_LINEAR = 1  # Keyframe.interpolation as an integer, as foreach_set wants it


MouthClose = Literal["cancelling", "relative"]


class RigError(PhizError):
    """The mesh, object or bone cannot take the animation; the message names what is missing."""


@dataclass(frozen=True)
class Target:
    """One mesh and what each of its shape keys shows.

    shows: shape-key name -> ((channel, share), ...), channels as indices into CHANNELS; the key's value
    is the sum of share x weight, at most 1. mouth_close: "cancelling" (Apple's) or "relative", which of
    the two meanings of `phiz.face.mouth_close` the mesh was sculpted for.
    """

    mesh: bpy.types.Object
    shows: Mapping[str, tuple[tuple[int, float], ...]]
    mouth_close: MouthClose = "cancelling"

    @property
    def keys(self) -> bpy.types.Key:
        return self.mesh.data.shape_keys

    @property
    def channels(self) -> frozenset[int]:
        """The channels of which the mesh shows anything."""
        return frozenset(channel for shares in self.shows.values() for channel, _ in shares)

    def values(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        """(frames, 51) weights of a Take -> (frames,) float32 for each shape key, by its name."""
        if self.mouth_close == "relative":
            weights = mouth_close.to_relative(weights)
        return {
            name: np.minimum(sum(share * weights[:, channel] for channel, share in shares), 1.0).astype(
                np.float32
            )
            for name, shares in self.shows.items()
        }


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames per second of the scene, `fps_base` honoured (29.97 is 30 / 1.001)."""
    return scene.render.fps / scene.render.fps_base


def plan(scene: bpy.types.Scene, names: Sequence[str] = ()) -> list[Target]:
    """The meshes to animate: those named, which together must have all 51 channels, or the one that does.

    Raises RigError, naming what lacks, before anything is changed.
    """
    if not names:
        return [_only_face(scene)]
    targets = [_target(scene, name) for name in names]
    covered = {channel for target in targets for channel in target.channels}
    _require(" + ".join(names), covered)
    return targets


def clipped(targets: Sequence[Target], take: Take) -> list[str]:
    """One line for each shape key whose slider range, mute or driver keeps it from following the Take."""
    notes = []
    for target in targets:
        driven = {curve.data_path for curve in _drivers(target.keys)}
        for name, values in target.values(take.weights).items():
            block = target.keys.key_blocks[name]
            label = f"{target.mesh.name}: {name}"
            if values.max() > block.slider_max + 1e-6 or values.min() < block.slider_min - 1e-6:
                notes.append(
                    f"{label} has the slider range {block.slider_min:g} to {block.slider_max:g}: clips"
                )
            if block.mute:
                notes.append(f"{label} is muted: it will not move")
            if block.path_from_id("value") in driven:
                notes.append(f"{label} has a driver, which wins over the keys")
    return notes


def write(target: Target, take: Take, *, start: float, rate: float) -> bpy.types.Action:
    """Give the mesh a new Action with one key for every frame of the Take on every shape key it shows.

    Frame i of the Take, at i / take.fps seconds, lands on scene frame start + i * rate / take.fps;
    rate is the scene's frame rate. Returns the Action, assigned and with its slot.
    """
    keys = target.keys
    action = action_support.new_action(keys, f"Phiz {target.mesh.name}")
    curves = action_support.curves(action)
    frames = start + np.arange(len(take.weights)) * (rate / take.fps)  # (frames,)
    for name, values in target.values(take.weights).items():
        _fill(curves.new(keys.key_blocks[name].path_from_id("value")), frames, values)
    _commit(keys, action, take)
    return action


def plan_head(owner: bpy.types.Object, bone: str | None = None) -> None:
    """Raises RigError where `write_head` could not turn this object, or this bone of it."""
    mode = owner.rotation_mode
    if bone is not None:
        posed = owner.pose.bones.get(bone) if owner.pose else None
        if posed is None:
            raise RigError(f"{owner.name!r} has no bone named {bone!r}. Check the name.")
        mode = posed.rotation_mode
    if mode == "AXIS_ANGLE":
        raise RigError(
            f"{bone or owner.name!r} turns by axis and angle. Give it Quaternion or an Euler order."
        )
    if owner.library is not None:
        raise RigError(f"{owner.name!r} is linked from {owner.library.filepath}. Make a library override.")


def write_head(
    owner: bpy.types.Object, take: Take, *, start: float, rate: float, bone: str | None = None
) -> bpy.types.Action:
    """Turn an object, or a bone of an armature, as the Take turns its head; call `plan_head` before.

    The object's delta rotation is used, so that its own rotation stays as it was. A bone turns about its
    own head, in the axes of the armature (face to -y, +z up).
    """
    turner = owner if bone is None else owner.pose.bones[bone]
    rest = Matrix.Identity(3) if bone is None else turner.bone.matrix_local.to_3x3()
    turns = [rest.transposed() @ turn @ rest for turn in head_rotation(take.head)]
    if turner.rotation_mode == "QUATERNION":
        name, values = "rotation_quaternion", _continuous([turn.to_quaternion() for turn in turns])
    else:
        name, values = "rotation_euler", _unwrapped(turns, turner.rotation_mode)
    path = f"delta_{name}" if bone is None else f"{turner.path_from_id()}.{name}"

    action = action_support.new_action(owner, f"Phiz {owner.name} {bone or 'head'}")
    curves = action_support.curves(action)
    frames = start + np.arange(len(values)) * (rate / take.fps)  # (frames,)
    for axis in range(values.shape[1]):
        _fill(curves.new(path, index=axis), frames, values[:, axis])
    _commit(owner, action, take)
    return action


def head_rotation(head: np.ndarray) -> list[Matrix]:
    """(frames, 3) yaw, pitch, roll in radians -> 3x3 rotations in Blender's axes.

    Positive yaw turns to the character's left (about +z), positive pitch lowers the chin (about +x),
    positive roll tilts towards the character's right shoulder (about -y); roll first, then pitch, then yaw.
    """
    return [Euler((pitch, -roll, yaw), "YXZ").to_matrix() for yaw, pitch, roll in head.tolist()]


def _continuous(turns: list[Quaternion]) -> np.ndarray:
    """(frames, 4): of q and -q, the same rotation, the one nearer to the frame before."""
    for before, turn in itertools.pairwise(turns):
        if before.dot(turn) < 0:
            turn.negate()
    return np.array(turns, np.float32)


def _unwrapped(turns: list[Matrix], order: str) -> np.ndarray:
    """(frames, 3) Euler angles in radians, each the nearest to the frame before."""
    angles: list[Euler] = []
    for turn in turns:
        angles.append(turn.to_euler(order, angles[-1]) if angles else turn.to_euler(order))
    return np.array(angles, np.float32)


def _fill(curve: bpy.types.FCurve, frames: np.ndarray, values: np.ndarray) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], 1).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), _LINEAR, np.int32))
    curve.update()


def _commit(owner: bpy.types.ID, action: bpy.types.Action, take: Take) -> None:
    action[OWNED] = json.dumps(take.origin)
    before = owner.animation_data.action if owner.animation_data else None
    action_support.assign(owner, action)
    if before is None:
        return
    if OWNED not in before:
        before.use_fake_user = True  # without a user Blender would drop it on saving
    elif before.users == 0:
        name = before.name
        bpy.data.actions.remove(before)
        action.name = name


def _target(scene: bpy.types.Scene, name: str) -> Target:
    mesh = scene.objects.get(name)
    if mesh is None or mesh.type != "MESH":
        meshes = ", ".join(o.name for o in scene.objects if o.type == "MESH") or "none"
        raise RigError(f"There is no mesh named {name!r}. The scene has: {meshes}.")
    channels = _channels(mesh)
    if not channels:
        raise RigError(
            f"{name!r} has none of the 51 ARKit shape keys ({CHANNELS[0]}, ...). Choose another mesh."
        )
    keys = mesh.data.shape_keys
    if not keys.use_relative:
        raise RigError(f"{name!r} has absolute shape keys. Tick Relative in its Shape Keys panel.")
    if keys.library is not None:
        raise RigError(
            f"{name!r} is linked from {keys.library.filepath}. Make a library override or append it."
        )
    return Target(mesh, {CHANNELS[channel]: ((channel, 1.0),) for channel in channels})


def _only_face(scene: bpy.types.Scene) -> Target:
    meshes = [o for o in scene.objects if o.type == "MESH"]
    if not meshes:
        raise RigError("The scene holds no mesh; one with the 51 ARKit shape keys is needed.")
    faces = [mesh for mesh in meshes if len(_channels(mesh)) == len(CHANNELS)]
    if len(faces) > 1:
        raise RigError(
            f"Several meshes have all 51 shape keys: {', '.join(f.name for f in faces)}. Name one."
        )
    best = faces[0] if faces else max(meshes, key=lambda mesh: len(_channels(mesh)))
    target = _target(scene, best.name)
    _require(best.name, target.channels)
    return target


def _require(label: str, covered: Set[int]) -> None:
    missing = [name for channel, name in enumerate(CHANNELS) if channel not in covered]
    if missing:
        raise RigError(f"{label} lacks {len(missing)} of the 51 ARKit shape keys: {', '.join(missing)}.")


def _channels(mesh: bpy.types.Object) -> tuple[int, ...]:
    keys = mesh.data.shape_keys
    if keys is None:
        return ()
    return tuple(channel for channel, name in enumerate(CHANNELS) if name in keys.key_blocks)


def _drivers(keys: bpy.types.Key) -> Sequence[bpy.types.FCurve]:
    return keys.animation_data.drivers if keys.animation_data else ()
