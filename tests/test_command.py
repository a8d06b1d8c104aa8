# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""`blender --command phiz`: one line, a batch of lines, and what is said when something is wrong."""

from __future__ import annotations

import math
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: its command line is not tested")

import blender_addon  # noqa: E402
from blender_addon import action_support, character, command, keyframes, strips  # noqa: E402
from phiz.acting.direction import AUEvent, Direction  # noqa: E402
from phiz.audio import recording  # noqa: E402
from phiz.face.channels import CHANNELS, TONGUE  # noqa: E402
from phiz.face.head import Head  # noqa: E402
from phiz.motion.take import Take  # noqa: E402
from phiz.runtime import bundle  # noqa: E402
from phiz.runtime.generate import generate  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
VOICE = ROOT / "docs/demo/voice.flac"
RATE = 24.0


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    """A second and a half of the demo's voice."""
    samples, rate = soundfile.read(VOICE)
    path = tmp_path / "voice.wav"
    soundfile.write(path, samples[: round(1.5 * rate)], rate)
    return path


@pytest.fixture
def face_file(tmp_path: Path) -> Path:
    """A .blend with one small face, and a strip for the left outer brow."""
    vertices = np.array([(0, -1, 0), (-1, 1, 0), (1, 1, 0), (0, 0, 1)], np.float32)
    lift = np.zeros((4, 3), np.float32)
    lift[0, 2] = 0.01
    head = Head(
        vertices=vertices,
        faces=[(0, 2, 3), (0, 3, 1), (0, 1, 2), (1, 3, 2)],
        material_index=np.zeros(4, int),
        materials=(("Skin", (0.8, 0.6, 0.5, 1.0), 0.5),),
        keys=dict.fromkeys((*CHANNELS, TONGUE), lift),
    )
    scene = bpy.context.scene
    face = character.add(head, scene, "Face")
    strips.add(face, scene, 7, 2, "L", 0.5, seconds=0.75)
    path = tmp_path / "face.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    return path


def run(*words: object) -> int:
    return command.main([str(word) for word in words])


def opened(path: Path):
    bpy.ops.wm.open_mainfile(filepath=str(path))
    return bpy.context.scene.objects["Face"]


def shown(face, frame: float) -> np.ndarray:
    """(51,) what Blender itself makes of the keys at a scene frame."""
    bpy.context.scene.frame_set(math.floor(frame), subframe=frame % 1)
    keys = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return np.array([keys.key_blocks[name].value for name in CHANNELS])


def test_one_line(voice: Path, face_file: Path, tmp_path: Path, capsys) -> None:
    before, out = face_file.read_bytes(), tmp_path / "out.blend"
    opened(face_file)
    words = ["--audio", voice, "--object", "Face", "--emotion", "sad", "--au", "12L:0.8@0.5-1.0"]
    assert run("generate", *words, "--seed", 3, "--start", 5, "--save", out) == 0, capsys.readouterr().err
    assert face_file.read_bytes() == before

    face = opened(out)
    ramp = strips.read(face, bpy.context.scene, 5, 1.5).events
    smile = AUEvent(au=12, side="L", start=0.5, end=1.0, intensity=0.8)
    notes = Direction.of("sad", 1.0, seed=3).model_copy(update={"events": (smile, *ramp)})
    assert len(ramp) == 1
    take = generate(recording.load(voice), notes, bundle.load(None), fps=RATE)
    for frame in range(take.frames):
        assert np.abs(shown(face, 5 + frame) - take.weights[frame]).max() < 1e-6
    assert Path(face.phiz.voice_file).name == "voice.wav" and face.phiz.seed == 3
    assert [entry.emotion for entry in face.phiz.emotions] == ["sad"]

    # what the file says now is enough to make the same again
    again = tmp_path / "again.blend"
    assert run("generate", "--blend", out, "--au", "12L:0.8@0.5-1.0", "--save", again) == 0
    assert np.abs(shown(opened(again), 20) - take.weights[15]).max() < 1e-6


