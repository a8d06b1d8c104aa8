"""What programs and language models are told of acting notes: schemas, and tools that they call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from phiz import cli
from phiz.acting.direction import AUEvent, Direction, DirectionError
from phiz.acting.moved import later
from phiz.cotfa import tools
from phiz.cotfa.note import WordsError
from phiz.cotfa.tools import ToolError, called
from phiz.errors import PhizError

DOCS = Path(__file__).resolve().parents[1] / "docs"
SMILE = {"emotion": [{"mix": {"happy": 1.0}}], "events": [{"au": 12, "side": "L", "start": 0.5, "end": 2}]}


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert cli.main(["schema", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_schema_of_a_direction_is_the_published_one(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys, "direction")
    assert made == json.loads((DOCS / "direction.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(made)
    jsonschema.validate(SMILE, made)


@pytest.mark.parametrize("name", tools.NAMES)
def test_a_tool_is_a_function_whose_arguments_are_the_schema(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = printed(capsys, name, "--tool")
    assert set(made) == {"type", "function"} and made["type"] == "function"
    function = made["function"]
    assert function["name"] == f"act_{name}" and "from the moment of the call" in function["description"]
    arguments = function["parameters"]
    assert arguments["type"] == "object" and "$" not in json.dumps(list(arguments))
    assert "$ref" not in json.dumps(arguments)
    jsonschema.Draft202012Validator.check_schema(arguments)
    whole = printed(capsys, name)
    right: dict[str, Any] = SMILE if name == "direction" else {"note": "smiles", "seconds": 3}
    wrong: list[dict[str, Any]] = [{"path": "x"}, right | {"seed": -1}, {"note": "smiles", "seconds": 0}]
    wrong.append({"events": [{"au": 99, "start": 0, "end": 1}]})
    for schema in (arguments, whole):
        jsonschema.validate(right, schema)
        for bad in wrong:
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(bad, schema)


def test_calls_come_to_directions() -> None:
    assert called("act_direction", json.dumps(SMILE)) == Direction(**SMILE)
    spoken = called("act_note", '{"note": "smiles at 1 second", "seconds": 3}')
    assert any(event.au == 12 and event.start == pytest.approx(1.0, abs=0.3) for event in spoken.events)


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("act_direction", '{"events": [{"au": 99, "start": 0, "end": 1}]}', DirectionError),
        ("act_direction", '{"emotion": [{"mix": {"happy": NaN}}]}', DirectionError),
        ("act_direction", '{"self": 1}', DirectionError),
        ("act_direction", '{"events": [', ToolError),
        ("act_direction", "[" * 100_000, ToolError),
        ("act_direction", "[]", ToolError),
        ("act_note", '{"note": "smiles"}', ToolError),
        ("act_note", '{"note": "smiles", "seconds": 1e999}', ToolError),
        ("act_note", '{"note": " ", "seconds": 1}', WordsError),
        ("act_note", json.dumps({"note": "smile " * 2_000_000, "seconds": 1}), ToolError),
        ("run\x1b[2J", "{}", ToolError),
    ],
)
def test_calls_that_cannot_be_followed(name: str, arguments: str, error: type[PhizError]) -> None:
    with pytest.raises(error) as caught:
        called(name, arguments)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 500


def test_later() -> None:
    event = {"au": 4, "start": 1.0, "end": 2.0}
    notes = Direction(
        emotion=[{"time": 0.5, "mix": {"sad": 1.0}, "intensity": 0.4}],
        events=[event, event | {"envelope": [[0, 0], [1, 1]]}],
        style="x",
        seed=3,
    )
    moved = later(notes, 2.5)
    assert moved.emotion and moved.emotion[0] == notes.emotion[0].model_copy(update={"time": 3.0})  # type: ignore[index]
    assert [(e.start, e.end, e.envelope) for e in moved.events] == [
        (3.5, 4.5, None), (3.5, 4.5, ((0.0, 0.0), (1.0, 1.0)))
    ]  # fmt: skip
    assert (moved.style, moved.seed) == ("x", 3) and later(moved, -2.5) == notes
    assert isinstance(moved.events[0], AUEvent)
    for empty in (Direction(), Direction(emotion=())):
        assert later(empty, 1.0) == empty
    with pytest.raises(DirectionError):
        later(notes, -1.0)
