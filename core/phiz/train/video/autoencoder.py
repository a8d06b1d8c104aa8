"""Trains the small autoencoder on single frames.

Sharpness comes from two terms beside the plain difference: that of neighbouring pixels' differences, and a
larger weight on what moves, for a mouth is a hundredth of a picture and all that a voice is seen by.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
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

NAME, DECODER = "autoencoder.safetensors", "decoder.safetensors"
_SCALE = ("latents_mean", "latents_std")
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
    torch.manual_seed(seed)
    model = small_autoencoder(widths, channels)
    seen = footage.read(clips, "train")
    _Run(seen, out, NAME, steps, batch, peak_rate, seed, every, precision)(model)
    return out / NAME


def sharpen(
    clips: Path,
    out: Path,
    first: Path,
    *,
    steps: int,
    batch: int = 8,
    peak_rate: float = 1e-3,
    seed: int = 0,
    every: int = 50,
    precision: Precision = "float32",
) -> Path:
    """Train the decoder of the checkpoint `first` further and leave `decoder.safetensors` in `out`.

    The encoder stays as it is, and with it all latents: a denoiser that was trained on them need not know.
    Raises ClipsError, CheckpointError.
    """
    model = load(first)
    for part in (model.decoder, model.post_quant_conv):
        assert part is not None
        part.requires_grad_(True)
    known = {name: checkpoint.facts(first)[name] for name in _SCALE}
    seen = footage.read(clips, "train")
    _Run(seen, out, DECODER, steps, batch, peak_rate, seed + 1, every, precision)(model, known)
    return out / DECODER


@dataclass(frozen=True)
class _Run:
    """One training run of what of an autoencoder requires gradients."""

    seen: Footage
    out: Path
    name: str
    steps: int
    batch: int
    peak_rate: float
    seed: int
    every: int
    precision: Precision

    def __call__(self, model: AutoencoderKL, scale: dict[str, list[float]] | None = None) -> None:
        """scale: of the latents, where it is known; else it is measured when all is learnt."""
        model = model.train().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        learning = [p for p in model.parameters() if p.requires_grad]
        mean = checkpoint.RunningMean(model, 0.995)
        optimiser = torch.optim.AdamW(learning, self.peak_rate, betas=(0.9, 0.99), weight_decay=1e-4)
        path, step = self.out / self.name, 0
        if path.is_file():
            step = int(checkpoint.resume(path, model, mean, optimiser)["step"])
        random = torch.Generator().manual_seed(self.seed + 1000 * step)
        log = Log(self.out / Path(self.name).stem, TERMS)
        sums, count = torch.zeros(len(TERMS)), 0
        with Progress() as bar:
            task = bar.add_task(Path(self.name).stem, total=self.steps, completed=step)
            while step < self.steps:
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(step, self.steps, self.peak_rate, warmup=50)
                at = torch.randint(len(self.seen.frames), (self.batch,), generator=random)
                pictures, portraits = footage.drawn(self.seen, at, random)
                weight = 1.0 + MOVING * footage.moved(pictures, portraits)
                with precise(self.precision):
                    terms = losses(model, pictures, weight, random)
                (terms[0] + terms[1] + TIES * terms[2]).backward()
                torch.nn.utils.clip_grad_norm_(learning, 1.0)
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
                mean.update(model, step)
                step += 1
                sums, count = sums + terms.detach(), count + 1
                bar.update(task, completed=step)
                if step % self.every == 0 or step == self.steps:
                    log.write(step, **dict(zip(TERMS, (sums / count).tolist(), strict=True)))
                    log.plot()
                    if step == self.steps and scale is None:
                        averaged = copy.deepcopy(model)
                        mean.copy_to(averaged)
                        scale = _latents_measured(averaged, self.seen)
                    config = model.config
                    facts: dict[str, object] = {
                        "config": {
                            "widths": list(config["block_out_channels"]),
                            "channels": config["latent_channels"],
                        },
                        "step": step,
                        "steps": self.steps,
                        **(scale or {}),
                    }
                    checkpoint.save(path, model, mean, optimiser, facts)
                    sums, count = torch.zeros(len(TERMS)), 0


@torch.no_grad()
def _latents_measured(model: AutoencoderKL, seen: Footage) -> dict[str, list[float]]:
    """Each channel's mean and spread over frames in all lights."""
    random = torch.Generator().manual_seed(0)
    at = torch.randint(len(seen.frames), (min(512, len(seen.frames)),), generator=random)
    pictures, _ = footage.drawn(seen, at, random)
    latents = torch.cat([encoded(model, part).mean for part in pictures.split(64)])
    spread, middle = torch.std_mean(latents, dim=(0, 2, 3))
    return dict(zip(_SCALE, (middle.tolist(), spread.tolist()), strict=True))


def load(path: Path) -> AutoencoderKL:
    """The averaged autoencoder of a checkpoint. Raises CheckpointError."""
    facts = checkpoint.facts(path)
    config = facts["config"]
    model = small_autoencoder(tuple(config["widths"]), config["channels"])
    checkpoint.load_mean(path, model)
    if "latents_mean" in facts:
        model.register_to_config(latents_mean=facts["latents_mean"], latents_std=facts["latents_std"])
    return model.eval().requires_grad_(False)
