"""Who reads a note: backends by name, each loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any, Protocol

from phiz.cotfa.note import WordsError, checked_note
from phiz.cotfa.trace import Trace

DEFAULT = "rules"

# name: module and class. A class takes its settings as keywords and imports what it needs when it is made.
# Those of other layers are found by name alone, and need not be there.
BACKENDS = {
    "rules": ("phiz.cotfa.rules.backend", "Rules"),
    "openai": ("phiz.cotfa.language.server", "OpenAI"),
    "transformers": ("phiz.model.chat", "Transformers"),
}


class BackendError(WordsError):
    """A backend that is not known, cannot start, or gave no usable answer."""


class Backend(Protocol):
    """Reads notes. It fills steps I and II of the Trace alone; the rest follows by itself."""

    name: str

    def think(self, text: str, duration: float, context: str = "") -> Trace:
        """The chain of a note for a recording of `duration` seconds.

        text: as `checked_note` gives it back; every `because` quotes it exactly (`Words.at`, `Words.find`).
        Units that a feeling shows of itself are left out: the Trace adds them. context: the scene, or what
        is said. Raises WordsError or one of its kind.
        """
        ...


def backend(name: str = DEFAULT, **settings: Any) -> Backend:
    """A backend by name. Raises BackendError on an unknown one, and what it raises itself."""
    if name not in BACKENDS:
        raise BackendError(f"There is no backend {name}. There are {', '.join(BACKENDS)}.")
    module, kind = BACKENDS[name]
    try:
        found = getattr(importlib.import_module(module), kind)
    except ModuleNotFoundError as error:
        raise BackendError(
            f"The backend {name} needs {error.name}, which is not installed: pip install 'phiz[{name}]'."
        ) from error
    return found(**settings)


def think(text: str, duration: float, context: str = "", reader: Backend | None = None) -> Trace:
    """A note, checked and thought through, by the rules where no other reader is given. Raises WordsError."""
    return (reader or backend()).think(checked_note(text, duration), duration, context)
