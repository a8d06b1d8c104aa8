"""Low-rank fine-tuning: beside each matrix of a finished network a product of two thin ones is learnt.

Hu et al. 2021 (arXiv 2106.09685). The network itself stays; at the end the products are added into it.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from phiz.model.dit import Dit

RANK = 16


class Lora(nn.Module):
    """A linear layer that stays, and a low-rank change to it, which starts at nothing."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.down = nn.Parameter(torch.empty(rank, layer.in_features))
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:  # (..., in) -> (..., out)
        return self.layer(x) + (x @ self.down.T) @ self.up.T

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        self.layer.weight += self.up @ self.down
        return self.layer


def add(model: Dit, rank: int = RANK) -> None:
    """Freeze a base model but for its style vectors, and put a `Lora` in place of every linear layer of its
    blocks' attention and feed-forward."""
    model.requires_grad_(False)
    model.style_in.requires_grad_(True)
    for block in model.blocks:
        for name, layer in list(block.named_children()):
            if isinstance(layer, nn.Linear):
                setattr(block, name, Lora(layer, rank))


def merge(model: Dit) -> None:
    """Add every change into its layer; the model is a plain one again."""
    for block in model.blocks:
        for name, layer in list(block.named_children()):
            if isinstance(layer, Lora):
                setattr(block, name, layer.merged())
    model.requires_grad_(True)
