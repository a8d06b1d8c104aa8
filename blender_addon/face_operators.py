# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""The face: the demo head for a scene without one, further meshes, and the mapping by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty
from mathutils import Euler

from phiz.errors import PhizError
from phiz.face.channels import CHANNELS
from phiz.face.head import VARIATIONS, shipped

from . import character, faces, own_head
from .operator_base import FaceOperator

if TYPE_CHECKING:
    from bpy.types import Context, Object


_IN_FRONT = Euler((1.5, 0.0, 0.25)).to_quaternion()  # nearly level, a little from the side
_HEADS = [(name, name.capitalize(), f"Phiz's own head: {name}") for name in VARIATIONS]
_CHANNELS = [(name, name, f"The movement {name}") for name in CHANNELS]


class AddDemoHead(bpy.types.Operator):
    """Add Phiz's own head, with all shape keys, to try things out"""

    bl_idname = "phiz.add_demo_head"
    bl_label = "Add the Demo Head"
    bl_options = {"REGISTER", "UNDO"}

    variation: EnumProperty(name="Character", description="Which of Phiz's own heads", items=_HEADS)
    furnish: BoolProperty(
        name="Camera and Lights",
        description="Add a portrait camera and three lights, each where the scene has none",
        default=True,
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Only in Object Mode")
        return context.mode == "OBJECT"

    def invoke(self, context: Context, _event: bpy.types.Event) -> set[str]:
        done = self.execute(context)
        area = context.area
        if area is not None and area.type == "VIEW_3D":  # life-size, it could stand unseen inside a cube
            region = next(region for region in area.regions if region.type == "WINDOW")
            area.spaces.active.region_3d.view_rotation = _IN_FRONT
            with context.temp_override(region=region):
                bpy.ops.view3d.view_selected()
        return done

    def execute(self, context: Context) -> set[str]:
        try:
            body = shipped.load(self.variation)
        except PhizError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        head = character.add(body, context.scene)
        head.location = context.scene.cursor.location
        for other in context.selected_objects:
            other.select_set(False)
        head.select_set(True)
        context.view_layer.objects.active = head
        context.scene.phiz.face = head
        head.phiz.head_object = head
        if self.furnish:
            context.view_layer.update()  # the place of the head in the world
            own_head.furnish(context.scene, head)
        return {"FINISHED"}


class AddMesh(FaceOperator):
    """Add the selected meshes to the face: teeth, tongue, lashes, brows"""

    bl_idname = "phiz.add_mesh"
    bl_label = "Add Selected Meshes"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def why_not(cls, context: Context, face: Object) -> str:
        return "" if cls._further(context, face) else "Select further meshes with shape keys"

    @staticmethod
    def _further(context: Context, face: Object) -> list[Object]:
        there = {face, *(entry.mesh for entry in face.phiz.meshes)}
        return [
            mesh
            for mesh in context.selected_objects
            if mesh.type == "MESH" and mesh.data.shape_keys and mesh not in there
        ]

    def act(self, context: Context, face: Object) -> None:
        for mesh in self._further(context, face):
            face.phiz.meshes.add().mesh = mesh


class RemoveMesh(FaceOperator):
    """Take this mesh out of the face; its keys stay"""

    bl_idname = "phiz.remove_mesh"
    bl_label = "Remove Mesh"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    index: IntProperty(name="Row", description="Which further mesh", min=0)

    def act(self, context: Context, face: Object) -> None:
        face.phiz.meshes.remove(self.index)


class MapChannel(FaceOperator):
    """Choose by hand which shape key shows this movement"""

    bl_idname = "phiz.map_channel"
    bl_label = "Map a Movement"
    bl_options = {"REGISTER", "UNDO"}
    bl_property = "channel"

    channel: EnumProperty(
        name="Movement",
        description="The ARKit blendshape",
        items=_CHANNELS,
    )

    def invoke(self, context: Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def act(self, context: Context, face: Object) -> None:
        if self.channel in face.phiz.mapping:
            return
        entry = face.phiz.mapping.add()
        entry.name = self.channel
        found = faces.keys_of(face).get(self.channel, ())
        if len(found) == 1:
            entry.key = found[0]


class UnmapChannel(FaceOperator):
    """Go back to what Phiz finds by the names"""

    bl_idname = "phiz.unmap_channel"
    bl_label = "Forget Mapping"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    index: IntProperty(name="Row", description="Which mapping", min=0)

    def act(self, context: Context, face: Object) -> None:
        face.phiz.mapping.remove(self.index)


CLASSES = (AddDemoHead, AddMesh, RemoveMesh, MapChannel, UnmapChannel)
