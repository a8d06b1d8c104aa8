# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panels Acting and Action Units: what is felt, and what single muscles do."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.types import Context, Object, UILayout

from phiz.face.action_units import ACTION_UNITS

from . import event_actions, event_list, performance
from .event_operators import SIDES
from .panel_base import FacePanel, lines
from .strip_names import StripNameError


class ActingPanel(FacePanel):
    """What is felt, how strongly, and in which manner it is spoken."""

    bl_idname = "PHIZ_PT_acting"
    bl_label = "Acting"

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        settings = face.phiz
        layout.column(heading="Emotion").prop(settings, "emotion_heard")
        if not settings.emotion_heard:
            _draw_mix(layout, settings, moment=-1)
        column = layout.column()
        named = column.row()
        named.active = not settings.reference_file
        named.prop(settings, "style", placeholder="Model's Own")
        column.prop(settings, "reference_file")


class ChangesPanel(FacePanel):
    """How the emotion changes later on."""

    bl_idname = "PHIZ_PT_moments"
    bl_parent_id = "PHIZ_PT_acting"
    bl_label = "Changes"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        face = performance.face_of(context.scene)
        return face is not None and not face.phiz.emotion_heard

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        for index, moment in enumerate(face.phiz.moments):
            box = layout.box()
            row = box.row(align=True)
            row.prop(moment, "frame")
            row.operator("phiz.remove_moment", text="", icon="X").index = index
            _draw_mix(box, moment, moment=index)
        layout.operator("phiz.add_moment", icon="ADD")


class StrengthPanel(FacePanel):
    """How far each part of the face moves."""

    bl_idname = "PHIZ_PT_strength"
    bl_parent_id = "PHIZ_PT_acting"
    bl_label = "Strength"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        column = layout.column(align=True)
        for region in ("brows", "eyes", "mouth", "head"):
            column.prop(face.phiz, f"strength_{region}")


class EventList(bpy.types.UIList):
    """The strips of the face: unit, side, intensity, mute; those that cannot be read carry a warning."""

    bl_idname = "PHIZ_UL_events"

    def draw_item(
        self,
        context: Context,
        layout: UILayout,
        _data: Any,
        item: Any,
        _icon: int,
        _active: Any,
        _property: str,
    ) -> None:
        face = performance.face_of(context.scene)
        strip = event_list.strip_of(face, item) if face else None
        if strip is None:
            layout.label(text=item.name)
            return
        row = layout.split(factor=0.7)  # names are longer than numbers
        row.active = not strip.mute
        row.label(text=_title(strip), icon="ERROR" if item.reason else "NONE", translate=False)
        if event_actions.adjustable(strip):
            row.prop(strip.action, f'["{event_actions.INTENSITY}"]', text="", emboss=False)
        layout.prop(strip, "mute", text="", icon="HIDE_ON" if strip.mute else "HIDE_OFF", emboss=False)


class EventsPanel(FacePanel):
    """Single Action Units over time, which are strips in the NLA editor."""

    bl_idname = "PHIZ_PT_events"
    bl_label = "Action Units"

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        event_list.keep(context, face)
        window = context.window_manager.phiz
        row = layout.row()
        row.template_list(EventList.bl_idname, "", window, "events", window, "event", rows=3)
        column = row.column(align=True)
        column.menu("PHIZ_MT_units", icon="ADD", text="")
        column.operator("phiz.remove_event", icon="REMOVE", text="")
        column.operator("phiz.duplicate_event", icon="DUPLICATE", text="")
        column.separator()
        column.menu("PHIZ_MT_presets", icon="PRESET", text="")
        if not window.events:
            lines(layout, context, "Add one at the playhead; it becomes a strip in the NLA editor.", "INFO")
        strip = event_list.chosen(context, face)
        if strip is not None:
            _draw_event(layout, strip)
        for entry in window.events:
            if entry.reason:
                lines(layout, context, f"{entry.name}: {entry.reason}", "ERROR")


def _draw_mix(layout: UILayout, holder: Any, *, moment: int) -> None:
    """The emotions and the intensity of the settings, or of one of their moments."""
    column = layout.column(align=True)
    for index, entry in enumerate(holder.emotions):
        row = column.row(align=True)
        row.prop(entry, "emotion", text="")
        row.prop(entry, "share", text="", slider=True)
        remove = row.operator("phiz.remove_emotion", text="", icon="X")
        remove.moment, remove.index = moment, index
    column.operator("phiz.add_emotion", icon="ADD").moment = moment
    layout.prop(holder, "intensity", slider=True)


def _title(strip: bpy.types.NlaStrip) -> str:
    """Numbers, names and sides of what a strip says; its own name where that cannot be read."""
    try:
        units = event_actions.spoken(strip).units
    except StripNameError:
        return strip.name
    return " + ".join(
        f"{number} {ACTION_UNITS[number].name if number in ACTION_UNITS else '?'}"
        f"{'' if side == 'B' else ' ' + SIDES[side]}"
        for number, side in units
    )


def _draw_event(layout: UILayout, strip: bpy.types.NlaStrip) -> None:
    """Side, intensity, span and blends of a strip."""
    column = layout.column()
    units = _units(strip)
    if event_actions.owned(strip.action) and len(units) == 1:
        sides = ACTION_UNITS[units[0][0]].sides if units[0][0] in ACTION_UNITS else ()
        if len(sides) > 1:
            row = column.row(align=True)
            for side in sides:
                chosen = side == units[0][1]
                row.operator("phiz.set_side", text=SIDES[side], depress=chosen).side = side
        if event_actions.adjustable(strip):
            column.prop(strip.action, f'["{event_actions.INTENSITY}"]', text="Intensity", slider=True)
    span = column.column(align=True)
    span.prop(strip, "frame_start_ui", text="Start")
    span.prop(strip, "frame_end_ui", text="End")
    blends = column.column(align=True)
    blends.active = not strip.use_animated_influence
    blends.prop(strip, "blend_in", text="Blend In")
    blends.prop(strip, "blend_out", text="Out")


def _units(strip: bpy.types.NlaStrip) -> tuple[tuple[int, str], ...]:
    try:
        return event_actions.spoken(strip).units
    except StripNameError:
        return ()


CLASSES = (ActingPanel, ChangesPanel, StrengthPanel, EventList, EventsPanel)
