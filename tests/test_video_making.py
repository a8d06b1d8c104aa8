"""Talking portraits from training to film, on a drawn face and networks of a few thousand weights."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers")
pytest.importorskip("av")

import torch
from cartoons import FPS, SIZE, clip
from cartoons import write as write_clips

from phiz.train.video import autoencoder, denoiser, footage, sharpening
from phiz.train.video.material import Material, prepare
from phiz.train.video.whole import write as write_model
from phiz.video import clips, film, model_file, pipeline
from phiz.video.autoencoder import from_latents, from_pixels, to_latents
from phiz.video.backbone import BackboneConfig
from phiz.video.detail import Detail
from phiz.video.model_file import VideoModel, VideoModelError
from phiz.video.network import Network, NetworkConfig
from phiz.video.pipeline import DriveError, Scene, Senses
from phiz.video.prompts import WORDS, ActingWords
from phiz.video.sampling import StoppedError


class Loudness:
    """Hears one number: how loud it is. An `AudioEncoder` that needs no weights."""

    features = 1
    silence = np.zeros(1, np.float32)

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        parts = np.array_split(samples, len(samples) // 320 + 1)
        return np.array([[4.0 * float(np.abs(part).mean())] for part in parts], np.float32)


SENSES = Senses(Loudness(), ActingWords())


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("clips"), 6)


@pytest.fixture(scope="module")
def encoder(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("autoencoder")
    return autoencoder.train(
        footage.read(root, "train"), out, steps=120, batch=8, peak_rate=4e-3, widths=(16, 24), channels=4
    )


@pytest.fixture(scope="module")
def material(root: Path, encoder: Path) -> list[Material]:
    found = clips.load_all(root, "train")
    return prepare(found, autoencoder.load(encoder), SENSES.hearing, SENSES.prompts, lights=2)


def start() -> Network:
    torch.manual_seed(0)
    sizes = BackboneConfig("unet", 4, 8, (16, 24), 0, 1, 2, 12, 4)
    return Network(NetworkConfig(sizes, 4, WORDS, source=16))


@pytest.fixture(scope="module")
def folder(root: Path, encoder: Path, material: list[Material], tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("networks")
    first = denoiser.train(
        material, out, stage=1, start=start(), steps=150, batch=4, frames=4, peak_rate=4e-3
    )
    moving = denoiser.with_motion(denoiser.load(first))
    second = denoiser.train(material, out, stage=2, start=moving, steps=3, batch=1, frames=8)
    write_model(out / "model", root, second, autoencoder.load(encoder), Detail())
    return out / "model"


@pytest.fixture(scope="module")
def model(folder: Path) -> VideoModel:
    found = model_file.load(folder)
    return replace(found, manifest=found.manifest.model_copy(update={"window": 8, "overlap": 2, "steps": 4}))


def scene(number: int = 1) -> Scene:
    one = clip(number)
    assert one.direction is not None
    return Scene(one.portrait, one.voice, one.direction, one.take, "both")


def mouth(frames: np.ndarray) -> np.ndarray:
    """How dark the middle of the mouth is, by frame: how open it is."""
    return -frames[:, 18:28, 13:19].mean(axis=(1, 2, 3), dtype=np.float64)


def test_what_is_trained_opens_the_mouth_of_a_face_that_it_has_not_seen(
    model: VideoModel, tmp_path: Path
) -> None:
    one = clip(1)
    frames = pipeline.make(scene(), model, SENSES, tmp_path / "a.mp4")
    seen, fps = film.read(tmp_path / "a.mp4")
    assert seen.shape == (frames, SIZE, SIZE, 3) == (24, SIZE, SIZE, 3) and fps == FPS
    assert np.corrcoef(mouth(seen), mouth(one.frames))[0, 1] > 0.7
    assert not list(tmp_path.glob(".*"))  # nothing is left of the making


def test_windows_blend_into_what_one_window_makes(
    model: VideoModel, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a network that does not look along time: where windows overlap, they agree."""
    still = denoiser.load(folder.parent / "video1.safetensors")
    drawn: list[np.ndarray] = []  # frames before they are compressed, which takes and adds what it likes
    decoded = pipeline._decoded

    def kept(*given: Any) -> Iterator[np.ndarray]:
        for frame in decoded(*given):
            drawn.append(frame)
            yield frame

    monkeypatch.setattr(pipeline, "_decoded", kept)
    films = {}
    for window, overlap in ((8, 2), (7, 3), (100, 2)):
        manifest = model.manifest.model_copy(update={"window": window, "overlap": overlap})
        drawn.clear()
        pipeline.make(scene(), replace(model, network=still, manifest=manifest), SENSES, tmp_path / "a.mp4")
        films[window] = np.stack(drawn).astype(np.int16)
    for window in (8, 7):
        apart = np.abs(films[window] - films[100])
        assert apart.max() <= 1  # rounding


