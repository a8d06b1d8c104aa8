"""`python -m export.bench_live`: what a live session costs for each tenth of a second, on this machine.

Wall time is what counts, on a machine that does nothing else; CPU time over the number of threads is what it
would be there at the least.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from export.bench import VOICE, processor
from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.runtime import bundle
from phiz.runtime.bundle import Bundle, Guidance, Precision
from phiz.runtime.live.session import LiveSession

PIECE = RATE // 10
PLAIN = Guidance()


@dataclass(frozen=True)
class Cost:
    """Milliseconds: wall (pieces,) and CPU (pieces,) for each piece of 100 ms; waits (frames,) of the frames
    from the arrival of the piece that their own time lies in, sound and work together."""

    wall: np.ndarray
    cpu: np.ndarray
    waits: np.ndarray


def cost(model: Bundle, direction: Direction, seconds: float, **how: object) -> Cost:
    """Act the demo's voice live, the first second not counted."""
    samples = np.resize(recording.load(VOICE).samples, round(seconds * RATE))
    session = LiveSession(model, direction, **how)  # pyright: ignore[reportArgumentType]
    wall, cpu, waits = [], [], []
    for start in range(0, len(samples) - PIECE + 1, PIECE):
        began, worked = time.perf_counter(), time.process_time()
        frames = session.push(samples[start : start + PIECE])
        took = time.perf_counter() - began
        wall.append(took)
        cpu.append(time.process_time() - worked)
        arrived = np.ceil((frames.times * RATE + 1.0) / PIECE) * PIECE / RATE
        waits.append((start + PIECE) / RATE - arrived + took)
    return Cost(1000 * np.array(wall[10:]), 1000 * np.array(cpu[10:]), 1000 * np.concatenate(waits[10:]))


def show(console: Console, path: Path | None, threads: int, seconds: float) -> None:
    """Print the table, of the bundle that ships where no other is named."""
    calm = Direction(emotion=())
    smile = calm.model_copy(update={"events": (AUEvent(au=12, start=0.0, end=seconds),)})
    table = Table("live", "wall: median", "p95", "max", "CPU: median", "over threads", "wait: median", "max")
    precisions: tuple[Precision, ...] = ("float", "int8")
    for precision in precisions:
        model = bundle.load(path, threads=threads, precision=precision)
        runs: list[tuple[str, Direction, dict[str, object]]] = [
            ("as it ships", calm, {}),
            ("emotion heard", Direction(), {}),
            ("an event all the while", smile, {}),
            ("2 steps", calm, {"steps": 2}),
            ("2 steps, no guidance", calm, {"steps": 2, "guidance": PLAIN}),
        ]
        for name, direction, how in runs:
            found = cost(model, direction, seconds, **how)
            cells = [np.median(found.wall), np.quantile(found.wall, 0.95), found.wall.max()]
            cells += [np.median(found.cpu), np.median(found.cpu) / threads]
            cells += [np.median(found.waits), found.waits.max()]
            table.add_row(f"{name}, {precision}", *(f"{cell:.0f} ms" for cell in cells))
    console.print(table)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m export.bench_live", description=__doc__)
    parser.add_argument("--bundle", type=Path, help="model bundle (default: the one that ships)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of sound for each row (default 20)")
    args = parser.parse_args()
    console = Console()
    console.print(f"{processor()}, {os.cpu_count()} logical CPUs, {args.threads} threads")
    show(console, args.bundle, args.threads, args.seconds)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
