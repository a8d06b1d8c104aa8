"""`phiz batch`: every line once, whatever stops in between, and one bad line stops no other."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from phiz.acting import table
from phiz.audio.mel import RATE
from phiz.batch.journal import JOURNAL, SUMMARY
from phiz.cli import main
from phiz.cli.batch import SOME_FAILED
from phiz.motion import take


@pytest.fixture
def voices(tmp_path: Path) -> Path:
    """A folder of three recordings, 0.wav to 2.wav, of 1.0 to 1.4 s."""
    folder = tmp_path / "voices"
    folder.mkdir()
    for i in range(3):
        soundfile.write(folder / f"{i}.wav", sound(1.0 + 0.2 * i, 150 + 30 * i), RATE)
    return folder


def sound(seconds: float, hz: float) -> np.ndarray:
    at = np.arange(round(seconds * RATE)) / RATE
    return 0.2 * np.sin(2 * np.pi * hz * at) * np.maximum(np.sin(2 * np.pi * 2.5 * at), 0.0)


def batch(bundle: Path, lines: str, folder: Path, *options: object) -> int:
    """Run a table; its text may say {voices} for the folder of recordings."""
    path = folder.parent / "lines.csv"
    path.write_text(lines.format(voices=folder.parent / "voices"), encoding="utf-8")
    words = ["batch", path, "-o", folder, "--bundle", bundle, "--steps", 2, "--threads", 1, *options]
    return main([str(word) for word in words])


def summary(folder: Path) -> dict[int, dict[str, str]]:
    with open(folder / SUMMARY, encoding="utf-8", newline="") as text:
        return {int(row["line"]): row for row in csv.DictReader(text)}


LINES = """\
audio,               out,          emotion, au
{voices}/0.wav,      ,             happy,   12:0.8@0.2-0.6; 1@0.3-0.8
{voices}/1.wav,      scene/b.npz,  ,
{voices}/2.wav,      scene/c.json, sad,
"""


def test_a_line_is_what_generate_makes(acting_bundle: Path, voices: Path, tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    assert batch(acting_bundle, LINES, folder, "--seed", 5) == 0
    assert {row["status"] for row in summary(folder).values()} == {"done"}
    single = tmp_path / "single.csv"
    words = ["generate", voices / "0.wav", "-o", single, "--bundle", acting_bundle, "--steps", 2, "--seed", 5,
             "--threads", 1, "--emotion", "happy", "--au", "12:0.8@0.2-0.6", "--au", "1@0.3-0.8"]  # fmt: skip
    assert main([str(word) for word in words]) == 0
    assert (folder / "0.csv").read_bytes() == single.read_bytes()
    made = take.load(folder / "scene/c.json")
    assert made.frames == 42 and made.origin["direction"]["seed"] == 5
    assert made.origin["direction"]["events"] == [], "events of one line are not the next one's"


def test_bad_lines_stop_no_other(acting_bundle: Path, voices: Path, tmp_path: Path, capsys) -> None:
    (voices / "noise.wav").write_bytes(b"not a sound")
    folder = tmp_path / "takes"
    lines = """\
