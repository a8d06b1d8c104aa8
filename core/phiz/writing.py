"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from phiz.errors import PhizError


class OutputError(PhizError):
    """The file cannot be written where it was asked for."""


@contextlib.contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """A binary stream that becomes `path` when the block ends well, and leaves nothing when it does not.

    The bytes go to a hidden file beside the target, which then replaces it in one step; whatever
    stood at `path` stays untouched until then. Raises OutputError where the folder is missing or
    cannot be written, the disk is full, or `path` is a folder.
    """
    target = _target(path)
    part = _part(target)
    try:
        with open(part, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, target)
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}. Choose another place.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise OutputError now if `whole_file(path)` would fail at the end of long work."""
    part = _part(_target(path))
    try:
        with open(part, "xb"):
            pass
        part.unlink()
    except OSError as error:
        raise OutputError(f"Cannot write {path}: {error.strerror or error}. Choose another place.") from error


def _target(path: str | os.PathLike[str]) -> Path:
    target = Path(os.path.realpath(path))  # through a link, so that the link itself stays
    if target.is_dir():
        raise OutputError(f"Cannot write {path}: it is a folder. Give a file name.")
    if not target.parent.is_dir():
        what = "is not a folder" if target.parent.exists() else "does not exist"
        raise OutputError(
            f"Cannot write {path}: the folder {target.parent} {what}. Make it or choose another."
        )
    return target


def _part(target: Path) -> Path:
    return target.with_name(f".{target.name[:50]}.{secrets.token_hex(4)}.part")
