"""A model as a folder: `model.json`, and weights as safetensors, data only."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from phiz.errors import PhizError
from phiz.runtime.bundle import digest
from phiz.video.autoencoder import small_autoencoder
from phiz.video.detail import Detail
from phiz.video.network import Network, NetworkConfig
from phiz.video.prompts import WORDS
from phiz.writing import whole_file

MANIFEST = "model.json"
PARTS = ("network.safetensors", "autoencoder.safetensors", "detail.safetensors")
"""Of a large model the first alone."""


class VideoModelError(PhizError):
    """A folder that holds no usable video model."""


class Manifest(BaseModel):
    """What model.json holds.

    size: pixels of a side. window, overlap: frames that are made at once, and those that two windows share.
    steps: of denoising. shared_noise: see `phiz.video.schedule`; acting: `phiz.video.guidance`. large:
    whether it stands on a folder of large weights (`phiz.video.folders`), which then hold its autoencoder.
    trained: where it came from, and `strangest_portrait`, the largest `strangeness` among the faces that it
    knows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    size: int = Field(ge=16)
    fps: float = Field(gt=0)
    window: int = Field(ge=2)
    overlap: int = Field(ge=1)
    steps: int = Field(ge=1)
    shared_noise: float = Field(ge=0.0, le=1.0)
    acting: float = Field(default=1.0, ge=0.0)
    large: bool = False
    network: dict[str, Any]
    autoencoder: dict[str, Any]
    trained: dict[str, Any] = {}
    sha256: dict[str, str]


def shipped() -> Path:
    """The folder of the model that comes with Phiz.

    The package inside Blender's extension comes without it: then that of the Phiz which is installed in the
    Python that runs. Raises VideoModelError.
    """
    here = Path(__file__).parent
    found = [here / "bundle", *(Path(entry) / "phiz" / "video" / "bundle" for entry in sys.path)]
    for folder in found:
        if (folder / MANIFEST).is_file():
            return folder
    raise VideoModelError(
        f"there is no video model with this Phiz ({here}): install phiz[video] in the Python that makes "
        f"films, {sys.executable}, or name a model"
    )


@dataclass(frozen=True, eq=False)
class VideoModel:
    """What makes films. manifest: of the small model, or one made up for large weights."""

    manifest: Manifest
    network: Network
    autoencoder: AutoencoderKL
    detail: Detail | None = None


def write(folder: Path, model: VideoModel) -> None:
    """Weights in float16, each file whole or not at all, the manifest last. Raises OutputError."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[nn.Module] = [model.network]
    if not model.manifest.large:
        parts += [model.autoencoder, model.detail or Detail()]
    names = PARTS[: len(parts)]
    for name, part in zip(names, parts, strict=True):
        with whole_file(folder / name) as out:
            out.write(save({k: v.detach().half().contiguous() for k, v in part.state_dict().items()}))
    sums = {name: digest(folder / name) for name in names}
    manifest = model.manifest.model_copy(update={"sha256": sums})
    with whole_file(folder / MANIFEST) as out:
        out.write((manifest.model_dump_json(indent=1) + "\n").encode())


def load(path: str | os.PathLike[str] | None = None) -> VideoModel:
    """Open a folder; None is the model that ships. Raises VideoModelError."""
    folder = shipped() if path is None else Path(path)
    manifest = read_manifest(folder)
    for name in PARTS:
        if not (folder / name).is_file():
            raise VideoModelError(f"the video model {folder} lacks {name}; get it again")
        if digest(folder / name) != manifest.sha256.get(name):
            raise VideoModelError(f"{folder / name} is damaged: its checksum is another; get it again")
    try:
        network = Network(NetworkConfig.from_dict(manifest.network))
        autoencoder = small_autoencoder(
            tuple(manifest.autoencoder["widths"]), manifest.autoencoder["channels"]
        )
        detail = Detail()
        for part, name in zip((network, autoencoder, detail), PARTS, strict=True):
            _fill(part, folder / name)
    except (TypeError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise VideoModelError(f"{folder} does not hold the model it is said to: {reason}") from error
    if network.config.words != WORDS:
        raise VideoModelError(
            f"{folder} was made for other prompts than this version of Phiz; get a newer one"
        )
    autoencoder.register_to_config(
        latents_mean=manifest.autoencoder["latents_mean"], latents_std=manifest.autoencoder["latents_std"]
    )
    return VideoModel(
        manifest,
        network.eval().requires_grad_(False),
        autoencoder.eval().requires_grad_(False),
        detail.eval().requires_grad_(False),
    )


def read_manifest(path: str | os.PathLike[str] | None = None) -> Manifest:
    """`model.json` of a folder; None is the model that ships. Raises VideoModelError."""
    folder = shipped() if path is None else Path(path)
    path = folder / MANIFEST
    try:
        return Manifest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        if isinstance(error, ValidationError):
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise VideoModelError(f"{path} is not a video model's: {where}: {first['msg']}") from error
        raise VideoModelError(
            f"expected a video model with {MANIFEST}, {' and '.join(PARTS)} in {folder}; make one with "
            "`phiz train video`"
        ) from error


@torch.no_grad()
def _fill(network: nn.Module, path: Path) -> None:
    network.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()})
