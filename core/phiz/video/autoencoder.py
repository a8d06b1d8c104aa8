"""Pictures to latents and back: diffusers' AutoencoderKL, ours small or that of Stable Diffusion."""

from __future__ import annotations

import math
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from torch import Tensor
from torch.nn import functional as F

WIDTHS = (64, 112)
CHANNELS = 8
"""Widths of the small autoencoder from fine to coarse, each of half the last's side, and of its latents."""
_PATCH = 2


def small_autoencoder(widths: tuple[int, ...] = WIDTHS, channels: int = CHANNELS) -> AutoencoderKL:
    """An untrained one for pictures of 64 pixels: 16 x 16 latents of 8 channels, 2.1 M parameters.

    It takes four pixels as one of twelve colours: convolutions at full size would be most of its cost.
    """
    settings: dict[str, Any] = {
        "in_channels": 3 * _PATCH**2,
        "out_channels": 3 * _PATCH**2,
        "block_out_channels": widths,
        "down_block_types": ("DownEncoderBlock2D",) * len(widths),
        "up_block_types": ("UpDecoderBlock2D",) * len(widths),
        "layers_per_block": 1,
        "latent_channels": channels,
        "norm_num_groups": 8,
        "sample_size": 64,
        "scaling_factor": 1.0,
    }
    model = AutoencoderKL(**settings)
    with torch.no_grad():  # nearly certain at first, or what latents say would drown in their own noise
        model.quant_conv.bias[channels:] = -6.0  # type: ignore[index, union-attr]
    return model


def factor(autoencoder: AutoencoderKL) -> int:
    """Pixels of a side for each latent of a side."""
    return _patch(autoencoder) * 2 ** (len(autoencoder.config["block_out_channels"]) - 1)


def _patch(autoencoder: AutoencoderKL) -> int:
    """Pixels of a side that it takes as one: 2, and 1 for Stable Diffusion's."""
    return math.isqrt(autoencoder.config["in_channels"] // 3)


def encoded(autoencoder: AutoencoderKL, pictures: Tensor) -> DiagonalGaussianDistribution:
    """(N, 3, H, W) in -1..1 -> what its latents (N, C, h, w) may be, not scaled."""
    return autoencoder.encode(F.pixel_unshuffle(pictures, _patch(autoencoder))).latent_dist  # type: ignore[union-attr]


def decoded(autoencoder: AutoencoderKL, latents: Tensor) -> Tensor:
    """(N, C, h, w), not scaled -> (N, 3, H, W) about -1..1."""
    return F.pixel_shuffle(autoencoder.decode(latents).sample, _patch(autoencoder))  # type: ignore[union-attr]


def _scale(autoencoder: AutoencoderKL, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and spread (C, 1, 1) or (1, 1, 1) by which latents come to about one."""
    config = autoencoder.config
    if config["latents_mean"] is not None:
        found = [torch.tensor(config[name], device=like.device) for name in ("latents_mean", "latents_std")]
        return found[0].to(like.dtype)[:, None, None], found[1].to(like.dtype)[:, None, None]
    spread = torch.tensor(1.0 / config["scaling_factor"], dtype=like.dtype, device=like.device)
    return torch.zeros_like(spread)[None, None, None], spread[None, None, None]


@torch.no_grad()
def to_latents(autoencoder: AutoencoderKL, pictures: Tensor) -> Tensor:
    """(N, 3, H, W) in -1..1 -> (N, C, h, w) of about one: the mean of what they may be."""
    mean, spread = _scale(autoencoder, pictures)
    return (encoded(autoencoder, pictures).mean - mean) / spread


def from_latents(autoencoder: AutoencoderKL, latents: Tensor) -> Tensor:
    """The way back: (N, C, h, w) of about one -> (N, 3, H, W) about -1..1."""
    mean, spread = _scale(autoencoder, latents)
    return decoded(autoencoder, latents * spread + mean)


def from_pixels(pixels: Tensor) -> Tensor:
    """(..., H, W, 3) uint8 -> (..., 3, H, W) float32 in -1..1."""
    return pixels.movedim(-1, -3).float() / 127.5 - 1.0


def as_pixels(pictures: Tensor) -> Tensor:
    """(..., 3, H, W) in -1..1 -> (..., H, W, 3) uint8."""
    return ((pictures.float() + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8).movedim(-3, -1)
