"""Phiz in Blender: the sidebar, and what turns strips into a Direction and a Take into keys.

Modules here may import `phiz` up to `phiz.runtime` and its worker, and bpy; nothing of `phiz` imports
them. Importing this package loads nothing else; `register` does.
"""

from __future__ import annotations

from types import ModuleType

_registered: list[ModuleType] = []


def register() -> None:
    """Called by Blender when the extension is enabled."""
    for part in _parts():
        part.register()  # pyright: ignore[reportAttributeAccessIssue]
        _registered.append(part)


def unregister() -> None:
    """Called by Blender when the extension is disabled, and when it quits."""
    while _registered:
        _registered.pop().unregister()


def _parts() -> list[ModuleType]:
    """The modules that register something, in order; where a package is missing, the one that says so."""
    from . import missing

    if missing.packages():
        return [missing]
    from . import command, filming, generation, preferences, properties, sidebar

    return [preferences, properties, generation, filming, sidebar, command]
