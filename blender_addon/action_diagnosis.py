# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""What keeps an Action that Phiz made from being played."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import bpy

from . import action_support, ownership
from .keyframes import Target

_SHOWN = 4  # names in one line


class Cause(NamedTuple):
    """One reason, as a sentence; `fix` mends it, where that can be done without asking more.

    label: what the button for it says.
    """

    text: str
    fix: Callable[[], None] | None = None
    label: str = ""


def of_performance(target: Target) -> Iterator[Cause]:
    """What keeps the performance of one mesh from being played."""
    keys, name = target.keys, target.mesh.name
    linked = target.mesh.library or keys.library
    if linked is not None:
        yield Cause(f"{name} is linked from {linked.filepath}. Make a library override of it.")
        return
    animation = keys.animation_data
    if animation is not None and animation.use_tweak_mode:
        yield Cause(
            f"An NLA strip of the shape keys of {name} is in tweak mode: only that strip plays.",
            lambda: _set(keys, animation, "use_tweak_mode", False),
            "Leave Tweak Mode",
        )
        return
    if ownership.owned(keys) is not None:
        yield from _of_action(keys, f"the shape keys of {name}")
        yield from _of_hidden_strips(keys, name)
        return
    strip = _pushed_down(keys)
    if strip is not None:
        yield from _of_strip(keys, *strip, name)
        moved = _moved(strip[1])
        theirs = ownership.active(keys)
        hiding = moved & {curve.data_path for curve in action_support.used_curves(keys)}
        if theirs is not None and hiding:
            yield Cause(
                f"The Action {theirs.name!r} of {name} wins over the NLA strip that holds the performance.",
                lambda: ownership.set_aside(keys),
                f"Take {theirs.name} Off",
            )
        return
    active, waiting = ownership.active(keys), _waiting(target)
    if waiting is not None:
        instead = (
            f"{active.name!r} is in use on {name} instead"
            if active is not None
            else f"{name} does not use it"
        )
        yield Cause(
            f"The performance is in the Action {waiting.name!r}, but {instead}.",
            lambda: ownership.use(keys, waiting),
            f"Use {waiting.name}",
        )
    else:
        yield Cause(f"{name} has no keys made by Phiz. Press Generate.")


def of_turning(owner: bpy.types.ID) -> Iterator[Cause]:
    """What keeps an object or armature from turning with the face, if Phiz is to turn it."""
    action = ownership.owned(owner)
    if action is None:
        return
    if action == ownership.active(owner):
        yield from _of_action(owner, owner.name)
        return
    strip, theirs = _pushed_down(owner), ownership.active(owner)
    if strip is None or theirs is None:
        return
    yield from _of_strip(owner, *strip, owner.name)
    both = _moved(strip[1]) & {curve.data_path for curve in action_support.used_curves(owner)}
    if both:
        yield Cause(
            f"The Action {theirs.name!r} turns what Phiz is to turn, and wins: "
            f"{listed(sorted(both))}. Remove these keys from it, or choose another bone under Result."
        )


def _of_action(owner: bpy.types.ID, label: str) -> Iterator[Cause]:
    """What keeps the active Action of `owner`, made by Phiz, from being seen."""
    animation, action = owner.animation_data, owner.animation_data.action
    curves = action_support.used_curves(owner)
    if not curves and not len(getattr(action, "slots", "-")):
        yield Cause(f"{action.name!r} has lost its slot and its keys. Generate again.")
    elif not curves:
        yield Cause(
            f"{action.name!r} has no slot assigned that moves {label}.",
            lambda: action_support.assign(owner, action),
            "Assign the Slot",
        )
    yield from _of_curves(action, curves)
    if not (animation.use_nla and animation.nla_tracks):
        return  # Blender then heeds neither influence nor blending
    solo = [track for track in animation.nla_tracks if track.is_solo]
    if solo:
        yield Cause(
            f"The NLA track {solo[0].name!r} of {label} is solo: the Action is not played.",
            lambda: _set(owner, solo[0], "is_solo", False),
            "End Solo",
        )
    if animation.action_influence < 1.0:
        yield Cause(
            f"The Action of {label} has an influence of {animation.action_influence:.2g} in the NLA.",
            lambda: _set(owner, animation, "action_influence", 1.0),
            "Set It to 1",
        )
    if animation.action_blend_type not in {"REPLACE", "ADD"}:
        blending = animation.action_blend_type.title()
        yield Cause(
            f"The Action of {label} is blended by {blending} with the NLA strips below, which can undo it.",
            lambda: _set(owner, animation, "action_blend_type", "REPLACE"),
            "Blend by Replace",
        )


