"""Networks to ONNX graphs, their weights stored in half precision or quantised, and checked."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from phiz.errors import PhizError

OPSET = 17
FLOAT_ALLOWED = 5e-3  # what storing weights as float16 may cost
INT8_ALLOWED = 0.15
_SMALL = 1024  # numbers below which a tensor stays in float32


class ParityError(PhizError):
    """A graph that does not compute what its network computes."""


def write_graph(
    network: nn.Module,
    inputs: dict[str, Tensor],
    outputs: str | list[str],
    dynamic: dict[str, dict[int, str]],
    path: Path,
) -> None:
    """Export a network by example inputs (by name, in the order of its arguments); outputs: their names."""
    with warnings.catch_warnings():
        # The tracing exporter needs no package beyond onnx; torch warns that it will go one day.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            tuple(inputs.values()),
            str(path),
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=[outputs] if isinstance(outputs, str) else outputs,
            dynamic_axes=dynamic,
        )


def store_half(path: Path) -> None:
    """Rewrite a graph so that its large weights are stored as float16 and cast when it is loaded.

    Half the size; everything is still computed in float32.
    """
    model = onnx.load(str(path))
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < _SMALL:
            continue
        name, low = tensor.name, f"{tensor.name}.half"
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), low))
        casts.append(helper.make_node("Cast", [low], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        model.graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def load_float(path: Path) -> onnx.ModelProto:
    """A graph with its weights in float32 again, as it was before `store_half`."""
    model = onnx.load(str(path))
    halves = {t.name: t for t in model.graph.initializer if t.data_type == TensorProto.FLOAT16}
    for node in [n for n in model.graph.node if n.op_type == "Cast" and n.input[0] in halves]:
        tensor = halves[node.input[0]]
        whole = numpy_helper.to_array(tensor).astype(np.float32)
        tensor.CopyFrom(numpy_helper.from_array(whole, node.output[0]))
        model.graph.node.remove(node)
    return model


def write_int8(path: Path, out: Path) -> None:
    """A second graph whose matrix products run in int8, scales taken from the data of each run.

    Weights have 7 bits: with 8, processors that have AVX2 but not VNNI add up pairs of products beyond what
    16 bits hold, and a denoiser is off by a fifth instead of a thirtieth.
    """
    quantize_dynamic(
        str(path),
        str(out),
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        per_channel=True,
        reduce_range=True,
    )


def difference(
    network: nn.Module, inputs: dict[str, Tensor], path: Path, outputs: list[str] | None = None
) -> float:
    """Root mean square difference between graph and network, relative to the network's own spread; of
    several outputs the largest. outputs: of the graph, those that the network has; None for all."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    found = session.run(outputs, {name: value.numpy() for name, value in inputs.items()})
    with torch.no_grad():
        wanted = network.eval()(*inputs.values())
    pairs = zip(found, [wanted] if isinstance(wanted, Tensor) else wanted, strict=True)
    return max(_difference(np.asarray(a), b.numpy()) for a, b in pairs)


def _difference(found: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.sqrt(np.mean((found - wanted) ** 2)) / max(float(wanted.std()), 1e-6))


def check(network: nn.Module, inputs: dict[str, Tensor], path: Path, allowed: float) -> float:
    """The difference, if it is within what is allowed. Raises ParityError."""
    found = difference(network, inputs, path)
    if not found <= allowed:
        raise ParityError(f"expected {path.name} to be within {allowed:g} of the network, came {found:.2g}")
    return found
