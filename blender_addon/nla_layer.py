# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""An Action of Phiz under the artist's: as an NLA strip it plays along with the Action in use.

For objects and armatures, whose Action moves much that Phiz does not. The shape keys of a mesh are another
matter: there the NLA plays differently from version to version, and the Action in use is all there is.
"""

from __future__ import annotations

import math

import bpy

_NAME = "Phiz"


def strip(owner: bpy.types.ID) -> bpy.types.NlaStrip | None:
    """The strip that `lay` made on `owner`; None where there is none."""
    track = _track(owner)
    return track.strips[0] if track is not None else None


def lay(owner: bpy.types.ID, action: bpy.types.Action) -> None:
    """Play `action`, made by `action_support.new_action`, on `owner`, below what it has in use."""
    track = owner.animation_data.nla_tracks.new()
    track.name = _NAME
    first, last = action.frame_range
    begin = math.floor(first)
    made = track.strips.new(_NAME, begin, action)
    if hasattr(made, "action_slot"):
        made.action_slot = action.slots[0]
    # Frame for frame, where keys stand between frames as well
    made.action_frame_start, made.action_frame_end = begin, max(math.ceil(last), begin + 1)
    made.extrapolation = "HOLD"


def lift(owner: bpy.types.ID) -> None:
    """Take away what `lay` made; the Action stays."""
    track = _track(owner)
    if track is not None:
        owner.animation_data.nla_tracks.remove(track)


def _track(owner: bpy.types.ID) -> bpy.types.NlaTrack | None:
    tracks = owner.animation_data.nla_tracks if owner.animation_data else ()
    for track in tracks:
        if track.name.split(".")[0] == _NAME and len(track.strips) == 1 and track.strips[0].action:
            return track
    return None
