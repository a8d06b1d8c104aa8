# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""Preferences of the extension: which Python generates, on how many threads, with which model."""

from __future__ import annotations

from typing import NamedTuple

import bpy
from bpy.props import IntProperty, StringProperty


class Wanted(NamedTuple):
    """What the worker is started with; empty or 0 leaves the choice to Phiz."""

    python: str = ""
    bundle: str = ""
    threads: int = 0


class PhizPreferences(bpy.types.AddonPreferences):
    """Shown under Preferences > Add-ons > Phiz."""

    bl_idname = __package__ or ""

    python: StringProperty(
        name="Python",
        description="Another Python that generates, such as one with onnxruntime for an NVIDIA card; empty "
        "takes Blender's own",
        subtype="FILE_PATH",
    )
    bundle: StringProperty(
        name="Model", description="Folder of a model bundle; empty takes the shipped one", subtype="DIR_PATH"
    )
    threads: IntProperty(
        name="Threads", description="Processor threads that generate; 0 takes all that help", min=0, max=64
    )

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "python")
        layout.prop(self, "bundle")
        layout.prop(self, "threads")
        layout.operator("phiz.open_log", icon="TEXT")


def wanted() -> Wanted:
    """What the preferences say; Phiz's own choices where it runs from its source tree."""
    addon = bpy.context.preferences.addons.get(__package__ or "")
    if addon is None or addon.preferences is None:
        return Wanted()
    shown = addon.preferences
    return Wanted(bpy.path.abspath(shown.python), bpy.path.abspath(shown.bundle), shown.threads)


def register() -> None:
    bpy.utils.register_class(PhizPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(PhizPreferences)
