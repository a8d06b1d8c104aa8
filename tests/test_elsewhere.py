"""A command of Phiz in a process of its own: how far it is, what it says, and that it can be stopped."""

from __future__ import annotations

import sys
import time
import venv
from pathlib import Path

import pytest

from phiz.cli.progress import progress_lines
from phiz.worker.elsewhere import ElsewhereError, Running, lacking

VOICE = Path(__file__).parents[1] / "docs/demo/voice.flac"
PATIENCE = 120.0  # s; other work may hold the processor


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with nothing installed."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, with_pip=False)
    return next(path for path in (folder / "bin/python", folder / "Scripts/python.exe") if path.exists())


def waited(running: Running) -> Running:
    end = time.monotonic() + PATIENCE
    while not running.over:
        assert time.monotonic() < end, running.said
        time.sleep(0.01)
    return running


def test_a_command_is_done(tmp_path: Path) -> None:
    out = tmp_path / "line.csv"
    running = waited(Running(None, ["generate", str(VOICE), "-o", str(out), "--au", "12@50-51"]))
    running.check()
    assert out.is_file()
    assert running.notes and "12" in running.notes[0], "an event after the end is remarked on"


def test_what_it_refuses_is_one_line(tmp_path: Path) -> None:
    running = waited(Running(None, ["generate", str(tmp_path / "none.wav"), "-o", str(tmp_path / "a.csv")]))
    with pytest.raises(ElsewhereError, match=r"^There is no file .*none\.wav"):
        running.check()


def test_it_is_stopped_at_once(tmp_path: Path) -> None:
    running = Running(None, ["generate", str(VOICE), "-o", str(tmp_path / "a.csv"), "--steps", "400"])
    start = time.monotonic()
    running.stop()
    assert time.monotonic() - start < 5.0 and waited(running)
    with pytest.raises(ElsewhereError):
        running.check()
    assert not list(tmp_path.iterdir())


def test_another_python_is_looked_into(bare: Path, tmp_path: Path) -> None:
    assert lacking(bare, ("json", "numpy", "torch")) == ["numpy", "torch"]
    assert lacking(None, ("json", "numpy", "not_there")) == ["not_there"]
    running = waited(Running(bare, ["generate", str(VOICE), "-o", str(tmp_path / "a.csv")]))
    with pytest.raises(ElsewhereError, match="cannot import"):
        running.check()
    nothing = tmp_path / "python"
    for begin in (lambda: lacking(nothing, ("json",)), lambda: Running(nothing, ["schema"])):
        with pytest.raises(ElsewhereError, match="Cannot start the Python"):
            begin()


def test_progress_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_lines() as tell:
        for done in (0.0, 0.001, 0.25, 0.2501, 1.0, 1.0):
            tell(done)
    assert capsys.readouterr().out.split() == ["0.0000", "0.2500", "1.0000"]


def test_lines_of_progress_are_heard(bare: Path, tmp_path: Path) -> None:
    """Of a `phiz` that prints them: a script in its place."""
    script = tmp_path / "python.py"
    script.write_text("print('0.25', flush=True); print('no number'); print('0.5', flush=True)")
    if sys.platform == "win32":
        pytest.skip("#! is POSIX's")
    other = tmp_path / "python"
    other.write_text(f"#!/bin/sh\nexec {sys.executable} {script}\n")
    other.chmod(0o755)
    running = waited(Running(other, []))
    running.check()
    assert running.share == 0.5
