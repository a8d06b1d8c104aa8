"""The portrait: a picture of any size, cut square and scaled to what a model sees."""

from __future__ import annotations

import os

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from PIL import Image, ImageOps

from phiz.errors import PhizError
from phiz.video.autoencoder import from_latents, from_pixels, to_latents

_WALL = (128, 128, 128, 255)


class PortraitError(PhizError):
    """The portrait cannot be read."""


def read(path: str | os.PathLike[str], size: int) -> np.ndarray:
    """(size, size, 3) uint8: the middle square of a picture. Raises PortraitError."""
    try:
        with Image.open(path) as picture:
            upright = _plain(ImageOps.exif_transpose(picture))
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise PortraitError(f"Cannot read {path} as a picture ({error}). Give a PNG or JPEG.") from error
    if min(upright.size) < 16:
        raise PortraitError(f"{path} is {upright.width} x {upright.height} pixels; at least 16 are needed.")
    return np.asarray(ImageOps.fit(upright, (size, size), Image.Resampling.LANCZOS))


def _plain(picture: Image.Image) -> Image.Image:
    """In RGB, 8 bits. What is transparent shows a grey wall; Pillow alone would show what lies beneath."""
    if picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut off at 255
        grey = np.clip(np.asarray(picture, np.int64) // 257, 0, 255)
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise ValueError("its grey levels are fractions, of a scale that it does not name")
    if "A" in picture.getbands() or "transparency" in picture.info:
        wall = Image.new("RGBA", picture.size, _WALL)
        picture = Image.alpha_composite(wall, picture.convert("RGBA"))
    return picture.convert("RGB")


@torch.no_grad()
def strangeness(portrait: np.ndarray, autoencoder: AutoencoderKL) -> float:
    """How badly an autoencoder draws a portrait again: mean absolute error, 0 to 1. A face unlike all those
    that it was trained on comes out worse."""
    picture = from_pixels(torch.from_numpy(np.array(portrait)))[None]
    again = from_latents(autoencoder, to_latents(autoencoder, picture)).clamp(-1, 1)
    return float((again - picture).abs().mean()) / 2.0
