"""Guidance in one run: it is learnt, it answers to its scales, and Action Units stay where they were put."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from test_runtime import voice

from export.bundle import _controlled_inputs
from export.distilled import write_distilled
from phiz.acting.direction import AUEvent, Direction, EmotionKey
from phiz.acting.units import control_mask
from phiz.model.without import Guidable
from phiz.runtime import bundle
from phiz.runtime.bundle import Bundle, Guidance
from phiz.runtime.generate import generate
from phiz.train import checkpoint, distill, from_bundle
from phiz.train.checkpoint import CheckpointError
from phiz.train.graphs import difference


@pytest.fixture(scope="module")
def without(tiny_corpus: Path, acting_bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    return distill.train(tiny_corpus, acting_bundle, tmp_path_factory.mktemp("distill"), windows=48, batch=8)


@pytest.fixture(scope="module")
def distilled(acting_bundle: Path, without: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("bundle") / "distilled"
    write_distilled(acting_bundle, out, without=without, steps=4)
    return bundle.load(out, threads=1)


def in_two_runs(model: Bundle) -> Bundle:
    return dataclasses.replace(model, manifest=model.manifest.model_copy(update={"distilled": None}))


def test_what_nothing_told_changes_is_foretold(without: Path) -> None:
    left = checkpoint.facts(without)["left_over"]
    assert len(left) == distill.STEPS and max(left) < 0.5


def test_one_run_comes_near_to_two(distilled: Bundle) -> None:
    """Nearer than a run without guidance, which costs as much."""
    recording, direction = voice(4.0), Direction.of("happy", 1.0)
    two = generate(recording, direction, in_two_runs(distilled)).weights
    one = generate(recording, direction, distilled).weights
    none = generate(recording, direction, distilled, guidance=Guidance(audio=1.0, coarse=1.0)).weights
    assert np.abs(one - two).mean() < 0.5 * np.abs(none - two).mean()


def test_the_scales_are_heard(distilled: Bundle) -> None:
    recording = voice(3.0)
    weights = [
        generate(recording, Direction(emotion=()), distilled, guidance=Guidance(audio=s, coarse=s)).weights
        for s in (1.0, 1.5, 2.0)
    ]
    assert np.abs(weights[1] - weights[0]).max() > 1e-3 and np.abs(weights[2] - weights[1]).max() > 1e-3


def test_guidance_takes_one_run_of_the_denoiser(distilled: Bundle) -> None:
    class Counting(Bundle):
        def denoise(
            self, control: np.ndarray | None = None, **inputs: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray | None]:
            runs.append(len(inputs["motion"]))
            return super().denoise(control, **inputs)

    parts = {f.name: getattr(distilled, f.name) for f in dataclasses.fields(distilled)}
    for model, expected in ((distilled, 4), (in_two_runs(distilled), 8)):
        runs: list[int] = []
        counting = Counting(**{**parts, "manifest": model.manifest})
        generate(voice(3.0), Direction(emotion=()), counting)
        assert len(runs) == expected


def test_units_change_nothing_outside_their_mask(distilled: Bundle) -> None:
    events = (AUEvent(au=12, start=1.0, end=2.0), AUEvent(au=4, start=4.0, end=5.0, intensity=0.5))
    plain = generate(voice(6.0), Direction(emotion=()), distilled)
    acted = generate(voice(6.0), Direction(emotion=(), events=events), distilled)
    outside = control_mask(events, plain.frames, plain.fps) == 0
    assert plain.weights[outside].tobytes() == acted.weights[outside].tobytes()
    assert np.abs(plain.weights - acted.weights)[~outside].max() > 0.05


def test_the_graph_is_the_networks_and_the_base_is_found_in_it(
    distilled: Bundle, acting_bundle: Path, without: Path
) -> None:
    base, _, _ = from_bundle.load_base(distilled.folder)
    before, _, _ = from_bundle.load_base(acting_bundle)
    assert all(torch.equal(a, b) for a, b in zip(base.parameters(), before.parameters(), strict=True))
    network = Guidable(base, distill.load(without, acting_bundle)[0])
    inputs = _controlled_inputs(base, 3, 77)
    assert difference(network, inputs, distilled.folder / "denoiser.onnx") < 1e-3
    assert distilled.manifest.steps == 4 and distilled.manifest.trained["without"]["windows"] == 48


def test_traced_anew_it_keeps_its_reading(distilled: Bundle, tmp_path: Path) -> None:
    write_distilled(distilled.folder, tmp_path / "again", steps=2)
    again = bundle.load(tmp_path / "again", threads=1)
    assert again.manifest.distilled and again.manifest.steps == 2
    for name in again.manifest.graphs["float"].values():
        assert (again.folder / name).read_bytes() == (distilled.folder / name).read_bytes()


def test_it_belongs_to_its_base(
    without: Path, tiny_bundle: Path, acting_bundle: Path, tmp_path: Path
) -> None:
    assert distill.base_digest(tiny_bundle) == distill.base_digest(acting_bundle)  # the same stage 1
    with pytest.raises(CheckpointError, match="another bundle"):
        write_distilled(bundle.SHIPPED, tmp_path / "out", without=without)
    assert not (tmp_path / "out").exists()


def test_one_frame_of_emotion_stands_for_all(distilled: Bundle) -> None:
    """A mood that never changes is told in one frame, to the same bytes as frame by frame."""
    recording = voice(4.0)
    key = EmotionKey(time=0.0, mix={"sad": 1.0}, intensity=0.7)
    frames = []

    class Watched(Bundle):
        def denoise(
            self, control: np.ndarray | None = None, **inputs: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray | None]:
            frames.append(inputs["emotion"].shape[1])
            return super().denoise(control, **inputs)

    class Blind(Watched):
        takes_one_emotion = False  # pyright: ignore[reportAssignmentType]

    parts = {f.name: getattr(distilled, f.name) for f in dataclasses.fields(distilled)}
    takes = [generate(recording, Direction(emotion=(key,)), kind(**parts)) for kind in (Watched, Blind)]
    assert takes[0].weights.tobytes() == takes[1].weights.tobytes()
    assert set(frames) == {1, 150}
