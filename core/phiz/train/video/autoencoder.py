"""Trains the small autoencoder on single frames.

Sharpness comes from two terms beside the plain difference: that of neighbouring pixels' differences, and a
larger weight on what moves, for a mouth is a hundredth of a picture and all that a voice is seen by.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from rich.progress import Progress
from torch import Tensor

from phiz.train import checkpoint
from phiz.train.progress import Log, learning_rate
from phiz.train.video import footage
from phiz.train.video.footage import Footage
from phiz.train.video.precision import Precision, precise
from phiz.video.autoencoder import CHANNELS, WIDTHS, decoded, encoded, small_autoencoder

NAME = "autoencoder.safetensors"
TIES = 1e-4
"""Weight of the Kullback-Leibler term, which keeps latents near one another and the decoder used to noise."""
MOVING = 6.0
"""How much more what moves counts than what stays."""
TERMS = ("pixels", "edges", "ties")


def losses(model: AutoencoderKL, pictures: Tensor, weight: Tensor, random: torch.Generator) -> Tensor:
    """(3,): mean absolute error of pixels and of their differences, weighted (N, 1, H, W), and the ties."""
    latents = encoded(model, pictures)
    noise = torch.randn(latents.mean.shape, generator=random)
    again = decoded(model, latents.mean + latents.std * noise.to(latents.mean)).float()
    apart = again - pictures
    weight = weight / weight.mean()
    pixels = (apart.abs() * weight).mean()
    across = (apart.diff(dim=-1).abs() * weight[..., 1:]).mean()
    down = (apart.diff(dim=-2).abs() * weight[..., 1:, :]).mean()
    mean, logvar = latents.mean.float(), latents.logvar.float()
    ties = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).mean()
    return torch.stack([pixels, across + down, ties])


def train(
    clips: Path,
    out: Path,
    *,
    steps: int,
    batch: int = 8,
    peak_rate: float = 1e-3,
    seed: int = 0,
    every: int = 50,
    precision: Precision = "float32",
    widths: tuple[int, ...] = WIDTHS,
    channels: int = CHANNELS,
) -> Path:
    """Leave `autoencoder.safetensors`, `log.csv` and `log.png` in `out`; resumes what it finds.

    steps: of `batch` frames each. every: steps between saves. Raises ClipsError, CheckpointError.
    """
    seen = footage.read(clips, "train")
    path, step = out / NAME, 0
    torch.manual_seed(seed)
    model = small_autoencoder(widths, channels).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    mean = checkpoint.RunningMean(model, 0.995)
    optimiser = torch.optim.AdamW(model.parameters(), peak_rate, betas=(0.9, 0.99), weight_decay=1e-4)
    if path.is_file():
        step = int(checkpoint.resume(path, model, mean, optimiser)["step"])
    random = torch.Generator().manual_seed(seed + 1000 * step)
    log = Log(out, TERMS)
    sums, count = torch.zeros(len(TERMS)), 0
    with Progress() as bar:
        task = bar.add_task("autoencoder", total=steps, completed=step)
        while step < steps:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, peak_rate, warmup=50)
            at = torch.randint(len(seen.frames), (batch,), generator=random)
            pictures, portraits = footage.drawn(seen, at, random)
            weight = 1.0 + MOVING * footage.moved(pictures, portraits)
            with precise(precision):
                terms = losses(model, pictures, weight, random)
            (terms[0] + terms[1] + TIES * terms[2]).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad(set_to_none=True)
            mean.update(model, step)
            step += 1
            sums, count = sums + terms.detach(), count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                log.write(step, **dict(zip(TERMS, (sums / count).tolist(), strict=True)))
                log.plot()
                facts: dict[str, object] = {
                    "config": {"widths": list(widths), "channels": channels},
                    "step": step,
                    "steps": steps,
                }
                checkpoint.save(path, model, mean, optimiser, facts)
                sums, count = torch.zeros(len(TERMS)), 0
    _measure_latents(path, model, mean, optimiser, seen)
    return path


@torch.no_grad()
def _measure_latents(
    path: Path,
    model: AutoencoderKL,
    mean: checkpoint.RunningMean,
    optimiser: torch.optim.Optimizer,
    seen: Footage,
) -> None:
    """Add each channel's mean and spread over frames in all lights to the checkpoint's facts."""
    averaged = load(path)
    random = torch.Generator().manual_seed(0)
    at = torch.randint(len(seen.frames), (min(512, len(seen.frames)),), generator=random)
    pictures, _ = footage.drawn(seen, at, random)
    latents = torch.cat([encoded(averaged, part).mean for part in pictures.split(64)])
    spread, middle = torch.std_mean(latents, dim=(0, 2, 3))
    facts: dict[str, object] = dict(checkpoint.facts(path))
    facts |= {"latents_mean": middle.tolist(), "latents_std": spread.tolist()}
    checkpoint.save(path, model, mean, optimiser, facts)


def load(path: Path) -> AutoencoderKL:
    """The averaged autoencoder of a checkpoint. Raises CheckpointError."""
    facts = checkpoint.facts(path)
    config = facts["config"]
    model = small_autoencoder(tuple(config["widths"]), config["channels"])
    checkpoint.load_mean(path, model)
    if "latents_mean" in facts:
        model.register_to_config(latents_mean=facts["latents_mean"], latents_std=facts["latents_std"])
    return model.eval().requires_grad_(False)
