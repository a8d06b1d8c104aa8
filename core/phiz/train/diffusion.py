"""The noise of the diffusion: variance-preserving, cosine (Nichol and Dhariwal 2021)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def signal_and_noise(level: Tensor) -> tuple[Tensor, Tensor]:
    """How much signal and how much noise make up motion at a level in 0..1; squares sum to 1."""
    angle = 0.5 * math.pi * level
    return angle.cos(), angle.sin()


def noised(clean: Tensor, level: Tensor, generator: torch.Generator) -> Tensor:
    """(N, T, D) clean motion -> the same at noise level (N,)."""
    signal, noise = signal_and_noise(level)
    drawn = torch.randn(clean.shape, generator=generator)
    return signal[:, None, None] * clean + noise[:, None, None] * drawn
