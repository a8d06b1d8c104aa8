"""In which precision a step is computed; weights and their updates are float32 in either."""

from __future__ import annotations

from typing import Literal

import torch

Precision = Literal["float32", "bfloat16"]


def precise(precision: Precision, device: str = "cpu") -> torch.autocast:
    """bfloat16 halves memory and, on a GPU or a CPU that has it, time; float32 changes nothing."""
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")
