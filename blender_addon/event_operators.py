# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""Action Units from the sidebar: add at the playhead by name or by preset, change sides, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty

from phiz.acting.direction import SHOWABLE
from phiz.acting.presets import PRESETS
from phiz.face.action_units import ACTION_UNITS

from . import event_list, strip_editing, strips
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, OperatorProperties

SIDES = {"B": "Both", "L": "Left", "R": "Right"}

_UNITS = [
    (str(number), f"{number} {ACTION_UNITS[number].name}", ACTION_UNITS[number].muscles)
    for number in SHOWABLE
]

_EXPRESSIONS = [(name, name.title(), f"Action Units {preset.formula}") for name, preset in PRESETS.items()]
_SIDE_ITEMS = [(side, name, f"{name} of the character's face") for side, name in SIDES.items()]


class AddEvent(FaceOperator):
    """Add an Action Unit at the playhead, as a strip in the NLA editor"""

    bl_idname = "phiz.add_event"
    bl_label = "Add Action Unit"
    bl_options = {"REGISTER", "UNDO"}

    unit: EnumProperty(name="Action Unit", description="What moves", items=_UNITS)

    @classmethod
    def description(cls, _context: Context, properties: OperatorProperties) -> str:
        unit = ACTION_UNITS[int(properties.unit)]
        return f"{unit.muscles}{f' ({unit.note})' if unit.note else ''}"

    def act(self, context: Context, face: bpy.types.Object) -> None:
        number = int(self.unit)
        side = ACTION_UNITS[number].sides[0]
        strip = strips.add(face, context.scene, context.scene.frame_current, number, side)
        event_list.choose(context, face, strip)


class AddPreset(FaceOperator):
    """Add several Action Units that make one expression, at the playhead"""

    bl_idname = "phiz.add_preset"
    bl_label = "Add Expression"
    bl_options = {"REGISTER", "UNDO"}

    preset: EnumProperty(
        name="Expression",
        description="What is expressed",
        items=_EXPRESSIONS,
    )

    @classmethod
    def description(cls, _context: Context, properties: OperatorProperties) -> str:
        preset = PRESETS[properties.preset]
        source = f". {preset.source}" if preset.source else ""
        return f"Add Action Units {preset.formula} at the playhead{source}"

    def act(self, context: Context, face: bpy.types.Object) -> None:
        added = strip_editing.add_preset(
            face, context.scene, context.scene.frame_current, PRESETS[self.preset]
        )
        event_list.choose(context, face, added[0])


class _EventOperator(FaceOperator):
    """Acts on the strip of the chosen row."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: Context, face: bpy.types.Object) -> str:
        return "" if event_list.chosen(context, face) else "Choose an Action Unit in the list"


class SetSide(_EventOperator):
    """Show the Action Unit on this side of the character's face"""

    bl_idname = "phiz.set_side"
    bl_label = "Side"

    side: EnumProperty(
        name="Side",
        description="Where the Action Unit is shown",
        items=_SIDE_ITEMS,
    )

    def act(self, context: Context, face: bpy.types.Object) -> None:
        strip = strip_editing.set_side(face, event_list.name(context), self.side)
        event_list.choose(context, face, strip)


class DuplicateEvent(_EventOperator):
    """Make a copy of the chosen Action Unit, right behind it"""

    bl_idname = "phiz.duplicate_event"
    bl_label = "Duplicate Action Unit"

    def act(self, context: Context, face: bpy.types.Object) -> None:
        copy = strip_editing.duplicate(face, event_list.name(context))
        event_list.choose(context, face, copy)


class RemoveEvent(_EventOperator):
    """Remove the Action Unit that is chosen in the list"""

    bl_idname = "phiz.remove_event"
    bl_label = "Remove Action Unit"

    def act(self, context: Context, face: bpy.types.Object) -> None:
        strip_editing.remove(face, event_list.name(context))
        event_list.refresh(context, face)


class UnitMenu(bpy.types.Menu):
    """All Action Units that a face can show; type to search"""

    bl_idname = "PHIZ_MT_units"
    bl_label = "Add Action Unit"
    bl_options = {"SEARCH_ON_KEY_PRESS"}

    def draw(self, _context: Context) -> None:
        row = self.layout.row()
        for title, numbers in _GROUPS.items():
            column = row.column()
            column.label(text=title)
            column.separator()
            for number in numbers:
                text = f"{number} {ACTION_UNITS[number].name}"
                column.operator(AddEvent.bl_idname, text=text, translate=False).unit = str(number)


_UPPER = (1, 2, 4, 5, 6, 7, 43, 45, 46, 61, 62, 63, 64)
_GROUPS = {
    "Brows, Eyes": [number for number in SHOWABLE if number in _UPPER],
    "Nose, Mouth, Jaw": [number for number in SHOWABLE if number not in _UPPER],
}


class PresetMenu(bpy.types.Menu):
    """Expressions of several Action Units"""

    bl_idname = "PHIZ_MT_presets"
    bl_label = "Add Expression"
    bl_options = {"SEARCH_ON_KEY_PRESS"}

    def draw(self, _context: Context) -> None:
        for name in PRESETS:
            self.layout.operator(AddPreset.bl_idname, text=name.title()).preset = name


CLASSES = (AddEvent, AddPreset, SetSide, DuplicateEvent, RemoveEvent, UnitMenu, PresetMenu)
