# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Think about a note, put what was read on the face, take it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phiz.cotfa import backends

from . import event_list, words
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, Object


class Think(FaceOperator):
    """Read the note: emotions, Action Units, muscles, each with the words that called for it"""

    bl_idname = "phiz.think"
    bl_label = "Think"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, _context: Context, face: Object) -> str:
        return "" if face.phiz.words.strip() else "Write how the line is to be acted"

    def act(self, context: Context, face: Object) -> None:
        length = words.seconds(context.scene, face)
        words.keep(face.phiz, backends.think(face.phiz.words, length))


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
