"""Large weights from a folder on this machine: Stable Diffusion 1.5, AnimateDiff, CLIP and Wav2Vec2.

Nothing is fetched, and nothing but JSON, text and safetensors is read: a file that runs code on loading is
refused.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.models.unets.unet_motion_model import MotionAdapter, UNetMotionModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from phiz.acting.direction import Direction
from phiz.acting.track import emotion_track
from phiz.audio.aligned import width
from phiz.errors import PhizError
from phiz.model.wav2vec2 import Wav2Vec2Audio, Wav2Vec2Error
from phiz.runtime.bundle import digest
from phiz.video.backbone import BackboneConfig, UNet
from phiz.video.model_file import PARTS, Manifest, VideoModel, VideoModelError
from phiz.video.network import Network, NetworkConfig
from phiz.video.pipeline import Senses
from phiz.video.prompts import Prompted, coarse_words, fine_words, shown_units

LAYOUT: dict[str, tuple[str, ...]] = {
    "unet": ("config.json", "diffusion_pytorch_model.safetensors"),
    "vae": ("config.json", "diffusion_pytorch_model.safetensors"),
    "text_encoder": ("config.json", "model.safetensors"),
    "tokenizer": ("vocab.json", "merges.txt"),
    "motion": ("config.json", "diffusion_pytorch_model.safetensors"),
    "wav2vec2": ("config.json", "model.safetensors"),
}
"""Folders and what each needs: the first four as Stable Diffusion 1.5 comes, `motion` an AnimateDiff motion
adapter, `wav2vec2` a Wav2Vec2 or XLS-R network."""
_RUNS_CODE = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


class WeightsError(PhizError):
    """The folder of large weights lacks something, or holds something else."""


def check(folder: Path) -> None:
    """Raise WeightsError, which names everything that is missing, unless LAYOUT is there."""
    if not folder.is_dir():
        raise WeightsError(f"expected a folder of large weights, there is no {folder}; {_layout()}")
    lacking = [
        f"{part}/{name}"
        for part, names in LAYOUT.items()
        for name in names
        if not (folder / part / name).is_file()
    ]
    if not lacking:
        return
    unsafe = [
        str(path.relative_to(folder))
        for part in LAYOUT
        for path in sorted((folder / part).glob("*"))
        if path.suffix in _RUNS_CODE
    ]
    hint = f" ({unsafe[0]} may run code and is not read; get the safetensors)" if unsafe else ""
    raise WeightsError(f"the weights in {folder} lack {', '.join(lacking)}{hint}; {_layout()}")


def _layout() -> str:
    parts = "; ".join(f"{part}/ with {' and '.join(names)}" for part, names in LAYOUT.items())
    return f"expected {parts} (docs/video.md)"


def _loaded(kind: Any, folder: Path) -> Any:
    """A network of diffusers or transformers in evaluation mode, whole. Raises WeightsError."""
    try:
        network, found = kind.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    except Exception as error:  # the libraries raise classes that share no public base
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(f"{folder} cannot be loaded as {kind.__name__}: {reason}") from error
    absent = sorted(found["missing_keys"])
    if absent:  # they would be left random
        raise WeightsError(f"the weights in {folder} lack {absent[0]} and {len(absent) - 1} others")
    return network.eval().requires_grad_(False)


class ClipPrompts:
    """Each frame's own sentences through the text encoder of Stable Diffusion. A `PromptEncoder`.

    Loads data only, from the folder of weights alone. Raises WeightsError.
    """

    def __init__(self, folder: Path) -> None:
        self.network: CLIPTextModel = _loaded(CLIPTextModel, folder / "text_encoder")
        try:
            self.tokenizer: Any = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)
        except Exception as error:  # as above
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise WeightsError(f"{folder / 'tokenizer'} cannot be loaded: {reason}") from error
        self.tokens = lru_cache(maxsize=256)(self._tokens)

    @torch.no_grad()
    def _tokens(self, sentence: str) -> np.ndarray:
        """(77, width) float32, what is too long cut off."""
        ids = self.tokenizer(
            sentence,
            padding="max_length",
            truncation=True,
            max_length=self.network.config.max_position_embeddings,
            return_tensors="pt",
        )["input_ids"]
        return self.network(ids)[0][0].float().numpy()

    def __call__(self, direction: Direction, frames: int, fps: float) -> Prompted:
        coarse = [coarse_words(row) for row in emotion_track(direction, frames, fps)]
        fine = [fine_words(row) for row in shown_units(direction, frames, fps)]
        return lambda at: np.stack([np.stack([self.tokens(part[i]) for i in at]) for part in (coarse, fine)])

    def nothing(self) -> np.ndarray:
        return self.tokens("")


def backbone_of(unet: Any, motion: Any) -> BackboneConfig:
    """The sizes of a U-Net and its motion modules as ours. Raises WeightsError where ours cannot be alike."""
    config = unet.config
    plain = sum("CrossAttn" not in block for block in config["down_block_types"])
    found = BackboneConfig(
        "unet",
        config["out_channels"],
        config["sample_size"],
        tuple(config["block_out_channels"]),
        plain,
        config["layers_per_block"],
        config["attention_head_dim"],
        config["cross_attention_dim"],
        config["norm_num_groups"],
        motion.config["motion_max_seq_length"],
    )
    if not motion.config["use_motion_mid_block"]:
        raise WeightsError("expected motion modules with one in the middle block, as AnimateDiff v1.5-2 has")
    return found


def start(folder: Path) -> Network:
    """The network of stage 1 with Stable Diffusion's weights in ReferenceNet and denoiser; what is new does
    nothing yet. Raises WeightsError."""
    check(folder)
    unet = _loaded(UNet2DConditionModel, folder / "unet")
    adapter = _loaded(MotionAdapter, folder / "motion")
    hearing = json.loads((folder / "wav2vec2" / "config.json").read_text(encoding="utf-8"))
    config = NetworkConfig(
        backbone_of(unet, adapter), width(hearing["hidden_size"]), 0, shown=False, source=256
    )
    network = Network(config)
    for part in (network.reference, network.denoiser):
        _fill(part, unet.state_dict(), "net.", ("processor",), folder / "unet")
    return network


def start_motion(network: Network, folder: Path) -> None:
    """Put AnimateDiff's weights into the motion modules of a network of stage 2. Raises WeightsError."""
    adapter = _loaded(MotionAdapter, folder / "motion")
    assert isinstance(network.denoiser, UNet) and isinstance(network.denoiser.net, UNetMotionModel)
    try:
        network.denoiser.net.load_motion_modules(adapter)
    except RuntimeError as error:
        raise WeightsError(f"the motion modules in {folder / 'motion'} are of another U-Net") from error


