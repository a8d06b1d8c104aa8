"""A Take in a file: Live Link Face CSV, JSON or .npz, by the suffix.

.npz keeps everything exactly (arrays `channels`, `weights`, `head`, `fps`, `audio`, `origin`); JSON
keeps everything, weights and radians to six decimals; CSV keeps weights, head and fps alone.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from phiz.face.channels import CHANNELS
from phiz.motion import livelink
from phiz.motion.take import Take, TakeError
from phiz.writing import whole_file

FORMAT, VERSION = "phiz take", 1


def save(take: Take, path: str | os.PathLike[str], confirm: Callable[[], None] | None = None) -> None:
    """Write a Take whole or not at all. Same Take, same bytes.

    confirm is called once all is written, before the file takes its place, and may raise to leave nothing.
    Raises TakeError on a suffix other than .csv, .json, .npz, and OutputError.
    """
    write, _ = _FORMATS[checked_suffix(path)]
    with whole_file(path) as stream:
        write(take, stream)
        if confirm is not None:
            confirm()


def load(path: str | os.PathLike[str]) -> Take:
    """Read what `save` or the Live Link Face app wrote. Raises TakeError."""
    path = Path(path)
    _, read = _FORMATS[checked_suffix(path)]
    if not path.is_file():
        raise TakeError(f"There is no file {path}. Check the name and the folder.")
    try:
        return read(path)
    except TakeError as error:
        if str(path) in str(error):
            raise
        raise TakeError(f"{path}: {error}") from error
    except OSError as error:
        raise TakeError(f"Cannot open {path}: {error.strerror}. Check who may read it.") from error


def checked_suffix(path: str | os.PathLike[str]) -> str:
    """The suffix in lower case, or TakeError where no format of a Take has it."""
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise TakeError(f"A Take is a .csv, .json or .npz file; got {path}. Change the suffix.")
    return suffix


def to_bytes(take: Take, suffix: str = ".npz") -> bytes:
    """What a file of the Take would hold, to be kept inside a file of another program or sent on its way."""
    stream = io.BytesIO()
    _FORMATS[suffix][0](take, stream)
    return stream.getvalue()


def from_bytes(data: bytes, name: str) -> Take:
    """Read what `to_bytes` gave; `name` says in an error where it was kept. Raises TakeError."""
    return _from_npz(io.BytesIO(data), name)


def _write_json(take: Take, stream: BinaryIO) -> None:
    fields = {
        "format": FORMAT,
        "version": VERSION,
        "fps": take.fps,
        "audio": take.audio,
        "origin": take.origin,
        "channels": list(CHANNELS),
        "weights": np.round(take.weights.astype(np.float64), 6).tolist(),
        "head": np.round(take.head.astype(np.float64), 6).tolist(),
    }
    stream.write(json.dumps(fields, separators=(",", ":")).encode())


def _read_json(path: Path) -> Take:
    try:
        fields = json.loads(path.read_bytes())
    except ValueError as error:
        raise TakeError(f"{path} is not JSON ({error}). Export the Take again.") from error
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise TakeError(f'{path} is JSON but no Take: expected an object with "format": "{FORMAT}".')
    if fields.get("version") != VERSION:
        raise TakeError(f"{path} is a Take of version {fields.get('version')}; this Phiz reads {VERSION}.")
    return _from_fields(fields, path)


def _write_npz(take: Take, stream: BinaryIO) -> None:
    np.savez_compressed(
        stream,
        channels=np.array(CHANNELS),
        weights=take.weights,
        head=take.head,
        fps=np.float64(take.fps),
        audio=np.array(take.audio or ""),
        origin=np.array(json.dumps(take.origin)),
    )


def _read_npz(path: Path) -> Take:
    return _from_npz(path, path)


def _from_npz(source: Path | BinaryIO, path: Path | str) -> Take:
    try:
        with np.load(source, allow_pickle=False) as archive:
            fields: dict[str, Any] = {name: archive[name] for name in archive.files}
        fields["audio"] = str(fields.get("audio", "")) or None
        fields["origin"] = json.loads(str(fields.get("origin", "{}")))
    except (ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise TakeError(f"{path} is not a Take in .npz form ({error}). Export it again.") from error
    return _from_fields(fields, path)


def _from_fields(fields: dict[str, Any], path: Path | str) -> Take:
    missing = {"channels", "weights", "head", "fps"} - fields.keys()
    if missing:
        raise TakeError(f"{path} lacks {', '.join(sorted(missing))}. Export the Take again.")
    channels = [str(name) for name in fields["channels"]]
    absent = [name for name in CHANNELS if name not in channels]
    if absent:
        raise TakeError(f"{path} lacks the channels {', '.join(absent[:6])}. Export all {len(CHANNELS)}.")
    try:
        weights = np.asarray(fields["weights"], np.float32)[:, [channels.index(name) for name in CHANNELS]]
        return Take(
            weights,
            np.asarray(fields["head"], np.float32),
            float(fields["fps"]),
            fields.get("audio"),
            fields.get("origin") or {},
        )
    except (TypeError, ValueError, IndexError) as error:
        raise TakeError(f"{path} does not hold tables of numbers ({error}). Export it again.") from error


_FORMATS = {
    ".csv": (livelink.write, livelink.read),
    ".json": (_write_json, _read_json),
    ".npz": (_write_npz, _read_npz),
}
