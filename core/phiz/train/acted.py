"""The data of stage 2: the corpus performed anew, window by window, with many Action Units."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phiz.acting.direction import AUEvent
from phiz.acting.units import WIDTH, control_mask, unit_track
from phiz.audio.aligned import silent
from phiz.corpus.clips import FPS, Source
from phiz.corpus.labels import Phone
from phiz.corpus.targets import loudness
from phiz.corpus.teacher import perform
from phiz.face.action_units import ACTION_UNITS
from phiz.face.channels import COUNT
from phiz.model.audio_encoder import AudioEncoder
from phiz.model.dit import MOTION
from phiz.train.encoder import is_real
from phiz.train.motion import Batch, MotionError, Scale, blank, source_features
from phiz.train.speech import finished_sources

HELD_OUT = frozenset(
    frozenset(pair)
    for pair in ((1, 15), (2, 12), (4, 12), (5, 26), (6, 20), (7, 17), (9, 16), (10, 14), (12, 43), (18, 62))
)
"""Pairs of units that are never on at the same time in training, to test what was never seen together."""

SHOWABLE = tuple(number for number, unit in ACTION_UNITS.items() if unit.showable)
DROPPED_EVENTS = 0.8
"""Chance that the adapter is not told of an event, in the windows in which it is not told of all."""
KNOWING = 0.5
"""Share of the windows in which it is told of all events."""

_REAL_SHARE = 0.5
_POOL, _USES = 768, 4  # performed windows kept, and how often each is drawn on average


@dataclass(frozen=True)
class Voice:
    """A source to perform: its clips' sound and phones, and what the encoder hears of them."""

    source: Source
    audio: np.ndarray  # (N, audio width) float16 over the frames of all clips
    offset: np.ndarray  # (clips + 1,) first frame of each clip
    clips: np.ndarray  # indices of the clips to draw from


def load_voices(
    corpus: Path, encoder: AudioEncoder, stamp: str, split: str, seed: int, device: str = "cpu"
) -> list[Voice]:
    """Every source with labelled, audible speech in a split. Raises MotionError if there is none."""
    voices = []
    for source in finished_sources(corpus):
        clips = [
            i
            for i, c in enumerate(source.clips)
            if c.split == split and c.phones is not None and c.audible and c.frames >= 15
        ]
        if clips:
            audio = source_features(source, encoder, stamp, seed, device)
            offset = np.cumsum([0, *(c.frames for c in source.clips)])
            voices.append(Voice(replace(source, targets=None), audio, offset, np.array(clips)))
    if not voices:
        raise MotionError("expected a corpus with labelled speech, found none; run `phiz corpus` first")
    return voices


def shares(voices: list[Voice]) -> np.ndarray:
    """(voices,) share of each in a batch: by the square root of its length, half of it real voices."""
    root = np.sqrt([float((v.offset[v.clips + 1] - v.offset[v.clips]).sum()) for v in voices])
    real = np.array([is_real(v.source.name) for v in voices])
    for group, part in ((real, _REAL_SHARE), (~real, 1 - _REAL_SHARE)):
        root[group] *= part / max(root[group].sum(), 1e-9)
    return root / root.sum()


def draw_events(
    random: np.random.Generator, seconds: float, held_out: frozenset[frozenset[int]] = HELD_OUT
) -> list[AUEvent]:
    """One event in a window out of ten, else two to five; units and times at even chance.

    A tenth each have intensity 0 and 1, the others one between, evenly. Two of a held-out pair never overlap.
    """
    events: list[AUEvent] = []
    wanted = 1 if random.random() < 0.1 else int(random.integers(2, 6))
    while len(events) < wanted:
        au = int(random.choice(SHOWABLE))
        sides = ACTION_UNITS[au].sides
        both = len(sides) == 1 or (len(sides) == 3 and random.random() < 0.5)
        side = sides[0] if both else str(random.choice(sides[-2:]))
        start = float(random.uniform(-1.0, seconds - 0.3))  # some are under way when the window begins
        end = max(start + float(random.uniform(0.4, 3.0)), 0.2)
        ramp_in, ramp_out = (float(r) for r in random.uniform(0.05, 0.5, 2))
        drawn = random.random()
        intensity = 0.0 if drawn < 0.1 else 1.0 if drawn < 0.2 else float(random.random())
        event = AUEvent(
            au=au,
            side=side,  # pyright: ignore[reportArgumentType]
            start=max(start, 0.0),
            end=end,
            intensity=intensity,
            ramp_in=ramp_in if start >= 0 else 0.0,
            ramp_out=ramp_out,
        )
        beside = (e for e in events if e.start < event.end and event.start < e.end)
        if not any(frozenset((e.au, au)) in held_out for e in beside):
            events.append(event)
    return events


