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

from . import action_support

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
    """The Action that `owner` uses now, if Phiz made it."""
    action = active(owner)
    return action if action is not None and OWNED in action else None


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
    """Assign each finished Action to its owner, marked with `origin` (JSON values).

    An Action of Phiz that it replaces is deleted when nothing else uses it; the artist's is kept in the
    file by a fake user. Raises OwnerError before anything is changed.
    """
    for owner, _ in built:
        check(owner)
    for owner, action in built:
        before = active(owner)
        _remember(owner, action, before)
        action[OWNED] = json.dumps(origin)
        action_support.assign(owner, action)
        if before is None or before == action:
            continue
        if OWNED not in before:
            before.use_fake_user = True  # without a user Blender would drop it on saving
        elif before.users == 0:
            name = before.name
            bpy.data.actions.remove(before)
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


def _remember(owner: bpy.types.ID, action: bpy.types.Action, before: bpy.types.Action | None) -> None:
    first = owned(owner)
    known: dict[str, Any] = json.loads((first or action).get(_BEFORE, "{}"))
    if first is not None:  # a second run: what the first one displaced
        if _DISPLACED in first:
            action[_DISPLACED] = first[_DISPLACED]
    elif before is not None:
        action[_DISPLACED] = before
        known |= {"slot": action_support.assigned_slot(owner), "fake_user": before.use_fake_user}
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
