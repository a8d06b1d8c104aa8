# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Around the face: camera, light, sound strip, saving, and the preview video."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np
from mathutils import Vector

from phiz.errors import PhizError

from . import action_support
from .keyframes import OWNED

_LENS_MM = 85.0  # a portrait lens: a wider one swells the nose
_MARGIN = 1.75  # a head is this much larger than the part of it that moves
_BODY = 3.5  # a mesh this much larger than that part is more than a head
_SPECK = 0.02  # a part this small of the mesh is not a face


class StageError(PhizError):
    """The stage cannot be made: a sound that cannot be read, a file that cannot be written or rendered."""


# Name, place in sizes of the face, watts for a face of 1 m, size, colour: the key from the character's
# left and above, a fill that leaves shape in the shadows, a rim that parts the head from what is behind it.
_LIGHTS = (
    ("Key", (1.3, -2.2, 1.5), 98.0, 1.1, (1.0, 0.93, 0.85)),
    ("Fill", (-2.2, -1.7, 0.2), 36.0, 2.0, (0.82, 0.90, 1.0)),
    ("Rim", (-1.4, 2.0, 1.7), 190.0, 1.0, (0.92, 0.96, 1.0)),
)
_STUDIO = "paint.sl"  # the brightest of Blender's own, and kind to skin
_WORLD = (0.055, 0.058, 0.065)


