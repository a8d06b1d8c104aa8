"""The main job: a portrait, a recording, a Direction and a Take become a film."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from phiz.acting.direction import Direction
from phiz.audio.recording import Recording
from phiz.errors import PhizError
from phiz.motion.take import Take
from phiz.video import film
from phiz.video.autoencoder import as_pixels, factor, from_latents, from_pixels, to_latents
from phiz.video.conditions import Bank, Conditions
from phiz.video.guidance import Guidance, Progressive
from phiz.video.hearing import Heard, Hearing, take_rows
from phiz.video.model_file import VideoModel
from phiz.video.prompts import PromptEncoder
from phiz.video.sampling import Latents, Sampling, sample

Drive = Literal["audio", "take", "both"]
DRIVES: tuple[Drive, ...] = ("audio", "take", "both")
QUALITY = 8  # of H.264: at 64 pixels little is to be saved, and mouths are small
_DECODED = 16  # frames decoded at a time
_DENOISING = 0.9  # share of the work


class DriveError(PhizError):
    """What is to drive the face is not there."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What a film is made of. portrait (size, size, 3) uint8. take: of any rate; where `drive` is "audio",
    the head alone is taken from it, and it may be None."""

    portrait: np.ndarray
    voice: Recording
    direction: Direction
    take: Take | None
    drive: Drive = "both"


@dataclass(frozen=True, eq=False)
class Senses:
    """What hears and reads for a model: see `phiz.video.hearing` and `phiz.video.prompts`."""

    hearing: Hearing
    prompts: PromptEncoder


def frame_count(voice: Recording, fps: float) -> int:
    return max(1, round(voice.seconds * fps))


def work_folder(out: str | os.PathLike[str]) -> Path:
    """Where a film is while it is made, beside the file that it becomes."""
    out = Path(out)
    return out.with_name(f".{out.name}.making")


def make(
    scene: Scene,
    model: VideoModel,
    senses: Senses,
    out: str | os.PathLike[str],
    *,
    guidance: Guidance | None = None,
    progressive: Progressive | None = None,
    steps: int | None = None,
    progress: Callable[[float], None] = lambda done: None,
    cancel: Callable[[], bool] = lambda: False,
) -> int:
    """Write the film as MP4 with its sound, whole or not at all; returns its frames. Same input, same bytes.

    A run that was stopped leaves a folder beside `out`; the same call goes on from there and removes it.
    steps: of denoising, None for the model's own. Raises DriveError, StoppedError, OutputError, FilmError.
    """
    if scene.take is None and scene.drive != "audio":
        raise DriveError(f"To drive the face by {scene.drive} a Take is needed; give one, or drive by audio.")
    # Not told how many, MKL chooses by itself, and other shares of the work round otherwise.
    torch.set_num_threads(torch.get_num_threads())
    manifest = model.manifest
    how = Sampling(
        steps or manifest.steps,
        manifest.window,
        manifest.overlap,
        manifest.shared_noise,
        scene.direction.seed,
        guidance or Guidance(acting=manifest.acting),
        progressive or Progressive(),
    )
    frames = frame_count(scene.voice, manifest.fps)
    with torch.no_grad():
        prompted = _Prompted(scene, model, senses, frames)
    side = manifest.size // factor(model.autoencoder)
    shape = (model.network.config.backbone.latents, side, side)
    folder = work_folder(out)
    key = _key(scene, model, how)
    clean = sample(
        model.network,
        prompted,
        prompted.no_text,
        frames,
        shape,
        how,
        folder,
        key,
        progress=lambda done: progress(_DENOISING * done),
        cancel=cancel,
    )
    film.write(
        out,
        _decoded(clean, model, scene.portrait, progress),
        manifest.fps,
        scene.voice.samples,
        quality=QUALITY,
        every_player=True,
    )
    del clean  # some systems do not remove a file that is still mapped
    Latents(folder, (1,), key).remove()
    return frames


def _key(scene: Scene, model: VideoModel, how: Sampling) -> str:
    """Hexadecimal digest of all that a film is made from."""
    digest = hashlib.sha256(model.manifest.model_dump_json().encode())
    digest.update(f"{scene.direction.model_dump_json()} {scene.drive} {how}".encode())
    for part in (scene.portrait, scene.voice.samples):
        digest.update(np.ascontiguousarray(part).tobytes())
    if scene.take is not None:
        digest.update(scene.take.weights.tobytes() + scene.take.head.tobytes() + str(scene.take.fps).encode())
    return digest.hexdigest()


def _decoded(
    clean: np.ndarray, model: VideoModel, portrait: np.ndarray, progress: Callable[[float], None]
) -> Iterator[np.ndarray]:
    """Frames (H, W, 3) uint8 of latents, as they are asked for."""
    still = from_pixels(torch.from_numpy(np.array(portrait)))[None]
    for start in range(0, len(clean), _DECODED):
        part = torch.from_numpy(np.array(clean[start : start + _DECODED]))
        with torch.no_grad():
            pictures = from_latents(model.autoencoder, part)
            if model.detail is not None:
                drawn = from_latents(model.autoencoder, to_latents(model.autoencoder, still))
                pictures = model.detail(pictures, still.expand_as(pictures), drawn.expand_as(pictures))
        yield from as_pixels(pictures).numpy()
        progress(_DENOISING + (1.0 - _DENOISING) * min(1.0, (start + _DECODED) / len(clean)))


class _Prompted:
    """The conditions of any frames of a scene, those past its end as its last."""

    def __init__(self, scene: Scene, model: VideoModel, senses: Senses, frames: int) -> None:
        fps = model.manifest.fps
        portrait = from_pixels(torch.from_numpy(np.array(scene.portrait)))[None]
        self.latents = to_latents(model.autoencoder, portrait)  # (1, C, h, w)
        self.bank: Bank = model.network.look(self.latents)
        self.text = senses.prompts(scene.direction, frames, fps)
        self.no_text = torch.from_numpy(senses.prompts.nothing())  # (L, D)
        self.heard = Heard(scene.voice, senses.hearing) if scene.drive != "take" else None
        self.rows = None
        if scene.take is not None:
            rows = take_rows(scene.take.resampled(fps), channels=scene.drive != "audio")
            self.rows = rows[np.minimum(np.arange(frames), len(rows) - 1)]
        self.frames, self.fps = frames, fps

    def __call__(self, span: slice) -> tuple[Conditions, Tensor]:
        at = np.minimum(np.arange(span.start, span.stop), self.frames - 1)
        pair = torch.from_numpy(self.text(at))[:, None]  # (2, 1, n, L, D)
        audio = None
        if self.heard is not None:
            audio = torch.from_numpy(self.heard.rows(span.start, span.stop, self.fps))[None]
        take = None if self.rows is None else torch.from_numpy(self.rows[at])[None]
        return Conditions(pair[0], self.bank, self.latents, audio, take), pair
