"""Export: the bundle's graphs compute what the networks compute, and nothing half-made is left."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from conftest import tiny_dit, tiny_phone
from onnx import TensorProto

import export.bundle
from export.__main__ import main
from export.bundle import FLOAT_ALLOWED, INT8_ALLOWED, _denoiser_inputs, write_bundle
from phiz.model.adapter import Adapter, default_adapter
from phiz.model.dit import default_config
from phiz.model.phone_encoder import OUTPUTS, PhoneFeatures
from phiz.runtime import bundle
from phiz.runtime.bundle import Guidance
from phiz.train import checkpoint, encoder, stage1
from phiz.train.checkpoint import CheckpointError, RunningMean
from phiz.train.graphs import ParityError, check, difference, store_half, write_graph, write_int8
from phiz.writing import OutputError


@pytest.mark.parametrize("frames", [1, 7, 150, 401])
def test_the_encoder_graph_is_the_network_at_any_length(
    tiny_bundle: Path, tiny_encoder: Path, frames: int
) -> None:
    network = PhoneFeatures(encoder.load(tiny_encoder))
    inputs = {"mel": torch.randn(2, 2 * frames, 64, generator=torch.Generator().manual_seed(frames))}
    assert difference(network, inputs, tiny_bundle / "encoder.onnx") < 5e-4


@pytest.mark.parametrize(("count", "frames"), [(1, 150), (1, 1), (5, 40), (8, 220)])
def test_the_denoiser_graph_is_the_network_at_any_batch_and_length(
    tiny_bundle: Path, tiny_stage1: Path, count: int, frames: int
) -> None:
    network = stage1.load(tiny_stage1)[0]
    inputs = _denoiser_inputs(network, count, frames)
    assert difference(network, inputs, tiny_bundle / "denoiser.onnx") < 1e-3
    assert 1e-4 < difference(network, inputs, tiny_bundle / "denoiser.int8.onnx") < INT8_ALLOWED


def test_each_condition_reaches_the_graph(tiny_bundle: Path, tiny_stage1: Path) -> None:
    """Tracing may bake an input into a constant; then the graph would not answer to it."""
    network = stage1.load(tiny_stage1)[0]
    session = ort.InferenceSession(str(tiny_bundle / "denoiser.onnx"))
    inputs = {name: value.numpy() for name, value in _denoiser_inputs(network, 2, 60).items()}
    inputs["keep"] = np.ones((2, 3), np.float32)
    before = np.asarray(session.run(None, inputs)[0])
    for name, value in inputs.items():
        other = {**inputs, name: value[..., ::-1].copy() if name != "level" else value * 0.5}
        other["keep"] = np.zeros((2, 3), np.float32) if name == "keep" else other["keep"]
        assert np.abs(np.asarray(session.run(None, other)[0]) - before).max() > 1e-4, name


def test_the_int8_loss_is_measured_and_told(tiny_encoder: Path, tiny_stage1: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    differences = write_bundle(tiny_encoder, tiny_stage1, out, name="x", guidance=Guidance(), steps=5)
    assert set(differences) == {"encoder.onnx", "denoiser.onnx", "denoiser.int8.onnx"}
    assert differences["denoiser.onnx"] < FLOAT_ALLOWED and differences["encoder.onnx"] < FLOAT_ALLOWED
    assert 10 * differences["denoiser.onnx"] < differences["denoiser.int8.onnx"] < INT8_ALLOWED
    assert sorted(path.name for path in out.iterdir()) == sorted([*differences, "model.json"])


def test_the_manifest_says_what_the_networks_are(tiny_bundle: Path, tiny_stage1: Path) -> None:
    manifest = bundle.read_manifest(tiny_bundle)
    facts = checkpoint.facts(tiny_stage1)
    assert manifest.encoder_reach == tiny_phone().reach and manifest.features == OUTPUTS
    assert manifest.scale.model_dump() == facts["scale"] and manifest.styles == facts["styles"]
    assert manifest.default_style == "plain" and manifest.window == stage1.WINDOW
    assert manifest.trained["stage1_steps"] == 60
    for name, digest in manifest.sha256.items():
        if name != bundle.MANIFEST:
            assert hashlib.sha256((tiny_bundle / name).read_bytes()).hexdigest() == digest
    assert {name for parts in manifest.graphs.values() for name in parts.values()} < set(manifest.sha256)


class Scaled(torch.nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weight = torch.nn.Parameter(factor * torch.randn(64, 64, generator=generator))
        self.small = torch.nn.Parameter(torch.randn(64, generator=generator))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x @ self.weight + self.small


def graph_of(network: torch.nn.Module, path: Path) -> dict[str, torch.Tensor]:
    inputs = {"x": torch.randn(4, 64, generator=torch.Generator().manual_seed(1))}
    write_graph(network, inputs, "y", {"x": {0: "n"}, "y": {0: "n"}}, path)
    return inputs


def test_stored_half_the_size_and_computed_in_full(tmp_path: Path) -> None:
    network, path = Scaled(0.1), tmp_path / "a.onnx"
    inputs = graph_of(network, path)
    assert difference(network, inputs, path) < 1e-6
    before = path.stat().st_size
    store_half(path)
    assert path.stat().st_size < 0.6 * before
    kinds = {t.name: t.data_type for t in onnx.load(str(path)).graph.initializer}
    assert list(kinds.values()).count(TensorProto.FLOAT16) == 1  # the small one stays as it is
    assert 1e-6 < difference(network, inputs, path) < 5e-4
    assert ort.InferenceSession(str(path)).get_outputs()[0].type == "tensor(float)"


def test_int8_is_int8(tmp_path: Path) -> None:
    network, path, low = Scaled(0.1), tmp_path / "a.onnx", tmp_path / "b.onnx"
    inputs = graph_of(network, path)
    write_int8(path, low)
    assert any(t.data_type == TensorProto.INT8 for t in onnx.load(str(low)).graph.initializer)
    assert 1e-3 < difference(network, inputs, low) < 0.05


def test_another_network_is_no_parity(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    inputs = graph_of(Scaled(0.1), path)
    with pytest.raises(ParityError, match=r"a\.onnx"):
        check(Scaled(0.11), inputs, path, FLOAT_ALLOWED)


def test_a_failed_export_leaves_the_old_bundle(
    tiny_encoder: Path, tiny_stage1: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "bundle"
    write_bundle(tiny_encoder, tiny_stage1, out, name="first", guidance=Guidance())
    monkeypatch.setattr(export.bundle, "FLOAT_ALLOWED", -1.0)
    with pytest.raises(ParityError):
        write_bundle(tiny_encoder, tiny_stage1, out, name="second", guidance=Guidance())
    assert list(tmp_path.iterdir()) == [out] and bundle.load(out).manifest.name == "first"
    monkeypatch.undo()
    write_bundle(tiny_encoder, tiny_stage1, out, name="second", guidance=Guidance())
    assert list(tmp_path.iterdir()) == [out] and bundle.load(out).manifest.name == "second"


def test_export_replaces_nothing_but_a_bundle(tiny_encoder: Path, tiny_stage1: Path, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "precious.txt").touch()
    (tmp_path / "file").touch()
    for place in ("work", "file", "file/bundle"):
        with pytest.raises(OutputError):
            write_bundle(tiny_encoder, tiny_stage1, tmp_path / place, name="x", guidance=Guidance())
    assert (tmp_path / "work" / "precious.txt").is_file() and len(list(tmp_path.iterdir())) == 2


def test_a_model_of_another_encoder_is_refused(tiny_encoder: Path, tmp_path: Path) -> None:
    model = stage1.Dit(tiny_dit(34))
    facts = {"config": tiny_dit(34).as_dict(), "step": 1, "scale": {"mean": [0.0] * 54, "spread": [1.0] * 54}}
    optimiser = torch.optim.AdamW(model.parameters())
    path = tmp_path / "stage1.safetensors"
    checkpoint.save(path, model, RunningMean(model, 0.9), optimiser, facts)
    with pytest.raises(CheckpointError, match="phone"):
        write_bundle(tiny_encoder, path, tmp_path / "out", name="x", guidance=Guidance())


def test_export_as_a_command(
    tiny_encoder: Path, tiny_stage1: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    argv = ["--encoder", str(tiny_encoder), "--stage1", str(tiny_stage1), "-o", str(out), "--name", "n"]
    assert main([*argv, "--audio-guidance", "1.5"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: " in said for name in ("encoder.onnx", "denoiser.onnx", "denoiser.int8.onnx"))
    assert bundle.read_manifest(out).guidance == Guidance(audio=1.5, coarse=1.0)
    assert main(["--encoder", str(tiny_stage1), "--stage1", str(tiny_stage1), "-o", str(out)]) == 2
    assert capsys.readouterr().err.startswith("export: the checkpoint")


def test_what_ships_is_small() -> None:
    """Two bytes for each weight of the networks, one more for the int8 denoiser: under 30 MiB."""
    base = default_config(94, 8)
    networks = (
        encoder.PhoneEncoder(encoder.PhoneEncoderConfig()),
        stage1.Dit(base),
        Adapter(default_adapter(base)),
    )
    heard, moved, added = (sum(p.numel() for p in network.parameters()) for network in networks)
    assert 2 * heard + 3 * moved + 2 * added < 29 * 2**20
    # Of it 3.5 MB are what guidance is read by, in both denoisers.
    assert sum(path.stat().st_size for path in bundle.SHIPPED.iterdir()) < 32 * 2**20
