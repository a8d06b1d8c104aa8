# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""Performances and acting notes in files: Live Link Face CSV and Direction JSON, in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bpy.props import BoolProperty, StringProperty
from bpy_extras.io_utils import ExportHelper, ImportHelper

from phiz.acting.direction import Direction
from phiz.motion import take as takes

from . import acting_notes, keyframes, performance, result, strip_editing
from .operator_base import FaceOperator
from .result_operators import ResultOperator

if TYPE_CHECKING:
    from bpy.types import Context, Object


class ExportTake(ResultOperator, ExportHelper):
    """Write what the face shows, over the frames of the performance, for Unreal and others"""

    bl_idname = "phiz.export_take"
    bl_label = "Export Live Link Face"
    bl_options = {"REGISTER"}
    filename_ext = ".csv"

    filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"}, description="Files shown")

    def act(self, context: Context, face: Object) -> None:
        scene = context.scene
        first, last = performance.result_span(scene, face)
        result.export(
            Path(self.filepath),
            performance.targets(scene, face),
            first=first,
            last=last,
            rate=keyframes.scene_rate(scene),
            turning=performance.turning(face),
        )
        self.report({"INFO"}, f"Wrote {Path(self.filepath).name}")


class ImportTake(FaceOperator, ImportHelper):
    """Read a capture of the Live Link Face app, or a Take, onto the face; it begins where the voice does"""

    bl_idname = "phiz.import_take"
    bl_label = "Import Capture"
    bl_options = {"REGISTER", "UNDO"}
    filename_ext = ".csv"

    filter_glob: StringProperty(default="*.csv;*.json;*.npz", options={"HIDDEN"}, description="Files shown")

    def act(self, context: Context, face: Object) -> None:
        scene = context.scene
        read = takes.load(self.filepath)
        start, _ = performance.heard_span(scene, face)
        for note in performance.place(scene, face, [read], 0, start, None):
            self.report({"WARNING"}, note)


class ExportDirection(FaceOperator, ExportHelper):
    """Write emotion, style, seed and Action Units as a Direction, for the command line and other programs"""

    bl_idname = "phiz.export_direction"
    bl_label = "Export Direction"
    bl_options = {"REGISTER"}
    filename_ext = ".json"

    filter_glob: StringProperty(default="*.json", options={"HIDDEN"}, description="Files shown")

    def act(self, context: Context, face: Object) -> None:
        performance.direction(context.scene, face).to_file(self.filepath)
        self.report({"INFO"}, f"Wrote {Path(self.filepath).name}")


class ImportDirection(FaceOperator, ImportHelper):
    """Read a Direction: emotion, style and seed become the settings, Action Units become strips"""

    bl_idname = "phiz.import_direction"
    bl_label = "Import Direction"
    bl_options = {"REGISTER", "UNDO"}
    filename_ext = ".json"

    filter_glob: StringProperty(default="*.json", options={"HIDDEN"}, description="Files shown")
    replace: BoolProperty(
        name="Replace Action Units",
        description="Remove the strips that Phiz made before; otherwise they stay beside the new ones",
        default=True,
    )

    def act(self, context: Context, face: Object) -> None:
        scene = context.scene
        notes = Direction.from_file(self.filepath)
        start, _ = performance.heard_span(scene, face)
        if self.replace:
            strip_editing.clear(face)
        acting_notes.into_settings(notes, face.phiz, start=start, rate=keyframes.scene_rate(scene))
        strip_editing.write(face, scene, notes.events, start)


CLASSES = (ExportTake, ImportTake, ExportDirection, ImportDirection)
