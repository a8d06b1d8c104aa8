# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The panel Video: why it is grey, a film from a portrait, and what stays of one that is stopped."""

from __future__ import annotations

import os
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")
pytest.importorskip("diffusers")
pytest.importorskip("av")

import soundfile  # noqa: E402
from cartoons import FPS, SIZE, clip, untrained  # noqa: E402
from checking_layout import Drawn, draw  # noqa: E402
from PIL import Image  # noqa: E402

import blender_addon  # noqa: E402
from blender_addon import character, filming, performance, preferences  # noqa: E402
from blender_addon.panels_film import VideoPanel  # noqa: E402
from phiz.audio.mel import RATE  # noqa: E402
from phiz.face.channels import COUNT  # noqa: E402
from phiz.face.head import shipped  # noqa: E402
from phiz.motion import take as takes  # noqa: E402
from phiz.motion.take import Take  # noqa: E402
from phiz.video import film  # noqa: E402
from phiz.worker.elsewhere import ElsewhereError  # noqa: E402

PATIENCE = 120.0  # s; other work may hold the processor
SECONDS = 0.8


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("model"))


@pytest.fixture
def face(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The demo head with a voice, a portrait and a place for the film."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    filming.state = filming.State()
    filming._looked.clear()
    monkeypatch.setattr(preferences, "wanted", lambda: preferences.Wanted(threads=1))
    monkeypatch.setattr(preferences, "film", lambda: preferences.Film(str(model)))
    one = clip(1, SECONDS)
    Image.fromarray(one.portrait).save(tmp_path / "face.png")
    soundfile.write(tmp_path / "voice.wav", one.voice.samples, RATE)
    made = character.add(shipped.load(), bpy.context.scene)
    made.phiz.voice_file = str(tmp_path / "voice.wav")
    made.phiz.film_portrait = str(tmp_path / "face.png")
    made.phiz.film_out = str(tmp_path / "out.mp4")
    return made


def shown() -> Drawn:
    panel = draw(VideoPanel, bpy.context)
    assert panel is not None
    return panel


def test_the_button_says_why_it_is_grey(face: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bpy.ops.phiz.make_film.poll()
    settings = face.phiz
    for name, value, says in (
        ("film_out", "", "Choose where the film goes."),
        ("film_portrait", "//gone.png", "There is no such portrait"),
        ("film_portrait", "", "Choose a portrait."),
        ("voice_file", "", "Choose a recording under Voice."),
    ):
        before = getattr(settings, name)
        setattr(settings, name, value)
        assert says in shown().text
        assert not bpy.ops.phiz.make_film.poll()
        setattr(settings, name, before)
    venv.create(tmp_path / "bare", with_pip=False)
    python = str(tmp_path / "bare/bin/python")
    monkeypatch.setattr(preferences, "wanted", lambda: preferences.Wanted(python))
    assert "lacks torch, diffusers, transformers, safetensors, av, PIL" in shown().text
    assert "phiz[video]" in shown().text and not bpy.ops.phiz.make_film.poll()
    filming._looked[python] = ("It lacks all", time.monotonic() - 60.0)
    assert "lacks torch" in shown().text, "what was installed meanwhile is found"
    monkeypatch.setattr(preferences, "wanted", lambda: preferences.Wanted(str(tmp_path / "none")))
    assert "Cannot start the Python" in shown().text


def test_what_the_small_model_cannot_do_is_said_before(face: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "A picture of a real person needs large weights" in shown().text
    monkeypatch.setattr(preferences, "film", lambda: preferences.Film("large", "weights"))
    assert "real person" not in shown().text


def test_what_phiz_video_says_of_it_is_known_by_its_beginning() -> None:
    opening = pytest.importorskip("phiz.video.opening", reason="no diffusers: phiz video says nothing")
    assert opening.NEEDS_LARGE.startswith(filming.SAID)


def test_a_film_is_made(face: Any, tmp_path: Path) -> None:
    """With what the face shows; from a script, which waits. Slow: the other Python loads torch."""
    rng = np.random.default_rng(0)
    acted = Take(rng.random((24, COUNT), np.float32), np.zeros((24, 3), np.float32), 24.0)
    performance.place(bpy.context.scene, face, [acted], 0, 1.0, None)
    before = {path.name for path in Path(bpy.app.tempdir).iterdir()}
    assert bpy.ops.phiz.make_film() == {"FINISHED"}
    frames, fps = film.read(tmp_path / "out.mp4")
    assert frames.shape == (round(SECONDS * FPS), SIZE, SIZE, 3) and fps == FPS
    assert any("large weights" in note for note in filming.state.notes)
    assert {path.name for path in Path(bpy.app.tempdir).iterdir()} == before
    panel = shown()
    assert panel.has("phiz.open_film") and bpy.ops.phiz.open_film.poll()


def test_the_face_s_motion_goes_along(face: Any) -> None:
    filming.begin(bpy.context.scene, face)
    assert not any(path.suffix == ".npz" for path in filming.state.given), "nothing was generated yet"
    filming.cancel()
    acted = Take(np.full((40, COUNT), 0.25, np.float32), np.zeros((40, 3), np.float32), 24.0)
    performance.place(bpy.context.scene, face, [acted], 0, 1.0, None)
    filming.begin(bpy.context.scene, face)
    (path,) = (path for path in filming.state.given if path.suffix == ".npz")
    given = takes.load(path)
    filming.cancel()
    assert given.frames == round(SECONDS * 24.0) and given.fps == 24.0
    assert given.channel("jawOpen") == pytest.approx(0.25, abs=1e-3)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in the place of another Python, to be written; it has all that films need."""
    if os.name != "posix":
        pytest.skip("#! is POSIX's")
    path = tmp_path / "python"
    monkeypatch.setattr(preferences, "wanted", lambda: preferences.Wanted(str(path)))
    filming._looked[str(path)] = ("", time.monotonic())
    return path


def test_it_shows_how_far_it_is_and_can_be_stopped(face: Any, other: Path) -> None:
    other.write_text("#!/bin/sh\necho 0.25\necho 'note: it is small' >&2\nexec sleep 100\n")
    other.chmod(0o755)
    filming.begin(bpy.context.scene, face)
    assert filming.state.run is not None
    end = time.monotonic() + PATIENCE
    while not (filming.state.run.share and filming.state.notes):
        assert time.monotonic() < end and filming._tick() is not None
        time.sleep(0.01)
    panel = shown()
    assert panel.progress == [0.25] and "it is small" in panel.text
    assert panel.has("phiz.stop_film") and not panel.has("phiz.make_film")
    assert not bpy.ops.phiz.make_film.poll()
    stopped = filming.state.run
    bpy.ops.phiz.stop_film()
    assert filming.state.run is None and not filming.state.given and filming._tick() is None
    assert "goes on where it was" in shown().text and not bpy.ops.phiz.stop_film.poll()
    with pytest.raises(ElsewhereError):
        stopped.check()


def test_what_goes_wrong_is_said(face: Any, other: Path, tmp_path: Path) -> None:
    other.write_text("#!/bin/sh\necho 'phiz: the model is damaged' >&2\nexit 2\n")
    other.chmod(0o755)
    with pytest.raises(RuntimeError, match="the model is damaged"):
        bpy.ops.phiz.make_film()
    assert "the model is damaged" in shown().text and filming.state.made is None
    face.phiz.film_out = str(tmp_path / "none/out.mp4")
    with pytest.raises(RuntimeError, match="does not exist"):
        bpy.ops.phiz.make_film()
    assert filming.state.run is None
