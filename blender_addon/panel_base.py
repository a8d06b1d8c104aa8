# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What the panels share: their place, and lines of text that fit a narrow sidebar."""

from __future__ import annotations

import textwrap

import bpy
from bpy.types import Context, Object, UILayout

from . import performance

_CHARACTER = 6.5  # pixels of a letter at scale 1, about
_MARGIN = 60  # pixels at scale 1 that icon and borders take
_WIDTH = 260  # pixels, where there is no region


class SidebarPanel(bpy.types.Panel):
    """A panel in the tab Phiz of the 3D viewport's sidebar."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Phiz"


class FacePanel(SidebarPanel):
    """A panel that is there when the scene has a face; `show` draws it."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        return performance.face_of(context.scene) is not None

    def draw(self, context: Context) -> None:
        face = performance.face_of(context.scene)
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        if face is not None:
            self.show(context, face, layout)

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        """Draw the panel for a face."""
        raise NotImplementedError


def lines(layout: UILayout, context: Context, text: str, icon: str = "NONE") -> None:
    """Draw a sentence over as many lines as the width of the region needs; the icon is at the first."""
    width = context.region.width if context.region else _WIDTH
    scale = context.preferences.system.ui_scale or 1.0  # 0 where nothing was drawn yet
    room = max(20, int((width / scale - _MARGIN) / _CHARACTER))
    column = layout.column(align=True)
    column.scale_y = 0.8
    for number, line in enumerate(textwrap.wrap(text, room)):
        column.label(text=line, icon=icon if number == 0 else "NONE" if icon == "NONE" else "BLANK1")
