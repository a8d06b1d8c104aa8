"""Backend `openai`: a model behind an OpenAI-compatible server, such as Ollama, llama.cpp's or vLLM."""

from __future__ import annotations

import json
import os
from typing import Any

from phiz.cotfa.language.answer import schema, shown
from phiz.cotfa.language.asking import PATIENCE, Messages, read
from phiz.cotfa.language.http import Server, ServerError
from phiz.cotfa.trace import Trace

LONGEST = 2000
"""Tokens of an answer."""


class OpenAI:
    """Asks a server. To make one is the consent to send it notes, and their context.

    server: its address, which the user has to name. model: what the server calls the model. An API key, where
    the server wants one, is read from the environment's PHIZ_API_KEY. Raises ServerError, AnswerError.
    """

    def __init__(
        self, server: str | None = None, model: str | None = None, patience: float = PATIENCE
    ) -> None:
        if not server:
            raise ServerError("Expected a server's address, such as http://localhost:11434/v1; got none.")
        if not model or len(model) > 200 or not model.isprintable():
            raise ServerError("Expected the name of a model that the server has, such as qwen2.5:7b.")
        self._server = Server(server, os.environ.get("PHIZ_API_KEY"))
        self._model, self._patience = model, patience
        self.name = f"openai {model}"

    def think(self, text: str, duration: float, context: str = "") -> Trace:
        return read(text, duration, context, self._say, self.name)

    def _say(self, messages: Messages) -> str:
        asked: dict[str, Any] = {"model": self._model, "messages": messages}
        form = {"type": "json_schema", "json_schema": {"name": "reading", "schema": schema()}}
        more = {"temperature": 0, "seed": 0, "max_tokens": LONGEST, "response_format": form}
        status, content = self._server.post(asked | more, self._patience)
        if status in (400, 422):  # servers differ in what they take beside these two
            status, content = self._server.post(asked, self._patience)
        if status != 200:
            raise ServerError(f"{self._server.name} answers with {status}: {self._complaint(content)}.")
        try:
            said = json.loads(content)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise ServerError(
                f"Expected an OpenAI-compatible server at {self._server.name}, got "
                f'"{self._shown(content)}". Check the address.'
            ) from error
        return said if isinstance(said, str) else ""

    def _complaint(self, content: bytes) -> str:
        try:
            error = json.loads(content)["error"]
            return shown(
                self._server.without_key(str(error["message"] if isinstance(error, dict) else error))
            )
        except (ValueError, LookupError, TypeError, RecursionError):
            return self._shown(content) or "nothing"

    def _shown(self, content: bytes) -> str:
        return shown(self._server.without_key(content[:2000].decode("utf-8", "replace")))
