"""What distillation learns from: a base model that samples motion for voices and random acting notes.

No motion of a corpus is needed, only sound: the noisy motions on the sampler's way from noise to motion,
and what the model predicts of each with its conditions told and withheld.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from phiz.acting.direction import Direction, EmotionKey
from phiz.acting.track import emotion_track
from phiz.audio import mel
from phiz.audio.aligned import MOTION_FPS, aligned, silent
from phiz.corpus.clips import Source
from phiz.face.channels import REGIONS
from phiz.face.emotions import EMOTIONS
from phiz.model.audio_encoder import PhoneAudio
from phiz.model.dit import MOTION, Dit
from phiz.runtime.denoise import ALL, NOTHING
from phiz.runtime.solver import Course
from phiz.train.augment import Augment
from phiz.train.motion import DEGRADED, MotionError

LEAST, MOST = 1.0, 2.5
"""Scales of guidance that are drawn where they are not the bundle's own."""

_OWN = 0.7
_QUIET = 0.05  # share of windows in which nobody speaks


@dataclass(frozen=True)
class State:
    """Noisy motions (N, T, 54) at one level, what the base model predicts told all and told nothing, and
    the states of its blocks, (N, T, D) each, told all."""

    motion: Tensor
    level: float
    told: Tensor
    nothing: Tensor
    left: list[Tensor]


class Sounds:
    """Draws windows of what the encoder hears: clips of the split `train` from their own start, one after
    another, half of them degraded, a few windows silent. Deterministic by seed."""

    def __init__(self, sources: list[Source], encoder: PhoneAudio, frames: int, seed: int) -> None:
        self.encoder, self.frames = encoder, frames
        self.random, self.augment = np.random.default_rng(seed), Augment(seed)
        self.clips = [
            (source, index)
            for source in sources
            for index, clip in enumerate(source.clips)
            if clip.split == "train" and clip.audible and clip.samples >= mel.RATE // 2
        ]
        if not self.clips:
            raise MotionError("expected a corpus with sound, found none; run `phiz corpus` first")
        # By the root of its source's length: a large folder is not to drown the others.
        length: dict[str, float] = {}
        for source, index in self.clips:
            length[source.name] = length.get(source.name, 0.0) + source.clips[index].samples
        chance = [s.clips[i].samples / np.sqrt(length[s.name]) for s, i in self.clips]
        self.chances = np.cumsum(chance) / np.sum(chance)

    def window(self) -> np.ndarray:
        """(frames, audio width) float32."""
        if self.random.random() < _QUIET:
            return np.tile(silent(self.encoder.silence), (self.frames, 1))
        wanted = round(self.frames / MOTION_FPS * mel.RATE)
        parts, count = [], 0
        while count < wanted:
            place = min(int(np.searchsorted(self.chances, self.random.random())), len(self.clips) - 1)
            source, index = self.clips[place]
            samples = source.samples(index)
            first = int(self.random.integers(0, len(samples) // 2)) if len(samples) > wanted else 0
            parts.append(samples[first:])
            count += len(parts[-1])
        heard = mel.paired(mel.log_mel(np.concatenate(parts)[:wanted]))
        if self.random.random() < DEGRADED:
            heard = self.augment(torch.from_numpy(heard)[None])[0].numpy()
        return aligned(self.encoder.of_mel(heard), heard, self.frames)


def draw_emotion(random: np.random.Generator, frames: int) -> np.ndarray:
    """(frames, 8) neutral in a third of the windows, else one emotion or two, at times one after another."""
    kind = random.random()
    if kind < 0.35:
        return emotion_track(Direction(emotion=()), frames, MOTION_FPS)
    keys = []
    for time in (0.0,) if kind < 0.75 else (0.0, float(random.uniform(0.5, frames / MOTION_FPS))):
        names = random.choice(EMOTIONS[1:], 2, replace=False)
        share = 1.0 if random.random() < 0.7 else float(random.uniform(0.3, 0.7))
        mix = {str(names[0]): share, **({} if share == 1.0 else {str(names[1]): 1.0 - share})}
        intensity = 1.0 if random.random() < 0.3 else float(random.uniform(0.2, 1.0))
        keys.append(EmotionKey(time=time, mix=mix, intensity=intensity))
    return emotion_track(Direction(emotion=tuple(keys)), frames, MOTION_FPS)


def draw_style(random: np.random.Generator, styles: int) -> np.ndarray:
    """(styles,) the first, which is the default, in half of the windows; else another or a mixture."""
    row = np.zeros(styles, np.float32)
    kind = random.random()
    if kind < 0.9:
        row[0 if kind < 0.5 else int(random.integers(styles))] = 1.0
        return row
    return random.dirichlet(np.full(styles, 0.3)).astype(np.float32)


class Trajectories:
    """Draws States from a base model, whole trajectories at a time. Deterministic by seed.

    usual: scale of the guidance under which most trajectories come to be. upper_face_noise: spread of
    the noise of brows and eyes, as at run time.
    """

    def __init__(
        self,
        base: Dit,
        sounds: Sounds,
        usual: float,
        upper_face_noise: float,
        seed: int,
        rows: Tensor | None = None,
    ) -> None:
        self.base, self.sounds, self.usual, self.rows = base, sounds, usual, rows
        self.random = np.random.default_rng([seed, 1])
        self.noise = torch.Generator().manual_seed(seed)
        self.spread = torch.ones(MOTION)
        self.spread[[*REGIONS["brows"], *REGIONS["eyes"]]] = upper_face_noise

    def scale(self) -> float:
        """The bundle's own in most trajectories."""
        return self.usual if self.random.random() < _OWN else float(self.random.uniform(LEAST, MOST))

    @torch.no_grad()
    def draw(self, windows: int, steps: int) -> Iterator[State]:
        """The states of so many windows, one per step of the sampler, from noise to motion."""
        frames, styles = self.sounds.frames, self.base.config.styles
        audio = torch.from_numpy(np.stack([self.sounds.window() for _ in range(windows)]))
        felt = torch.from_numpy(np.stack([draw_emotion(self.random, frames) for _ in range(windows)]))
        style = torch.from_numpy(np.stack([draw_style(self.random, styles) for _ in range(windows)]))
        scale = self.scale()
        noise = torch.randn(windows, frames, MOTION, generator=self.noise) * self.spread
        course = Course(noise, steps)  # pyright: ignore[reportArgumentType]  # plain arithmetic
        told = felt if self.rows is None else felt @ self.rows
        while course.step < steps:
            motion = torch.as_tensor(course.x)
            level = torch.full((windows,), course.level)
            rest = (level, audio, told, style)
            clean, left = self.base.states(motion, *rest, torch.tensor([ALL] * windows))
            nothing = self.base(motion, *rest, torch.tensor([NOTHING] * windows))
            yield State(motion, course.level, clean, nothing, left)
            course.advance(nothing + scale * (clean - nothing))  # pyright: ignore[reportArgumentType]