def test_take_and_video(voice: Path, face_file: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    weights = random.random((30, 51)).astype(np.float32)
    take = Take(weights, random.uniform(-0.4, 0.4, (30, 3)).astype(np.float32), 30.0, origin={"seed": 7})
    take.save(tmp_path / "take.npz")
    out, video = tmp_path / "out.blend", tmp_path / "out.mp4"
    words = ["--take", tmp_path / "take.npz", "--audio", voice, "--save", out, "--video", video]
    assert run("generate", "--blend", face_file, *words, "--head-object", "Face", "--size", 64) == 0

    face = opened(out)
    rate = keyframes.scene_rate(bpy.context.scene)
    assert rate == RATE, "the file's own rate stays"
    asked = take.resampled(rate)
    assert np.abs(shown(face, 3) - asked.weights[2]).max() < 1e-6
    assert len(action_support.curves(face.animation_data.action)) == 3, "the head turns"
    assert [sound.filepath for sound in bpy.data.sounds] == ["//voice.wav"] * action_support.sound_available()
    assert bpy.context.scene.camera is None, "the preview's camera stays out of the file"
    clip = bpy.data.movieclips.load(str(video))
    assert tuple(clip.size) == (64, 64)
    assert clip.frame_duration == asked.frames
    if action_support.sound_available():
        import aud

        assert np.abs(aud.Sound.file(str(video)).data()).max() > 0.05


def test_take_alone(face_file: Path, tmp_path: Path) -> None:
    Take(np.full((5, 51), 0.25, np.float32), np.zeros((5, 3), np.float32), 24.0).save(tmp_path / "take.csv")
    out = tmp_path / "out.blend"
    assert run("generate", "--blend", face_file, "--take", tmp_path / "take.csv", "--save", out) == 0
    assert np.abs(shown(opened(out), 3) - 0.25).max() < 1e-6


def test_source_tree_without_an_installation(tmp_path: Path) -> None:
    Take(np.full((5, 51), 0.25, np.float32), np.zeros((5, 3), np.float32), 30.0).save(tmp_path / "take.npz")
    words = [
        "generate",
        "--head",
        "--take",
        "take.npz",
        "--save",
        "out.blend",
        "--video",
        "out.mp4",
        "--size",
        "64",
    ]
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, ROOT / "blender_addon/headless.py", *words],
        cwd=tmp_path, env=clean, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "out.blend"))
    assert np.abs(shown(bpy.context.scene.objects["Phiz"], 3) - 0.25).max() < 1e-6
    assert bpy.context.scene.camera is not None and (tmp_path / "out.mp4").exists()
    assert len(list(tmp_path.iterdir())) == 3


