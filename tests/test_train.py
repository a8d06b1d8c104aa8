"""Training: it learns, it goes on where it stopped, and it learns from what it says."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import tiny_dit, tiny_phone
from test_model import small_wav2vec2
from torch import nn

from phiz.audio import mel
from phiz.audio.aligned import silent, width
from phiz.audio.phones import INDEX
from phiz.cli import main
from phiz.corpus.clips import Clip, load_source
from phiz.corpus.teacher.styles import STYLES
from phiz.face.channels import COUNT
from phiz.face.channels import INDEX as CHANNEL
from phiz.face.emotions import EMOTIONS
from phiz.model.audio_encoder import PhoneAudio
from phiz.model.dit import MOTION, Dit
from phiz.model.phone_encoder import LIPS, OUTPUTS, PhoneEncoder
from phiz.train import checkpoint, encoder, hearing, stage1
from phiz.train.augment import Augment
from phiz.train.checkpoint import CheckpointError, RunningMean
from phiz.train.diffusion import noised, signal_and_noise
from phiz.train.half import Half
from phiz.train.motion import Batch, MotionError, Moving, Scale, Windows, source_features
from phiz.train.progress import learning_rate
from phiz.train.speech import Pieces, label_frames, utterances


def log_of(path: Path) -> list[dict[str, float]]:
    with open(path.parent / "log.csv", newline="") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return checkpoint._tensors(path, "")


def test_the_encoder_learns(tiny_encoder: Path) -> None:
    rows = log_of(tiny_encoder)
    assert [row["step"] for row in rows] == [20, 40, 60]
    assert rows[-1]["phone"] < rows[0]["phone"] - 0.3
    assert rows[-1]["held_out_phone"] < rows[0]["held_out_phone"] - 0.3
    assert (tiny_encoder.parent / "log.png").is_file()


def test_the_base_model_learns(tiny_stage1: Path) -> None:
    rows = log_of(tiny_stage1)
    assert [row["step"] for row in rows] == [20, 40, 60]
    assert rows[-1]["channels"] < 0.95 * rows[0]["channels"]
    assert rows[-1]["lips"] < rows[0]["lips"]


def test_a_run_goes_on_where_it_stopped(
    tiny_corpus: Path, tiny_stage1: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    """Weights, running mean, optimiser and step go on; what is drawn at random is drawn anew."""
    shutil.copy(tiny_stage1, tmp_path)
    before = weights_of(tiny_stage1)
    config = tiny_dit(width(OUTPUTS))
    path = stage1.train(tiny_corpus, tiny_encoder, tmp_path, config=config, steps=60)
    assert path.read_bytes() == tiny_stage1.read_bytes()  # nothing left to do
    stage1.train(tiny_corpus, tiny_encoder, tmp_path, config=config, steps=62, batch=8)
    assert checkpoint.facts(path)["step"] == 62
    after = weights_of(path)
    assert after["optimiser.0.step"] == 62
    moved = max(float((after[k] - v).abs().max()) for k, v in before.items() if k.startswith("model."))
    assert 0 < moved < 0.01  # two small steps, not a new start
    assert log_of(path)[-1]["lips"] < 0.7 * log_of(tiny_stage1)[0]["lips"]
    assert checkpoint.facts(path)["scale"] == checkpoint.facts(tiny_stage1)["scale"]


def test_a_resumed_state_steps_like_one_that_never_stopped(tmp_path: Path) -> None:
    def made() -> tuple[nn.Linear, RunningMean, torch.optim.Optimizer]:
        torch.manual_seed(0)
        model = nn.Linear(4, 3)
        return model, RunningMean(model, 0.9), torch.optim.AdamW(model.parameters(), 1e-2, fused=True)

    def step(state: tuple[nn.Linear, RunningMean, torch.optim.Optimizer], number: int) -> None:
        model, mean, optimiser = state
        inputs = torch.randn(8, 4, generator=torch.Generator().manual_seed(number))
        optimiser.zero_grad()
        model(inputs).square().sum().backward()
        optimiser.step()
        mean.update(model, number)

    unbroken = made()
    for number in range(6):
        step(unbroken, number)
        if number == 2:
            checkpoint.save(tmp_path / "a", *unbroken, {"step": 3})
    resumed = made()
    assert checkpoint.resume(tmp_path / "a", *resumed) == {"step": 3}
    for number in range(3, 6):
        step(resumed, number)
    checkpoint.save(tmp_path / "b", *unbroken, {})
    checkpoint.save(tmp_path / "c", *resumed, {})
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()


def test_the_running_mean_is_what_is_loaded(tiny_encoder: Path) -> None:
    loaded = dict(encoder.load(tiny_encoder).named_parameters())
    saved = weights_of(tiny_encoder)
    for name, weight in loaded.items():
        assert torch.equal(weight, saved[f"mean.{name}"])
    assert any(not torch.equal(saved[f"mean.{name}"], saved[f"model.{name}"]) for name in loaded)


def test_a_checkpoint_that_does_not_fit_is_named(
    tiny_corpus: Path, tiny_encoder: Path, tiny_stage1: Path, tmp_path: Path
) -> None:
    def fails(act: object, *args: object, **named: object) -> None:
        assert callable(act)
        with pytest.raises(CheckpointError) as caught:
            act(*args, **named)
        assert "\n" not in str(caught.value)

    (tmp_path / "text").write_text("no checkpoint")
    (tmp_path / "half").write_bytes(tiny_encoder.read_bytes()[:5000])
    for path in (tmp_path / "none", tmp_path / "text", tmp_path / "half", tiny_stage1):
        fails(encoder.load, path)
    fails(stage1.load, tiny_encoder)
    fails(checkpoint.load_mean, tiny_encoder, Dit(tiny_dit(6)))
    shutil.copy(tiny_encoder, tmp_path)
    other = type(tiny_phone())(width=16, dilations=(1,))
    fails(encoder.train, tiny_corpus, tmp_path, config=other, steps=99)


def test_shares_give_real_voices_theirs(tiny_corpus: Path) -> None:
    speech = {
        name: utterances(load_source(tiny_corpus / name), "train") for name in ("real_tiny", "synth_tiny")
    }
    found = encoder.shares(speech)
    assert found["real_tiny"] == pytest.approx(encoder.REAL_SHARE) and sum(found.values()) == pytest.approx(1)
    assert len(speech["real_tiny"]) == 10  # two of twelve are held out


def test_labels_in_time() -> None:
    clip = Clip("a", "x", "en", "train", 0, 16_000, [(0, 0.4, "SIL"), (0.4, 0.6, "M"), (0.6, 1.0, "AA")])
    phones, lips = label_frames(clip, 50)
    assert set(phones[:20]) == {INDEX["SIL"]} and set(phones[20:30]) == {INDEX["M"]}
    closure, openness = lips[:, LIPS.index("closure")], lips[:, LIPS.index("openness")]
    assert closure[25] > 0.99 and closure[15] < 0.01 and closure[20] == pytest.approx(0.5, abs=0.01)
    assert openness[45] > 0.99 and openness[10] < 0.01


def test_pieces_carry_the_labels_of_their_sound(tiny_corpus: Path) -> None:
    speech = {"real_tiny": utterances(load_source(tiny_corpus / "real_tiny"), "train")}
    frames, phones, lips, weight = Pieces(speech, {"real_tiny": 1.0}, 100, 3).batch(6)
    assert frames.shape == (6, 200, mel.BINS) and lips.shape == (6, 100, len(LIPS))
    level = frames.reshape(6, 100, -1).mean(2)
    speaking = phones != INDEX["SIL"]
    assert level[speaking & (weight > 0)].mean() > level[~speaking].mean() + 3
    again = Pieces(speech, {"real_tiny": 1.0}, 100, 3).batch(6)
    np.testing.assert_array_equal(again[0], frames)


def test_augmented_sound_is_still_sound(tiny_corpus: Path) -> None:
    speech = {"real_tiny": utterances(load_source(tiny_corpus / "real_tiny"), "train")}
    clean = torch.from_numpy(Pieces(speech, {"real_tiny": 1.0}, 100, 3).batch(16)[0])
    heard = Augment(1)(clean)
    assert torch.equal(heard, Augment(1)(clean)) and not torch.equal(heard, Augment(2)(clean))
    assert heard.isfinite().all() and heard.min() >= np.log(mel.FLOOR) - 1e-4
    changed = (heard - clean).abs().mean((1, 2))
    assert (changed > 0.1).sum() >= 12
    level = [batch.exp().sum(-1).log().flatten(1) for batch in (heard, clean)]
    together = [np.corrcoef(a, b)[0, 1] for a, b in zip(*level, strict=True)]
    assert np.median(together) > 0.6  # syllables are still where they were


def test_the_noise_schedule_keeps_the_variance() -> None:
    level = torch.linspace(0, 1, 11)
    signal, noise = signal_and_noise(level)
    torch.testing.assert_close(signal**2 + noise**2, torch.ones(11))
    clean = torch.randn(11, 200, MOTION, generator=torch.Generator().manual_seed(1))
    mixed = noised(clean, level, torch.Generator().manual_seed(2))
    torch.testing.assert_close(mixed[0], clean[0])
    torch.testing.assert_close(mixed.flatten(1).var(1), torch.ones(11), atol=0.06, rtol=0)
    assert abs(np.corrcoef(mixed[10].flatten(), clean[10].flatten())[0, 1]) < 0.03


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [learning_rate(step, 1000, 1.0) for step in range(1000)]
    assert rates[0] < 0.01 and rates[199] == rates[599] == 1.0 and rates[-1] < 0.01


def test_the_twin_gives_its_gradients_and_takes_the_weights() -> None:
    half = Half(nn.Linear(3, 2))
    half.twin(torch.ones(1, 3, dtype=torch.bfloat16)).sum().backward()
    half.pull()
    assert half.master.weight.grad is not None and half.twin.weight.grad is None
    assert half.master.weight.grad.dtype == torch.float32
    with torch.no_grad():
        half.master.weight.fill_(0.1)
    half.push()
    assert torch.equal(half.twin.weight.float(), torch.full((2, 3), 0.1).bfloat16().float())


def plain_scale() -> Scale:
    return Scale(np.full(MOTION, 0.1, np.float32), np.full(MOTION, 0.2, np.float32))


def batch_of(weights: torch.Tensor, known: torch.Tensor | None = None) -> Batch:
    """A batch of one clip: weights (T, 51), the head still."""
    motion = (torch.cat([weights, torch.zeros(len(weights), 3)], 1)[None] - 0.1) / 0.2
    rest = torch.zeros(1, len(weights), 1)
    return Batch(motion, rest, rest, rest, torch.ones_like(motion) if known is None else known, rest)


def test_losses_count_what_is_known() -> None:
    losses = stage1.Losses(plain_scale())
    weights = torch.rand(20, COUNT, generator=torch.Generator().manual_seed(0)) * 0.5
    target = batch_of(weights)
    total, terms = losses(target.motion, target)
    assert float(total) == 0 and not terms.any()
    still = losses(target.motion + 1.0, target)[1]
    assert float(still[0]) == pytest.approx(1.0) and float(still[1]) == pytest.approx(0, abs=1e-9)
    mouth = target.motion.clone()
    mouth[..., CHANNEL["mouthPucker"]] += 1.0
    jaw = target.motion.clone()
    jaw[..., CHANNEL["jawOpen"]] += 1.0
    brow = target.motion.clone()
    brow[..., CHANNEL["browInnerUp"]] += 1.0
    one = float(losses(brow, target)[1][0])
    assert losses(mouth, target)[1][0] == pytest.approx(2 * one, rel=1e-4)
    assert losses(jaw, target)[1][0] == pytest.approx(4 * one, rel=1e-4)
    known = torch.ones(1, 20, MOTION)
    known[..., CHANNEL["browInnerUp"]] = 0
    assert not losses(brow, batch_of(weights, known))[1][:2].any()
    assert losses(jaw, target)[1][2] > 0  # the lip gap needs every channel
    assert losses(jaw, batch_of(weights, known))[1][2] == 0


def test_the_lip_loss_minds_the_last_millimetre() -> None:
    losses, shut = stage1.Losses(plain_scale()), torch.zeros(20, COUNT)

    def lips(of: float, than: float) -> float:
        a, b = shut.clone(), shut.clone()
        a[:, CHANNEL["jawOpen"]], b[:, CHANNEL["jawOpen"]] = of, than
        return float(losses(batch_of(a).motion, batch_of(b))[1][2])

    assert lips(0.05, 0.0) > 4 * lips(0.65, 0.6) > 0


def test_scale_keeps_rare_channels_near_the_noise() -> None:
    motion = np.zeros((1000, MOTION), np.float32)
    motion[::100, 3] = 0.8
    scale = Scale.of(motion)
    assert np.abs((motion - scale.mean) / scale.spread).max() < 5
    again = Scale.from_dict(json.loads(json.dumps(scale.as_dict())))
    np.testing.assert_array_equal(again.mean, scale.mean)
    np.testing.assert_array_equal(again.spread, scale.spread)


def moving(name: str, frames: int, hears: bool) -> Moving:
    ramp = np.linspace(0, 1, frames)[:, None]
    return Moving(
        name,
        np.tile(ramp, (1, MOTION)).astype(np.float16),
        np.tile(ramp, (1, 4)).astype(np.float16) if hears else np.zeros((frames, 0), np.float16),
        np.full((frames, len(EMOTIONS)), 0.125, np.float16),
        np.arange(MOTION) < 10,
        np.array([2]),
        np.array([0, frames]),
        np.array([0]),
        hears,
        hears,
    )


def test_windows_say_what_is_known() -> None:
    silence = np.array([1.0], np.float32)
    scale = plain_scale()
    for source in (moving("a", 40, True), moving("b", 40, False)):
        drawn = Windows([source], {source.name: 1.0}, scale, 60, 0, silence).batch(2)
        assert drawn.has[0].tolist() == [float(source.hears), float(source.feels), 1.0]
        assert drawn.known[0, :40, :10].all() and not drawn.known[0, :, 10:].any()
        assert not drawn.known[0, 40:].any()
        assert drawn.style[0].tolist() == [float(i == 2) for i in range(len(STYLES))]
        np.testing.assert_array_equal(drawn.audio[0, 45], silent(silence))
        if source.hears:  # sound and motion of a frame stay together
            heard = drawn.audio[0, :40, 0]
            torch.testing.assert_close(drawn.motion[0, :40, 0] * 0.2 + 0.1, heard, atol=1e-3, rtol=0)
        else:
            np.testing.assert_array_equal(drawn.audio[0, 5], silent(silence))
    with pytest.raises(MotionError):
        Windows([], {}, scale, 60, 0, silence)


def test_features_are_kept_until_the_encoder_changes(tiny_corpus: Path, tiny_encoder: Path) -> None:
    source = load_source(tiny_corpus / "real_tiny")
    network, stamp = hearing.load(tiny_encoder)
    first = source_features(source, network, stamp, 0)
    assert first.shape == (sum(clip.frames for clip in source.clips), hearing.audio_width(tiny_encoder))
    torch.manual_seed(1)
    other = PhoneAudio(PhoneEncoder(tiny_phone()))
    np.testing.assert_array_equal(source_features(source, other, stamp, 0), first)  # as the stamp says
    assert not np.array_equal(source_features(source, other, "another", 0), first)
    np.testing.assert_array_equal(source_features(source, network, stamp, 0), first)


def test_two_encoders_of_one_name_have_two_stamps(tiny_encoder: Path, tmp_path: Path) -> None:
    network, facts = encoder.load(tiny_encoder), checkpoint.facts(tiny_encoder)
    with torch.no_grad():
        network.head.bias.add_(1)
    path = tmp_path / tiny_encoder.name
    optimiser = torch.optim.AdamW(network.parameters())
    checkpoint.save(path, network, RunningMean(network, 0.9), optimiser, facts)
    assert hearing.load(path)[1] != hearing.load(tiny_encoder)[1]


def test_stage1_listens_through_wav2vec2(tiny_corpus: Path, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(tiny_corpus, corpus)
    folder = small_wav2vec2(tmp_path / "w2v")
    config = tiny_dit(hearing.audio_width(folder))
    assert config.audio == 2 * (16 + 1)
    path = stage1.train(corpus, folder, tmp_path / "out", config=config, steps=2, batch=2)
    assert stage1.load(path)[0].config == config
    with pytest.raises(MotionError, match="34 numbers"):
        stage1.train(corpus, folder, tmp_path / "other", config=tiny_dit(94), steps=1)


def test_train_on_the_command_line(
    tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = tmp_path / "corpus"
    shutil.copytree(tiny_corpus, corpus)
    argv = ["train", "stage1", str(corpus), "--encoder", str(tiny_encoder), str(tmp_path / "out")]
    argv += ["--batch", "1", "--threads", "1", "--steps"]
    assert main([*argv, "1"]) == 0
    made = tmp_path / "out" / "stage1.safetensors"
    assert capsys.readouterr().out.strip().endswith(str(made)) and made.is_file()
    assert main([*argv, "2"]) == 0
    assert "resuming" in (said := capsys.readouterr().err) and "step 1 of 2" in said
    assert main([*argv, "2", "--config", "seed"]) == 2
    assert "another configuration" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["encoder", "CORPUS/none", "OUT"], "run `phiz corpus`"),
        (["encoder", "OUT", "OUT"], "no"),
        (["stage1", "CORPUS", "OUT", "--encoder", "none.safetensors"], "none.safetensors"),
        (["stage1", "CORPUS", "OUT", "--encoder", "CORPUS"], "config.json"),
        (["stage1", "CORPUS", "OUT"], "--encoder"),
        (["encoder", "CORPUS", "CORPUS/real_tiny/audio.i16"], "audio.i16"),
        (["encoder", "CORPUS", "OUT", "--device", "cuda"], "GPU"),
        (["encoder", "CORPUS", "OUT", "--steps", "0"], "--steps"),
        (["encoder", "CORPUS", "OUT", "--seed", "-1"], "--seed"),
    ],
)
def test_train_errors_are_one_line(
    tiny_corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    if "cuda" in argv and torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    place = {"CORPUS": str(tiny_corpus), "OUT": str(tmp_path)}
    argv = ["/".join(place.get(part, part) for part in word.split("/")) for word in argv]
    assert main(["train", *argv]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("phiz: ") and captured.err.count("\n") == 1 and said in captured.err
    assert not list(tmp_path.iterdir())