def test_same_scene_same_bytes(model: VideoModel, tmp_path: Path) -> None:
    for name in ("a", "b"):
        pipeline.make(scene(), model, SENSES, tmp_path / f"{name}.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_film_that_was_stopped_goes_on_where_it_was(model: VideoModel, tmp_path: Path) -> None:
    pipeline.make(scene(), model, SENSES, tmp_path / "whole.mp4")
    out = tmp_path / "stopped.mp4"
    asked: list[float] = []
    with pytest.raises(StoppedError):
        pipeline.make(scene(), model, SENSES, out, progress=asked.append, cancel=lambda: len(asked) >= 9)
    assert not out.exists() and pipeline.work_folder(out).is_dir()
    again: list[float] = []
    pipeline.make(scene(), model, SENSES, out, progress=again.append)
    assert out.read_bytes() == (tmp_path / "whole.mp4").read_bytes()
    assert again[0] > asked[0] and again == sorted(again) and again[-1] == 1.0
    assert not pipeline.work_folder(out).exists()


def test_another_scene_does_not_go_on_from_what_is_left(model: VideoModel, tmp_path: Path) -> None:
    out = tmp_path / "a.mp4"
    with pytest.raises(StoppedError):
        asked: list[float] = []
        pipeline.make(scene(3), model, SENSES, out, progress=asked.append, cancel=lambda: len(asked) >= 9)
    pipeline.make(scene(1), model, SENSES, out)
    pipeline.make(scene(1), model, SENSES, tmp_path / "b.mp4")
    assert out.read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_drives(model: VideoModel, tmp_path: Path) -> None:
    films = {}
    for drive in pipeline.DRIVES:
        pipeline.make(replace(scene(), drive=drive), model, SENSES, tmp_path / f"{drive}.mp4")
        films[drive] = film.read(tmp_path / f"{drive}.mp4")[0]
    assert not np.array_equal(films["audio"], films["take"])
    # Of the Take nothing but the head is told where the sound drives.
    other = replace(scene(), drive="audio", take=clip(3).take)
    pipeline.make(other, model, SENSES, tmp_path / "other.mp4")
    assert np.array_equal(film.read(tmp_path / "other.mp4")[0], films["audio"])
    # Of the sound nothing where the Take does.
    silent = replace(scene().voice, samples=np.zeros_like(scene().voice.samples))
    pipeline.make(replace(scene(), drive="take", voice=silent), model, SENSES, tmp_path / "silent.mp4")
    assert np.array_equal(film.read(tmp_path / "silent.mp4")[0], films["take"])
    with pytest.raises(DriveError, match="Take is needed"):
        pipeline.make(replace(scene(), take=None), model, SENSES, tmp_path / "no.mp4")


def test_training_resumes_to_the_same_weights_it_saved(material: list[Material], tmp_path: Path) -> None:
    common: dict[str, Any] = {"stage": 1, "batch": 2, "frames": 2, "every": 4}
    denoiser.train(material, tmp_path, start=start(), steps=4, **common)
    before = denoiser.load(tmp_path / "video1.safetensors").state_dict()
    denoiser.train(material, tmp_path, start=start(), steps=4, **common)  # nothing left to do
    after = denoiser.load(tmp_path / "video1.safetensors").state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    denoiser.train(material, tmp_path, start=start(), steps=8, **common)
    further = denoiser.load(tmp_path / "video1.safetensors").state_dict()
    assert not all(torch.equal(before[name], further[name]) for name in before)


def test_a_sharper_decoder_reads_the_same_latents(root: Path, encoder: Path, tmp_path: Path) -> None:
    sharper, detail = sharpening.load(
        sharpening.train(footage.read(root, "train"), tmp_path, encoder, steps=40, peak_rate=2e-3), encoder
    )
    before = autoencoder.load(encoder)
    pictures = from_pixels(torch.from_numpy(clip(1).frames))
    portraits = from_pixels(torch.from_numpy(clip(1).portrait)).expand_as(pictures)
    latents = to_latents(before, pictures)
    assert torch.equal(to_latents(sharper, pictures), latents)
    with torch.no_grad():
        smooth, drawn = from_latents(sharper, latents), from_latents(sharper, to_latents(sharper, portraits))
        made = (from_latents(before, latents), smooth, detail(smooth, portraits, drawn))
    errors = [float((each - pictures).abs().mean()) for each in made]
    assert errors[2] < errors[1] < errors[0]
    assert torch.equal(Detail()(smooth, portraits, drawn), smooth)  # untrained it adds nothing


def test_a_damaged_model_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(VideoModelError, match="phiz train video"):
        model_file.load(tmp_path)
    for name in (model_file.MANIFEST, *model_file.PARTS):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    weights = bytearray((tmp_path / model_file.PARTS[0]).read_bytes())
    weights[-1] ^= 1
    (tmp_path / model_file.PARTS[0]).write_bytes(weights)
    with pytest.raises(VideoModelError, match="damaged"):
        model_file.load(tmp_path)
    (tmp_path / model_file.PARTS[1]).unlink()
    with pytest.raises(VideoModelError, match=r"damaged|lacks"):
        model_file.load(tmp_path)
