# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""A Take becomes keys on shape keys, in an Action that Phiz owns.

Build, then commit: `build` makes the whole Action and `ownership.commit` assigns it last, so that a
failure leaves the file as it was. Re-running replaces the Action of the run before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import bpy
import numpy as np

from phiz.errors import PhizError
from phiz.face import mouth_close
from phiz.motion.thinning import thin

from . import action_support, ownership
from .pieces import Pieces, at_once

if TYPE_CHECKING:
    from phiz.motion.take import Take

MouthClose = Literal["cancelling", "relative"]

OWNED = ownership.OWNED

_LINEAR = 1  # Keyframe.interpolation as an integer, as foreach_set wants it
_SAME = 1e-3  # of a frame: keys nearer than this are one
_EVERYWHERE = (-np.inf, np.inf)

# All that a key holds, with its numbers per key, so that keys can be kept bit for bit
_FIELDS: dict[str, tuple[int, type]] = {
    "co": (2, np.float32), "handle_left": (2, np.float32), "handle_right": (2, np.float32),
    "handle_left_type": (1, np.int32), "handle_right_type": (1, np.int32),
    "interpolation": (1, np.int32), "easing": (1, np.int32), "type": (1, np.int32),
    "amplitude": (1, np.float32), "back": (1, np.float32), "period": (1, np.float32),
}  # fmt: skip


class RigError(PhizError):
    """The mesh, object or bone cannot take the animation; the message names what is missing."""


