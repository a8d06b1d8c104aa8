# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""Why isn't it moving? Look, and mend what can be mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bpy.props import StringProperty

from phiz.errors import PhizError

from . import diagnosis, performance
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, Object

    from .action_diagnosis import Cause


class Found(NamedTuple):
    """A cause as the panel shows it; label: of the button that mends it, empty where none does."""

    text: str
    label: str


@dataclass
class Looked:
    """What the last look at a face found; face: its session_uid, 0 before the first look."""

    face: int = 0
    found: tuple[Found, ...] = ()


looked = Looked()


def look(context: Context, face: Object) -> list[Cause]:
    """Look at the face now, and keep what was found for the panel."""
    try:
        aimed = performance.targets(context.scene, face)
        causes = diagnosis.diagnose(aimed, context.scene, performance.turning(face))
    except PhizError as error:
        looked.face, looked.found = face.session_uid, (Found(str(error), ""),)
        return []
    looked.face = face.session_uid
    looked.found = tuple(Found(cause.text, cause.label if cause.fix else "") for cause in causes)
    return causes


class Diagnose(FaceOperator):
    """Look for what keeps the face from moving"""

    bl_idname = "phiz.diagnose"
    bl_label = "Why Isn't It Moving?"
    bl_options = {"INTERNAL"}

    def act(self, context: Context, face: Object) -> None:
        look(context, face)


class Mend(FaceOperator):
    """Change what this line names, and look again"""

    bl_idname = "phiz.mend"
    bl_label = "Mend"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    cause: StringProperty(name="Cause", description="What is mended, in the words of the panel")

    def act(self, context: Context, face: Object) -> None:
        for cause in look(context, face):
            if cause.text == self.cause and cause.fix is not None:
                cause.fix()
        look(context, face)


CLASSES = (Diagnose, Mend)
