"""The audio encoder `phone`: log-mel frames -> what each moment sounds like.

A residual convolution network, small enough for any CPU. Its output is meant to be read by people:
a probability for each phone and four for the lips.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phiz.audio import mel
from phiz.audio.phones import PHONES

FPS = 50
"""Output frames per second: two mel frames each."""

LIPS: tuple[str, ...] = ("closure", "labiodental", "rounding", "openness")
"""What the lips do, beside the phones: targets soft in time, so that they carry its fine grain."""

OUTPUTS = len(PHONES) + len(LIPS)


@dataclass(frozen=True)
class PhoneEncoderConfig:
    width: int = 256
    dilations: tuple[int, ...] = (1, 1, 2, 1, 1, 3, 1, 1, 2, 1)
    kernel: int = 5
    dropout: float = 0.1

    @property
    def reach(self) -> int:
        """Output frames on either side that one output frame depends on."""
        return sum(self.dilations) * (self.kernel // 2) + 1

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class Block(nn.Module):
    """Norm -> dilated convolution -> ReLU -> linear, added to the input.

    ReLU and a dropout of whole channels, because the exact GELU and a coin for every number take
    40 % of a training step on a CPU.
    """

    def __init__(self, config: PhoneEncoderConfig, dilation: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(config.width)
        self.mix = nn.Conv1d(
            config.width,
            config.width,
            config.kernel,
            padding=dilation * (config.kernel // 2),
            dilation=dilation,
        )
        self.out = nn.Linear(config.width, config.width)
        self.dropout = nn.Dropout1d(config.dropout)
        nn.init.zeros_(self.out.weight)  # each block starts as the identity
        nn.init.zeros_(self.out.bias)

    def forward(self, x: Tensor) -> Tensor:  # (N, T, C)
        mixed = self.mix(self.norm(x).transpose(1, 2)).transpose(1, 2)
        added = self.out(F.relu(mixed))
        return x + self.dropout(added.transpose(1, 2)).transpose(1, 2)


class PhoneEncoder(nn.Module):
    """(N, 2T, 64) normalised log-mel at 100 fps -> logits (N, T, 46) at 50 fps, phones then lips."""

    def __init__(self, config: PhoneEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv1d(mel.BINS, config.width, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(Block(config, d) for d in config.dilations)
        self.norm = nn.LayerNorm(config.width)
        self.head = nn.Linear(config.width, OUTPUTS)

    def forward(self, frames: Tensor) -> Tensor:
        x = self.stem(frames.transpose(1, 2)).transpose(1, 2)  # (N, 2T, 64) -> (N, T, C)
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))  # (N, T, 46)


class PhoneFeatures(nn.Module):
    """What the bundle's encoder graph computes: the logits as square roots of probabilities.

    The root spreads out the small ones: whether a closure has 2 % or 20 % matters to the lips.
    """

    def __init__(self, encoder: PhoneEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, frames: Tensor) -> Tensor:
        logits = self.encoder(frames)
        phones = logits[..., : len(PHONES)].softmax(dim=-1)
        lips = logits[..., len(PHONES) :].sigmoid()
        return torch.cat([phones, lips], dim=-1).sqrt()
