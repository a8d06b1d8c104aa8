"""A stand-in for a language model's server: a real one, on this machine, that says what a test wants."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = str | Callable[[BaseHTTPRequestHandler], None]
"""What the model says, or what the server does instead."""


@dataclass
class Standin:
    """url: its address. replies: one for each request to come, the last for all that follow.
    asked: path, headers and body of each request so far."""

    url: str
    replies: list[Reply]
    asked: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def standin(*replies: Reply) -> Iterator[Standin]:
    """A server on 127.0.0.1, gone when the block ends."""

    class Handler(BaseHTTPRequestHandler):
        closing: threading.Event

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            serving.asked.append((self.path, dict(self.headers), body))
            reply = serving.replies.pop(0) if len(serving.replies) > 1 else serving.replies[0]
            with contextlib.suppress(OSError):  # the client may be gone
                (completion(reply) if isinstance(reply, str) else reply)(self)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    serving = Standin(f"http://127.0.0.1:{server.server_port}/v1", list(replies))
    Handler.closing = serving.closing
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield serving
    finally:
        serving.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def sent(status: int, body: bytes, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    """This reply, with these headers beside its length (`Content_Length` goes before it)."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in ({"Content_Length": str(len(body))} | headers).items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return send


def completion(content: object) -> Callable[[BaseHTTPRequestHandler], None]:
    """A chat completion as OpenAI's servers shape it."""
    message = {"role": "assistant", "content": content}
    body = {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
    }
    return sent(200, json.dumps(body).encode(), Content_Type="application/json")


def silent(handler: Any) -> None:
    """Says nothing until the test is over."""
    handler.closing.wait()


def dripping(before: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    """Begins like this and goes on, a byte now and then, for ever."""

    def drip(handler: Any) -> None:
        handler.wfile.write(before)
        while not handler.closing.wait(0.02):
            handler.wfile.write(b" ")

    return drip


def flood(handler: BaseHTTPRequestHandler) -> None:
    """10 MB, of a length that it does not say before."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(10_000):
        handler.wfile.write(b" " * 1000)
