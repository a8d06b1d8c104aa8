"""Condition encoders: labels as they are, and any words through a CLIP of a few thousand weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import tiny_dit
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from phiz.audio.aligned import width
from phiz.face.emotions import EMOTIONS
from phiz.model.clip_text import ClipText
from phiz.model.conditions import ConditionEncoder, ConditionError, Labels
from phiz.model.phone_encoder import OUTPUTS
from phiz.train import stage1
from phiz.train.motion import MotionError

WIDTH = 12


def small_clip(folder: Path) -> Path:
    """A Hugging Face folder of a random CLIP text encoder that reads letter by letter."""
    letters = "abcdefghijklmnopqrstuvwxyz,'"
    ends = ["<|startoftext|>", "<|endoftext|>"]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *ends]
    folder.mkdir()
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    special = dict(zip(("bos_token", "eos_token"), ends, strict=True))
    (folder / "tokenizer_config.json").write_text(
        json.dumps(
            {"tokenizer_class": "CLIPTokenizer", **special, "unk_token": ends[1], "pad_token": ends[1]}
        )
    )
    torch.manual_seed(0)
    config = CLIPTextConfig(
        vocab_size=len(words), hidden_size=16, intermediate_size=32, projection_dim=WIDTH,
        num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=24,
        bos_token_id=len(words) - 2, eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
    )  # fmt: skip
    network = CLIPTextModelWithProjection(config)
    with torch.no_grad():  # as it starts, all texts are told apart by little
        for weight in network.parameters():
            weight.add_(0.3 * torch.randn(weight.shape))
    network.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> ClipText:
    return ClipText(small_clip(tmp_path_factory.mktemp("clip") / "tiny"))


@pytest.fixture(params=["labels", "clip"])
def encoder(request: pytest.FixtureRequest) -> ConditionEncoder:
    return Labels() if request.param == "labels" else request.getfixturevalue("clip")


def test_every_encoder_mixes_its_rows(encoder: ConditionEncoder) -> None:
    rows = np.stack([encoder.row(name) for name in encoder.names])
    assert rows.shape == (len(EMOTIONS), encoder.width) and rows.dtype == np.float32
    weights = np.random.default_rng(0).dirichlet(np.ones(len(EMOTIONS)), size=(2, 5))
    mixed = encoder.mix(weights)
    assert mixed.shape == (2, 5, encoder.width) and mixed.dtype == np.float32
    np.testing.assert_allclose(mixed, weights @ rows, atol=1e-5)


def test_intensity_draws_away_from_neutral(encoder: ConditionEncoder) -> None:
    weights = np.zeros((3, len(EMOTIONS)))
    weights[:, EMOTIONS.index("happy")] = (0.0, 0.5, 1.0)
    weights[:, 0] = (1.0, 0.5, 0.0)
    none, half, full = encoder.mix(weights)
    np.testing.assert_allclose(none, encoder.row("neutral"), atol=1e-6)
    np.testing.assert_allclose(half, 0.5 * (none + full), atol=1e-6)


def test_labels_know_their_names_alone() -> None:
    with pytest.raises(ConditionError, match=r"neutral.*surprised.*'grim'"):
        Labels().row("grim")


def test_clip_takes_any_words(clip: ClipText) -> None:
    rows = [clip.row(text) for text in (*EMOTIONS, "bittersweet", "trying not to laugh")]
    apart = [np.linalg.norm(a - b) for i, a in enumerate(rows) for b in rows[:i]]
    assert min(apart) > 0.05
    np.testing.assert_array_equal(clip.row("bittersweet"), clip.row("  Bittersweet "))
    assert np.isfinite(clip.row("a very long description " * 40)).all()
    with pytest.raises(ConditionError, match="came none"):
        clip.row("  ")


def test_clip_rows_are_centred_and_of_length_one(clip: ClipText) -> None:
    rows = np.stack([clip.row(name) for name in EMOTIONS])
    np.testing.assert_allclose(rows.mean(0), 0.0, atol=1e-5)
    assert np.linalg.norm(rows, axis=1).mean() == pytest.approx(1.0, abs=1e-4)


def test_the_same_folder_gives_the_same_rows(clip: ClipText, tmp_path: Path) -> None:
    again = ClipText(small_clip(tmp_path / "again"))
    np.testing.assert_array_equal(again.row("wistful"), clip.row("wistful"))


def test_a_clip_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    def fails(folder: Path, *said: str) -> None:
        with pytest.raises(ConditionError) as caught:
            ClipText(folder)
        message = str(caught.value)
        assert "\n" not in message and all(part in message for part in (*said, str(folder)))

    fails(tmp_path / "none", "there is no folder", "model.safetensors")
    empty = tmp_path / "empty"
    empty.mkdir()
    fails(empty, "found nothing")
    folder = small_clip(tmp_path / "whole")
    weights = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")  # may run code on loading
    fails(folder, "model.safetensors", "pytorch_model.bin")
    (folder / "model.safetensors").write_bytes(weights[: len(weights) // 2])
    fails(folder, "cannot load")
    (folder / "model.safetensors").write_bytes(weights)
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if "text_projection" in name)
    save_file({k: v for k, v in tensors.items() if k != name}, folder / "model.safetensors", {"format": "pt"})
    fails(folder, "lack", "text_projection")
    (folder / "vocab.json").rename(folder / "words.json")
    fails(folder, "vocab.json and merges.txt")
    (folder / "words.json").rename(folder / "vocab.json")
    (folder / "config.json").write_text('{"model_type": "bert"}')
    fails(folder, "'bert'")
    (folder / "config.json").write_text("{")
    fails(folder, "JSON")


def test_the_base_model_learns_from_rows_of_any_width(
    clip: ClipText, tiny_corpus: Path, tiny_encoder: Path, tmp_path: Path
) -> None:
    config = tiny_dit(width(OUTPUTS))
    with pytest.raises(MotionError, match="12 numbers, came 8"):
        stage1.train(tiny_corpus, tiny_encoder, tmp_path, config=config, steps=2, conditions=clip)
    path = stage1.train(
        tiny_corpus,
        tiny_encoder,
        tmp_path,
        config=replace(config, emotion=WIDTH),
        steps=2,
        batch=2,
        conditions=clip,
    )
    model, _, facts = stage1.load(path)
    assert model.config.emotion == WIDTH
    np.testing.assert_allclose(facts["emotion_rows"], clip.mix(np.eye(len(EMOTIONS))), atol=1e-6)


def test_labels_leave_no_rows_behind(tiny_stage1: Path) -> None:
    model, _, facts = stage1.load(tiny_stage1)
    assert model.config.emotion == Labels.width and "emotion_rows" not in facts
