# pyright: reportAttributeAccessIssue=false, reportMissingImports=false, reportInvalidTypeForm=false
# bpy ships no type information; it reads annotations as definitions of properties
"""Preferences of the extension: which Python generates, with which model, and who reads acting notes."""

from __future__ import annotations

from typing import NamedTuple

import bpy
from bpy.props import IntProperty, StringProperty


class Wanted(NamedTuple):
    """What the worker is started with; empty or 0 leaves the choice to Phiz."""

    python: str = ""
    bundle: str = ""
    threads: int = 0


class Server(NamedTuple):
    """A language model that reads acting notes; no url leaves it to the rules."""

    url: str = ""
    model: str = ""


class Film(NamedTuple):
    """What makes films: folders of a video model and of the large weights it stands on; empty for the small
    one that comes with Phiz."""

    model: str = ""
    weights: str = ""


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

    film_model: StringProperty(
        name="Video Model",
        description="Folder of a model that makes films; empty takes the small one, which knows Phiz's own "
        "heads alone",
        subtype="DIR_PATH",
    )
    film_weights: StringProperty(
        name="Large Weights",
        description="Folder of the weights that a large video model stands on",
        subtype="DIR_PATH",
    )

    server: StringProperty(
        name="Notes Read by",
        description="Address of a server with a language model (Ollama, llama.cpp, vLLM), such as "
        "http://localhost:11434/v1, to which acting notes in words go; empty takes Phiz's rules, offline",
    )
    server_model: StringProperty(name="Language Model", description="Its name, such as qwen2.5:7b")

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "python")
        layout.prop(self, "bundle")
        layout.prop(self, "threads")
        layout.prop(self, "film_model")
        if self.film_model:
            layout.prop(self, "film_weights")
        layout.prop(self, "server", placeholder="Phiz's rules, offline")
        if self.server:
            layout.prop(self, "server_model")
        layout.operator("phiz.open_log", icon="TEXT")


class OpenLog(bpy.types.Operator):
    """Open the file with what the process that generates has printed"""

    bl_idname = "phiz.open_log"
    bl_label = "Open the Log"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        from . import worker_process

        there = worker_process.log() is not None
        if not there:
            cls.poll_message_set("There is none before something was generated")
        return there

    def execute(self, _context: bpy.types.Context) -> set[str]:
        from . import worker_process

        bpy.ops.wm.path_open(filepath=str(worker_process.log()))
        return {"FINISHED"}


def _shown() -> PhizPreferences | None:
    """The preferences; None where Phiz runs from its source tree."""
    addon = bpy.context.preferences.addons.get(__package__ or "")
    return addon.preferences if addon is not None else None


def wanted() -> Wanted:
    """What the preferences say; Phiz's own choices where there are none."""
    shown = _shown()
    if shown is None:
        return Wanted()
    return Wanted(bpy.path.abspath(shown.python), bpy.path.abspath(shown.bundle), shown.threads)


def film() -> Film:
    """What the user wants films to be made with."""
    shown = _shown()
    if shown is None or not shown.film_model:
        return Film()
    return Film(bpy.path.abspath(shown.film_model), bpy.path.abspath(shown.film_weights))


def server() -> Server:
    """The server that the user named."""
    shown = _shown()
    return Server() if shown is None else Server(shown.server.strip(), shown.server_model.strip())


def register() -> None:
    bpy.utils.register_class(OpenLog)
    bpy.utils.register_class(PhizPreferences)


def unregister() -> None:
    bpy.utils.unregister_class(PhizPreferences)
    bpy.utils.unregister_class(OpenLog)
