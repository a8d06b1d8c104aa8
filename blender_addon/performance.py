# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""From what is set in the sidebar to the arguments of the parts below: face, voice, range, keys."""

from __future__ import annotations

import math
import secrets
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from phiz.errors import PhizError

from . import (
    acting_notes,
    action_support,
    faces,
    keyframes,
    ownership,
    result,
    rotation,
    stage,
    strips,
    variations,
    voice,
)
from .faces import Coverage
from .keyframes import Target
from .pieces import Pieces, at_once
from .rotation import Joint, Turning
from .voice import Voice, VoiceError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from phiz.acting.direction import AUEvent, Direction
    from phiz.motion.take import Take

    from .properties import FaceSettings


class RangeError(PhizError):
    """The range has no frame of the recording."""


# ---- the face ----------------------------------------------------------------------------------------


def face_of(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The face that the sidebar works on: the one chosen, else the active object where it is a face,
    else the first that is found."""
    chosen = scene.phiz.face
    if chosen is not None and chosen.name in scene.objects:
        return chosen
    found = faces.find(scene)
    active = bpy.context.view_layer.objects.active if bpy.context.view_layer else None
    return active if active in found else next(iter(found), None)


def further_meshes(scene: bpy.types.Scene, face: bpy.types.Object) -> list[bpy.types.Object]:
    """The meshes that move with the face."""
    if face.phiz.meshes_found:
        return faces.companions(scene, face)
    return [entry.mesh for entry in face.phiz.meshes if entry.mesh is not None]


def coverage(scene: bpy.types.Scene, face: bpy.types.Object) -> Coverage:
    """What the face and its further meshes show."""
    return faces.coverage([face, *further_meshes(scene, face)], face.phiz.edited())


def targets(scene: bpy.types.Scene, face: bpy.types.Object) -> list[Target]:
    """The meshes to animate. Raises RigError."""
    settings = face.phiz
    return faces.targets(face, further_meshes(scene, face), settings.edited(), settings.mouth_close)


def turning(face: bpy.types.Object) -> Turning:
    """What turns with the head and the eyes."""
    settings = face.phiz
    owner = settings.head_object
    if owner is None:
        return Turning()
    if owner.type != "ARMATURE":
        return Turning(head=Joint(owner))
    head, left, right = (
        Joint(owner, bone) if bone else None
        for bone in (settings.head_bone, settings.eye_left, settings.eye_right)
    )
    return Turning(head, left, right)


# ---- the voice ---------------------------------------------------------------------------------------


def voice_of(scene: bpy.types.Scene, face: bpy.types.Object, folder: Path) -> Voice:
    """The recording that is chosen; `folder` is for a packed one. Raises VoiceError."""
    settings = face.phiz
    if settings.voice_source == "STRIP":
        return voice.of_strip(scene, settings.voice_strip, folder)
    return voice.of_file(settings.voice_file, _first_frame(scene, settings))


def heard_span(scene: bpy.types.Scene, face: bpy.types.Object) -> tuple[float, float]:
    """Scene frame at which the recording begins, and its seconds, without end where it is not known; quick
    enough to draw with."""
    settings = face.phiz
    if settings.voice_source == "STRIP":
        chosen = (s for s in voice.sound_strips(scene) if s.name == settings.voice_strip)
        if strip := next(chosen, None):
            first, last = action_support.strip_span(strip)
            return first, (last - first) / keyframes.scene_rate(scene)
        return scene.frame_start, math.inf
    frame = _first_frame(scene, settings)
    path = Path(bpy.path.abspath(settings.voice_file))
    try:
        return frame, _seconds(str(path), path.stat().st_mtime_ns)
    except (OSError, VoiceError):
        return frame, math.inf


def why_not(scene: bpy.types.Scene, face: bpy.types.Object) -> str:
    """Why there is nothing to generate from; empty where there is."""
    settings = face.phiz
    if settings.voice_source == "STRIP":
        names = [strip.name for strip in voice.sound_strips(scene)]
        return "" if settings.voice_strip in names else "Choose a sound strip under Voice"
    if not settings.voice_file.strip():
        return "Choose a recording under Voice"
    path = Path(bpy.path.abspath(settings.voice_file))
    return "" if path.is_file() else f"There is no file {path.name}: choose the recording again"


def span_of(settings: FaceSettings, heard: Voice, rate: float) -> tuple[float, float] | None:
    """First and last scene frame to generate; None for all. Raises RangeError."""
    if not settings.range_use:
        return None
    first = max(settings.range_start, heard.frame)
    last = min(settings.range_end, heard.frame + heard.seconds * rate)
    if last <= first:
        raise RangeError(
            f"The range {settings.range_start} to {settings.range_end} has no frame of the recording, which "
            f"is heard from {heard.frame:g} to {heard.frame + heard.seconds * rate:.0f}. Change it."
        )
    return float(first), float(last)


def events_of(scene: bpy.types.Scene, face: bpy.types.Object, heard: Voice) -> tuple[AUEvent, ...]:
    """The Action Units that the NLA strips of the face ask for."""
    return strips.read(face, scene, heard.frame, heard.seconds).events


def direction(scene: bpy.types.Scene, face: bpy.types.Object) -> Direction:
    """The acting notes as they are set and stand in the NLA now. Raises DirectionError."""
    start, seconds = heard_span(scene, face)
    events = strips.read(face, scene, start, seconds).events
    rate = keyframes.scene_rate(scene)
    return acting_notes.direction(face.phiz, events, start=start, rate=rate, seed=face.phiz.seed)


def reference_of(settings: FaceSettings) -> str | None:
    """The Take whose manner is taken over. Raises VoiceError where there is no such file."""
    if not settings.reference_file.strip():
        return None
    path = Path(bpy.path.abspath(settings.reference_file))
    if not path.is_file():
        raise VoiceError(f"There is no file {path} to talk like. Choose another under Acting.")
    return str(path)


def _first_frame(scene: bpy.types.Scene, settings: FaceSettings) -> int:
    return settings.voice_start if settings.voice_start_use else scene.frame_start


@lru_cache(maxsize=64)
def _seconds(path: str, _changed: int) -> float:
    return voice.of_file(path, 0.0).seconds


# ---- the keys ----------------------------------------------------------------------------------------


def check(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """Raises PhizError where keys could not be written."""
    for target in targets(scene, face):
        ownership.check(target.keys)
    rotation.plan(turning(face))


def owners(scene: bpy.types.Scene, face: bpy.types.Object) -> list[bpy.types.ID]:
    """The data blocks that bear Actions of the face's performance."""
    turned = dict.fromkeys(joint.owner for joint in turning(face).joints)
    return [*(target.keys for target in targets(scene, face)), *turned]


def apply(
    scene: bpy.types.Scene,
    face: bpy.types.Object,
    made: Sequence[Take],
    seed: int,
    heard: Voice,
    span: tuple[float, float] | None,
) -> list[str]:
    """Write the keys of Takes of the seeds from `seed` on, and place the recording. Raises PhizError.

    Returns what there is to say of it, a line each.
    """
    return at_once(write(scene, face, made, seed, heard, span))


def write(
    scene: bpy.types.Scene,
    face: bpy.types.Object,
    made: Sequence[Take],
    seed: int,
    heard: Voice,
    span: tuple[float, float] | None,
) -> Pieces[list[str]]:
    """`apply` in pieces; until the last one the file is as it was."""
    said = yield from _placed(scene, face, made, seed, heard.frame, span)
    if face.phiz.voice_source == "FILE":
        stage.add_sound(scene, heard.path, round(heard.frame), face.name)
    return said


def place(
    scene: bpy.types.Scene,
    face: bpy.types.Object,
    made: Sequence[Take],
    seed: int,
    start: float,
    span: tuple[float, float] | None,
) -> list[str]:
    """Write the keys of Takes of the seeds from `seed` on, from scene frame `start` on; the first is put in
    use. A range is written into the keys that are there. Raises PhizError; else returns as `apply` does."""
    return at_once(_placed(scene, face, made, seed, start, span))


def _placed(
    scene: bpy.types.Scene,
    face: bpy.types.Object,
    made: Sequence[Take],
    seed: int,
    start: float,
    span: tuple[float, float] | None,
) -> Pieces[list[str]]:
    check(scene, face)
    aimed, held = targets(scene, face), owners(scene, face)
    if span and result.kept(aimed) is None and not any(ownership.owned(target.keys) for target in aimed):
        made, start = _cut(made[0], start, span, keyframes.scene_rate(scene))
        span = None
    ready: list[tuple[Take, result.Built]] = []
    try:
        for take in made:
            built = yield from result.build(aimed, take, start=start, span=span, **shaping(scene, face))
            ready.append((take, built))
        check(scene, face)  # the artist may have worked on meanwhile
    except BaseException:
        for _, built in ready:
            result.discard(built)
        raise
    if span is not None:
        with variations.same_choice(held):
            result.commit(ready[0][1], made[0])
        return keyframes.clipped(aimed, made[0])
    variations.clear(held)
    for number in reversed(range(len(ready))):
        take, built = ready[number]
        result.commit(built, take)
        if len(made) > 1:
            for owner in held:
                variations.mark(owner, seed + number)
    return keyframes.clipped(aimed, made[0])


def adjust(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """Write the performance that is there once more, as the settings shape it now. Raises PhizError."""
    with variations.same_choice(owners(scene, face)):
        result.adjust(targets(scene, face), **shaping(scene, face))


def shaping(scene: bpy.types.Scene, face: bpy.types.Object) -> dict[str, Any]:
    """How a Take becomes keys, as `result.apply` and `result.adjust` want it."""
    settings = face.phiz
    return {
        "strengths": {region: getattr(settings, f"strength_{region}") for region in result.REGIONS},
        "smoothing": settings.smoothing,
        "thinning": settings.thinning,
        "rate": keyframes.scene_rate(scene),
        "turning": turning(face),
    }


def has_result(face: bpy.types.Object) -> bool:
    """Whether an Action of Phiz is on the face; quick enough to draw with."""
    keys = face.data.shape_keys
    return keys is not None and ownership.owned(keys) is not None


def result_span(scene: bpy.types.Scene, face: bpy.types.Object) -> tuple[int, int]:
    """First and last scene frame with keys of the performance on the face. Raises RangeError."""
    owned = [target.keys for target in targets(scene, face) if ownership.owned(target.keys)]
    ranges = [curve.range() for keys in owned for curve in action_support.used_curves(keys)]
    if not ranges:
        raise RangeError("There is no performance of Phiz on the face. Generate one first.")
    return math.floor(min(first for first, _ in ranges)), math.ceil(max(last for _, last in ranges))


def played_whole(scene: bpy.types.Scene, face: bpy.types.Object) -> bool:
    """Whether the scene's frames hold all keys of the face's own mesh; quick enough to draw with."""
    ranges = [curve.range() for curve in action_support.used_curves(face.data.shape_keys)]
    return all(first >= scene.frame_start and last <= scene.frame_end + 1 for first, last in ranges)


def previous(scene: bpy.types.Scene, face: bpy.types.Object, heard: Voice, folder: Path) -> Path | None:
    """The Take on the face as a file in `folder`, for a range to be made anew in it; None without one.

    Raises RangeError where what is on the face was not made from this recording at this rate.
    """
    aimed = targets(scene, face)
    if not any(ownership.owned(target.keys) for target in aimed):
        return None
    found, rate = result.kept(aimed), keyframes.scene_rate(scene)
    if (
        found is None
        or found.take.audio != heard.path.name
        or abs(found.take.fps - rate) > 1e-6 * rate
        or abs(found.start - heard.frame) > 1e-3
        or abs(found.take.frames - heard.seconds * rate) > 2
    ):
        raise RangeError(
            "What is on the face was made from another recording, place or frame rate. Generate it all once."
        )
    path = folder / f"phiz_{secrets.token_hex(4)}.npz"
    found.take.save(path)
    return path


def _cut(take: Take, start: float, span: tuple[float, float], rate: float) -> tuple[list[Take], float]:
    """The part of a Take in a span of scene frames, and the frame at which that begins."""
    first, last = ((frame - start) * take.fps / rate for frame in span)
    rows = slice(max(0, math.ceil(first - 1e-6)), math.floor(last + 1e-6) + 1)
    part = replace(take, weights=take.weights[rows], head=take.head[rows])
    return [part], start + rows.start * rate / take.fps
