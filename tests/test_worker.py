"""The worker: the same Take as in the program, cancelled at once, started again, and never left behind."""

from __future__ import annotations

import ast
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording
from phiz.motion import storage, take
from phiz.runtime import bundle
from phiz.runtime.control import Control
from phiz.runtime.generate import generate
from phiz.worker import client, protocol, serve
from phiz.worker.client import Reply, Worker
from phiz.worker.protocol import Cancelled, Done, Failed, Generate, Progress

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "docs" / "demo" / "voice.flac"
PATIENCE = 120.0  # s; other work may hold the processor

posix = pytest.mark.skipif(os.name != "posix", reason="signals and #! are POSIX's")


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker(threads=1)
    yield started
    started.close()


def replies(worker: Worker, id: int | None) -> list[Reply]:
    """All that is said until a request is answered."""
    heard: list[Reply] = []
    end = time.monotonic() + PATIENCE
    while not any(reply.id == id and not isinstance(reply, Progress) for reply in heard):
        assert time.monotonic() < end, heard
        time.sleep(0.005)
        heard += worker.poll()
    return heard


def answer(worker: Worker, id: int | None) -> Reply:
    return replies(worker, id)[-1]


def wanted(out: Path, /, **more: object) -> Generate:
    """A second of the demo's voice."""
    fields: dict[str, object] = {"audio": str(VOICE), "audio_start": 1.0, "audio_end": 2.0, "out": str(out)}
    return Generate.model_validate(fields | more)


def failure(worker: Worker, id: int | None, error: str, *said: str) -> Failed:
    reply = answer(worker, id)
    assert isinstance(reply, Failed), reply
    assert reply.error == error and "\n" not in reply.message
    assert all(part in reply.message for part in said), reply.message
    return reply


def until_working(worker: Worker, id: int) -> None:
    end = time.monotonic() + PATIENCE
    while not any(isinstance(reply, Progress) and reply.id == id for reply in worker.poll()):
        assert time.monotonic() < end
        time.sleep(0.005)


