# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panel Video: a portrait that speaks the recording, as a film."""

from __future__ import annotations

from bpy.types import Context, Object, UILayout

from . import filming, preferences
from .film_operators import MakeFilm
from .panel_base import FacePanel, lines


class VideoPanel(FacePanel):
    """What is filmed, what moves it, where it goes; what the model cannot do is said before it starts."""

    bl_idname = "PHIZ_PT_video"
    bl_label = "Video"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        state, settings = filming.state, face.phiz
        layout.prop(settings, "film_portrait")
        layout.prop(settings, "film_drive")
        layout.prop(settings, "film_out")
        if not preferences.film().weights:
            lines(layout, context, filming.SMALL, "INFO")
        if state.run is not None:
            row = layout.row(align=True)
            done = state.run.share
            row.progress(factor=done, text=f"{done:.0%}" if done else "Starting")
            row.operator("phiz.stop_film", text="", icon="X")
        else:
            row = layout.row(align=True)
            row.operator("phiz.make_film", icon="FILE_MOVIE")
            if state.made is not None:
                row.operator("phiz.open_film", icon="PLAY")
            if reason := MakeFilm.why_grey(context):
                lines(layout, context, f"{reason}.", "INFO")
        if state.failure:
            lines(layout, context, state.failure, "ERROR")
        for note in state.notes:
            if not note.startswith(filming.SAID):  # it stands above
                lines(layout, context, note, "INFO")


CLASSES = (VideoPanel,)
