"""The ablation of two stages: base model and adapter learnt at once, from nothing, on acted windows alone."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from phiz.acting.units import UNITS
from phiz.model.adapter import Adapter, default_adapter
from phiz.model.dit import Dit, DitConfig
from phiz.train import checkpoint, hearing
from phiz.train.acted import HELD_OUT, ActedBatch, Scenes, load_voices
from phiz.train.half import Half
from phiz.train.motion import Scale
from phiz.train.stage2 import WINDOW, digest, learn, predict


class _Both(nn.Module):
    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.base, self.adapter = Dit(config), Adapter(default_adapter(config))


def train(
    corpus: Path,
    encoder: Path,
    like: Path,
    out: Path,
    *,
    steps: int,
    batch: int = 16,
    peak_rate: float = 8e-4,
    seed: int = 0,
    every: int = 100,
    device: str = "cpu",
) -> Path:
    """Train and leave `stage1.safetensors` and `stage2.safetensors` of one network in `out`; resumes.

    like: checkpoint of stage 1 on the same encoder, whose configuration and scale are taken, and no
    weights. Batches, losses and swapped labels are those of stage 2. Returns the adapter's checkpoint;
    both are written when all steps are done. Raises CorpusError, CheckpointError.
    """
    network, stamp = hearing.load(encoder, device)
    base_facts = checkpoint.facts(like)
    config, scale = checkpoint.config_of(like, DitConfig), Scale.from_dict(base_facts["scale"])
    voices = load_voices(corpus, network, stamp, "train", seed, device)
    torch.manual_seed(seed)
    half = Half(_Both(config).to(device))

    def predicted(acted: ActedBatch, random: torch.Generator) -> Tensor:
        return predict(half.twin.base, half.twin.adapter, acted, random, device)

    def scenes(seed: int) -> Scenes:
        return Scenes(voices, scale, WINDOW, seed, network.silence, HELD_OUT)

    path = out / "both.safetensors"
    mean = learn(
        half, predicted, scenes, scale, path, {"config": {}}, title="one stage", decay=0.998, steps=steps,
        batch=batch, peak_rate=peak_rate, seed=seed, every=every, device=device, swap=True,
    )  # fmt: skip
    return _split(half.master, mean, out, base_facts, checkpoint.facts(path)["step"])


def _split(both: _Both, mean: checkpoint.RunningMean, out: Path, base_facts: dict, step: int) -> Path:
    """The averaged network as the two checkpoints that the export takes."""
    mean.copy_to(both)
    base, adapter = out / "stage1.safetensors", out / "stage2.safetensors"
    facts = {key: base_facts[key] for key in ("scale", "styles", "captured")} | {"step": step}
    _save(base, both.base, {**facts, "config": both.base.config.as_dict()})
    units = {
        "units": [list(unit) for unit in UNITS],
        "swap": True,
        "held_out": sorted(map(sorted, HELD_OUT)),
        "step": step,
    }
    _save(adapter, both.adapter, {**units, "config": both.adapter.config.as_dict(), "base": digest(base)})
    return adapter


def _save(path: Path, network: nn.Module, facts: dict[str, object]) -> None:
    checkpoint.save(
        path, network, checkpoint.RunningMean(network, 0.0), torch.optim.SGD(network.parameters()), facts
    )