@dataclass(frozen=True)
class Target:
    """One mesh and what each of its shape keys shows.

    shows: shape-key name -> ((channel, share), ...), channels as indices into CHANNELS; the key's value
    is the sum of share x weight, within 0 to 1. mouth_close: "cancelling" (Apple's) or "relative", which of
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
            name: np.clip(sum(share * weights[:, channel] for channel, share in shares), 0.0, 1.0).astype(
                np.float32
            )
            for name, shares in self.shows.items()
        }


class Curve(NamedTuple):
    """What one F-curve is to hold: its place in the data block, and (frames,) float32 values."""

    path: str
    axis: int
    values: np.ndarray


def scene_rate(scene: bpy.types.Scene) -> float:
    """Frames per second of the scene, `fps_base` honoured (29.97 is 30 / 1.001)."""
    return scene.render.fps / scene.render.fps_base


def clipped(targets: Sequence[Target], take: Take) -> list[str]:
    """One line for each shape key whose slider range, mute or driver keeps it from following the Take."""
    notes = []
    for target in targets:
        driven = {curve.data_path for curve in _drivers(target.keys)}
        for name, values in target.values(take.weights).items():
            block = target.keys.key_blocks[name]
            label = f"{target.mesh.name}: {name}"
            # Below 0 a key is not missed: there it only says that another one does the work
            if values.max() > block.slider_max + 1e-6 or max(0.0, values.min()) < block.slider_min - 1e-6:
                notes.append(
                    f"{label} has the slider range {block.slider_min:g} to {block.slider_max:g}: clips"
                )
            if block.mute:
                notes.append(f"{label} is muted: it will not move")
            if block.path_from_id("value") in driven:
                notes.append(f"{label} has a driver, which wins over the keys")
    return notes


def write(
    target: Target,
    take: Take,
    *,
    start: float,
    rate: float,
    thinning: float = 0.0,
    span: tuple[float, float] | None = None,
) -> bpy.types.Action:
    """Give the mesh the Action of `build`, in the place of the one before. Returns it, with its slot."""
    at = frames(take, start=start, rate=rate)
    name = f"Phiz {target.mesh.name}"
    action = at_once(build(target.keys, name, curves(target, take), at, thinning=thinning, span=span))
    ownership.commit([(target.keys, action)], take.origin)
    return action


def curves(target: Target, take: Take) -> list[Curve]:
    """The values of every shape key that the mesh shows."""
    blocks = target.keys.key_blocks
    values = target.values(take.weights)
    return [Curve(blocks[name].path_from_id("value"), 0, values[name]) for name in values]


def frames(take: Take, *, start: float, rate: float) -> np.ndarray:
    """(frames,) scene frames: frame i of the Take, i / take.fps seconds, at start + i * rate / take.fps."""
    return start + np.arange(take.frames) * (rate / take.fps)


def build(
    owner: bpy.types.ID,
    name: str,
    curves: Sequence[Curve],
    frames: np.ndarray,
    *,
    thinning: float = 0.0,
    span: tuple[float, float] | None = None,
) -> Pieces[bpy.types.Action]:
    """A new Action for `owner`, not assigned yet, with linear keys for every curve; one curve a piece.

    frames: (frames,) the scene frames of the values. thinning: 0 puts a key on every frame; above, keys
    are left out as long as no frame is off by more, in units of the values. span: first and last scene
    frame; only the frames in it are written, into a copy of the Action that Phiz made before, of which
    every key outside the span stays as it is. Leaves nothing behind when it fails or is closed.
    """
    before = ownership.owned(owner) if span else None
    action = action_support.copy_action(before) if before else action_support.new_action(owner, name)
    try:
        held = action_support.curves(action)
        for path, axis, values in curves:
            curve = held.find(path, index=axis) or held.new(path, index=axis)
            _splice(curve, frames, values, thinning, span or _EVERYWHERE)
            yield
    except BaseException:
        bpy.data.actions.remove(action)
        raise
    return action


def _splice(
    curve: bpy.types.FCurve,
    frames: np.ndarray,
    values: np.ndarray,
    thinning: float,
    span: tuple[float, float],
) -> None:
    """Replace the keys in the span; the motion outside of it stays."""
    first = int(np.searchsorted(frames, span[0] - _SAME))
    last = int(np.searchsorted(frames, span[1] + _SAME))
    if first >= last:
        return
    inside = _keys(frames[first:last], values[first:last], thinning)
    held = {name: _read(curve.keyframe_points, name) for name in _FIELDS}
    at = held["co"][:, 0]
    edges = [frames[i] for i in (first - 1, last) if 0 <= i < len(frames)]
    new = np.concatenate([_anchors(held, edges), inside])
    stays = (at < span[0] - _SAME) | (at > span[1] + _SAME)
    _fill(curve, {name: column[stays] for name, column in held.items()}, new)


def _anchors(held: Mapping[str, np.ndarray], edges: Sequence[float]) -> np.ndarray:
    """(k, 2) keys at those edges of a span where thinning left none, on the line that stays outside it."""
    at, values = held["co"].T
    anchors = []
    for edge in edges if len(at) else ():
        before = int(np.searchsorted(at, edge + _SAME)) - 1
        straight = before in (-1, len(at) - 1) or held["interpolation"][before] == _LINEAR
        if straight and np.abs(at - edge).min() > _SAME:
            anchors.append((edge, np.interp(edge, at, values)))
    return np.array(anchors, np.float32).reshape(-1, 2)


def _keys(frames: np.ndarray, values: np.ndarray, thinning: float) -> np.ndarray:
    """(k, 2) float32 frame and value of each key."""
    if thinning > 0.0:
        at, values = thin(values[:, None], thinning)[0]
        frames = frames[at]
    return np.stack([frames, values], 1).astype(np.float32)


def _fill(curve: bpy.types.FCurve, held: Mapping[str, np.ndarray], new: np.ndarray) -> None:
    """Give the curve the held keys as they were and the new ones, (k, 2), linear; no others."""
    kept = len(held["co"])
    co = np.concatenate([held["co"], new])
    order = np.argsort(co[:, 0], kind="stable")  # Blender's own sorting takes a second for 18,000 keys
    points = curve.keyframe_points
    points.clear()
    points.add(len(order))
    points.foreach_set("co", co[order].ravel())
    points.foreach_set("interpolation", np.full(len(order), _LINEAR, np.int32))
    if kept:
        for name in _FIELDS:
            if name == "co":
                continue
            column = np.concatenate([held[name], _read(points, name)[: len(new)]])
            points.foreach_set(name, column[order].ravel())
    curve.update()


def _read(points: bpy.types.bpy_prop_collection, name: str) -> np.ndarray:
    """One field of all keys: (keys,) or (keys, 2)."""
    size, kind = _FIELDS[name]
    column = np.empty(len(points) * size, kind)
    points.foreach_get(name, column)
    return column if size == 1 else column.reshape(-1, size)


def _drivers(keys: bpy.types.Key) -> Sequence[bpy.types.FCurve]:
    return keys.animation_data.drivers if keys.animation_data else ()
