"""A bundle's graphs back to torch networks, so that training can start from what ships.

The exporter keeps the names of biases and of most weights; those of linear layers it turns over and
renames. Which layer such a matrix belongs to is read from the bias that is added to its product.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from phiz.corpus.teacher.styles import CAPTURED
from phiz.model.adapter import Adapter, AdapterConfig
from phiz.model.dit import Dit, DitConfig
from phiz.model.phone_encoder import PhoneEncoder, PhoneEncoderConfig, PhoneFeatures
from phiz.model.without import Without
from phiz.runtime.bundle import BundleError, Part, checked, read_manifest
from phiz.train import checkpoint, stage2
from phiz.train.graphs import load_float
from phiz.train.motion import Scale

Config = TypeVar("Config")
Network = TypeVar("Network", bound=nn.Module)


def load_encoder(folder: Path) -> PhoneEncoder:
    """The audio encoder of a bundle. Raises BundleError."""
    encoder = PhoneEncoder(_config(folder, "encoder", PhoneEncoderConfig))
    _fill(PhoneFeatures(encoder), folder, "encoder")
    return encoder.eval()


def load_base(folder: Path) -> tuple[Dit, Scale, dict]:
    """The base model of a bundle, its scale and its facts, as `stage1.load` has them. Raises BundleError."""
    manifest = read_manifest(folder)
    model = _fill(Dit(_config(folder, "stage1", DitConfig)), folder, "denoiser").eval()
    scale = manifest.scale.model_dump()
    facts: dict[str, object] = {
        "config": model.config.as_dict(),
        "scale": scale,
        "styles": manifest.styles,
        "captured": [style for style in manifest.styles if style in CAPTURED],
        "step": manifest.trained["stage1_steps"],
    }
    if manifest.emotion_rows is not None:
        facts["emotion_rows"] = manifest.emotion_rows
    return model, Scale.from_dict(scale), facts


def load_adapter(folder: Path) -> Adapter:
    """The adapter of a bundle. Raises BundleError."""
    return _fill(Adapter(_config(folder, "stage2", AdapterConfig)), folder, "adapter").eval()


def load_without(folder: Path) -> Without | None:
    """What its guidance was distilled to, None where it was not. Raises BundleError."""
    manifest = read_manifest(folder)
    if not manifest.distilled:
        return None
    weights = graph_weights(checked(folder, manifest, manifest.graphs["float"]["denoiser"]))
    return Without(weights["without.levels"], weights["without.weight"]).eval()


def write_checkpoints(folder: Path, out: Path) -> dict[str, Path]:
    """The networks of a bundle as checkpoints `encoder`, `stage1` and, with an adapter, `stage2`, such as
    training leaves them: other training can take them, and `python -m export`. Raises BundleError."""
    trained = read_manifest(folder).trained
    encoder = load_encoder(folder)
    steps = {"step": trained["encoder_steps"], "steps": trained["encoder_steps"]}
    paths = {"encoder": out / "encoder.safetensors", "stage1": out / "stage1.safetensors"}
    _save(paths["encoder"], encoder, {"config": encoder.config.as_dict(), **steps})
    base, _, facts = load_base(folder)
    _save(paths["stage1"], base, {**facts, "steps": facts["step"]})
    if "stage2" in trained:
        adapter, steps = load_adapter(folder), trained["stage2_steps"]
        paths["stage2"] = out / "stage2.safetensors"
        known = {"config": adapter.config.as_dict(), "base": stage2.digest(paths["stage1"])}
        _save(paths["stage2"], adapter, {**known, "step": steps, "steps": steps})
    return paths


def _save(path: Path, model: nn.Module, facts: Mapping[str, object]) -> None:
    fresh = torch.optim.AdamW(model.parameters())
    checkpoint.save(path, model, checkpoint.RunningMean(model, 0.998), fresh, dict(facts))


def _config(folder: Path, part: str, kind: type[Config]) -> Config:
    found = read_manifest(folder).trained.get(part)
    if not isinstance(found, dict):
        raise BundleError(f"the model bundle {folder} does not say how its {part} is built; use another one")
    try:
        return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in found.items()})
    except TypeError as error:
        raise BundleError(f"the {part} of the model bundle {folder} is of another kind: {found}") from error


def _fill(network: Network, folder: Path, part: Part) -> Network:
    """Put the weights of a graph into its network. Raises BundleError."""
    name = read_manifest(folder).graphs["float"].get(part)
    if name is None:
        raise BundleError(f"the model bundle {folder} has no {part}")
    weights = graph_weights(checked(folder, read_manifest(folder), name))
    wanted = {key: value.shape for key, value in network.named_parameters()}
    lacking = [key for key, shape in wanted.items() if key not in weights or weights[key].shape != shape]
    if lacking:
        raise BundleError(f"{folder / name} does not hold the {part} it is said to: no {lacking[0]} in it")
    network.load_state_dict({key: weights[key] for key in wanted}, strict=False)  # buffers are not weights
    return network


def graph_weights(path: Path) -> dict[str, Tensor]:
    """The weights of an exported graph by their names in the network, in float32."""
    graph = load_float(path).graph
    stored = {t.name: numpy_helper.to_array(t).astype(np.float32) for t in graph.initializer}
    return {
        name: torch.from_numpy((stored[place].T if turned else stored[place]).copy())
        for name, (place, turned) in weight_places(graph).items()
    }


def weight_places(graph: onnx.GraphProto) -> dict[str, tuple[str, bool]]:
    """Where each weight of the network lies in its graph: the initialiser, and whether turned over there.

    A linear layer without a bias is told by its input: it is named as that is, with `_in.weight` behind it.
    """
    stored = {tensor.name for tensor in graph.initializer}
    places = {name: (name, False) for name in stored}
    inputs = {value.name for value in graph.input}
    readers = {name: node for node in graph.node for name in node.input}
    for node in graph.node:
        if node.op_type == "MatMul" and node.input[1] in stored:
            reader = readers.get(node.output[0])
            biases = [n for n in reader.input if n.endswith(".bias")] if reader is not None else []
            layer = biases[0].removesuffix(".bias") if biases else f"{node.input[0]}_in"
            if biases or node.input[0] in inputs:
                places[f"{layer}.weight"] = (node.input[1], True)
    return {name.removeprefix("base."): place for name, place in places.items()}  # of a `Guidable`
