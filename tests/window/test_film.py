"""The panel Video by mouse and keyboard: a film made in another Python, and one that is stopped."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile
from blender_window import Window
from video_panel import PYTHON, open_video

pytest.importorskip("av")
pytest.importorskip("diffusers")

from phiz.video import film

DEMO = Path(__file__).parents[2] / "docs/demo"
SECONDS = 3
RUNNING = "addon('filming').state.run is not None"
FAILURE = "addon('filming').state.failure"


@pytest.fixture
def filming(window: Window, tmp_path: Path) -> Iterator[Window]:
    """The panel Video open, alone, on the demo head with a recording."""
    samples, rate = soundfile.read(DEMO / "voice.flac")
    soundfile.write(tmp_path / "voice.wav", samples[: SECONDS * rate], rate)
    shutil.copy(DEMO / "portrait.png", tmp_path)
    open_video(window, tmp_path / "voice.wav", tmp_path / "portrait.png")
    yield window
    window.ask(f"addon('filming').cancel(); {PYTHON} = ''")


def test_a_film_from_the_panel(filming: Window, tmp_path: Path) -> None:
    filming.fill("film_out", str(tmp_path / "hello"))
    filming.press("phiz.make_film", 0.4)
    shares = set()
    while filming.ask(RUNNING):
        shares.add(filming.ask("addon('filming').state.run and addon('filming').state.run.share"))
    assert filming.ask(FAILURE) == ""
    assert len(shares) > 3, "it was shown how far it is"
    frames, fps = film.read(tmp_path / "hello.mp4")
    assert len(frames) == SECONDS * fps and frames.std(0).max() > 10
    filming.place("phiz.open_film", 0.84)


def test_a_film_is_stopped(filming: Window, tmp_path: Path) -> None:
    filming.fill("film_out", str(tmp_path / "hello.mp4"))
    x, y = filming.place("phiz.make_film", 0.4)
    filming.click(x, y)
    filming.until("addon('filming').state.run.share > 0.1", 120)
    filming.press("phiz.stop_film", 0.84, near=y)
    assert not filming.ask(RUNNING)
    assert "Stopped" in filming.ask("addon('filming').state.notes")[0]
    assert not (tmp_path / "hello.mp4").exists()
