"""How noise comes and goes: v-prediction with no signal left at the last level, through diffusers."""

from __future__ import annotations

import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from torch import Tensor

LEVELS = 1000


def schedule() -> DDIMScheduler:
    """Stable Diffusion's levels, rescaled so that the noisiest is noise alone (Lin et al. 2024)."""
    return DDIMScheduler(
        num_train_timesteps=LEVELS,
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def shared_noise(frames: int, shape: tuple[int, ...], shared: float, random: torch.Generator) -> Tensor:
    """(frames, *shape) noise of variance 1, of which the share `shared` of the variance is the same in every
    frame (Ge et al. 2023): what stands still in a face then stands still in the film."""
    one = torch.randn(1, *shape, generator=random, device=random.device)
    if shared >= 1.0:
        return one.expand(frames, *shape).clone()
    own = torch.randn(frames, *shape, generator=random, device=random.device)
    return shared**0.5 * one + (1.0 - shared) ** 0.5 * own
