# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Why isn't it moving? What keeps a mesh from showing the performance that is on it, and what mends it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import bpy
import numpy as np

from phiz.face.channels import CHANNELS

from . import action_support, ownership
from .action_diagnosis import Cause, listed, of_performance, of_turning, set_all
from .keyframes import Target
from .rotation import STILL, Turning

_BARE = 1e-6


def diagnose(targets: Sequence[Target], scene: bpy.types.Scene, turning: Turning = STILL) -> list[Cause]:
    """All that keeps these meshes, and what turns with them, from moving; the likeliest first.

    Empty where nothing was found. A fix changes nothing but what its text names, and is to be followed by
    another look: behind one cause there may be the next.
    """
    causes = [cause for target in targets for cause in of_performance(target)]
    for target in targets:
        causes += _of_keys(target)
        causes += _of_mesh(target.mesh, scene)
    for owner in dict.fromkeys(joint.owner for joint in turning.joints):
        causes += of_turning(owner)
    causes += _of_time(targets, scene)
    missing = _missing(targets)
    if missing:
        causes.append(Cause(f"No shape key shows {listed(missing)}. Choose one under Face, in the mapping."))
    return causes


# ---- shape keys ----------------------------------------------------------------------------------------


def _of_keys(target: Target) -> Iterator[Cause]:
    keys, name = target.keys, target.mesh.name
    gone = [key for key in target.shows if key not in keys.key_blocks]
    if gone:
        yield Cause(f"{name} has no shape keys {listed(gone)} any more. Look at the mapping under Face.")
    if not keys.use_relative:
        yield Cause(
            f"The shape keys of {name} are absolute: they follow their order, not their values.",
            lambda: set_all([keys], "use_relative", True),
            "Make Them Relative",
        )
    blocks = [keys.key_blocks[key] for key in target.shows if key in keys.key_blocks]
    muted = [block for block in blocks if block.mute]
    if muted:
        yield Cause(
            f"Shape keys of {name} are muted: {listed(block.name for block in muted)}.",
            lambda: set_all(muted, "mute", False),
            "Unmute Them",
        )
    animation = keys.animation_data
    paths = {block.path_from_id("value"): block for block in blocks}
    driven = [
        curve
        for curve in (animation.drivers if animation else ())
        if curve.data_path in paths and not curve.mute
    ]
    if driven:
        names = listed(paths[curve.data_path].name for curve in driven)
        yield Cause(
            f"Drivers move shape keys of {name} and win over the keys: {names}.",
            lambda: set_all(driven, "mute", True),
            "Mute the Drivers",
        )
    low, high = _clamped(keys, paths)
    if low or high:

        def widen() -> None:
            for block, value in high.items():
                block.slider_max = value
            for block, value in low.items():
                block.slider_min = value

        clamped = listed(block.name for block in {**high, **low})
        yield Cause(f"Slider ranges of {name} cut the motion off: {clamped}.", widen, "Widen the Ranges")


def _clamped(
    keys: bpy.types.Key, paths: dict[str, bpy.types.ShapeKey]
) -> tuple[dict[bpy.types.ShapeKey, float], dict[bpy.types.ShapeKey, float]]:
    """Keys whose slider begins too high, and ends too low, for the Action in use; with what it needs.

    Below 0 a key is not missed: there it only says that another one does the work.
    """
    low, high = {}, {}
    for curve in action_support.used_curves(keys):
        block = paths.get(curve.data_path)
        if block is None or not len(curve.keyframe_points):
            continue
        co = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", co)
        most, least = float(co[1::2].max()), max(0.0, float(co[1::2].min()))
        if most > block.slider_max + _BARE:
            high[block] = most
        if least < block.slider_min - _BARE:
            low[block] = least
    return low, high


# ---- the mesh, the scene -------------------------------------------------------------------------------


def _of_mesh(mesh: bpy.types.Object, scene: bpy.types.Scene) -> Iterator[Cause]:
    if mesh.show_only_shape_key:
        pinned = mesh.active_shape_key.name if mesh.active_shape_key else "one"
        yield Cause(
            f"{mesh.name} shows only its shape key {pinned!r}: it is pinned in the Shape Keys panel.",
            lambda: set_all([mesh], "show_only_shape_key", False),
            "Unpin It",
        )
    if mesh.mode == "EDIT" and not mesh.use_shape_key_edit_mode:
        yield Cause(
            f"{mesh.name} is in Edit Mode, which does not show shape keys. Leave it, or have them shown.",
            lambda: set_all([mesh], "use_shape_key_edit_mode", True),
            "Show Them in Edit Mode",
        )
    layer = _view_layer(scene)
    if mesh.name not in scene.objects:
        yield Cause(f"{mesh.name} is not in the scene {scene.name}.")
    elif not mesh.visible_get(view_layer=layer):
        yield Cause(f"{mesh.name} is hidden, or its collection is.", lambda: _show(mesh, layer), "Show It")


def _show(mesh: bpy.types.Object, layer: bpy.types.ViewLayer) -> None:
    """Show the mesh, and the collections that it is shown through."""
    for collection in _way(layer.layer_collection, mesh) or ():
        collection.exclude = collection.hide_viewport = collection.collection.hide_viewport = False
    mesh.hide_viewport = False
    layer.update()
    if mesh.name in layer.objects:
        mesh.hide_set(False, view_layer=layer)


def _way(top: bpy.types.LayerCollection, mesh: bpy.types.Object) -> list[bpy.types.LayerCollection] | None:
    """The collections from the first below `top` to one that holds the mesh; None where none does."""
    if mesh.name in top.collection.objects:
        return []
    for child in top.children:
        way = _way(child, mesh)
        if way is not None:
            return [child, *way]
    return None


def _of_time(targets: Sequence[Target], scene: bpy.types.Scene) -> Iterator[Cause]:
    spans = [
        _span(action_support.used_curves(target.keys))
        for target in targets
        if ownership.owned(target.keys) is not None
    ]
    spans = [span for span in spans if span is not None]
    if not spans:
        return
    first, last = min(span[0] for span in spans), max(span[1] for span in spans)
    if first == last:
        return
    frames = f"frames {first:.0f} to {last:.0f}"
    if scene.frame_end <= first or scene.frame_start >= last:
        yield Cause(
            f"The performance is at {frames}; the scene plays {scene.frame_start} to {scene.frame_end}.",
            lambda: _play(scene, first, last),
            "Play All of It",
        )
    if not first <= scene.frame_current <= last:
        yield Cause(
            f"The performance is at {frames}; the playhead is at {scene.frame_current}.",
            lambda: scene.frame_set(round(first)),
            "Go to Its Beginning",
        )


def _play(scene: bpy.types.Scene, first: float, last: float) -> None:
    scene.frame_start = min(scene.frame_start, round(first))
    scene.frame_end = max(scene.frame_end, round(last))


def _span(curves: Sequence[bpy.types.FCurve]) -> tuple[float, float] | None:
    ends = [curve.range() for curve in curves if len(curve.keyframe_points)]
    return (min(first for first, _ in ends), max(last for _, last in ends)) if ends else None


def _missing(targets: Sequence[Target]) -> list[str]:
    shown = {channel for target in targets for channel in target.channels}
    return [name for channel, name in enumerate(CHANNELS) if channel not in shown]


def _view_layer(scene: bpy.types.Scene) -> bpy.types.ViewLayer:
    return bpy.context.view_layer if bpy.context.scene == scene else scene.view_layers[0]
