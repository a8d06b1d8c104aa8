"""`phiz video` and `phiz train video` as they are typed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("diffusers")
pytest.importorskip("av")

from cartoons import SIZE, clip, untrained
from cartoons import write as write_clips
from PIL import Image

from phiz import cli
from phiz.audio.mel import RATE
from phiz.evaluate.video import filming
from phiz.video import film, model_file, portrait
from phiz.video.portrait import PortraitError


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("model"))


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    one = clip(1, 0.8)
    Image.fromarray(one.portrait).resize((90, 70)).save(tmp_path / "face.png")
    soundfile.write(tmp_path / "voice.wav", one.voice.samples, RATE)
    assert one.take is not None
    one.take.save(tmp_path / "take.npz")
    return tmp_path / "face.png", tmp_path / "voice.wav"


def video(*words: object) -> int:
    return cli.main(["video", *(str(word) for word in words)])


@pytest.mark.parametrize("drive", ["audio", "take", "both"])
def test_a_film_is_made_and_its_limits_are_said_first(
    drive: str, model: Path, files: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.mp4"
    take = ["--take", tmp_path / "take.npz"] if drive == "take" else ["--emotion", "happy"]
    assert video(*files, "-o", out, "--model", model, "--drive", drive, *take, "--boundary", 0.2) == 0
    said = capsys.readouterr().err
    assert "note: this portrait is unlike all that the model knows" in said
    assert said.index("large weights") < said.index("12 frames at 15 fps")
    assert film.read(out)[0].shape == (12, SIZE, SIZE, 3)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-o", "film.avi"], "ends in .mp4"),
        (["-o", "none/film.mp4"], "does not exist"),
        (["-o", "film.mp4", "--boundary", "2"], "0 to 1"),
        (["-o", "film.mp4", "--weights", "here"], "leave --weights out"),
        (["-o", "film.mp4", "--model", "nowhere"], "phiz train video"),
    ],
)
def test_what_cannot_be_is_said(
    words: list[str],
    says: str,
    model: Path,
    files: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    chosen = words if "--model" in words else [*words, "--model", model]
    assert video(*files, *chosen) == cli.USER_ERROR
    assert says in capsys.readouterr().err
    assert not list(tmp_path.glob("*film*"))


def test_portraits_of_any_shape(tmp_path: Path) -> None:
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, 20:60] = 200
    Image.fromarray(wide).save(tmp_path / "wide.png")
    assert (portrait.read(tmp_path / "wide.png", 32)[:, 2:-2] > 190).all()  # the middle square
    (tmp_path / "no.png").write_text("no picture")
    with pytest.raises(PortraitError, match="PNG or JPEG"):
        portrait.read(tmp_path / "no.png", 32)


def test_portraits_of_16_bits_and_transparent_ones(tmp_path: Path) -> None:
    deep = np.tile(np.linspace(0, 65535, 32).astype(np.uint16), (32, 1))
    Image.fromarray(deep).save(tmp_path / "deep.png")
    shown = portrait.read(tmp_path / "deep.png", 32)
    assert np.abs(shown[..., 0] - deep / 257.0).max() <= 1.0
    Image.new("RGBA", (32, 32), (255, 0, 0, 0)).save(tmp_path / "clear.png")
    assert (portrait.read(tmp_path / "clear.png", 32) == 128).all()
    Image.fromarray(np.full((32, 32), 0.5, np.float32)).save(tmp_path / "fractions.tif")
    with pytest.raises(PortraitError, match="fractions"):
        portrait.read(tmp_path / "fractions.tif", 32)


def test_test_clips_are_filmed_with_and_without_events(model: Path, tmp_path: Path) -> None:
    root = write_clips(tmp_path / "clips", 2)
    one = clip(1)
    assert one.take is not None
    one.take.save(root / one.name / "without.npz")
    argv = [str(root), str(tmp_path / "films"), "--model", str(model), "--steps", "1"]
    assert filming.main(argv) == 0
    made = {path.name for path in (tmp_path / "films").iterdir()}
    assert made == {"clip1.mp4", "clip1.without.mp4"}
    assert len(film.read(tmp_path / "films/clip1.mp4")[0]) == len(one.frames)


def test_training_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = write_clips(tmp_path / "clips", 2)
    few = ["--autoencoder", "1", "--stage1", "1", "--stage2", "1", "--decoder", "1", "--batch", "1"]
    assert cli.main(["train", "video", str(root), str(tmp_path / "run"), *few]) == 0
    folder = Path(capsys.readouterr().out.strip().splitlines()[-1])
    found = model_file.load(folder)
    assert found.manifest.trained["faces"] == 1 and found.network.config.audio == 94
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size < 30e6
    assert cli.main(["train", "video", str(tmp_path), str(tmp_path / "run")]) == cli.USER_ERROR
