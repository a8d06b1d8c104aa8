# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panels Face and Voice: who acts, and what is said."""

from __future__ import annotations

from bpy.types import Context, Object, UILayout

from phiz.face import missing
from phiz.face.channels import CHANNELS

from . import performance, voice
from .panel_base import FacePanel, SidebarPanel, lines


class FacePickerPanel(SidebarPanel):
    """Which mesh acts, and how much of its face was recognised."""

    bl_idname = "PHIZ_PT_face"
    bl_label = "Face"

    def draw(self, context: Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        scene = context.scene
        found = performance.face_of(scene)
        if found is None:
            lines(layout, context, "No mesh in this scene has shape keys that Phiz knows.", "INFO")
            row = layout.row(align=True)
            row.operator("phiz.add_demo_head", icon="MONKEY")
            row.operator_menu_enum("phiz.add_demo_head", "variation", text="", icon="DOWNARROW_HLT")
            layout.prop(scene.phiz, "face")
            return
        layout.prop(scene.phiz, "face", placeholder=found.name)
        covered = performance.coverage(scene, found)
        text = f"{len(CHANNELS) - len(covered.missing)} of {len(CHANNELS)} movements"
        named = f" ({covered.convention})" if covered.convention else ""
        layout.label(text=text + named, icon="INFO" if covered.missing else "CHECKMARK")
        for loss in covered.losses:
            if loss.weight == missing.SPEECH:
                lines(layout, context, f"Without {missing.short(loss.channels)}: {loss.said}", "ERROR")


class FaceMeshesPanel(FacePanel):
    """Further meshes of the same face."""

    bl_idname = "PHIZ_PT_meshes"
    bl_parent_id = "PHIZ_PT_face"
    bl_label = "Further Meshes"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        layout.prop(face.phiz, "meshes_found")
        if face.phiz.meshes_found:
            for mesh in performance.further_meshes(context.scene, face):
                layout.label(text=mesh.name, icon="OUTLINER_OB_MESH", translate=False)
            return
        for index, entry in enumerate(face.phiz.meshes):
            row = layout.row(align=True)
            row.prop(entry, "mesh", text="")
            row.operator("phiz.remove_mesh", text="", icon="X").index = index
        layout.operator("phiz.add_mesh", icon="ADD")


class FaceMappingPanel(FacePanel):
    """Which shape key shows which movement."""

    bl_idname = "PHIZ_PT_mapping"
    bl_parent_id = "PHIZ_PT_face"
    bl_label = "Mapping"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        settings = face.phiz
        layout.prop(settings, "mouth_close")
        keys = face.data.shape_keys
        for index, entry in enumerate(settings.mapping):
            row = layout.row(align=True)
            if keys is not None:
                row.prop_search(entry, "key", keys, "key_blocks", text=entry.name)
            row.operator("phiz.unmap_channel", text="", icon="X").index = index
        layout.operator("phiz.map_channel", icon="ADD")
        for loss in performance.coverage(context.scene, face).losses:
            lines(layout, context, f"Without {missing.short(loss.channels)}: {loss.said}", "INFO")


class FaceBonesPanel(FacePanel):
    """What turns with the head, and with the eyes."""

    bl_idname = "PHIZ_PT_turning"
    bl_parent_id = "PHIZ_PT_face"
    bl_label = "Head and Eyes"
    bl_options = {"DEFAULT_CLOSED"}

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        settings = face.phiz
        layout.prop(settings, "head_object")
        if settings.head_object is not None and settings.head_object.type == "ARMATURE":
            bones = settings.head_object.data
            column = layout.column()
            column.prop_search(settings, "head_bone", bones, "bones")
            column.prop_search(settings, "eye_left", bones, "bones")
            column.prop_search(settings, "eye_right", bones, "bones")


class VoicePanel(FacePanel):
    """The recording that is acted, and where it stands in the scene."""

    bl_idname = "PHIZ_PT_voice"
    bl_label = "Voice"

    def show(self, context: Context, face: Object, layout: UILayout) -> None:
        settings, scene = face.phiz, context.scene
        layout.prop(settings, "voice_source", expand=True)
        if settings.voice_source == "FILE":
            layout.prop(settings, "voice_file")
            row = layout.row(heading="Start At")
            row.prop(settings, "voice_start_use", text="")
            frame = row.row()
            frame.active = settings.voice_start_use
            frame.prop(settings, "voice_start", text="")
        elif voice.sound_strips(scene):
            layout.prop(settings, "voice_strip")
        else:
            lines(layout, context, "The Video Sequencer holds no sound strip.", "INFO")
        layout.prop(settings, "range_use")
        if settings.range_use:
            column = layout.column(align=True)
            column.prop(settings, "range_start")
            column.prop(settings, "range_end")


CLASSES = (FacePickerPanel, FaceMeshesPanel, FaceMappingPanel, FaceBonesPanel, VoicePanel)
