"""Distils guidance into one run of the base model, which stays as it is.

At the states that the sampler goes through under guidance, what the model says when nothing is told is fitted
as a linear reading of the run in which all is told (`phiz.model.without`), by least squares in closed form.
Nested guidance is then a sum of the two, at any scale. (Meng et al. 2023 train the whole network for this.
With the base frozen a few minutes do, and what Action Units are measured against stays exact.)
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.progress import Progress
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from phiz.model.audio_encoder import PhoneAudio
from phiz.model.without import Without, read, readings
from phiz.runtime.bundle import read_manifest
from phiz.runtime.solver import levels
from phiz.train import checkpoint, from_bundle
from phiz.train.checkpoint import CheckpointError
from phiz.train.speech import finished_sources
from phiz.train.stage1 import WINDOW
from phiz.train.trajectories import Sounds, State, Trajectories
from phiz.writing import whole_file

STEPS = 8
"""Of the sampler whose states are fitted; other numbers of steps read between its levels."""

HELD_BACK = 4
"""One batch out of so many chooses the ridge and is not fitted."""

RIDGES = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)


@dataclass
class Sums:
    """What least squares needs of many frames: A = R'R (r, r), B = R'D (r, 54), and D's squares (54,)."""

    square: Tensor
    cross: Tensor
    wanted: Tensor

    @classmethod
    def none(cls, size: int, wide: int) -> Sums:
        return cls(*(torch.zeros(s, dtype=torch.float64) for s in ((size, size), (size, wide), (wide,))))

    def add(self, state: State) -> None:
        rows = read(state.motion, state.left).flatten(0, 1)
        wanted = (state.nothing - state.told).flatten(0, 1)
        self.square += (rows.T @ rows).double()
        self.cross += (rows.T @ wanted).double()
        self.wanted += wanted.double().square().sum(0)

    def fit(self, ridge: float) -> Tensor:
        """(r, 54) weights."""
        return torch.linalg.solve(self.square + ridge * torch.eye(len(self.square)), self.cross)

    def left_over(self, weight: Tensor) -> float:
        """Share of D's squares that weights do not explain, over all channels."""
        explained = (2 * weight * self.cross).sum() - (weight * (self.square @ weight)).sum()
        return float(1 - explained / self.wanted.sum())


def train(corpus: Path, bundle: Path, out: Path, *, windows: int, batch: int = 16, seed: int = 0) -> Path:
    """Distil the guidance of a bundle and leave `without.safetensors` in `out`; one in HELD_BACK of the
    windows chooses the ridge. Its facts say by step what share of the squares of the difference is not
    foretold there. Needs the sound of a corpus alone, and at least 2 x batch windows. Raises
    BundleError, MotionError, CorpusError, CheckpointError.
    """
    manifest = read_manifest(bundle)
    base, _, base_facts = from_bundle.load_base(bundle)
    base.requires_grad_(False)
    rows = torch.tensor(base_facts["emotion_rows"]) if "emotion_rows" in base_facts else None
    sounds = Sounds(finished_sources(corpus), PhoneAudio(from_bundle.load_encoder(bundle)), WINDOW, seed)
    scale = manifest.guidance.coarse
    source = Trajectories(base, sounds, scale, manifest.upper_face_noise, seed, rows)
    size = readings(base.config)
    fitted, held = ([Sums.none(size, base.head.out_features) for _ in range(STEPS)] for _ in range(2))
    with Progress() as bar:
        for index in bar.track(range(max(2, windows // batch)), description="states"):
            for step, state in enumerate(source.draw(batch, STEPS)):
                (held if index % HELD_BACK == 1 else fitted)[step].add(state)
    weights, left = [], []
    for known, unseen in zip(fitted, held, strict=True):
        tried = [(unseen.left_over(weight), weight) for weight in map(known.fit, RIDGES)]
        over, weight = min(tried, key=lambda pair: pair[0])
        weights.append(weight)
        left.append(round(over, 4))
    order = list(range(STEPS - 1, -1, -1))  # levels fall from step to step
    at = torch.tensor(levels(STEPS)[:STEPS][order].copy(), dtype=torch.float32)
    facts = {"base": base_digest(bundle), "windows": windows, "left_over": left}
    tensors = {"levels": at, "weight": torch.stack([weights[step] for step in order]).float()}
    path = out / "without.safetensors"
    out.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(save(tensors, metadata={"facts": json.dumps(facts)}))
    return path


def base_digest(bundle: Path) -> str:
    """SHA-256 of the weights of a bundle's base model, in half precision as they are stored."""
    state = from_bundle.load_base(bundle)[0].state_dict()
    return hashlib.sha256(b"".join(value.half().numpy().tobytes() for value in state.values())).hexdigest()


def load(path: Path, bundle: Path) -> tuple[Without, dict]:
    """The reading in a file and its facts. Raises CheckpointError, also where it belongs to the base model
    of another bundle."""
    facts = checkpoint.facts(path)
    if facts.get("base") != base_digest(bundle):
        raise CheckpointError(f"expected what was distilled from {bundle}, {path} belongs to another bundle")
    try:
        saved = load_file(path)
        return Without(saved["levels"], saved["weight"]).eval(), facts
    except (OSError, SafetensorError, KeyError) as error:
        raise CheckpointError(
            f"expected a file of `phiz train distill` in {path}, could not read one ({error})"
        ) from error
