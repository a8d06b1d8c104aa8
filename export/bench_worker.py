"""`python -m export.bench_worker`: how long a program waits for the worker and its Takes."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from export.bench import VOICE, processor
from phiz.acting.direction import AUEvent, Direction
from phiz.worker.client import Worker
from phiz.worker.protocol import Done, Failed, Generate

_LOOK = 0.001  # s between two looks


def waited(worker: Worker, request: Generate) -> float:
    """Seconds from asking to having."""
    began = time.perf_counter()
    number = worker.generate(request)
    while True:
        for reply in worker.poll():
            if isinstance(reply, Failed):
                raise SystemExit(reply.message)
            if isinstance(reply, Done) and reply.id == number:
                return time.perf_counter() - began
        time.sleep(_LOOK)


def main() -> int:
    console = Console()
    console.print(f"{processor()}, {os.cpu_count()} logical CPUs, all threads")
    rows = Table("what", "wall time", title="the worker, 11 s of voice")
    smile = AUEvent(au=12, start=2.0, end=4.0)
    with tempfile.TemporaryDirectory() as name:
        out = str(Path(name) / "take.npz")
        worker = Worker(threads=None)
        try:
            for what, direction in (
                ("start, model, first Take", Direction(emotion=())),
                ("the same again", Direction(emotion=())),
                ("another seed", Direction(emotion=(), seed=1)),
                ("an Action Unit added", Direction(emotion=(), seed=1, events=(smile,))),
            ):
                seconds = waited(worker, Generate(audio=str(VOICE), direction=direction, out=out))
                rows.add_row(what, f"{seconds:.2f} s")
        finally:
            worker.close()
    console.print(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
