"""A training run's state as one safetensors file: weights, their running mean, optimiser, place.

Data only, as everything Phiz loads; written whole or not at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from phiz.errors import PhizError

Config = TypeVar("Config")


class CheckpointError(PhizError):
    """A checkpoint that is not there, not whole, or of another network."""


class RunningMean:
    """Exponential moving average of a network's parameters; what is evaluated and shipped."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: p.detach().clone() for name, p in model.named_parameters()}

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))  # early on, forget the random start quickly
        parameters = dict(model.named_parameters())
        now = [parameters[name].detach() for name in self.values]
        get_ema_multi_avg_fn(decay)(list(self.values.values()), now, torch.tensor(step))

    def copy_to(self, model: nn.Module) -> None:
        with torch.no_grad():
            for name, p in model.named_parameters():
                p.copy_(self.values[name])


def save(
    path: Path,
    model: nn.Module,
    mean: RunningMean,
    optimiser: torch.optim.Optimizer,
    facts: dict[str, object],
) -> None:
    """Write everything a resumed run needs. facts: JSON values, among them `config` and `step`."""
    tensors: dict[str, Tensor] = {f"model.{k}": v.contiguous() for k, v in model.state_dict().items()}
    tensors |= {f"mean.{k}": v.contiguous() for k, v in mean.values.items()}
    for number, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{k}": torch.as_tensor(v).contiguous() for k, v in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    save_file(tensors, part, metadata={"facts": json.dumps(facts)})
    os.replace(part, path)


def facts(path: Path) -> dict:
    """What `save` was told. Raises CheckpointError."""
    try:
        with safe_open(path, "pt") as file:
            return json.loads(file.metadata()["facts"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"expected a checkpoint in {path}, could not read one ({error}); train again"
        ) from error


def config_of(path: Path, kind: Callable[..., Config]) -> Config:
    """The configuration of a checkpoint's network, as the class it belongs to. Raises CheckpointError."""
    found = facts(path)["config"]
    try:
        return kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in found.items()})
    except TypeError as error:
        raise CheckpointError(
            f"the checkpoint {path} is of another network: its configuration is {found}"
        ) from error


def _tensors(path: Path, prefix: str) -> dict[str, Tensor]:
    with safe_open(path, "pt") as file:
        return {k.removeprefix(prefix): file.get_tensor(k) for k in file.keys() if k.startswith(prefix)}  # noqa: SIM118


def load_mean(path: Path, model: nn.Module) -> None:
    """Put the averaged weights of a checkpoint into a network. Raises CheckpointError."""
    facts(path)
    mean = _tensors(path, "mean.")
    try:
        absent = model.load_state_dict(mean, strict=False).missing_keys  # buffers have no mean
    except RuntimeError as error:
        raise CheckpointError(f"the checkpoint {path} is of another network") from error
    if not set(absent).isdisjoint(name for name, _ in model.named_parameters()):
        raise CheckpointError(f"the checkpoint {path} is of another network: it lacks {absent[0]}")


def resume(path: Path, model: nn.Module, mean: RunningMean, optimiser: torch.optim.Optimizer) -> dict:
    """Put a run back where it was saved; returns its facts. Raises CheckpointError."""
    found = facts(path)
    try:
        model.load_state_dict(_tensors(path, "model."))
    except RuntimeError as error:
        raise CheckpointError(
            f"the checkpoint {path} is of another configuration; choose another folder or that configuration"
        ) from error
    saved = _tensors(path, "mean.")
    mean.values = {name: saved[name].to(value.device) for name, value in mean.values.items()}
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in _tensors(path, "optimiser.").items():
        number, key = name.split(".", 1)
        state.setdefault(int(number), {})[key] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return found
