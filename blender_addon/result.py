# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The performance on a face: written, adjusted without generating it anew, exported, baked, removed.

The Take as it was generated (or read from a file) is kept with the first mesh's Action, so that strength,
smoothing and thinning can be changed at any time, also after the file was saved and opened again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import bpy
import numpy as np

from phiz.errors import PhizError
from phiz.face import mouth_close
from phiz.face.channels import COUNT
from phiz.motion import smoothing as smoothing_of
from phiz.motion import storage, strength
from phiz.motion.take import Take

from . import action_support, keyframes, ownership, rotation
from .keyframes import Target
from .pieces import Pieces, at_once
from .rotation import STILL, Turning

REGIONS: dict[str, tuple[str, ...]] = {
    "brows": ("brows",),
    "eyes": ("eyes",),
    "mouth": ("mouth", "cheeks"),
    "head": ("head",),
}
"""What the panel sets together: name -> regions of phiz.motion."""

Built = list[tuple[bpy.types.ID, bpy.types.Action]]
"""Data blocks and the Actions made for them, those of the meshes first."""

_TAKE, _START = "phiz_take", "phiz_start"
_NOT_TEXT = b"\0"
"""Stands before the bytes: a panel of custom properties shows text up to here, and draws no megabytes."""


class ResultError(PhizError):
    """There is no performance on the face, or not one that can be adjusted."""


class Kept(NamedTuple):
    """A Take as it was generated, and the scene frame at which it begins."""

    take: Take
    start: float


def store(action: bpy.types.Action, packed: bytes, start: float) -> None:
    """Keep a Take, in the bytes of `storage.to_bytes`, with an Action: about 5 kB a second at 30 fps, a
    twentieth of its keys."""
    action[_TAKE] = _NOT_TEXT + packed
    action[_START] = float(start)


def load(action: bpy.types.Action) -> Kept | None:
    """The Take kept with an Action; None where there is none. Raises TakeError where it is damaged."""
    if _TAKE not in action:
        return None
    return Kept(storage.from_bytes(action[_TAKE][len(_NOT_TEXT) :], action.name), action[_START])


def kept(targets: Sequence[Target]) -> Kept | None:
    """The Take of the performance that is on these meshes. Raises TakeError where it is damaged."""
    for target in targets:
        action = ownership.owned(target.keys)
        if action is not None and _TAKE in action:
            return load(action)
    return None


def adjusted(take: Take, strengths: Mapping[str, float], smoothing: Mapping[str, float] | float) -> Take:
    """The Take with a strength (0 to 2) and a smoothing (0 to 1) for any of REGIONS; 1 and 0 leave it.

    smoothing: one number for all. Lips and lids that shut still shut. Raises TakeError.
    """
    if not isinstance(smoothing, Mapping):
        smoothing = dict.fromkeys(REGIONS, smoothing)
    return strength.scaled(smoothing_of.smoothed(take, _by_region(smoothing)), _by_region(strengths))


def apply(
    targets: Sequence[Target],
    take: Take,
    *,
    strengths: Mapping[str, float] = {},
    smoothing: Mapping[str, float] | float = 0.0,
    thinning: float = 0.0,
    start: float,
    rate: float,
    span: tuple[float, float] | None = None,
    turning: Turning = STILL,
) -> list[bpy.types.Action]:
    """Write a Take, generated or captured, to meshes and to what turns; all of it or nothing.

    start: scene frame of the Take's beginning. rate: frames per second of the scene; a Take of another
    rate is resampled, so that keys stand on whole frames. span: first and last scene frame, to replace
    only these in what Phiz wrote before. strengths, smoothing: as in `adjusted`; thinning as in
    `keyframes.build`. The Take itself is kept unadjusted. Returns the Actions, those of the meshes first.
    Raises PhizError before anything is changed.
    """
    built = at_once(
        build(
            targets, take, strengths=strengths, smoothing=smoothing, thinning=thinning, start=start,
            rate=rate, span=span, turning=turning,
        )
    )  # fmt: skip
    commit(built, take)
    return [action for _, action in built]


def build(
    targets: Sequence[Target],
    take: Take,
    *,
    strengths: Mapping[str, float] = {},
    smoothing: Mapping[str, float] | float = 0.0,
    thinning: float = 0.0,
    start: float,
    rate: float,
    span: tuple[float, float] | None = None,
    turning: Turning = STILL,
) -> Pieces[Built]:
    """The Actions of `apply`, not assigned yet: to be given to `commit`, or to `discard`.

    Leaves nothing behind when it fails or is closed.
    """
    rotation.plan(turning)
    with ThreadPoolExecutor(1) as other:
        packed = other.submit(storage.to_bytes, take)  # most of its time is compression, beside Python
        shown = adjusted(take, strengths, smoothing)
        if abs(shown.fps - rate) > 1e-6 * rate:
            shown = shown.resampled(rate)
        yield
        built = yield from _built(targets, shown, start, rate, thinning, span, turning)
        try:
            while built and not packed.done():
                yield
            if built:
                store(built[0][1], packed.result(), start)
        except BaseException:
            discard(built)
            raise
        return built


