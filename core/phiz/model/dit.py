"""The base model: a diffusion transformer that turns noise into motion, told what is heard and felt.

One frame is one token. Each block looks along the motion (self-attention), listens nearby
(cross-attention to the audio within a third of a second, with a learned preference for each
distance), and thinks (feed-forward). Noise level, style and emotion set the scale and shift of the
norms (AdaLN), one projection shared by all blocks. After Cafe-Talk (arXiv 2503.14517) and DiT
(Peebles and Xie 2023); rotary positions after Su et al. 2021.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phiz.face.channels import COUNT
from phiz.face.emotions import EMOTIONS

MOTION = COUNT + 3
"""Numbers per frame: the 51 channels, then the head's yaw, pitch and roll."""
LEVEL_WAVES = 64


@dataclass(frozen=True)
class DitConfig:
    audio: int  # numbers per frame of aligned audio features
    styles: int
    width: int
    blocks: int
    heads: int
    feed_forward: int = 2  # hidden width of the feed-forward, in widths
    reach: int = 10  # frames either side that cross-attention may listen to
    emotion: int = len(EMOTIONS)  # numbers that tell it, see `ConditionEncoder`

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def default_config(audio: int, styles: int) -> DitConfig:
    """What ships: a quarter of the seed's cost, for a laptop's CPU."""
    return DitConfig(audio, styles, width=256, blocks=6, heads=4)


def seed_config(audio: int, styles: int) -> DitConfig:
    """Cafe-Talk's size: 8 blocks, width 512, 8 heads."""
    return DitConfig(audio, styles, width=512, blocks=8, heads=8)


Rotary = tuple[Tensor, Tensor]
"""Cosines and sines (T, D) by which `turned` turns each frame's queries and keys."""


