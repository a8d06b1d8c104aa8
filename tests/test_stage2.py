"""Stage 2: the adapter learns what it is told, and the base model stays what it was."""

from __future__ import annotations

import copy
import csv
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from test_train import weights_of

from phiz.acting.units import UNITS, WIDTH
from phiz.cli import main
from phiz.corpus.teacher.styles import STYLES
from phiz.face.action_units import ACTION_UNITS
from phiz.face.channels import COUNT
from phiz.model.adapter import Adapter, AdapterConfig, default_adapter
from phiz.model.dit import MOTION, Dit, DitConfig
from phiz.train import acted, checkpoint, hearing, one_stage, stage1, stage2
from phiz.train.acted import ActedBatch, Scenes, draw_events, load_voices
from phiz.train.checkpoint import CheckpointError
from phiz.train.half import Half
from phiz.train.motion import MotionError, Scale
from phiz.train.stage1 import Losses


def tiny_adapter(base: DitConfig) -> AdapterConfig:
    return AdapterConfig(
        base.audio,
        WIDTH,
        32,
        blocks=1,
        heads=2,
        feed_forward=2,
        base_width=base.width,
        base_blocks=base.blocks,
    )


SCALE = Scale(np.full(MOTION, 0.1, np.float32), np.full(MOTION, 0.25, np.float32))
SPREAD = torch.from_numpy(SCALE.spread)


@pytest.fixture(scope="module")
def base(tiny_encoder: Path) -> Dit:
    """A random base model whose output can be moved every way, as a trained one's can."""
    torch.manual_seed(0)
    config = DitConfig(hearing.audio_width(tiny_encoder), len(STYLES), width=64, blocks=2, heads=2)
    model = Dit(config)
    torch.nn.init.orthogonal_(model.head.weight)
    return model.requires_grad_(False).bfloat16()


@pytest.fixture(scope="module")
def scenes(tiny_corpus: Path, tiny_encoder: Path) -> Scenes:
    network, stamp = hearing.load(tiny_encoder)
    voices = load_voices(tiny_corpus, network, stamp, "train", 0)
    return Scenes(voices, SCALE, 60, 3, network.silence)


@pytest.fixture(scope="module")
def batch(scenes: Scenes) -> ActedBatch:
    return scenes.batch(12)


