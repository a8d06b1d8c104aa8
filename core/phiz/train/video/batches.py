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
    """Draws rows of F frames of one clip in one light: scattered ones, or `together` as they follow."""

    def __init__(
        self, material: list[Material], frames: int, together: bool, random: torch.Generator
    ) -> None:
        self.material = [m for m in material if m.frames >= frames]
        self.frames, self.together, self.random = frames, together, random
        self.weights = torch.tensor([float(m.frames) for m in self.material])

    def draw(self, count: int) -> Rows:
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=self.random)
        rows = [self._row(self.material[i]) for i in chosen.tolist()]
        clean, portraits, audio, text, take, followed = (
            torch.stack(part) for part in zip(*rows, strict=True)
        )
        hears = self._coin(count, 1.0 - UNTOLD)
        follows = self._coin(count, 1.0 - UNFOLLOWED) * followed[:, None]
        channels = self._coin(count, 1.0 - HEAD_ALONE)
        take[..., :-3] *= channels[..., None]
        # A face without sound and without Take has to be guessed: seldom.
        hears = torch.maximum(hears, 1.0 - follows * channels)
        told = self._coin(count, 1.0 - GUESSED)
        hears, follows = hears * told, follows * told
        conditions = Conditions(
            text * self._coin(count, 1.0 - UNTOLD)[..., None, None],
            {},
            portraits,
            audio,
            take,
            hears.expand(count, self.frames),
            follows.expand(count, self.frames),
        )
        return Rows(clean, portraits, conditions)

    def _coin(self, count: int, chance: float) -> Tensor:
        return (torch.rand(count, 1, generator=self.random) < chance).float()

    def _row(self, clip: Material) -> tuple[Tensor, ...]:
        light = int(torch.randint(len(clip.latents), (1,), generator=self.random))
        if self.together:
            start = int(torch.randint(clip.frames - self.frames + 1, (1,), generator=self.random))
            at = torch.arange(start, start + self.frames)
        else:
            at = torch.randint(clip.frames, (self.frames,), generator=self.random)
        # Coarse, fine, or anything between, as progressive guidance will ask.
        detail = float((2.0 * torch.rand(1, generator=self.random) - 0.5).clamp(0, 1))
        text = torch.lerp(clip.text[light, 0, at], clip.text[light, 1, at], detail)
        return (
            clip.latents[light, at],
            clip.portraits[light],
            clip.audio[at],
            text,
            clip.take[light, at],
            torch.tensor(float(clip.has_take)),
        )
