"""One run in several processes, each with a GPU or a part of the CPU of its own, through accelerate.

`accelerate launch --num_processes N -m phiz train ...` starts them. Each draws rows of its own of every
batch, their gradients are averaged, so that all take the same step, and the first alone writes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Processes:
    """The processes of this run as one of them sees them. size 1: there are no others, nothing is done."""

    device: str
    rank: int = 0
    size: int = 1

    @staticmethod
    def of(device: str) -> Processes:
        """What `accelerate launch` has started, or this process alone. device: "cpu" or "cuda"."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return Processes(device)
        from accelerate import PartialState

        state = PartialState(cpu=device == "cpu")
        return Processes(str(state.device), state.process_index, state.num_processes)

    @cached_property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def rows(self, batch: int) -> range:
        """This process's rows of a step's batch of `size` times `batch` rows."""
        return range(self.rank * batch, (self.rank + 1) * batch)

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a tensor over all processes."""
        if self.size == 1:
            return value
        from accelerate.utils import reduce

        found = reduce(value.clone(), "mean")
        assert isinstance(found, Tensor)
        return found

    def average(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the mean of all gradients."""
        if self.size == 1:
            return
        grads = [p.grad for p in parameters if p.grad is not None]
        whole = self.mean(torch.cat([grad.flatten() for grad in grads]))
        for grad, part in zip(grads, whole.split([grad.numel() for grad in grads]), strict=True):
            grad.copy_(part.view_as(grad))

    def seed(self, seed: int) -> int:
        """This process's own of a run's seed; the first one's is the run's."""
        return seed + 7919 * self.rank

    @contextmanager
    def first_alone(self) -> Iterator[None]:
        """What the first process leaves on the disk in this block, the others find when they come to it."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def wait(self) -> None:
        """Until all have come so far."""
        if self.size > 1:
            from accelerate import PartialState

            PartialState().wait_for_everyone()
