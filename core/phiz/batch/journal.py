"""What became of each line, written down as it happens, so that a batch that was stopped goes on."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from phiz.runtime.bundle import digest
from phiz.writing import OutputError, whole_file

JOURNAL = "batch.jsonl"
SUMMARY = "summary.csv"


class Entry(BaseModel):
    """What became of a line. done: made now; kept: found made by an earlier run; failed: see reason.

    seconds: of motion; key: what the file depends on; sha256: of the file. None where they are not known.
    """

    model_config = ConfigDict(extra="forbid")

    line: int
    audio: str
    out: str
    status: Literal["done", "kept", "failed"]
    reason: str = ""
    seconds: float | None = None
    key: str | None = None
    sha256: str | None = None


class Journal:
    """The journal of a folder: a JSON line for each line of the table that is through, at once on disk."""

    def __init__(self, folder: Path) -> None:
        """Read what earlier runs left; a line cut short by a crash does not count. Raises OutputError."""
        self._folder = folder
        self._made: dict[str, Entry] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = open(folder / JOURNAL, "a+", encoding="utf-8")  # noqa: SIM115 (closed by close)
            self._file.seek(0)
            text = self._file.read()
            if text and not text.endswith("\n"):
                self._file.write("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(
                f"Cannot keep the journal {folder / JOURNAL}: {error}. Remove it, or choose another folder."
            ) from error
        for line in text.splitlines():
            try:
                entry = Entry.model_validate_json(line)
            except ValidationError:
                continue
            if entry.status == "done":
                self._made[entry.out] = entry

    def holds(self, out: Path, key: str) -> Entry | None:
        """The entry by which `out` was made for this key, if the file still is as it was."""
        entry = self._made.get(out.as_posix())
        path = self._folder / out
        if entry is None or entry.key != key or not path.is_file() or digest(path) != entry.sha256:
            return None
        return entry

    def add(self, entry: Entry) -> None:
        """Raises OutputError, where the disk is full for instance."""
        try:
            self._file.write(entry.model_dump_json(exclude_none=True) + "\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(f"Cannot write {self._folder / JOURNAL}: {error.strerror}.") from error

    def close(self) -> None:
        self._file.close()


def write_summary(folder: Path, entries: list[Entry]) -> None:
    """Write `summary.csv`: a line for every line of the table, in its order. Raises OutputError."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(("line", "audio", "out", "status", "seconds", "reason"))
    for entry in sorted(entries, key=lambda entry: entry.line):
        seconds = "" if entry.seconds is None else f"{entry.seconds:.2f}"
        table.writerow((entry.line, entry.audio, entry.out, entry.status, seconds, entry.reason))
    with whole_file(folder / SUMMARY) as stream:
        stream.write(text.getvalue().encode("utf-8"))
