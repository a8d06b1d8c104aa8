"""Trains the small autoencoder on single frames."""

from __future__ import annotations

import copy
from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from phiz.train import checkpoint
from phiz.train.checkpoint import RunningMean
from phiz.train.video import footage
from phiz.train.video.drawing import Drawing, apart
from phiz.train.video.footage import Footage
from phiz.train.video.precision import Precision
from phiz.video.autoencoder import CHANNELS, WIDTHS, decoded, encoded, small_autoencoder

NAME = "autoencoder.safetensors"
TIES = 1e-4
"""Weight of the Kullback-Leibler term, which keeps latents near one another and the decoder used to noise."""


def train(
    seen: Footage,
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
    device: str = "cpu",
) -> Path:
    """Leave `autoencoder.safetensors` and a log in `out`; resumes what it finds.

    steps: of `batch` frames each. every: steps between saves. Raises CheckpointError.
    """
    torch.manual_seed(seed)
    model = small_autoencoder(widths, channels).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def losses(pictures: Tensor, portraits: Tensor, random: torch.Generator) -> Tensor:
        latents = encoded(model, pictures)
        noise = torch.randn(latents.mean.shape, generator=random).to(device)
        again = decoded(model, latents.mean + latents.std * noise.to(latents.mean.dtype))
        mean, logvar = latents.mean.float(), latents.logvar.float()
        ties = 0.5 * (mean.square() + logvar.exp() - 1.0 - logvar).mean()
        return torch.stack([*apart(again, pictures, portraits), TIES * ties])

    def facts(mean: RunningMean, finished: bool) -> dict[str, object]:
        scale = {}
        if finished:
            averaged = copy.deepcopy(model)
            mean.copy_to(averaged)
            scale = _latents_measured(averaged, seen)
        return {"config": {"widths": list(widths), "channels": channels}, **scale}

    run = Drawing(seen, out, NAME, steps, batch, peak_rate, seed, every, precision, device)
    return run.learn(model, losses, ("pixels", "edges", "ties"), facts)


@torch.no_grad()
def _latents_measured(model: AutoencoderKL, seen: Footage) -> dict[str, list[float]]:
    """Each channel's mean and spread over frames in all lights."""
    random = torch.Generator().manual_seed(0)
    at = torch.randint(len(seen.frames), (min(512, len(seen.frames)),), generator=random)
    device = next(model.parameters()).device
    pictures, _ = footage.drawn(seen.to(str(device)), at, random)
    latents = torch.cat([encoded(model, part).mean for part in pictures.split(64)])
    spread, middle = torch.std_mean(latents, dim=(0, 2, 3))
    return {"latents_mean": middle.tolist(), "latents_std": spread.tolist()}


def load(path: Path) -> AutoencoderKL:
    """The averaged autoencoder of a checkpoint. Raises CheckpointError."""
    facts = checkpoint.facts(path)
    config = facts["config"]
    model = small_autoencoder(tuple(config["widths"]), config["channels"])
    checkpoint.load_mean(path, model)
    if "latents_mean" in facts:
        model.register_to_config(latents_mean=facts["latents_mean"], latents_std=facts["latents_std"])
    return model.eval().requires_grad_(False)
