"""What denoises: the U-Net of Stable Diffusion with AnimateDiff's motion modules, or a small DiT.

Either is built from diffusers' own classes and takes (N, F, C, h, w). In each block the order is reference
attention, text attention, audio and Take attention (`phiz.video.driving`), and then, in a network with
motion, attention along time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import UNetMotionModel
from torch import Tensor, nn

from phiz.video.conditions import Told
from phiz.video.dit import Dit
from phiz.video.driving import DrivenAttention
from phiz.video.reference import ReferenceAttention

Kind = Literal["unet", "dit"]


@dataclass(frozen=True)
class BackboneConfig:
    """Sizes. latents: channels C of a picture's latents; side: h = w of them. widths: of the levels from fine
    to coarse, `plain` of which at the coarse end have no attention; a DiT has blocks of widths[0], as many as
    `layers`, and `patch` x `patch` latents a token. text: width of the prompt's tokens. groups: of the group
    norms. frames: the most that motion modules may see at once."""

    kind: Kind = "unet"
    latents: int = 16
    side: int = 8
    widths: tuple[int, ...] = (96, 128)
    plain: int = 0
    layers: int = 1
    heads: int = 4
    text: int = 64
    groups: int = 16
    frames: int = 32
    patch: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))


def stable_diffusion() -> BackboneConfig:
    """Stable Diffusion 1.5 at 512 pixels with the motion modules of AnimateDiff v1.5."""
    return BackboneConfig("unet", 4, 64, (320, 640, 1280, 1280), 1, 2, 8, 768, 32, 32)


class Backbone(Protocol):
    """(N, F, C in, h, w), levels (N,) in 0..999, text (N F, L, D) -> (N, F, C, h, w)."""

    def __call__(self, noisy: Tensor, level: Tensor, text: Tensor, told: Told) -> Tensor: ...


class UNet(nn.Module):
    """diffusers' UNet2DConditionModel, which has no motion, or its UNetMotionModel, as a `Backbone`."""

    def __init__(self, config: BackboneConfig, inputs: int, motion: bool) -> None:
        super().__init__()
        attending, plain = len(config.widths) - config.plain, config.plain
        end = "Motion" if motion else "2D"
        settings: dict[str, Any] = {
            "sample_size": config.side,
            "in_channels": inputs,
            "out_channels": config.latents,
            "block_out_channels": config.widths,
            "down_block_types": (f"CrossAttnDownBlock{end}",) * attending + (f"DownBlock{end}",) * plain,
            "up_block_types": (f"UpBlock{end}",) * plain + (f"CrossAttnUpBlock{end}",) * attending,
            "layers_per_block": config.layers,
            "cross_attention_dim": config.text,
            "norm_num_groups": config.groups,
        }
        self.motion = motion
        if motion:
            self.net = UNetMotionModel(
                **settings,
                num_attention_heads=config.heads,
                motion_num_attention_heads=config.heads,
                motion_max_seq_length=config.frames,
            )
        else:  # diffusers calls the number of heads their width here, and always will
            self.net = UNet2DConditionModel(**settings, attention_head_dim=config.heads)

    def forward(self, noisy: Tensor, level: Tensor, text: Tensor, told: Told) -> Tensor:
        kwargs = {"told": told}
        if self.motion:
            out = self.net(noisy.transpose(1, 2), level, text, cross_attention_kwargs=kwargs).sample
            return out.transpose(1, 2)
        count, frames = noisy.shape[:2]
        level = level.repeat_interleave(frames) if len(level) == count else level
        out = self.net(noisy.flatten(0, 1), level, text, cross_attention_kwargs=kwargs).sample
        return out.unflatten(0, (count, frames))


def build(config: BackboneConfig, inputs: int, motion: bool) -> UNet | Dit:
    """An untrained backbone. inputs: channels it is given; motion: whether it looks along time, with motion
    modules that at first do nothing."""
    if config.kind == "dit":
        net = Dit(
            inputs, config.latents, config.side, config.widths[0], config.layers, config.heads, config.text,
            config.frames if motion else 0, config.patch,
        )  # fmt: skip
    else:
        net = UNet(config, inputs, motion)
    for name, module in net.named_modules():
        if name.endswith("proj_out") and ".motion" in f".{name}" and isinstance(module, nn.Linear):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
    return net


def attentions(net: nn.Module) -> dict[str, BasicTransformerBlock]:
    """The spatial transformer blocks of a backbone by name; those of motion modules are none."""
    return {
        name: module
        for name, module in net.named_modules()
        if isinstance(module, BasicTransformerBlock) and "motion_modules" not in name
    }


def install(net: nn.Module, source: int | None) -> None:
    """Put reference attention into every block, and what drives the face where `source`, the width of its
    tokens, is given."""
    for name, block in attentions(net).items():
        block.attn1.set_processor(ReferenceAttention(name))  # type: ignore[arg-type]
        if block.attn2 is not None:
            driven = DrivenAttention(block.dim, source, block.num_attention_heads)
            block.attn2.set_processor(driven)  # type: ignore[arg-type]
