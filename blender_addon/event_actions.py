# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The Action of an Action Unit event: what it carries, and how it and the strip's name go together.

An event's Action says which unit (`phiz_au`), on which side (`phiz_side`), how strongly (`phiz_intensity`)
and whether its blends are smooth (`phiz_smooth`), as custom properties: they travel with the strip when it is
moved, copied or linked, and stay in the file without the add-on. `phiz_name` is the name Phiz gave the strip.

A name that Phiz gave says nothing of its own: the Action counts. A name written by hand goes before: it says
the units and their sides, and the intensity where it holds one; else the Action's counts, else 1. So renaming
a strip changes the acting, and so does changing its Action. A strip that was renamed to something that is no
Action Unit at all keeps what its Action says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import bpy

from . import action_support, strip_names
from .strip_names import Spoken, StripNameError

AU, SIDE, INTENSITY, SMOOTH, NAME = "phiz_au", "phiz_side", "phiz_intensity", "phiz_smooth", "phiz_name"
INTENSITY_PATHS = (f'["{INTENSITY}"]', INTENSITY)
"""Data paths of a curve in the Action that says the intensity over the strip's own time."""
HELD = "phiz_held"
HELD_PATHS = (f'["{HELD}"]', HELD)
"""Data paths of a curve in the Action that says how far the unit is held over the strip's own time."""


def new(
    face: bpy.types.Object, au: int, side: str, intensity: float, frames: float, *, smooth: bool = False
) -> bpy.types.Action:
    """An Action for one event that lasts so many frames, named for its unit and side."""
    name = strip_names.write([(au, side)])
    action = action_support.new_action(face, name)
    action.use_frame_range = True  # an empty Action would make a strip of one frame
    action.frame_start, action.frame_end = 0.0, frames
    say(action, au, side, intensity)
    action[SMOOTH] = smooth
    action.id_properties_ui(SMOOTH).update(
        description="The strip's blends ease in and out instead of running straight"
    )
    return action


def say(action: bpy.types.Action, au: int, side: str, intensity: float) -> None:
    """Write unit, side and intensity on the Action, and the name that goes with them."""
    action[AU], action[SIDE], action[INTENSITY] = au, side, float(intensity)
    action[NAME] = strip_names.write([(au, side)])
    action.id_properties_ui(INTENSITY).update(
        min=0.0, max=1.0, soft_min=0.0, soft_max=1.0, description="How strongly the Action Unit shows"
    )
    action.id_properties_ui(SIDE).update(description="B both, L the character's left, R the right")


def owned(action: bpy.types.Action | None) -> bool:
    """Whether Phiz made this Action for an event."""
    return action is not None and AU in action


def concerns(strip: bpy.types.NlaStrip) -> bool:
    """Whether a strip is an event or was meant to be one."""
    return owned(strip.action) or strip_names.meant(strip.name)


def given(strip: bpy.types.NlaStrip) -> bool:
    """Whether a strip still bears the name that Phiz gave it."""
    return owned(strip.action) and strip_names.without_suffix(strip.name) == strip.action.get(NAME)


def spoken(strip: bpy.types.NlaStrip) -> Spoken:
    """What name and Action say together, the intensity always among it. Raises StripNameError."""
    action = strip.action
    if given(strip) or (owned(action) and not strip_names.meant(strip.name)):
        return Spoken(((int(action[AU]), str(action.get(SIDE, "B"))),), _intensity(action))
    said = strip_names.parse(strip.name)
    return said if said.intensity is not None else Spoken(said.units, _intensity(action))


def curve(strip: bpy.types.NlaStrip, paths: Sequence[str]) -> bpy.types.FCurve | None:
    """The curve of the strip's Action on one of these data paths, if it has one that is on."""
    for found in action_support.strip_curves(strip):
        if found.data_path in paths and not found.mute and not found.is_empty:
            return found
    return None


def adjustable(strip: bpy.types.NlaStrip) -> bool:
    """Whether the intensity on the strip's Action is the one that counts: neither name nor curve says it."""
    if not owned(strip.action) or curve(strip, INTENSITY_PATHS) is not None:
        return False
    try:
        return not strip_names.meant(strip.name) or strip_names.parse(strip.name).intensity is None
    except StripNameError:
        return False


def smooth(strip: bpy.types.NlaStrip) -> bool:
    """Whether the strip's blends are smoothsteps: those of an event that came with ramps."""
    return strip.action is not None and bool(strip.action.get(SMOOTH, False))


def _intensity(action: bpy.types.Action | None) -> float:
    """The Action's own intensity; 1 where it has none. Raises StripNameError where it is no share."""
    value: Any = 1.0 if action is None else action.get(INTENSITY, 1.0)
    if not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
        raise StripNameError(f"the intensity is 0 to 1; the property {INTENSITY} of the Action says {value}")
    return float(value)
