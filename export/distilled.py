"""A bundle again, its denoiser with distilled guidance and with fewer steps as its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from export.bundle import (
    _controlled_inputs,
    _denoiser_inputs,
    write_adapter_graph,
    write_denoiser_graphs,
)
from phiz.model.without import Guidable
from phiz.runtime import bundle
from phiz.train import distill, from_bundle, stage1
from phiz.train.bundle_folder import replacing, write_manifest


def write_distilled(
    folder: Path, out: Path, *, without: Path | None = None, steps: int | None = None
) -> dict[str, float]:
    """Write a bundle that samples as `folder` does, only quicker. Returns each new graph's difference.

    without: checkpoint of `phiz train distill`, None for what `folder` has of it, if anything. steps: of
    sampling, None for those of `folder`. All else is kept to the byte; the graphs are traced anew.
    Raises ParityError, BundleError, CheckpointError, OutputError; then nothing is written.
    """
    manifest = bundle.read_manifest(folder)
    base, _, _ = from_bundle.load_base(folder)
    trained = dict(manifest.trained)
    with replacing(out) as part:
        for name in sorted({name for parts in manifest.graphs.values() for name in parts.values()}):
            shutil.copyfile(bundle.checked(folder, manifest, name), part / name)
        if without is None:
            network = from_bundle.load_without(folder)
        else:
            network, facts = distill.load(without, folder)
            trained["without"] = {key: facts[key] for key in ("windows", "left_over")}
        model = base if network is None else Guidable(base, network)
        inputs = _denoiser_inputs if manifest.control is None else _controlled_inputs
        shapes = (inputs(base, 2, stage1.WINDOW), inputs(base, 3, 120))
        differences = write_denoiser_graphs(model, shapes, part)
        if manifest.control is not None:
            differences |= write_adapter_graph(from_bundle.load_adapter(folder), part)
        manifest = manifest.model_copy(
            update={
                "distilled": None if network is None else True,
                "steps": manifest.steps if steps is None else steps,
                "sha256": manifest.sha256 | {name: bundle.digest(part / name) for name in differences},
                "trained": trained,
            }
        )
        write_manifest(manifest, part)
    return differences
