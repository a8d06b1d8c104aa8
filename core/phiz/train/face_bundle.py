"""The bundle of a fine-tuned base model: the old one's graphs, but for the denoiser's weights.

The graph is not traced anew: its weights are put in the places of the old ones, so that whatever else it
does stays as it was. What comes out is checked against the network as every exported graph is. Guidance
that was distilled belongs to the old base model: it is cut off, and sampling runs both branches again.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.utils
import torch
from onnx import numpy_helper
from torch import Tensor

from phiz.corpus.manner_statistics import STRETCH, manner_of
from phiz.model.dit import MOTION, Dit
from phiz.motion.take import Take
from phiz.runtime import bundle
from phiz.runtime.manner import SHORTEST, MannerError, Manners, logarithms, read_manner
from phiz.train.bundle_folder import replacing, write_manifest
from phiz.train.from_bundle import weight_places
from phiz.train.graphs import FLOAT_ALLOWED, INT8_ALLOWED, check, load_float, store_half, write_int8


def write(
    base: Path, model: Dit, style: str, takes: Sequence[Take], trained: dict[str, Any], out: Path, name: str
) -> dict[str, float]:
    """Write the bundle `base` with another base model, whose last style is `style` and the default one.

    takes: of the face, which the style's manner is read from. trained: JSON values for the manifest. A
    bundle at `out` is replaced. Returns what each graph differs from its network by. Raises BundleError,
    ParityError, OutputError; then nothing is written.
    """
    old = bundle.read_manifest(base)
    with replacing(out) as part:
        changed = {graphs["denoiser"] for graphs in old.graphs.values()}
        kept = {file for graphs in old.graphs.values() for file in graphs.values()} - changed
        for file in sorted(kept):
            shutil.copyfile(bundle.checked(base, old, file), part / file)
        differences = _denoisers(bundle.checked(base, old, old.graphs["float"]["denoiser"]), model, old, part)
        manifest = old.model_copy(
            update={
                "name": name,
                "styles": [*old.styles, style],
                "default_style": style,
                "distilled": None,
                "manners": _with_manner(old.manners, style, takes),
                "sha256": {file: bundle.digest(part / file) for file in sorted(kept | changed)},
                "trained": {**old.trained, "stage1": model.config.as_dict(), "finetune": trained},
            }
        )
        write_manifest(manifest, part)
        bundle.load(part, threads=1)
    return differences


def _denoisers(graph: Path, model: Dit, old: bundle.Manifest, part: Path) -> dict[str, float]:
    """Write the float and, where there was one, the int8 graph with a network's weights, and check them."""
    whole = load_float(graph)
    if old.distilled:
        told = [value.name for value in whole.graph.input]
        whole = onnx.utils.Extractor(whole).extract_model(told, ["clean"])
    places = weight_places(whole.graph)
    stored = {tensor.name: tensor for tensor in whole.graph.initializer}
    for name, weight in model.named_parameters():
        if name not in places or places[name][0] not in stored:
            raise bundle.BundleError(f"{graph} does not hold the base model it is said to: no {name} in it")
        place, turned = places[name]
        array = weight.detach().numpy().T if turned else weight.detach().numpy()
        stored[place].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), place))
    for value in whole.graph.input:
        if value.name == "style":
            value.type.tensor_type.shape.dim[1].dim_value = model.config.styles
    onnx.checker.check_model(whole)
    files = {precision: graphs["denoiser"] for precision, graphs in old.graphs.items()}
    onnx.save(whole, str(part / files["float"]))
    told = _inputs(model, old.control)
    differences = {}
    if "int8" in files:
        write_int8(part / files["float"], part / files["int8"])
        differences[files["int8"]] = check(model, told, part / files["int8"], INT8_ALLOWED)
    store_half(part / files["float"])
    differences[files["float"]] = check(model, told, part / files["float"], FLOAT_ALLOWED)
    return differences


def _inputs(
    model: Dit, control: bundle.Control | None, count: int = 3, frames: int = 120
) -> dict[str, Tensor]:
    random, config = torch.Generator().manual_seed(frames), model.config
    told = {
        "motion": torch.randn(count, frames, MOTION, generator=random),
        "level": torch.rand(count, generator=random),
        "audio": torch.rand(count, frames, config.audio, generator=random),
        "emotion": torch.rand(count, frames, config.emotion, generator=random),
        "style": torch.eye(config.styles)[-count:],
        "keep": (torch.rand(count, 3, generator=random) > 0.3).float(),
    }
    if control is not None:
        shape = (count, control.blocks, frames, control.width)
        told["control"] = 0.3 * torch.randn(shape, generator=random)
    return told


def _with_manner(manners: Manners | None, style: str, takes: Sequence[Take]) -> Manners | None:
    """The styles' manners and that of the new one, so that it too can be recognised in a reference."""
    if manners is None:
        return None
    rows = []
    for take in takes:
        length = round(STRETCH * take.fps)
        for first in range(0, take.frames, length):
            span = slice(first, first + length)
            piece = Take(take.weights[span], take.head[span], take.fps)
            if piece.seconds >= SHORTEST:
                try:
                    rows.append(logarithms(read_manner(piece)))
                except MannerError:  # the face rests for so long
                    continue
    return Manners(styles=[*manners.styles, manner_of(style, np.array(rows), captured=True)])
