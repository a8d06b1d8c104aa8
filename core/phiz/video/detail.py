"""Fine detail from the portrait: what latents are too small to carry, the portrait shows all the time.

The small autoencoder draws faces smoothly. How it draws the portrait itself tells what it leaves out; a few
convolutions put that back where it belongs in each frame, a little aside where the head has turned.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH, LAYERS = 48, 4
_PATCH = 2


class Detail(nn.Module):
    """Pictures as drawn, the portrait, and the portrait as drawn, (N, 3, H, W) each in -1..1 -> pictures.

    Untrained it returns the pictures as they came.
    """

    def __init__(self, width: int = WIDTH, layers: int = LAYERS) -> None:
        super().__init__()
        colours = 3 * _PATCH**2
        self.first = nn.Conv2d(3 * colours, width, 3, padding=1)
        self.between = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(layers))
        self.last = nn.Conv2d(width, colours, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)

    def forward(self, pictures: Tensor, portrait: Tensor, drawn: Tensor) -> Tensor:
        seen = torch.cat([pictures, portrait, portrait - drawn], dim=1)
        x = self.first(F.pixel_unshuffle(seen, _PATCH))  # (N, 36, H, W) -> (N, width, H / 2, W / 2)
        for layer in self.between:
            x = x + layer(F.silu(x))
        return pictures + F.pixel_shuffle(self.last(F.silu(x)), _PATCH)