def pid_of(worker: Worker) -> int:
    assert worker._process is not None and worker._process._popen is not None
    return worker._process._popen.pid


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")  # a dead one that nobody has waited for counts as ended
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def gone(pid: int) -> bool:
    end = time.monotonic() + 20.0
    while running(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not running(pid)


# ---- what it makes -------------------------------------------------------------------------------------


def test_the_same_take_as_in_the_program(worker: Worker, tmp_path: Path) -> None:
    notes = Direction.of("happy", 0.6, seed=4).model_copy(
        update={"events": (AUEvent(au=12, start=0.2, end=0.8),)}
    )
    asked = wanted(tmp_path / "a.npz", direction=notes, fps=24.0, steps=2, articulation=0.5, control=1.2)
    heard = replies(worker, worker.generate(asked))
    done = heard[-1]
    assert isinstance(done, Done) and done.frames == 24 and done.fps == 24.0 and done.out == asked.out
    shares = [reply.done for reply in heard if isinstance(reply, Progress)]
    assert len(shares) > 3 and shares == sorted(shares) and shares[0] >= 0.0 and shares[-1] <= 1.0
    own = generate(
        recording.load(VOICE).cut(1.0, 2.0),
        notes,
        bundle.load(threads=1),
        steps=2,
        fps=24.0,
        articulation=0.5,
        control=Control(strength=1.2),
    )
    made = take.load(tmp_path / "a.npz")
    assert made.weights.tobytes() == own.weights.tobytes() and made.head.tobytes() == own.head.tobytes()
    assert made.origin == own.origin


def test_what_is_wrong_is_said_in_a_line(worker: Worker, tmp_path: Path) -> None:
    def said(error: str, *parts: str, **asked: object) -> Failed:
        return failure(worker, worker.generate(wanted(tmp_path / "a.npz", **asked)), error, *parts)

    assert said("RecordingNotFoundError", "nowhere.wav", audio="nowhere.wav").detail is None
    said("OutputError", "missing", out=str(tmp_path / "missing" / "a.npz"))
    said("TakeError", ".npz", out=str(tmp_path / "a.txt"))
    said("RecordingLengthError", "20", audio_start=20.0, audio_end=None)
    said("StyleError", "plain", direction=Direction(style="nobody"))
    assert isinstance(answer(worker, worker.generate(wanted(tmp_path / "b.npz", steps=1))), Done)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.npz"]


def test_requests_are_answered_in_order(worker: Worker, tmp_path: Path) -> None:
    ids = [worker.generate(wanted(tmp_path / f"{i}.npz", steps=1)) for i in range(3)]
    worker.cancel(ids[1])
    heard = replies(worker, ids[2])
    kinds = {reply.id: type(reply) for reply in heard if not isinstance(reply, Progress)}
    assert kinds == {ids[0]: Done, ids[1]: Cancelled, ids[2]: Done}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.npz", "2.npz"]


def test_only_what_was_changed_is_computed(worker: Worker, tmp_path: Path) -> None:
    """The same Take as from nothing, see test_rehearsal; here, that the worker remembers between requests."""

    def made(name: str, at: float, **more: object) -> Done:
        events = tuple(AUEvent(au=12, start=start, end=start + 0.4) for start in (0.0, at))
        notes = Direction(emotion=(), events=events)
        asked = wanted(tmp_path / name, audio_end=5.0, direction=notes, steps=2, **more)
        done = answer(worker, worker.generate(asked))
        assert isinstance(done, Done), done
        return done

    whole, again = made("a.npz", 2.0), made("b.npz", 2.5)
    assert whole.computed > 5.0 and 2.0 < again.computed < 2.5
    part = made("c.npz", 2.5, start=1.0, end=2.0, previous=str(tmp_path / "a.npz"))
    assert part.frames == whole.frames
    before, after = take.load(tmp_path / "a.npz"), take.load(tmp_path / "c.npz")
    assert before.weights[60:].tobytes() == after.weights[60:].tobytes()
    id = worker.generate(wanted(tmp_path / "d.npz", start=1.0))
    failure(worker, id, "ProtocolError", "start, end and previous")


# ---- cancel --------------------------------------------------------------------------------------------


def test_cancel_is_answered_within_200_ms(worker: Worker, tmp_path: Path) -> None:
    times = []
    for attempt in range(3):  # whatever else runs on this machine only adds to the time
        id = worker.generate(wanted(tmp_path / "a.npz", audio_end=None, steps=50))
        until_working(worker, id)
        time.sleep(0.2 * attempt)
        began = time.monotonic()
        worker.cancel(id)
        assert isinstance(answer(worker, id), Cancelled)
        times.append(time.monotonic() - began)
    assert min(times) < 0.2, times
    began = time.monotonic()
    assert isinstance(answer(worker, worker.generate(wanted(tmp_path / "b.npz", steps=1))), Done)
    assert time.monotonic() - began < 10.0  # the graph that ran was stopped too
    assert [path.name for path in tmp_path.iterdir()] == ["b.npz"]


def test_cancel_before_the_worker_is_ready(tmp_path: Path) -> None:
    cold = Worker(threads=1)
    id = cold.generate(wanted(tmp_path / "a.npz"))
    cold.cancel(id)
    assert cold.poll() == [Cancelled(id=id)]
    cold.close()
    assert not list(tmp_path.iterdir())


def test_cancel_while_the_file_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is computed, half is written: still no file."""
    said = io.BytesIO()
    own = serve._Worker(said, protocol.Hello(threads=1))
    save = storage.save

    def interrupted(made: take.Take, path: str, confirm: Callable[[], None] | None = None) -> None:
        own.cancel(5)
        save(made, path, confirm)

    monkeypatch.setattr(storage, "save", interrupted)
    own.accept(wanted(tmp_path / "a.npz", steps=1, id=5))
    end = time.monotonic() + PATIENCE
    while own._jobs and time.monotonic() < end:
        time.sleep(0.01)
    own.close()
    heard = [protocol.reply(line) for line in said.getvalue().splitlines()]
    assert heard[-1] == Cancelled(id=5) and not list(tmp_path.iterdir())


def test_a_take_that_is_done_stays(worker: Worker, tmp_path: Path) -> None:
    id = worker.generate(wanted(tmp_path / "a.npz", steps=1))
    assert isinstance(answer(worker, id), Done)
    worker.cancel(id)
    other = worker.generate(wanted(tmp_path / "b.npz", steps=1))
    assert {reply.id for reply in replies(worker, other)} == {other}


# ---- the process ---------------------------------------------------------------------------------------


@posix
def test_a_crash_is_said_and_the_next_request_starts_anew(tmp_path: Path) -> None:
    fragile = Worker(threads=1)
    id = fragile.generate(wanted(tmp_path / "a.npz", audio_end=None, steps=50))
    until_working(fragile, id)
    before = pid_of(fragile)
    os.kill(before, signal.SIGKILL)
    said = failure(fragile, id, "CrashError", "signal 9", "again")
    assert said.log is not None and Path(said.log).is_file() and said.log in said.message
    again = fragile.generate(wanted(tmp_path / "b.npz", steps=1))
    assert isinstance(answer(fragile, again), Done)
    os.kill(pid_of(fragile), signal.SIGKILL)  # at rest: nothing is lost, so nothing is said
    assert gone(pid_of(fragile))
    third = fragile.generate(wanted(tmp_path / "c.npz", steps=1))
    assert {reply.id for reply in replies(fragile, third)} == {third}
    fragile.close()
    Path(said.log).unlink()


def test_close_is_quick_and_leaves_nothing(tmp_path: Path) -> None:
    busy = Worker(threads=1)
    id = busy.generate(wanted(tmp_path / "a.npz", audio_end=None, steps=50))
    until_working(busy, id)
    pid, log = pid_of(busy), busy._log
    began = time.monotonic()
    busy.close()
    assert time.monotonic() - began < 2.0
    assert gone(pid) and not list(tmp_path.iterdir()) and log is not None and not log.exists()
    busy.close()
    assert busy.poll() == []


@posix
@pytest.mark.parametrize("held", [False, True], ids=["pipe ends", "pipe held open by a sibling"])
def test_it_ends_when_its_program_dies(held: bool) -> None:
    """held: another child of the dead program keeps its end of the pipe, so that no end of input comes."""
    program = (
        "import subprocess, time; from phiz.worker.client import Worker; w = Worker(threads=1); w.start()\n"
        "while w.ready is None: w.poll(); time.sleep(0.01)\n"
        "popen = w._process._popen\n"
        f"held = {held} and subprocess.Popen(['sleep', '60'], pass_fds=[popen.stdin.fileno()])\n"
        "print(popen.pid, held.pid if held else 0, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child, sibling = map(int, parent.stdout.readline().split())
        assert running(child)
        parent.kill()
    assert gone(child)
    if sibling:
        os.kill(sibling, signal.SIGKILL)


def test_what_libraries_print_stays_out_of_the_replies(tmp_path: Path) -> None:
    """Printed by Python and by C: both go to standard error."""
    program = (
        "import os, phiz.runtime.bundle as b; load = b.load\n"
        "def noisy(*a, **k): print('noise', flush=True); os.write(1, b'noise'); return load(*a, **k)\n"
        "b.load = noisy; from phiz.worker.boot import start; start()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        process.stdin.write(protocol.line(protocol.Hello(threads=1)))
        process.stdin.flush()
        assert isinstance(protocol.reply(process.stdout.readline()), protocol.Ready)
        process.stdin.close()
        assert process.stdout.read() == b"" and process.stderr.read().count(b"noise") == 2


# ---- the protocol --------------------------------------------------------------------------------------


def spoken(*lines: bytes) -> tuple[list[dict[str, object]], int]:
    """What a fresh worker answers to lines, as it comes, and its exit status."""
    command, environment = client.command(None)
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        out, _ = process.communicate(b"\n".join(lines) + b"\n", timeout=PATIENCE)
    return [json.loads(line) for line in out.splitlines()], process.returncode


def test_another_version_is_refused_by_name() -> None:
    (said,), status = spoken(b'{"type": "hello", "version": 99, "new": true}')
    assert status == 2 and said["error"] == "VersionError" and said["id"] is None
    assert "version 1" in str(said["message"]) and "99" in str(said["message"])


def test_a_bundle_that_is_not_there_is_said(tmp_path: Path) -> None:
    lost = Worker(bundle=tmp_path / "nothing", threads=1)
    id = lost.generate(wanted(tmp_path / "a.npz"))
    failure(lost, id, "BundleError", "nothing")
    lost.close()


def test_lines_that_are_no_messages(worker: Worker, tmp_path: Path) -> None:
    for text, part in (
        (b"nonsense", "JSON"),
        (b'{"type": "dance"}', "dance"),
        (b'{"type": "generate", "id": 3, "audio": "a", "out": "b", "fps": 0}', "fps"),
        (b'{"type": "generate", "id": 3, "audio": "a", "out": "b", "frame": 0}', "frame"),
    ):
        with pytest.raises(protocol.ProtocolError, match=part) as caught:
            protocol.request(text)
        assert "\n" not in str(caught.value)
    assert protocol.id_of(b'{"type": "generate", "id": 3}') == 3 and protocol.id_of(b"nonsense") is None
    said, status = spoken(b'{"type": "cancel", "id": 1}')
    assert status == 2 and "hello" in str(said[0]["message"])


def test_messages_come_back_as_they_went() -> None:
    notes = Direction.of("sad", 0.5).model_copy(update={"events": (AUEvent(au=4, start=0.0, end=1.0),)})
    for message in (protocol.Hello(threads=2), wanted(Path("a.npz"), direction=notes), protocol.Cancel(id=3)):
        text = protocol.line(message)
        assert text.count(b"\n") == 1 and protocol.request(text) == message
    for reply in (Done(id=1, out="a", frames=2, fps=24.0, computed=0.1), Progress(id=1, done=0.5)):
        assert protocol.reply(protocol.line(reply)) == reply


def test_the_documented_example_runs(tmp_path: Path) -> None:
    """From the root of the project, as it says; what it prints is what is documented."""
    text = (ROOT / "docs" / "worker.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    program, printed = blocks
    program = program.replace('"line.csv"', repr(str(tmp_path / "line.csv")))
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "core")},
        capture_output=True,
        text=True,
        check=True,
    )
    said = [ast.literal_eval(line) for line in done.stdout.splitlines()]
    documented = [ast.literal_eval(line) for line in printed.splitlines()]
    assert [said[0], said[1]] == documented[:2]
    assert said[-1] | {"out": "line.csv"} == documented[-1]
    assert all(line in said for line in documented[:-1])
    assert take.load(tmp_path / "line.csv").frames == documented[-1]["frames"]


def test_every_field_is_documented() -> None:
    text = (ROOT / "docs" / "worker.md").read_text(encoding="utf-8")
    for message in (*get_args(protocol.Request), *get_args(protocol.Reply)):
        for name in (message.model_fields["type"].default, *message.model_fields):
            assert f"`{name}`" in text, name


# ---- other Pythons -------------------------------------------------------------------------------------


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python that has nothing installed."""
    venv.create(tmp_path / "bare", symlinks=os.name == "posix")
    return tmp_path / "bare" / ("bin/python" if os.name == "posix" else "Scripts/python.exe")


def test_another_python_without_packages(bare_python: Path, tmp_path: Path) -> None:
    other = Worker(python=bare_python)
    id = other.generate(wanted(tmp_path / "a.npz"))
    failure(other, id, "MissingPackageError", str(bare_python), "pip install", "onnxruntime")
    other.start()
    failure(other, None, "MissingPackageError")
    other.close()


def test_another_python_with_packages_runs_this_phiz(bare_python: Path, tmp_path: Path) -> None:
    folders = [str(Path(np.__file__).parents[1]), str(Path(recording.soundfile.__file__).parent)]
    library = next((bare_python.parent.parent).glob("**/site-packages"))
    (library / "more.pth").write_text("\n".join(folders))
    other = Worker(python=bare_python, threads=1)
    assert isinstance(answer(other, other.generate(wanted(tmp_path / "a.npz", steps=1))), Done)
    other.close()


def test_no_python_at_all(tmp_path: Path) -> None:
    lost = Worker(python=tmp_path / "python")
    lost.start()
    failure(lost, None, "PythonError", str(tmp_path / "python"), "choose another")
    failure(lost, lost.generate(wanted(tmp_path / "a.npz")), "PythonError")
    lost.close()


@posix
@pytest.mark.parametrize(
    ("said", "error"),
    [('{"type": "ready", "version": 9, "more": 1}', "VersionError"), ("hello", "ProtocolError")],
)
def test_a_program_that_is_no_worker_of_ours(said: str, error: str, tmp_path: Path) -> None:
    stranger = tmp_path / "python"
    stranger.write_text(f"#!/bin/sh\necho '{said}'\nsleep 60\n")
    stranger.chmod(0o755)
    odd = Worker(python=stranger)
    failure(odd, odd.generate(wanted(tmp_path / "a.npz")), error)
    odd.close()
