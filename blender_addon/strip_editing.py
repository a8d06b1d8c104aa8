# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What the sidebar does with the strips of Action Units: list, select, change, duplicate, remove, write.

Plain functions over the data API, so that one undo step takes each back. A strip is known by its name, which
is unique on an object.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import bpy
import numpy as np

from phiz.acting.direction import AUEvent
from phiz.acting.presets import Preset
from phiz.face.action_units import ACTION_UNITS

from . import action_support, event_actions, keyframes, strip_names, strips
from .strip_names import StripNameError

_TRACK_NAMES = frozenset(strips.track_name(au) for au in ACTION_UNITS)
_JUMP = 1.0 / 64.0  # frames between the two keys of a jump; nearer than 0.01 Blender takes them for one
_SAME = 1e-6  # of an envelope's points
_COPIED = (
    "action_frame_start", "action_frame_end", "scale", "repeat", "use_reverse", "mute", "blend_type",
    "extrapolation", "use_sync_length", "use_animated_time_cyclic",
)  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """One strip as the list shows it.

    units: (number, side), none where the name cannot be read. seconds: start and end in the recording.
    intensity: the strongest where it is animated. on: neither muted nor beside a solo track. trouble: why
    it is no event.
    """

    strip: str
    track: str
    units: tuple[tuple[int, str], ...]
    seconds: tuple[float, float]
    intensity: float
    on: bool
    trouble: str

    @property
    def name(self) -> str:
        """The units' FACS names."""
        return " + ".join(unit.name if (unit := ACTION_UNITS.get(au)) else f"AU {au}" for au, _ in self.units)

    @property
    def muscles(self) -> str:
        """What the units are moved by."""
        return "; ".join(unit.muscles for au, _ in self.units if (unit := ACTION_UNITS.get(au)))


def listing(face: bpy.types.Object, scene: bpy.types.Scene, start: float, seconds: float) -> list[Listed]:
    """Every strip of the face that is an event or was meant as one, in order of time."""
    rate = keyframes.scene_rate(scene)
    reasons = dict(strips.unread(face, scene, start, seconds))
    rows = []
    for track, strip, on in strips.on(face):
        try:
            said = event_actions.spoken(strip)
            units, intensity = said.units, said.intensity or 0.0
        except StripNameError:
            units, intensity = (), 0.0
        span = (strip.frame_start - start) / rate, (strip.frame_end - start) / rate
        rows.append(Listed(strip.name, track.name, units, span, intensity, on, reasons.get(strip.name, "")))
    return sorted(rows, key=lambda row: row.seconds)


def find(face: bpy.types.Object, name: str) -> tuple[bpy.types.NlaTrack, bpy.types.NlaStrip]:
    """Track and strip of that name. Raises StripError where there is none."""
    for track, strip, _ in strips.on(face):
        if strip.name == name:
            return track, strip
    raise strips.StripError(f"{face.name} has no strip of an Action Unit named {name!r}.")


def select(face: bpy.types.Object, scene: bpy.types.Scene, name: str) -> bpy.types.NlaStrip:
    """Select that strip alone in the NLA editor and put the playhead on its first frame."""
    home, chosen = find(face, name)
    for track in face.animation_data.nla_tracks:
        track.select = track == home
        for strip in track.strips:
            strip.select = strip == chosen
    scene.frame_set(math.ceil(chosen.frame_start))
    return chosen


def remove(face: bpy.types.Object, name: str) -> None:
    """Remove a strip; with it its Action where Phiz made that and nothing else uses it, and its track
    where Phiz named that and nothing is left in it."""
    track, strip = find(face, name)
    if strip.name not in track.strips:
        raise strips.StripError(f"{name} is inside a meta strip: remove it in the NLA editor.")
    action = strip.action
    track.strips.remove(strip)
    if event_actions.owned(action) and action.users == 0:
        bpy.data.actions.remove(action)
    if not track.strips and strip_names.without_suffix(track.name) in _TRACK_NAMES:
        face.animation_data.nla_tracks.remove(track)


def clear(face: bpy.types.Object) -> None:
    """Remove every strip that Phiz made, but for those inside meta strips."""
    made = [(track, strip) for track, strip, _ in strips.on(face) if event_actions.owned(strip.action)]
    for name in [strip.name for track, strip in made if strip.name in track.strips]:
        remove(face, name)


def duplicate(face: bpy.types.Object, name: str) -> bpy.types.NlaStrip:
    """A copy with an Action of its own, right behind the strip or, where there is no room, above it."""
    _, strip = find(face, name)
    action = strip.action.copy() if event_actions.owned(strip.action) else strip.action
    said = event_actions.spoken(strip)
    length = strip.frame_end - strip.frame_start
    copy = strips.place(
        face, action, said.units[0][0], strip.frame_end, length, strip_names.without_suffix(name)
    )
    for setting in _COPIED:
        setattr(copy, setting, getattr(strip, setting))
    copy.frame_end = strip.frame_end + length  # a setting above may have stretched it
    copy.blend_in, copy.blend_out = strip.blend_in, strip.blend_out
    for path in ("influence", "time"):
        if getattr(strip, f"use_animated_{path}"):
            setattr(copy, f"use_animated_{path}", True)
    for curve in strip.fcurves:
        _copy_keys(curve, copy.fcurves.find(curve.data_path), length)
    return copy


