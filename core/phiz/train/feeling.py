"""Fits what hears the emotion in a voice, and says how often it is right on actors it never heard."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save

from phiz.face.emotions import EMOTIONS
from phiz.model.feeling import HEARD, KINDS, LIMIT, Feeling
from phiz.runtime.feeling import shown, smoothed, track
from phiz.train import voices
from phiz.train.checkpoint import CheckpointError
from phiz.train.voices import Voices
from phiz.writing import whole_file

PLAIN_SHARE = 0.5
"""Weight of plain speech among all that is learned from: the more, the calmer an ordinary voice is heard."""
SHRINKAGE = 0.05
"""Share of the identity in the covariance."""
_ACTED_POWER, _SOURCE_POWER = 0.3, 0.5  # weight of an emotion or a source: its count to this power
_TRIED = 30  # held-out clips of each plain source
_PLACES = [EMOTIONS.index(name) for name in HEARD]


def _weights(heard: Voices) -> np.ndarray:
    """(n,) weights of sum 1: half for plain speech, rare emotions and short sources raised."""
    weight = np.zeros(len(heard.kind))
    emotion = np.array([HEARD.index(KINDS[k][0]) for k in heard.kind])
    for acted, share in ((True, 1.0 - PLAIN_SHARE), (False, PLAIN_SHARE)):
        side = heard.acted == acted
        names, power = (emotion, _ACTED_POWER) if acted else (heard.source, _SOURCE_POWER)
        for name in np.unique(names[side]):
            chosen = side & (names == name)
            weight[chosen] = chosen.sum() ** (power - 1.0)
        weight[side] *= share / max(weight[side].sum(), 1e-9)
    return weight / weight.sum()


def fit(heard: Voices) -> Feeling:
    """The discriminant of the voices, in closed form."""
    weight = _weights(heard)[:, None]
    mean = (weight * heard.rows).sum(0)
    spread = np.sqrt((weight * (heard.rows - mean) ** 2).sum(0)) + 1e-4
    rows = np.clip((heard.rows - mean) / spread, -LIMIT, LIMIT).astype(np.float64)
    centres = np.zeros((len(KINDS), rows.shape[1]))
    prior = np.full(len(KINDS), 1e-9)
    covariance = np.zeros((rows.shape[1], rows.shape[1]))
    for k in np.unique(heard.kind):
        own = heard.kind == k
        prior[k] = weight[own].sum()
        centres[k] = (weight[own] * rows[own]).sum(0) / prior[k]
        off = rows[own] - centres[k]
        covariance += (off * weight[own]).T @ off
    covariance = (1.0 - SHRINKAGE) * covariance + SHRINKAGE * np.eye(len(covariance))
    direction = np.linalg.solve(covariance, centres.T)  # (F, K)
    bias = np.log(prior) - 0.5 * (centres * direction.T).sum(1)
    return Feeling(*(torch.from_numpy(np.asarray(part)) for part in (mean, spread, direction, bias)))


@torch.no_grad()
def estimate(model: Feeling, rows: np.ndarray) -> np.ndarray:
    """(n, FEATURES) -> shares (n, 8)."""
    return model(torch.from_numpy(np.asarray(rows, np.float32))).numpy()


def _confusion(model: Feeling, heard: Voices) -> np.ndarray:
    """(6, 6) counts: what was acted down, what was heard across; bored voices left out."""
    table = np.zeros((len(HEARD), len(HEARD)), int)
    rows = heard.kind != KINDS.index(("neutral", "bored"))
    if rows.any():
        acted = [HEARD.index(KINDS[k][0]) for k in heard.kind[rows]]
        np.add.at(table, (acted, estimate(model, heard.rows[rows])[:, _PLACES].argmax(1)), 1)
    return table


def recalls(table: np.ndarray) -> tuple[float, float]:
    """Weighted recall (share right) and unweighted recall (mean over the emotions acted)."""
    acted = table.sum(1)
    each = table.diagonal()[acted > 0] / acted[acted > 0]
    return float(table.trace() / max(1, table.sum())), float(each.mean()) if len(each) else float("nan")


def plain_speech(model: Feeling, corpus: Path) -> dict[str, float]:
    """What would be proposed for plain recordings of held-out speakers: mean share of neutral on the face,
    and how many recordings hold emotion above an intensity of .3 anywhere."""
    neutral, exceeding = [], []
    for source in voices.sources(corpus)[1]:
        chosen = [i for i, clip in enumerate(source.clips) if clip.split == "test"]
        for i in chosen[:: max(1, len(chosen) // _TRIED)][:_TRIED]:
            _, rows = track(source.samples(i), lambda prosody: estimate(model, prosody))
            neutral.append(1.0 - rows.sum(1).mean())
            exceeding.append(rows.sum(1).max() > 0.3)
    if not neutral:
        return {}
    return {
        "recordings": len(neutral),
        "neutral": float(np.mean(neutral)),
        "above_0.3": float(np.mean(exceeding)),
    }


def judge(heard: Voices, model: Feeling) -> dict[str, dict[str, list[list[int]]]]:
    """Confusions by set and by how it was heard: `left_out`, each training actor heard by a fit without
    that actor, and `held_out`, the test actors heard by the model."""
    training = heard.split == "train"
    found: dict[str, dict[str, list[list[int]]]] = {"left_out": {}, "held_out": {}}
    actors = np.unique(heard.speaker[heard.acted & training])
    without = {actor: fit(heard[training & (heard.speaker != actor)]) for actor in actors}
    for how in ("clean", "noise", "degraded"):
        chosen = heard.acted & (heard.heard == how)
        left = sum(_confusion(without[a], heard[chosen & (heard.speaker == a)]) for a in actors)
        found["left_out"][how] = np.asarray(left).tolist()
        found["held_out"][how] = _confusion(model, heard[chosen & ~training]).tolist()
    return found


def proposed(model: Feeling, heard: Voices) -> dict[str, float]:
    """What a face would show for the clean clips in which the test actors feel something: share with emotion
    above an intensity of .3, and how many of those have the right one in the lead."""
    emotion = np.array([KINDS[k][0] for k in heard.kind])
    chosen = heard.acted & (heard.split == "test") & (heard.heard == "clean") & (emotion != "neutral")
    if not chosen.any():
        return {}
    once, middle = np.array([True]), np.array([1.0])  # a clip is one window
    rows = np.concatenate(
        [shown(smoothed(middle, row[None], once, middle)) for row in estimate(model, heard.rows[chosen])]
    )
    showing = rows.sum(1) > 0.3
    right = rows.argmax(1) == [EMOTIONS.index(name) for name in emotion[chosen]]
    return {
        "clips": int(chosen.sum()),
        "above_0.3": float(showing.mean()),
        "right": float(right[showing].mean()) if showing.any() else float("nan"),
    }


def train(corpus: Path, out: Path, *, seed: int = 0, variants: int = 4, plain: int = 100) -> Path:
    """Hear the corpus, fit, judge; leaves `feeling.safetensors` and `feeling.json`, the figures, in `out`.

    variants, plain: see `voices.listen`. Raises VoicesError.
    """
    return learn(voices.listen(corpus, seed, variants, plain), corpus, out)


def learn(heard: Voices, corpus: Path, out: Path) -> Path:
    """Fit to the training voices of what was heard, judge by the rest, and by whole plain recordings."""
    model = fit(heard[heard.split == "train"])
    figures = {
        "pieces": len(heard.kind),
        "emotions": list(HEARD),
        "confusion": judge(heard, model),
        "proposed": proposed(model, heard),
        "plain": plain_speech(model, corpus),
    }
    out.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.contiguous() for name, value in model.state_dict().items()}
    path = out / "feeling.safetensors"
    with whole_file(path) as file:
        file.write(save(tensors, metadata={"facts": json.dumps(figures)}))
    with whole_file(out / "feeling.json") as file:
        file.write((json.dumps(figures, indent=1) + "\n").encode())
    return path


def load(path: Path) -> Feeling:
    """The model of a checkpoint. Raises CheckpointError."""
    try:
        saved = load_file(path)
        return Feeling(*(saved[name] for name in ("mean", "spread", "weight", "bias"))).eval()
    except (OSError, SafetensorError, KeyError) as error:
        raise CheckpointError(
            f"expected a checkpoint of `phiz train feeling` in {path}, could not read one ({error})"
        ) from error


def report(figures: dict) -> str:
    """The figures as lines of text."""
    lines = []
    for name, title in (("left_out", "training actors, each left out in turn"), ("held_out", "test actors")):
        for how, table in figures["confusion"][name].items():
            weighted, unweighted = recalls(np.array(table))
            lines.append(f"{title}, {how}: weighted recall {weighted:.3f}, unweighted {unweighted:.3f}")
        lines.append("acted \\ heard  " + " ".join(f"{e:>9}" for e in figures["emotions"]))
        for emotion, row in zip(figures["emotions"], figures["confusion"][name]["clean"], strict=True):
            lines.append(f"{emotion:>13}  " + " ".join(f"{count:>9}" for count in row))
    if found := figures["proposed"]:
        lines.append(
            f"test actors feeling something: {found['clips']} clips, {100 * found['above_0.3']:.1f} % shown "
            f"above intensity .3, {100 * found['right']:.1f} % of those as what was acted"
        )
    if found := figures["plain"]:
        lines.append(
            f"plain speech of held-out speakers: {found['recordings']} recordings, neutral "
            f"{found['neutral']:.3f}, {100 * found['above_0.3']:.1f} % with emotion above intensity .3"
        )
    return "\n".join(lines)