@pytest.fixture(scope="module")
def tiny_stage2(
    tiny_corpus: Path, tiny_encoder: Path, tiny_stage1: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    torch.set_num_threads(1)
    config = tiny_adapter(stage1.load(tiny_stage1)[0].config)
    out = tmp_path_factory.mktemp("stage2")
    return stage2.train(
        tiny_corpus, tiny_encoder, tiny_stage1, out, steps=12, config=config, batch=4, every=4
    )


def fit(base: Dit, batch: ActedBatch, steps: int) -> tuple[Adapter, list[float]]:
    """An adapter trained on one batch at the same noise, and its controlled error step by step."""
    torch.manual_seed(0)
    half, errors, losses = Half(Adapter(tiny_adapter(base.config))), [], Losses(SCALE)
    optimiser = torch.optim.Adam(half.master.parameters(), 2e-2)
    for _ in range(steps):
        predicted = stage2.predict(base, half.twin, batch, torch.Generator().manual_seed(0))
        losses(predicted, batch.drawn)[0].backward()
        half.pull()
        optimiser.step()
        half.push()
        errors.append(float(stage2.controlled_error(predicted, batch, SPREAD)))
    return half.twin, errors


def test_the_adapter_learns_and_the_base_stays(base: Dit, batch: ActedBatch) -> None:
    before = {name: value.clone() for name, value in base.state_dict().items()}
    narrow = stage2.narrowed(batch, SPREAD, torch.Generator().manual_seed(0), swap=True)
    adapter, errors = fit(base, narrow, 60)
    assert errors[-1] < 0.5 * errors[0]
    mistaken = replace(narrow, units=narrow.units.roll(1, 0))
    predicted = stage2.predict(base, adapter, mistaken, torch.Generator().manual_seed(0))
    assert float(stage2.controlled_error(predicted, narrow, SPREAD)) > 1.2 * errors[-1]
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert all(weight.grad is None for weight in base.parameters())


def test_a_run_writes_what_it_is_and_goes_on(
    tiny_corpus: Path, tiny_encoder: Path, tiny_stage1: Path, tiny_stage2: Path, tmp_path: Path
) -> None:
    facts = checkpoint.facts(tiny_stage2)
    assert facts["step"] == 12 and facts["base"] == stage2.digest(tiny_stage1) and facts["swap"] is True
    assert [tuple(unit) for unit in facts["units"]] == list(UNITS)
    assert [3, 4] not in facts["held_out"] and [1, 15] in facts["held_out"]
    with open(tiny_stage2.parent / "log.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["4", "8", "12"] and float(rows[-1]["controlled"]) > 0

    shutil.copy(tiny_stage2, tmp_path)
    config, before = stage2.load(tiny_stage2)[0].config, weights_of(tiny_stage2)
    parts = (tiny_corpus, tiny_encoder, tiny_stage1, tmp_path)
    path = stage2.train(*parts, steps=12, config=config)
    assert path.read_bytes() == tiny_stage2.read_bytes()  # nothing left to do
    stage2.train(*parts, steps=14, config=config, batch=2)
    after = weights_of(path)
    assert checkpoint.facts(path)["step"] == 14 and after["optimiser.0.step"] == 14
    moved = max(float((after[k] - v).abs().max()) for k, v in before.items() if k.startswith("model."))
    assert 0 < moved < 0.01


def test_the_running_mean_is_what_is_loaded(tiny_stage2: Path) -> None:
    adapter, saved = stage2.load(tiny_stage2)[0], weights_of(tiny_stage2)
    for name, weight in adapter.named_parameters():
        assert torch.equal(weight, saved[f"mean.{name}"])
    assert adapter.out.weight.any() and not adapter.training


def test_another_base_is_refused(
    tiny_corpus: Path, tiny_encoder: Path, tiny_stage1: Path, tiny_stage2: Path, tmp_path: Path
) -> None:
    shutil.copy(tiny_stage2, tmp_path)
    other = tmp_path / "other.safetensors"
    model, scale, facts = stage1.load(tiny_stage1)
    optimiser = torch.optim.AdamW(model.parameters())
    with torch.no_grad():
        model.head.bias.add_(1)
    checkpoint.save(other, model, checkpoint.RunningMean(model, 0.9), optimiser, facts)
    assert stage2.digest(other) != stage2.digest(tiny_stage1)
    with pytest.raises(CheckpointError, match="another base model"):
        stage2.train(tiny_corpus, tiny_encoder, other, tmp_path, steps=14)
    with pytest.raises(CheckpointError):
        stage2.load(tiny_stage1)
    deaf = Dit(replace(model.config, audio=7))
    optimiser = torch.optim.AdamW(deaf.parameters())
    facts = {"config": deaf.config.as_dict(), "scale": scale.as_dict()}
    checkpoint.save(other, deaf, checkpoint.RunningMean(deaf, 0.9), optimiser, facts)
    with pytest.raises(MotionError, match="hears 7"):
        stage2.train(tiny_corpus, tiny_encoder, other, tmp_path / "new", steps=1)


def test_the_shipped_size() -> None:
    config = default_adapter(DitConfig(94, 8, width=256, blocks=6, heads=4))
    with torch.device("meta"):
        assert sum(p.numel() for p in Adapter(config).parameters()) == pytest.approx(1.6e6, rel=0.03)


def test_every_unit_side_and_strength_is_drawn() -> None:
    random = np.random.default_rng(0)
    windows = [draw_events(random, 3.3) for _ in range(2000)]
    counts = [len(events) for events in windows]
    assert min(counts) == 1 and max(counts) == 5 and 0.85 < np.mean(np.array(counts) > 1) < 0.95
    events = [event for window in windows for event in window]
    often = Counter((event.au, event.side) for event in events)
    for unit in ACTION_UNITS.values():
        assert all(often[unit.number, side] > 20 for side in unit.sides)
    strength = np.array([event.intensity for event in events])
    assert 0.08 < (strength == 0).mean() < 0.12 and 0.08 < (strength == 1).mean() < 0.12
    assert np.percentile(strength, 50) == pytest.approx(0.5, abs=0.05)
    begun = np.mean([event.start == 0 for event in events])
    assert 0.15 < begun < 0.4


def test_held_out_pairs_never_meet() -> None:
    def met(held_out: frozenset[frozenset[int]]) -> int:
        random, found = np.random.default_rng(1), 0
        for _ in range(1500):
            events = draw_events(random, 3.3, held_out)
            for i, a in enumerate(events):
                for b in events[:i]:
                    overlap = a.start < b.end and b.start < a.end
                    found += overlap and frozenset((a.au, b.au)) in acted.HELD_OUT
        return found

    assert met(acted.HELD_OUT) == 0 and met(frozenset()) > 20
    units = {number for pair in acted.HELD_OUT for number in pair}
    assert units <= set(acted.SHOWABLE) and all(len(pair) == 2 for pair in acted.HELD_OUT)


def test_the_motion_shows_what_is_told(scenes: Scenes) -> None:
    """The teacher's own face, in the batch's normalised form, follows the unit track."""
    scale, mouth = scenes.scale, UNITS.index((12, "L"))
    batch = scenes.batch(200)
    weights = batch.drawn.motion.numpy() * scale.spread + scale.mean
    smile = weights[..., 23]
    held = batch.units[..., mouth].numpy() > 0.99
    strength = batch.units[..., len(UNITS) + mouth].numpy()
    assert held.sum() > 100
    assert np.corrcoef(smile[held], strength[held])[0, 1] > 0.9
    assert batch.controlled[..., 23].numpy()[held].min() > 0.99
    assert not batch.controlled[..., COUNT:].any() and batch.drawn.motion.shape[-1] == MOTION


def test_some_windows_are_told_less_than_they_show(scenes: Scenes) -> None:
    scene = max((scenes.scene() for _ in range(40)), key=lambda s: len(s.events))
    told = [len(scenes.told(scene.events)) for _ in range(400)]
    everything = len(scene.events)
    assert min(told) == 1 and np.mean(np.array(told) == everything) == pytest.approx(0.5, abs=0.1)


def test_scenes_are_drawn_again_and_renewed(scenes: Scenes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acted, "_POOL", 8)
    some = copy.copy(scenes)
    some.pool = []
    drawn = [some.scene() for _ in range(60)]
    assert 10 < len({id(scene) for scene in drawn}) < 40 and len(some.pool) == 8


def test_a_swapped_label_is_of_another_emotion(batch: ActedBatch) -> None:
    emotion = batch.drawn.emotion
    label = stage2.swapped(emotion, torch.Generator().manual_seed(1))
    torch.testing.assert_close(label.sum(-1), torch.ones(emotion.shape[:2]))
    shown = emotion.mean(1)[:, 1:]
    moody = shown.amax(-1) > 0
    assert moody.any()
    assert (label.mean(1)[:, 1:].argmax(-1) != shown.argmax(-1))[moody].all()
    assert (label[..., 1:].amax(-1) >= 0.3 - 1e-6).all()


def test_a_swapped_window_counts_only_what_is_controlled(batch: ActedBatch) -> None:
    drawn = batch.drawn
    told = stage2.narrowed(batch, SPREAD, torch.Generator().manual_seed(0), swap=True).drawn
    narrow = (told.emotion != drawn.emotion).flatten(1).any(1)
    assert 2 < narrow.sum() < 10
    free = (batch.controlled == 0) & (drawn.known > 0)
    held = (batch.controlled == 1) & (drawn.known > 0)
    assert not told.known[narrow][free[narrow]].any()
    assert (told.known[narrow][held[narrow]] == stage2.CONTROLLED).all()
    assert (told.known[~narrow][free[~narrow]] == 1).all()
    assert (told.known[~narrow][held[~narrow]] == 1 + stage2.CONTROLLED).all()
    assert not told.known[drawn.known == 0].any()
    plain = stage2.narrowed(batch, SPREAD, torch.Generator().manual_seed(0), swap=False).drawn
    assert torch.equal(plain.emotion, drawn.emotion) and torch.equal(plain.known, told.known)


def test_channels_that_are_else_still_do_not_drown_the_others(batch: ActedBatch) -> None:
    far = replace(batch, drawn=replace(batch.drawn, motion=torch.full_like(batch.drawn.motion, 60.0)))
    told = stage2.narrowed(far, 0.08 * SPREAD, torch.Generator().manual_seed(0), swap=True).drawn.known
    assert told[batch.controlled == 0].max() == pytest.approx((6 / 60) ** 2)
    assert told[batch.controlled == 1].max() == pytest.approx((6 / 60) ** 2 + 10 * 0.1**2)


def test_stage2_on_the_command_line(
    tiny_corpus: Path,
    tiny_encoder: Path,
    tiny_stage1: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    argv = ["train", "stage2", str(tiny_corpus), "--encoder", str(tiny_encoder)]
    argv += ["--base", str(tiny_stage1), str(tmp_path / "out"), "--batch", "1", "--threads", "1", "--steps"]
    assert main([*argv, "1"]) == 0
    made = tmp_path / "out" / "stage2.safetensors"
    assert capsys.readouterr().out.strip().endswith(str(made)) and made.is_file()
    assert main([*argv, "2"]) == 0
    assert "step 1 of 2" in capsys.readouterr().err
    argv[argv.index(str(tiny_stage1))] = str(tmp_path / "none.safetensors")
    assert main([*argv, "3"]) == 2
    said = capsys.readouterr().err
    assert "none.safetensors" in said.splitlines()[-1]


def test_one_stage_learns_both_and_goes_on(
    tiny_corpus: Path, tiny_encoder: Path, tiny_stage1: Path, tmp_path: Path
) -> None:
    torch.set_num_threads(1)
    like = checkpoint.facts(tiny_stage1)["config"]
    told = (tiny_corpus, tiny_encoder, tiny_stage1, tmp_path)
    one_stage.train(*told, steps=2, batch=4, every=1)
    first = weights_of(tmp_path / "stage1.safetensors")
    one_stage.train(*told, steps=4, batch=4, every=1)
    base, _, facts = stage1.load(tmp_path / "stage1.safetensors")
    adapter, adapter_facts = stage2.load(tmp_path / "stage2.safetensors")
    assert facts["config"] == like and adapter.config.base_width == base.config.width
    assert adapter_facts["base"] == stage2.digest(tmp_path / "stage1.safetensors")
    assert not any(torch.equal(value, first[f"mean.{name}"]) for name, value in base.named_parameters())
    with open(tmp_path / "log.csv", newline="") as file:
        assert [row[0] for row in csv.reader(file)][1:] == ["1", "2", "3", "4"]
