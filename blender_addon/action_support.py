# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What differs between Blender versions, found by testing for the feature; nothing else asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy
from bpy_extras import anim_utils


def new_action(owner: bpy.types.ID, name: str) -> bpy.types.Action:
    """A new, empty Action that `owner` could use; it is not assigned yet (see `assign`)."""
    action = bpy.data.actions.new(name)
    if hasattr(action, "slots"):  # layered Actions: 4.4 and later
        action.slots.new(id_type=owner.id_type, name=owner.name)
    return action


def copy_action(action: bpy.types.Action) -> bpy.types.Action:
    """A copy of an Action made by `new_action`, without the slots that others have taken in it."""
    copy = action.copy()
    for slot in list(getattr(copy, "slots", ()))[1:]:
        copy.slots.remove(slot)
    return copy


def curves(action: bpy.types.Action) -> Any:
    """The F-curves of an Action made by `new_action`, as Blender's collection with `new(path, index=)`."""
    if not hasattr(action, "slots"):
        return action.fcurves
    slot = action.slots[0]
    if hasattr(anim_utils, "action_ensure_channelbag_for_slot"):  # 5.0 and later
        return anim_utils.action_ensure_channelbag_for_slot(action, slot).fcurves
    layer = action.layers[0] if action.layers else action.layers.new("Layer")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def assign(owner: bpy.types.ID, action: bpy.types.Action | None, slot: int | None = None) -> None:
    """Make `action` the active Action of `owner`, with the slot of that handle or the one of `new_action`."""
    animation = owner.animation_data or owner.animation_data_create()
    animation.action = action
    if action is not None and hasattr(action, "slots"):
        # Blender does not always choose the slot by itself, and without one nothing moves.
        animation.action_slot_handle = action.slots[0].handle if slot is None else slot


def assigned_slot(owner: bpy.types.ID) -> int | None:
    """The handle of the slot that `owner` uses, 0 for none; None without an Action or before 4.4."""
    animation = owner.animation_data
    if animation is None or animation.action is None:
        return None
    return getattr(animation, "action_slot_handle", None)


def used_curves(owner: bpy.types.ID) -> Sequence[bpy.types.FCurve]:
    """The F-curves that the active Action, through its slot, holds for `owner`; makes nothing."""
    animation = owner.animation_data
    if animation is None or animation.action is None:
        return ()
    if not hasattr(animation, "action_slot"):
        return animation.action.fcurves
    bag = anim_utils.action_get_channelbag_for_slot(animation.action, animation.action_slot)
    return bag.fcurves if bag is not None else ()


def strip_curves(strip: bpy.types.NlaStrip) -> Sequence[bpy.types.FCurve]:
    """The F-curves that an NLA strip plays; none where it has no Action, or no slot of it."""
    if strip.action is None:
        return ()
    if not hasattr(strip, "action_slot"):
        return strip.action.fcurves
    bag = anim_utils.action_get_channelbag_for_slot(strip.action, strip.action_slot)
    return bag.fcurves if bag is not None else ()


def sound_available() -> bool:
    """Whether this Blender can hold and mix sound; the bpy wheel of 4.2 cannot."""
    return bool(bpy.app.build_options.audaspace)


def video_available() -> bool:
    """Whether this Blender can write H.264."""
    return bool(bpy.app.build_options.codec_ffmpeg)


def strips(editor: Any) -> Any:
    """The strips of a sequence editor: `strips` since 4.4, `sequences` before."""
    return editor.strips if hasattr(editor, "strips") else editor.sequences


def strip_start(strip: Any) -> float:
    """The scene frame at which a strip's own first frame stands; named `content_start` since 5.2."""
    return strip.content_start if hasattr(strip, "content_start") else strip.frame_start


def strip_span(strip: Any) -> tuple[float, float]:
    """The scene frames between which a strip is seen or heard; named for its handles since 5.2."""
    if hasattr(strip, "left_handle"):
        return float(strip.left_handle), float(strip.right_handle)
    return float(strip.frame_final_start), float(strip.frame_final_end)


def sound_skipped(strip: Any, rate: float) -> float:
    """Seconds of its file that a sound strip leaves out before `strip_span`; rate: the scene's."""
    trim = strip.content_trim_start if hasattr(strip, "content_trim_start") else strip.animation_offset_start
    offset = getattr(strip, "sound_offset", 0.0)  # seconds, since 5.0
    return (strip_span(strip)[0] - strip_start(strip) + trim) / rate + offset


def set_media(image_settings: Any, *, video: bool) -> None:
    """Choose H.264's container or PNG; since 5.0 the kind of medium comes first."""
    if hasattr(image_settings, "media_type"):
        image_settings.media_type = "VIDEO" if video else "IMAGE"
    image_settings.file_format = "FFMPEG" if video else "PNG"


def relative_path() -> set[str]:
    """Options of a file property that may hold a path relative to the .blend; said so since 4.5."""
    known = "is_path_supports_blend_relative" in bpy.types.Property.bl_rna.properties
    return {"PATH_SUPPORTS_BLEND_RELATIVE"} if known else set()


def is_module() -> bool:
    """True under the `bpy` module of a plain Python, False inside the Blender program."""
    return bool(getattr(bpy.app, "module", False))
