"""Trains the adapter: Action Units on top of a finished base model, which stays as it is.

After Cafe-Talk (arXiv 2503.14517): in half of the windows the emotion label is swapped for one that the
motion does not show, and only the cells that the events control count, so that the units are learnt
to win over the label. In the others every cell counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from rich.progress import Progress
from torch import Tensor

from phiz.acting.units import UNITS
from phiz.audio.aligned import width
from phiz.model.adapter import Adapter, AdapterConfig, default_adapter
from phiz.model.dit import Dit
from phiz.train import checkpoint, hearing, stage1
from phiz.train.acted import HELD_OUT, ActedBatch, Scenes, load_voices
from phiz.train.diffusion import noised
from phiz.train.half import Half, Network
from phiz.train.motion import MotionError, Scale
from phiz.train.processes import Processes
from phiz.train.progress import Log, learning_rate
from phiz.train.stage1 import DROPPED, Losses

WINDOW = 100
"""Frames of a training window: longer than any event, shorter than the runtime's windows for speed."""

NARROW = 0.5
"""Share of the windows in which the controlled cells alone count."""

CONTROLLED = 10.0
"""Weight of a controlled cell beside one that is not: one in twenty is."""

_EVEN, _FAR = 0.2, 6.0
"""Units move channels that are else nearly still by up to 60 of their spreads. In controlled cells, smaller
spreads count as the first; elsewhere, targets further off, in spreads, count as the second."""

LOGGED = (*Losses.names, "controlled")


