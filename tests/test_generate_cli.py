"""`phiz generate` from file to file: a right Take, or one line and exit code 2."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from phiz.acting.direction import Direction
from phiz.audio.mel import RATE
from phiz.cli import main
from phiz.face.channels import COUNT
from phiz.motion import take
from phiz.motion.take import Take


def sound(seconds: float, rate: int = RATE) -> np.ndarray:
    time = np.arange(round(seconds * rate)) / rate
    return 0.2 * np.sin(2 * np.pi * 180 * time) * np.maximum(np.sin(2 * np.pi * 2.5 * time), 0.0)


def generated(bundle: Path, recording: Path, out: Path, *options: str) -> Take:
    argv = ["generate", recording, "-o", out, "--bundle", bundle, "--threads", 1, "--steps", 2, *options]
    assert main([str(word) for word in argv]) == 0
    return take.load(out)


def refused(capsys: pytest.CaptureFixture[str], bundle: Path, recording: Path, out: Path) -> str:
    """The one line of a refusal; neither the file nor a part of it is there afterwards."""
    before = sorted(out.parent.iterdir()) if out.parent.is_dir() else []
    argv = ["generate", recording, "-o", out, "--bundle", bundle, "--steps", 2]
    assert main([str(word) for word in argv]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("phiz: ") and captured.err.count("\n") == 1
    assert (sorted(out.parent.iterdir()) if out.parent.is_dir() else []) == before
    return captured.err


def test_all_files_hold_the_same_take(tiny_bundle: Path, tmp_path: Path) -> None:
    recording = tmp_path / "voice.wav"
    soundfile.write(recording, sound(2.0), RATE)
    takes = [generated(tiny_bundle, recording, tmp_path / f"take.{kind}") for kind in ("npz", "json", "csv")]
    assert all(made.frames == 60 and made.weights.shape == (60, COUNT) for made in takes)
    np.testing.assert_allclose(takes[1].weights, takes[0].weights, atol=1e-4)
    np.testing.assert_allclose(takes[2].weights, takes[0].weights, atol=1e-4)
    assert takes[0].audio == "voice.wav" and takes[0].origin["bundle"] == "tiny"
    again = tmp_path / "again.npz"
    generated(tiny_bundle, recording, again)
    assert again.read_bytes() == (tmp_path / "take.npz").read_bytes()
    other = generated(tiny_bundle, recording, tmp_path / "other.npz", "--seed", "1")
    assert np.abs(other.weights - takes[0].weights).max() > 1e-3


def test_options_are_obeyed(tiny_bundle: Path, tmp_path: Path) -> None:
    recording = tmp_path / "voice.wav"
    soundfile.write(recording, sound(1.0), RATE)
    made = generated(
        tiny_bundle, recording, tmp_path / "a.npz", "--fps", "24", "--emotion", "happy", "--style", "lively"
    )
    assert made.fps == 24 and made.frames == 24 and made.origin["steps"] == 2
    assert made.origin["direction"]["style"] == "lively"
    assert made.origin["direction"]["emotion"][0]["mix"] == {"happy": 1.0}


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [("a.wav", 8000, "PCM_16"), ("a.wav", 96_000, "PCM_24"), ("a.wav", 44_100, "FLOAT"),
     ("a.flac", 48_000, "PCM_24"), ("a.mp3", 44_100, None), ("a.ogg", 48_000, None)],
)  # fmt: skip
def test_any_rate_depth_and_format(
    tiny_bundle: Path, tmp_path: Path, name: str, rate: int, subtype: str | None
) -> None:
    recording = tmp_path / name
    stereo = np.stack([sound(1.5, rate), sound(1.5, rate)], 1)
    soundfile.write(recording, stereo, rate, subtype=subtype)
    made = generated(tiny_bundle, recording, tmp_path / "a.npz")
    assert abs(made.frames - 45) <= (3 if name.endswith(("mp3", "ogg")) else 0)  # they pad
    reference = tmp_path / "reference.wav"
    soundfile.write(reference, sound(1.5), RATE)
    wanted = generated(tiny_bundle, reference, tmp_path / "b.npz")
    frames = min(made.frames, wanted.frames) - 3
    assert np.abs(made.weights[:frames] - wanted.weights[:frames]).mean() < 0.02


@pytest.mark.parametrize("kind", ["silent", "clipped", "very quiet", "shortest", "offset"])
def test_odd_sound_gives_an_ordinary_take(tiny_bundle: Path, tmp_path: Path, kind: str) -> None:
    samples = {
        "silent": np.zeros(RATE),
        "clipped": np.clip(20 * sound(1.0), -1, 1),
        "very quiet": 1e-4 * sound(1.0),
        "shortest": sound(0.1),
        "offset": sound(1.0) + 0.5,
    }[kind]
    recording = tmp_path / "a.wav"
    soundfile.write(recording, samples, RATE, subtype="PCM_24")
    made = generated(tiny_bundle, recording, tmp_path / "a.npz")
    assert made.frames == round(30 * len(samples) / RATE)
    assert np.isfinite(made.weights).all() and np.isfinite(made.head).all()
    assert made.weights.min() >= 0 and made.weights.max() <= 1


def test_a_recording_that_ends_early_gives_what_it_holds(tiny_bundle: Path, tmp_path: Path) -> None:
    recording = tmp_path / "a.wav"
    soundfile.write(recording, sound(2.0), RATE)
    whole = recording.read_bytes()
    recording.write_bytes(whole[: 44 + RATE * 2])  # half of the samples that the header promises
    assert generated(tiny_bundle, recording, tmp_path / "a.npz").frames == 30


def bad_recording(folder: Path, kind: str) -> Path:
    path = folder / "bad.wav"
    if kind == "nan":
        samples = sound(1.0)
        samples[5000] = np.nan
        soundfile.write(path, samples, RATE, subtype="FLOAT")
    elif kind == "50 ms":
        soundfile.write(path, sound(0.05), RATE)
    elif kind == "no samples":
        soundfile.write(path, sound(0.0), RATE)
    elif kind == "empty":
        path.touch()
    elif kind == "not audio":
        path.write_bytes(b"%PDF-1.4 " * 100)
    elif kind == "header only":
        soundfile.write(path, sound(1.0), RATE)
        path.write_bytes(path.read_bytes()[:20])
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize(
    "kind", ["nan", "50 ms", "no samples", "empty", "not audio", "header only", "folder", "missing"]
)
def test_a_recording_that_cannot_be_used(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    recording = bad_recording(tmp_path, kind)
    out = tmp_path / "out.csv"
    out.write_text("what was there before")
    assert str(recording) in refused(capsys, tiny_bundle, recording, out)
    assert out.read_text() == "what was there before"


def test_an_output_that_cannot_be_written(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording = tmp_path / "a.wav"
    soundfile.write(recording, sound(1.0), RATE)
    locked = Path("/proc") if os.geteuid() == 0 else tmp_path / "locked"  # root may write anywhere else
    if os.geteuid():
        locked.mkdir(mode=0o555)
    for out in (tmp_path / "none" / "a.csv", recording / "a.csv"):
        assert "Cannot write" in refused(capsys, tiny_bundle, recording, out)
    argv = ["generate", str(recording), "-o", str(locked / "a.csv"), "--bundle", str(tiny_bundle)]
    assert main(argv) == 2
    assert "Cannot write" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["model.json", "encoder.onnx", "denoiser.onnx"])
def test_a_bundle_with_one_byte_changed(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    recording, folder = tmp_path / "a.wav", tmp_path / "bundle"
    soundfile.write(recording, sound(1.0), RATE)
    shutil.copytree(tiny_bundle, folder)
    data = bytearray((folder / name).read_bytes())
    place = data.index(b'"mean"') + 12 if name == "model.json" else len(data) // 2
    data[place] ^= 1  # in the manifest, a digit of a mean
    (folder / name).write_bytes(bytes(data))
    assert str(folder) in refused(capsys, folder, recording, tmp_path / "out.npz")
    shutil.rmtree(folder)
    assert str(folder) in refused(capsys, folder, recording, tmp_path / "out.npz")


def test_a_style_that_the_bundle_lacks(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, out = tmp_path / "a.wav", tmp_path / "out.csv"
    soundfile.write(recording, sound(1.0), RATE)
    argv = ["generate", str(recording), "-o", str(out), "--bundle", str(tiny_bundle), "--style", "shouting"]
    assert main(argv) == 2
    said = capsys.readouterr().err
    assert "shouting" in said and "plain" in said and said.count("\n") == 1 and not out.exists()


def test_action_units_join_the_notes_and_what_is_odd_is_said(
    acting_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, notes = tmp_path / "a.wav", tmp_path / "notes.json"
    soundfile.write(recording, sound(1.0), RATE)
    Direction(emotion=[{"mix": {"sad": 1}}], events=[{"au": 4, "start": 0.1, "end": 0.4}]).to_file(notes)
    words = [
        "--au",
        "12:0.8@0.5-1.5",
        "--au",
        "2L@0.2-0.6",
        "--direction",
        str(notes),
        "--articulation",
        "0.5",
    ]
    made = generated(acting_bundle, recording, tmp_path / "a.npz", *words, "--au", "1l : 0.3 @ 3 - 4")
    events = Direction(**made.origin["direction"]).events
    assert [(e.au, e.side, e.start, e.end, e.intensity) for e in events] == [
        (4, "B", 0.1, 0.4, 1.0), (2, "L", 0.2, 0.6, 1.0), (12, "B", 0.5, 1.5, 0.8), (1, "B", 3.0, 4.0, 0.3)
    ]  # fmt: skip
    assert (
        made.origin["direction"]["emotion"][0]["mix"] == {"sad": 1.0} and made.origin["articulation"] == 0.5
    )
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note: ")]
    assert said == [
        "note: --au 1l : 0.3 @ 3 - 4: AU 1 has no side of its own; shown on both.",
        "note: AU 12 at 0.5-1.5 s: cut at the end of the recording, 1.00 s.",
        "note: AU 1 at 3-4 s: the recording ends at 1.00 s; left out.",
    ]
    with_emotion = generated(acting_bundle, recording, tmp_path / "b.npz", "--emotion", "happy", *words[:2])
    assert (
        len(with_emotion.origin["direction"]["events"])
        == len(with_emotion.origin["direction"]["emotion"])
        == 1
    )
    left_open = generated(acting_bundle, recording, tmp_path / "c.npz", *words[:2])
    assert left_open.origin["direction"]["emotion"] is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--au", "12"], "--au expects AU[L|R|B][:INTENSITY]@START-END, such as 12:0.8@1.0-2.5"),
        (["--au", "12@1"], "got 12@1."),
        (["--au", "12@-1-2"], "got 12@-1-2."),
        (["--au", "smile@1-2"], "got smile@1-2."),
        (["--au", "12:x@1-2"], "--au 12:x@1-2: intensity: should be a valid number"),
        (["--au", "12:1.5@1-2"], "--au 12:1.5@1-2: intensity: should be less than or equal to 1"),
        (["--au", "12:nan@1-2"], "intensity: should be a finite number"),
        (["--au", "12@2-1"], "--au 12@2-1: end: should be later than start, 2"),
        (["--au", "3@1-2"], "--au 3@1-2: au: 3 is not in the FACS table; may be 1, 2, 4, "),
        (["--au", "21@1-2"], "AU 21 (Neck tightener) cannot be shown, ARKit has no neck; may be 1, 2, "),
        (["--au", "46@1-2"], "side: AU 46 (Wink) takes L or R"),
        (["--articulation", "1.1"], "--articulation: expected a number, 0 to 1, got 1.1"),
        (["--control", "-1"], "--control"),
        (["--control", "inf"], "--control: expected a number, 0 or more, got inf"),
        (["--style", "plain", "--style-from", "a.csv"], "exclude each other"),
        (["--style-from", "none.csv"], "There is no file none.csv"),
        (["--style-from", "a.wav"], "A Take is a .csv, .json or .npz file"),
        (["--intensity", "1"], "--intensity needs --emotion"),
    ],
)
def test_acting_options_that_cannot_be_followed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    recording, out = tmp_path / "a.wav", tmp_path / "out.csv"
    soundfile.write(recording, sound(0.2), RATE)
    assert main(["generate", str(recording), "-o", str(out), *words]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1 and not out.exists()
