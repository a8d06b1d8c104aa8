"""Motion for training: what the encoder hears beside what the face does, cut into equal windows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from phiz.audio import mel
from phiz.audio.aligned import aligned, silent, width
from phiz.corpus.clips import Source
from phiz.corpus.teacher.styles import CAPTURED, STYLES
from phiz.errors import PhizError
from phiz.face.emotions import EMOTIONS
from phiz.model.audio_encoder import AudioEncoder, PhoneAudio
from phiz.model.dit import MOTION
from phiz.train.augment import Augment
from phiz.train.speech import source_mels

DEGRADED = 0.5
"""Share of clips whose features come from augmented sound: a face must follow a doubtful encoder too.
Sound is augmented as log-mel, so this holds for the encoder `phone` alone."""


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


def source_features(
    source: Source, encoder: AudioEncoder, stamp: str, seed: int, device: str = "cpu"
) -> np.ndarray:
    """(frames, audio width) float16 aligned features of all clips end to end, kept beside the audio.

    stamp names the encoder; features of another one are made anew.
    """
    path, note = source.folder / "aligned.f16", source.folder / "aligned.json"
    frames, columns = sum(clip.frames for clip in source.clips), width(encoder.features)
    if note.is_file() and json.loads(note.read_text()) == {"encoder": stamp, "frames": frames, "seed": seed}:
        return np.fromfile(path, np.float16).reshape(frames, columns)
    augment, random = Augment(seed), np.random.default_rng(seed)
    mels, start, parts = source_mels(source), 0, []
    for index, clip in enumerate(source.clips):
        count = mel.frame_count(clip.samples)
        heard = mel.paired(mels[start : start + count].astype(np.float32))
        start += count
        by_mel = isinstance(encoder, PhoneAudio)
        if by_mel and random.random() < DEGRADED:
            heard = augment(torch.from_numpy(heard)[None])[0].numpy()
        with torch.autocast(device, torch.bfloat16):
            features = encoder.of_mel(heard) if by_mel else encoder(source.samples(index))
        parts.append(aligned(features, heard, clip.frames).astype(np.float16))
    out = np.concatenate(parts) if parts else np.zeros((0, columns), np.float16)
    note.unlink(missing_ok=True)
    out.tofile(path)
    note.write_text(json.dumps({"encoder": stamp, "frames": frames, "seed": seed}))
    return out


@dataclass(frozen=True)
class Moving:
    """A source ready to draw from. All arrays (N, ...) over its frames; offset (clips + 1,)."""

    name: str
    motion: np.ndarray  # (N, 54) float16
    audio: np.ndarray  # (N, audio width) float16; (N, 0) where it hears nothing
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
    audio = features(source) if hears else np.zeros((len(motion), 0), np.float16)
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

    def to(self, device: str) -> Batch:
        return Batch(*(getattr(self, field.name).to(device) for field in fields(self)))


def blank(
    size: int, frames: int, silent: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """motion, audio, emotion, style and known of a `Batch` to be filled: neutral in silence, nothing known.

    silent: (audio width,).
    """
    emotion = np.zeros((size, frames, len(EMOTIONS)), np.float32)
    emotion[..., 0] = 1.0
    return (
        np.zeros((size, frames, MOTION), np.float32),
        np.tile(silent, (size, frames, 1)),
        emotion,
        np.zeros((size, len(STYLES)), np.float32),
        np.zeros((size, frames, MOTION), np.float32),
    )


class Windows:
    """Draws windows of `frames`: sources by share, clips by length. Short clips are followed by rest.

    silence: (features,) of the audio encoder, which follow a short clip and stand for unheard sound.
    """

    def __init__(
        self,
        sources: list[Moving],
        shares: dict[str, float],
        scale: Scale,
        frames: int,
        seed: int,
        silence: np.ndarray,
    ) -> None:
        if not sources:
            raise MotionError("expected a corpus with motion targets, found none; run `phiz corpus` first")
        self.sources, self.scale, self.frames = sources, scale, frames
        weights = np.array([shares[s.name] for s in sources])
        self.shares = weights / weights.sum()
        lengths = [(s.offset[s.clips + 1] - s.offset[s.clips]).astype(np.float64) for s in sources]
        self.chances = [np.cumsum(n / n.sum()) for n in lengths]
        self.random = np.random.default_rng(seed)
        self.silent = silent(silence)  # (audio width,)

    def batch(self, size: int) -> Batch:
        T = self.frames
        motion, audio, emotion, style, known = blank(size, T, self.silent)
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
            if source.hears:
                audio[n, :length] = source.audio[part]
            emotion[n, :length] = source.emotion[part]
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
