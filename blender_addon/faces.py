# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The faces of a scene: which meshes belong to one, and which shape key of which mesh shows what.

`find`, `companions` and `coverage` only read names and are quick enough to draw with; `closing` and
`targets` read vertices as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import bpy
import numpy as np
from mathutils import Vector

from phiz.face import missing, names
from phiz.face.channels import CHANNELS, INDEX, REGIONS

from . import mouth_closing
from .keyframes import MouthClose, RigError, Target
from .mouth_closing import Closing

_ALIKE = 0.9
"""A mesh with so large a share of a face's channels is a face of its own, unless one rig moves both."""


@dataclass(frozen=True)
class Coverage:
    """What the meshes of a face show together.

    convention: how most of the keys of the first mesh are named, "" if none is known. missing, rough:
    channels that nothing shows, or only a key for both sides, visemes or a coarse key. losses: what is
    not seen for want of them.
    """

    convention: str
    missing: tuple[str, ...]
    rough: tuple[str, ...]
    losses: tuple[missing.Loss, ...]

    @property
    def speaks(self) -> bool:
        """Whether anything of the mouth is there."""
        return not set(self.missing).issuperset(CHANNELS[i] for i in REGIONS["mouth"])


def find(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The meshes of the scene that are faces, those with the most channels first; lashes, teeth and the
    like are not."""
    meshes = [mesh for mesh in scene.objects if _shows(mesh)]
    faces: list[bpy.types.Object] = []
    for mesh in sorted(meshes, key=lambda mesh: (-_count(mesh), -len(mesh.data.vertices))):
        if coverage([mesh]).speaks and not any(_belongs(mesh, face) for face in faces):
            faces.append(mesh)
    return faces


def companions(scene: bpy.types.Scene, face: bpy.types.Object) -> list[bpy.types.Object]:
    """Further meshes that move with a face: moved by the same rig, or in one collection with it and in
    the same place, and with keys that Phiz knows, not all of them driven."""
    return [
        mesh
        for mesh in scene.objects
        if mesh != face
        and _shows(mesh)
        and _trouble(mesh) is None
        and mesh.data.shape_keys != face.data.shape_keys
        and not _all_driven(mesh)
        and _belongs(mesh, face)
    ]


def coverage(meshes: Sequence[bpy.types.Object], edited: Mapping[str, str] | None = None) -> Coverage:
    """What meshes show together; edited: channel -> shape key chosen by hand, "" for none."""
    matches = _matches(meshes, edited or {})
    gone = set(CHANNELS).intersection(*(match.missing for match in matches))
    plain = {c for match in matches for c in CHANNELS if c not in match.missing and c not in match.rough}
    lacking = tuple(channel for channel in CHANNELS if channel in gone)
    return Coverage(
        next((match.convention for match in matches if match.convention), ""),
        lacking,
        tuple(channel for channel in CHANNELS if channel not in gone and channel not in plain),
        missing.losses(lacking),
    )


def keys_of(mesh: bpy.types.Object) -> dict[str, tuple[str, ...]]:
    """Channel -> the shape keys of a mesh that Phiz finds to show it."""
    found: dict[str, tuple[str, ...]] = {}
    for key, shares in _match(_key_names(mesh), (), ()).shows.items():
        for channel, share in shares:
            if share > 0:
                found[channel] = (*found.get(channel, ()), key)
    return found


def closing(meshes: Sequence[bpy.types.Object], edited: Mapping[str, str] | None = None) -> Closing:
    """What mouthClose does on these meshes: read from a driver, measured on their vertices, or guessed."""
    return mouth_closing.measure(meshes, _matches(meshes, edited or {}))


def targets(
    face: bpy.types.Object,
    meshes: Iterable[bpy.types.Object] = (),
    edited: Mapping[str, str] | None = None,
    mouth_close: Literal["measured"] | MouthClose = "measured",
) -> list[Target]:
    """What to animate on a face and its further meshes.

    edited as in `coverage`. mouth_close "measured" follows `closing`: where mouthClose takes back only
    a part of the jaw's opening, the jaw shuts for the rest of it, so that the lips meet. Meshes that
    share their keys count once. Raises RigError for a mesh that cannot be animated, for a named key that
    no mesh has, and where nothing of the mouth is there.
    """
    listed: list[bpy.types.Object] = []
    for mesh in (face, *meshes):
        if not any(mesh.data.shape_keys == other.data.shape_keys for other in listed):
            listed.append(mesh)
    for mesh in listed:
        if trouble := _trouble(mesh):
            raise RigError(trouble)
    _check_edits(listed, edited or {})
    if not coverage(listed, edited).speaks:
        raise RigError(
            f"{', '.join(mesh.name for mesh in listed)}: no shape key shows anything of the mouth. "
            "Choose another mesh, or map its keys by hand."
        )
    if _all_driven(face):
        raise RigError(
            f"All face keys of {face.name!r} have drivers, which win over animation. Remove the drivers, "
            "or animate the controls they follow."
        )
    sense: MouthClose = "cancelling"
    share: float | None = None
    if mouth_close == "measured":
        found = closing(listed, edited)
        sense, share = found.mouth_close, found.share
    elif "mouthClose" not in coverage(listed, edited).missing:
        sense = mouth_close
    return [
        Target(mesh, {key: _indexed(shares, share) for key, shares in match.shows.items()}, sense)
        for mesh, match in zip(listed, _matches(listed, edited or {}), strict=True)
        if match.shows and not _all_driven(mesh)
    ]


def plan(scene: bpy.types.Scene, names: Sequence[str] = ()) -> list[Target]:
    """The meshes to animate: the one face of the scene, or the one named, each with its companions; or
    exactly those named, the face first.

    Raises RigError, naming what lacks, before anything is changed.
    """
    if len(names) > 1:
        face, *others = [_mesh(scene, name) for name in names]
        for mesh in others:
            if _trouble(mesh) is None and not _shows(mesh):
                raise RigError(f"{mesh.name!r} has no shape key that Phiz knows. Leave it out.")
        return targets(face, others)
    face = _mesh(scene, names[0]) if names else _only_face(scene)
    return targets(face, companions(scene, face))


def notes(planned: Sequence[Target]) -> list[str]:
    """One line for each thing that these targets do not show, the gravest first."""
    shown = {c for t in planned for shares in t.shows.values() for c, share in shares if share > 0}
    lacking = [name for name in CHANNELS if INDEX[name] not in shown]
    return [f"without {missing.short(loss.channels)}: {loss.said}" for loss in missing.losses(lacking)]


def _only_face(scene: bpy.types.Scene) -> bpy.types.Object:
    faces = find(scene)
    if not faces:
        raise RigError(
            "The scene holds no mesh with the shape keys of a mouth (jawOpen, mouthFunnel, ... or the names "
            "of another rig). Name the mesh, or map its keys by hand."
        )
    alike = [face for face in faces if _count(face) >= _ALIKE * _count(faces[0])]
    if len(alike) > 1:
        raise RigError(f"Several faces are in the scene: {', '.join(face.name for face in alike)}. Name one.")
    return faces[0]


def _mesh(scene: bpy.types.Scene, name: str) -> bpy.types.Object:
    mesh = scene.objects.get(name)
    if mesh is None or mesh.type != "MESH":
        meshes = ", ".join(o.name for o in scene.objects if o.type == "MESH") or "none"
        raise RigError(f"There is no mesh named {name!r}. The scene has: {meshes}.")
    return mesh


def _trouble(mesh: bpy.types.Object) -> str | None:
    """Why the keys of a mesh cannot be animated; None if they can."""
    keys = _keys(mesh)
    if keys is None:
        return f"{mesh.name!r} has no shape keys. Choose another mesh."
    if not keys.use_relative:
        return f"{mesh.name!r} has absolute shape keys. Tick Relative in its Shape Keys panel."
    if keys.library is not None and mesh.override_library is not None:
        return (
            f"{mesh.name!r} is overridden, but its mesh is still linked from {keys.library.filepath}. In the "
            "Outliner, make a library override of the mesh data too."
        )
    if keys.library is not None:
        return (
            f"{mesh.name!r} is linked from {keys.library.filepath}. Make a library override of it and of its "
            "mesh data, or append it."
        )
    return None


def _check_edits(meshes: Sequence[bpy.types.Object], edited: Mapping[str, str]) -> None:
    known = {block.name for mesh in meshes for block in mesh.data.shape_keys.key_blocks}
    for channel, key in edited.items():
        if key and key not in known:
            raise RigError(f"{channel} is mapped to {key!r}, a shape key that no mesh has. Map it anew.")


def _indexed(shares: names.Shares, closed: float | None) -> tuple[tuple[int, float], ...]:
    return tuple((INDEX[channel], share) for channel, share in mouth_closing.completed(shares, closed))


def _keys(mesh: bpy.types.Object) -> bpy.types.Key | None:
    return mesh.data.shape_keys if mesh.type == "MESH" else None


def _key_names(mesh: bpy.types.Object) -> tuple[str, ...]:
    """The names of a mesh's keys but for the basis, which shows nothing."""
    keys = _keys(mesh)
    return () if keys is None else tuple(block.name for block in keys.key_blocks[1:])


@lru_cache(maxsize=1024)
def _match(
    keys: tuple[str, ...], edited: tuple[tuple[str, str], ...], beside: tuple[str, ...]
) -> names.Match:
    return names.match(keys, dict(edited), beside)


def _matches(meshes: Sequence[bpy.types.Object], edited: Mapping[str, str]) -> list[names.Match]:
    keys = [_key_names(mesh) for mesh in meshes]
    chosen = tuple(edited.items())
    return [
        _match(own, chosen, tuple(name for other in (*keys[:i], *keys[i + 1 :]) for name in other))
        for i, own in enumerate(keys)
    ]


def _shows(mesh: bpy.types.Object) -> bool:
    return bool(_match(_key_names(mesh), (), ()).shows)


def _count(mesh: bpy.types.Object) -> float:
    """How many channels a mesh shows, roughly shown ones by half."""
    match = _match(_key_names(mesh), (), ())
    return len(CHANNELS) - len(match.missing) - len(match.rough) / 2


def _belongs(mesh: bpy.types.Object, face: bpy.types.Object) -> bool:
    rigs = _armature(mesh), _armature(face)
    if any(rigs):
        return rigs[0] == rigs[1]
    if mesh.parent == face:
        return True
    near = _top(mesh) == _top(face) or set(mesh.users_collection).intersection(face.users_collection)
    return bool(near) and _count(mesh) < _ALIKE * _count(face) and _overlap(mesh, face)


def _armature(mesh: bpy.types.Object) -> bpy.types.Object | None:
    for modifier in mesh.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None:
            return modifier.object
    above = mesh.parent
    while above is not None and above.type != "ARMATURE":
        above = above.parent
    return above


def _top(mesh: bpy.types.Object) -> bpy.types.Object:
    while mesh.parent is not None:
        mesh = mesh.parent
    return mesh


def _overlap(mesh: bpy.types.Object, face: bpy.types.Object) -> bool:
    """Whether their boxes in the scene touch, with a tenth of the face to spare."""
    one, other = (np.array([o.matrix_world @ Vector(c) for c in o.bound_box]) for o in (mesh, face))
    slack = 0.1 * np.ptp(other, axis=0).max()
    return bool(((one.min(0) <= other.max(0) + slack) & (one.max(0) >= other.min(0) - slack)).all())


def _all_driven(mesh: bpy.types.Object) -> bool:
    """Whether drivers hold every key that Phiz would animate."""
    driven = {curve.data_path for curve in mouth_closing.drivers(mesh)}
    blocks = mesh.data.shape_keys.key_blocks
    known = _match(_key_names(mesh), (), ()).shows
    return bool(known) and all(blocks[key].path_from_id("value") in driven for key in known)
