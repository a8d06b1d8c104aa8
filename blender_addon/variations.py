# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Several performances of one line to choose from: one Action for each seed, one of them in use.

Those that are not in use stay in the file by a fake user; a new run takes them away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import bpy

from . import ownership

_SEED, _OWNER = "phiz_seed", "phiz_owner"


def mark(owner: bpy.types.ID, seed: int) -> None:
    """Make Phiz's Action that `owner` uses now one to choose, of this seed."""
    action = ownership.owned(owner)
    if action is not None:
        action[_SEED], action[_OWNER] = seed, owner.name
        action.use_fake_user = True


def seeds(owner: bpy.types.ID) -> dict[int, bpy.types.Action]:
    """Seed -> Action of the performances that can be chosen for a data block, in the order of seeds."""
    found = {int(action[_SEED]): action for action in _marked(owner)}
    return dict(sorted(found.items()))


def chosen(owner: bpy.types.ID) -> int | None:
    """The seed of the performance in use, where there is a choice."""
    action = ownership.owned(owner)
    return int(action[_SEED]) if action is not None and _SEED in action else None


def choose(owners: Iterable[bpy.types.ID], seed: int) -> None:
    """Put the performance of this seed in use on each data block that has one."""
    for owner in owners:
        action = seeds(owner).get(seed)
        if action is not None and ownership.owned(owner) is not None:
            ownership.use(owner, action)


def clear(owners: Iterable[bpy.types.ID]) -> None:
    """Take away the performances that are not in use, and let go of the one that is."""
    for owner in owners:
        for action in list(_marked(owner)):
            _let_go(action)


@contextlib.contextmanager
def same_choice(owners: Iterable[bpy.types.ID]) -> Iterator[None]:
    """What is put in use in this block takes the place, among those to choose from, of what was in use."""
    before = {owner: seed for owner in owners if (seed := chosen(owner)) is not None}
    replaced = {owner: ownership.owned(owner) for owner in before}  # marked, so it outlives its place
    yield
    for owner, seed in before.items():
        action = replaced[owner]
        if action is not None and ownership.owned(owner) != action:
            _let_go(action)
            mark(owner, seed)


def _marked(owner: bpy.types.ID) -> Iterator[bpy.types.Action]:
    return (
        action
        for action in bpy.data.actions
        if action.get(_OWNER) == owner.name and _SEED in action and ownership.OWNED in action
    )


def _let_go(action: bpy.types.Action) -> None:
    action.use_fake_user = False
    del action[_SEED]
    if action.users == 0:
        bpy.data.actions.remove(action)
