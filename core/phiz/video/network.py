"""The whole network of talking portraits: ReferenceNet, backbone, and what turns conditions into tokens."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from phiz.face.channels import COUNT
from phiz.video.backbone import BackboneConfig, build, install
from phiz.video.conditions import MOMENTS, Bank, Conditions, Told, as_gate, per_frame

TAKE = COUNT + 4
"""Numbers of a Take's frame: whether the channels are told, the 51 channels, the head's yaw, pitch, roll."""
TAKE_TOKENS = 6


@dataclass(frozen=True)
class NetworkConfig:
    """audio: numbers heard at one moment. words: numbers that tell a frame's prompt, turned into four learned
    tokens; 0 where the prompt comes as tokens already, from CLIP. shown: whether the backbone is also given
    the portrait's latents beside the noisy ones. source: width of audio and Take tokens. channels_in: of the
    noisy latents. motion: whether it looks along time."""

    backbone: BackboneConfig = field(default_factory=BackboneConfig)
    audio: int = 94
    words: int = 60
    shown: bool = True
    source: int = 64
    motion: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, found: dict[str, Any]) -> NetworkConfig:
        """Raises TypeError on names that it does not know."""
        rest = {name: value for name, value in found.items() if name != "backbone"}
        return cls(BackboneConfig(**found["backbone"]), **rest)


class Words(nn.Module):
    """(N, F, 1, words) how much of each word a frame's prompt says -> (N, F, 4, D): what each word lends to
    four tokens, added up. A tongue of its own, in which a half smile lies between none and a whole one."""

    def __init__(self, words: int, width: int, tokens: int = 4) -> None:
        super().__init__()
        self.tokens = tokens
        self.table = nn.Linear(words, tokens * width)

    def forward(self, said: Tensor) -> Tensor:
        return self.table(said.squeeze(2)).unflatten(-1, (self.tokens, -1))


class Network(nn.Module):
    """Predicts v (N, F, C, h, w) of noisy latents; ReferenceNet and backbone have each its own weights."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        backbone = config.backbone
        self.reference = build(backbone, backbone.latents, motion=False)
        install(self.reference, None)
        self.denoiser = build(backbone, backbone.latents * (2 if config.shown else 1), config.motion)
        install(self.denoiser, config.source)
        self.words = Words(config.words, backbone.text) if config.words else nn.Identity()
        self.audio_in = nn.Linear(config.audio, config.source)
        self.moment = nn.Parameter(0.02 * torch.randn(MOMENTS, config.source))
        self.take_in = nn.Linear(TAKE, TAKE_TOKENS * config.source)

    def look(self, portrait: Tensor) -> Bank:
        """What the ReferenceNet writes of portraits' latents (N, C, h, w), at level 0, without a prompt."""
        bank: Bank = {}
        level = torch.zeros(len(portrait), dtype=torch.long, device=portrait.device)
        silent = portrait.new_zeros(len(portrait), 1, self.config.backbone.text)
        self.reference(portrait[:, None], level, silent, Told(bank, writes=True))
        return bank

    def forward(self, noisy: Tensor, level: Tensor, conditions: Conditions) -> Tensor:
        """noisy (N, F, C, h, w); level (N,) or, without motion, (N F,) in 0..999."""
        told = Told(
            conditions.bank,
            audio=self._audio(conditions.audio),
            take=self._take(conditions.take),
            hears=as_gate(conditions.hears),
            follows=as_gate(conditions.follows),
        )
        if self.config.shown:
            portrait = conditions.portrait
            beside = torch.zeros_like(noisy) if portrait is None else portrait[:, None].expand_as(noisy)
            noisy = torch.cat([noisy, beside], dim=2)
        text = per_frame(self.words(conditions.text))
        assert text is not None
        return self.denoiser(noisy, level, text, told)

    def _audio(self, heard: Tensor | None) -> Tensor | None:
        return None if heard is None else per_frame(self.audio_in(heard) + self.moment)

    def _take(self, rows: Tensor | None) -> Tensor | None:
        return None if rows is None else per_frame(self.take_in(rows).unflatten(-1, (TAKE_TOKENS, -1)))
