"""The ablation of two stages: base model and adapter learnt at once, from nothing, on acted windows alone."""

from __future__ import annotations

from pathlib import Path

import torch
from rich.progress import Progress
from torch import nn

from phiz.acting.units import UNITS
from phiz.model.adapter import Adapter, default_adapter
from phiz.model.dit import Dit, DitConfig
from phiz.train import checkpoint, hearing
from phiz.train.acted import HELD_OUT, Scenes, load_voices
from phiz.train.half import Half
from phiz.train.motion import Scale
from phiz.train.progress import Log, learning_rate
from phiz.train.stage1 import Losses
from phiz.train.stage2 import LOGGED, WINDOW, controlled_error, digest, narrowed, predict


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
    mean = checkpoint.RunningMean(half.master, 0.998)
    optimiser = torch.optim.AdamW(
        half.master.parameters(), peak_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    path, step = out / "both.safetensors", 0
    if path.is_file():
        step = int(checkpoint.resume(path, half.master, mean, optimiser)["step"])
        half.push()
    random = torch.Generator().manual_seed(seed + 1000 * step)
    scenes = Scenes(voices, scale, WINDOW, seed + 1000 * step, network.silence, HELD_OUT)
    losses, log = Losses(scale, device), Log(out, LOGGED)
    spread, sums, count = torch.from_numpy(scale.spread), torch.zeros(len(LOGGED)), 0
    with Progress() as bar:
        task = bar.add_task("one stage", total=steps, completed=step)
        while step < steps:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, peak_rate)
            acted = narrowed(scenes.batch(batch), spread, random, swap=True)
            predicted = predict(half.twin.base, half.twin.adapter, acted, random, device)
            acted = acted.to(device)
            loss, terms = losses(predicted, acted.drawn)
            met = controlled_error(predicted, acted, losses.spread)
            loss.backward()
            half.pull()
            torch.nn.utils.clip_grad_norm_(half.master.parameters(), 1.0)
            optimiser.step()
            half.push()
            mean.update(half.master, step)
            step += 1
            sums, count = sums + torch.cat([terms, met[None]]).cpu(), count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                log.write(step, **dict(zip(LOGGED, (sums / count).tolist(), strict=True)))
                checkpoint.save(
                    path, half.master, mean, optimiser, {"config": {}, "step": step, "steps": steps}
                )
                sums, count = torch.zeros(len(LOGGED)), 0
    log.plot()
    return _split(half.master, mean, out, base_facts, step)


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
