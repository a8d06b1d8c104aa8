"""Teaches a bundle's base model one more face, from takes of it: low-rank, or all of its weights.

The base is what ships, not a checkpoint. Channels that no take carries are left out of the loss, so that
the base goes on moving them. The run stops when takes that were kept back are no longer foretold better.
It computes in float32: half precision is slow on most of the processors that this is done on.
"""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from rich.progress import Progress
from torch import Tensor, nn

from phiz.model.dit import Dit
from phiz.runtime import bundle
from phiz.train import checkpoint, from_bundle, lora
from phiz.train.diffusion import signal_and_noise
from phiz.train.motion import Batch
from phiz.train.own_face import OwnFace, OwnWindows
from phiz.train.processes import Processes
from phiz.train.progress import Log, learning_rate
from phiz.train.stage1 import Losses

PATIENCE = 6
"""Judgements without a better one after which the run stops."""
_DECAY = 0.98  # of the running mean
_WARMUP = 20  # steps


@dataclass(frozen=True)
class Result:
    """A finished run: the base model with the new face in it, and how it was judged before and after."""

    model: Dit
    style: str
    step: int
    before: float
    after: float


class FaceLosses(Losses):
    """Those of stage 1; where channels are not known, the lip gap takes them as they were predicted."""

    def _lips(self, predicted: Tensor, batch: Batch) -> Tensor:
        wanted = torch.where(batch.known > 0, batch.motion, predicted.detach())
        return F.smooth_l1_loss(self._gap(predicted), self._gap(wanted))


def with_style(model: Dit, like: int) -> Dit:
    """A copy of a base model that knows one more style, the last, which begins as another one is."""
    old = model.style_in.weight.data  # (D, styles)
    config = type(model.config)(**{**model.config.as_dict(), "styles": old.shape[1] + 1})
    grown = Dit(config)
    state = model.state_dict()
    state["style_in.weight"] = torch.cat([old, old[:, like : like + 1]], dim=1)
    grown.load_state_dict(state)
    return grown


def train(
    base: Path,
    face: OwnFace,
    out: Path,
    *,
    style: str,
    rank: int | None = lora.RANK,
    steps: int = 400,
    batch: int = 8,
    peak_rate: float | None = None,
    seed: int = 0,
    every: int = 20,
    processes: Processes | None = None,
) -> Result:
    """Train, and leave `finetune.safetensors`, `best.safetensors`, `log.csv` and `log.png` in `out`.

    base: folder of a bundle. style: name of the new one. rank: None trains every weight. steps: at most, of
    `batch` windows in each process. every: steps between judgements, at which the state is saved; a stopped
    run goes on from it as if it had not been stopped. Raises BundleError, CheckpointError.
    """
    team = processes or Processes("cpu")
    manifest = bundle.read_manifest(base)
    model, scale, facts = from_bundle.load_base(base)
    base_digest = weights_digest(model)
    rows = torch.tensor(facts["emotion_rows"]) if "emotion_rows" in facts else None
    torch.manual_seed(seed)
    model = with_style(model, manifest.styles.index(manifest.default_style))
    if rank is not None:
        lora.add(model, rank)
    rate = peak_rate or (2e-3 if rank is not None else 2e-4)
    model = model.to(team.device)
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learnt, rate, betas=(0.9, 0.98), weight_decay=0.0)
    mean = checkpoint.RunningMean(model, _DECAY)
    told: dict[str, object] = {
        "config": model.config.as_dict(),
        "base": base_digest,
        "takes": _digest(face),
        "rank": rank,
        "style": style,
    }
    path, best_path = out / "finetune.safetensors", out / "best.safetensors"
    losses, windows = FaceLosses(scale, team.device), OwnWindows(face, model.config.styles, seed)
    judged = windows.judged()

    def loss_of(network: nn.Module, drawn: Batch, level: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        signal, sigma = signal_and_noise(level)
        noisy = signal[:, None, None] * drawn.motion + sigma[:, None, None] * noise
        emotion = drawn.emotion if rows is None else drawn.emotion @ rows
        inputs = (noisy, level, drawn.audio, emotion, drawn.style, drawn.has)
        predicted = network(*(t.to(team.device) for t in inputs))
        return losses(predicted, drawn.to(team.device))

    @torch.no_grad()
    def judge() -> float:
        mean.copy_to(shown)
        own = judged[team.rank :: team.size] or judged[:1]
        found = torch.stack([loss_of(shown, *one)[0] for one in own]).mean()
        return float(team.mean(found))

    shown = copy.deepcopy(model)
    step, state = 0, {"best": float("inf"), "best_step": 0, "before": 0.0}
    if path.is_file():
        found = checkpoint.facts(path)
        if any(found.get(key) != value for key, value in told.items()):
            raise checkpoint.CheckpointError(
                f"{path} is of other takes, another bundle or other options; choose another folder"
            )
        checkpoint.resume(path, model, mean, optimiser)
        step, state = int(found["step"]), found["state"]
    else:
        state["before"] = judge()
    log = Log(out, (*Losses.names, "held_out")) if team.first else None
    sums, count = torch.zeros(len(Losses.names)), 0
    with Progress(disable=not team.first) as bar:
        task = bar.add_task("fine-tuning", total=steps, completed=step)
        while step < steps and step - state["best_step"] < PATIENCE * every:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, rate, _WARMUP)
            drawn = windows.batch(step, team.rows(batch), team.size * batch)
            loss, terms = loss_of(model, *drawn)
            optimiser.zero_grad()
            loss.backward()
            team.average(learnt)
            torch.nn.utils.clip_grad_norm_(learnt, 1.0)
            optimiser.step()
            mean.update(model, step)
            step += 1
            sums, count = sums + terms.cpu(), count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                now = judge()
                better = now < state["best"]
                if better:
                    state |= {"best": now, "best_step": step}
                if log is not None:
                    means = dict(zip(Losses.names, (sums / count).tolist(), strict=True))
                    log.write(step, **means, held_out=now)
                    saved = {**told, "step": step, "steps": steps, "state": state}
                    checkpoint.save(path, model, mean, optimiser, saved)
                    if better:
                        checkpoint.save(best_path, model, mean, optimiser, saved)
                sums, count = torch.zeros(len(Losses.names)), 0
                team.wait()
    if log is not None:
        log.plot()
    checkpoint.load_mean(best_path, shown)
    lora.merge(shown)
    return Result(shown.cpu().eval(), style, int(state["best_step"]), state["before"], state["best"])


def weights_digest(model: Dit) -> str:
    """Tells a base model from all others, however its graph is written."""
    whole = hashlib.sha256()
    for name, weight in sorted(model.named_parameters()):
        whole.update(name.encode() + weight.detach().numpy().tobytes())
    return whole.hexdigest()[:16]


def _digest(face: OwnFace) -> str:
    """Tells these takes from all others."""
    whole = hashlib.sha256(face.known.tobytes())
    for stretch in (*face.learnt, *face.judged):
        whole.update(stretch.motion.tobytes())
        whole.update(stretch.audio.tobytes())
    return whole.hexdigest()[:16]