def digest(base: Path) -> str:
    """SHA-256 of a base model's checkpoint, which an adapter belongs to."""
    with open(base, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def swapped(emotion: Tensor, random: torch.Generator) -> Tensor:
    """(N, T, 8) labels -> labels of another emotion than the one that shows most, .3 to 1, throughout."""
    count, frames, size = emotion.shape
    shown = emotion.mean(1)[:, 1:].argmax(-1)  # of all but neutral
    step = torch.randint(1, size - 1, (count,), generator=random)
    other = 1 + (shown + step) % (size - 1)
    strength = 0.3 + 0.7 * torch.rand(count, generator=random)
    label = torch.zeros(count, size).scatter_(1, other[:, None], strength[:, None])
    label[:, 0] = 1 - strength
    return label[:, None].expand(count, frames, size)


def narrowed(batch: ActedBatch, spread: Tensor, random: torch.Generator, swap: bool) -> ActedBatch:
    """The batch with the cells that count as `known`: in NARROW of the windows those controlled alone,
    and there, with `swap`, a swapped emotion label. spread: (54,) of the scale."""
    drawn = batch.drawn
    narrow = (torch.rand(len(drawn.motion), generator=random) < NARROW)[:, None, None]
    controlled = CONTROLLED * batch.controlled * (spread / _EVEN).clamp(max=1.0).square()
    plain = (_FAR / drawn.motion.abs().clamp(min=_FAR)).square()
    counts = torch.where(narrow, controlled, plain + controlled) * drawn.known
    emotion = torch.where(narrow, swapped(drawn.emotion, random), drawn.emotion) if swap else drawn.emotion
    return replace(batch, drawn=replace(drawn, known=counts, emotion=emotion))


def predict(
    base: Dit,
    adapter: Adapter,
    batch: ActedBatch,
    random: torch.Generator,
    device: str = "cpu",
    rows: Tensor | None = None,
) -> Tensor:
    """(N, T, 54) float32 clean motion, predicted from the batch's at levels drawn one per equal slice of
    0..1, each condition dropped as in stage 1; the adapter sees zeros for what is dropped. rows:
    (8, E) what the base is told for each emotion, None for the labels themselves."""
    drawn, size = batch.drawn, len(batch.units)
    level = (torch.arange(size) + torch.rand(size, generator=random)) / size
    keep = drawn.has * (torch.rand(size, 3, generator=random) >= DROPPED)
    conditions = (drawn.audio, drawn.emotion, drawn.style, keep, batch.units)
    inputs = (noised(drawn.motion, level, random), level, *conditions)
    motion, level, audio, emotion, style, keep, units = (t.to(device, torch.bfloat16) for t in inputs)
    hears, feels = keep[:, 0, None, None], keep[:, 1, None, None]
    control = adapter(motion, level, hears * audio, feels * emotion, units)
    told = emotion if rows is None else emotion @ rows.to(emotion)
    return base(motion, level, audio, told, style, keep, control).float()


def controlled_error(predicted: Tensor, batch: ActedBatch, spread: Tensor) -> Tensor:
    """() root mean square error of the controlled cells, in weights 0..1; it is logged."""
    error = ((predicted.detach() - batch.drawn.motion) * spread).square() * batch.controlled
    return (error.sum() / batch.controlled.sum().clamp(min=1.0)).sqrt()


def train(
    corpus: Path,
    encoder: Path,
    base: Path,
    out: Path,
    *,
    steps: int,
    config: AdapterConfig | None = None,
    batch: int = 16,
    peak_rate: float = 1.5e-3,
    seed: int = 0,
    every: int = 100,
    device: str = "cpu",
    swap: bool = True,
    held_out: frozenset[frozenset[int]] = HELD_OUT,
) -> Path:
    """Train and leave `stage2.safetensors`, `log.csv` and `log.png` in `out`; resumes what it finds.

    encoder, base: checkpoints of the encoder and of the base model trained on it; neither is changed.
    steps: of `batch` windows of WINDOW frames. config: None for `default_adapter`. swap: whether labels
    are swapped. held_out: pairs of units never on together. Raises MotionError, CorpusError,
    CheckpointError, Wav2Vec2Error.
    """
    team = Processes.of(device)
    device = team.device
    network, stamp = hearing.load(encoder, device)
    model, scale, base_facts = stage1.load(base)
    rows = torch.tensor(base_facts["emotion_rows"]) if "emotion_rows" in base_facts else None
    if model.config.audio != width(network.features):
        raise MotionError(
            f"expected a base model that hears {width(network.features)} numbers, as {encoder} gives; "
            f"{base} hears {model.config.audio}"
        )
    config = config or default_adapter(model.config)
    path = out / "stage2.safetensors"
    facts: dict[str, object] = {
        "config": config.as_dict(),
        "base": digest(base),
        "units": [list(unit) for unit in UNITS],
        "swap": swap,
        "held_out": sorted(sorted(pair) for pair in held_out),
    }
    if path.is_file() and checkpoint.facts(path).get("base") != facts["base"]:
        raise checkpoint.CheckpointError(
            f"the checkpoint {path} belongs to another base model than {base}; choose another folder"
        )
    with team.first_alone():
        voices = load_voices(corpus, network, stamp, "train", seed, device)
    model.requires_grad_(False).to(device, torch.bfloat16)
    torch.manual_seed(seed)
    half = Half(Adapter(config).to(device))

    def predicted(acted: ActedBatch, random: torch.Generator) -> Tensor:
        return predict(model, half.twin, acted, random, device, rows)

    def scenes(seed: int) -> Scenes:
        return Scenes(voices, scale, WINDOW, seed, network.silence, held_out)

    learn(
        half, predicted, scenes, scale, path, facts, title="stage 2", decay=0.995, steps=steps, batch=batch,
        peak_rate=peak_rate, seed=seed, every=every, device=device, swap=swap,
    )  # fmt: skip
    return path


def learn(
    half: Half[Network],
    predicted: Callable[[ActedBatch, torch.Generator], Tensor],
    scenes: Callable[[int], Scenes],
    scale: Scale,
    path: Path,
    facts: dict[str, object],
    *,
    title: str,
    decay: float,
    steps: int,
    batch: int,
    peak_rate: float,
    seed: int,
    every: int,
    device: str,
    swap: bool,
) -> checkpoint.RunningMean:
    """Train a network on acted windows, saved with its facts at `path` and resumed from there; logged beside.

    predicted: clean motion from a batch by the network's twin; scenes: windows from a seed. decay: of the
    running mean, which is returned; the rest as in `train`. Raises CheckpointError.
    """
    team = Processes.of(device)
    mean = checkpoint.RunningMean(half.master, decay)
    optimiser = torch.optim.AdamW(
        half.master.parameters(), peak_rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
    )
    step = 0
    if path.is_file():
        step = int(checkpoint.resume(path, half.master, mean, optimiser)["step"])
        half.push()
    own_seed = team.seed(seed + 1000 * step)
    random = torch.Generator().manual_seed(own_seed)
    windows = scenes(own_seed)
    losses, log = Losses(scale, device), Log(path.parent, LOGGED) if team.first else None
    spread, sums, count = torch.from_numpy(scale.spread), torch.zeros(len(LOGGED)), 0
    with Progress(disable=not team.first) as bar:
        task = bar.add_task(title, total=steps, completed=step)
        while step < steps:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, peak_rate)
            acted = narrowed(windows.batch(batch), spread, random, swap)
            motion = predicted(acted, random)
            acted = acted.to(device)
            loss, terms = losses(motion, acted.drawn)
            met = controlled_error(motion, acted, losses.spread)
            loss.backward()
            half.pull()
            team.average(half.master.parameters())
            torch.nn.utils.clip_grad_norm_(half.master.parameters(), 1.0)
            optimiser.step()
            half.push()
            mean.update(half.master, step)
            step += 1
            sums, count = sums + torch.cat([terms, met[None]]).cpu(), count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                if log is not None:
                    log.write(step, **dict(zip(LOGGED, (sums / count).tolist(), strict=True)))
                    log.plot()
                    saved = {**facts, "step": step, "steps": steps}
                    checkpoint.save(path, half.master, mean, optimiser, saved)
                team.wait()
                sums, count = torch.zeros(len(LOGGED)), 0
    return mean


def load(path: Path) -> tuple[Adapter, dict]:
    """The averaged adapter of a checkpoint and its facts; `base` is the digest of the model it belongs to.

    Raises CheckpointError.
    """
    adapter = Adapter(checkpoint.config_of(path, AdapterConfig))
    checkpoint.load_mean(path, adapter)
    return adapter.eval(), checkpoint.facts(path)
