# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Make a film of a portrait, stop it, look at it."""

from __future__ import annotations

import bpy
from bpy.types import Context, Event, Object

from phiz.errors import PhizError

from . import filming, performance
from .operator_base import FaceOperator


class MakeFilm(FaceOperator):
    """Let the portrait speak the recording, as a film; the 3D face stays as it is.

    Called from a script it waits for the end; the button does not.
    """

    bl_idname = "phiz.make_film"
    bl_label = "Make the Film"
    bl_options = {"REGISTER"}

    @classmethod
    def description(cls, _context: Context, _properties: object) -> str:
        return "Let the portrait speak the recording, as a film. Nothing in this file is changed"

    @classmethod
    def why_not(cls, context: Context, face: Object) -> str:
        return filming.why_not(context.scene, face)

    def invoke(self, context: Context, _event: Event) -> set[str]:
        if bpy.app.background:
            return self.execute(context)
        face = performance.face_of(context.scene)
        assert face is not None, "poll saw it"
        try:
            filming.begin(context.scene, face)
        except PhizError as error:
            filming.state.failure = str(error)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        filming.follow()
        return {"FINISHED"}

    def act(self, context: Context, face: Object) -> None:
        filming.begin(context.scene, face)
        filming.finish()
        for note in filming.state.notes:
            self.report({"WARNING"}, note)


class StopFilm(bpy.types.Operator):
    """Stop making the film. The same film, made again, goes on where it was"""

    bl_idname = "phiz.stop_film"
    bl_label = "Stop"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if filming.state.run is None:
            cls.poll_message_set("No film is being made")
        return filming.state.run is not None

    def execute(self, _context: Context) -> set[str]:
        filming.cancel()
        return {"FINISHED"}


class OpenFilm(bpy.types.Operator):
    """Look at the film in the system's player"""

    bl_idname = "phiz.open_film"
    bl_label = "Play It"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: Context) -> bool:
        there = filming.state.made is not None and filming.state.made.is_file()
        if not there:
            cls.poll_message_set("No film was made yet")
        return there

    def execute(self, _context: Context) -> set[str]:
        bpy.ops.wm.path_open(filepath=str(filming.state.made))
        return {"FINISHED"}


CLASSES = (MakeFilm, StopFilm, OpenFilm)
