"""The networks: what each output may depend on, and what it may not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
import torch
from conftest import sound, tiny_dit, tiny_phone
from torch import Tensor, nn
from transformers import Wav2Vec2Config, Wav2Vec2Model

from phiz.audio.mel import BINS
from phiz.audio.phones import INDEX, PHONES
from phiz.corpus.teacher.styles import STYLES
from phiz.face.emotions import EMOTIONS
from phiz.model import audio_encoder, wav2vec2
from phiz.model.adapter import Adapter, AdapterConfig
from phiz.model.audio_encoder import AudioEncoder, PhoneAudio
from phiz.model.dit import MOTION, Dit, DitConfig, default_config, seed_config
from phiz.model.phone_encoder import OUTPUTS, PhoneEncoder, PhoneEncoderConfig, PhoneFeatures
from phiz.model.wav2vec2 import Wav2Vec2Audio, Wav2Vec2Error

AUDIO = 6


Network = TypeVar("Network", bound=nn.Module)


def shaken(network: Network, seed: int = 0) -> Network:
    """All weights away from their start, where many are zero."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(0.1 * torch.randn(weight.shape, generator=generator))
    return network.eval()


def dit_inputs(frames: int = 50, count: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "motion": torch.randn(count, frames, MOTION, generator=generator),
        "level": torch.rand(count, generator=generator),
        "audio": torch.randn(count, frames, AUDIO, generator=generator),
        "emotion": torch.rand(count, frames, len(EMOTIONS), generator=generator),
        "style": torch.eye(len(STYLES))[:count],
        "keep": torch.ones(count, 3),
    }


def one_block() -> DitConfig:
    return DitConfig(AUDIO, len(STYLES), width=32, blocks=1, heads=2, reach=4)


def adapter_for(base: DitConfig) -> AdapterConfig:
    return AdapterConfig(
        base.audio, 5, 24, blocks=2, heads=2, feed_forward=2, base_width=base.width, base_blocks=base.blocks
    )


def adapter_inputs(inputs: dict[str, Tensor]) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(2)
    units = torch.rand(*inputs["motion"].shape[:2], 5, generator=generator)
    return {name: inputs[name] for name in ("motion", "level", "audio", "emotion")} | {"units": units}


def test_an_untrained_dit_gives_the_mean_face() -> None:
    with torch.no_grad():
        assert not Dit(tiny_dit(AUDIO))(**dit_inputs()).any()


def test_sizes_are_those_that_are_told() -> None:
    def millions(config: DitConfig) -> float:
        return sum(p.numel() for p in Dit(config).parameters()) / 1e6

    assert millions(seed_config(94, len(STYLES))) == pytest.approx(25, rel=0.15)
    assert millions(default_config(94, len(STYLES))) == pytest.approx(5.4, rel=0.05)


@torch.no_grad()
def test_a_block_listens_within_its_reach_and_no_further() -> None:
    network, inputs = shaken(Dit(one_block())), dit_inputs()
    before = network(**inputs)
    inputs["audio"] = inputs["audio"].clone()
    inputs["audio"][0, 25] += 1.0
    changed = (network(**inputs) != before).any(-1)[0].nonzero().flatten()
    assert changed.tolist() == list(range(21, 30))


@torch.no_grad()
def test_more_blocks_carry_it_on_along_the_motion() -> None:
    network, inputs = shaken(Dit(tiny_dit(AUDIO))), dit_inputs()
    before = network(**inputs)
    inputs["audio"] = inputs["audio"].clone()
    inputs["audio"][0, 0] += 1.0
    change = (network(**inputs) - before).norm(dim=-1)[0]
    assert (change > 0).all()  # the second block's self-attention sees every frame
    assert change[:10].mean() > 2 * change[30:].mean()  # yet it matters most nearby


@torch.no_grad()
@pytest.mark.parametrize(("place", "name"), [(0, "audio"), (1, "emotion"), (2, "style")])
def test_a_condition_that_is_not_kept_is_not_known(place: int, name: str) -> None:
    network, inputs = shaken(Dit(tiny_dit(AUDIO))), dit_inputs()
    other = {**inputs, name: inputs[name].roll(1, -1) + 0.3}
    assert (network(**inputs) - network(**other)).abs().max() > 1e-3
    keep = torch.ones(1, 3)
    keep[0, place] = 0
    hidden = network(**{**inputs, "keep": keep})
    assert torch.equal(hidden, network(**{**other, "keep": keep}))
    assert (hidden - network(**inputs)).abs().max() > 1e-3


@torch.no_grad()
def test_clips_of_a_batch_do_not_meet() -> None:
    network, inputs = shaken(Dit(tiny_dit(AUDIO))), dit_inputs(count=2)
    alone = network(**{name: value[1:] for name, value in inputs.items()})
    torch.testing.assert_close(network(**inputs)[1:], alone, atol=1e-5, rtol=1e-4)