def rotary(frames: int, size: int, like: Tensor) -> Rotary:
    """Of each frame's angles, periods from 6 frames to 1000, in the precision and place of `like`; scaled so
    that the products of queries and keys of this size are as attention wants them."""
    rates = 2 * math.pi / torch.logspace(math.log10(6.0), 3.0, size // 2, device=like.device)
    angles = torch.arange(frames, device=like.device)[:, None] * rates  # (T, D / 2)
    cos, sin = angles.cos() * size**-0.25, angles.sin() * size**-0.25
    return torch.cat([cos, cos], dim=-1).to(like.dtype), torch.cat([-sin, sin], dim=-1).to(like.dtype)


# Sizes that are known are told as numbers: in a traced graph those of a tensor are worked out in every run.


def turned(x: Tensor, by: Rotary, size: int) -> Tensor:
    """Queries or keys (N, H, T, D) of size D, turned by their frame's angles and scaled."""
    a, b = x.split([size // 2, size // 2], dim=-1)
    return x * by[0] + torch.cat([b, a], dim=-1) * by[1]


def split_heads(x: Tensor, heads: int, size: int) -> Tensor:
    """(N, T, H D) -> (N, H, T, D)."""
    return x.view(x.size(0), x.size(1), heads, size).transpose(1, 2)


def join_heads(x: Tensor, width: int) -> Tensor:
    """(N, H, T, D) -> (N, T, H D) of this width."""
    x = x.transpose(1, 2)
    return x.reshape(x.size(0), x.size(1), width)


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    """Attention of scaled queries and keys (N, H, T, D), written out: at 5 s of frames it is quicker on a CPU
    than the fused kernel's backward."""
    scores = q @ k.transpose(-2, -1)  # (N, H, T, T)
    if bias is not None:
        scores = scores + bias
    return scores.softmax(dim=-1) @ v


def turning_attention(qkv: Tensor, heads: int, width: int, by: Rotary) -> Tensor:
    """Self-attention of queries, keys and values (N, T, 3 width) -> (N, T, width), by rotary positions."""
    size = width // heads
    qk, v = split_heads(qkv, 3 * heads, size).split([2 * heads, heads], dim=1)
    q, k = turned(qk, by, size).split([heads, heads], dim=1)
    return join_heads(attend(q, k, v), width)


def level_waves(level: Tensor) -> Tensor:
    """Noise levels (N,) -> (N, 64) cosines and sines of it at rates 1 to 1000."""
    rates = torch.logspace(0.0, 3.0, LEVEL_WAVES // 2, device=level.device)
    angles = level.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1).to(level.dtype)


@dataclass(frozen=True)
class Near:
    """What frames may listen to: index (T, T) into `Block.nearness`, beyond (T, T): 0, or far below where a
    moment is out of reach."""

    index: Tensor
    beyond: Tensor

    @classmethod
    def of(cls, frames: int, reach: int, like: Tensor) -> Near:
        place = torch.arange(frames, device=like.device)
        distance = place[None] - place[:, None]
        beyond = (distance.abs() > reach).to(like.dtype) * -1e4
        return cls(distance.clamp(-reach, reach) + reach, beyond)


class Block(nn.Module):
    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.width = d = config.width
        self.heads = config.heads
        self.norm_self, self.norm_cross, self.norm_feed = (
            nn.LayerNorm(d, elementwise_affine=False) for _ in range(3)
        )
        self.qkv = nn.Linear(d, 3 * d)
        self.out_self = nn.Linear(d, d)
        self.q = nn.Linear(d, d)
        self.kv = nn.Linear(d, 2 * d)
        self.out_cross = nn.Linear(d, d)
        self.feed_in = nn.Linear(d, config.feed_forward * d)
        self.feed_out = nn.Linear(config.feed_forward * d, d)
        self.offset = nn.Parameter(torch.zeros(6 * d))  # this block's own share of the shared AdaLN
        # Each head begins by listening round its own distance, so that timing need not be found first.
        reach, width = config.reach, 2 * config.reach + 1
        centres = torch.linspace(-0.5 * reach, 0.5 * reach, config.heads)[:, None]
        distance = torch.arange(width)[None] - reach - centres
        self.nearness = nn.Parameter(-0.5 * (distance / 2.0) ** 2)  # (heads, 2 reach + 1)
        nn.init.zeros_(self.out_cross.bias)

    def forward(self, x: Tensor, audio: Tensor, modulation: Tensor, by: Rotary, near: Near) -> Tensor:
        """x, audio (N, T, D); modulation (N, T, 6 D): shift, scale and gate, of each half."""
        width, heads = self.width, self.heads
        parts = (modulation + self.offset).split([width] * 6, dim=-1)
        shift_a, scale_a, gate_a, shift_f, scale_f, gate_f = parts
        h = self.qkv(self.norm_self(x) * scale_a + shift_a)
        x = x + gate_a * self.out_self(turning_attention(h, heads, width, by))

        size = width // heads
        q = split_heads(self.q(self.norm_cross(x)), heads, size)
        k, v = split_heads(self.kv(audio), 2 * heads, size).split([heads, heads], dim=1)
        bias = self.nearness[:, near.index] + near.beyond  # (H, T, T)
        x = x + self.out_cross(join_heads(attend(q, k * size**-0.5, v, bias), width))

        h = self.norm_feed(x) * scale_f + shift_f
        return x + gate_f * self.feed_out(F.gelu(self.feed_in(h)))


class Dit(nn.Module):
    """Predicts the clean motion x0 (N, T, 54) from noisy motion, its noise level and the conditions.

    All motion is normalised (see `Scale` in train/motion). A condition whose `keep` is 0 is replaced
    by a learned stand-in: that is how guidance asks what the face would do without it.
    """

    def __init__(self, config: DitConfig) -> None:
        super().__init__()
        self.config = config
        d = config.width
        self.motion_in = nn.Linear(MOTION, d)
        self.audio_in = nn.Sequential(nn.Linear(config.audio, d), nn.GELU(), nn.Linear(d, d))
        self.level_in = nn.Sequential(nn.Linear(LEVEL_WAVES, d), nn.SiLU(), nn.Linear(d, d))
        self.emotion_in = nn.Sequential(nn.Linear(config.emotion, d), nn.SiLU(), nn.Linear(d, d))
        self.style_in = nn.Linear(config.styles, d, bias=False)
        self.no_audio = nn.Parameter(torch.zeros(d))
        self.no_emotion = nn.Parameter(torch.zeros(d))
        self.no_style = nn.Parameter(torch.zeros(d))
        self.modulate = nn.Linear(d, 6 * d)
        unscaled = torch.tensor([0.0, 1.0, 0.0, 0.0, 1.0, 0.0]).repeat_interleave(d)
        self.register_buffer("unscaled", unscaled, persistent=False)  # a scale of 0 changes nothing
        blocks = [Block(config) for _ in range(config.blocks)]
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(d)
        self.head = nn.Linear(d, MOTION)
        # Zero: every block starts as the identity, x0 as the mean face.
        for module in (self.modulate, self.head):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
        with torch.no_grad():  # gates open at a half, or cross-attention alone would learn at first
            for block in blocks:
                block.offset.view(6, d)[[2, 5]] = 0.5

    def forward(
        self,
        motion: Tensor,
        level: Tensor,
        audio: Tensor,
        emotion: Tensor,
        style: Tensor,
        keep: Tensor,
        control: Tensor | None = None,
    ) -> Tensor:
        """motion (N, T, 54); level (N,) in 0..1, 1 = pure noise; audio (N, T, A); emotion (N, T or 1, E);
        style (N, styles) weights summing to 1; keep (N, 3) 0 or 1 for audio, emotion, style; control
        (N, blocks + 1, T, D), added to what each block and the head see (see `Adapter`), None = nothing."""
        return self.states(motion, level, audio, emotion, style, keep, control)[0]

    def states(
        self,
        motion: Tensor,
        level: Tensor,
        audio: Tensor,
        emotion: Tensor,
        style: Tensor,
        keep: Tensor,
        control: Tensor | None = None,
    ) -> tuple[Tensor, list[Tensor]]:
        """As `forward`, with what each block leaves behind, (N, T, D) each."""
        frames = motion.shape[1]
        hears, feels, styled = keep[:, :, None, None].unbind(1)  # (N, 1, 1) each
        sound = hears * self.audio_in(audio) + (1 - hears) * self.no_audio  # (N, T, D)
        mood = feels * self.emotion_in(emotion) + (1 - feels) * self.no_emotion  # (N, T, D)
        manner = styled * self.style_in(style)[:, None] + (1 - styled) * self.no_style  # (N, 1, D)
        condition = F.silu(self.level_in(level_waves(level))[:, None] + mood + manner)
        modulation = self.modulate(condition) + self.get_buffer("unscaled")  # (N, T, 6 D)
        by = rotary(frames, self.config.width // self.config.heads, motion)
        near = Near.of(frames, self.config.reach, motion)
        x = self.motion_in(motion)  # (N, T, 54) -> (N, T, D)
        left: list[Tensor] = []
        for index, block in enumerate(self.blocks):
            if control is not None:
                x = x + control[:, index]
            x = block(x, sound, modulation, by, near)
            left.append(x)
        x = self.norm(x)
        return self.head(x if control is None else x + control[:, -1]), left
