"""The emotion in a voice: a row of prosody -> the share of each emotion.

A mixture discriminant (Hastie & Tibshirani 1996, Discriminant analysis by Gaussian mixtures): every kind
of voice is a Gaussian, all of one covariance, and an emotion is one kind or several. With six actors to
learn from it was right more often on the seventh than a network of two hidden layers (docs/feeling.md).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phiz.face.emotions import EMOTIONS

KINDS: tuple[tuple[str, str], ...] = (
    ("neutral", "acted"),
    ("neutral", "bored"),
    ("neutral", "read"),
    ("neutral", "synthetic"),
    ("neutral", "noise"),
    ("angry", "acted"),
    ("disgusted", "acted"),
    ("fear", "acted"),
    ("happy", "acted"),
    ("sad", "acted"),
)
"""Emotion and kind of voice of each Gaussian. Contempt and surprise are not among the recordings."""

HEARD: tuple[str, ...] = tuple(dict.fromkeys(emotion for emotion, _ in KINDS))
"""The emotions that can be heard."""

LIMIT = 4.0
"""Spreads that a number may be off the mean: what lies further out says nothing more."""


class Feeling(nn.Module):
    """What the bundle's graph computes: prosody (N, F) -> shares (N, 8) in the order of EMOTIONS.

    Rows sum to 1; what cannot be heard is 0. mean, spread: (F,) of the voices it learned from. weight
    (F, K) and bias (K,): log likelihood of each of KINDS, but for what they share.
    """

    mean: Tensor
    spread: Tensor
    weight: Tensor
    bias: Tensor
    place: Tensor

    def __init__(self, mean: Tensor, spread: Tensor, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        for name, value in (("mean", mean), ("spread", spread), ("weight", weight), ("bias", bias)):
            self.register_buffer(name, value.float())
        place = torch.zeros(len(KINDS), len(EMOTIONS))
        for i, (emotion, _) in enumerate(KINDS):
            place[i, EMOTIONS.index(emotion)] = 1.0
        self.register_buffer("place", place, persistent=False)

    def forward(self, prosody: Tensor) -> Tensor:
        x = ((prosody - self.mean) / self.spread).clamp(-LIMIT, LIMIT)  # (N, F)
        return (x @ self.weight + self.bias).softmax(-1) @ self.place  # (N, K) -> (N, 8)
