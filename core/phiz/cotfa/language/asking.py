"""What a language model is asked, and asked once more where its answer will not do.

The wording is a numbered version: `prompt_N.txt` tells the task, `examples_N.json` shows it. Change a wording
by adding a version; a Trace names the one that made it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from phiz.acting.direction import SHOWABLE
from phiz.cotfa.language.answer import AnswerError, shown, trace_of
from phiz.cotfa.note import LONGEST_NOTE
from phiz.cotfa.trace import Trace
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS

VERSION = 1

PATIENCE = 300.0
"""Seconds for one answer: a large model on a CPU takes minutes."""

_FOLDER = Path(__file__).parent
_KEPT = 8000  # characters of a bad answer that its author is shown again

Messages = list[dict[str, str]]
"""Role and content of each, as chat models take them."""

Chat = Callable[[Messages], str]
"""Says what follows. Raises BackendError."""


def read(text: str, duration: float, context: str, chat: Chat, who: str) -> Trace:
    """The chain of a note as a language model reads it. Raises AnswerError, and what `chat` raises."""
    if len(context) > LONGEST_NOTE:
        raise AnswerError(f"Expected a context of up to {LONGEST_NOTE} characters, got {len(context)}.")
    messages = opening(text, duration, context)
    who = f"{who}, prompt {VERSION}"
    said = chat(messages)
    try:
        return trace_of(said, text, duration, who, context)
    except AnswerError as error:
        messages = [
            *messages,
            {"role": "assistant", "content": said[:_KEPT]},
            {
                "role": "user",
                "content": f"That cannot be used: {error}\nAnswer again, the JSON object alone.",
            },
        ]
    try:
        return trace_of(chat(messages), text, duration, who, context)
    except AnswerError as error:
        raise AnswerError(
            f"{shown(who)} gave no usable answer, nor when it was told why: {error}. "
            "Say it in simpler words, take a larger model, or the rules."
        ) from error


def opening(text: str, duration: float, context: str = "") -> Messages:
    """The task, the examples as if they had been said, and the note."""
    messages = [{"role": "system", "content": _task()}]
    for example in examples():
        messages.append(_question(example["note"], example["duration"], example.get("context", "")))
        messages.append({"role": "assistant", "content": json.dumps(example["answer"], ensure_ascii=False)})
    return [*messages, _question(text, duration, context)]


def _question(text: str, duration: float, context: str) -> dict[str, str]:
    """The note as a JSON string, so that it is data and ends where it ends.

    `<` and `[` are escaped, by which chat templates mark who speaks: a note cannot speak for someone else.
    """
    data: dict[str, Any] = {"note": text, "duration": duration}
    if context:
        data["context"] = context
    content = json.dumps(data, ensure_ascii=False)
    return {"role": "user", "content": content.replace("<", "\\u003c").replace("[", "\\u005b")}


@cache
def _task() -> str:
    task = (_FOLDER / f"prompt_{VERSION}.txt").read_text(encoding="utf-8")
    units = "; ".join(f"{number} {ACTION_UNITS[number].name}{_sides(number)}" for number in SHOWABLE)
    return task.replace("{emotions}", ", ".join(EMOTIONS)).replace("{units}", units)


def _sides(number: int) -> str:
    sides = ACTION_UNITS[number].sides
    return {("B",): " (B)", ("L", "R"): " (L, R)"}.get(sides, "")


@cache
def examples() -> tuple[dict[str, Any], ...]:
    """Notes with their answers and the Directions that those come to."""
    return tuple(json.loads((_FOLDER / f"examples_{VERSION}.json").read_text(encoding="utf-8")))
