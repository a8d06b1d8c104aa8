"""Trains the base model: noise to motion, given sound, emotion and style."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import Progress
from torch import Tensor

from phiz.audio.aligned import width
from phiz.corpus.teacher.styles import CAPTURED, STYLES
from phiz.face.channels import COUNT, INDEX, REGIONS
from phiz.face.emotions import EMOTIONS
from phiz.face.head.lips import lip_gap_coefficients
from phiz.model.audio_encoder import AudioEncoder
from phiz.model.conditions import ConditionEncoder, Labels
from phiz.model.dit import MOTION, Dit, DitConfig
from phiz.train import checkpoint, hearing
from phiz.train.diffusion import noised
from phiz.train.encoder import is_real
from phiz.train.half import Half
from phiz.train.motion import (
    Batch,
    MotionError,
    Moving,
    Scale,
    Windows,
    all_frames,
    moving,
    source_features,
)
from phiz.train.processes import Processes
from phiz.train.progress import Log, learning_rate
from phiz.train.speech import finished_sources

DROPPED = 0.2
"""Chance that a condition is hidden from the network, each by its own coin (Cafe-Talk)."""

LABELS = Labels()

WINDOW = 150
"""Frames of a training window, 5 s; what the runtime's windows must not exceed by much."""

_SHARE = {"captured_facegood": 0.04, "captured_livelink": 0.05, "noise": 0.03}
_REAL_SHARE = 0.5


