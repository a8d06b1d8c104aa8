"""Large weights: folders laid out as Stable Diffusion, AnimateDiff, CLIP and Wav2Vec2 are, only small."""

from __future__ import annotations

import json
import shutil
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("diffusers")
pytest.importorskip("av")

import torch
from cartoons import SIZE, clip
from cartoons import write as write_clips
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import MotionAdapter, UNetMotionModel
from transformers import CLIPTextConfig, CLIPTextModel, Wav2Vec2Config, Wav2Vec2Model

from phiz.acting.direction import AUEvent, Direction, EmotionKey
from phiz.acting.track import emotion_track
from phiz.train.video.denoiser import with_motion
from phiz.train.video.whole import Effort, train
from phiz.video import film, folders, model_file, pipeline
from phiz.video.backbone import UNet
from phiz.video.conditions import MOMENTS, Conditions
from phiz.video.folders import ClipPrompts, WeightsError
from phiz.video.network import TAKE
from phiz.video.pipeline import Scene
from phiz.video.prompts import coarse_words, fine_words, shown_units

TEXT = 12


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    root = tmp_path_factory.mktemp("weights")
    UNet2DConditionModel(
        sample_size=SIZE // 2, in_channels=4, out_channels=4, block_out_channels=(16, 24, 24),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"), layers_per_block=2,
        cross_attention_dim=TEXT, attention_head_dim=2, norm_num_groups=4,
    ).save_pretrained(root / "unet")  # fmt: skip
    autoencoder: Any = AutoencoderKL
    autoencoder(
        block_out_channels=(8, 8), down_block_types=("DownEncoderBlock2D",) * 2, latent_channels=4,
        up_block_types=("UpDecoderBlock2D",) * 2, norm_num_groups=4, sample_size=SIZE,
    ).save_pretrained(root / "vae")  # fmt: skip
    MotionAdapter(
        block_out_channels=(16, 24, 24), motion_layers_per_block=2, motion_num_attention_heads=2,
        motion_norm_num_groups=4, motion_max_seq_length=16,
    ).save_pretrained(root / "motion")  # fmt: skip
    letters = [*string.ascii_lowercase, *string.digits, *".,;()%"]
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (root / "tokenizer").mkdir()
    (root / "tokenizer/vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (root / "tokenizer/merges.txt").write_text("#version: 0.2\n")
    CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(words), hidden_size=TEXT, intermediate_size=16, num_hidden_layers=1,
            num_attention_heads=2, max_position_embeddings=77, bos_token_id=len(words) - 2,
            eos_token_id=len(words) - 1, pad_token_id=len(words) - 1,
        )
    ).save_pretrained(root / "text_encoder")  # fmt: skip
    Wav2Vec2Model(
        Wav2Vec2Config(
            hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
            conv_dim=(8,) * 7, num_conv_pos_embeddings=8, num_conv_pos_embedding_groups=2,
        )
    ).save_pretrained(root / "wav2vec2")  # fmt: skip
    return root


def memory_of_its_own(network: torch.nn.Module) -> torch.nn.Module:
    """Weights mapped from a file lie where they lie, and the CPU's kernels round by that."""
    for parameter in network.parameters():
        parameter.data = parameter.data.clone()
    return network


