"""What a language model that acts as an agent is told it can do with a face: tools, as function calls."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phiz.acting.direction import Direction
from phiz.acting.schema import schema
from phiz.cotfa.backends import Backend, think
from phiz.cotfa.note import LONGEST_NOTE, LONGEST_SECONDS, WordsError

NAMES = ("direction", "note")
"""What a tool takes: a whole Direction, or an acting note in plain words."""


class ToolError(WordsError):
    """A tool call that cannot be followed; the message is one that its model can be told."""


class SpokenNote(BaseModel):
    """An acting note in plain English, such as "smiles warmly, then raises one brow at 2 seconds"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    note: Annotated[str, Field(min_length=1, max_length=LONGEST_NOTE)]
    seconds: Annotated[float, Field(gt=0.0, le=LONGEST_SECONDS, description="How long the note is acted.")]


def parameters(name: str) -> dict[str, Any]:
    """JSON schema of what a tool takes, by one of NAMES."""
    if name == "direction":
        return schema()
    made = SpokenNote.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made


def tool(name: str) -> dict[str, Any]:
    """A tool as OpenAI's and most other chat interfaces take it, its schema without references."""
    what = {
        "direction": "Acts by these emotions and FACS Action Units, in place of what was asked for before.",
        "note": "Acts by an acting note in plain words, in place of what was asked for before.",
    }[name]
    made = parameters(name)
    made.pop("$schema")
    parts = made.pop("$defs", {})
    return {
        "type": "function",
        "function": {
            "name": f"act_{name}",
            "description": f"{what} Times are seconds from the moment of the call.",
            "parameters": _resolved(made, parts),
        },
    }


def called(name: str, arguments: str, reader: Backend | None = None) -> Direction:
    """The Direction that a tool call comes to, its times counted from the call.

    name: of the function. arguments: JSON, as the model wrote it. reader: of notes, None for the rules.
    Raises ToolError, DirectionError, WordsError.
    """
    try:
        fields = json.loads(arguments)
    except (ValueError, RecursionError) as error:
        raise ToolError("Expected the arguments as JSON.") from error
    if not isinstance(fields, dict):
        raise ToolError("Expected the arguments as one JSON object.")
    if name == "act_direction":
        return Direction(**fields)
    if name != "act_note":
        raise ToolError(f"There is no tool of that name. There are {', '.join(f'act_{n}' for n in NAMES)}.")
    try:
        spoken = SpokenNote(**fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ToolError(f"{where}: {first['msg']}.") from error
    return think(spoken.note, spoken.seconds, reader=reader).direction()


def _resolved(part: Any, parts: dict[str, Any]) -> Any:
    """A schema with what it refers to in place: some servers do not look a reference up."""
    if isinstance(part, list):
        return [_resolved(item, parts) for item in part]
    if not isinstance(part, dict):
        return part
    if "$ref" in part:
        part = parts[part["$ref"].removeprefix("#/$defs/")] | {k: v for k, v in part.items() if k != "$ref"}
    return {name: _resolved(value, parts) for name, value in part.items()}
