"""Who performs the jobs of a batch: this process, or workers on Ray, each with the model loaded."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

from phiz.audio.recording import Recording
from phiz.batch.job import Acting, Made, perform
from phiz.errors import PhizError
from phiz.runtime import bundle

TRIES = 3  # a job whose worker died so often is given up: it may be what kills them
_NO_SPARE = {"prestart_worker_first_driver": False, "enable_worker_prestart": False}
"""Of Ray on this machine: idle processes, which it would start in advance, take time and are never used."""
_LOOK = 1.0  # s, the longest wait for workers, so that Ctrl+C is heard everywhere

Task = tuple[int, Recording, Acting]
"""A job's number, its recording and its acting."""
Outcome = tuple[int, Made | PhizError]


class PerformersError(PhizError):
    """The workers cannot be started, or they do not stay alive."""


class Performers(Protocol):
    """Performs tasks; outcomes come as they are ready. Tasks are drawn only when there is room for them."""

    def perform(self, tasks: Iterable[Task]) -> Iterator[Outcome]: ...

    def close(self) -> None: ...


class Alone:
    """This process, one job after the other."""

    def __init__(self, folder: Path | None, threads: int | None) -> None:
        """Raises BundleError."""
        self._bundle = bundle.load(folder, threads=threads)

    def perform(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        for number, recording, acting in tasks:
            try:
                yield number, perform(recording, acting, self._bundle)
            except PhizError as error:
                yield number, error

    def close(self) -> None:
        pass


class _Worker:
    """What runs in a process of Ray's. It holds the bundle from its first breath to its last."""

    def __init__(self, folder: Path | None, threads: int) -> None:
        self._bundle = bundle.load(folder, threads=threads)

    def perform(self, recording: Recording, acting: Acting) -> Made | PhizError:
        try:
            return perform(recording, acting, self._bundle)
        except PhizError as error:  # Ray would wrap it
            return error


class OnRay:
    """Workers of a Ray cluster, or of one that lives on this machine as long as the batch.

    Recordings go to the workers and files come back through Ray, so they need no disk in common. A job whose
    worker died is given to another; a worker that died is replaced.
    """

    def __init__(self, workers: int, folder: Path | None, threads: int, address: str | None) -> None:
        """address: of a cluster that runs already, None for one on this machine. Raises PerformersError."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Phiz sends nothing anywhere
        try:
            import ray
        except ImportError as error:
            raise PerformersError("Several workers need Ray: pip install 'phiz[batch]'.") from error
        self._ray: Any = ray
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
        local = {"num_cpus": workers * threads, "include_dashboard": False, "_system_config": _NO_SPARE}
        try:
            ray.init(address=address or "local", **quiet, **({} if address else local))
        except Exception as error:  # Ray raises many kinds
            where = f"at {address}" if address else "on this machine"
            raise PerformersError(f"Ray did not start {where}: {str(error).splitlines()[0]}") from error
        self._class = self._ray.remote(_Worker).options(num_cpus=threads, max_restarts=0)
        self._made_with = (folder, threads)
        self._idle = [self._class.remote(*self._made_with) for _ in range(workers)]

    def perform(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Raises PerformersError where a worker cannot even load the bundle."""
        source = iter(tasks)
        again: deque[tuple[Task, int]] = deque()
        flying: dict[Any, tuple[Any, Task, int]] = {}
        while True:
            while self._idle and (drawn := again.popleft() if again else _first(source)) is not None:
                worker, (task, tries) = self._idle.pop(), drawn
                flying[worker.perform.remote(*task[1:])] = (worker, task, tries)
            if not flying:
                return
            ready, _ = self._ray.wait(list(flying), num_returns=1, timeout=_LOOK)
            for reference in ready:
                worker, task, tries = flying.pop(reference)
                try:
                    outcome = self._ray.get(reference)
                except self._ray.exceptions.ActorDiedError as error:
                    if "creation task" in str(error):
                        raise PerformersError(f"A worker could not load the model: {_last(error)}") from error
                    self._idle.append(self._class.remote(*self._made_with))
                    if tries + 1 < TRIES:
                        again.append((task, tries + 1))
                        continue
                    outcome = PerformersError(f"{TRIES} workers died at it, the last because: {_last(error)}")
                except self._ray.exceptions.RayError as error:
                    self._idle.append(worker)
                    outcome = PerformersError(f"the worker failed: {_last(error)}")
                else:
                    self._idle.append(worker)
                yield task[0], outcome

    def close(self) -> None:
        self._ray.shutdown()


def _first(source: Iterator[Task]) -> tuple[Task, int] | None:
    task = next(source, None)
    return None if task is None else (task, 0)


def _last(error: Exception) -> str:
    """The last line that says something."""
    return [line.strip() for line in str(error).splitlines() if line.strip()][-1]
