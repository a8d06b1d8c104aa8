"""Motion for training: what the encoder hears beside what the face does, cut into equal windows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from phiz.audio import mel
from phiz.audio.aligned import aligned, width
from phiz.audio.levels import normalised
from phiz.corpus.clips import Source
from phiz.corpus.teacher.styles import CAPTURED, STYLES
from phiz.errors import PhizError
from phiz.face.emotions import EMOTIONS
from phiz.model.dit import MOTION
from phiz.model.phone_encoder import OUTPUTS, PhoneEncoder, PhoneFeatures
from phiz.train.augment import Augment
from phiz.train.speech import source_mels

AUDIO_WIDTH = width(OUTPUTS)
DEGRADED = 0.5
"""Share of clips whose features come from augmented sound: a face must follow a doubtful encoder too."""


class MotionError(PhizError):
    """A corpus without motion to train on."""


@dataclass(frozen=True)
class Scale:
    """How motion is normalised for the network: z = (motion - mean) / spread, each (54,) float32."""

    mean: np.ndarray
    spread: np.ndarray

    @staticmethod
    def of(motion: np.ndarray) -> Scale:
        """From (N, 54) frames. A channel that rarely moves takes a quarter of its peak as spread, so
        that no value lies far outside the noise."""
        mean, spread = motion.mean(0), motion.std(0)
        peak = np.abs(np.percentile(motion, [0.2, 99.8], axis=0) - mean).max(0)
        return Scale(
            mean.astype(np.float32), np.maximum(np.maximum(spread, 0.25 * peak), 0.01).astype(np.float32)
        )

    def as_dict(self) -> dict[str, list[float]]:
        return {"mean": [float(v) for v in self.mean], "spread": [float(v) for v in self.spread]}

    @staticmethod
    def from_dict(data: dict[str, list[float]]) -> Scale:
        return Scale(np.array(data["mean"], np.float32), np.array(data["spread"], np.float32))


def source_features(source: Source, encoder: PhoneEncoder, stamp: str, seed: int) -> np.ndarray:
    """(frames, 94) float16 aligned features of all clips end to end, kept beside the audio.

    stamp names the encoder; features of another one are made anew.
    """
    path, note = source.folder / "aligned.f16", source.folder / "aligned.json"
    frames = sum(clip.frames for clip in source.clips)
    if note.is_file() and json.loads(note.read_text()) == {"encoder": stamp, "frames": frames, "seed": seed}:
        return np.fromfile(path, np.float16).reshape(frames, AUDIO_WIDTH)
    network, augment = PhoneFeatures(encoder).eval(), Augment(seed)
    random = np.random.default_rng(seed)
    mels, start, parts = source_mels(source), 0, []
    for clip in source.clips:
        count = mel.frame_count(clip.samples)
        heard = mels[start : start + count].astype(np.float32)
        start += count
        heard = np.pad(heard, ((0, count % 2), (0, 0)), mode="edge")
        if random.random() < DEGRADED:
            heard = augment(torch.from_numpy(heard)[None])[0].numpy()
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            features = network(torch.from_numpy(normalised(heard))[None])[0].float().numpy()
        parts.append(aligned(features, heard, clip.frames).astype(np.float16))
    out = np.concatenate(parts) if parts else np.zeros((0, AUDIO_WIDTH), np.float16)
    note.unlink(missing_ok=True)
    out.tofile(path)
    note.write_text(json.dumps({"encoder": stamp, "frames": frames, "seed": seed}))
    return out


@dataclass(frozen=True)
class Moving:
    """A source ready to draw from. All arrays (N, ...) over its frames; offset (clips + 1,)."""

    name: str
    motion: np.ndarray  # (N, 54) float16
    audio: np.ndarray  # (N, 94) float16
    emotion: np.ndarray  # (N, 8) float16
    known: np.ndarray  # (54,) bool
    style: np.ndarray  # (clips,)
    offset: np.ndarray
    clips: np.ndarray  # indices of the clips of the split
    hears: bool  # whether its audio belongs to the motion
    feels: bool  # whether its emotion is known


def moving(source: Source, split: str, features: Callable[[Source], np.ndarray]) -> Moving | None:
    """A source with targets as training data; None if it has none in this split."""
    if source.targets is None:
        return None
    clips = np.array([i for i, c in enumerate(source.clips) if c.split == split and c.frames >= 15])
    if not len(clips):
        return None
    made = source.targets
    motion = np.concatenate([made.weights, made.head], axis=1)
    is_captured = STYLES[int(made.style[clips[0]])] in CAPTURED
    hears = all(c.audible for c in source.clips)
    audio = features(source) if hears else np.zeros((len(motion), AUDIO_WIDTH), np.float16)
    return Moving(
        source.name,
        motion,
        audio,
        made.emotion,
        made.mask,
        made.style,
        made.offset,
        clips,
        hears,
        not is_captured,
    )


@dataclass(frozen=True)
class Batch:
    motion: Tensor  # (N, T, 54) normalised
    audio: Tensor  # (N, T, A)
    emotion: Tensor  # (N, T, 8)
    style: Tensor  # (N, styles) one-hot
    known: Tensor  # (N, T, 54) 1 where the target is known
    has: Tensor  # (N, 3) 1 where audio, emotion, style are known


class Windows:
    """Draws windows of `frames`: sources by share, clips by length. Short clips are followed by rest."""

    def __init__(
        self, sources: list[Moving], shares: dict[str, float], scale: Scale, frames: int, seed: int
    ) -> None:
        if not sources:
            raise MotionError("expected a corpus with motion targets, found none; run `phiz corpus` first")
        self.sources, self.scale, self.frames = sources, scale, frames
        weights = np.array([shares[s.name] for s in sources])
        self.shares = weights / weights.sum()
        lengths = [(s.offset[s.clips + 1] - s.offset[s.clips]).astype(np.float64) for s in sources]
        self.chances = [np.cumsum(n / n.sum()) for n in lengths]
        self.random = np.random.default_rng(seed)

    def batch(self, size: int) -> Batch:
        T = self.frames
        motion = np.zeros((size, T, MOTION), np.float32)
        audio = np.zeros((size, T, AUDIO_WIDTH), np.float32)
        audio[..., 0] = 1.0  # silence is the first phone
        audio[..., AUDIO_WIDTH // 2] = 1.0
        audio[..., [AUDIO_WIDTH // 2 - 1, AUDIO_WIDTH - 1]] = -3.0  # and its loudness is -60 dB
        emotion = np.zeros((size, T, len(EMOTIONS)), np.float32)
        emotion[..., 0] = 1.0
        style = np.zeros((size, len(STYLES)), np.float32)
        known = np.zeros((size, T, MOTION), np.float32)
        has = np.ones((size, 3), np.float32)
        for n, s in enumerate(self.random.choice(len(self.sources), size, p=self.shares)):
            source = self.sources[s]
            pick = min(int(np.searchsorted(self.chances[s], self.random.random())), len(source.clips) - 1)
            clip = source.clips[pick]
            start, end = int(source.offset[clip]), int(source.offset[clip + 1])
            length = min(T, end - start)
            first = start + int(self.random.integers(0, end - start - length + 1))
            part = slice(first, first + length)
            motion[n, :length] = (
                source.motion[part].astype(np.float32) - self.scale.mean
            ) / self.scale.spread
            motion[n, length:] = motion[n, length - 1]
            audio[n, :length], emotion[n, :length] = source.audio[part], source.emotion[part]
            known[n, :length] = source.known
            style[n, source.style[clip]] = 1.0
            has[n] = (source.hears, source.feels, 1.0)
        arrays = (motion, audio, emotion, style, known, has)
        return Batch(*(torch.from_numpy(a) for a in arrays))


def all_frames(sources: list[Moving]) -> np.ndarray:
    """(N, 54) float32 of the training clips whose channels are all known, for `Scale.of`."""
    parts = [s.motion[s.offset[c] : s.offset[c + 1]] for s in sources if s.known.all() for c in s.clips[:400]]
    if not parts:
        raise MotionError(
            "expected a corpus with motion of all channels, found none; run `phiz corpus` first"
        )
    return np.concatenate(parts).astype(np.float32)
