"""A small diffusion transformer over the same latents: the paper asks whether it could replace the U-Net.

Blocks, timestep embedding and modulation are diffusers' (those of PixArt-alpha, Chen et al. 2023); motion
modules are AnimateDiff's, one behind every block.
"""

from __future__ import annotations

import torch
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.normalization import AdaLayerNormSingle
from diffusers.models.unets.unet_motion_model import AnimateDiffTransformer3D
from torch import Tensor, nn
from torch.nn import functional as F

from phiz.video.conditions import Told


class Dit(nn.Module):
    """A `Backbone`. motion: frames it may see at once, 0 for none. patch: latents of a side in a token."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        side: int,
        width: int,
        layers: int,
        heads: int,
        text: int,
        motion: int,
        patch: int = 1,
    ) -> None:
        super().__init__()
        self.side, self.patch = side, patch
        self.place = nn.Parameter(0.02 * torch.randn(1, (side // patch) ** 2, width))
        self.proj_in = nn.Linear(inputs * patch**2, width)
        self.text_in = nn.Linear(text, width)
        self.level = AdaLayerNormSingle(width)
        self.transformer_blocks = nn.ModuleList(
            BasicTransformerBlock(
                width,
                heads,
                width // heads,
                cross_attention_dim=width,
                activation_fn="gelu-approximate",
                norm_type="ada_norm_single",
                norm_elementwise_affine=False,
            )
            for _ in range(layers)
        )
        self.motion_modules = nn.ModuleList(
            AnimateDiffTransformer3D(
                heads,
                width // heads,
                width,
                norm_num_groups=heads,
                positional_embeddings="sinusoidal",
                num_positional_embeddings=motion,
            )
            for _ in range(layers if motion else 0)
        )
        self.norm_out = nn.LayerNorm(width, elementwise_affine=False)
        self.shift_scale = nn.Parameter(torch.zeros(2, width))
        self.head = nn.Linear(width, outputs * patch**2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, noisy: Tensor, level: Tensor, text: Tensor, told: Told) -> Tensor:
        """As `Backbone`. Raises ValueError where the latents are not of the side it was built for."""
        count, frames, _, height, width = noisy.shape
        if (height, width) != (self.side, self.side):
            raise ValueError(f"expected latents of side {self.side}, came {height} x {width}")
        level = level.repeat_interleave(frames) if len(level) == count else level
        patches = F.pixel_unshuffle(noisy.flatten(0, 1), self.patch)  # (B, C p p, h / p, w / p)
        height, width = patches.shape[2:]
        x = self.proj_in(patches.flatten(2).transpose(1, 2)) + self.place  # (B, tokens, D)
        modulation, embedded = self.level(level, batch_size=len(level), hidden_dtype=x.dtype)
        words = self.text_in(text)
        for number, block in enumerate(self.transformer_blocks):
            x = block(
                x,
                encoder_hidden_states=words,
                timestep=modulation,
                cross_attention_kwargs={"told": told},
            )
            if self.motion_modules:
                # In one piece: a group norm's way back ends the process where the channels come last.
                pixels = x.transpose(1, 2).unflatten(2, (height, width)).contiguous()  # (B, D, h, w)
                x = self.motion_modules[number](pixels, num_frames=frames).flatten(2).transpose(1, 2)
        shift, scale = (self.shift_scale[None] + embedded[:, None]).chunk(2, dim=1)
        x = self.head(self.norm_out(x) * (1 + scale) + shift)  # (B, tokens, C p p)
        x = F.pixel_shuffle(x.transpose(1, 2).unflatten(2, (height, width)), self.patch)
        return x.unflatten(0, (count, frames))
