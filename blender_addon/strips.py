# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Strips in the NLA editor of the face object are Action Unit events.

`add` makes one; `read` turns what stands in the editor into the events of a Direction. What names and
Actions say is told in `event_actions`, how a strip counts over time in `strip_time`. A strip is on within
its bar alone: what Blender would hold before and after it (extrapolation) is no event. Muted strips and
tracks, tracks beside a solo one, and an NLA that is switched off are off, as in Blender. The artist's other
strips are left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import bpy

from phiz.acting.direction import AUEvent
from phiz.errors import PhizError
from phiz.face.action_units import ACTION_UNITS

from . import event_actions, keyframes, strip_time
from .strip_names import StripNameError, without_suffix

_BLEND = 0.2  # seconds: the ramp of an event that says nothing else
_LEAST = 1e-4  # frames: a strip shorter than this shows nothing


class StripError(PhizError):
    """There cannot be such a strip; the message says what of it cannot be."""


class Unread(NamedTuple):
    """A strip that looks like an event and is none, and why."""

    strip: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """The events in order of start, and the strips that were meant as events and cannot be."""

    events: tuple[AUEvent, ...]
    unread: tuple[Unread, ...]


def add(
    face: bpy.types.Object,
    scene: bpy.types.Scene,
    frame: float,
    au: int,
    side: str = "B",
    intensity: float = 1.0,
    seconds: float = 1.0,
) -> bpy.types.NlaStrip:
    """A strip for one event from a scene frame on, with short blends, in a track of its unit.

    Raises StripError for a unit, side, intensity or length that an event cannot have.
    """
    reason = trouble(au, side)
    if not reason and not 0.0 <= intensity <= 1.0:
        reason = f"the intensity is 0 to 1, came {intensity:g}"
    if not reason and not 0.0 < seconds < math.inf:
        reason = f"an event lasts more than 0 seconds, came {seconds:g}"
    if reason:
        raise StripError(f"No strip was added: {reason}.")
    rate = keyframes.scene_rate(scene)
    action = event_actions.new(face, au, side, intensity, seconds * rate)
    strip = place(face, action, au, frame, seconds * rate)
    strip.blend_in = strip.blend_out = min(_BLEND, 0.4 * seconds) * rate
    return strip


def place(
    face: bpy.types.Object,
    action: bpy.types.Action,
    au: int,
    frame: float,
    frames: float,
    name: str | None = None,
) -> bpy.types.NlaStrip:
    """A strip over a span of scene frames, in the first track of its unit with room; named as its Action
    says, or otherwise."""
    track = _track(face, au, frame, frames)
    strip = track.strips.new(action.name, math.floor(frame), action)
    # In this order: Blender keeps the start before the end.
    strip.frame_end = frame + frames
    strip.frame_start = frame
    strip.extrapolation = "NOTHING"
    strip.name = name or action[event_actions.NAME]  # 4.3 ignores the name that a new strip is given
    return strip


def track_name(au: int) -> str:
    """The name of the tracks that Phiz makes for a unit."""
    return f"AU{au} {ACTION_UNITS[au].name}"


def on(face: bpy.types.Object) -> Iterator[tuple[bpy.types.NlaTrack, bpy.types.NlaStrip, bool]]:
    """Every strip on the face object that concerns Phiz, with its track and whether it is switched on.

    Of a meta strip those inside it, which Blender plays as they stand, whatever its own blends.
    """
    animation = face.animation_data
    if animation is None:
        return
    solo = any(track.is_solo for track in animation.nla_tracks)
    for track in animation.nla_tracks:
        heard = animation.use_nla and (track.is_solo if solo else not track.mute)
        yield from ((track, strip, on) for strip, on in _clips(track.strips, heard))


def _clips(strips: Iterable[bpy.types.NlaStrip], heard: bool) -> Iterator[tuple[bpy.types.NlaStrip, bool]]:
    for strip in strips:
        on = heard and not strip.mute
        if strip.type == "META":
            yield from _clips(strip.strips, on)
        elif strip.type == "CLIP" and event_actions.concerns(strip):
            yield strip, on


def read(face: bpy.types.Object, scene: bpy.types.Scene, start: float, seconds: float) -> Reading:
    """The events of a recording of so many seconds whose second 0 is at scene frame `start`.

    An event that begins before the recording is cut there; one that ends after it is not. Where a strip
    has straight or animated blends, or a curve in its Action, its event has an envelope, within 1e-5 of
    Blender's own evaluation; strips written from events with ramps give those back.
    """
    rate = keyframes.scene_rate(scene)
    events: list[AUEvent] = []
    unread: list[Unread] = []
    for judged in _judged(face, rate, start, seconds):
        unread += judged.unread
        if judged.units:
            shape = _shape(judged.strip, judged.intensity, start, rate)
            events += [AUEvent.model_validate({"au": au, "side": side, **shape}) for au, side in judged.units]
    return Reading(tuple(sorted(events, key=lambda event: event.start)), tuple(unread))


def unread(
    face: bpy.types.Object, scene: bpy.types.Scene, start: float, seconds: float
) -> tuple[Unread, ...]:
    """What `read` cannot read, and why; quicker, for nothing is evaluated."""
    rate = keyframes.scene_rate(scene)
    return tuple(one for judged in _judged(face, rate, start, seconds) for one in judged.unread)


