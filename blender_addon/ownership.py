# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Which Actions are Phiz's, and what stood in their place: the artist's come back as they were.

An Action of Phiz carries its mark (`OWNED`) and what it displaced. `commit` assigns finished Actions,
all of them or none; `remove` undoes it; `release` makes the artist the owner.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from typing import Any

import bpy

from phiz.errors import PhizError

from . import action_support, nla_layer

OWNED = "phiz"
"""Custom property on every Action and strip that Phiz made: JSON, where it came from."""

_DISPLACED = "phiz_displaced"  # on Phiz's Action: the artist's Action whose place it took
_BEFORE = "phiz_before"  # JSON: slot of that Action, its fake user, and the values that have keys now
_MARKS = (OWNED, _DISPLACED, _BEFORE)


class OwnerError(PhizError):
    """A data block whose Action cannot be exchanged now."""


def active(owner: bpy.types.ID) -> bpy.types.Action | None:
    """The Action that `owner` uses now, whoever made it."""
    return owner.animation_data.action if owner.animation_data else None


def owned(owner: bpy.types.ID) -> bpy.types.Action | None:
    """The Action of Phiz that moves `owner` now: in use, or laid under the artist's by `commit`."""
    action = active(owner)
    if action is not None and OWNED in action and not _lent(owner, action):
        return action
    laid = nla_layer.strip(owner)
    return laid.action if laid is not None and OWNED in laid.action else None


def curves(owner: bpy.types.ID) -> Sequence[bpy.types.FCurve]:
    """The F-curves of `owned`, for this owner; none without it."""
    if owned(owner) is None:
        return ()
    if owned(owner) == active(owner):
        return action_support.used_curves(owner)
    return action_support.strip_curves(nla_layer.strip(owner))


def check(owner: bpy.types.ID) -> None:
    """Raises OwnerError where `commit` could not give this data block another Action."""
    if owner.library is not None:
        raise OwnerError(
            f"{owner.name!r} is linked from {owner.library.filepath}. Make a library override or append it."
        )
    if owner.animation_data is not None and owner.animation_data.use_tweak_mode:
        raise OwnerError(
            f"An NLA strip of {owner.name!r} is in tweak mode. Leave it (Tab in the NLA editor)."
        )


def commit(built: Sequence[tuple[bpy.types.ID, bpy.types.Action]], origin: dict[str, Any]) -> None:
    """Put each finished Action, marked with `origin` (JSON values), in use on its owner.

    An Action of Phiz that it replaces is deleted when nothing else uses it. The artist's Action on shape
    keys gives way and is kept in the file by a fake user; on an object or armature it stays in use, and
    Phiz's is laid under it. Raises OwnerError before anything is changed.
    """
    for owner, _ in built:
        check(owner)
    for owner, action in built:
        first = owned(owner)
        theirs = active(owner) if active(owner) != first else None
        _remember(owner, action, first, theirs)
        action[OWNED] = json.dumps(origin)
        nla_layer.lift(owner)
        if theirs is not None and _layered(owner):
            nla_layer.lay(owner, action)
        else:
            if theirs is not None:
                theirs.use_fake_user = True  # without a user Blender would drop it on saving
            action_support.assign(owner, action)
        if first is not None and first != action and first.users == 0:
            name = first.name
            bpy.data.actions.remove(first)
            action.name = name


def use(owner: bpy.types.ID, action: bpy.types.Action) -> None:
    """Put an Action of Phiz that lay aside in use again; the artist's is kept. Raises OwnerError."""
    commit([(owner, action)], json.loads(action[OWNED]))


def set_aside(owner: bpy.types.ID) -> None:
    """Leave `owner` without an active Action; the one it had is kept. Raises OwnerError."""
    check(owner)
    before = active(owner)
    if before is not None:
        before.use_fake_user = True  # without a user Blender would drop it on saving
        action_support.assign(owner, None)


def remove(owner: bpy.types.ID) -> bool:
    """Take Phiz's Action from `owner` and put back what was there before; False if there was none.

    The artist's Action returns with its slot, and values that only Phiz's keys moved return as well.
    Raises OwnerError.
    """
    action = owned(owner)
    if action is None:
        return False
    check(owner)
    before = json.loads(action.get(_BEFORE, "{}"))
    displaced = action.get(_DISPLACED)
    if action != active(owner):
        nla_layer.lift(owner)
    else:
        action_support.assign(owner, displaced, before.get("slot"))
        if displaced is not None:
            displaced.use_fake_user = before.get("fake_user", True)
    for path, index, value in before.get("values", ()):
        with contextlib.suppress(ValueError):  # the shape key or bone is gone, or has another name now
            _set(owner, path, index, value)
    if action.users == 0:
        bpy.data.actions.remove(action)
    return True


def release(owner: bpy.types.ID) -> bool:
    """Make Phiz's Action on `owner` the artist's own, never to be replaced; False if there is none."""
    action = owned(owner)
    if action is None:
        return False
    for mark in _MARKS:
        if mark in action:
            del action[mark]
    return True


def _layered(owner: bpy.types.ID) -> bool:
    """Whether Phiz's Action goes under the artist's on this data block, and not in its place."""
    return isinstance(owner, bpy.types.Object)


def _lent(owner: bpy.types.ID, action: bpy.types.Action) -> bool:
    """Whether the artist has keys for this owner in a slot of their own in Phiz's Action: since 4.4 Blender
    puts what is keyed on an object into an Action that its mesh or its shape keys use."""
    slot = action_support.assigned_slot(owner)
    return bool(slot) and slot != action.slots[0].handle and len(action_support.used_curves(owner)) > 0


def _remember(
    owner: bpy.types.ID,
    action: bpy.types.Action,
    first: bpy.types.Action | None,
    theirs: bpy.types.Action | None,
) -> None:
    """Note on a new Action what was there before the first one of Phiz: `theirs`, the artist's."""
    known: dict[str, Any] = json.loads((first or action).get(_BEFORE, "{}"))
    if first is not None:
        if _DISPLACED in first:
            action[_DISPLACED] = first[_DISPLACED]
    elif theirs is not None and not _layered(owner):
        action[_DISPLACED] = theirs
        known |= {"slot": action_support.assigned_slot(owner), "fake_user": theirs.use_fake_user}
    values = {(path, index): value for path, index, value in known.get("values", ())}
    for curve in action_support.curves(action):
        place = (curve.data_path, curve.array_index)
        if place not in values:
            values[place] = _get(owner, *place)
    known["values"] = [(path, index, value) for (path, index), value in values.items()]
    action[_BEFORE] = json.dumps(known)


def _get(owner: bpy.types.ID, path: str, index: int) -> float:
    value = owner.path_resolve(path)
    return value if isinstance(value, float) else value[index]


def _set(owner: bpy.types.ID, path: str, index: int, value: float) -> None:
    holder, _, name = path.rpartition(".")
    holder = owner.path_resolve(holder) if holder else owner
    if isinstance(getattr(holder, name), float):
        setattr(holder, name, value)
    else:
        getattr(holder, name)[index] = value
