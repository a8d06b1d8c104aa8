"""Reference attention: each frame looks at itself and, beside itself, at the portrait.

A ReferenceNet, a network of the same build, is run once on the portrait; at each of its self-attention layers
what goes in is written to a bank. The denoiser's layer of the same name then attends to its own tokens and to
the portrait's, with its own weights for both (Hu et al. 2023, arXiv 2311.17117; Think-Before-Draw).
"""

from __future__ import annotations

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor, nn
from torch.nn import functional as F

from phiz.video.conditions import Told


class ReferenceAttention:
    """An attention processor of diffusers for self-attention. name: of its layer, the key into the bank.

    Where the bank has nothing for it, it is diffusers' own processor, to the bit.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.stock = AttnProcessor2_0()

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        told: Told | None = None,
    ) -> Tensor:
        if told is not None and told.writes:
            told.bank[self.name] = hidden_states
        portrait = None if told is None or told.writes else told.bank.get(self.name)
        if portrait is None:
            return self.stock(attn, hidden_states, encoder_hidden_states, attention_mask, temb)
        frames = hidden_states.shape[0] // portrait.shape[0]

        assert attn.to_k is not None and attn.to_v is not None and attn.to_out is not None

        def of_both(project: nn.Module) -> Tensor:  # -> (B, heads, own tokens and the portrait's, D / heads)
            beside = project(portrait).repeat_interleave(frames, dim=0)
            return heads(torch.cat([project(hidden_states), beside], dim=1))

        def heads(x: Tensor) -> Tensor:
            return x.unflatten(-1, (attn.heads, -1)).transpose(1, 2)

        seen = F.scaled_dot_product_attention(
            heads(attn.to_q(hidden_states)), of_both(attn.to_k), of_both(attn.to_v)
        )
        out = attn.to_out[0](seen.transpose(1, 2).flatten(-2))
        return attn.to_out[1](out)  # dropout
