"""The adapter: tells a finished base model which Action Units to show, and when.

It reads what the base model reads and the unit track beside it, and adds to what each block and the head
of the base model see: the head too, for behind its norm no channel can go far beyond what the base model
was trained on, and a jaw moved aside is asked to. FiLM (Perez et al. 2018) lets every frame's units set
the scale and shift of the norms; the convolutions at its outputs start at zero, so that training starts
from the base model as it is. After Cafe-Talk (arXiv 2503.14517) and ControlNet (Zhang et al. 2023).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from phiz.acting.units import WIDTH
from phiz.face.emotions import EMOTIONS
from phiz.model.dit import LEVEL_WAVES, MOTION, DitConfig, Rotary, level_waves, rotary, turning_attention


@dataclass(frozen=True)
class AdapterConfig:
    audio: int  # numbers per frame of aligned audio features
    units: int  # numbers per frame of the unit track
    width: int
    blocks: int
    heads: int
    feed_forward: int  # hidden width of the feed-forward, in widths
    base_width: int
    base_blocks: int

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def default_adapter(base: DitConfig) -> AdapterConfig:
    """What ships: about a quarter of the cost of the shipped base model."""
    return AdapterConfig(
        base.audio,
        WIDTH,
        width=144,
        blocks=3,
        heads=3,
        feed_forward=2,
        base_width=base.width,
        base_blocks=base.blocks,
    )


class FilmBlock(nn.Module):
    """Self-attention and feed-forward, the norm before each scaled and shifted frame by frame."""

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        self.width = d = config.width
        self.heads = config.heads
        self.norm_self, self.norm_feed = (nn.LayerNorm(d, elementwise_affine=False) for _ in range(2))
        self.film = nn.Linear(d, 4 * d)
        self.qkv = nn.Linear(d, 3 * d)
        self.out = nn.Linear(d, d)
        self.feed_in = nn.Linear(d, config.feed_forward * d)
        self.feed_out = nn.Linear(config.feed_forward * d, d)

    def forward(self, x: Tensor, wanted: Tensor, by: Rotary) -> Tensor:
        """x, wanted (N, T, D): wanted is the unit track, embedded."""
        scale_a, shift_a, scale_f, shift_f = self.film(wanted).split([self.width] * 4, dim=-1)
        h = self.qkv(self.norm_self(x) * (1 + scale_a) + shift_a)
        x = x + self.out(turning_attention(h, self.heads, self.width, by))
        h = self.norm_feed(x) * (1 + scale_f) + shift_f
        return x + self.feed_out(F.gelu(self.feed_in(h)))


class Adapter(nn.Module):
    """What to add inside a base model so that Action Units show. All zero when untrained."""

    def __init__(self, config: AdapterConfig) -> None:
        super().__init__()
        self.config = config
        d = config.width
        self.motion_in = nn.Linear(MOTION, d)
        self.audio_in = nn.Linear(config.audio, d)
        self.emotion_in = nn.Linear(len(EMOTIONS), d)
        self.level_in = nn.Sequential(nn.Linear(LEVEL_WAVES, d), nn.SiLU(), nn.Linear(d, d))
        self.units_in = nn.Linear(config.units, d)
        self.blocks = nn.ModuleList(FilmBlock(config) for _ in range(config.blocks))
        self.norm = nn.LayerNorm(d)
        # One convolution per block of the base model and one for its head, computed as one.
        self.out = nn.Conv1d(d, (config.base_blocks + 1) * config.base_width, 3, padding=1)
        for weight in self.out.parameters():
            nn.init.zeros_(weight)
        # Few units are on at once: drawn for all of them, sides and strengths would hardly be told apart.
        nn.init.normal_(self.units_in.weight, std=0.7)

    def forward(self, motion: Tensor, level: Tensor, audio: Tensor, emotion: Tensor, units: Tensor) -> Tensor:
        """motion (N, T, 54) noisy, normalised as the base model's; level (N,); audio (N, T, A); emotion
        (N, T, 8); units (N, T, U) of `phiz.acting.units.unit_track` -> control (N, blocks + 1, T, D) of
        the base model."""
        config = self.config
        by = rotary(motion.shape[1], config.width // config.heads, motion)
        x = self.motion_in(motion) + self.audio_in(audio) + self.emotion_in(emotion)  # (N, T, d)
        x = x + self.level_in(level_waves(level))[:, None]
        wanted = F.silu(self.units_in(units))
        x = x + wanted
        for block in self.blocks:
            x = block(x, wanted, by)
        control = self.out(self.norm(x).transpose(1, 2))  # (N, (blocks + 1) * D, T)
        return control.unflatten(1, (config.base_blocks + 1, config.base_width)).transpose(2, 3)
