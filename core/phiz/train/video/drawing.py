"""How anything learns to draw frames: the loss, and the loop that saves and goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import Progress
from torch import Tensor, nn

from phiz.train import checkpoint
from phiz.train.checkpoint import RunningMean
from phiz.train.progress import Log, learning_rate
from phiz.train.video import footage
from phiz.train.video.footage import Footage
from phiz.train.video.precision import Precision, precise

MOVING = 6.0
"""How much more what moves counts than what stays: a mouth is a hundredth of a picture."""


def apart(drawn: Tensor, pictures: Tensor, portraits: Tensor) -> tuple[Tensor, Tensor]:
    """Mean absolute error of pixels (N, 3, H, W) and of the differences between neighbours, weighted by
    what has moved from the portraits. The second asks for sharp edges."""
    weight = 1.0 + MOVING * footage.moved(pictures, portraits)  # (N, 1, H, W)
    weight = weight / weight.mean()
    error = drawn.float() - pictures
    across = (error.diff(dim=-1).abs() * weight[..., 1:]).mean()
    down = (error.diff(dim=-2).abs() * weight[..., 1:, :]).mean()
    return (error.abs() * weight).mean(), across + down


Losses = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""Pictures and portraits (N, 3, H, W) -> the terms of the loss, already weighed."""
Facts = Callable[[RunningMean, bool], dict[str, object]]
"""What a checkpoint is to say beside its step; the second: whether all is learnt."""


@dataclass(frozen=True)
class Drawing:
    """One run. name: of the checkpoint in `out`, which is resumed where it is there; the log lies in a folder
    of that name. steps: of `batch` frames each. every: steps between saves. device: where it is computed."""

    seen: Footage
    out: Path
    name: str
    steps: int
    batch: int
    peak_rate: float
    seed: int
    every: int
    precision: Precision
    device: str

    def learn(self, model: nn.Module, losses: Losses, terms: tuple[str, ...], facts: Facts) -> Path:
        """Train what of `model` requires gradients; returns the checkpoint. Raises CheckpointError."""
        model, seen = model.to(self.device), self.seen.to(self.device)
        learning = [p for p in model.parameters() if p.requires_grad]
        mean = RunningMean(model, 0.995)
        optimiser = torch.optim.AdamW(learning, self.peak_rate, betas=(0.9, 0.99), weight_decay=1e-4)
        path, step = self.out / self.name, 0
        if path.is_file():
            step = int(checkpoint.resume(path, model, mean, optimiser)["step"])
        random = torch.Generator().manual_seed(self.seed + 1000 * step)
        log = Log(self.out / Path(self.name).stem, terms)
        sums, count = torch.zeros(len(terms), device=self.device), 0
        with Progress() as bar:
            task = bar.add_task(Path(self.name).stem, total=self.steps, completed=step)
            while step < self.steps:
                for group in optimiser.param_groups:
                    group["lr"] = learning_rate(step, self.steps, self.peak_rate, warmup=50)
                at = torch.randint(len(seen.frames), (self.batch,), generator=random)
                pictures, portraits = footage.drawn(seen, at, random)
                with precise(self.precision, self.device):
                    found = losses(pictures, portraits, random)
                found.sum().backward()
                torch.nn.utils.clip_grad_norm_(learning, 1.0)
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
                mean.update(model, step)
                step += 1
                sums, count = sums + found.detach(), count + 1
                bar.update(task, completed=step)
                if step % self.every == 0 or step == self.steps:
                    log.write(step, **dict(zip(terms, (sums / count).tolist(), strict=True)))
                    log.plot()
                    said = {**facts(mean, step == self.steps), "step": step, "steps": self.steps}
                    checkpoint.save(path, model, mean, optimiser, said)
                    sums, count = torch.zeros_like(sums), 0
        return path