@dataclass(frozen=True)
class Scene:
    """One performed window of at most T frames."""

    motion: np.ndarray  # (frames, 54) float32
    audio: np.ndarray  # (frames, audio width) float16
    emotion: np.ndarray  # (frames, 8) float32
    style: int
    events: list[AUEvent]


@dataclass(frozen=True)
class ActedBatch:
    """drawn: as stage 1's, what the motion shows. units: what the adapter is told. controlled: where."""

    drawn: Batch
    units: Tensor  # (N, T, WIDTH)
    controlled: Tensor  # (N, T, 54) 0..1

    def to(self, device: str) -> ActedBatch:
        return ActedBatch(self.drawn.to(device), self.units.to(device), self.controlled.to(device))


class Scenes:
    """Draws windows of `frames`, performed as they are needed; a window comes four times on average,
    each time with other events told. Deterministic by seed. Short clips are followed by rest.

    silence: (features,) of the audio encoder.
    """

    def __init__(
        self,
        voices: list[Voice],
        scale: Scale,
        frames: int,
        seed: int,
        silence: np.ndarray,
        held_out: frozenset[frozenset[int]] = HELD_OUT,
    ) -> None:
        self.voices, self.scale, self.frames, self.held_out = voices, scale, frames, held_out
        self.shares = shares(voices)
        lengths = [(v.offset[v.clips + 1] - v.offset[v.clips]).astype(np.float64) for v in voices]
        self.chances = [np.cumsum(n / n.sum()) for n in lengths]
        self.random = np.random.default_rng(seed)
        self.silent = silent(silence)  # (audio width,)
        self.pool: list[Scene] = []

    def perform(self) -> Scene:
        """A window of a clip, both drawn, performed with events of its own."""
        random = self.random
        which = int(random.choice(len(self.voices), p=self.shares))
        voice = self.voices[which]
        pick = min(int(np.searchsorted(self.chances[which], random.random())), len(voice.clips) - 1)
        index = int(voice.clips[pick])
        clip = voice.source.clips[index]
        length = min(self.frames, clip.frames)
        first = int(random.integers(0, clip.frames - length + 1))
        seconds, whole = length / FPS, clip.phones or []
        loud = loudness(voice.source.samples(index), whole)[first : first + length]
        events = draw_events(random, seconds, self.held_out)
        made = perform(_cut(whole, first / FPS, seconds), seconds, loud, random, clip.emotion, events=events)
        start = int(voice.offset[index]) + first
        motion = np.concatenate([made.weights, made.head], axis=1)
        return Scene(motion, voice.audio[start : start + length], made.emotion, made.style, events)

    def scene(self) -> Scene:
        """One from the pool, which is filled first and then renewed bit by bit."""
        if len(self.pool) < _POOL:
            self.pool.append(self.perform())
            return self.pool[-1]
        place = int(self.random.integers(_POOL))
        if self.random.random() < 1 / _USES:
            self.pool[place] = self.perform()
        return self.pool[place]

    def told(self, events: list[AUEvent]) -> list[AUEvent]:
        """The events that the adapter hears of: all, or one and few others."""
        if self.random.random() < KNOWING:
            return events
        kept = self.random.random(len(events)) >= DROPPED_EVENTS
        kept[self.random.integers(len(events))] = True
        return [event for event, keep in zip(events, kept, strict=True) if keep]

    def batch(self, size: int) -> ActedBatch:
        T = self.frames
        motion, audio, emotion, style, known = blank(size, T, self.silent)
        units = np.zeros((size, T, WIDTH), np.float32)
        controlled = np.zeros((size, T, MOTION), np.float32)
        for n in range(size):
            scene = self.scene()
            length = len(scene.motion)
            motion[n, :length] = (scene.motion - self.scale.mean) / self.scale.spread
            motion[n, length:] = motion[n, length - 1]
            audio[n, :length] = scene.audio
            emotion[n, :length] = scene.emotion
            style[n, scene.style] = 1.0
            known[n, :length] = 1.0
            told = self.told(scene.events)
            units[n, :length] = unit_track(told, length, FPS)
            controlled[n, :length, :COUNT] = control_mask(told, length, FPS)
        has = np.ones((size, 3), np.float32)
        drawn = Batch(*(torch.from_numpy(a) for a in (motion, audio, emotion, style, known, has)))
        return ActedBatch(drawn, torch.from_numpy(units), torch.from_numpy(controlled))


def _cut(phones: list[Phone], start: float, seconds: float) -> list[Phone]:
    """The phones of a window, its start as 0."""
    return [
        (max(a - start, 0.0), min(b - start, seconds), name)
        for a, b, name in phones
        if b > start and a < start + seconds
    ]
