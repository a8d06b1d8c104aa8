# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The rows of the list of Action Units: the face's strips in order of time, kept in step with the NLA.

Drawing may not write, so a panel that finds the rows behind the strips asks for `refresh` by a timer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy

from . import performance, strip_editing, strips

if TYPE_CHECKING:
    from .properties import WindowSettings


@dataclass
class _State:
    """shown: what the rows were made from. writing: the chosen row is changed by us, not by the artist."""

    shown: tuple[object, ...] = ()
    writing: bool = False


_state = _State()


def keep(context: bpy.types.Context, face: bpy.types.Object) -> None:
    """See to it that the rows are those of this face; may be called while drawing."""
    if _seen(context.scene, face) != _state.shown and not bpy.app.timers.is_registered(_refresh_later):
        bpy.app.timers.register(_refresh_later)


def refresh(context: bpy.types.Context, face: bpy.types.Object) -> None:
    """Make the rows anew; the chosen strip stays chosen."""
    window, scene = context.window_manager.phiz, context.scene
    chosen = name(context)
    listed = strip_editing.listing(face, scene, *performance.heard_span(scene, face))
    window.events.clear()
    for entry in listed:
        row = window.events.add()
        row.name, row.track, row.reason = entry.strip, entry.track, entry.trouble
    names = [row.name for row in window.events]
    _state.writing = True
    window.event = names.index(chosen) if chosen in names else max(0, min(window.event, len(names) - 1))
    _state.writing = False
    _state.shown = _seen(scene, face)


def strip_of(face: bpy.types.Object, row: bpy.types.PropertyGroup) -> bpy.types.NlaStrip | None:
    """The strip that a row stands for; None where it has gone meanwhile."""
    track = face.animation_data.nla_tracks.get(row.track) if face.animation_data else None
    return track.strips.get(row.name) if track else None


def name(context: bpy.types.Context) -> str:
    """The name of the strip in the chosen row; empty where there is none."""
    window = context.window_manager.phiz
    return window.events[window.event].name if 0 <= window.event < len(window.events) else ""


def chosen(context: bpy.types.Context, face: bpy.types.Object) -> bpy.types.NlaStrip | None:
    """The strip of the chosen row."""
    window = context.window_manager.phiz
    return strip_of(face, window.events[window.event]) if name(context) else None


def choose(context: bpy.types.Context, face: bpy.types.Object, strip: bpy.types.NlaStrip) -> None:
    """Choose the row of a strip, without a jump."""
    refresh(context, face)
    rows = context.window_manager.phiz.events
    _state.writing = True
    context.window_manager.phiz.event = max(0, rows.find(strip.name))
    _state.writing = False


def show(window: WindowSettings, context: bpy.types.Context) -> None:
    """Select the strip of the row that was just chosen, and jump to it."""
    face = performance.face_of(context.scene)
    if _state.writing or face is None or not 0 <= window.event < len(window.events):
        return
    if strip_of(face, window.events[window.event]) is None:
        return
    if context.mode == "OBJECT" and face.name in context.view_layer.objects:
        context.view_layer.objects.active = face  # the NLA editor shows what is selected
        face.select_set(True)
    strip_editing.select(face, context.scene, window.events[window.event].name)


def _seen(scene: bpy.types.Scene, face: bpy.types.Object) -> tuple[object, ...]:
    return (
        face.session_uid,
        performance.heard_span(scene, face),
        *(
            (track.name, strip.name, strip.frame_start, strip.frame_end, is_on, event_text(strip))
            for track, strip, is_on in strips.on(face)
        ),
    )


def event_text(strip: bpy.types.NlaStrip) -> str:
    """What a strip's Action says, as far as it changes how the strip is read."""
    action = strip.action
    return "" if action is None else " ".join(f"{key}={action[key]}" for key in sorted(action.keys()))


def _refresh_later() -> None:
    face = performance.face_of(bpy.context.scene)
    if face is not None:
        refresh(bpy.context, face)
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "VIEW_3D":
                    area.tag_redraw()
