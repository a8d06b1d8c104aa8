# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""An NLA strip over scene time: how far it counts, and what its Action's curves say there.

The arithmetic of Blender's own evaluation, so that what an artist sees in the editor is what acts. Facts it
rests on, each held against Blender by a test: a strip's plain influence is never used; animated influence
replaces the blends and its keys stand in scene time; a blend-in that runs into the blend-out goes before; a
curve in the Action is looked up through scale, repeat, reverse and animated time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from itertools import pairwise

import bpy
import numpy as np

BOUND = 1e-5
"""The most that the straight lines of `points` differ from the strip's own values."""

_GRID = 1.0 / 256.0  # of a frame: finest sampling, exact in the single precision of F-curves to frame 65536
_NEAR = 1e-6  # as Blender compares single-precision times

Value = Callable[[float], float]
"""A value, 0 to 1, at a scene frame inside the strip."""


def influence(strip: bpy.types.NlaStrip, *, smooth: bool = False) -> Value:
    """How far the strip counts, 0 to 1; smooth: with its blends as smoothsteps."""
    if strip.use_animated_influence:
        curve = _control(strip, "influence")
        still = strip.influence
        return lambda frame: min(1.0, max(0.0, still if curve is None else curve.evaluate(frame)))
    start, end, blend_in, blend_out = strip.frame_start, strip.frame_end, strip.blend_in, strip.blend_out

    def value(frame: float) -> float:
        share = 1.0
        if blend_in > 0.0 and frame <= start + blend_in:
            share = (frame - start) / blend_in
        elif blend_out > 0.0 and frame >= end - blend_out:
            share = (end - frame) / blend_out
        share = min(1.0, max(0.0, share))
        return share * share * (3.0 - 2.0 * share) if smooth else share

    return value


def action_frame(strip: bpy.types.NlaStrip) -> Callable[[float], float]:
    """Scene frame inside the strip -> the frame of its Action that the strip shows there."""
    first, last = strip.action_frame_start, strip.action_frame_end
    if strip.use_animated_time:
        curve, still, cyclic = _control(strip, "strip_time"), strip.strip_time, strip.use_animated_time_cyclic

        def animated(frame: float) -> float:
            time = still if curve is None else curve.evaluate(frame)
            return math.fmod(time - first, last - first) if cyclic else time

        return animated

    start, end, backwards = strip.frame_start, strip.frame_end, strip.use_reverse
    length = last - first if abs(last - first) >= _NEAR else 1.0
    scale = abs(strip.scale) or 1.0
    whole = abs(strip.repeat - round(strip.repeat)) < _NEAR
    # Single precision as in Blender: it decides which round a frame on the border falls into.
    one_round = float(np.float32(length) * np.float32(scale))

    def shown(frame: float) -> float:
        at_end = whole and abs(frame - end) < _NEAR  # of the last round, not the start of one more
        into = length if at_end else math.fmod(frame - start, one_round) / scale
        return last - into if backwards else first + into

    return shown


def points(
    strip: bpy.types.NlaStrip, value: Value, curves: Sequence[bpy.types.FCurve] = ()
) -> list[tuple[float, float]]:
    """Scene frames, rising, from the strip's start to its end, and values with straight lines between them.

    They stay within BOUND of `value` at every frame; at a jump they change over 1/128 of a frame. curves:
    those of the strip's Action that the value is made of.
    """
    value = cache(value)
    corners = _corners(strip, curves)
    found = [point for pair in pairwise(corners) for point in _straight(value, *pair)]
    return _thinned([*found, (corners[-1], value(corners[-1]))])


def _corners(strip: bpy.types.NlaStrip, curves: Sequence[bpy.types.FCurve]) -> list[float]:
    """Scene frames, rising, between which values run smoothly; whole frames too where curves are at work."""
    start, end = strip.frame_start, strip.frame_end
    corners = {start, end}
    if strip.blend_in > 0.0:
        corners.add(start + strip.blend_in)
    if strip.blend_out > 0.0:
        corners.add(end - strip.blend_out)
    if curves or strip.use_animated_influence:
        corners |= set(np.arange(np.ceil(start), end).tolist())
        corners |= {key.co[0] for curve in strip.fcurves for key in curve.keyframe_points}
    if curves and not strip.use_animated_time:
        corners |= _key_frames(strip, curves)
    return sorted(corner for corner in corners if start <= corner <= end)


def _key_frames(strip: bpy.types.NlaStrip, curves: Sequence[bpy.types.FCurve]) -> set[float]:
    """Scene frames at which the strip shows a key of its Action, or begins it anew."""
    first, last, scale = strip.action_frame_start, strip.action_frame_end, abs(strip.scale)
    if (last - first) * scale < _GRID:
        return set()
    keys = np.array([key.co[0] for curve in curves for key in curve.keyframe_points])
    keys = keys[(keys > first) & (keys < last)]
    into = np.append(last - keys if strip.use_reverse else keys - first, 0.0) * scale
    rounds = np.arange(strip.frame_start, strip.frame_end, (last - first) * scale)
    return set(np.add.outer(rounds, into).ravel().tolist())


def _straight(value: Value, left: float, right: float) -> list[tuple[float, float]]:
    """Points from left on, right not among them: halved until lines are straight, or a jump is narrow."""
    stack, found = [((left, value(left)), (right, value(right)))], []
    while stack:
        (a, at_a), (b, at_b) = stack.pop()
        quarters = [_snapped(a + (b - a) * share) for share in (0.25, 0.5, 0.75)]
        inside = [(t, value(t)) for t in quarters if a < t < b]
        off = (abs(v - at_a - (at_b - at_a) * (t - a) / (b - a)) for t, v in inside)
        if b - a <= 2 * _GRID or not inside or max(off) <= BOUND / 4:
            found.append((a, at_a))
            continue
        middle = inside[len(inside) // 2]
        stack += [(middle, (b, at_b)), ((a, at_a), middle)]
    return found


def _snapped(frame: float) -> float:
    return round(frame / _GRID) * _GRID


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """As few of the points as keep straight lines within most of the bound (Ramer, 1972; Douglas-Peucker)."""
    at, values = np.array(points).T
    kept = {0, len(points) - 1}
    stack = [(0, len(points) - 1)]
    while stack:
        first, last = stack.pop()
        if last - first < 2:
            continue
        inner = slice(first + 1, last)
        share = (at[inner] - at[first]) / (at[last] - at[first])
        off = np.abs(values[inner] - values[first] - share * (values[last] - values[first]))
        if off.max() > BOUND * 0.7:
            worst = first + 1 + int(off.argmax())
            kept.add(worst)
            stack += [(first, worst), (worst, last)]
    return [points[i] for i in sorted(kept)]


def _control(strip: bpy.types.NlaStrip, path: str) -> bpy.types.FCurve | None:
    """The strip's own curve on its influence or its time; None where it has none that is on."""
    curve = strip.fcurves.find(path)
    return None if curve is None or curve.mute or curve.is_empty else curve
