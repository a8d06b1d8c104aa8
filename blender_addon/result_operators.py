# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""What is done with a performance: choose, shape, make one's own, take away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bpy.props import BoolProperty, IntProperty

from . import ownership, performance, result, variations
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, Object


class ResultOperator(FaceOperator):
    """Acts on the performance that is on the face."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: Context, face: Object) -> str:
        return "" if performance.has_result(face) else "There is no performance of Phiz on the face"


class ChooseVariation(ResultOperator):
    """Put this performance in use; the others stay to choose from"""

    bl_idname = "phiz.choose_variation"
    bl_label = "Use This Performance"

    seed: IntProperty(name="Seed", description="The seed that the performance was made with", min=0)

    def act(self, context: Context, face: Object) -> None:
        variations.choose(performance.owners(context.scene, face), self.seed)


class AdjustResult(ResultOperator):
    """Write the keys anew with these strengths, smoothing and thinning; nothing is generated again"""

    bl_idname = "phiz.adjust"
    bl_label = "Update Keys"

    def act(self, context: Context, face: Object) -> None:
        performance.adjust(context.scene, face)


class BakeResult(ResultOperator):
    """Make the performance your own: Phiz will never replace or remove these keys"""

    bl_idname = "phiz.bake"
    bl_label = "Make My Own"

    def act(self, context: Context, face: Object) -> None:
        count = result.bake(performance.owners(context.scene, face))
        self.report({"INFO"}, f"{count} Actions are yours now")


class RemoveResult(ResultOperator):
    """Take the performance off the face; what was there before it comes back"""

    bl_idname = "phiz.remove"
    bl_label = "Remove"

    events: BoolProperty(
        name="Action Units Too",
        description="Remove the strips of Action Units as well",
        default=False,
    )

    def act(self, context: Context, face: Object) -> None:
        owners = performance.owners(context.scene, face)
        for owner in owners:
            ownership.check(owner)
        variations.clear(owners)
        result.remove(owners, context.scene, face, events=self.events)
        for target in performance.targets(context.scene, face):
            target.mesh.data.update_tag()


class FitScene(ResultOperator):
    """Let the scene play all of the performance: its first and last frames are moved outwards"""

    bl_idname = "phiz.fit_scene"
    bl_label = "Play All of It"

    def act(self, context: Context, face: Object) -> None:
        scene = context.scene
        first, last = performance.result_span(scene, face)
        scene.frame_start = min(scene.frame_start, first)
        scene.frame_end = max(scene.frame_end, last)


CLASSES = (FitScene, ChooseVariation, AdjustResult, BakeResult, RemoveResult)