def test_batch(voice: Path, face_file: Path, tmp_path: Path, capsys) -> None:
    together, lost = tmp_path / "together.blend", tmp_path / "lost.blend"
    csv = tmp_path / "lines.csv"
    later = tmp_path / "later.wav"
    shutil.copy(voice, later)
    csv.write_text(
        "audio, object, emotion, intensity, start, au, save\n"
        f"{voice}, Face, happy, 0.5, 1, 12@0.2-1; 1@0-1, {together}\n"
        f"{later}, Face, , , 101, , {together}\n"
        f"{voice}, Nobody, , , 1, , {lost}\n"
        f"{tmp_path / 'none.wav'}, Face, , , 1, , {tmp_path / 'neither.blend'}\n"
        f"{voice}, Face, , , 1, , {lost}\n"
    )
    asked = opened(face_file).phiz
    asked.emotion_heard, asked.intensity = False, 0.6
    asked.emotions.add().emotion = "surprised"
    bpy.ops.wm.save_mainfile()
    assert run("batch", csv, "--seed", 4) == command.SOME_FAILED
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == [f"lines.csv, line {n}" for n in (5, 4, 6)]
    assert "none.wav" in said[0] and "no mesh named 'Nobody'" in said[1] and "line 4 failed" in said[2]
    assert {path.name for path in tmp_path.glob("*.blend")} == {"face.blend", "together.blend"}

    face = opened(together)
    first, second = shown(face, 13), shown(face, 113)
    smile = CHANNELS.index("mouthSmileLeft")
    assert first[smile] > second[smile] + 0.2, "each line has its own acting"
    # the second has what the file says, and not what the first line asked for; the strip is the first's alone
    notes = Direction.of("surprised", 0.6, seed=4)
    take = generate(recording.load(voice), notes, bundle.load(None), fps=RATE)
    assert np.abs(second - take.weights[12]).max() < 1e-6
    sounds = action_support.strips(bpy.context.scene.sequence_editor) if bpy.data.sounds else []
    assert [action_support.strip_start(s) for s in sounds] == [1, 101] * action_support.sound_available()

    bpy.ops.phiz.adjust()
    assert np.abs(shown(face, 13) - first).max() < 1e-6, "a change of strength finds both lines"
    assert np.abs(shown(face, 113) - second).max() < 1e-6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--take", "none.npz", "--blend", "face.blend", "--save", "out.blend"], "no file none.npz"),
        (["--take", "take.npz", "--blend", "face.blend", "--save", "out.png"], "--save expects a .blend"),
        (["--take", "take.npz", "--blend", "text.blend", "--save", "out.blend"], "cannot open text.blend"),
        (["--take", "take.npz", "--blend", "cube.blend", "--save", "out.blend"], "shape keys of a mouth"),
        (["--take", "take.npz", "--blend", "face.blend", "--save", "none/out.blend"], "none does not exist"),
        (["--take", "take.npz", "--head", "--save", "out.blend", "--seed", "1"], "already acted"),
        (["--head", "--save", "out.blend"], "Neither --audio nor --take"),
        (["--blend", "face.blend", "--save", "out.blend"], "'Face' has no voice of its own"),
        (["--blend", "face.blend", "--save", "out.blend", "--object", "Fac"], "The scene has: Face"),
        (["--blend", "face.blend", "--save", "out.blend", "--emotional"], "unrecognized arguments"),
        (["--audio", "voice.wav", "--blend", "face.blend", "--save", "out.blend", "--au", "99@0-1"], "99"),
        (["--audio", "voice.wav", "--blend", "face.blend", "--save", "out.blend", "--bundle", "x"], "bundle"),
    ],
)
def test_errors(face_file: Path, voice: Path, tmp_path: Path, monkeypatch, capsys, words, said) -> None:
    monkeypatch.chdir(tmp_path)
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "cube.blend"))
    Path("text.blend").write_text("not a blend")
    Take(np.zeros((5, 51), np.float32), np.zeros((5, 3), np.float32), 24.0).save("take.npz")
    assert run("generate", *words) == command.USER_ERROR
    line = capsys.readouterr().err.strip()
    assert said in line
    assert "\n" not in line
    assert not Path("out.blend").exists()


def test_batch_of_an_unknown_column(tmp_path: Path, capsys) -> None:
    csv = tmp_path / "lines.csv"
    csv.write_text("audio,mood,save\n")
    assert run("batch", csv) == command.USER_ERROR
    assert "'mood'" in capsys.readouterr().err


def test_example_of_the_docs(tmp_path: Path, monkeypatch) -> None:
    """docs/headless_example.py as it stands."""
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(ROOT / "docs/headless_example.py"), run_name="__main__")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "acted.blend"))
    face = bpy.context.scene.phiz.face
    assert np.ptp([shown(face, frame) for frame in range(1, 60, 3)], axis=0).max() > 0.2
    (event,) = strips.read(face, bpy.context.scene, 1, 6.0).events
    assert (event.au, event.side, event.intensity) == (2, "L", 0.6)
    assert (tmp_path / "acted.csv").exists()


LINES = (ROOT / "docs/headless.md").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("line", [line for line in LINES if line.startswith("blender") and "phiz" in line])
def test_lines_of_the_docs(line: str) -> None:
    words = shlex.split(line.split("--command phiz")[1])
    known, shared = command.parser().parse_known_args(words)
    command.parser().parse_args(["generate", "--save", "x.blend", *shared])
    assert known.command in ("generate", "batch")


def test_options_of_the_docs() -> None:
    """The table holds every option there is, and no other."""
    table = {word for line in LINES if line.startswith("| `--") for word in re.findall(r"`--([\w-]+)", line)}
    known = vars(command.parser().parse_args(["generate", "--save", "x.blend"]))
    assert table == {name.replace("_", "-") for name in known} - {"command"}
