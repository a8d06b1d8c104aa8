"""A long track in chunks, each with as much of its neighbours as its making needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Chunk(NamedTuple):
    """Frames `start` to `end` are wanted; `first` to `last`, the same or more, are to be looked at."""

    start: int
    end: int
    first: int
    last: int

    @property
    def wanted(self) -> slice:
        """The frames that are wanted, counted from `first`."""
        return slice(self.start - self.first, self.end - self.first)


def chunks(frames: int, size: int, context: int) -> Iterator[Chunk]:
    """Cut `frames` into chunks of `size` at most, with up to `context` frames more on either side."""
    for start in range(0, frames, size):
        end = min(start + size, frames)
        yield Chunk(start, end, max(0, start - context), min(frames, end + context))
