"""One JSON request to a server that the user named: a limit on time, on size, and nowhere else to go."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from phiz.cotfa.backends import BackendError
from phiz.cotfa.language.answer import shown

MOST_BYTES = 1_000_000  # of a reply


class ServerError(BackendError):
    """A language model's server that cannot be reached, refuses, stalls or talks nonsense."""


class Server:
    """The address under which an OpenAI-compatible server is found, `http://localhost:11434/v1` for instance.

    Nothing is sent before `post`. No proxy, no redirect: what is sent goes to this host alone. key: sent as a
    bearer token, and never part of a message. Raises ServerError.
    """

    def __init__(self, url: str, key: str | None = None) -> None:
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname, parts.port
        except ValueError as error:
            raise ServerError(f"Expected a server's address, got {shown(url)}: {error}.") from error
        if parts.username is not None or parts.password is not None:
            raise ServerError("Expected an address without a name or password; a key goes into PHIZ_API_KEY.")
        plain = not (parts.query or parts.fragment) and url.isascii() and url.isprintable() and " " not in url
        if parts.scheme not in ("http", "https") or not self._host or not plain:
            raise ServerError(
                f"Expected a server's address such as http://localhost:11434/v1, got {shown(url)}."
            )
        if key is not None and not (key.isascii() and key.isprintable() and key.strip() == key != ""):
            raise ServerError("PHIZ_API_KEY should hold one line of plain characters, or not be set.")
        base = parts.path.rstrip("/").removesuffix("/chat/completions")
        self._path = (base or "/v1") + "/chat/completions"
        self._secure, self._key = parts.scheme == "https", key
        self.name = f"{parts.scheme}://{parts.netloc}{base}"

    def post(self, body: dict[str, Any], seconds: float) -> tuple[int, bytes]:
        """Status and body of the reply, which has to be whole after so many seconds. Raises ServerError."""
        late = threading.Event()
        try:
            with self._connection(seconds) as connection, _until(connection.sock, seconds, late):
                reply = self._exchange(connection, json.dumps(body).encode())
                if late.is_set():  # a reply that ends with its connection looks whole
                    raise TimeoutError
                return reply
        except (OSError, http.client.HTTPException, UnicodeError) as error:
            if late.is_set() or isinstance(error, TimeoutError):
                raise ServerError(
                    f"{self.name} gave no whole answer within {seconds:g} s. Try a smaller model."
                ) from error
            what = shown(getattr(error, "strerror", None) or str(error) or type(error).__name__)
            raise ServerError(
                f"Cannot talk to {self.name}: {what}. Check the address, and that the server runs."
            ) from error

    @contextlib.contextmanager
    def _connection(self, seconds: float) -> Iterator[http.client.HTTPConnection]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        assert self._host is not None
        connection = kind(self._host, self._port, timeout=seconds)
        try:
            connection.connect()
            yield connection
        finally:
            connection.close()

    def _exchange(self, connection: http.client.HTTPConnection, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self._key is not None:
            headers["Authorization"] = f"Bearer {self._key}"
        connection.request("POST", self._path, body, headers)
        with connection.getresponse() as reply:
            if 300 <= reply.status < 400:
                there = shown(reply.getheader("Location") or "nowhere")
                raise ServerError(
                    f"{self.name} sends on to {there}, where Phiz does not go. Name that one if it is meant."
                )
            content = reply.read(MOST_BYTES + 1)
            if len(content) > MOST_BYTES:
                raise ServerError(
                    f"{self.name} answered with more than {MOST_BYTES} bytes. Is it the right one?"
                )
            if reply.length:  # http.client is silent about an end that comes too early
                raise http.client.IncompleteRead(b"", reply.length)
            return reply.status, content

    def without_key(self, text: str) -> str:
        """What a server says, which may hold the key that it was sent."""
        return text.replace(self._key, "***") if self._key else text


@contextlib.contextmanager
def _until(sock: socket.socket, seconds: float, late: threading.Event) -> Iterator[None]:
    """Cut the connection when the time is over: a timeout of the socket's own starts anew with every byte."""

    def cut() -> None:
        late.set()
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)  # the plain one, also of an encrypted connection

    watch = threading.Timer(seconds, cut)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
