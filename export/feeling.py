"""The checkpoint of `phiz train feeling` to the bundle's graph `feeling`."""

from __future__ import annotations

from pathlib import Path

import torch

from phiz.audio.prosody import FEATURES
from phiz.train import checkpoint, feeling
from phiz.train.graphs import check, write_graph

_ALLOWED = 1e-4


def write_feeling_graph(checkpoint_path: Path, path: Path) -> dict:
    """Write prosody (N, FEATURES) -> feeling (N, 8) and check it. Returns its difference from the model and
    the figures of its training. Raises CheckpointError, ParityError."""
    model = feeling.load(checkpoint_path)

    def rows(count: int) -> torch.Tensor:
        noise = torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(count))
        return model.mean + model.spread * noise

    write_graph(
        model,
        {"prosody": rows(2)},
        "feeling",
        {"prosody": {0: "n"}, "feeling": {0: "n"}},
        path,
    )
    difference = check(model, {"prosody": rows(65)}, path, _ALLOWED)
    return {"difference": difference, "trained": checkpoint.facts(checkpoint_path)}
