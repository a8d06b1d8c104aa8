"""`python -m export.bench_batch`: a batch of many short lines, with one worker and with several."""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import soundfile
from rich.console import Console
from rich.table import Table

from export.bench import VOICE, processor
from phiz.audio import recording
from phiz.audio.mel import RATE

LINES = 200
SHORTEST, LONGEST = 2.0, 6.0  # s, of a line; those of a game or a series


def lines(count: int, folder: Path) -> Path:
    """A table of so many lines, each another piece of the demo's voice with its own emotion and seed."""
    samples = recording.load(VOICE).samples
    table = folder / "lines.csv"
    with open(table, "w", newline="", encoding="utf-8") as text:
        rows = csv.writer(text)
        rows.writerow(("audio", "out", "emotion", "seed"))
        for i in range(count):
            seconds = SHORTEST + (LONGEST - SHORTEST) * (i % 9) / 8
            start = round((i * 0.37 % (len(samples) / RATE - seconds)) * RATE)
            path = folder / f"{i}.wav"
            soundfile.write(path, samples[start : start + round(seconds * RATE)], RATE, subtype="PCM_16")
            rows.writerow((path, f"{i}.csv", ("happy", "sad", "angry", "")[i % 4], i))
    return table


def wall(table: Path, out: Path, workers: int) -> float:
    """Seconds of one batch on so many workers of one thread each, from start to summary."""
    command = [sys.executable, "-m", "phiz", "batch", table, "-o", out, "--threads", 1, "--workers", workers]
    began = time.perf_counter()
    subprocess.run([str(word) for word in command], check=True, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m export.bench_batch", description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES, help="how many (default %(default)s)")
    parser.add_argument(
        "--workers", type=int, nargs="+", default=[1, 2], metavar="N", help="how many at a time (default 1 2)"
    )
    args = parser.parse_args()
    console = Console()
    console.print(f"{processor()}, {os.cpu_count()} logical CPUs, one thread each worker")
    rows = Table("workers", "wall time", "lines per second", "against the first", title=f"{args.lines} lines")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = lines(args.lines, folder)
        times = [wall(table, folder / f"out{workers}", workers) for workers in args.workers]
    for workers, seconds in zip(args.workers, times, strict=True):
        row = f"{workers}", f"{seconds:.1f} s", f"{args.lines / seconds:.2f}", f"{times[0] / seconds:.2f} x"
        rows.add_row(*row)
    console.print(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