class Losses:
    """How far a predicted window is from its target; each term a mean over known cells.

    channels: squared error of normalised motion, the mouth counted twice, four times the jaw, which sets how
    open a vowel is, and the blinks, which are short and rare and foretold by nothing that is heard.
    velocity: the same of frame-to-frame differences. lips: of log(1 + gap / .03), the lip gap measured on
    the demo head in units of jawOpen's; the logarithm makes the last millimetre before closure count.
    """

    names = ("channels", "velocity", "lips")
    _weights = (1.0, 2.0, 1.5)

    def __init__(self, scale: Scale, device: str = "cpu") -> None:
        weight = np.ones(MOTION, np.float32)
        weight[list(REGIONS["mouth"])] = 2.0
        weight[[INDEX["jawOpen"], INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 4.0
        rest, slope = lip_gap_coefficients()
        arrays = (weight / weight.mean(), rest, slope, scale.mean, scale.spread)
        self.weight, self.rest, self.slope, self.mean, self.spread = (
            torch.from_numpy(a).to(device) for a in arrays
        )  # (54,), (3,), (3, 51), (54,), (54,)
        self.shares = torch.tensor(self._weights, device=device)

    def _gap(self, motion: Tensor) -> Tensor:
        weights = (motion * self.spread + self.mean)[..., :COUNT].clamp(0, 1)
        return torch.log1p((self.rest + weights @ self.slope.T).clamp(min=0) / 0.03)  # (N, T, 3)

    def _lips(self, predicted: Tensor, batch: Batch) -> Tensor:
        whole = batch.known[..., :COUNT].amin(-1, keepdim=True)  # the gap needs every channel
        apart = F.smooth_l1_loss(self._gap(predicted), self._gap(batch.motion), reduction="none")
        return (apart * whole).mean()

    def __call__(self, predicted: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """predicted (N, T, 54) float32 -> the weighted sum, and the three terms (3,)."""
        known = batch.known * self.weight
        total = known.sum().clamp(min=1.0)
        error = predicted - batch.motion
        channels = (error.square() * known).sum() / total
        velocity = (error.diff(dim=1).square() * known[:, 1:]).sum() / total
        lips = self._lips(predicted, batch)
        terms = torch.stack([channels, velocity, lips])
        return (terms * self.shares).sum(), terms.detach()


def shares(sources: list[Moving]) -> dict[str, float]:
    """Share of each source in a batch: captured motion and noise fixed, half of the rest real voices."""
    out = {s.name: _SHARE[s.name] for s in sources if s.name in _SHARE}
    rest = 1.0 - sum(out.values())
    for real in (True, False):
        group = [s for s in sources if s.name not in _SHARE and is_real(s.name) == real]
        root = [float(np.sqrt(len(s.motion))) for s in group]
        part = rest * (_REAL_SHARE if real else 1 - _REAL_SHARE)
        out |= {s.name: part * r / sum(root) for s, r in zip(group, root, strict=True)}
    return out


def load_moving(
    corpus: Path, encoder: AudioEncoder, stamp: str, split: str, seed: int, device: str = "cpu"
) -> list[Moving]:
    """The sources of a corpus that have motion, with the encoder's features (made on first use)."""
    features = partial(source_features, encoder=encoder, stamp=stamp, seed=seed, device=device)
    found = (moving(source, split, features) for source in finished_sources(corpus))
    return [m for m in found if m is not None]


def train(
    corpus: Path,
    encoder: Path,
    out: Path,
    *,
    config: DitConfig,
    steps: int,
    batch: int = 16,
    peak_rate: float = 8e-4,
    seed: int = 0,
    every: int = 100,
    device: str = "cpu",
    conditions: ConditionEncoder = LABELS,
) -> Path:
    """Train and leave `stage1.safetensors`, `log.csv` and `log.png` in `out`; resumes what it finds.

    encoder: checkpoint of the audio encoder `phone`, or a Wav2Vec2 folder. steps: of `batch` windows
    of 5 s each, in every process (see `Processes`). every: steps between saves. device: "cpu" or "cuda";
    what is drawn at random is the same on both. conditions: how emotion is told. Raises MotionError,
    CorpusError, CheckpointError, Wav2Vec2Error.
    """
    team = Processes.of(device)
    device = team.device
    network, stamp = hearing.load(encoder, device)
    if config.audio != width(network.features):
        raise MotionError(
            f"expected a model that hears {width(network.features)} numbers, came {config.audio}"
        )
    if config.emotion != conditions.width:
        raise MotionError(
            f"expected a model told emotion by {conditions.width} numbers, came {config.emotion}"
        )
    told = torch.from_numpy(conditions.mix(np.eye(len(EMOTIONS))))  # (8, width)
    with team.first_alone():
        sources = load_moving(corpus, network, stamp, "train", seed, device)
    path, step = out / "stage1.safetensors", 0
    held = checkpoint.facts(path) if path.is_file() else None
    scale = Scale.from_dict(held["scale"]) if held else Scale.of(all_frames(sources))
    torch.manual_seed(seed)
    half = Half(Dit(config).to(device))
    mean = checkpoint.RunningMean(half.master, 0.998)
    optimiser = torch.optim.AdamW(
        half.master.parameters(), peak_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    if held:
        step = int(checkpoint.resume(path, half.master, mean, optimiser)["step"])
        half.push()
    facts = {
        "config": config.as_dict(),
        "scale": scale.as_dict(),
        "styles": list(STYLES),
        "captured": list(CAPTURED),
    }
    if not isinstance(conditions, Labels):
        facts["emotion_rows"] = told.tolist()
    own_seed = team.seed(seed + 1000 * step)
    random = torch.Generator().manual_seed(own_seed)
    windows = Windows(sources, shares(sources), scale, WINDOW, own_seed, network.silence)
    losses, log = Losses(scale, device), Log(out, Losses.names) if team.first else None
    sums, count = torch.zeros(len(Losses.names)), 0
    with Progress(disable=not team.first) as bar:
        task = bar.add_task("stage 1", total=steps, completed=step)
        while step < steps:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, peak_rate)
            drawn = windows.batch(batch)
            # One level per equal slice of 0..1, so that every step sees the whole range.
            level = (torch.arange(batch) + torch.rand(batch, generator=random)) / batch
            keep = drawn.has * (torch.rand(batch, 3, generator=random) >= DROPPED)
            inputs = (
                noised(drawn.motion, level, random),
                level,
                drawn.audio,
                drawn.emotion @ told,
                drawn.style,
                keep,
            )
            predicted = half.twin(*(t.to(device, torch.bfloat16) for t in inputs))
            loss, terms = losses(predicted.float(), drawn.to(device))
            loss.backward()
            half.pull()
            team.average(half.master.parameters())
            torch.nn.utils.clip_grad_norm_(half.master.parameters(), 1.0)
            optimiser.step()
            half.push()
            mean.update(half.master, step)
            step += 1
            sums, count = sums + terms.cpu(), count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                if log is not None:
                    log.write(step, **dict(zip(Losses.names, (sums / count).tolist(), strict=True)))
                    log.plot()
                    saved = {**facts, "step": step, "steps": steps}
                    checkpoint.save(path, half.master, mean, optimiser, saved)
                team.wait()
                sums, count = torch.zeros(len(Losses.names)), 0
    return path


def load(path: Path) -> tuple[Dit, Scale, dict]:
    """The averaged base model of a checkpoint, its scale and its facts. Raises CheckpointError."""
    facts = checkpoint.facts(path)
    model = Dit(checkpoint.config_of(path, DitConfig))
    checkpoint.load_mean(path, model)
    return model.eval(), Scale.from_dict(facts["scale"]), facts
