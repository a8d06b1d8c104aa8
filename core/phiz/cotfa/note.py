"""The note itself: what may be asked of a backend."""

from __future__ import annotations

import math
import unicodedata

from phiz.errors import PhizError

LONGEST_NOTE = 4000  # characters: some ten times a long acting note
LONGEST_SECONDS = 3600.0


class WordsError(PhizError):
    """An acting note that cannot be read."""


def checked_note(text: str, duration: float) -> str:
    """The note with control characters as spaces, so that every other character keeps its place; ends of
    lines stay.

    Raises WordsError where there is nothing to read, too much, or no time to act it in.
    """
    if not 0.0 < duration <= LONGEST_SECONDS or math.isnan(duration):
        raise WordsError(f"Expected a duration of up to {LONGEST_SECONDS:g} seconds, got {duration:g}.")
    if len(text) > LONGEST_NOTE:
        raise WordsError(
            f"An acting note has at most {LONGEST_NOTE} characters; this has {len(text)}. Give a part of it."
        )
    note = "".join(
        c if c == "\n" or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") else " " for c in text
    )
    if not note.strip():
        raise WordsError("Expected an acting note in plain words, such as 'smiles at 2 seconds'; got none.")
    return note
