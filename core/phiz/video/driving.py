"""Text attention, then what drives the face: what is heard round a frame, and the frame's Take.

Both stand behind the text in the same layer, each with an output of zeros at first, so that a network into
which they are put does exactly what it did (Zhang et al. 2023, zero convolutions).
"""

from __future__ import annotations

from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor, nn
from torch.nn import functional as F

from phiz.video.conditions import Told


class Listening(nn.Module):
    """Attention of pixels (B, tokens, width) to a frame's own tokens (B, few, source)."""

    def __init__(self, width: int, source: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(source, width, bias=False)
        self.to_v = nn.Linear(source, width, bias=False)
        self.to_out = nn.Linear(width, width)
        nn.init.zeros_(self.to_out.weight)
        nn.init.zeros_(self.to_out.bias)

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.to_q(x), self.to_k(tokens), self.to_v(tokens))
        )
        return self.to_out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(-2))


class DrivenAttention(nn.Module):
    """An attention processor of diffusers for cross-attention: text, then audio, then Take.

    source: width of the tokens of the last two; None for a network that is told neither.
    """

    def __init__(self, width: int, source: int | None, heads: int) -> None:
        super().__init__()
        self.audio = None if source is None else Listening(width, source, heads)
        self.take = None if source is None else Listening(width, source, heads)
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
        # Written out because diffusers reads the names of what a processor takes from its `__call__`.
        out = self.stock(attn, hidden_states, encoder_hidden_states, attention_mask, temb)
        if told is None:
            return out
        for part, tokens, gate in (
            (self.audio, told.audio, told.hears),
            (self.take, told.take, told.follows),
        ):
            if part is not None and tokens is not None:
                added = part(hidden_states + out, tokens)
                out = out + (added if gate is None else gate * added)
        return out
