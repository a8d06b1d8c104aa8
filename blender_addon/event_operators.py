# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""Action Units from the sidebar: add at the playhead by name or by preset, change sides, remove."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import EnumProperty

from phiz.acting.direction import SHOWABLE
from phiz.face import emotions
from phiz.face.action_units import ACTION_UNITS

from . import event_actions, event_list, strips
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, OperatorProperties

SIDES = {"B": "Both", "L": "Left", "R": "Right"}

_UNITS = [
    (str(number), f"{number} {ACTION_UNITS[number].name}", ACTION_UNITS[number].muscles)
    for number in SHOWABLE
]

Preset = dict[tuple[int, str], float]
"""(Action Unit, side) -> intensity."""

_SMALL: dict[str, Preset] = {
    "Felt Smile": {(6, "B"): 0.6, (12, "B"): 0.7},
    "Polite Smile": {(12, "B"): 0.5},
    "Smirk": {(12, "L"): 0.6, (14, "L"): 0.3},
    "Frown": {(4, "B"): 0.8},
    "Raised Brows": {(1, "B"): 0.7, (2, "B"): 0.7},
    "Doubt": {(2, "L"): 0.8, (4, "R"): 0.5},
    "Wink": {(46, "L"): 1.0},
    "Pressed Lips": {(24, "B"): 0.7},
    "Pout": {(17, "B"): 0.6, (18, "B"): 0.5},
    "Wrinkled Nose": {(9, "B"): 0.7},
}
PRESETS: dict[str, Preset] = _SMALL | {
    name.title(): emotions.prototype(name) for name in emotions.EMOTIONS if name != "neutral"
}


def _formula(preset: Preset) -> str:
    return " + ".join(f"{number}{'' if side == 'B' else side}" for number, side in preset)


_EXPRESSIONS = [(name, name, f"Action Units {_formula(units)}") for name, units in PRESETS.items()]
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
        return f"Add Action Units {_formula(PRESETS[properties.preset])} at the playhead"

    def act(self, context: Context, face: bpy.types.Object) -> None:
        scene = context.scene
        added = [
            strips.add(face, scene, scene.frame_current, number, side, intensity)
            for (number, side), intensity in PRESETS[self.preset].items()
        ]
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
        strip = event_list.chosen(context, face)
        assert strip is not None, "poll saw it"
        said = event_actions.spoken(strip)
        number = said.units[0][0]
        if reason := strips.trouble(number, self.side):
            raise strips.StripError(f"{reason}.")
        event_actions.say(strip.action, number, self.side, said.intensity or 0.0)
        strip.name = strip.action[event_actions.NAME]
        event_list.choose(context, face, strip)


class RemoveEvent(_EventOperator):
    """Remove the Action Unit that is chosen in the list"""

    bl_idname = "phiz.remove_event"
    bl_label = "Remove Action Unit"

    def act(self, context: Context, face: bpy.types.Object) -> None:
        row = context.window_manager.phiz.events[context.window_manager.phiz.event]
        track = face.animation_data.nla_tracks[row.track]
        action = track.strips[row.name].action
        track.strips.remove(track.strips[row.name])
        if not track.strips:
            face.animation_data.nla_tracks.remove(track)
        if event_actions.owned(action) and action.users == 0:
            bpy.data.actions.remove(action)
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
            if name == "Angry":
                self.layout.separator()
            self.layout.operator(AddPreset.bl_idname, text=name).preset = name


CLASSES = (AddEvent, AddPreset, SetSide, RemoveEvent, UnitMenu, PresetMenu)
