"""A worker as a program sees it: requests in, replies out, and never a wait.

Threads of the client start the process, write to it and read from it; the caller's thread only looks into a
queue. So it may be called from the main thread of a program with a window.
"""

from __future__ import annotations

import base64
import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import phiz
from phiz.acting.direction import Direction
from phiz.worker import boot, protocol
from phiz.worker.protocol import (
    Audio,
    Cancel,
    Cancelled,
    Direct,
    Done,
    Failed,
    Finish,
    Finished,
    Frames,
    Generate,
    Hello,
    Live,
    Opened,
    Progress,
    ProtocolError,
    Ready,
    Refused,
    ToLive,
)

Reply = Progress | Done | Opened | Frames | Refused | Finished | Failed | Cancelled

_LAST_WORDS = 0.5  # s that a worker gets to end by itself


def command(python: Path | None) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment of a worker in this Python, or in another one; with
    `boot.COMMAND` and arguments after it, those of `phiz` with these arguments."""
    environment = dict(os.environ)
    own, paths, flags = Path(sys.executable), [entry for entry in sys.path if entry], []
    if python is not None and python != own:
        own, paths = python, []
        for name in ("PYTHONPATH", "PYTHONHOME"):  # meant for the program's Python
            environment.pop(name, None)
    else:  # as the program's Python was started, so Blender's looks at nothing of the user's
        flags += ["-E"] if sys.flags.ignore_environment else []
        flags += ["-s"] if sys.flags.no_user_site else []
    folder = Path(phiz.__file__).resolve().parent
    return [str(own), *flags, str(Path(boot.__file__).resolve()), str(folder), *paths], environment


class _Process:
    """One process from its start to its end. What it says goes to `heard`, at last its exit status or, where
    it never was, why."""

    def __init__(self, python: Path | None, hello: Hello, log: Path) -> None:
        self.heard: queue.SimpleQueue[protocol.Reply | ProtocolError | OSError | int] = queue.SimpleQueue()
        self._outgoing: queue.SimpleQueue[protocol.Request | None] = queue.SimpleQueue()
        self._popen: subprocess.Popen[bytes] | None = None
        self._started = threading.Event()
        self._python, self._log = python, log
        self.say(hello)
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def say(self, message: protocol.Request) -> None:
        self._outgoing.put(message)

    @property
    def ended(self) -> bool:
        return self._started.is_set() and (self._popen is None or self._popen.poll() is not None)

    def hear_out(self) -> None:
        """Wait until the last that an ended process said is in `heard`."""
        self._thread.join(_LAST_WORDS)

    def end(self) -> None:
        """Let it end, and see to it that it does."""
        self._outgoing.put(None)
        self._thread.join(_LAST_WORDS)
        if self._popen is not None and self._popen.poll() is None:
            self._popen.kill()
            self._popen.wait()

    def _live(self) -> None:
        words, environment = command(self._python)
        try:
            with open(self._log, "ab") as log:
                self._popen = subprocess.Popen(
                    words,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    env=environment,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # on Windows, no console
                )
        except OSError as error:
            self.heard.put(error)
            return
        finally:
            self._started.set()
        writer = threading.Thread(target=self._write, args=(self._popen,), daemon=True)
        writer.start()
        assert self._popen.stdout is not None
        with self._popen.stdout as lines:
            for text in lines:
                try:
                    self.heard.put(protocol.reply(text))
                except ProtocolError as error:
                    self.heard.put(error)
        self._outgoing.put(None)
        self.heard.put(self._popen.wait())

    def _write(self, popen: subprocess.Popen[bytes]) -> None:
        assert popen.stdin is not None
        with contextlib.suppress(OSError), popen.stdin as stream:  # its end is what the reader notices
            while (message := self._outgoing.get()) is not None:
                stream.write(protocol.line(message))
                stream.flush()


class Worker:
    """Makes Takes in a process of its own, which is started once and kept warm. Used from one thread.

    python: another Python than this program's, such as one whose onnxruntime knows the graphics card; it
    has to hold the packages that Phiz needs, not Phiz itself. bundle: folder of a model bundle, None for the
    one of Phiz. threads: of the CPU, None for all useful. Nothing here waits, and nothing raises: what goes
    wrong comes from `poll` as `Failed`, a process that cannot start or that died too.
    """

    def __init__(
        self, python: Path | None = None, bundle: Path | None = None, threads: int | None = None
    ) -> None:
        self._python = python
        self._hello = Hello(bundle=None if bundle is None else str(bundle.resolve()), threads=threads)
        self._process: _Process | None = None
        self._log: Path | None = None
        self._last_id = 0
        self._pending: list[int] = []  # requests that are not yet answered
        self._unsent: list[Generate | Live | ToLive] = []  # what waits for the worker to be ready
        self._replies: list[Reply] = []
        self._ready: Ready | None = None
        self._refusal: Failed | None = None  # what the process said of itself
        self._log_named = False

    @property
    def ready(self) -> Ready | None:
        """What the worker said when its model was loaded; None while it is not."""
        return self._ready

    @property
    def log(self) -> Path | None:
        """The file with what the worker's libraries print; None before it was first started."""
        return self._log

    def start(self) -> None:
        """Start the process, if none runs, so that it is warm when it is needed."""
        if self._process is not None and self._process.ended:
            self._process.hear_out()
            self._hear()
        if self._process is None:
            if self._log is None:
                handle, name = tempfile.mkstemp(prefix="phiz-worker-", suffix=".log")
                os.close(handle)
                self._log = Path(name)
            self._process = _Process(self._python, self._hello, self._log)

    def generate(self, request: Generate) -> int:
        """Ask for a Take, and get the id that the replies about it bear; the request's own is not looked at.

        Requests are worked on in order. Starts the process, or starts it again after a crash.
        """
        return self._ask(request)

    def live(self, request: Live) -> int:
        """Open a live session, and get its id; as `generate`. `push` sound to it, `direct` it and
        `finish` it, at any time.

        It is answered by Opened, Frames and Refused, and at last by Finished, Failed or Cancelled.
        """
        return self._ask(request)

    def push(self, id: int, samples: bytes) -> None:
        """The sound of a live session goes on: samples in the encoding that it was opened with."""
        self._tell(Audio(id=id, samples=base64.b64encode(samples).decode()))

    def direct(self, id: int, direction: Direction, at: float | None = None) -> None:
        """From now on, or from the second `at` of the sound, act by this Direction in a live session."""
        self._tell(Direct(id=id, direction=direction, at=at))

    def finish(self, id: int) -> None:
        """The sound of a live session has ended."""
        self._tell(Finish(id=id))

    def _ask(self, request: Generate | Live) -> int:
        self.start()
        self._last_id += 1
        self._pending.append(self._last_id)
        self._unsent.append(request.model_copy(update={"id": self._last_id}))
        self._send()
        return self._last_id

    def _tell(self, message: ToLive) -> None:
        """Say it, but not to a session that is over: what ended it is known already, or will be."""
        if message.id in self._pending:
            self._unsent.append(message)
            self._send()

    def cancel(self, id: int) -> None:
        """Stop a request. It is answered by Cancelled, or by Done or Finished where that was quicker."""
        if any(message.id == id for message in self._unsent):
            self._unsent = [message for message in self._unsent if message.id != id]
            self._answer(Cancelled(id=id))
        elif id in self._pending and self._process is not None:
            self._process.say(Cancel(id=id))

    def poll(self) -> list[Reply]:
        """What was said since the last call, oldest first. To be called again and again."""
        self._hear()
        replies, self._replies = self._replies, []
        return replies

    def close(self) -> None:
        """Stop everything and end the process, within half a second. A later `generate` starts anew."""
        if self._process is not None:
            self._process.end()
        if self._log is not None and not self._log_named:
            with contextlib.suppress(OSError):
                self._log.unlink()
            self._log = None
        self._process = self._ready = None
        self._pending.clear()
        self._unsent.clear()
        self._replies.clear()

    def _send(self) -> None:
        if self._ready is not None and self._process is not None:
            for message in self._unsent:
                self._process.say(message)
            self._unsent.clear()

    def _hear(self) -> None:
        while self._process is not None:
            try:
                heard = self._process.heard.get_nowait()
            except queue.Empty:
                return
            match heard:
                case Ready():
                    self._ready = heard
                    self._send()
                case Failed(id=None) if self._ready is None:
                    self._refusal = heard
                case ProtocolError():
                    said = Failed(id=None, error=type(heard).__name__, message=str(heard))
                    if self._ready is None:  # another version, or no worker at all
                        threading.Thread(target=self._process.end, daemon=True).start()
                        self._ended(said)
                    else:
                        self._answer(said)
                case OSError():
                    self._ended(
                        Failed(
                            id=None,
                            error="PythonError",
                            message=f"cannot start the Python {self._python or sys.executable}:"
                            f" {heard.strerror or heard}; choose another",
                        )
                    )
                case int():
                    self._ended(self._refusal or self._crash(heard))
                case _:
                    self._answer(heard)

    def _crash(self, status: int) -> Failed:
        how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
        when = "while it worked. Generate again to start it anew" if self._ready else "before it was ready"
        said = f"The worker {how} {when}; what it printed is in {self._log}."
        return Failed(id=None, error="CrashError", message=said)

    def _ended(self, why: Failed) -> None:
        """The process is gone: so are the requests it had, and where it never was ready, that is said."""
        for id in list(self._pending):
            self._answer(why.model_copy(update={"id": id}))
        if self._ready is None and not any(isinstance(reply, Failed) for reply in self._replies):
            self._answer(why)
        self._process = self._ready = self._refusal = None
        self._unsent.clear()

    def _answer(self, reply: Reply) -> None:
        if isinstance(reply, Failed) and (reply.detail is not None or reply.error == "CrashError"):
            self._log_named = True
            reply = reply.model_copy(update={"log": str(self._log)})
        if not isinstance(reply, Progress | Opened | Frames | Refused) and reply.id is not None:
            self._pending = [id for id in self._pending if id != reply.id]
        self._replies.append(reply)
