# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""An acting note in plain words on a face: what was read of it, edited in rows, and put on the face.

The chain (`phiz.cotfa`) is kept on the face as the JSON of its Trace, so that it is saved and undone with
everything else. Rows of properties stand beside it for what has a tick box and a slider.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import bpy

from phiz.acting.direction import Direction
from phiz.cotfa.note import LONGEST_SECONDS
from phiz.cotfa.trace import Trace, TraceError

from . import acting_notes, event_actions, keyframes, performance, strip_editing, strips

if TYPE_CHECKING:
    from .properties import FaceSettings

WORDED = "phiz_words"
"""Property of the Action of a strip that came of a note; what applying the next note replaces."""
_SAME = 1e-6
_filling = False


def seconds(scene: bpy.types.Scene, face: bpy.types.Object) -> float:
    """How long the note's performance is: the recording, or the scene where none is known yet."""
    _, heard = performance.heard_span(scene, face)
    frames = scene.frame_end - scene.frame_start + 1
    return min(heard, LONGEST_SECONDS) if heard < float("inf") else frames / keyframes.scene_rate(scene)


def read(settings: FaceSettings) -> Trace | None:
    """The chain that is kept on a face; None where there is none, or one of another version of Phiz."""
    return _parsed(settings.words_read) if settings.words_read else None


def keep(settings: FaceSettings, trace: Trace | None) -> None:
    """Keep a chain on a face, and set its rows to it."""
    settings.words_read = "" if trace is None else trace.model_dump_json()
    feelings = () if trace is None else trace.reading.feelings
    units = () if trace is None else trace.units
    with _fill():
        for rows, steps in ((settings.words_feelings, feelings), (settings.words_units, units)):
            while len(rows) > len(steps):
                rows.remove(len(rows) - 1)
            while len(rows) < len(steps):
                rows.add()
            for row, step in zip(rows, steps, strict=True):
                row.enabled, row.intensity = step.enabled, step.intensity


def edited(settings: FaceSettings) -> None:
    """Take what a row was set to into the chain; the later steps follow."""
    trace = None if _filling else read(settings)
    if trace is None:
        return
    feelings = tuple(
        feeling.model_copy(update=_changes(row, feeling))
        for row, feeling in zip(settings.words_feelings, trace.reading.feelings, strict=True)
    )
    if feelings != trace.reading.feelings:
        trace = trace.with_reading(trace.reading.model_copy(update={"feelings": feelings}))
    else:
        for place, (row, unit) in enumerate(zip(settings.words_units, trace.units, strict=True)):
            if changes := _changes(row, unit):
                trace = trace.with_unit(place, **changes)
    keep(settings, trace)


def apply(face: bpy.types.Object, scene: bpy.types.Scene, trace: Trace) -> list[bpy.types.NlaStrip]:
    """Put a chain on the face: strips in place of those of an earlier note, and the emotion over time where
    the note names one. Everything else stays."""
    settings = face.phiz
    start, _ = performance.heard_span(scene, face)
    notes = trace.direction()
    remove(face)
    written = strip_editing.write(face, scene, notes.events, start)
    for strip in written:
        strip.action[WORDED] = True
    if notes.emotion is not None:
        kept = Direction(emotion=notes.emotion, style=settings.style.strip() or None, seed=settings.seed)
        acting_notes.into_settings(kept, settings, start=start, rate=keyframes.scene_rate(scene))
    return written


def remove(face: bpy.types.Object) -> None:
    """Remove the strips that came of a note, but for those inside meta strips."""
    mine = [
        strip.name
        for track, strip, _ in strips.on(face)
        if event_actions.owned(strip.action) and strip.action.get(WORDED) and strip.name in track.strips
    ]
    for name in mine:
        strip_editing.remove(face, name)


def _changes(row: Any, step: Any) -> dict[str, Any]:
    """What a row says otherwise than its step; a slider holds single precision."""
    changes: dict[str, Any] = {}
    if row.enabled != step.enabled:
        changes["enabled"] = row.enabled
    if abs(row.intensity - step.intensity) > _SAME:
        changes["intensity"] = round(row.intensity, 4)
    return changes


@contextmanager
def _fill() -> Iterator[None]:
    """While rows are being set, their changes are nobody's edits."""
    global _filling  # noqa: PLW0603 (Blender calls back from inside an assignment)
    _filling = True
    try:
        yield
    finally:
        _filling = False


@lru_cache(maxsize=4)
def _parsed(text: str) -> Trace | None:
    try:
        return Trace(**json.loads(text))
    except (TraceError, ValueError, TypeError):
        return None
