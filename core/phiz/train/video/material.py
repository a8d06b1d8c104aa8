"""Clips as the denoiser learns from them: latents in several lights, sound, prompts and Take by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from torch import Tensor

from phiz.acting.direction import Direction
from phiz.cotfa.backends import think
from phiz.face.channels import MIRROR
from phiz.motion.take import Take
from phiz.train.video.footage import recoloured
from phiz.video.autoencoder import from_pixels, to_latents
from phiz.video.clips import Clip
from phiz.video.hearing import Heard, Hearing, take_rows
from phiz.video.network import TAKE
from phiz.video.prompts import PromptEncoder

LIGHTS = 4
"""Of each clip: as it is, mirrored, and two more in which colours differ, one of them mirrored."""


@dataclass(frozen=True, eq=False)
class Material:
    """One clip of F frames in V lights.

    latents (V, F, C, h, w) and portraits (V, C, h, w), float16; audio (F, MOMENTS, A); text
    (V, 2, F, L, D), coarse and fine; take (V, F, TAKE), and whether there is one.
    """

    latents: Tensor
    portraits: Tensor
    audio: Tensor
    text: Tensor
    take: Tensor
    has_take: bool

    @property
    def frames(self) -> int:
        return len(self.audio)


def direction_of(clip: Clip) -> Direction:
    """Its acting notes; where only words were given, what the rules read in them."""
    if clip.direction is not None:
        return clip.direction
    note = " ".join((clip.prompts.coarse, clip.prompts.fine))
    return think(note, clip.seconds).direction()


def _mirrored_direction(direction: Direction) -> Direction:
    other = {"L": "R", "R": "L", "B": "B"}
    events = [event.model_dump() | {"side": other[event.side]} for event in direction.events]
    return Direction(**direction.model_dump() | {"events": events})


def _mirrored_take(take: Take) -> Take:
    return Take(take.weights[:, MIRROR], take.head * np.array([-1.0, 1.0, -1.0], np.float32), take.fps)


def prepare(
    clips: Iterable[Clip],
    autoencoder: AutoencoderKL,
    hearing: Hearing,
    encode: PromptEncoder,
    seed: int = 0,
    lights: int = LIGHTS,
    progress: Callable[[int], None] = lambda count: None,
) -> list[Material]:
    """progress is told how many clips are ready."""
    random = torch.Generator().manual_seed(seed)
    out = []
    for number, clip in enumerate(clips):
        out.append(_prepared(clip, autoencoder, hearing, encode, random, lights))
        progress(number + 1)
    return out


def _prepared(
    clip: Clip,
    autoencoder: AutoencoderKL,
    hearing: Hearing,
    encode: PromptEncoder,
    random: torch.Generator,
    lights: int,
) -> Material:
    frames = len(clip.frames)
    pictures = torch.from_numpy(np.concatenate([clip.portrait[None], clip.frames]))
    pictures = from_pixels(pictures).to(autoencoder.device)
    direction = direction_of(clip)
    latents, text, take = [], [], []
    for light in range(lights):
        shown = pictures if light < 2 else recoloured(pictures[None], random)[0]
        mirror = light % 2 == 1
        shown = shown.flip(-1) if mirror else shown
        latents.append(torch.cat([to_latents(autoencoder, part) for part in shown.split(32)]))
        notes = _mirrored_direction(direction) if mirror else direction
        text.append(torch.from_numpy(encode(notes, frames, clip.fps)(np.arange(frames))))
        rows = np.zeros((frames, TAKE), np.float32)
        if clip.take is not None:
            rows = take_rows(_mirrored_take(clip.take) if mirror else clip.take)
        take.append(torch.from_numpy(rows))
    stacked = torch.stack(latents).half().cpu()
    audio = Heard(clip.voice, hearing).rows(0, frames, clip.fps)
    return Material(
        stacked[:, 1:],
        stacked[:, 0],
        torch.from_numpy(audio),
        torch.stack(text),
        torch.stack(take),
        clip.take is not None,
    )