def test_weights_are_loaded_and_what_is_new_does_nothing(weights: Path) -> None:
    network = folders.start(weights)
    assert isinstance(network.denoiser, UNet)
    stock = memory_of_its_own(UNet2DConditionModel.from_pretrained(weights / "unet"))
    text = torch.from_numpy(ClipPrompts(weights).tokens("A face that speaks."))[None, None]  # (1, 1, 77, D)
    noisy, level = torch.randn(1, 1, 4, SIZE // 2, SIZE // 2), torch.tensor([500])
    driven = Conditions(
        text, {}, audio=torch.randn(1, 1, MOMENTS, network.config.audio), take=torch.randn(1, 1, TAKE)
    )
    with torch.no_grad():
        assert torch.equal(network(noisy, level, driven)[0], stock(noisy[0], level, text[0]).sample)


def test_motion_modules_are_animatediffs(weights: Path) -> None:
    moving = with_motion(folders.start(weights))
    folders.start_motion(moving, weights)
    unet = UNet2DConditionModel.from_pretrained(weights / "unet")
    stock: Any = UNetMotionModel.from_unet2d(unet, MotionAdapter.from_pretrained(weights / "motion"))
    text = torch.randn(3, 5, TEXT)
    noisy, level = torch.randn(1, 3, 4, SIZE // 2, SIZE // 2), torch.tensor([500])
    with torch.no_grad():
        ours = moving(noisy, level, Conditions(text[None], {}))
        theirs = stock(noisy.transpose(1, 2), level, text).sample.transpose(1, 2)
    assert torch.equal(ours, theirs)


def test_from_clips_to_a_film(weights: Path, tmp_path: Path) -> None:
    """The whole large road, with steps enough to see that it holds together."""
    root = write_clips(tmp_path / "clips", 2)
    effort = Effort(first=2, second=1, rows=(1, 1), frames=(2, 4))
    folder = train(root, tmp_path / "run", effort=effort, weights=weights)
    assert {path.name for path in folder.iterdir()} == {"model.json", "network.safetensors"}
    manifest = model_file.read_manifest(folder)
    assert manifest.large and manifest.shared_noise == 0.0
    model, senses = folders.load_model(manifest, folder, weights)
    one = clip(1, 0.4)
    assert one.direction is not None
    scene = Scene(one.portrait, one.voice, one.direction, one.take)
    pipeline.make(scene, model, senses, tmp_path / "a.mp4", steps=2)
    assert len(film.read(tmp_path / "a.mp4")[0]) == 6
    half = replace(model, manifest=manifest.model_copy(update={"sha256": {}}))
    with pytest.raises(model_file.VideoModelError):
        folders.load_model(half.manifest, folder, weights)


def test_what_is_missing_is_said(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="there is no"):
        folders.check(tmp_path / "nothing")
    root = tmp_path / "copy"
    shutil.copytree(weights, root)
    folders.check(root)
    (root / "vae/config.json").unlink()
    (root / "motion/diffusion_pytorch_model.safetensors").rename(root / "motion/diffusion_pytorch_model.ckpt")
    with pytest.raises(WeightsError) as caught:
        folders.check(root)
    said = str(caught.value)
    assert "vae/config.json" in said and "motion/diffusion_pytorch_model.safetensors" in said
    assert "diffusion_pytorch_model.ckpt may run code" in said and "docs/video.md" in said


def test_other_weights_are_named(weights: Path, tmp_path: Path) -> None:
    root = tmp_path / "copy"
    shutil.copytree(weights, root)
    (root / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"nothing of the kind")
    with pytest.raises(WeightsError, match="unet"):
        folders.start(root)
    shutil.copy(root / "vae/config.json", root / "text_encoder/config.json")
    with pytest.raises(WeightsError, match="text_encoder"):
        ClipPrompts(root)


def test_each_frame_has_its_own_sentence(weights: Path) -> None:
    direction = Direction(
        emotion=[EmotionKey(time=1.0, mix={"neutral": 1.0}), EmotionKey(time=1.5, mix={"sad": 1.0})],
        events=[AUEvent(au=2, side="L", start=0.0, end=0.5, intensity=0.8, ramp_in=0.0, ramp_out=0.0)],
    )
    units = shown_units(direction, 20, 10.0)
    assert fine_words(units[2]).startswith("outer brow raiser on the left, strongly (")
    assert fine_words(units[7]) == "No movement of the face beside speech."
    assert "inner brow raiser, strongly" in fine_words(units[19])
    sad = emotion_track(direction, 20, 10.0)
    assert coarse_words(sad[0]) == "A face that speaks."
    assert coarse_words(sad[19]) == "A face that speaks, strongly sad."
    tokens = ClipPrompts(weights)(direction, 20, 10.0)(np.array([0, 2, 19]))
    assert tokens.shape == (2, 3, 77, TEXT)
    assert np.array_equal(tokens[1, 0], tokens[1, 1]) and not np.array_equal(tokens[:, 0], tokens[:, 2])
