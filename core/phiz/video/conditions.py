"""What a denoiser is told beside the noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

Bank = dict[str, Tensor]
"""Features (N, tokens, width) of N portraits, by the name of the attention layer that reads them."""

MOMENTS = 17
"""Moments of sound that a frame hears, a thirtieth of a second apart, the middle one its own."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """N films of F frames. What is None is not told: a network then does exactly as one without that part.

    text (N, F, L, D): tokens of each frame's own prompt. bank: the portrait's features; empty, none are read.
    portrait (N, C, h, w): its latents, for a network that is also shown them. audio (N, F, MOMENTS, A): what
    is heard round each frame. take (N, F, TAKE): see `take_rows`. hears, follows (N, F): 0 or 1, whether the
    audio and the Take of a frame count; None is 1 throughout.
    """

    text: Tensor
    bank: Bank
    portrait: Tensor | None = None
    audio: Tensor | None = None
    take: Tensor | None = None
    hears: Tensor | None = None
    follows: Tensor | None = None

    def over(self, change: Callable[[Tensor], Tensor]) -> Conditions:
        """The same with a change of every tensor: another device or precision."""
        parts = {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}
        bank = {name: change(value) for name, value in self.bank.items()}
        return replace(self, bank=bank, **{name: change(value) for name, value in parts.items()})


@dataclass(frozen=True, eq=False)
class Told:
    """What attention layers are given through diffusers' `cross_attention_kwargs`: B = N F rows.

    audio (B, MOMENTS, D), take (B, tokens, D): tokens already projected; None where not told. hears, follows
    (B, 1, 1) or None. writes: a bank that is being written, in place of one that is read.
    """

    bank: Bank
    audio: Tensor | None = None
    take: Tensor | None = None
    hears: Tensor | None = None
    follows: Tensor | None = None
    writes: bool = False


def head_alone(take: Tensor) -> Tensor:
    """(..., TAKE) rows of a Take of which the head is told and no channel."""
    return torch.cat([torch.zeros_like(take[..., :-3]), take[..., -3:]], dim=-1)


def per_frame(value: Tensor | None) -> Tensor | None:
    """(N, F, ...) -> (N F, ...)."""
    return None if value is None else value.flatten(0, 1)


def as_gate(keep: Tensor | None) -> Tensor | None:
    """(N, F) -> (N F, 1, 1)."""
    return None if keep is None else torch.flatten(keep)[:, None, None]
