"""Long arrays in a temporary file without a name, so that memory holds only what is being looked at."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator

import numpy as np

HELD = 8 * 2**20
"""Bytes up to which an array is simply in memory: two minutes of samples, five of mel frames."""


class Growing:
    """Float32 numbers that come in pieces: in memory until they are many, from then on in a file."""

    def __init__(self) -> None:
        self._held = bytearray()  # grows in place: a list of pieces would need the memory twice at the end
        self._file = None

    def add(self, piece: np.ndarray) -> None:
        data = piece.astype(np.float32, copy=False).tobytes()
        if self._file is None and len(self._held) + len(data) > HELD:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with the array
            self._file.write(self._held)
            self._held = bytearray()
        if self._file is None:
            self._held += data
        else:
            self._file.write(data)

    def array(self) -> np.ndarray:
        """All of them, (n,)."""
        if self._file is None:
            return np.frombuffer(self._held, np.float32)
        self._file.flush()
        return np.memmap(self._file, np.float32, "r")


def scratch(shape: tuple[int, ...]) -> np.ndarray:
    """A float32 array to write into, of which only what is being looked at has to be in memory."""
    if 4 * int(np.prod(shape)) <= HELD:
        return np.empty(shape, np.float32)
    return np.memmap(tempfile.TemporaryFile(), np.float32, "w+", shape=shape)


def release(array: np.ndarray) -> None:
    """Give back the memory of an array, or of a part of one, that lies in a file; its numbers stay there."""
    mapped = getattr(array, "_mmap", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # else the system trims it
        mapped.madvise(mmap.MADV_DONTNEED)


def blocks(array: np.ndarray, size: int) -> Iterator[slice]:
    """Where an array is to be looked at, so many rows at a time; what is behind is given back."""
    for start in range(0, len(array), size):
        yield slice(start, min(start + size, len(array)))
        release(array)
