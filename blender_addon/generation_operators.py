# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Generate, cancel, and what to do with a failure."""

from __future__ import annotations

import bpy
from bpy.types import Context, Event, Object

from phiz.errors import PhizError

from . import generation, performance
from .operator_base import FaceOperator


class GenerateFace(FaceOperator):
    """Make the face act the recording: a new Action with keys on its shape keys. Yours stay as they are.

    Called from a script it waits for the end; the button does not.
    """

    bl_idname = "phiz.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER"}

    @classmethod
    def description(cls, _context: Context, _properties: object) -> str:
        return "Make the face act the recording, in a new Action. Your own Actions stay as they are"

    @classmethod
    def why_not(cls, context: Context, face: Object) -> str:
        if generation.state.run is not None:
            return "A generation is running"
        return performance.why_not(context.scene, face)

    def invoke(self, context: Context, _event: Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        face = performance.face_of(context.scene)
        assert face is not None, "poll saw it"
        try:
            generation.begin(context.scene, face)
        except PhizError as error:
            generation.refuse(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        generation.follow()
        return {"FINISHED"}

    def execute(self, context: Context) -> set[str]:
        done = super().execute(context)
        for note in generation.state.notes:
            self.report({"WARNING"}, note)
        return done

    def act(self, context: Context, face: Object) -> None:
        generation.begin(context.scene, face)
        generation.finish()


class CancelGeneration(bpy.types.Operator):
    """Stop generating. The file stays as it was"""

    bl_idname = "phiz.cancel"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if generation.state.run is None:
            cls.poll_message_set("Nothing is being generated")
        return generation.state.run is not None

    def execute(self, _context: Context) -> set[str]:
        generation.cancel()
        return {"FINISHED"}


class CopyDetails(bpy.types.Operator):
    """Copy what is known about the failure, to send it to someone who can help"""

    bl_idname = "phiz.copy_details"
    bl_label = "Copy Details"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: Context) -> bool:
        return generation.state.failure is not None

    def execute(self, context: Context) -> set[str]:
        assert generation.state.failure is not None, "poll saw it"
        context.window_manager.clipboard = generation.state.failure.details
        self.report({"INFO"}, "Copied")
        return {"FINISHED"}


CLASSES = (GenerateFace, CancelGeneration, CopyDetails)
