"""A bundle becomes networks again, and they compute what its graphs compute."""

from __future__ import annotations

import shutil
from pathlib import Path

import onnx
import pytest
import torch
from torch import nn

from export.bundle import _adapter_inputs, _controlled_inputs, _encoder_inputs, write_bundle
from phiz.model.phone_encoder import PhoneFeatures
from phiz.runtime import bundle
from phiz.runtime.bundle import BundleError, Guidance
from phiz.train import from_bundle, stage1
from phiz.train.graphs import difference

EXACT = 1e-5  # one graph, computed by two programs


@pytest.fixture(params=["shipped", "tiny"])
def folder(request: pytest.FixtureRequest, acting_bundle: Path) -> Path:
    return bundle.SHIPPED if request.param == "shipped" else acting_bundle


def test_networks_are_the_graphs(folder: Path) -> None:
    base, _, _ = from_bundle.load_base(folder)
    adapter = from_bundle.load_adapter(folder)
    encoder = PhoneFeatures(from_bundle.load_encoder(folder))
    assert difference(base, _controlled_inputs(base, 3, 120), folder / "denoiser.onnx", ["clean"]) < EXACT
    assert difference(adapter, _adapter_inputs(adapter, 2, 90), folder / "adapter.onnx") < EXACT
    assert difference(encoder, _encoder_inputs(77), folder / "encoder.onnx") < EXACT


def test_checkpoints_of_a_bundle_make_that_bundle_again(acting_bundle: Path, tmp_path: Path) -> None:
    paths = from_bundle.write_checkpoints(acting_bundle, tmp_path / "run")
    again = tmp_path / "again"
    write_bundle(
        paths["encoder"],
        paths["stage1"],
        again,
        name="acting",
        guidance=Guidance(audio=1.4, coarse=1.4),
        stage2_checkpoint=paths["stage2"],
    )
    for graph in ("encoder.onnx", "denoiser.onnx", "adapter.onnx"):
        before, after = (from_bundle.graph_weights(f / graph) for f in (acting_bundle, again))
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name].half(), after[name].half()) for name in before)
    old, new = (bundle.read_manifest(f) for f in (acting_bundle, again))
    assert (old.scale, old.styles, old.trained) == (new.scale, new.styles, new.trained)


def test_the_facts_are_those_that_training_saved(acting_bundle: Path, tiny_stage1: Path) -> None:
    _, scale, facts = stage1.load(tiny_stage1)
    _, found, told = from_bundle.load_base(acting_bundle)
    assert found.as_dict() == scale.as_dict()
    assert told == {key: value for key, value in facts.items() if key != "steps"}


def test_a_graph_of_another_network_is_refused(acting_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    shutil.copytree(acting_bundle, folder)
    graph = onnx.load(str(folder / "denoiser.onnx"))
    next(t for t in graph.graph.initializer if t.name == "head.bias").name = "tail.bias"
    for node in graph.graph.node:
        node.input[:] = ["tail.bias" if name == "head.bias" else name for name in node.input]
    onnx.save(graph, str(folder / "denoiser.onnx"))
    manifest = bundle.read_manifest(folder)
    manifest.sha256["denoiser.onnx"] = bundle.digest(folder / "denoiser.onnx")
    manifest.sha256[bundle.MANIFEST] = bundle.manifest_digest(manifest)
    (folder / bundle.MANIFEST).write_text(manifest.model_dump_json(exclude_none=True), encoding="utf-8")
    with pytest.raises(BundleError, match=r"no head\.weight in it"):
        from_bundle.load_base(folder)


def test_a_bundle_without_an_adapter_has_none_to_load(tiny_bundle: Path) -> None:
    with pytest.raises(BundleError, match="built"):
        from_bundle.load_adapter(tiny_bundle)
    assert isinstance(from_bundle.load_base(tiny_bundle)[0], nn.Module)