def _of_hidden_strips(keys: bpy.types.Key, name: str) -> Iterator[Cause]:
    """NLA strips of the artist's on the same shape keys, which a performance that replaces them hides."""
    animation = keys.animation_data
    if not animation.use_nla or animation.action_blend_type != "REPLACE":
        return
    played = {curve.data_path for curve in action_support.used_curves(keys)}
    hidden = [
        strip.name
        for track in animation.nla_tracks
        if not track.mute
        for strip in track.strips
        if not strip.mute and _moved(strip) & played
    ]
    if hidden:
        yield Cause(
            f"The performance of {name} wins over NLA strips on the same shape keys: {listed(hidden)}.",
            lambda: _set(keys, animation, "action_blend_type", "ADD"),
            "Add It to Them",
        )


def _of_curves(action: bpy.types.Action, curves: Sequence[bpy.types.FCurve]) -> Iterator[Cause]:
    muted = [curve for curve in curves if curve.mute]
    if muted:
        yield Cause(
            f"{len(muted)} of the F-curves of {action.name!r} are muted.",
            lambda: set_all(muted, "mute", False),
            "Unmute the Curves",
        )


# ---- pushed down to the NLA ----------------------------------------------------------------------------


def _pushed_down(keys: bpy.types.Key) -> tuple[bpy.types.NlaTrack, bpy.types.NlaStrip] | None:
    """The first NLA strip that plays an Action of Phiz, with its track."""
    for track in keys.animation_data.nla_tracks if keys.animation_data else ():
        for strip in track.strips:
            if strip.action is not None and ownership.OWNED in strip.action:
                return track, strip
    return None


def _of_strip(
    keys: bpy.types.Key, track: bpy.types.NlaTrack, strip: bpy.types.NlaStrip, name: str
) -> Iterator[Cause]:
    animation = keys.animation_data
    where = f"The performance of {name} is in the NLA strip {strip.name!r}"
    if not animation.use_nla:
        yield Cause(
            f"{where}, and its NLA is switched off.",
            lambda: _set(keys, animation, "use_nla", True),
            "Switch On the NLA",
        )
    for holder, what in ((track, "track"), (strip, "strip")):
        if holder.mute:
            yield Cause(
                f"{where}, and the {what} is muted.",
                lambda holder=holder: _set(keys, holder, "mute", False),
                f"Unmute the {what.title()}",
            )
    solo = [other for other in animation.nla_tracks if other.is_solo and other != track]
    if solo:
        yield Cause(
            f"{where}, and another track, {solo[0].name!r}, is solo.",
            lambda: _set(keys, solo[0], "is_solo", False),
            "End Solo",
        )
    tracks = list(animation.nla_tracks)
    for above in tracks[tracks.index(track) + 1 :]:
        for other in () if above.mute else above.strips:
            if _moved(other) & _moved(strip) and not other.mute and other.blend_type == "REPLACE":
                yield Cause(
                    f"{where}, and the strip {other.name!r} above it moves the same.",
                    lambda other=other: _set(keys, other, "mute", True),
                    f"Mute {other.name}",
                )
    yield from _of_curves(strip.action, action_support.strip_curves(strip))


def _moved(strip: bpy.types.NlaStrip) -> set[str]:
    """What the strip moves, as data paths."""
    return {curve.data_path for curve in action_support.strip_curves(strip)}


def _waiting(target: Target) -> bpy.types.Action | None:
    """An Action of Phiz for this mesh that nothing uses; the one named after it first."""
    blocks = target.keys.key_blocks
    paths = {blocks[name].path_from_id("value") for name in target.shows if name in blocks}
    found = [
        action
        for action in bpy.data.actions
        if ownership.OWNED in action
        and len(getattr(action, "slots", "-"))
        and action.users == int(action.use_fake_user)
        and {curve.data_path for curve in action_support.curves(action)} >= paths
    ]
    wanted = f"Phiz {target.mesh.name}"
    return min(found, key=lambda action: (not action.name.startswith(wanted), action.name), default=None)


def _set(owner: bpy.types.ID, holder: bpy.types.bpy_struct, name: str, value: object) -> None:
    """Set a property in the NLA of `owner`, and have Blender play it: what was muted or hidden when it last
    looked for what moves it would else stay still."""
    setattr(holder, name, value)
    action_support.assign(owner, ownership.active(owner), action_support.assigned_slot(owner))


def set_all(holders: Iterable[bpy.types.bpy_struct], name: str, value: object) -> None:
    for holder in holders:
        setattr(holder, name, value)


def listed(names: Iterable[str]) -> str:
    """The first names, and how many more there are."""
    names = list(names)
    rest = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
