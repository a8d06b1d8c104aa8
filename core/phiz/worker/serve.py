"""The worker itself: reads requests, makes Takes in a thread, answers.

The main thread does nothing but read, so that a cancel is answered at once, whatever is being computed. It
ends the process when its input ends, which is how the death of the program shows.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from dataclasses import replace
from typing import BinaryIO

import phiz
from phiz.audio import recording
from phiz.errors import PhizError
from phiz.motion import storage, take
from phiz.runtime import bundle
from phiz.runtime.control import Control
from phiz.runtime.rehearsal import Part, Rehearsal
from phiz.worker.job import Job
from phiz.worker.live import perform, refusal
from phiz.worker.protocol import (
    Audio,
    Cancel,
    Cancelled,
    Direct,
    Done,
    Failed,
    Finish,
    Finished,
    Generate,
    Hello,
    Live,
    Progress,
    ProtocolError,
    Ready,
    Reply,
    ToLive,
    id_of,
    is_to_live,
    line,
    request,
)
from phiz.writing import check_writable

_STEP = 0.005  # of progress that is worth a line
_WATCH = 1.0  # s between looks at the parent
_MOST_WAITING = 10_000  # messages to a live session
_LAST_WORDS = 2.0  # s that a job being stopped gets to take its unfinished file away


class _Worker:
    """The jobs, and the one thread that does them in order."""

    def __init__(self, replies: BinaryIO, hello: Hello) -> None:
        self._replies, self._writing = replies, threading.Lock()
        self._jobs: dict[int, Job] = {}
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, args=(hello,), daemon=True)
        self._thread.start()

    def say(self, message: Reply) -> None:
        with self._writing:
            self._replies.write(line(message))
            self._replies.flush()

    def accept(self, wanted: Generate | Live) -> None:
        if wanted.id in self._jobs:
            raise ProtocolError(f"expected a new id, came {wanted.id}, which is being worked on")
        self._jobs[wanted.id] = Job(wanted)
        self._waiting.put(self._jobs[wanted.id])

    def pass_on(self, said: ToLive) -> None:
        """Give it to its live session. Raises ProtocolError."""
        job = self._jobs.get(said.id)
        if job is None or not isinstance(job.wanted, Live) or job.ending:
            raise ProtocolError(f"expected the id of an open live session, came {said.id}")
        if job.inbox.qsize() >= _MOST_WAITING:
            raise ProtocolError(
                f"expected at most {_MOST_WAITING} messages that wait; send sound no faster than it is spoken"
            )
        job.ending = isinstance(said, Finish)
        job.inbox.put(said)

    def cancel(self, id: int) -> None:
        job = self._jobs.get(id)
        if job is not None and job.stop():
            self.say(Cancelled(id=id))

    def close(self) -> None:
        """Stop all jobs and wait until the running one has taken its unfinished file away."""
        for job in list(self._jobs.values()):
            job.stop()
        self._waiting.put(None)
        self._thread.join(_LAST_WORDS)

    def _work(self, hello: Hello) -> None:
        try:
            model = bundle.load(hello.bundle, threads=hello.threads)
        except Exception as error:
            self.say(_failure(None, error))
            os._exit(2)  # the main thread waits in a read that nothing else ends
        self.say(Ready(phiz=phiz.__version__, bundle=model.manifest.name))
        rehearsal = Rehearsal(model)
        while (job := self._waiting.get()) is not None:
            rehearsal.bundle = replace(model, running=job.running)
            answer = None if job.stopped else self._answer(job, rehearsal)
            del self._jobs[job.wanted.id]
            if answer is not None:
                self.say(answer)

    def _answer(self, job: Job, rehearsal: Rehearsal) -> Done | Finished | Failed | None:
        """Do a job; None where it was stopped, which is answered already."""
        try:
            if isinstance(job.wanted, Live):
                return perform(job, job.wanted, rehearsal.bundle, self.say)
            return self._made(job, job.wanted, rehearsal)
        except Exception as error:  # a graph that is stopped raises onnxruntime's own error
            return None if job.stopped else _failure(job.wanted.id, error)

    def _made(self, job: Job, wanted: Generate, rehearsal: Rehearsal) -> Done:
        told = -1.0

        def progress(done: float) -> None:
            nonlocal told
            if done - told >= _STEP:
                told = done
                job.unless_stopped(lambda: self.say(Progress(id=wanted.id, done=round(done, 4))))

        progress(0.0)
        storage.checked_suffix(wanted.out)
        check_writable(wanted.out)
        reference = None if wanted.reference is None else take.load(wanted.reference)
        voice = recording.load(wanted.audio)
        if wanted.audio_start or wanted.audio_end is not None:
            voice = voice.cut(wanted.audio_start, wanted.audio_end)
        made = rehearsal.generate(
            voice,
            wanted.direction,
            steps=wanted.steps,
            fps=wanted.fps,
            articulation=wanted.articulation,
            control=Control(strength=wanted.control),
            reference=reference,
            part=_part(wanted),
            progress=progress,
            cancel=lambda: job.stopped,
        )
        storage.save(made, wanted.out, job.finish)
        return Done(
            id=wanted.id, out=wanted.out, frames=made.frames, fps=made.fps, computed=rehearsal.computed
        )


def _part(wanted: Generate) -> Part | None:
    """What is to be made anew, None for all. Raises ProtocolError, TakeError."""
    match wanted.previous, wanted.start, wanted.end:
        case None, None, None:
            return None
        case str(previous), float(start), float(end):
            return Part(take.load(previous), start, end)
        case _:
            raise ProtocolError("expected start, end and previous all three, or none; came some of them")


def _failure(id: int | None, error: Exception) -> Failed:
    """What to say of an error: the line of one that Phiz foresaw, else its traceback too, and to the log."""
    if isinstance(error, PhizError):
        return Failed(id=id, error=type(error).__name__, message=" ".join(str(error).split()))
    detail = "".join(traceback.format_exception(error))
    print(detail, file=sys.stderr, flush=True)
    first = next(iter(str(error).splitlines()), "no message")
    message = f"{type(error).__name__}: {first}; this is a fault of Phiz, please report it with the log"
    return Failed(id=id, error=type(error).__name__, message=message, detail=detail)


def _greeted(lines: BinaryIO) -> Hello:
    """The program's first line. Raises ProtocolError."""
    said = request(lines.readline())
    if not isinstance(said, Hello):
        raise ProtocolError(f"expected hello first, came {said.type}")
    return said


def _end_with(parent: int) -> None:
    """End when the parent has gone, though its end of the pipe be held open by another of its children."""
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os._exit(1)


def serve(requests: BinaryIO, replies: BinaryIO) -> int:
    """Answer requests until there are no more. Returns the exit status: 0, or 2 where it could not begin."""
    if os.name == "posix":  # elsewhere the parent's number stays, and pipes are not inherited by accident
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        worker = _Worker(replies, _greeted(requests))
    except ProtocolError as error:
        replies.write(line(_failure(None, error)))
        replies.flush()
        return 2
    for text in requests:
        try:
            said = request(text)
            match said:
                case Generate() | Live():
                    worker.accept(said)
                case Audio() | Direct() | Finish():
                    worker.pass_on(said)
                case Cancel():
                    worker.cancel(said.id)
                case Hello():
                    raise ProtocolError("expected hello once, came another")
        except PhizError as error:
            id = id_of(text)
            if id is not None and is_to_live(text):
                worker.say(refusal(id, error))
            else:
                worker.say(_failure(id, error))
    worker.close()
    return 0
