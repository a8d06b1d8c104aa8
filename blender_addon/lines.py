# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""One spoken line on one face, as the options of the command ask: Generate without the sidebar.

The options are set on the face as in the sidebar, so that the saved file opens with them; what they do not
say stays as the file has it: meshes, mapping, strengths, thinning, and the Action Units of its NLA strips.
"""

from __future__ import annotations

import argparse
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy
import numpy as np

from phiz.acting import options as acting
from phiz.acting.remarks import notes_on
from phiz.errors import PhizError
from phiz.face.channels import COUNT
from phiz.face.head import shipped
from phiz.motion import take as takes
from phiz.worker.protocol import Done, Failed, Generate
from phiz.writing import check_writable

from . import acting_notes, faces, keyframes, own_head, performance, result, stage, strips
from .voice import Voice

if TYPE_CHECKING:
    from phiz.acting.direction import Direction
    from phiz.motion.take import Take
    from phiz.worker.client import Worker

    from .result import Kept

_LOOK = 0.02  # s between looks at the worker


class LineError(PhizError):
    """Options that do not fit together, a file or an object that is not there, a worker that failed."""


class Acted(NamedTuple):
    """A face, the scene frames of its line, and what was set on the face before it acted any."""

    face: bpy.types.Object
    first: float
    last: float
    filed: dict[str, Any]


def check(options: argparse.Namespace) -> None:
    """Raises LineError for what can be known before anything is opened."""
    if not (options.head or options.blend or bpy.data.filepath):
        raise LineError("No face came. Open a .blend, give --blend FILE.blend, or --head for Phiz's own.")
    if options.head and options.audio is None and options.take is None:
        raise LineError("Neither --audio nor --take came. Give a recording, a Take or both.")
    if options.head_bone and not options.head_object:
        raise LineError("--head-bone came without --head-object. Name the armature.")
    if options.save.suffix != ".blend":
        raise LineError(f"--save expects a .blend; got {options.save.name}.")
    if options.video is not None and options.video.suffix != ".mp4":
        raise LineError(f"The video is an .mp4; got {options.video.name}.")
    for given in (options.audio, options.take, options.blend, options.direction, options.style_from):
        if given is not None and not given.is_file():
            raise LineError(f"There is no file {given}. Check the name and the folder.")
    for wanted in (options.save, options.video):
        if wanted is not None:
            check_writable(wanted)
    acted = ("emotion", "intensity", "style", "seed", "direction", "style_from", "articulation", "control")
    if options.take is not None and (options.au or any(getattr(options, name) is not None for name in acted)):
        raise LineError("--take is already acted: leave out the options of acting.")
    if options.fps is not None and not options.head:
        raise LineError("--fps is for --head: a file has its own frame rate. Leave it out.")
    if options.fps is not None and not 1 <= options.fps <= 240:
        raise LineError(f"--fps is 1 to 240; got {options.fps:g}.")
    if not 16 <= options.size <= 4096:
        raise LineError(f"--size is 16 to 4096; got {options.size}.")


def open_scene(options: argparse.Namespace, opened: str) -> bpy.types.Scene:
    """The scene of --head, of --blend or of the file `opened`, read anew, or else the one there is.

    Raises LineError.
    """
    if options.head:
        return own_head.scene(shipped.load(options.head), options.fps or 30)
    if not (options.blend or opened):
        return bpy.context.scene
    path = options.blend or Path(opened)
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path.resolve()), load_ui=False)
    except RuntimeError as error:
        raise LineError(f"Blender cannot open {path}: {stage.first_line(error)}") from error
    return bpy.context.scene


def act(
    scene: bpy.types.Scene,
    options: argparse.Namespace,
    worker: Worker,
    before: Sequence[Acted],
    say: Callable[[str], None],
) -> Acted:
    """Write the keys of one line; a face that has acted lines `before` keeps those. Raises PhizError."""
    face = _face(scene, options)
    own = [line for line in before if line.face == face]
    filed = own[0].filed if own else _held(face.phiz)
    _hold(face.phiz, filed)  # what one line asks for is not meant for the next
    _set(scene, face, options)
    rate = keyframes.scene_rate(scene)
    performance.check(scene, face)
    heard = _heard(scene, face, options)
    start = heard.frame if heard else performance.heard_span(scene, face)[0]
    if options.take is not None:
        take = takes.load(options.take)
    else:
        take = _generated(scene, face, heard, options, worker, say)
    last = start + (take.frames - 1) * rate / take.fps
    made, begin = take, start
    aimed = performance.targets(scene, face)
    if own and (kept := result.kept(aimed)):
        made, begin = _joined(kept, take, start, rate)
    said = performance.place(scene, face, [made], 0, begin, None)
    if heard is not None and face.phiz.voice_source == "FILE":
        stage.add_sound(scene, heard.path, round(start), face.name)
    for note in (*faces.notes(aimed), *said):
        say(note)
    if options.head:
        scene.frame_end = round(last)
    return Acted(face, start, last, filed)


def _joined(kept: Kept, take: Take, start: float, rate: float) -> tuple[Take, float]:
    """One Take of what a face acts already and of a further line at scene frame `start`, and where it begins.

    Where both act, the further line does; between them the face goes straight from one to the other.
    """
    old, new = (one if one.fps == rate else one.resampled(rate) for one in (kept.take, take))
    shift = round(start - kept.start)  # frames from the one to the other
    stays = [row for row in range(old.frames) if not shift <= row < shift + new.frames]
    at = np.array([*stays, *range(shift, shift + new.frames)])
    motion = np.block([[old.weights[stays], old.head[stays]], [new.weights, new.head]])  # (at, 54)
    order = np.argsort(at)
    rows = np.arange(at.min(), at.max() + 1)
    joined = np.stack([np.interp(rows, at[order], column[order]) for column in motion.T], 1)
    weights, head = np.split(joined.astype(np.float32), [COUNT], axis=1)
    return replace(new, weights=weights, head=head), kept.start + int(rows[0])


def _face(scene: bpy.types.Scene, options: argparse.Namespace) -> bpy.types.Object:
    if not options.object:
        chosen = scene.phiz.face
        return chosen if chosen and chosen.name in scene.objects else faces.plan(scene)[0].mesh
    face, *others = (_mesh(scene, name) for name in options.object)
    if others:
        face.phiz.meshes_found = False
        face.phiz.meshes.clear()
        for mesh in others:
            face.phiz.meshes.add().mesh = mesh
    return face


def _mesh(scene: bpy.types.Scene, name: str) -> bpy.types.Object:
    found = scene.objects.get(name)
    if found is None or found.type != "MESH":
        meshes = ", ".join(o.name for o in scene.objects if o.type == "MESH") or "none"
        raise LineError(f"There is no mesh named {name!r}. The scene has: {meshes}.")
    return found


def _held(settings: bpy.types.PropertyGroup) -> dict[str, Any]:
    """All that a group of properties holds, those within its collections too."""
    held = {}
    for defined in settings.bl_rna.properties:
        value = getattr(settings, defined.identifier)
        if defined.type == "COLLECTION":
            held[defined.identifier] = [_held(entry) for entry in value]
        elif not defined.is_readonly:
            held[defined.identifier] = value
    return held


def _hold(settings: bpy.types.PropertyGroup, held: dict[str, Any]) -> None:
    """Give a group of properties what `_held` found."""
    for name, value in held.items():
        if isinstance(value, list):
            entries = getattr(settings, name)
            entries.clear()
            for entry in value:
                _hold(entries.add(), entry)
        elif getattr(settings, name) != value:
            setattr(settings, name, value)


def _set(scene: bpy.types.Scene, face: bpy.types.Object, options: argparse.Namespace) -> None:
    """Set on the face what options say that the sidebar has too, but for the acting."""
    settings = face.phiz
    settings.range_use, settings.variations = False, 1
    if options.audio is not None:
        settings.voice_source, settings.voice_file = "FILE", str(options.audio.resolve())
    if options.start is not None:
        settings.voice_start_use, settings.voice_start = True, options.start
    if options.head_object is not None:
        turned = scene.objects.get(options.head_object)
        if turned is None:
            raise LineError(f"There is no object named {options.head_object!r} in the scene. Check the name.")
        if options.head_bone and turned.type != "ARMATURE":
            raise LineError(f"{turned.name!r} is no armature, so it has no bone {options.head_bone!r}.")
        settings.head_object, settings.head_bone = turned, options.head_bone or ""


def _heard(scene: bpy.types.Scene, face: bpy.types.Object, options: argparse.Namespace) -> Voice | None:
    """The recording; None where only a Take came."""
    if options.audio is None and options.take is not None:
        return None
    if options.audio is None and (reason := performance.why_not(scene, face)):
        raise LineError(
            f"Neither --audio nor --take came, and {face.name!r} has no voice of its own: {reason}."
        )
    return performance.voice_of(scene, face, Path(bpy.app.tempdir))


def _generated(
    scene: bpy.types.Scene,
    face: bpy.types.Object,
    heard: Voice | None,
    options: argparse.Namespace,
    worker: Worker,
    say: Callable[[str], None],
) -> Take:
    assert heard is not None, "without a Take there is a recording"
    rate = keyframes.scene_rate(scene)
    direction, remarks = _direction(scene, face, heard, rate, options)
    for remark in (*remarks, *notes_on(direction, heard.seconds)):
        say(f"note: {remark}")
    out = Path(bpy.app.tempdir) / f"phiz_{secrets.token_hex(4)}.npz"
    strengths = {name: getattr(options, name) for name in ("articulation", "control")}
    request = Generate(
        audio=str(heard.path),
        audio_start=heard.begin,
        audio_end=heard.end,
        direction=direction,
        fps=rate,
        steps=options.steps,
        reference=performance.reference_of(face.phiz),
        out=str(out),
        **{name: value for name, value in strengths.items() if value is not None},
    )
    try:
        _wait(worker, worker.generate(request))
        return takes.load(out)
    finally:
        out.unlink(missing_ok=True)


def _wait(worker: Worker, request: int) -> None:
    while True:
        for reply in worker.poll():
            if isinstance(reply, Failed):
                raise LineError(reply.message)
            if isinstance(reply, Done) and reply.id == request:
                return
        time.sleep(_LOOK)


def _direction(
    scene: bpy.types.Scene, face: bpy.types.Object, heard: Voice, rate: float, options: argparse.Namespace
) -> tuple[Direction, list[str]]:
    """The acting notes of the options, what they leave open from the face, and the events of its strips."""
    from phiz.acting.direction import Direction

    settings = face.phiz
    asked, remarks = acting.direction(options)
    if options.style is not None or options.style_from is not None:
        settings.reference_file = str(options.style_from.resolve()) if options.style_from else ""
    kept = acting_notes.direction(settings, (), start=heard.frame, rate=rate, seed=settings.seed)
    emotion_asked = options.emotion is not None or options.direction is not None
    notes = Direction(
        emotion=asked.emotion if emotion_asked else kept.emotion,
        style=asked.style or kept.style,
        seed=kept.seed if options.seed is None and options.direction is None else asked.seed,
    )
    acting_notes.into_settings(notes, settings, start=heard.frame, rate=rate)
    reading = strips.read(face, scene, heard.frame, heard.seconds)
    remarks += [f"strip {unread.strip} is not followed: {unread.reason}" for unread in reading.unread]
    return notes.model_copy(update={"events": (*asked.events, *reading.events)}), remarks
