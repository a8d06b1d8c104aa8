"""The command line: exit codes, one-line errors, and no file where the work failed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import phiz
from phiz.cli import COMMANDS, main
from phiz.face.channels import COUNT, INDEX
from phiz.motion.take import Take
from phiz.writing import OutputError, check_writable, whole_file

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def take(tmp_path: Path) -> Path:
    weights = np.zeros((60, COUNT))
    weights[:, INDEX["jawOpen"]] = np.linspace(0, 0.7, 60)
    weights[45, INDEX["mouthSmileLeft"]] = 0.9
    head = np.radians([[10.0, -5.0, 0.0]] * 60)
    path = tmp_path / "take.json"
    Take(weights, head, 30.0, "voice.wav", {"seed": 7, "note": "[bold] is text"}).save(path)
    return path


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    path = tmp_path / "voice.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 32_000), 16_000)
    return path


def unwritable(folder: Path) -> Path:
    """A folder where no file can be made, also for root."""
    if os.geteuid() == 0:
        return Path("/proc")
    locked = folder / "locked"
    locked.mkdir(mode=0o555)
    return locked


def fails(capsys: pytest.CaptureFixture[str], *argv: object) -> str:
    """The one line on stderr of a command that ends with exit code 2."""
    assert main([str(part) for part in argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("phiz: ") and captured.err.count("\n") == 1
    return captured.err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    for argv, said in [
        (["--version"], phiz.__version__),
        (["--help"], "generate"),
        (["plot", "--help"], "--audio"),
    ]:
        with pytest.raises(SystemExit) as caught:
            main(argv)
        assert caught.value.code == 0
        assert said in capsys.readouterr().out
    for command in COMMANDS:
        with pytest.raises(SystemExit) as caught:
            main([command, "--help"])
        assert caught.value.code == 0
        assert f"usage: phiz {command}" in capsys.readouterr().out


def test_help_loads_nothing_heavy() -> None:
    """From a fresh interpreter, as a user starts it."""
    code = (
        "import sys, phiz.cli; phiz.cli.parser();"
        "print(*(set(sys.modules) & {'torch', 'numpy', 'scipy', 'matplotlib', 'onnxruntime', 'rich'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_as_a_program(take: Path, tmp_path: Path) -> None:
    run = [sys.executable, "-m", "phiz", "inspect"]
    good = subprocess.run([*run, take], capture_output=True, text=True, check=False)
    assert good.returncode == 0 and "60 frames at 30 fps" in good.stdout and good.stderr == ""
    bad = subprocess.run([*run, tmp_path / "none.csv"], capture_output=True, text=True, check=False)
    assert bad.returncode == 2 and bad.stdout == "" and bad.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        ([], "COMMAND"),
        (["dance"], "dance"),
        (["inspect"], "TAKE"),
        (["generate", "a.wav"], "-o/--out"),
        (["generate", "a.wav", "-o", "a.csv", "--seed", "x"], "--seed"),
        (["generate", "a.wav", "-o", "a.csv", "--steps", "0"], "--steps: expected a whole number"),
        (["generate", "a.wav", "-o", "a.csv", "--no-such"], "--no-such"),
    ],
)
def test_usage_errors_are_one_line(capsys: pytest.CaptureFixture[str], argv: list[str], named: str) -> None:
    assert named in fails(capsys, *argv)


def test_inspect_says_what_moves(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", str(take)]) == 0
    said = capsys.readouterr().out
    assert "60 frames at 30 fps, 2.00 s" in said
    smile = next(line for line in said.splitlines() if "mouthSmileLeft" in line)
    assert "0.900" in smile and "1.50" in smile  # its peak, and when
    yaw = next(line for line in said.splitlines() if "yaw" in line)
    assert "10.0" in yaw
    for note in ("audio: voice.wav", "seed: 7", "note: [bold] is text"):
        assert note in said


def test_plot_draws(take: Path, voice: Path, tmp_path: Path) -> None:
    plain, sound = tmp_path / "plain.png", tmp_path / "sound.png"
    assert main(["plot", str(take), "-o", str(plain)]) == 0
    assert main(["plot", str(take), "-o", str(sound), "--audio", str(voice)]) == 0
    assert plain.read_bytes().startswith(PNG) and sound.read_bytes().startswith(PNG)
    assert plain.read_bytes() != sound.read_bytes()


def test_plot_of_one_frame_and_of_an_hour(tmp_path: Path) -> None:
    for frames in (1, 108_000):
        Take(np.zeros((frames, COUNT)), np.zeros((frames, 3)), 30.0).save(tmp_path / "t.npz")
        assert main(["plot", str(tmp_path / "t.npz"), "-o", str(tmp_path / "t.png")]) == 0


def test_plot_errors_leave_no_file(take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.png"
    assert "none.csv" in fails(capsys, "plot", tmp_path / "none.csv", "-o", out)
    assert "none.wav" in fails(capsys, "plot", take, "-o", out, "--audio", tmp_path / "none.wav")
    assert ".png" in fails(capsys, "plot", take, "-o", tmp_path / "out.jpg")
    assert not out.exists()
    for place in (unwritable(tmp_path), tmp_path / "no folder", take):
        assert str(place) in fails(capsys, "plot", take, "-o", place / "out.png")


def bad_recordings(folder: Path) -> dict[str, Path]:
    tone = (0.1 * np.sin(np.arange(16_000) * 0.1)).astype(np.float32)
    files = {name: folder / name for name in ("nan.wav", "short.wav", "empty.wav", "zero.wav", "text.wav")}
    broken = tone.copy()
    broken[100] = np.nan
    soundfile.write(files["nan.wav"], broken, 16_000, subtype="FLOAT")
    soundfile.write(files["short.wav"], tone[:800], 16_000)
    soundfile.write(files["empty.wav"], tone[:0], 16_000)
    files["zero.wav"].touch()
    files["text.wav"].write_text("not audio at all\n" * 20)
    return files | {"missing": folder / "missing.wav", "folder": folder}


def test_generate_refuses_bad_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out.csv"
    for name, path in bad_recordings(tmp_path).items():
        assert str(path) in fails(capsys, "generate", path, "-o", out), name
        assert not out.exists(), name


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--emotion", "joy"], "surprised"),
        (["--emotion", "happy", "--intensity", "1.5"], "intensity"),
        (["--intensity", "0.5"], "--emotion"),
        (["--emotion", "happy", "--direction", "x.json"], "--direction"),
        (["--direction", "x.json"], "x.json"),
        (["--seed", "-1"], "seed"),
        (["--fps", "0"], "frames per second"),
        (["--fps", "nan"], "frames per second"),
    ],
)
def test_generate_refuses_bad_notes(
    voice: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], named: str
) -> None:
    assert named in fails(capsys, "generate", voice, "-o", tmp_path / "out.csv", *options)
    assert not (tmp_path / "out.csv").exists()


def test_generate_checks_the_output_before_it_reads_anything(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for place in (unwritable(tmp_path), tmp_path / "no folder", tmp_path / "file"):
        assert str(place) in fails(capsys, "generate", tmp_path / "missing.wav", "-o", place / "out.csv")
    assert ".csv, .json or .npz" in fails(
        capsys, "generate", tmp_path / "missing.wav", "-o", tmp_path / "a.fbx"
    )


def test_files_are_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.bin"
    with whole_file(target) as stream:
        stream.write(b"first")
        assert not target.exists()
    with pytest.raises(KeyboardInterrupt), whole_file(target) as stream:
        stream.write(b"second")
        raise KeyboardInterrupt

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(OutputError, match="No space left"), whole_file(target) as stream:
        stream.write(b"third")
    assert target.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [target]


def test_writing_through_a_link_keeps_the_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real.bin", tmp_path / "link.bin"
    real.write_bytes(b"old")
    link.symlink_to(real)
    check_writable(link)
    with whole_file(link) as stream:
        stream.write(b"new")
    assert link.is_symlink() and real.read_bytes() == b"new"


def test_stopping_is_130(
    take: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_path: object) -> Take:
        raise KeyboardInterrupt

    monkeypatch.setattr("phiz.motion.take.load", interrupted)
    assert main(["inspect", str(take)]) == 130
    assert "Traceback" not in capsys.readouterr().err
