"""How far a command is: a bar on stderr, where someone sees it, or lines for a program that runs it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

_STEP = 0.005  # of progress that is worth a line


@contextlib.contextmanager
def progress_lines() -> Iterator[Callable[[float], None]]:
    """A function that prints the share done, 0 to 1, on a line of stdout, where that is news."""
    told = -1.0

    def tell(done: float) -> None:
        nonlocal told
        if done - told >= _STEP or done >= 1.0 > told:
            told = done
            print(f"{done:.4f}", flush=True)

    yield tell


@contextlib.contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """A function that takes the share done, 0 to 1. Draws nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done: bar.update(task, completed=done)
