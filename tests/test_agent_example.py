"""docs/agent_example.py as it stands: a model that speaks and calls tools, a face that acts meanwhile."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.face.channels import INDEX
from phiz.worker.client import Worker
from phiz.worker.protocol import Frames
from tests.standin import Reply, standin

SOURCE = Path(__file__).resolve().parents[1] / "docs" / "agent_example.py"
PATIENCE = 120.0  # s; other work may hold the processor


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("agent_example", SOURCE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    started = Worker(threads=1)
    yield started
    started.close()


def streamed(*parts: dict[str, Any] | threading.Event) -> Reply:
    """An answer as it comes: pieces of a message; an event is waited for."""

    def send(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        for part in parts:
            if isinstance(part, threading.Event):
                assert part.wait(PATIENCE)
            else:
                data = json.dumps({"choices": [{"index": 0, "delta": part, "finish_reason": None}]})
                handler.wfile.write(f"data: {data}\n\n".encode())
                handler.wfile.flush()
        handler.wfile.write(b"data: [DONE]\n\n")

    return send


def text(words: str) -> dict[str, Any]:
    return {"content": words}


def call(name: str, arguments: str) -> list[dict[str, Any]]:
    """A tool call, its arguments in two pieces."""
    half = len(arguments) // 2
    first = {"index": 0, "id": "c1", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [{"index": 0, "function": {"arguments": piece}} for piece in (arguments[:half], arguments[half:])]
    return [{"tool_calls": [part]} for part in (first, *rest)]


def test_the_face_acts_while_the_model_speaks(example: Any, worker: Worker) -> None:
    shown: list[Frames] = []
    seen = threading.Event()

    def show(frames: Frames) -> None:
        shown.append(frames)
        seen.set()

    smile = {"emotion": [], "events": [{"au": 12, "start": 0.4, "end": 1.4, "ramp_in": 0.1, "ramp_out": 0.1}]}
    with standin(
        streamed(text("Oh, it is "), text("you."), *call("act_direction", json.dumps(smile))),
        # The model goes on only once frames of its first words are there.
        streamed(seen, text(" Come in."), *call("act_note", '{"note": "", "seconds": 1}')),
        streamed(text(" I am glad."), *call("act_note", '{"note": "eyes shut", "seconds": 9}')),
        streamed(text(" Do sit down, my dear.")),
    ) as server:
        count = example.perform(server.url, "tiny", show, worker)

    spoken = len("Oh, it is you. Come in. I am glad. Do sit down, my dear.") / example.PACE
    first_words = len("Oh, it is you.") / example.PACE
    assert count == pytest.approx(spoken * 30, abs=3)
    assert [frames.first for frames in shown] == list(
        np.cumsum([0, *(len(frames.weights) for frames in shown[:-1])])
    ), "in order, none left out"
    weights = np.array([row for frames in shown for row in frames.weights])
    assert len(weights) == count
    # The smile is 0.4 s after its call, which came when the first words had been said.
    smiling = weights[:, [INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]].min(axis=1)
    at = round((first_words + 0.4) * 30)
    assert smiling[at + 6 : at + 24].mean() > 0.4 > 0.2 > smiling[:at].mean()
    # Later, the eyes.
    shut = weights[:, INDEX["eyeBlinkLeft"]]
    called = round(len("Oh, it is you. Come in. I am glad.") / example.PACE * 30)
    assert shut[called + 20 :].mean() > 0.6 > shut[:called].mean()

    asked = [body for _, _, body in server.asked]
    assert [tool["function"]["name"] for tool in asked[0]["tools"]] == ["act_note", "act_direction"]
    told = [[message for message in body["messages"] if message["role"] == "tool"] for body in asked]
    assert [len(messages) for messages in told] == [0, 1, 2, 3]
    assert told[3][0]["content"] == told[3][2]["content"] == "done"
    assert "note" in told[3][1]["content"], "what was wrong with it"
    assert asked[1]["messages"][-2]["tool_calls"][0]["function"]["arguments"] == json.dumps(smile)


def test_a_server_that_breaks_off_is_an_error(example: Any, worker: Worker) -> None:
    def broken(handler: Any) -> None:
        handler.send_response(500)
        handler.end_headers()

    with standin(broken) as server, pytest.raises(OSError, match="500"):
        example.perform(server.url, "tiny", print, worker)
