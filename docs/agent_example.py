"""A face that acts while a language model speaks: text in pieces, sound in pieces, frames in order.

    python docs/agent_example.py http://localhost:11434/v1 qwen2.5:7b

The model speaks, and calls Phiz's tools where its face should do something. Each piece of text becomes sound
at once, here by a stand-in for a speech synthesiser; each piece of sound goes to the worker, and frames come
back while the rest is still being said.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from phiz.acting.moved import later
from phiz.audio import recording
from phiz.cotfa.tools import called, tool
from phiz.errors import PhizError
from phiz.worker.client import Worker
from phiz.worker.protocol import Cancelled, Failed, Finished, Frames, Live, Refused

VOICE = Path(__file__).resolve().parent / "demo/voice.flac"
RATE = 16000
PACE = 15.0  # characters that are spoken in a second
TASK = (
    "You are an actor on a stage. Say your lines, and before a line that your face should show, call a tool: "
    "act_note takes plain words, act_direction emotions and Action Units. Say nothing about the tools."
)


class Voice:
    """Stands for a speech synthesiser: says the demo's words for as long as its text would take."""

    def __init__(self) -> None:
        self._samples = recording.load(VOICE).samples
        self.said = 0

    def say(self, text: str) -> bytes:
        """int16 sound at 16 kHz."""
        begin, self.said = self.said, self.said + round(len(text) / PACE * RATE)
        samples = np.take(self._samples, range(begin, self.said), mode="wrap")
        return (samples * 32767).astype("<i2").tobytes()

    @property
    def seconds(self) -> float:
        return self.said / RATE


def deltas(server: str, model: str, messages: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """One answer as it comes, piece by piece."""
    asked = {"model": model, "messages": messages, "stream": True, "tools": [tool("note"), tool("direction")]}
    request = urllib.request.Request(
        f"{server}/chat/completions", json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=300) as reply:
        for line in reply:
            data = line.removeprefix(b"data:").strip()
            if line.startswith(b"data:") and data != b"[DONE]":
                yield from (choice["delta"] for choice in json.loads(data)["choices"])


def converse(server: str, model: str, say: Callable[[str], None], act: Callable[[str, str], str]) -> None:
    """Let the model speak until it has called its last tool; what `act` answers, it is told."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": TASK},
        {"role": "user", "content": "An old friend has just come in. Greet her."},
    ]
    for _ in range(20):
        text, calls = "", {}
        for delta in deltas(server, model, messages):
            if piece := delta.get("content"):
                text += piece
                say(piece)
            for part in delta.get("tool_calls") or []:  # a call comes in pieces too
                call = calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
                call["id"] += part.get("id") or ""
                for name, value in part["function"].items():
                    call[name] += value
        if not calls:
            return
        parts = [
            {"id": call["id"], "type": "function", "function": {k: call[k] for k in ("name", "arguments")}}
            for call in calls.values()
        ]
        messages.append({"role": "assistant", "content": text, "tool_calls": parts})
        for call in calls.values():
            told = act(call["name"], call["arguments"])
            messages.append({"role": "tool", "tool_call_id": call["id"], "content": told})


def perform(server: str, model: str, show: Callable[[Frames], None], worker: Worker) -> int:
    """Hold the conversation; `show` is given the frames as they come. Returns how many there were."""
    voice, events = Voice(), queue.SimpleQueue[Any]()
    session = worker.live(Live(rate=RATE))

    def say(piece: str) -> None:
        events.put(("sound", voice.say(piece)))

    def act(name: str, arguments: str) -> str:
        try:
            direction = called(name, arguments)
        except PhizError as error:
            return str(error)
        events.put(("direction", later(direction, voice.seconds)))
        return "done"

    def speak() -> None:
        try:
            converse(server, model, say, act)
            events.put(("end", None))
        except Exception as error:
            events.put(("error", error))

    threading.Thread(target=speak, daemon=True).start()
    while True:
        try:
            kind, value = events.get(timeout=0.01)
        except queue.Empty:
            kind, value = "", None
        if kind == "sound":
            worker.push(session, value)
        elif kind == "direction":
            worker.direct(session, value)
        elif kind == "end":
            worker.finish(session)
        elif kind == "error":
            raise value
        for reply in worker.poll():
            match reply:
                case Frames():
                    show(reply)
                case Refused():
                    print(f"not followed: {reply.message}", file=sys.stderr)
                case Finished():
                    return reply.frames
                case Failed() | Cancelled():
                    raise RuntimeError(reply)


if __name__ == "__main__":
    face = Worker()
    count = perform(
        sys.argv[1].rstrip("/"), sys.argv[2], lambda frames: print(frames.first, len(frames.weights)), face
    )
    face.close()
    print(count, "frames")
