"""How prompts follow one another in denoising, and how much each condition weighs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from phiz.video.conditions import Conditions, head_alone


@dataclass(frozen=True)
class Progressive:
    """Coarse before fine (Think-Before-Draw): k prompts in turn, each more detailed by an equal part.

    boundary: share of the steps after which the second begins; those after it share what is left in equal
    parts. Around each boundary the two beside it are blended by a smoothstep over +-`blend` of the steps, or
    less where a boundary is nearer to its neighbour or to an end: at 0 and 1 nothing of the other is left.
    k = 1 is the fine prompt alone.
    """

    k: int = 2
    boundary: float = 0.4
    blend: float = 0.1

    def detail(self, step: int, steps: int) -> float:
        """0, all coarse, to 1, all fine, at a step of `steps`."""
        if self.k == 1:
            return 1.0
        at = (step + 0.5) / steps
        part = (1.0 - self.boundary) / (self.k - 1)
        done = 0.0
        for number in range(self.k - 1):
            middle = self.boundary + number * part
            half = min(self.blend, middle, 1.0 - middle, part / 2 if self.k > 2 else 1.0)
            done += _smoothstep(at, middle, half)
        return done / (self.k - 1)

    def prompt(self, pair: Tensor, step: int, steps: int) -> Tensor:
        """(2, ...) coarse and fine tokens -> those of a step; where both are the same, they are returned."""
        return torch.lerp(pair[0], pair[1], self.detail(step, steps))


def _smoothstep(at: float, middle: float, half: float) -> float:
    if half <= 0.0:
        return float(at >= middle)
    x = min(max((at - middle + half) / (2.0 * half), 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


@dataclass(frozen=True)
class Guidance:
    """How much each condition weighs, in the order in which they are told: 1 as it was learned, more
    exaggerates, 0 leaves it out.

    x = x_none + reference (x_R - x_none) + text (x_RT - x_R) + audio (x_RTA - x_RT) + take (x_RTAF - x_RTA).
    acting: how much prompt and channels of the Take weigh together, against a face that is told neither but
    still hears, and holds its head as the Take does: x_still + acting (x - x_still). A network that acts too
    weakly is brought to act as it is asked.
    What does not count is not run: where all are 1 that is one run, not six.
    """

    reference: float = 1.0
    text: float = 1.0
    audio: float = 1.0
    take: float = 1.0
    acting: float = 1.0

    def predict(self, run: Callable[[Conditions], Tensor], conditions: Conditions, no_text: Tensor) -> Tensor:
        """`run` predicts under conditions. no_text: tokens (..., L, D) of no prompt at all."""
        told = self._nested(run, conditions, no_text)
        if self.acting == 1.0:
            return told
        take = None if conditions.take is None else head_alone(conditions.take)
        still = run(replace(conditions, text=no_text.expand_as(conditions.text), take=take))
        return still + self.acting * (told - still)

    def _nested(self, run: Callable[[Conditions], Tensor], conditions: Conditions, no_text: Tensor) -> Tensor:
        nothing = no_text.expand_as(conditions.text)
        told = [replace(conditions, text=nothing, bank={}, portrait=None, audio=None, take=None)]
        told.append(replace(told[-1], bank=conditions.bank, portrait=conditions.portrait))
        told.append(replace(told[-1], text=conditions.text))
        told.append(replace(told[-1], audio=conditions.audio))
        told.append(replace(told[-1], take=conditions.take))
        weights = [self.reference, self.text, self.audio, self.take]
        if conditions.take is None:
            told, weights = told[:-1], weights[:-1]
        if conditions.audio is None:
            del told[3], weights[2]
        shares = [a - b for a, b in zip([1.0, *weights], [*weights, 0.0], strict=True)]
        parts = [(share, case) for share, case in zip(shares, told, strict=True) if share != 0.0]
        if len(parts) == 1 and parts[0][0] == 1.0:
            return run(parts[0][1])
        return torch.stack([share * run(case) for share, case in parts]).sum(0)