def set_side(face: bpy.types.Object, name: str, side: str) -> bpy.types.NlaStrip:
    """Show the units of a strip on this side. Raises StripError where one has no such side."""
    _, strip = find(face, name)
    said = event_actions.spoken(strip)
    for au, _ in said.units:
        if reason := strips.trouble(au, side):
            raise strips.StripError(f"{reason}.")
    _say(face, strip, [(au, side) for au, _ in said.units], said.intensity or 0.0)
    return strip


def set_intensity(face: bpy.types.Object, name: str, intensity: float) -> bpy.types.NlaStrip:
    """Say how strongly a strip's units show, 0 to 1."""
    if not 0.0 <= intensity <= 1.0:
        raise strips.StripError(f"The intensity is 0 to 1, came {intensity:g}.")
    _, strip = find(face, name)
    _say(face, strip, event_actions.spoken(strip).units, intensity)
    return strip


def add_preset(
    face: bpy.types.Object, scene: bpy.types.Scene, frame: float, preset: Preset
) -> list[bpy.types.NlaStrip]:
    """A strip for each unit of an expression, from a scene frame on."""
    return [
        strips.add(face, scene, frame, au, side, intensity, preset.seconds)
        for au, side, intensity in preset.moves
    ]


def write(
    face: bpy.types.Object, scene: bpy.types.Scene, events: Iterable[AUEvent], start: float
) -> list[bpy.types.NlaStrip]:
    """A strip for each event of a Direction whose second 0 is at scene frame `start`; `read` gives them back.

    Ramps become smooth blends; an envelope straight blends where it is no more than that, else a curve in
    the Action, which moves with the strip.
    """
    rate = keyframes.scene_rate(scene)
    return [_written(face, event, start, rate) for event in sorted(events, key=lambda event: event.start)]


def _written(face: bpy.types.Object, event: AUEvent, start: float, rate: float) -> bpy.types.NlaStrip:
    length = event.end - event.start
    if event.envelope is None:
        shrink = min(1.0, length / max(event.ramp_in + event.ramp_out, 1e-9))
        blends = shrink * event.ramp_in, shrink * event.ramp_out
    else:
        blends = _as_blends(event.envelope, length)
    action = event_actions.new(
        face, event.au, event.side, event.intensity, length * rate, smooth=event.envelope is None
    )
    strip = strips.place(face, action, event.au, start + event.start * rate, length * rate)
    if blends is None:
        _hold(face, action, event.envelope or (), rate)
    else:
        strip.blend_in, strip.blend_out = (blend * rate for blend in blends)
    return strip


def _as_blends(envelope: Sequence[tuple[float, float]], length: float) -> tuple[float, float] | None:
    """Blend-in and blend-out in seconds, where an envelope is nothing else."""
    full = [time for time, held in envelope if held >= 1.0 - _SAME]
    if not full:
        return None
    first, last = full[0], full[-1]
    before = [(time, held) for time, held in envelope if time < first]
    after = [(time, held) for time, held in envelope if time > last]
    inside = len(envelope) - len(before) - len(after)
    if inside != len(full) or len(before) > 1 or len(after) > 1:
        return None
    rising = before[0] if before else (0.0, 1.0)
    falling = after[0] if after else (length, 1.0)
    if max(rising[0], abs(falling[0] - length)) > _SAME:
        return None
    if (before and rising[1] > _SAME) or (after and falling[1] > _SAME):
        return None
    return (first if before else 0.0), (length - last if after else 0.0)


def _hold(
    face: bpy.types.Object, action: bpy.types.Action, envelope: Sequence[tuple[float, float]], rate: float
) -> None:
    """The envelope as a curve in the Action; without the property on the face Blender would mark it lost."""
    if event_actions.HELD not in face:
        face[event_actions.HELD] = 1.0
    keys = action_support.curves(action).new(event_actions.HELD_PATHS[0]).keyframe_points
    for i, (time, held) in enumerate(envelope):
        frame = time * rate
        if i + 1 < len(envelope) and envelope[i + 1][0] - time < _SAME:
            frame -= _JUMP
            times, values = zip(*envelope[: i + 1], strict=True)
            held = float(np.interp(frame / rate, times, values))
        key = keys.insert(frame, held, options={"FAST"})
        key.interpolation = "LINEAR"


def _say(
    face: bpy.types.Object, strip: bpy.types.NlaStrip, units: Sequence[tuple[int, str]], intensity: float
) -> None:
    """Make a strip say units and intensity: on its Action where that is an event's, else in its name."""
    action = strip.action
    if not event_actions.owned(action) or len(units) != 1:
        strip.name = strip_names.write(units, intensity)
        return
    # Others of the same Action that bear its name go with it.
    named = [other for _, other, _ in strips.on(face) if other.action == action]
    named = [other for other in named if other == strip or event_actions.given(other)]
    event_actions.say(action, *units[0], intensity)
    for other in named:
        other.name = action[event_actions.NAME]


def _copy_keys(source: bpy.types.FCurve, copy: bpy.types.FCurve, shift: float) -> None:
    """The keys of a strip's own curve, which stand in scene time, moved by so many frames."""
    while copy.keyframe_points:
        copy.keyframe_points.remove(copy.keyframe_points[-1], fast=True)
    copy.keyframe_points.add(len(source.keyframe_points))
    for old, new in zip(source.keyframe_points, copy.keyframe_points, strict=True):
        new.interpolation, new.easing = old.interpolation, old.easing
        new.handle_left_type, new.handle_right_type = old.handle_left_type, old.handle_right_type
        for corner in ("co", "handle_left", "handle_right"):
            at, value = getattr(old, corner)
            setattr(new, corner, (at + shift, value))
    copy.mute, copy.extrapolation = source.mute, source.extrapolation
