"""Trains how latents become pictures once more, when they are settled: the decoder, and what adds detail.

The encoder stays as it is, and with it all latents: a denoiser that was trained on them need not know.
"""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor, nn

from phiz.train import checkpoint
from phiz.train.checkpoint import RunningMean
from phiz.train.video import autoencoder
from phiz.train.video.drawing import Drawing, apart
from phiz.train.video.footage import Footage
from phiz.train.video.precision import Precision
from phiz.video.autoencoder import from_latents, to_latents
from phiz.video.detail import Detail

NAME = "decoder.safetensors"
BLUR = 0.05
"""Spread of the noise that latents get: those of a denoiser are not quite those of the encoder."""
_KEPT = ("config", "latents_mean", "latents_std")


class Sharper(nn.Module):
    """An autoencoder of which the decoder alone learns, and what adds detail to its pictures."""

    def __init__(self, pictures: AutoencoderKL) -> None:
        super().__init__()
        self.autoencoder = pictures.requires_grad_(False)
        for part in (pictures.decoder, pictures.post_quant_conv):
            assert part is not None
            part.requires_grad_(True)
        self.detail = Detail()


def train(
    seen: Footage,
    out: Path,
    first: Path,
    *,
    steps: int,
    batch: int = 8,
    peak_rate: float = 1e-3,
    seed: int = 0,
    every: int = 50,
    precision: Precision = "float32",
    device: str = "cpu",
) -> Path:
    """Go on from the autoencoder's checkpoint `first`; leave `decoder.safetensors` in `out`, or resume it.

    steps: of `batch` frames each. every: steps between saves. Raises CheckpointError.
    """
    torch.manual_seed(seed)
    model = Sharper(autoencoder.load(first)).train()
    known: dict[str, object] = {name: checkpoint.facts(first)[name] for name in _KEPT}

    def losses(pictures: Tensor, portraits: Tensor, random: torch.Generator) -> Tensor:
        latents = to_latents(model.autoencoder, torch.cat([pictures, portraits]))
        noise = torch.randn(pictures.shape[0], *latents.shape[1:], generator=random).to(device)
        seen, still = latents.split(len(pictures))
        with torch.no_grad():
            drawn = from_latents(model.autoencoder, still)
        again = from_latents(model.autoencoder, seen + BLUR * noise)
        return torch.stack(apart(model.detail(again, portraits, drawn), pictures, portraits))

    def facts(_mean: RunningMean, _finished: bool) -> dict[str, object]:
        return known

    run = Drawing(seen, out, NAME, steps, batch, peak_rate, seed + 1, every, precision, device)
    return run.learn(model, losses, ("pixels", "edges"), facts)


def load(path: Path, first: Path) -> tuple[AutoencoderKL, Detail]:
    """Averaged decoder and detail of a checkpoint, with the encoder of `first`. Raises CheckpointError."""
    model = Sharper(autoencoder.load(first))
    checkpoint.load_mean(path, model)
    model = model.eval().requires_grad_(False)
    return model.autoencoder, model.detail
