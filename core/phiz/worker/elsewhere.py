"""A command of Phiz in another Python, as a program with a window sees it: it looks, and never waits."""

from __future__ import annotations

import contextlib
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from phiz.errors import PhizError
from phiz.worker import boot
from phiz.worker.client import command

_PROBE = 60.0  # s that a Python may take to start
_HIDDEN = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # on Windows, no console


class ElsewhereError(PhizError):
    """The other Python cannot be started, or what it was to do came to nothing."""


class Running:
    """`phiz ARGUMENT...` in a process of its own, from its start to its end.

    python: None for this program's. share: how much is done, 0 to 1, where the command prints lines of
    progress. notes: what it has to say beside that. Raises ElsewhereError where it cannot be started.
    """

    def __init__(self, python: Path | None, arguments: Sequence[str]) -> None:
        self.share = 0.0
        self.notes: list[str] = []
        self._said: list[str] = []
        words, environment = command(python)
        try:
            self._popen = subprocess.Popen(
                [*words, boot.COMMAND, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=environment | {"PYTHONIOENCODING": "utf-8"},
                creationflags=_HIDDEN,
            )
        except OSError as error:
            raise ElsewhereError(
                f"Cannot start the Python {words[0]}: {error.strerror or error}. Choose another."
            ) from error
        assert self._popen.stdout is not None and self._popen.stderr is not None
        self._readers = [
            threading.Thread(target=self._hear, args=(self._popen.stdout,), daemon=True),
            threading.Thread(target=self._read, args=(self._popen.stderr,), daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @property
    def over(self) -> bool:
        """Whether it has ended, and all that it said is read."""
        return self._popen.poll() is not None and not any(reader.is_alive() for reader in self._readers)

    def check(self) -> None:
        """Of one that is over: raises ElsewhereError, with what it said last, where it failed."""
        if self._popen.returncode == 0:
            return
        errors = [line.removeprefix("phiz: ") for line in self._said if line.startswith("phiz: ")]
        if errors:
            raise ElsewhereError(errors[-1])
        last = self._said[-1] if self._said else "it said nothing"
        raise ElsewhereError(f"It ended with status {self._popen.returncode}: {last}")

    @property
    def said(self) -> str:
        """All that it printed beside its progress, for a report."""
        return "\n".join(self._said)

    def stop(self) -> None:
        """End it now, if it has not ended."""
        if self._popen.poll() is None:
            self._popen.kill()
        self._popen.wait()

    def _hear(self, lines: IO[str]) -> None:
        for line in lines:
            with contextlib.suppress(ValueError):
                self.share = min(1.0, max(self.share, float(line)))

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            said = line.rstrip()
            if said:
                self._said.append(said)
            if said.startswith("note: "):
                self.notes.append(said.removeprefix("note: "))


def lacking(python: Path | None, packages: Sequence[str]) -> list[str]:
    """Those of the packages, by the names they are imported by, that a Python does not have.

    Nothing is imported for that; it takes as long as a Python does to start. Raises ElsewhereError.
    """
    if python is None or python == Path(sys.executable):
        return [name for name in packages if importlib.util.find_spec(name) is None]
    words, environment = command(python)
    look = "import importlib.util as u, sys; print(*(n for n in sys.argv[1:] if u.find_spec(n) is None))"
    try:
        done = subprocess.run(
            [words[0], "-c", look, *packages],
            capture_output=True,
            text=True,
            timeout=_PROBE,
            check=True,
            env=environment,
            creationflags=_HIDDEN,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ElsewhereError(f"Cannot start the Python {words[0]}. Choose another.") from error
    return done.stdout.split()
