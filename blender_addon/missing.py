# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What the extension needs but this Blender's Python does not have, and the one panel that says so."""

from __future__ import annotations

import sys
from importlib.util import find_spec

import bpy

_PACKAGES = ("phiz", "numpy", "pydantic", "soundfile", "soxr", "onnxruntime")


def packages() -> list[str]:
    """Names of the packages that cannot be found; nothing is imported for that."""
    return [name for name in _PACKAGES if find_spec(name) is None]


class MissingPanel(bpy.types.Panel):
    """Shown in place of the sidebar where packages are missing."""

    bl_idname = "PHIZ_PT_missing"
    bl_label = "Phiz"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Phiz"

    def draw(self, _context: bpy.types.Context) -> None:
        column = self.layout.column(align=True)
        column.label(text="Phiz Cannot Start", icon="ERROR")
        for name in packages():
            column.label(text=f"missing: {name}")
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        column.label(text=f"Blender's Python is {version} on {sys.platform}.")
        column.label(text="Install the zip made for this system,")
        column.label(text="then restart Blender.")


def register() -> None:
    bpy.utils.register_class(MissingPanel)


def unregister() -> None:
    bpy.utils.unregister_class(MissingPanel)
