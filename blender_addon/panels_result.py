# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panels Generate and Result."""

from __future__ import annotations

from bpy.types import Context, Object, UILayout

from . import generation, performance
from .panel_base import FacePanel, lines


class GeneratePanel(FacePanel):
    """The button, how far it is, and what went wrong."""

    bl_idname = "PHIZ_PT_generate"
    bl_label = "Generate"

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        state, settings = generation.state, face.phiz
        column = layout.column(align=True)
        column.prop(settings, "seed")
        if not settings.range_use:
            column.prop(settings, "variations")
        if state.run is not None:
            row = layout.row(align=True)
            row.progress(factor=state.run.done, text=state.run.shown)
            row.operator("phiz.cancel", text="", icon="X")
            if generation.waits_for_mode():
                lines(layout, context, "Done. Go back to Object Mode, and the keys are written.", "INFO")
        else:
            row = layout.row()
            row.scale_y = 1.5
            text = "Generate the Range" if settings.range_use else "Generate"
            row.operator("phiz.generate", text=text, icon="PLAY")
            reason = performance.why_not(context.scene, face)
            if reason:
                lines(layout, context, f"{reason}.", "INFO")
        if state.failure is not None:
            lines(layout, context, state.failure.line, "ERROR")
            layout.operator("phiz.copy_details", icon="COPYDOWN")
        for note in state.notes:
            lines(layout, context, note, "INFO")


CLASSES = (GeneratePanel,)