def trouble(au: int, side: str) -> str:
    """Why a unit cannot be shown on a side; empty where it can."""
    unit = ACTION_UNITS.get(au)
    if unit is None:
        return f"AU {au} is not in the FACS table"
    if not unit.showable:
        return f"AU {au} ({unit.name}) has no ARKit shape key: {unit.note}"
    if side not in unit.sides:
        return f"AU {au} ({unit.name}) takes {' or '.join(unit.sides)}, not {side}"
    return ""


class _Judged(NamedTuple):
    """A strip that is on: the units it shows, how strongly, and what of it cannot be read."""

    strip: bpy.types.NlaStrip
    units: tuple[tuple[int, str], ...]
    intensity: float
    unread: tuple[Unread, ...]


def _judged(face: bpy.types.Object, rate: float, start: float, seconds: float) -> Iterator[_Judged]:
    for _, strip, is_on in on(face):
        if not is_on:
            continue
        try:
            said = event_actions.spoken(strip)
        except StripNameError as error:
            yield _Judged(strip, (), 0.0, (Unread(strip.name, str(error)),))
            continue
        reason = _outside(((strip.frame_start - start) / rate, (strip.frame_end - start) / rate), seconds)
        reasons = [reason or trouble(*unit) for unit in said.units]
        units = tuple(unit for unit, reason in zip(said.units, reasons, strict=True) if not reason)
        unread = tuple(Unread(strip.name, reason) for reason in dict.fromkeys(reasons) if reason)
        yield _Judged(strip, units, said.intensity or 0.0, unread)


def _outside(span: tuple[float, float], seconds: float) -> str:
    if span[1] <= 0.0:
        return f"it ends before the recording, {-span[1]:.2f} s"
    if span[0] >= seconds:
        return f"it begins after the end of the recording, {span[0] - seconds:.2f} s"
    return ""


def _shape(strip: bpy.types.NlaStrip, intensity: float, start: float, rate: float) -> dict[str, object]:
    """Start, end, intensity and ramps or envelope of the strip's event, as fields of AUEvent."""
    first, last = (strip.frame_start - start) / rate, (strip.frame_end - start) / rate
    shape: dict[str, object] = {"start": max(0.0, first), "end": last, "intensity": intensity}
    strengths = event_actions.curve(strip, event_actions.INTENSITY_PATHS)
    shares = event_actions.curve(strip, event_actions.HELD_PATHS)
    smooth = event_actions.smooth(strip)
    plain = strengths is None and shares is None and not strip.use_animated_influence
    straight = strip.blend_in + strip.blend_out > 0.0 and not smooth
    crossing = strip.blend_in + strip.blend_out > strip.frame_end - strip.frame_start + _LEAST
    if plain and first >= 0.0 and not straight and not crossing:
        return shape | {"ramp_in": strip.blend_in / rate, "ramp_out": strip.blend_out / rate}

    counts, shown = strip_time.influence(strip, smooth=smooth), strip_time.action_frame(strip)
    curves = [curve for curve in (strengths, shares) if curve is not None]

    def following(curve: bpy.types.FCurve | None) -> strip_time.Value:
        if curve is None:
            return lambda _: 1.0
        return cache(lambda frame: min(1.0, max(0.0, curve.evaluate(shown(frame)))))

    share, strength, peak = following(shares), following(strengths), 1.0
    if strengths is not None:
        shape["intensity"] = peak = max(value for _, value in strip_time.points(strip, strength, curves))
    if peak == 0.0:  # the envelope then says how far the unit is held off
        strength, peak = following(None), 1.0
    points = strip_time.points(
        strip, lambda frame: counts(frame) * share(frame) * min(1.0, strength(frame) / peak), curves
    )
    return shape | {"envelope": _from_start([((frame - start) / rate, value) for frame, value in points])}


def _from_start(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points at seconds of the recording -> at seconds from the event's start, cut at the recording's."""
    first = max(0.0, points[0][0])
    kept = [(time - first, value) for time, value in points if time >= first]
    earlier = [point for point in points if point[0] < first]
    if earlier:
        (before, low), (after, high) = earlier[-1], points[len(earlier)]
        kept.insert(0, (0.0, low + (high - low) * (first - before) / (after - before)))
    return kept


def _track(face: bpy.types.Object, au: int, frame: float, frames: float) -> bpy.types.NlaTrack:
    """The first of the unit's tracks in which the span is free, or a new one on top."""
    animation = face.animation_data or face.animation_data_create()
    name = track_name(au)
    # A strip is made at a whole frame first, and needs the room there too.
    first, last = math.floor(frame), frame + frames
    names = {track.name for track in animation.nla_tracks}
    for track in animation.nla_tracks:
        taken = any(strip.frame_start < last and strip.frame_end > first for strip in track.strips)
        if without_suffix(track.name) == name and not track.lock and not taken:
            return track
    track = animation.nla_tracks.new()
    numbered = (name if number == 0 else f"{name}.{number:03}" for number in range(len(names) + 1))
    track.name = next(free for free in numbered if free not in names)  # Blender lets tracks share a name
    return track
