"""`python -m export.bench`: time and memory of generation, from start to file, on this machine.

Recordings of several lengths are made by repeating a short one. Every run is a process of its own, so
that start-up counts and peak memory is that of one job.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import onnxruntime as ort
import soundfile
from rich.console import Console
from rich.table import Table

from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.motion import take
from phiz.motion.measures import seam_ratio
from phiz.runtime import bundle, feeling, listen
from phiz.runtime.denoise import BATCH
from phiz.runtime.generate import generate, settle
from phiz.runtime.performance import Performance, Work, as_take
from phiz.runtime.rehearsal import Rehearsal

VOICE = Path(__file__).resolve().parent.parent / "docs" / "demo" / "voice.flac"
LENGTHS = (10, 60, 600, 3600)  # seconds
HELD = 3.0  # s of each event, and between two


@dataclass(frozen=True)
class Run:
    """One `phiz generate`: length of the recording and wall time in s, peak memory in MB."""

    seconds: int
    wall: float
    peak: float
    seams: dict[str, float]

    def further(self, shorter: Run) -> float:
        """Seconds of work for each second that this recording is longer than another."""
        return (self.wall - shorter.wall) / (self.seconds - shorter.seconds)


def processor() -> str:
    """The processor's name, where the system tells it."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def repeated(seconds: int, folder: Path) -> Path:
    """A recording of so many seconds: the short one over and over, at 16 kHz."""
    once = recording.load(VOICE).samples
    samples = np.resize(once, seconds * RATE)
    path = folder / f"{seconds}.wav"
    soundfile.write(path, samples, RATE, subtype="PCM_16")
    return path


