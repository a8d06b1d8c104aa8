"""phiz direct: words on the command line become a file that `phiz generate` reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from phiz.acting.direction import Direction
from phiz.cli import main
from phiz.cotfa.trace import Trace

NOTE = "Sad. At 2 s a crooked smile on the left, without raising the brows."


def test_words_become_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, steps = tmp_path / "notes.json", tmp_path / "trace.json"
    assert main(["direct", NOTE, "--duration", "4", "-o", str(out), "--trace", str(steps)]) == 0
    direction = Direction.from_file(out)
    assert (12, "L", 2.0) in [(event.au, event.side, event.start) for event in direction.events]
    assert Trace.from_file(steps).direction() == direction
    assert capsys.readouterr().out == ""


def test_the_steps_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["direct", NOTE, "--duration", "4", "--explain"]) == 0
    said = capsys.readouterr().out
    for part in (
        "I  Reading",
        "II  Action Units",
        "III  Muscles",
        "IV  Prompts",
        "crooked smile",
        "zygomaticus",
    ):
        assert part in said


def test_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for argv in (
        ["direct", "", "--duration", "4"],
        ["direct", "smile", "--duration", "4", "--backend", "no"],
    ):
        assert main(argv) == 2
        assert capsys.readouterr().err.count("\n") == 1