def _built(
    targets: Sequence[Target],
    shown: Take,
    start: float,
    rate: float,
    thinning: float,
    span: tuple[float, float] | None,
    turning: Turning,
) -> Pieces[Built]:
    at = keyframes.frames(shown, start=start, rate=rate)
    built: Built = []
    try:
        for keys, target in {target.keys: target for target in reversed(targets)}.items():
            name, curves = f"Phiz {target.mesh.name}", keyframes.curves(target, shown)
            action = yield from keyframes.build(keys, name, curves, at, thinning=thinning, span=span)
            built.insert(0, (keys, action))
        built += yield from rotation.build(
            turning, shown, start=start, rate=rate, thinning=thinning, span=span
        )
    except BaseException:
        discard(built)
        raise
    return built


def commit(built: Built, take: Take) -> None:
    """Put what was built from a Take in use. Raises OwnerError; then nothing is changed or left behind."""
    try:
        ownership.commit(built, take.origin)
    except BaseException:
        discard(built)
        raise


def discard(built: Built) -> None:
    """Remove what was built and is not to be used."""
    for _, action in built:
        bpy.data.actions.remove(action)


def adjust(
    targets: Sequence[Target],
    *,
    strengths: Mapping[str, float],
    smoothing: Mapping[str, float] | float,
    thinning: float,
    rate: float,
    turning: Turning = STILL,
) -> list[bpy.types.Action]:
    """Write the performance that is on the meshes once more with other settings; as `apply`.

    Raises ResultError where there is none that Phiz keeps.
    """
    found = kept(targets)
    if found is None:
        raise ResultError(
            "There is no performance of Phiz on the face. Generate one, or read a recording in."
        )
    return apply(
        targets, found.take, strengths=strengths, smoothing=smoothing, thinning=thinning, start=found.start,
        rate=rate, turning=turning,
    )  # fmt: skip


def bake(owners: Sequence[bpy.types.ID]) -> int:
    """Make the performance on these data blocks the artist's own: Phiz never replaces or removes it again.

    Returns the number of Actions.
    """
    count = 0
    for owner in owners:
        action = ownership.owned(owner)
        if action is not None:
            ownership.release(owner)
            for mark in (_TAKE, _START):
                if mark in action:
                    del action[mark]
            count += 1
    return count


def remove(
    owners: Sequence[bpy.types.ID], scene: bpy.types.Scene, face: bpy.types.Object, *, events: bool = False
) -> int:
    """Take Phiz's Actions from the data blocks, which go back to what the artist made, and the face's voice
    from the sequencer; with `events`, the strips of Action Units as well. Returns the number of Actions.

    Raises OwnerError before anything is changed.
    """
    for owner in owners:
        ownership.check(owner)
    count = sum([ownership.remove(owner) for owner in owners])
    if scene.sequence_editor is not None:
        strips = action_support.strips(scene.sequence_editor)
        for strip in [s for s in strips if s.type == "SOUND" and s.get(ownership.OWNED) == face.name]:
            sound = strip.sound
            strips.remove(strip)
            if sound.users == 0:
                bpy.data.sounds.remove(sound)
    if events:
        from . import strip_editing

        strip_editing.clear(face)
    return count


def seen(targets: Sequence[Target], *, first: int, last: int, rate: float, turning: Turning = STILL) -> Take:
    """What the Actions now on the meshes, whoever made them, show from scene frame `first` to `last`.

    Head rotation is that of `turning.head`, or else of the Take that is kept. Drivers and NLA strips are
    not read; a shape key without an F-curve has its present value. Raises ResultError where no mesh shows
    a channel.
    """
    at = np.arange(first, last + 1)
    shares, values = [], []
    for target in targets:
        curves = {c.data_path: c for c in action_support.used_curves(target.keys)}
        for name, shown in target.shows.items():
            block = target.keys.key_blocks[name]
            curve = curves.get(block.path_from_id("value"))
            values.append([curve.evaluate(f) for f in at] if curve else np.full(len(at), block.value))
            shares.append(np.zeros(COUNT))
            for channel, share in shown:
                shares[-1][channel] = share
    if not shares:
        raise ResultError("The face has no shape keys that show a movement. Choose its meshes under Face.")
    weights = np.linalg.pinv(np.array(shares)) @ np.array(values)  # (51, frames)
    weights = np.clip(weights.T, 0.0, 1.0)
    if targets[0].mouth_close == "relative":
        weights = mouth_close.to_cancelling(weights)
    return Take(weights, _head_seen(targets, at, rate, turning), rate)


def export(
    path: Path, targets: Sequence[Target], *, first: int, last: int, rate: float, turning: Turning
) -> None:
    """Write what is `seen` on the face as .csv (Live Link Face), .json or .npz, whole or not at all.

    Raises ResultError, TakeError on another suffix, and OutputError.
    """
    storage.checked_suffix(path)
    seen(targets, first=first, last=last, rate=rate, turning=turning).save(path)


def _head_seen(targets: Sequence[Target], at: np.ndarray, rate: float, turning: Turning) -> np.ndarray:
    if turning.head is not None:
        return rotation.head_seen(turning.head, at)
    found = kept(targets)
    if found is None:
        return np.zeros((len(at), 3))
    frames = found.start + np.arange(found.take.frames) * (rate / found.take.fps)
    return np.stack([np.interp(at, frames, angle) for angle in found.take.head.T], 1)


def _by_region(settings: Mapping[str, float]) -> dict[str, float]:
    return {region: value for name, value in settings.items() for region in REGIONS[name]}
