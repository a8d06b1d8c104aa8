"""A video model from a folder of clips: autoencoder, two stages, and the folder that `phiz video` opens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import nn

from phiz.runtime import bundle
from phiz.train import checkpoint
from phiz.train.video import autoencoder, denoiser, footage, sharpening
from phiz.train.video.material import LIGHTS, prepare
from phiz.train.video.precision import Precision
from phiz.video import clips, folders, model_file
from phiz.video.backbone import BackboneConfig, Kind
from phiz.video.detail import Detail
from phiz.video.hearing import BundleHearing
from phiz.video.model_file import Manifest, VideoModel
from phiz.video.network import Network, NetworkConfig
from phiz.video.pipeline import Senses
from phiz.video.portrait import strangeness
from phiz.video.prompts import WORDS, ActingWords

MODEL = "model"
WINDOW, OVERLAP = 16, 4
STEPS, LARGE_STEPS = 8, 25
ACTING = 1.5
"""By which the small network's acting is exaggerated: by itself it shows two thirds of what it is asked."""


@dataclass(frozen=True)
class Effort:
    """Steps of the autoencoder, of the two stages and of the decoder alone; rows and frames a step of each
    stage. The autoencoder and its decoder see as many frames a step as the first stage has rows."""

    autoencoder: int = 4000
    first: int = 3000
    second: int = 300
    decoder: int = 2000
    rows: tuple[int, int] = (8, 2)
    frames: tuple[int, int] = (4, WINDOW)


def small_config(kind: Kind, audio: int, latents: int, side: int) -> NetworkConfig:
    """U-Net or DiT of about one cost, for latents (latents, side, side)."""
    sizes = {
        "unet": BackboneConfig("unet", latents, side, (64, 96, 96), 0, 1, 4, 64, 8),
        "dit": BackboneConfig("dit", latents, side, (160,), 0, 8, 4, 64, patch=2),
    }
    return NetworkConfig(sizes[kind], audio, WORDS)


def train(
    root: Path,
    out: Path,
    *,
    effort: Effort,
    kind: Kind = "unet",
    weights: Path | None = None,
    seed: int = 0,
    precision: Precision = "float32",
    device: str = "cpu",
    every: int = 100,
    say: Callable[[str], None] = lambda line: None,
) -> Path:
    """Everything, resuming what it finds in `out`; returns the model's folder `out/model`.

    weights: folder of large weights to stand on (`phiz.video.folders`); None trains the small model. Raises
    ClipsError, CheckpointError, WeightsError, OutputError and what damaged clips raise.
    """
    clips.read_index(root)  # before anything else, whether there is one
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    if device != "cpu":
        torch.set_float32_matmul_precision("high")
    common: dict[str, Any] = {"seed": seed, "every": every, "precision": precision, "device": device}
    detail: Detail | None = None
    if weights is None:
        seen = footage.read(root, "train")
        path = autoencoder.train(seen, out, steps=effort.autoencoder, batch=effort.rows[0], **common)
        pictures = autoencoder.load(path)
        senses = Senses(BundleHearing(bundle.load(threads=1)), ActingWords())
    else:
        folders.check(weights)
        pictures, senses = folders.autoencoder(weights), folders.senses(weights)
    say("turning clips into latents")
    nn.Module.to(pictures, device)
    found = prepare(
        clips.load_all(root, "train"), pictures, senses.hearing, senses.prompts, seed,
        lights=LIGHTS if weights is None else 1,
    )  # fmt: skip
    if weights is None:
        start = Network(small_config(kind, found[0].audio.shape[-1], *found[0].latents.shape[2:4]))
    else:
        start = folders.start(weights)
    done = denoiser.train(
        found, out, stage=1, start=start, steps=effort.first, batch=effort.rows[0], frames=effort.frames[0],
        **common,
    )  # fmt: skip
    moving = denoiser.with_motion(denoiser.load(done))
    if weights is not None:
        folders.start_motion(moving, weights)
    done = denoiser.train(
        found, out, stage=2, start=moving, steps=effort.second, batch=effort.rows[1], frames=effort.frames[1],
        shared=float(weights is None), **common,
    )  # fmt: skip
    if weights is None:
        encoder = out / autoencoder.NAME
        sharper = sharpening.train(
            footage.read(root, "train"), out, encoder, steps=effort.decoder, batch=effort.rows[0], **common
        )
        pictures, detail = sharpening.load(sharper, encoder)
    write(out / MODEL, root, done, pictures.cpu(), detail)
    return out / MODEL


def write(folder: Path, root: Path, path: Path, pictures: AutoencoderKL, detail: Detail | None) -> None:
    """A model folder of a checkpoint and what draws its latents; without `detail` it is a large one, of the
    network alone. Raises CheckpointError, ClipsError, OutputError."""
    large = detail is None
    index, trained = clips.read_index(root), denoiser.load(path)
    facts = checkpoint.facts(path)
    config = pictures.config
    seen = [clip for clip in index.clips if clip.split == "train"]
    portraits = [clips.read_picture(root / clip.folder / clips.PORTRAIT, index.size) for clip in seen]
    manifest = Manifest(
        size=index.size,
        fps=index.fps,
        window=WINDOW,
        overlap=OVERLAP,
        steps=LARGE_STEPS if large else STEPS,
        shared_noise=float(not large),
        acting=1.0 if large else ACTING,
        large=large,
        network=trained.config.as_dict(),
        autoencoder={}
        if large
        else {
            "widths": list(config["block_out_channels"]),
            "channels": config["latent_channels"],
            "latents_mean": config["latents_mean"],
            "latents_std": config["latents_std"],
        },
        trained={
            "clips": len(seen),
            "faces": len({clip.identity for clip in seen}),
            "stage": facts["stage"],
            "steps": facts["step"],
            "strangest_portrait": max(strangeness(portrait, pictures) for portrait in portraits),
        },
        sha256={},
    )
    model_file.write(folder, VideoModel(manifest, trained, pictures, detail))
