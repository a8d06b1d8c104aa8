"""Who performs the jobs of a batch: this process, processes beside it, or workers of a Ray cluster, each with
the model loaded."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from phiz.audio.recording import Recording
from phiz.batch.job import Acting, Made, perform
from phiz.errors import PhizError
from phiz.runtime import bundle

TRIES = 3  # a job whose worker died so often is given up: it may be what kills them
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


class _DiedError(Exception):
    """A worker died at its job; the message says of what."""


class _Workers(ABC):
    """Workers that perform a task at a time. One that died is replaced, and its task given to another."""

    _idle: list[Any]

    @abstractmethod
    def _new(self) -> Any:
        """Another worker."""

    @abstractmethod
    def _begin(self, worker: Any, recording: Recording, acting: Acting) -> Any:
        """What stands for the outcome of a job that a worker now performs."""

    @abstractmethod
    def _ended(self, flying: list[Any]) -> Iterable[Any]:
        """Those of them that are there, after at most `_LOOK`."""

    @abstractmethod
    def _outcome(self, ended: Any) -> Made | PhizError:
        """Raises _DiedError, and PerformersError where a worker cannot even load the bundle."""

    def perform(self, tasks: Iterable[Task]) -> Iterator[Outcome]:
        """Raises PerformersError where a worker cannot even load the bundle."""
        source = iter(tasks)
        again: deque[tuple[Task, int]] = deque()
        flying: dict[Any, tuple[Any, Task, int]] = {}
        while True:
            while self._idle and (drawn := again.popleft() if again else _first(source)) is not None:
                worker, (task, tries) = self._idle.pop(), drawn
                flying[self._begin(worker, *task[1:])] = (worker, task, tries)
            if not flying:
                return
            for ended in self._ended(list(flying)):
                worker, task, tries = flying.pop(ended)
                try:
                    outcome = self._outcome(ended)
                except _DiedError as error:
                    self._idle.append(self._new())
                    if tries + 1 < TRIES:
                        again.append((task, tries + 1))
                        continue
                    outcome = PerformersError(f"{TRIES} workers died at it, the last because: {error}")
                else:
                    self._idle.append(worker)
                yield task[0], outcome


@cache
def _opened(folder: Path | None, threads: int) -> bundle.Bundle:
    """The bundle of a process that is a worker. It ends when the program that started it does."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl+C ends it without a word
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    return bundle.load(folder, threads=threads)


def _end_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _open(folder: Path | None, threads: int) -> None:
    _opened(folder, threads)


def _perform(folder: Path | None, threads: int, recording: Recording, acting: Acting) -> Made | PhizError:
    try:
        return perform(recording, acting, _opened(folder, threads))
    except PhizError as error:
        return error


class Beside(_Workers):
    """Processes on this machine, beside this one."""

    def __init__(self, workers: int, folder: Path | None, threads: int) -> None:
        self._made_with = (folder, threads)
        self._pools: list[ProcessPoolExecutor] = []
        self._openings: list[Future[None]] = []
        self._idle = [self._new() for _ in range(workers)]

    def _new(self) -> ProcessPoolExecutor:
        """A pool of one process, so that it is known whose death it was."""
        pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"))
        self._pools.append(pool)
        self._openings.append(pool.submit(_open, *self._made_with))  # at once, while the others start
        return pool

    def _begin(
        self, worker: ProcessPoolExecutor, recording: Recording, acting: Acting
    ) -> Future[Made | PhizError]:
        try:
            return worker.submit(_perform, *self._made_with, recording, acting)
        except BrokenProcessPool as error:  # it died before it had anything to do
            broken: Future[Made | PhizError] = Future()
            broken.set_exception(error)
            return broken

    def _ended(self, flying: list[Future[Made | PhizError]]) -> Iterable[Future[Made | PhizError]]:
        return wait(flying, timeout=_LOOK, return_when=FIRST_COMPLETED).done

    def _outcome(self, ended: Future[Made | PhizError]) -> Made | PhizError:
        for opening in self._openings:
            if opening.done() and isinstance(error := opening.exception(), PhizError):
                raise PerformersError(f"A worker could not load the model: {error}") from error
        try:
            return ended.result()
        except BrokenProcessPool as error:
            raise _DiedError("its process ended") from error
        except Exception as error:  # a fault of ours or of a library's: the other lines go on
            return PerformersError(f"the worker failed: {_last(error)}")

    def close(self) -> None:
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
    """What runs in a process of Ray's. It holds the bundle from its first breath to its last."""

    def __init__(self, folder: Path | None, threads: int) -> None:
        self._bundle = bundle.load(folder, threads=threads)

    def perform(self, recording: Recording, acting: Acting) -> Made | PhizError:
        try:
            return perform(recording, acting, self._bundle)
        except PhizError as error:  # Ray would wrap it
            return error


class OnRay(_Workers):
    """Workers of a Ray cluster. Recordings go to them and files come back through Ray, so they need no disk
    in common."""

    def __init__(self, workers: int, folder: Path | None, threads: int, address: str) -> None:
        """address: of a cluster that runs already; "local" is one on this machine that lives as long as the
        batch. Raises PerformersError."""
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # Phiz sends nothing anywhere
        try:
            import ray
        except ImportError as error:
            raise PerformersError("A cluster needs Ray: pip install 'phiz[batch]'.") from error
        self._ray: Any = ray
        quiet = {"log_to_driver": False, "logging_level": "ERROR", "configure_logging": False}
        local = {"num_cpus": workers * threads, "include_dashboard": False} if address == "local" else {}
        try:
            ray.init(address=address, **quiet, **local)
        except Exception as error:  # Ray raises many kinds
            where = "on this machine" if address == "local" else f"at {address}"
            raise PerformersError(f"Ray did not start {where}: {str(error).splitlines()[0]}") from error
        self._class = self._ray.remote(_Worker).options(num_cpus=threads, max_restarts=0)
        self._made_with = (folder, threads)
        self._idle = [self._new() for _ in range(workers)]

    def _new(self) -> Any:
        return self._class.remote(*self._made_with)

    def _begin(self, worker: Any, recording: Recording, acting: Acting) -> Any:
        return worker.perform.remote(recording, acting)

    def _ended(self, flying: list[Any]) -> Iterable[Any]:
        return self._ray.wait(flying, num_returns=1, timeout=_LOOK)[0]

    def _outcome(self, ended: Any) -> Made | PhizError:
        try:
            return self._ray.get(ended)
        except self._ray.exceptions.ActorDiedError as error:
            if "creation task" in str(error):
                raise PerformersError(f"A worker could not load the model: {_last(error)}") from error
            raise _DiedError(_last(error)) from error
        except self._ray.exceptions.RayError as error:
            return PerformersError(f"the worker failed: {_last(error)}")

    def close(self) -> None:
        self._ray.shutdown()


def _first(source: Iterator[Task]) -> tuple[Task, int] | None:
    task = next(source, None)
    return None if task is None else (task, 0)


def _last(error: Exception) -> str:
    """The last line that says something."""
    return ([line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__])[-1]
