# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Who reads a note in Blender: Phiz's rules, or the language model whose server the preferences name.

A server is asked only where both its name and Blender's own consent to going online are given.
"""

from __future__ import annotations

import threading

import bpy

from phiz.cotfa.backends import Backend, BackendError, backend, think
from phiz.cotfa.trace import Trace
from phiz.errors import PhizError

from . import preferences


def offline() -> str:
    """Why the reader that the preferences want cannot be asked; empty where it can."""
    if preferences.server().url and not bpy.app.online_access:
        return "The language model's server needs Preferences > System > Network > Allow Online Access"
    return ""


def wanted() -> Backend | None:
    """A language model behind a server, None for the rules. Nothing is sent yet. Raises BackendError."""
    server = preferences.server()
    if not server.url:
        return None
    if reason := offline():
        raise BackendError(f"{reason}.")
    return backend("openai", server=server.url, model=server.model)


class Reading:
    """A note that is being read in a thread, which touches nothing of Blender's."""

    def __init__(self, text: str, length: float, reader: Backend | None) -> None:
        self._found: Trace | PhizError | None = None
        self._asked = (text, length, "", reader)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            self._found = think(*self._asked)
        except PhizError as error:
            self._found = error

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def trace(self) -> Trace:
        """What was read; waits for it. Raises what reading raised."""
        self._thread.join()
        if isinstance(self._found, Trace):
            return self._found
        raise self._found or BackendError("Reading the note broke off; the system console says why.")