audio,out,emotion,intensity,fps
{voices}/none.wav,,,,
{voices}/noise.wav,,,,
,x.csv,,,
{voices}/0.wav,,cheerful,,
{voices}/0.wav,../out.csv,,,
{voices}/0.wav,/out.csv,,,
{voices}/0.wav,0.txt,,,
{voices}/0.wav,summary.csv,,,
{voices}/0.wav,,,0.5,
{voices}/0.wav,,,,fast
{voices}/0.wav,,,,,more
{voices}/1.wav,,,,
{voices}/1.wav,,,,
"""
    assert batch(acting_bundle, lines, folder) == SOME_FAILED
    told = capsys.readouterr().err.splitlines()
    rows = summary(folder)
    assert rows.pop(13)["status"] == "done" and (folder / "1.csv").is_file()
    reasons = ["no file", "as audio", "no recording", "cheerful", "inside", "inside", ".txt", "own file",
               "--emotion", "fast", "more than 5 cells", "as line 13 does"]  # fmt: skip
    assert [row["status"] for row in rows.values()] == ["failed"] * len(reasons)
    for (number, row), reason in zip(rows.items(), reasons, strict=True):
        assert reason in row["reason"], number
        assert sum(f"line {number}: " in line for line in told) == 1
    assert sorted(path.name for path in folder.iterdir()) == ["1.csv", JOURNAL, SUMMARY]


def test_a_batch_goes_on_where_it_stopped(acting_bundle: Path, voices: Path, tmp_path: Path) -> None:
    folder = tmp_path / "takes"
    assert batch(acting_bundle, LINES, folder) == 0
    files = {path: path.read_bytes() for path in folder.rglob("*.*") if path.name not in (JOURNAL, SUMMARY)}
    first, second, third = (folder / name for name in ("0.csv", "scene/b.npz", "scene/c.json"))
    times = {path: path.stat().st_mtime_ns for path in files}
    second.unlink()
    third.write_bytes(b"damaged")
    with open(folder / JOURNAL, "a") as journal:
        journal.write('{"line": 9, "aud')  # as a crash leaves it
    assert batch(acting_bundle, LINES, folder) == 0
    assert [summary(folder)[n]["status"] for n in (2, 3, 4)] == ["kept", "done", "done"]
    assert {path: path.read_bytes() for path in files} == files
    assert first.stat().st_mtime_ns == times[first]
    soundfile.write(voices / "0.wav", sound(1.0, 333.0), RATE)  # another recording under the same name
    assert batch(acting_bundle, LINES.replace(",             ,\n", ",             fear,\n"), folder) == 0
    assert summary(folder)[2]["status"] == "done" and first.read_bytes() != files[first]
    assert [json.loads(line)["line"] for line in (folder / JOURNAL).read_text().splitlines() if "aud" in line
            and line.endswith("}")] == [2, 3, 4, 3, 4, 2]  # fmt: skip


def test_tables_that_are_none(acting_bundle: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "takes"
    for text, said in (("audio,mood\n", "'mood'"), ("audio,audio\nx,y\n", "two columns"), ("", "is empty"),
                       ("audio\n", "no line"), ("\x00\xff", "column")):  # fmt: skip
        assert batch(acting_bundle, text, folder) == 2
        line = capsys.readouterr().err
        assert said in line and line.count("\n") == 1
    with pytest.raises(table.TableError, match="no file"):
        table.read(tmp_path / "none.csv", {"audio"})
    assert not folder.exists()


@pytest.mark.parametrize("where", ["beside", "ray"])
def test_a_worker_that_dies_loses_nothing(
    where: str, acting_bundle: Path, voices: Path, tmp_path: Path
) -> None:
    """Two workers, one of them killed in the middle of a line: every line is made, none twice."""
    if where == "ray":
        pytest.importorskip("ray", reason="needs phiz[batch]")
    soundfile.write(voices / "long.wav", np.tile(sound(1.0, 200.0), 600), RATE)
    count = 8
    rows = [f"{{voices}}/{'long' if i < 2 else i % 3}.wav,{i}.npz,{i}" for i in range(count)]
    lines = "audio,out,seed\n" + "\n".join(rows) + "\n"
    alone, folder = tmp_path / "alone", tmp_path / "takes"
    assert batch(acting_bundle, lines, alone) == 0
    command = [sys.executable, "-m", "phiz", "batch", tmp_path / "lines.csv", "-o", folder, "--bundle",
               acting_bundle, "--steps", "2", "--workers", "2",
               *(["--ray", "local"] if where == "ray" else [])]  # fmt: skip
    with subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, text=True) as running:
        victim = None
        while victim is None and running.poll() is None:
            victim = busy_on_ray(running.pid) if where == "ray" else busy_beside(running.pid)
            time.sleep(0.01)
        assert victim is not None, f"no worker was seen at work: {running.communicate()[1]}"
        os.kill(victim, signal.SIGKILL)
        _, told = running.communicate()
    assert running.returncode == 0, told
    entries = [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines()]
    assert sorted(entry["line"] for entry in entries) == list(range(2, count + 2))
    assert {entry["status"] for entry in entries} == {"done"}
    for i in range(count):
        assert (folder / f"{i}.npz").read_bytes() == (alone / f"{i}.npz").read_bytes()
    assert len(list(folder.iterdir())) == count + 2


def busy_beside(parent: int) -> int | None:
    """A process beside `parent` that has worked for longer than it takes to start and load the model."""
    tick = os.sysconf("SC_CLK_TCK")
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid,args", "--ppid", str(parent)], capture_output=True, text=True, check=False
    ).stdout
    for line in listed.splitlines()[1:]:
        number, _, program = line.strip().partition(" ")
        if "spawn_main" in program:
            spent = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[11]  # user's ticks
            if int(spent) > 0.8 * tick:
                return int(number)
    return None


def busy_on_ray(parent: int) -> int | None:
    """A process of Ray's below `parent` that performs a line now, as its title says."""
    listed = subprocess.run(["ps", "-eo", "pid,args"], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        number, _, title = line.strip().partition(" ")
        if title.startswith("ray::_Worker.perform") and below(int(number), parent):
            return int(number)
    return None


def below(process: int, ancestor: int) -> bool:
    while process > 1:
        if process == ancestor:
            return True
        try:
            status = Path(f"/proc/{process}/status").read_text()
        except OSError:
            return False
        process = int(status.split("PPid:")[1].split()[0])
    return False
