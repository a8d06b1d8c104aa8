"""A live session from outside: through the worker, and on the command line."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.motion import take
from phiz.runtime import bundle
from phiz.runtime.live.session import LOOK_AHEAD, LiveSession
from phiz.worker import protocol
from phiz.worker.client import Reply, Worker
from phiz.worker.protocol import Cancelled, Done, Failed, Finished, Frames, Generate, Live, Opened, Refused

VOICE = Path(__file__).resolve().parent.parent / "docs" / "demo" / "voice.flac"
CALM = Direction(emotion=(), seed=3)
HAPPY = Direction.of("happy", seed=3)
PATIENCE = 120.0  # s; other work may hold the processor


@pytest.fixture(scope="module")
def worker(acting_bundle: Path) -> Iterator[Worker]:
    started = Worker(bundle=acting_bundle, threads=1)
    yield started
    started.close()


@pytest.fixture(scope="module")
def sound() -> np.ndarray:
    """A second and a half of int16 at 16 kHz."""
    samples = recording.load(VOICE).samples[: 3 * RATE // 2]
    return np.round(samples * 32767.0).astype(np.int16)


def replies(worker: Worker, id: int, last: type[object] = object) -> list[Reply]:
    """All that is said of a request until it is answered, or until something of the type `last`."""
    heard: list[Reply] = []
    end = time.monotonic() + PATIENCE
    over = (Finished, Failed, Cancelled, Done)
    while not any(isinstance(reply, over if last is object else last) for reply in heard):
        assert time.monotonic() < end, heard
        time.sleep(0.005)
        heard += [reply for reply in worker.poll() if reply.id == id]
    return heard


def rows(heard: list[Reply]) -> np.ndarray:
    """(n, 54) of all frames that were said, after a look at their order and times."""
    found, reached = [], 0
    for said in heard:
        if isinstance(said, Frames):
            assert said.first == reached and said.time == pytest.approx(reached / 30, abs=1e-4)
            reached += len(said.weights)
            found.append(np.concatenate([said.weights, said.head], axis=1))
    return np.concatenate(found)


def test_frames_come_in_order_and_a_direction_takes_hold(
    worker: Worker, acting_bundle: Path, sound: np.ndarray
) -> None:
    id = worker.live(Live(direction=CALM))
    session = LiveSession(bundle.load(acting_bundle, threads=1), CALM)
    own = []
    for start in range(0, len(sound), 1600):
        if start == 8000:
            worker.direct(id, HAPPY)
            session.direct(HAPPY)
        worker.push(id, sound[start : start + 1600].tobytes())
        own.append(session.push(sound[start : start + 1600]))
    worker.finish(id)
    own.append(session.finish())
    heard = replies(worker, id)
    assert isinstance(heard[0], Opened) and heard[0].look_ahead == LOOK_AHEAD
    assert heard[-1] == Finished(id=id, frames=45)
    shown = rows(heard)
    assert shown.shape == (45, 54)
    wanted = np.concatenate([np.concatenate([part.weights, part.head], axis=1) for part in own])
    assert np.abs(shown - wanted).max() < 1e-5


def test_what_cannot_be_followed_is_refused_and_the_session_goes_on(
    worker: Worker, sound: np.ndarray
) -> None:
    id = worker.live(Live(direction=CALM, encoding="float32", channels=2))
    worker.push(id, np.full((10, 2), np.nan, np.float32).tobytes())
    worker.push(id, b"123")
    worker.direct(id, Direction(style="nobody"))
    worker.push(id, np.stack([sound, sound], axis=1).astype(np.float32).__truediv__(32768.0).tobytes())
    worker.finish(id)
    heard = replies(worker, id)
    refused = [said for said in heard if isinstance(said, Refused)]
    assert [said.error for said in refused] == ["BadSamplesError", "ProtocolError", "StyleError"]
    assert all("\n" not in said.message for said in refused)
    assert isinstance(heard[-1], Finished) and len(rows(heard)) == 45


def test_a_session_can_be_cancelled_and_the_next_request_is_done(
    worker: Worker, sound: np.ndarray, tmp_path: Path
) -> None:
    id = worker.live(Live(direction=CALM))
    worker.push(id, sound.tobytes())
    line = worker.generate(Generate(audio=str(VOICE), audio_end=0.5, steps=1, out=str(tmp_path / "a.npz")))
    assert isinstance(replies(worker, id, Frames)[-1], Frames)
    worker.cancel(id)
    heard = replies(worker, line)
    assert isinstance(heard[-1], Done)
    worker.push(id, sound.tobytes())  # to a session that is over: nothing comes of it
    failed = replies(worker, worker.live(Live(rate=3)))[-1]
    assert isinstance(failed, Failed) and failed.error == "SoundFormatError"


def spoken(folder: Path, *messages: dict[str, object]) -> list[dict[str, object]]:
    """What a worker says to these lines, of a program in any language."""
    lines = [{"type": "hello", "bundle": str(folder), "threads": 1}, *messages]
    text = "".join(json.dumps(message) + "\n" for message in lines)
    with subprocess.Popen(
        [sys.executable, "-m", "phiz.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(text)
        child.stdin.flush()
        heard = []
        for said in child.stdout:
            heard.append(json.loads(said))
            if heard[-1]["type"] in ("finished", "failed"):
                break
        child.stdin.close()
    return heard


def test_another_program_needs_json_alone(acting_bundle: Path, sound: np.ndarray) -> None:
    samples = base64.b64encode(sound.tobytes()).decode()
    heard = spoken(
        acting_bundle,
        {"type": "live", "id": 7, "direction": {"version": 2, "seed": 3}},
        {"type": "audio", "id": 8, "samples": samples},
        {"type": "audio", "id": 7, "samples": "*"},
        {"type": "direct", "id": 7, "direction": {"version": 2, "events": [{"au": 999}]}},
        {"type": "audio", "id": 7, "samples": samples},
        {"type": "finish", "id": 7},
        {"type": "audio", "id": 7, "samples": samples},
    )
    refused = [said for said in heard if said["type"] == "refused"]
    assert {said["id"] for said in refused} == {7, 8} and len(refused) >= 3
    assert heard[-1] == {"type": "finished", "id": 7, "frames": 45}


def test_a_message_survives_the_line() -> None:
    asked = protocol.Direct(id=1, direction=Direction(events=(AUEvent(au=12, start=1, end=2),)), at=0.5)
    assert protocol.request(protocol.line(asked)) == asked


def test_live_on_the_command_line(acting_bundle: Path, sound: np.ndarray, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "phiz", "live", "-", "--bundle", str(acting_bundle), "--seed", "3"]
    said = subprocess.run(command, input=sound.tobytes(), capture_output=True, check=True).stdout
    heard = [protocol.reply(text) for text in said.splitlines()]
    assert len(rows([reply for reply in heard if isinstance(reply, Frames)])) == 45
    out = tmp_path / "a.csv"
    out.write_bytes(
        subprocess.run([*command, "--csv"], input=sound.tobytes(), capture_output=True, check=True).stdout
    )
    assert take.load(out).frames == 45
