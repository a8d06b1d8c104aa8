# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panels Generate and Result."""

from __future__ import annotations

from bpy.types import Context, Object, UILayout

from . import diagnosis_operators, generation, performance, variations
from .generation_operators import GenerateFace
from .panel_base import FacePanel, lines

_NOTES = 2  # more of them are a wall of text


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
            reason = GenerateFace.why_grey(context)
            if reason:
                lines(layout, context, f"{reason}.", "INFO")
        if state.failure is not None:
            lines(layout, context, state.failure.line, "ERROR")
            layout.operator("phiz.copy_details", icon="COPYDOWN")
        for note in state.notes[:_NOTES]:
            lines(layout, context, note, "INFO")
        if len(state.notes) > _NOTES:
            more = len(state.notes) - _NOTES
            lines(
                layout, context, f"And {more} more. Why Isn't It Moving? sums them up and mends them.", "INFO"
            )


class ResultPanel(FacePanel):
    """The performance on the face."""

    bl_idname = "PHIZ_PT_result"
    bl_label = "Result"

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        if not performance.has_result(face):
            lines(layout, context, "Nothing was generated on this face yet.", "INFO")
            layout.operator("phiz.import_take", icon="IMPORT")
            return
        keys = face.data.shape_keys
        seeds = variations.seeds(keys)
        if len(seeds) > 1:
            layout.label(text="Performances, by Seed")
            row = layout.row(align=True)
            for seed in seeds:
                chosen = seed == variations.chosen(keys)
                row.operator("phiz.choose_variation", text=f"{seed}", depress=chosen).seed = seed
        if not performance.played_whole(context.scene, face):
            lines(layout, context, "It goes on past the frames that the scene plays.", "INFO")
            layout.operator("phiz.fit_scene")
        row = layout.row(align=True)
        row.operator("phiz.export_take", text="Export", icon="EXPORT")
        row.operator("phiz.import_take", text="Import", icon="IMPORT")
        row = layout.row(align=True)
        row.operator("phiz.bake", icon="FAKE_USER_ON")
        row.operator("phiz.remove", icon="TRASH")


class AdjustPanel(FacePanel):
    """Strength, smoothing and thinning, changed without generating again."""

    bl_idname = "PHIZ_PT_adjust"
    bl_parent_id = "PHIZ_PT_result"
    bl_label = "Adjust"

    @classmethod
    def poll(cls, context: Context) -> bool:
        face = performance.face_of(context.scene)
        return face is not None and performance.has_result(face)

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        column = layout.column(align=True)
        for region in ("brows", "eyes", "mouth", "head"):
            column.prop(face.phiz, f"strength_{region}")
        column = layout.column(align=True)
        column.prop(face.phiz, "smoothing")
        column.prop(face.phiz, "thinning")
        layout.operator("phiz.adjust", icon="FILE_REFRESH")


class NotesPanel(FacePanel):
    """The acting notes as a file."""

    bl_idname = "PHIZ_PT_direction"
    bl_parent_id = "PHIZ_PT_result"
    bl_label = "Acting Notes"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        layout.operator("phiz.export_direction", icon="EXPORT")
        layout.operator("phiz.import_direction", icon="IMPORT")


class DiagnosisPanel(FacePanel):
    """What keeps the face from moving, and what mends it."""

    bl_idname = "PHIZ_PT_diagnosis"
    bl_parent_id = "PHIZ_PT_result"
    bl_label = "Why Isn't It Moving?"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        layout.operator("phiz.diagnose", text="Look for the Cause", icon="VIEWZOOM")
        looked = diagnosis_operators.looked
        if looked.face != face.session_uid:
            return
        if not looked.found:
            lines(layout, context, "Nothing keeps it from moving.", "CHECKMARK")
        for text, label in looked.found:
            box = layout.box()
            lines(box, context, text, "ERROR")
            if label:
                box.operator("phiz.mend", text=label, translate=False).cause = text


CLASSES = (GeneratePanel, ResultPanel, AdjustPanel, NotesPanel, DiagnosisPanel)
