# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What the operators of the sidebar share: they work on the face in use, and say why they cannot."""

from __future__ import annotations

import bpy
from bpy.types import Context, Object

from phiz.errors import PhizError

from . import performance


class FaceOperator(bpy.types.Operator):
    """Base of operators on the face in use; what Phiz refuses becomes a report of one line."""

    @classmethod
    def poll(cls, context: Context) -> bool:
        reason = cls.why_grey(context)
        if reason:
            cls.poll_message_set(reason)
        return not reason

    @classmethod
    def why_grey(cls, context: Context) -> str:
        """Why the button is greyed now, for its tooltip and for the panel; empty where it is not."""
        face = performance.face_of(context.scene)
        if face is None:
            return "The scene has no face: add a mesh with shape keys"
        if face.library is not None:
            return f"{face.name} is linked from another file: make a library override of it"
        return cls.why_not(context, face)

    @classmethod
    def why_not(cls, _context: Context, _face: Object) -> str:
        """Why the operator cannot act on this face now; empty where it can."""
        return ""

    def execute(self, context: Context) -> set[str]:
        face = performance.face_of(context.scene)
        assert face is not None, "poll saw it"
        try:
            self.act(context, face)
        except PhizError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def act(self, context: Context, face: Object) -> None:
        """Do it. Raises PhizError before anything is changed."""
        raise NotImplementedError
