"""Trains the audio encoder `phone` on every labelled recording of a corpus."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import Progress
from torch import Tensor

from phiz.audio.levels import normalised
from phiz.audio.phones import PHONES
from phiz.model.phone_encoder import PhoneEncoder, PhoneEncoderConfig
from phiz.train import checkpoint
from phiz.train.augment import Augment
from phiz.train.progress import Log, learning_rate
from phiz.train.speech import Pieces, SpeechError, Utterance, finished_sources, utterances

REAL_SHARE = 0.45
"""Share of real voices in every batch: they are what carries over to users (measured)."""

LIP_WEIGHT = torch.tensor([0.5, 0.2, 0.15, 0.15])
"""Share of closure, labiodental, rounding and openness in the lips' loss: a missed closure is what
every viewer sees."""

REAL = ("emodb_de", "en_single_speaker", "real_", "speechocean762", "speech_commands", "librispeech",
        "dspspeech20", "picovoice", "mycroft", "cmu_arctic", "voices")  # fmt: skip


def is_real(source: str) -> bool:
    return source.startswith(REAL)


def shares(sources: dict[str, list[Utterance]]) -> dict[str, float]:
    """Share of each source in a batch: by the square root of its length, real voices raised to theirs."""
    root = {name: float(sum(len(c.phones) for c in clips)) ** 0.5 for name, clips in sources.items()}
    real = sum(v for k, v in root.items() if is_real(k))
    made = sum(v for k, v in root.items() if not is_real(k))
    out = {}
    for name, value in root.items():
        whole, part = (real, REAL_SHARE) if is_real(name) else (made, 1 - REAL_SHARE)
        out[name] = value / whole * part
    return out


def normalise_batch(frames: Tensor) -> Tensor:
    return torch.from_numpy(np.stack([normalised(f) for f in frames.numpy()]))


def loss_of(logits: Tensor, phones: Tensor, lips: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Cross-entropy (label smoothing .1) plus binary cross-entropy on the lips; also the accuracy."""
    n = len(PHONES)
    each = F.cross_entropy(
        logits[..., :n].flatten(0, 1), phones.flatten(), reduction="none", label_smoothing=0.1
    ).view_as(weight)
    lip = F.binary_cross_entropy_with_logits(logits[..., n:], lips, reduction="none") @ LIP_WEIGHT.to(
        logits.device
    )
    total = weight.sum().clamp(min=1.0)
    right = ((logits[..., :n].argmax(-1) == phones).float() * weight).sum() / total
    return (each * weight).sum() / total, (lip * weight).sum() / total, right


@torch.no_grad()
def score(model: PhoneEncoder, held_out: Pieces, batches: int, device: str) -> dict[str, float]:
    """Loss and frame accuracy on held-out voices, without augmentation."""
    model.eval()
    held_out.random = np.random.default_rng(7)
    sums = np.zeros(3)
    for _ in range(batches):
        mels, phones, lips, weight = (torch.from_numpy(a) for a in held_out.batch(16))
        logits = model(normalise_batch(mels).to(device)).float().cpu()
        sums += [float(v) for v in loss_of(logits, phones, lips, weight)]
    model.train()
    return dict(zip(("held_out_phone", "held_out_lips", "held_out_accuracy"), sums / batches, strict=True))


def train(
    corpus: Path,
    out: Path,
    *,
    config: PhoneEncoderConfig,
    steps: int,
    batch: int = 32,
    seconds: float = 4.0,
    peak_rate: float = 1.5e-3,
    seed: int = 0,
    every: int = 250,
    device: str = "cpu",
) -> Path:
    """Train and leave `encoder.safetensors`, `log.csv` and `log.png` in `out`; resumes what it finds.

    steps: of `batch` pieces of `seconds` each. every: steps between saves. device: "cpu" or "cuda";
    what is drawn at random is the same on both. Raises SpeechError, CheckpointError.
    """
    sources = finished_sources(corpus)
    speech = {s.name: u for s in sources if (u := utterances(s, "train"))}
    unheard = {s.name: u for s in sources if is_real(s.name) and (u := utterances(s, "test"))}
    if not speech:
        raise SpeechError(f"expected labelled speech in {corpus}, found none; run `phiz corpus` first")
    torch.manual_seed(seed)
    model = PhoneEncoder(config).to(device)
    mean = checkpoint.RunningMean(model, 0.998)
    optimiser = torch.optim.AdamW(
        model.parameters(), lr=peak_rate, weight_decay=0.02, betas=(0.9, 0.98), fused=True
    )
    path, step = out / "encoder.safetensors", 0
    if path.is_file():
        step = int(checkpoint.resume(path, model, mean, optimiser)["step"])
    frames = round(seconds * 50)
    pieces = Pieces(speech, shares(speech), frames, seed + 1000 * step)
    held_out = Pieces(unheard, dict.fromkeys(unheard, 1.0), frames, seed) if unheard else None
    augment = Augment(seed + 1000 * step + 1)
    log = Log(out, ("phone", "lips", "accuracy", "held_out_phone", "held_out_lips", "held_out_accuracy"))
    judged = PhoneEncoder(config).to(device)
    sums, count = np.zeros(3), 0
    with Progress() as bar:
        task = bar.add_task("encoder", total=steps, completed=step)
        while step < steps:
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, steps, peak_rate)
            mels, phones, lips, weight = (torch.from_numpy(a) for a in pieces.batch(batch))
            heard = normalise_batch(augment(mels)).to(device)
            with torch.autocast(device, torch.bfloat16):
                logits = model(heard)
            targets = (part.to(device) for part in (phones, lips, weight))
            phone, lip, right = loss_of(logits.float(), *targets)
            (phone + 2.0 * lip).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            mean.update(model, step)
            step += 1
            sums, count = sums + [float(v.detach()) for v in (phone, lip, right)], count + 1
            bar.update(task, completed=step)
            if step % every == 0 or step == steps:
                mean.copy_to(judged)
                held = dict.fromkeys(log.columns[4:], float("nan"))
                if held_out:
                    held = score(judged, held_out, 4, device)
                now = dict(zip(log.columns[1:4], sums / count, strict=True))
                log.write(step, **now, **held)
                log.plot()
                checkpoint.save(
                    path, model, mean, optimiser, {"config": config.as_dict(), "step": step, "steps": steps}
                )
                sums, count = np.zeros(3), 0
    return path


def load(path: Path) -> PhoneEncoder:
    """The averaged network of a checkpoint, ready to run. Raises CheckpointError."""
    model = PhoneEncoder(checkpoint.config_of(path, PhoneEncoderConfig))
    checkpoint.load_mean(path, model)
    return model.eval()
