"""What fewer steps of sampling, guidance in one run and int8 cost, and what they save."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes

from phiz.acting.direction import SHOWABLE, Direction
from phiz.evaluate.experiments import Finding, Stage, in_turn
from phiz.evaluate.experiments.measures import control_rate
from phiz.evaluate.experiments.speech import closures, rich_speech
from phiz.face.action_units import ACTION_UNITS
from phiz.face.channels import INDEX
from phiz.motion import measures
from phiz.motion.measures import EVEN_FPS
from phiz.runtime import bundle
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import generate

STEPS = (1, 2, 4, 8, 16)
UNITS = SHOWABLE[::3]
SEEDS = (5, 6)


def run(stage: Stage) -> Finding:
    """Closures, control, diversity, blinks and time, by steps and by how guidance is computed."""
    events, length = in_turn([(au, ACTION_UNITS[au].sides[0]) for au in UNITS])
    speech = rich_speech(stage.clips, length)
    ways = _ways(stage.bundle)
    plans = [(name, model, steps) for name, model in ways for steps in STEPS]
    rows: list[tuple[object, ...]] = []
    for done, (name, model, steps) in enumerate(plans):
        began = time.process_time()
        takes = []
        for seed in SEEDS:
            direction = Direction(emotion=(), seed=seed)
            takes.append(generate(speech.recording, direction, model, steps=steps).weights)
        cost = (time.process_time() - began) / len(SEEDS) / speech.seconds
        direction = Direction(emotion=(), seed=SEEDS[0], events=events)
        acted = generate(speech.recording, direction, model, steps=steps).weights
        stage.progress((done + 1) / len(plans))
        rate = control_rate([(acted, events)])
        closed = closures(takes[0], speech, stage.gap)
        fast, _ = measures.tremor([measures.Performance(t, EVEN_FPS, speech.phones) for t in takes])
        rows.append((
            name, steps, closed.hit, closed.inside, rate.every, rate.worst[1], measures.diversity(takes),
            float(np.mean([_blinks(take) for take in takes])), fast, cost,
        ))  # fmt: skip
    return Finding(
        "Steps of sampling",
        _says(rows, length, speech.bilabials),
        (
            "guidance", "steps", "closure hit", "inside", "Control Rate", "worst unit", "diversity",
            "blinks a minute", "energy above 8 Hz", "CPU s per s",
        ),
        rows,
        lambda axes: _draw(axes, rows),
    )  # fmt: skip


def _ways(model: Bundle) -> list[tuple[str, Bundle]]:
    apart = replace(model, manifest=model.manifest.model_copy(update={"distilled": None}))
    ways = [("two runs", apart)]
    if model.manifest.distilled:
        ways.append(("one run", model))
    return [*ways, (f"{ways[-1][0]}, int8", bundle.load(model.folder, 1, "int8"))]


def _blinks(weights: np.ndarray) -> float:
    """How often a minute the left lid passes a half on its way down."""
    shut = weights[:, INDEX["eyeBlinkLeft"]] > 0.5
    return float((shut[1:] & ~shut[:-1]).sum() / (len(shut) / EVEN_FPS / 60.0))


def _says(rows: list[tuple[object, ...]], length: float, bilabials: int) -> str:
    slowest, quickest = max(float(str(r[-1])) for r in rows), min(float(str(r[-1])) for r in rows)
    return (
        f"{len(UNITS)} units one after another at intensity 1 in {length:.0f} s of held-out speech with"
        f" {bilabials} /p b m/, without emotion; one is {100 / bilabials:.1f} points. The dearest way takes"
        f" {slowest / quickest:.0f} times as long as the cheapest.\n\n"
        "Two runs: the denoiser runs with all and with nothing told. One run: what it would say with nothing"
        " told is read from the other run (`phiz train distill`). Closures, blinks and the mouth's energy"
        " above 8 Hz are those of takes without units. CPU seconds per second of audio on one thread, the"
        " encoder counted; they compare in this table alone."
    )


def _draw(axes: Axes, rows: list[tuple[object, ...]]) -> None:
    for name in dict.fromkeys(str(row[0]) for row in rows):
        own = [row for row in rows if row[0] == name]
        axes.plot([float(str(r[-1])) for r in own], [float(str(r[6])) for r in own], "o-", label=name)
    axes.set_xscale("log")
    axes.set_xlabel("CPU seconds per second of audio")
    axes.set_ylabel("how far seeds are apart")
    axes.legend(fontsize=8)
