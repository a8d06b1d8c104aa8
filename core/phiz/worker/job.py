"""A request as the worker has it: how it is stopped, and what is said to it while it is worked on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import onnxruntime as ort

from phiz.runtime.performance import CancelledError
from phiz.worker.protocol import Generate, Live, ToLive


class Job:
    """One request. `stop` and `finish` exclude each other: what is answered is what happens.

    inbox: for a live session, what was said to it and is not yet followed; None where it was stopped.
    """

    def __init__(self, wanted: Generate | Live) -> None:
        self.wanted = wanted
        self.inbox: queue.SimpleQueue[ToLive | None] = queue.SimpleQueue()
        self.stopped = False
        self.running = ort.RunOptions()
        self.ending = False
        self._finished = False
        self._lock = threading.Lock()

    def stop(self) -> bool:
        """Stop it, the running graph too; False where it is finished or stopped already."""
        with self._lock:
            if self._finished or self.stopped:
                return False
            self.stopped = True
        self.running.terminate = True
        self.inbox.put(None)
        return True

    def unless_stopped(self, act: Callable[[], None]) -> None:
        with self._lock:
            if not self.stopped:
                act()

    def finish(self) -> None:
        """From now on it cannot be stopped. Raises CancelledError where it was."""
        with self._lock:
            if self.stopped:
                raise CancelledError("generation was cancelled")
            self._finished = True
