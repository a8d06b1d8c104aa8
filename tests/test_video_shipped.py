"""The model of talking portraits that ships: does it show what it is told, on a face that it never saw?"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("diffusers")
pytest.importorskip("av")

from phiz.acting.direction import Direction
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.face.channels import COUNT, INDEX
from phiz.motion.take import Take
from phiz.runtime import bundle
from phiz.video import film, model_file, opening, pipeline, portrait
from phiz.video.model_file import VideoModelError
from phiz.video.pipeline import Scene

PORTRAIT = Path(__file__).parents[1] / "docs" / "demo" / "portrait.png"
FRAMES = 16
MOUTH, EYES = (slice(46, 58), slice(24, 42)), (slice(26, 35), slice(17, 49))


def filmed(out: Path, **curves: np.ndarray) -> np.ndarray:
    """(16, 64, 64, 3) of the portrait, its face following curves (16,) of these channels."""
    model, senses = opening.open_model(None, None, bundle.load(threads=1))
    weights = np.zeros((FRAMES, COUNT), np.float32)
    for name, curve in curves.items():
        weights[:, INDEX[name]] = curve
    take = Take(weights, np.zeros((FRAMES, 3), np.float32), 15.0)
    voice = Recording(np.zeros(round(RATE * FRAMES / 15), np.float32))
    still = portrait.read(PORTRAIT, model.manifest.size)
    pipeline.make(Scene(still, voice, Direction(emotion=(), seed=1), take, "take"), model, senses, out)
    return film.read(out)[0].astype(np.float32)


def changed(frames: np.ndarray, part: tuple[slice, slice]) -> np.ndarray:
    """(n,) levels by which a part of the picture differs from the first frame."""
    return np.abs(frames[:, *part] - frames[0, *part]).mean((1, 2, 3))


def test_the_mouth_opens_and_the_eyes_close_as_the_take_says(tmp_path: Path) -> None:
    curve = np.sin(np.linspace(0.0, np.pi, FRAMES)).astype(np.float32)
    jaw = filmed(tmp_path / "jaw.mp4", jawOpen=0.9 * curve)
    lids = filmed(tmp_path / "lids.mp4", eyeBlinkLeft=curve, eyeBlinkRight=curve)
    assert np.corrcoef(changed(jaw, MOUTH), curve)[0, 1] > 0.9
    assert np.corrcoef(changed(lids, EYES), curve)[0, 1] > 0.9
    assert changed(jaw, MOUTH)[8] > 3 * changed(jaw, EYES)[8]
    assert changed(lids, EYES)[8] > 3 * changed(lids, MOUTH)[8]


def test_a_package_without_it_takes_the_one_of_the_python_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in Blender's extension, whose package comes before the installed one and brings no model."""
    there = model_file.shipped()
    monkeypatch.setattr(model_file, "__file__", str(tmp_path / "phiz" / "video" / "model_file.py"))
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(there.parents[2])])
    assert model_file.shipped() == there
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with pytest.raises(VideoModelError, match=r"install phiz\[video\]"):
        model_file.load()


def test_it_is_small_and_says_where_it_comes_from() -> None:
    files = list(model_file.shipped().iterdir())
    assert sum(path.stat().st_size for path in files) < 30e6
    trained = model_file.read_manifest().trained
    assert trained["faces"] >= 100 and 0.0 < trained["strangest_portrait"] < 0.1
