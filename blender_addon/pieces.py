"""Long work in pieces: a generator that yields where the window may be drawn, and returns what came of it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Pieces = Generator[None, None, T]


def at_once(work: Pieces[T]) -> T:
    """Do all of the work now."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            return done.value
