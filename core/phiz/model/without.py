"""What the base model would predict were nothing told to it, read from the run in which all is told.

Guidance compares the two, and running both is half of its cost. Most of what the second run would find is
in the states of the first: its early blocks read the noisy motion before they have heard much. The reading
is linear and fitted in closed form (`phiz.train.distill`), so that it needs no training run.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phiz.model.dit import MOTION, Dit, DitConfig

AWAY = (-8, -4, -2, -1, 0, 1, 2, 4, 8)
"""Frames off, at which the noisy motion is read beside the states."""


def readings(config: DitConfig) -> int:
    """Numbers per frame that are read: noisy motion round about, the states of all blocks, and 1."""
    return len(AWAY) * MOTION + config.blocks * config.width + 1


def read(motion: Tensor, left: list[Tensor]) -> Tensor:
    """(N, T, readings) from noisy motion (N, T, 54) and what `Dit.states` leaves."""
    reach = AWAY[-1]
    wide = F.pad(motion, (0, 0, reach, reach))  # nothing is known beyond the window
    near = [wide[:, reach + off : (off - reach) or None] for off in AWAY]
    states = [F.layer_norm(x, (int(x.shape[-1]),)) for x in left]
    return torch.cat([*near, *states, torch.ones_like(motion[..., :1])], dim=-1)


class Without(nn.Module):
    """weight (levels, readings, 54), fitted at noise levels (levels,) that rise; linear between them."""

    def __init__(self, levels: Tensor, weight: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)
        self.register_buffer("levels", levels)

    def forward(self, motion: Tensor, level: Tensor, clean: Tensor, left: list[Tensor]) -> Tensor:
        """motion, clean (N, T, 54): what the base model was given and predicts; level (N,)."""
        at = self.get_buffer("levels")
        below = (level[:, None] >= at[1:-1]).sum(1)  # (N,) which two of the fitted levels it lies between
        low, high = at[below], at[below + 1]
        share = ((level - low) / (high - low)).clamp(0, 1)[:, None, None]
        weight = torch.lerp(self.weight[below], self.weight[below + 1], share)  # (N, readings, 54)
        return clean + read(motion, left) @ weight


class Guidable(nn.Module):
    """A base model and its `Without` in one run: clean motion as told, and as if nothing were told."""

    def __init__(self, base: Dit, without: Without) -> None:
        super().__init__()
        self.base, self.without = base, without

    def forward(
        self,
        motion: Tensor,
        level: Tensor,
        audio: Tensor,
        emotion: Tensor,
        style: Tensor,
        keep: Tensor,
        control: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        clean, left = self.base.states(motion, level, audio, emotion, style, keep, control)
        return clean, self.without(motion, level, clean, left)
