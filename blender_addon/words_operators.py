# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Think about a note, put what was read on the face, take it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from phiz.errors import PhizError

from . import event_list, note_reader, performance, preferences, words
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event, Object, Timer


class Think(FaceOperator):
    """Read the note: emotions, Action Units, muscles, each with the words that called for it"""

    bl_idname = "phiz.think"
    bl_label = "Think"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, _context: Context, face: Object) -> str:
        return note_reader.offline() if face.phiz.words.strip() else "Write how the line is to be acted"

    def act(self, context: Context, face: Object) -> None:
        words.keep(face.phiz, self._begin(context, face).trace())

    def _begin(self, context: Context, face: Object) -> note_reader.Reading:
        length = words.seconds(context.scene, face)
        return note_reader.Reading(face.phiz.words, length, note_reader.wanted())

    def invoke(self, context: Context, _event: Event) -> set[str]:
        """As a button: a language model may take minutes, so Blender goes on meanwhile."""
        if not preferences.server().url:
            return self.execute(context)
        face = performance.face_of(context.scene)
        assert face is not None, "poll saw it"
        try:
            self._reading: note_reader.Reading = self._begin(context, face)
        except PhizError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._face = face.name
        self._timer: Timer = context.window_manager.event_timer_add(0.1, window=context.window)
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set("The language model reads the note. Esc: leave it")
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> set[str]:
        if event.type == "ESC":
            return self._end(context, "CANCELLED")
        if event.type != "TIMER" or not self._reading.over:
            return {"PASS_THROUGH"}
        face = bpy.data.objects.get(self._face)
        try:
            trace = self._reading.trace()
        except PhizError as error:
            self.report({"ERROR"}, str(error))
            return self._end(context, "CANCELLED")
        if face is None:
            return self._end(context, "CANCELLED")
        words.keep(face.phiz, trace)
        return self._end(context, "FINISHED")

    def _end(self, context: Context, how: str) -> set[str]:
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)
        for area in context.screen.areas:
            area.tag_redraw()
        return {how}


class ApplyWords(FaceOperator):
    """Put what was read on the face: strips in the NLA editor, in place of those of an earlier note, and the
    emotion where the note names one"""

    bl_idname = "phiz.apply_words"
    bl_label = "Apply as Strips"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, _context: Context, face: Object) -> str:
        return "" if words.read(face.phiz) else "Let the note be thought about first"

    def act(self, context: Context, face: Object) -> None:
        trace = words.read(face.phiz)
        assert trace is not None, "poll saw it"
        written = words.apply(face, context.scene, trace)
        event_list.refresh(context, face)
        acted = " and the emotion" if trace.direction().emotion is not None else ""
        self.report({"INFO"}, f"{len(written)} strips{acted}")


class ForgetWords(FaceOperator):
    """Forget what was read of the note; strips that were made of it stay"""

    bl_idname = "phiz.forget_words"
    bl_label = "Forget"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def act(self, context: Context, face: Object) -> None:
        words.keep(face.phiz, None)


CLASSES = (Think, ApplyWords, ForgetWords)