@torch.no_grad()
def test_an_untrained_adapter_leaves_the_base_as_it_was() -> None:
    base, inputs = shaken(Dit(tiny_dit(AUDIO))), dit_inputs(count=2)
    control = Adapter(adapter_for(base.config))(**adapter_inputs(inputs))
    assert control.shape == (2, base.config.blocks + 1, 50, base.config.width) and not control.any()
    assert torch.equal(base(**inputs), base(**inputs, control=control))


@torch.no_grad()
def test_each_block_and_the_head_see_their_own_control() -> None:
    base, inputs = shaken(Dit(tiny_dit(AUDIO))), dit_inputs()
    plain, before = torch.zeros(1, base.config.blocks + 1, 50, base.config.width), base(**inputs)
    changed = []
    for block in range(base.config.blocks + 1):
        control = plain.clone()
        control[:, block, 20, :4] = 1.0  # the norms would not see a change of all alike
        changed.append(base(**inputs, control=control))
        assert (changed[-1] - before).abs().max() > 1e-3
    assert not torch.equal(changed[0], changed[1])
    elsewhere = torch.arange(50) != 20
    assert torch.equal(changed[-1][:, elsewhere], before[:, elsewhere])  # behind all attention


@torch.no_grad()
@pytest.mark.parametrize("name", ["motion", "level", "audio", "emotion", "units"])
def test_the_adapter_minds_all_it_is_told(name: str) -> None:
    network, inputs = shaken(Adapter(adapter_for(tiny_dit(AUDIO)))), adapter_inputs(dit_inputs())
    other = {**inputs, name: inputs[name] + 0.3 * torch.rand(inputs[name].shape)}
    change = (network(**inputs) - network(**other)).abs()
    assert (change.amax((0, 2, 3)) > 1e-3).all()  # every block's control


@pytest.mark.parametrize("config", [tiny_phone(), PhoneEncoderConfig(width=8)])
def test_an_encoder_reaches_as_far_as_it_says(config: PhoneEncoderConfig) -> None:
    torch.manual_seed(0)
    network = shaken(PhoneEncoder(config))
    frames = torch.randn(1, 2 * (2 * config.reach + 11), BINS, requires_grad=True)
    at = config.reach + 5
    network(frames)[0, at].sum().backward()
    assert frames.grad is not None
    seen = frames.grad[0].abs().sum(-1).reshape(-1, 2).sum(-1).nonzero().flatten()  # in output frames
    assert int(seen.min()) == at - config.reach
    assert at + config.reach - 1 <= int(seen.max()) <= at + config.reach


@torch.no_grad()
def test_phone_features_are_roots_of_probabilities() -> None:
    features = PhoneFeatures(shaken(PhoneEncoder(tiny_phone())))(torch.randn(2, 40, BINS))
    assert features.shape == (2, 20, OUTPUTS)
    shares = features.square()
    torch.testing.assert_close(shares[..., : len(PHONES)].sum(-1), torch.ones(2, 20))
    assert (shares[..., len(PHONES) :] > 0).all() and (shares[..., len(PHONES) :] < 1).all()


def tones(seconds: float) -> np.ndarray:
    rng, names = np.random.default_rng(0), ("AA", "S", "IY", "T", "UW")
    parts = [sound(names[i % 5], 1600, rng) for i in range(round(10 * seconds))]
    return np.concatenate(parts).astype(np.float32)


def small_wav2vec2(folder: Path, **changes: object) -> Path:
    """A Hugging Face folder of a random network of a few thousand weights."""
    settings = {
        "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32,
        "conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2,
        "do_stable_layer_norm": True, "feat_extract_norm": "layer",
    }  # fmt: skip
    torch.manual_seed(0)
    Wav2Vec2Model(Wav2Vec2Config(**{**settings, **changes})).save_pretrained(folder)
    return folder


def phone_audio(_: Path) -> AudioEncoder:
    return PhoneAudio(shaken(PhoneEncoder(tiny_phone())))


def wav2vec2_audio(folder: Path) -> AudioEncoder:
    return Wav2Vec2Audio(small_wav2vec2(folder))


