# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""The mix of emotions, and how it changes over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import IntProperty

from phiz.face.emotions import EMOTIONS

from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, Object

_BEGINNING = -1
_MOMENT = "Which later moment; -1 is the beginning"


class _EmotionOperator(FaceOperator):
    """Acts on the mix of a moment."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def shares(self, face: Object) -> bpy.types.bpy_prop_collection:
        moments = face.phiz.moments
        return (moments[self.moment] if 0 <= self.moment < len(moments) else face.phiz).emotions


class AddEmotion(_EmotionOperator):
    """Add another emotion to the mix"""

    bl_idname = "phiz.add_emotion"
    bl_label = "Add Emotion"

    moment: IntProperty(name="Moment", description=_MOMENT, default=_BEGINNING, min=_BEGINNING)

    def act(self, context: Context, face: Object) -> None:
        shares = self.shares(face)
        there = {entry.emotion for entry in shares}
        new = shares.add()
        # the first that is missing, happy before all
        new.emotion = next((n for n in ("happy", *EMOTIONS[1:]) if n not in there), EMOTIONS[0])
        new.share = 0.5 if there else 1.0


class RemoveEmotion(_EmotionOperator):
    """Take this emotion out of the mix"""

    bl_idname = "phiz.remove_emotion"
    bl_label = "Remove Emotion"

    moment: IntProperty(name="Moment", description=_MOMENT, default=_BEGINNING, min=_BEGINNING)
    index: IntProperty(name="Row", description="Which row of the mix", min=0)

    def act(self, context: Context, face: Object) -> None:
        self.shares(face).remove(self.index)


class AddMoment(FaceOperator):
    """Let the emotion change: add another mix that is reached at the playhead"""

    bl_idname = "phiz.add_moment"
    bl_label = "Change at Playhead"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def act(self, context: Context, face: Object) -> None:
        moment = face.phiz.moments.add()
        moment.frame = context.scene.frame_current
        moment.emotions.add()


class RemoveMoment(FaceOperator):
    """Take this change of emotion away"""

    bl_idname = "phiz.remove_moment"
    bl_label = "Remove Change"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    index: IntProperty(name="Moment", description="Which change", min=0)

    def act(self, context: Context, face: Object) -> None:
        face.phiz.moments.remove(self.index)


CLASSES = (AddEmotion, RemoveEmotion, AddMoment, RemoveMoment)
