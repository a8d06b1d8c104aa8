"""Trains ReferenceNet and denoiser in two stages: single frames, then motion with all else as it is.

Stage 1: several frames of a clip, each noisy in its own way, beside one portrait. Stage 2: windows, in which
one noise is in all frames, and motion modules alone are learnt (AnimateDiff; Think-Before-Draw).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch
from rich.progress import Progress
from torch import Tensor

from phiz.train import checkpoint
from phiz.train.progress import Log, learning_rate
from phiz.train.video.batches import Batches
from phiz.train.video.material import Material
from phiz.train.video.precision import Precision, precise
from phiz.video.network import Network, NetworkConfig
from phiz.video.schedule import LEVELS, schedule, shared_noise

Stage = Literal[1, 2]
MOVING = 8.0
"""How much more a cell of the latents counts where the face is not as in the portrait."""
AWAY = 0.25
"""Mean difference of a cell from the portrait's from which on it counts so."""
BLIND = 0.05
"""Chance that a batch is shown no portrait at all."""


def checkpoint_name(stage: Stage) -> str:
    return f"video{stage}.safetensors"


def load(path: Path) -> Network:
    """The averaged network of a checkpoint. Raises CheckpointError."""
    network = _new(path)
    checkpoint.load_mean(path, network)
    return network.eval().requires_grad_(False)


def _new(path: Path) -> Network:
    found = checkpoint.facts(path)["config"]
    try:
        return Network(NetworkConfig.from_dict(found))
    except (TypeError, KeyError) as error:
        raise checkpoint.CheckpointError(f"the checkpoint {path} is of another network: {found}") from error


def with_motion(first: Network) -> Network:
    """The network of stage 1 with motion modules that do nothing yet; only these may learn."""
    network = Network(replace(first.config, motion=True))
    found = network.load_state_dict(first.state_dict(), strict=False)
    lacking = [name for name in found.missing_keys if "motion_modules" not in name]
    if lacking or found.unexpected_keys:
        raise checkpoint.CheckpointError(f"stage 1 lacks {lacking + found.unexpected_keys}")
    for name, parameter in network.named_parameters():
        parameter.requires_grad_("motion_modules" in name)
    return network


def loss_of(clean: Tensor, portraits: Tensor, predicted: Tensor, wanted: Tensor) -> Tensor:
    """Mean squared error of v (N, F, C, h, w), cells that move counting more."""
    apart = (clean - portraits[:, None]).abs().mean(dim=2, keepdim=True)  # (N, F, 1, h, w)
    weight = 1.0 + MOVING * (apart / AWAY).clamp(max=1.0)
    return ((predicted.float() - wanted).square() * (weight / weight.mean())).mean()


def train(
    material: list[Material],
    out: Path,
    *,
    stage: Stage,
    start: Network,
    steps: int,
    batch: int,
    frames: int,
    peak_rate: float = 1e-3,
    seed: int = 0,
    every: int = 100,
    precision: Precision = "float32",
    shared: float = 1.0,
    device: str = "cpu",
) -> Path:
    """Leave `video1.safetensors` or `video2.safetensors` and a log in `out`; resumes what it finds.

    start: the network to begin with; what of it requires gradients is learnt. batch: rows of `frames` frames
    a step. shared: share of the noise that a window's frames have in common. Raises CheckpointError.
    """
    network = start.to(device).train()
    learning = [p for p in network.parameters() if p.requires_grad]
    mean = checkpoint.RunningMean(network, 0.998)
    optimiser = torch.optim.AdamW(learning, peak_rate, betas=(0.9, 0.99), weight_decay=0.01)
    path, step = out / checkpoint_name(stage), 0
    if path.is_file():
        step = int(checkpoint.resume(path, network, mean, optimiser)["step"])
    random = torch.Generator().manual_seed(seed + 1000 * step)
    noises = torch.Generator(device).manual_seed(seed + 1000 * step)
    batches = Batches(material, frames, stage == 2, random, device)
    levels = schedule()
    log = Log(out / f"stage{stage}", ("loss",))
    total, count = torch.zeros((), device=device), 0
    with Progress() as bar:
        task = bar.add_task(f"stage {stage}", total=steps, completed=step)
        while step < steps:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, peak_rate, warmup=100)
            rows = batches.draw(batch)
            per_row = 1 if stage == 2 else frames
            # Noisy levels more often: it is there that conditions have to say what is to be seen.
            level = LEVELS * torch.rand(batch * per_row, generator=random).sqrt()
            level = level.long().clamp(max=LEVELS - 1).to(device)  # rounding may reach LEVELS
            shape = rows.clean.shape
            if stage == 2:
                noise = torch.stack(
                    [shared_noise(frames, tuple(shape[2:]), shared, noises) for _ in range(batch)]
                )
            else:
                noise = torch.randn(shape, generator=noises, device=device)
            each = level.view(batch, per_row).expand(batch, frames).reshape(-1)
            flat, noise = rows.clean.flatten(0, 1), noise.flatten(0, 1)
            noisy = levels.add_noise(flat, noise, each).view(shape)  # type: ignore[arg-type]
            wanted = levels.get_velocity(flat, noise, each).view(shape)  # type: ignore[arg-type]
            blind = float(torch.rand(1, generator=random)) < BLIND
            conditions = rows.conditions
            with precise(precision, torch.device(device).type), torch.set_grad_enabled(True):
                if blind:
                    conditions = replace(conditions, portrait=None)
                else:
                    conditions = replace(conditions, bank=network.look(rows.portraits))
                predicted = network(noisy, level, conditions)
            loss = loss_of(rows.clean, rows.portraits, predicted, wanted)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            mean.update(network, step)
            step += 1
            total, count = total + loss.detach(), count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                log.write(step, loss=float(total) / count)
                log.plot()
                facts: dict[str, object] = {
                    "config": network.config.as_dict(),
                    "stage": stage,
                    "step": step,
                    "steps": steps,
                }
                checkpoint.save(path, network, mean, optimiser, facts)
                total, count = torch.zeros_like(total), 0
    return path
