"""The frames of a folder of clips in memory, and what is made of them so that few faces stand for many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phiz.video import clips
from phiz.video.autoencoder import from_pixels
from phiz.video.clips import Clip, Split


@dataclass(frozen=True, eq=False)
class Footage:
    """frames (M, S, S, 3) uint8 of all clips behind one another; portraits (clips, S, S, 3); of_clip (M,)."""

    frames: Tensor
    portraits: Tensor
    of_clip: Tensor

    @classmethod
    def of(cls, found: list[Clip]) -> Footage:
        lengths = [len(clip.frames) for clip in found]
        return cls(
            torch.from_numpy(np.concatenate([clip.frames for clip in found])),
            torch.from_numpy(np.stack([clip.portrait for clip in found])),
            torch.from_numpy(np.repeat(np.arange(len(found)), lengths)),
        )

    def to(self, device: str) -> Footage:
        return Footage(*(part.to(device) for part in (self.frames, self.portraits, self.of_clip)))


def read(root: Path, split: Split) -> Footage:
    """Raises ClipsError and what damaged files raise."""
    return Footage.of(list(clips.load_all(root, split)))


def recoloured(pictures: Tensor, random: torch.Generator) -> Tensor:
    """(N, ..., 3, H, W) in -1..1, each of N in another light: gains of red, green and blue, and a gamma."""
    shape = (len(pictures),) + (1,) * (pictures.ndim - 4)
    gains = 1.0 + 0.25 * (2.0 * torch.rand(len(pictures), 3, generator=random) - 1.0)
    gains = gains * (1.0 + 0.15 * (2.0 * torch.rand(len(pictures), 1, generator=random) - 1.0))
    gamma = torch.exp(0.3 * (2.0 * torch.rand(len(pictures), generator=random) - 1.0))
    gains, gamma = gains.to(pictures.device), gamma.to(pictures.device)
    bright = (0.5 * pictures + 0.5).clamp(0, 1) ** gamma.view(*shape, 1, 1, 1)
    return (2.0 * bright * gains.view(*shape, 3, 1, 1) - 1.0).clamp(-1, 1)


def drawn(footage: Footage, at: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Frames by their number and their portraits, (N, 3, S, S) each, in one light, some mirrored."""
    mirrored = (torch.rand(len(at), generator=random) < 0.5).to(footage.frames.device)
    at = at.to(footage.frames.device)
    frames = from_pixels(footage.frames[at])
    portraits = from_pixels(footage.portraits[footage.of_clip[at]])
    both = recoloured(torch.stack([frames, portraits], dim=1), random)  # (N, 2, 3, S, S)
    both = torch.where(mirrored[:, None, None, None, None], both.flip(-1), both)
    return both[:, 0], both[:, 1]


def moved(pictures: Tensor, portraits: Tensor) -> Tensor:
    """(N, 1, H, W), 0 where a picture is as the portrait to 1 where it is another: mouth, eyes, brows."""
    apart = (pictures - portraits).abs().mean(dim=1, keepdim=True)
    return (torch.nn.functional.avg_pool2d(apart, 3, stride=1, padding=1) / 0.15).clamp(max=1.0)
