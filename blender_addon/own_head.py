# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""A head in a new file, or in a scene: with what it takes to see it well."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import bpy

from . import character, stage

if TYPE_CHECKING:
    from phiz.face.head import Head


def scene(head: Head, fps: float = 30.0) -> bpy.types.Scene:
    """A new file with nothing but the head, which turns itself, a camera and three lights."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    made = bpy.context.scene
    # fps is a whole number in Blender: 29.97 is 30 with fps_base 30 / 29.97
    wanted = Fraction(fps).limit_denominator(100_000)
    made.render.fps = round(wanted)
    made.render.fps_base = float(round(wanted) / wanted)
    made.sync_mode = "AUDIO_SYNC"
    face = character.add(head, made)
    face.phiz.head_object = face
    made.phiz.face = face
    stage.camera(made, face)
    stage.light(made, face)
    stage.preview_look(made)
    stage.final_look(made)
    return made


def furnish(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """A camera and three lights for the face, each only where the scene has none."""
    if scene.camera is None:
        stage.camera(scene, face)
    if not any(thing.type == "LIGHT" for thing in scene.objects):
        stage.light(scene, face)
