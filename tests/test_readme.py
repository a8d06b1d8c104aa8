"""The README says what is there: its commands parse, its files exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from phiz import cli
from phiz.acting.direction import Direction

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
LINES = [
    line.split("  #")[0].strip() for language, text in BLOCKS if not language for line in text.splitlines()
]


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("phiz ")])
def test_command_lines(line: str) -> None:
    cli.parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize("line", [line for line in LINES if "--command phiz" in line])
def test_lines_for_blender(line: str) -> None:
    pytest.importorskip("bpy", reason="no bpy in this Python: its command line is not tested")
    from blender_addon import command

    command.parser().parse_known_args(shlex.split(line.split("--command phiz")[1]))


def test_python_compiles_and_notes_are_a_direction() -> None:
    (code,) = (text for language, text in BLOCKS if language == "python")
    (notes,) = (text for language, text in BLOCKS if language == "json")
    compile(code, "README.md", "exec")
    assert len(Direction.model_validate_json(notes).emotion or ()) == 2


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links(target: str) -> None:
    assert (ROOT / target).exists()
