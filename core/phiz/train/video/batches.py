"""Rows of a training batch, and which of their conditions are hidden."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from phiz.train.video.material import Material
from phiz.video.conditions import Conditions

UNTOLD = 0.1
"""Chance that a row is told no prompt, and that it hears nothing: what guidance needs to know."""
UNFOLLOWED = 0.1
"""Chance that the Take is hidden whole, and with it where the head is."""
HEAD_ALONE = 0.35
"""Chance that of the Take only the head is told: the mouth then follows the sound, the rest the prompt."""

GUESSED = 0.05
"""Chance that a row hears nothing and follows nothing."""


@dataclass(frozen=True, eq=False)
class Rows:
    """clean (N, F, C, h, w) latents, the portraits' (N, C, h, w), and what is told, without a bank yet."""

    clean: Tensor
    portraits: Tensor
    conditions: Conditions


class Batches:
    """Draws rows of F frames of one clip in one light: scattered ones, or `together` as they follow.

    All clips lie behind one another on `device`; what is drawn never leaves it. random: on the CPU.
    """

    def __init__(
        self,
        material: list[Material],
        frames: int,
        together: bool,
        random: torch.Generator,
        device: str = "cpu",
    ) -> None:
        kept = [m for m in material if m.frames >= frames]
        self.frames, self.together, self.random, self.device = frames, together, random, device
        self.lengths = torch.tensor([m.frames for m in kept])
        self.starts = self.lengths.cumsum(0) - self.lengths
        self.latents = torch.cat([m.latents for m in kept], dim=1).to(device)  # (V, M, C, h, w)
        self.portraits = torch.stack([m.portraits for m in kept], dim=1).to(device)  # (V, clips, C, h, w)
        self.audio = torch.cat([m.audio for m in kept]).to(device)  # (M, MOMENTS, A)
        self.text = torch.cat([m.text for m in kept], dim=2).to(device)  # (V, 2, M, L, D)
        self.take = torch.cat([m.take for m in kept], dim=1).to(device)  # (V, M, TAKE)
        self.has_take = torch.tensor([float(m.has_take) for m in kept])

    def draw(self, count: int) -> Rows:
        clip = torch.multinomial(self.lengths.float(), count, replacement=True, generator=self.random)
        light = torch.randint(len(self.latents), (count,), generator=self.random)
        room = self.lengths[clip] - self.frames + 1 if self.together else self.lengths[clip]
        drawn = torch.rand(count, 1 if self.together else self.frames, generator=self.random)
        at = (drawn * room[:, None]).long()  # (N, 1) or (N, F)
        at = at + torch.arange(self.frames) if self.together else at
        at = at + self.starts[clip][:, None]  # (N, F)
        # Coarse, fine, or anything between, as progressive guidance will ask.
        detail = (2.0 * torch.rand(count, generator=self.random) - 0.5).clamp(0, 1)

        reads = self._coin(count, 1.0 - UNTOLD)
        hears = self._coin(count, 1.0 - UNTOLD)
        follows = self._coin(count, 1.0 - UNFOLLOWED) * self.has_take[clip][:, None]
        channels = self._coin(count, 1.0 - HEAD_ALONE)
        # A face without sound and without Take has to be guessed: seldom.
        hears = torch.maximum(hears, 1.0 - follows * channels)
        told = self._coin(count, 1.0 - GUESSED)
        hears, follows = hears * told, follows * told

        clip, light, at, detail, reads, hears, follows, channels = (
            part.to(self.device) for part in (clip, light, at, detail, reads, hears, follows, channels)
        )
        which = light[:, None]
        text = torch.lerp(
            self.text[which, 0, at], self.text[which, 1, at], detail[:, None, None, None]
        )  # (N, F, L, D)
        take = self.take[which, at]
        take = torch.cat([take[..., :-3] * channels[..., None], take[..., -3:]], dim=-1)
        portraits = self.portraits[light, clip].float()
        conditions = Conditions(
            text * reads[..., None, None],
            {},
            portraits,
            self.audio[at],
            take,
            hears.expand(count, self.frames),
            follows.expand(count, self.frames),
        )
        return Rows(self.latents[which, at].float(), portraits, conditions)

    def _coin(self, count: int, chance: float) -> Tensor:
        return (torch.rand(count, 1, generator=self.random) < chance).float()