def _fill(
    network: nn.Module, weights: dict[str, torch.Tensor], prefix: str, new: tuple[str, ...], folder: Path
) -> None:
    named = {prefix + name: value for name, value in weights.items()}
    try:
        found = network.load_state_dict(named, strict=False)
    except RuntimeError as error:
        raise WeightsError(f"{folder} holds a U-Net of another kind than Stable Diffusion 1.5") from error
    lacking = [name for name in found.missing_keys if not any(part in name for part in new)]
    if lacking or found.unexpected_keys:
        odd = (lacking + found.unexpected_keys)[0]
        raise WeightsError(f"{folder} holds a U-Net of another kind than Stable Diffusion 1.5: {odd}")


def senses(folder: Path, device: str = "cpu") -> Senses:
    """What hears and reads for a large model. Raises WeightsError."""
    try:
        hearing = Wav2Vec2Audio(folder / "wav2vec2", device)
    except Wav2Vec2Error as error:
        raise WeightsError(str(error)) from error
    return Senses(hearing, ClipPrompts(folder))


def autoencoder(folder: Path) -> AutoencoderKL:
    """Raises WeightsError."""
    return _loaded(AutoencoderKL, folder / "vae")


def load_model(manifest: Manifest, model: Path, folder: Path) -> tuple[VideoModel, Senses]:
    """A large model, trained on top of the weights in `folder`. Raises VideoModelError, WeightsError."""
    check(folder)
    path = model / PARTS[0]
    if not path.is_file() or digest(path) != manifest.sha256.get(PARTS[0]):
        raise VideoModelError(f"the video model {model} lacks {PARTS[0]}, or it is damaged")
    try:
        network = Network(NetworkConfig.from_dict(manifest.network))
        network.load_state_dict({name: value.float() for name, value in load_file(path).items()})
    except (TypeError, KeyError, RuntimeError, SafetensorError) as error:
        raise VideoModelError(f"{model} does not hold the model it is said to") from error
    found = VideoModel(manifest, network.eval().requires_grad_(False), autoencoder(folder))
    return found, senses(folder)
