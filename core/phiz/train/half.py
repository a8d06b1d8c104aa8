"""Computes in bfloat16 while the weights are kept and updated in float32."""

from __future__ import annotations

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


class Half(Generic[Network]):
    """A bfloat16 twin of a network: run and differentiate `twin`, then `pull` and `push`.

    Half the memory traffic of autocast, which keeps much of what lies between its matrices in float32.
    """

    def __init__(self, master: Network) -> None:
        self.master = master
        self.twin: Network = copy.deepcopy(master).to(torch.bfloat16)

    @torch.no_grad()
    def pull(self) -> None:
        """Move the twin's gradients to the master."""
        for kept, low in zip(self.master.parameters(), self.twin.parameters(), strict=True):
            kept.grad = None if low.grad is None else low.grad.float()
            low.grad = None

    @torch.no_grad()
    def push(self) -> None:
        """Round the master's weights into the twin."""
        for kept, low in zip(self.master.parameters(), self.twin.parameters(), strict=True):
            low.copy_(kept)