@pytest.mark.parametrize("make", [phone_audio, wav2vec2_audio])
def test_every_audio_encoder_gives_50_frames_per_second(
    make: Callable[[Path], AudioEncoder], tmp_path: Path
) -> None:
    hear = make(tmp_path)
    for count in (0, 1, 319, 320, 639, 640, 16_000, 20_123):
        found = hear(tones(2.0)[:count])
        assert found.shape == (count // 320 + 1, hear.features), count
        assert found.dtype == np.float32 and np.isfinite(found).all()
    assert hear.silence.shape == (hear.features,)
    np.testing.assert_allclose(hear(tones(2.0)), hear(0.3 * tones(2.0)), atol=0.05)


@pytest.mark.parametrize("make", [phone_audio, wav2vec2_audio])
def test_a_frame_is_centred_on_its_time(make: Callable[[Path], AudioEncoder], tmp_path: Path) -> None:
    hear, samples = make(tmp_path), tones(2.0)
    moved = samples.copy()
    moved[50 * 320 - 30 : 50 * 320 + 30] += 0.3 * np.sign(np.random.default_rng(0).normal(size=60))
    change = np.abs(hear(moved) - hear(samples)).sum(1)
    assert 49 <= change.argmax() <= 51


def test_wav2vec2_sees_each_sample_in_the_frame_about_it(tmp_path: Path) -> None:
    folder = small_wav2vec2(tmp_path)
    (folder / "preprocessor_config.json").write_text('{"do_normalize": false}')
    hear, seen = Wav2Vec2Audio(folder), []
    hear.network.feature_extractor.register_forward_hook(lambda _, __, out: seen.append(out[0]))
    samples = tones(1.0)
    hear(samples)
    samples[20 * 320 - 30 : 20 * 320 + 30] += 0.3
    hear(samples)
    assert (seen[0] != seen[1]).any(0).nonzero().flatten().tolist() == [20]


def test_chunks_do_not_change_what_phone_hears(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hear = phone_audio(tmp_path)
    whole = hear(tones(3.0))
    monkeypatch.setattr(audio_encoder, "CHUNK", 40)
    np.testing.assert_allclose(hear(tones(3.0)), whole, atol=1e-5)


def test_wav2vec2_hears_a_long_recording_in_chunks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    hear = Wav2Vec2Audio(small_wav2vec2(tmp_path))
    whole = hear(tones(6.0))
    lengths: list[int] = []
    hear.network.register_forward_pre_hook(lambda _, inputs: lengths.append(inputs[0].shape[1]))
    monkeypatch.setattr(wav2vec2, "CHUNK", 60)
    monkeypatch.setattr(wav2vec2, "CONTEXT", 30)
    pieces = hear(tones(6.0))
    assert len(lengths) == 6 and max(lengths) <= 320 * 120 + 400
    assert np.abs(pieces - whole).mean() < 0.1 * whole.std()


def test_wav2vec2_is_frozen_and_follows_its_preprocessor(tmp_path: Path) -> None:
    folder = small_wav2vec2(tmp_path)
    hear = Wav2Vec2Audio(folder)
    assert not any(weight.requires_grad for weight in hear.network.parameters())
    np.testing.assert_allclose(hear(tones(1.0)), hear(0.3 * tones(1.0)), atol=1e-3)
    (folder / "preprocessor_config.json").write_text('{"do_normalize": false, "sampling_rate": 16000}')
    hear = Wav2Vec2Audio(folder)
    assert np.abs(hear(tones(1.0)) - hear(0.3 * tones(1.0))).max() > 1e-2


def test_a_wav2vec2_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    def fails(folder: Path, *said: str) -> None:
        with pytest.raises(Wav2Vec2Error) as caught:
            Wav2Vec2Audio(folder)
        message = str(caught.value)
        assert "\n" not in message and all(part in message for part in (*said, str(folder)))

    fails(tmp_path / "none", "no folder", "config.json, model.safetensors")
    empty = tmp_path / "empty"
    empty.mkdir()
    fails(empty, "found nothing", "config.json, model.safetensors")
    whole = small_wav2vec2(tmp_path / "whole")
    weights = (whole / "model.safetensors").read_bytes()
    (whole / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    fails(whole, "cannot load")
    (whole / "model.safetensors").rename(whole / "pytorch_model.bin")  # may run code on loading
    fails(whole, "config.json, model.safetensors")
    (whole / "model.safetensors").write_bytes(weights)
    config = json.loads((whole / "config.json").read_text())
    for change, said in (
        ({"model_type": "hubert"}, "hubert"),
        ({"conv_stride": [5, 2, 2, 2, 2, 2, 1]}, "50 frames"),
        ({"num_hidden_layers": 3}, "lack"),
        ({"hidden_size": 32}, "cannot load"),
    ):
        (whole / "config.json").write_text(json.dumps({**config, **change}))
        fails(whole, said)
    (whole / "config.json").write_text("{")
    fails(whole, "JSON")
    (whole / "config.json").write_text(json.dumps(config))
    (whole / "preprocessor_config.json").write_text('{"sampling_rate": 8000}')
    fails(whole, "8000")


def test_silence_of_phone_is_certain() -> None:
    row = PhoneAudio(PhoneEncoder(tiny_phone())).silence
    assert row[INDEX["SIL"]] == 1 and row.sum() == 1