def whole_job(seconds: int, threads: int, folder: Path) -> Run:
    """Run the command line on a recording of so many seconds."""
    out = folder / f"{seconds}.npz"
    command = [sys.executable, "-m", "phiz", "generate", str(repeated(seconds, folder)), "-o", str(out)]
    began = time.perf_counter()
    child = subprocess.Popen([*command, "--threads", str(threads)], stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"phiz generate ended with status {status}")
    kilobytes = usage.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    made, manifest = take.load(out), bundle.read_manifest(bundle.SHIPPED)
    hop = manifest.window - manifest.overlap
    seams = seam_ratio(made.weights, range(hop, made.frames, hop))
    seams["elsewhere"] = seam_ratio(made.weights, range(hop + hop // 2, made.frames, hop))["worst"]
    return Run(seconds, wall, kilobytes / 1024, seams)


class Timed(bundle.Bundle):
    """A bundle that adds up the seconds and the runs of its networks."""

    spent: dict[str, float]
    runs: dict[str, int]

    @classmethod
    def of(cls, model: bundle.Bundle) -> Timed:
        timed = cls(**{field.name: getattr(model, field.name) for field in fields(model)})
        object.__setattr__(timed, "spent", {"encoder": 0.0, "denoiser": 0.0})
        object.__setattr__(timed, "runs", {"encoder": 0, "denoiser": 0})
        return timed

    def encode(self, mel: np.ndarray) -> np.ndarray:
        with self._timing("encoder"):
            return super().encode(mel)

    def denoise(
        self, control: np.ndarray | None = None, **inputs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        with self._timing("denoiser"):
            return super().denoise(control, **inputs)

    @contextmanager
    def _timing(self, part: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.spent[part] += time.perf_counter() - began
        self.runs[part] += 1


def stages(seconds: int, threads: int, folder: Path) -> dict[str, float]:
    """Seconds that each part of one job takes, from the recording to the Take, in the order of the job."""
    path = repeated(seconds, folder)
    marks = [time.perf_counter()]

    def lap() -> float:
        marks.append(time.perf_counter())
        return marks[-1] - marks[-2]

    subprocess.run([sys.executable, "-c", "import phiz.cli.generate, phiz.runtime.generate"], check=True)
    started = lap()
    voice = recording.load(path)
    read = lap()
    model = Timed.of(bundle.load(threads=threads))
    opened = lap()
    if model.feeling is not None:
        feeling.propose(voice, model.feeling)
    felt = lap()
    heard = listen.listen(voice, model)
    listened = lap()
    encoder = model.spent["encoder"]
    direction = Direction(emotion=())
    settings = settle(direction, model)
    performance = Performance.of(heard, direction, model, settings)
    clean = performance.whole(performance.sampled(Work(None, None)), len(heard))
    sampled = lap()
    made = as_take(clean, model, settings, voice, direction)
    finished = lap()
    made.save(folder / "stages.csv")
    saved = lap()
    denoiser, runs = model.spent["denoiser"], model.runs["denoiser"]
    batches = -(-len(performance.windows.starts) // BATCH)
    times = f"{model.manifest.steps} steps of {runs / batches / model.manifest.steps:g} runs"
    return {
        "start Python, import": started,
        "read the recording": read,
        "open the bundle": opened,
        "hear the emotion": felt,
        "log-mel, alignment": listened - encoder,
        "encoder": encoder,
        f"denoiser, {times}": denoiser,
        "one run of it over all windows": denoiser / (runs / batches),
        "solver, windows, lips": sampled - denoiser,
        "to a Take": finished,
        "write the CSV": saved,
    }


def cost_of_control(seconds: int, folder: Path) -> tuple[float, float]:
    """CPU seconds of generation without events, and with events over half of the recording, one thread.

    One of each to warm up, then the least of two, in turn: whatever else runs only adds to the time.
    """
    voice = recording.load(repeated(seconds, folder))
    model = bundle.load(threads=1)
    events = tuple(AUEvent(au=12, start=start, end=start + HELD) for start in np.arange(0, seconds, 2 * HELD))
    directions = (Direction(emotion=()), Direction(emotion=(), events=events))
    times: dict[int, list[float]] = {0: [], 1: []}
    for _ in range(3):
        for with_events, direction in enumerate(directions):
            began = time.process_time()
            generate(voice, direction, model)
            times[with_events].append(time.process_time() - began)
    return min(times[0][1:]), min(times[1][1:])


def cost_of_moving_an_event(seconds: int, folder: Path) -> tuple[float, float]:
    """CPU seconds of generation with events of HELD seconds, as many apart, and again with one of them moved.

    One thread; of three times each the first warms up, and the least of the others counts. Each time the
    bytes have to be those of the Take from nothing.
    """
    voice = recording.load(repeated(seconds, folder))
    model = bundle.load(threads=1)
    events = [AUEvent(au=12, start=start, end=start + HELD) for start in np.arange(0, seconds, 2 * HELD)]
    rehearsal = Rehearsal(model)
    times: dict[str, list[float]] = {"whole": [], "again": []}
    for turn in range(3):
        start = 2 * HELD + 0.5 * (turn + 1)
        events[1] = AUEvent(au=12, start=start, end=start + HELD)
        direction = Direction(emotion=(), events=tuple(events))
        began = time.process_time()
        whole = generate(voice, direction, model)
        times["whole"].append(time.process_time() - began)
        began = time.process_time()
        again = rehearsal.generate(voice, direction)
        times["again"].append(time.process_time() - began)  # the first of them is from nothing too
        if again.weights.tobytes() != whole.weights.tobytes():
            raise SystemExit("moving an event gave another Take than generating from nothing")
    return min(times["whole"][1:]), min(times["again"][1:])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m export.bench", description=__doc__)
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--longest", type=int, default=LENGTHS[-1], metavar="S", help="leave out longer ones")
    args = parser.parse_args()
    console = Console()
    console.print(
        f"{processor()}, {os.cpu_count()} logical CPUs, {args.threads} threads, "
        f"Python {platform.python_version()}, onnxruntime {ort.__version__}"
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jobs = Table(
            "recording",
            "whole job",
            "per second",
            "each further second",
            "peak memory",
            "seams: mean, worst (as many frames elsewhere)",
            title="phiz generate",
        )
        before: Run | None = None
        for seconds in (n for n in LENGTHS if n <= args.longest):
            run = whole_job(seconds, args.threads, folder)
            further = "" if before is None else f"{run.further(before):.4f} s"
            before = run
            seams = "{mean:.2f}, {worst:.2f} ({elsewhere:.2f})".format_map(run.seams)
            row = (
                f"{seconds} s",
                f"{run.wall:.2f} s",
                f"{run.wall / seconds:.4f} s",
                further,
                f"{run.peak:.0f} MB",
                seams,
            )
            jobs.add_row(*row)
        console.print(jobs)
        parts = Table("part", "time", "per second", title="one minute, from the recording to the Take")
        for part, cost in stages(60, args.threads, folder).items():
            parts.add_row(part, f"{cost:.3f} s", f"{cost / 60:.5f} s")
        console.print(parts)
        without, acted = cost_of_control(60, folder)
        console.print(
            f"Action Units over half of a minute: {acted:.2f} s of CPU time against {without:.2f} s without,"
            f" {acted / without:.2f} times"
        )
        whole, again = cost_of_moving_an_event(60, folder)
        console.print(
            f"A minute again after moving one of its ten events: {again:.2f} s of CPU time against"
            f" {whole:.2f} s for the whole, {whole / again:.1f} times faster"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