def light(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """Key, fill and rim lights around the face and a dim world, for EEVEE and Cycles."""
    centre, size = _extent(face)
    for name, place, watts, wide, colour in _LIGHTS:
        data = bpy.data.lights.new(f"Phiz {name}", "AREA")
        data.energy, data.size, data.color = watts * size**2, size * wide, colour
        lamp = bpy.data.objects.new(data.name, data)
        lamp.location = centre + Vector(place) * size
        lamp.rotation_euler = (centre - lamp.location).to_track_quat("-Z", "Y").to_euler()
        scene.collection.objects.link(lamp)
    if scene.world is None:
        scene.world = bpy.data.worlds.new("Phiz")
        scene.world.color = _WORLD
        for node in scene.world.node_tree.nodes if scene.world.node_tree else ():
            if node.type == "BACKGROUND":  # since 5.0 a world always has its nodes
                node.inputs["Color"].default_value = (*_WORLD, 1.0)


def camera(scene: bpy.types.Scene, face: bpy.types.Object) -> bpy.types.Object:
    """A portrait camera in front of the face (-y), as far as fills the picture; it becomes the scene's."""
    centre, size = _extent(face)
    data = bpy.data.cameras.new("Phiz Camera")
    data.lens = _LENS_MM
    data.clip_start = size * 0.01
    eye = bpy.data.objects.new(data.name, data)
    distance = size * 1.1 * _LENS_MM / data.sensor_width
    eye.location = centre + Vector((0, -distance, 0))
    eye.rotation_euler = (Vector((0, distance, 0))).to_track_quat("-Z", "Y").to_euler()
    scene.collection.objects.link(eye)
    scene.camera = eye
    return eye


def preview_look(scene: bpy.types.Scene) -> None:
    """Workbench with the materials' colours: quick, and needs no light in the scene."""
    scene.render.engine = "BLENDER_WORKBENCH"
    scene.display.render_aa = "OFF"  # without a graphics card, smoothing costs five times the rest
    scene.view_settings.view_transform = "Standard"  # AgX greys the skin
    shading = scene.display.shading
    shading.light, shading.color_type = "STUDIO", "MATERIAL"
    if any(light.name == _STUDIO for light in bpy.context.preferences.studio_lights):
        shading.studio_light = _STUDIO
    shading.show_cavity = True
    shading.cavity_type = "WORLD"
    shading.show_specular_highlight = True
    shading.background_type = "VIEWPORT"
    shading.background_color = (0.16, 0.17, 0.19)


def final_look(scene: bpy.types.Scene) -> None:
    """EEVEE, for a picture with light and shade, at a portrait's size."""
    try:
        scene.render.engine = "BLENDER_EEVEE_NEXT"
    except TypeError:  # since 5.0 it has the old name again
        scene.render.engine = "BLENDER_EEVEE"
    scene.render.resolution_x = scene.render.resolution_y = 1080


def add_sound(scene: bpy.types.Scene, path: Path, start: int, speaker: str) -> bool:
    """Put the recording of a speaker on the sequencer at frame `start`, once; False where this Blender has
    no sound.

    Of the strips that Phiz added for this speaker before, the one of the same recording gives way, and those
    that would sound at the same time; a strip of the artist's with this very sound is left alone. Raises
    StageError if Blender cannot read the file.
    """
    if not action_support.sound_available():
        return False
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = action_support.strips(editor)
    sounds = [strip for strip in strips if strip.type == "SOUND"]
    same = {s.name for s in sounds if Path(bpy.path.abspath(s.sound.filepath)).resolve() == path.resolve()}
    if any(strip.name in same and action_support.strip_start(strip) == start for strip in sounds):
        return True
    channel = 1 + max((strip.channel for strip in strips), default=0)
    added = strips.new_sound("Phiz voice", str(path.resolve()), channel, start)
    if added.sound.channels == "INVALID":
        sound = added.sound
        strips.remove(added)
        bpy.data.sounds.remove(sound)
        raise StageError(f"Blender cannot read the sound {path.name}. Convert it to WAV.")
    added[OWNED] = speaker
    first, last = action_support.strip_span(added)
    for strip in sounds:
        begin, end = action_support.strip_span(strip)
        if strip.get(OWNED) == speaker and (strip.name in same or (begin < last and end > first)):
            channel = min(channel, strip.channel)
            strips.remove(strip)
    added.channel = channel
    return True


def save(path: Path) -> None:
    """Write the open file to `path`, whole or not at all; files beside it are referred to relatively."""
    path = path.absolute()  # Blender takes a relative one as seen from somewhere else
    partial = path.with_name(f".{path.stem}.partial.blend")
    try:
        with quiet():
            # Twice: only a file that has a place can have relative paths.
            bpy.ops.wm.save_as_mainfile(filepath=str(partial), compress=True, check_existing=False)
            for sound in bpy.data.sounds:
                sound.filepath = _relative(sound.filepath, path.parent)
            bpy.ops.wm.save_mainfile(filepath=str(partial), compress=True, check_existing=False)
        os.replace(partial, path)
    except (RuntimeError, OSError) as error:
        raise StageError(f"Cannot save {path}: {first_line(error)}") from error
    finally:
        for left in (partial, partial.with_suffix(".blend1")):
            left.unlink(missing_ok=True)


def render_video(
    scene: bpy.types.Scene, path: Path, *, first: int, last: int, size: int, sound: bool
) -> list[str]:
    """Render frames first..last, size x size pixels, to H.264 + AAC; returns what had to be done otherwise.

    Without a display library Cycles renders in Workbench's place; without a video encoder the frames are
    left as PNGs in a folder named like the video. Changes the scene's render settings: save before.
    """
    notes = []
    path = path.absolute()
    render = scene.render
    render.resolution_x = render.resolution_y = size - size % 2  # 4:2:0 video needs even sides
    render.resolution_percentage = 100
    render.use_border = False
    scene.frame_start, scene.frame_end, scene.frame_step = first, last, 1
    preview_look(scene)
    if not _can_draw():
        notes.append(
            "no libEGL.so.1 on this machine (install libegl1 and libgl1-mesa-dri): rendered with Cycles"
        )
        _sparing_cycles(scene)
    video = action_support.video_available()
    action_support.set_media(render.image_settings, video=video)
    if not video:
        notes.append(
            f"this Blender has no video encoder: the frames are in {path.with_suffix('').name}_frames/"
        )
        render.use_file_extension = True
        render.filepath = str(path.with_suffix("")) + "_frames/"
        _render(path)
        return notes
    ffmpeg = render.ffmpeg
    ffmpeg.format, ffmpeg.codec = "MPEG4", "H264"
    ffmpeg.constant_rate_factor, ffmpeg.gopsize = "HIGH", 15
    ffmpeg.audio_codec = "AAC" if sound else "NONE"
    ffmpeg.audio_bitrate = 128
    partial = path.with_name(f".{path.stem}.partial.mp4")
    render.use_file_extension = False
    render.filepath = str(partial)
    try:
        _render(path)
        os.replace(partial, path)
    except OSError as error:
        raise StageError(f"Cannot write the video {path}: {first_line(error)}") from error
    finally:
        partial.unlink(missing_ok=True)
    return notes


def _render(path: Path) -> None:
    try:
        with quiet():
            bpy.ops.render.render(animation=True)
    except RuntimeError as error:
        raise StageError(f"Cannot render {path.name}: {first_line(error)}") from error


def _sparing_cycles(scene: bpy.types.Scene) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 4
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 2


def _can_draw() -> bool:
    if not sys.platform.startswith("linux") or not bpy.app.background:
        return True
    try:
        ctypes.CDLL("libEGL.so.1")
    except OSError:
        return False
    return True


def _extent(face: bpy.types.Object) -> tuple[Vector, float]:
    """Centre and size, in the world, of what the picture shows: the mesh, or the head on top of a body.

    The head is known by what the brow, lid, smile and jaw keys move.
    """
    mesh = face.data
    rest = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", rest)
    moving = np.zeros(len(mesh.vertices), bool)
    for name in (
        "browInnerUp",
        "eyeBlinkLeft",
        "eyeBlinkRight",
        "mouthSmileLeft",
        "mouthSmileRight",
        "jawOpen",
    ):
        block = mesh.shape_keys.key_blocks.get(name)
        if block is not None:
            posed = np.empty_like(rest)
            block.data.foreach_get("co", posed)
            shift = np.linalg.norm((posed - rest).reshape(-1, 3), axis=1)
            moving |= shift > max(0.2 * shift.max(), 1e-9)
    points = rest.reshape(-1, 3)
    if moving.any():
        whole, part = np.ptp(points, axis=0).max(), np.ptp(points[moving], axis=0).max()
        if part > _SPECK * whole and whole > _BODY * part:
            return _box(face, points[moving], _MARGIN)
    return _box(face, points, 1.0)


def _box(face: bpy.types.Object, points: np.ndarray, margin: float) -> tuple[Vector, float]:
    low, high = (face.matrix_world @ Vector(map(float, corner)) for corner in (points.min(0), points.max(0)))
    span = high - low
    return (low + high) / 2, max(abs(span.x), abs(span.z)) * margin


def _relative(path: str, folder: Path) -> str:
    try:
        return bpy.path.relpath(path, start=str(folder))
    except ValueError:  # another drive
        return path


def first_line(error: BaseException) -> str:
    """What Blender says in an error, without its prefix and what follows."""
    return str(error).strip().removeprefix("Error: ").splitlines()[0]


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Blender's own chatter (a line for every frame) off the screen; C writes to descriptors 1, 2."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with tempfile.TemporaryFile() as sink:
        os.dup2(sink.fileno(), 1)
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            sys.stdout.flush()
            for shown, descriptor in zip(kept, (1, 2), strict=True):
                os.dup2(shown, descriptor)
                os.close(shown)
