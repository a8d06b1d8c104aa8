"""Speech for training: every labelled clip's log-mel in memory, cut and joined into equal pieces."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import erf

from phiz.audio import mel
from phiz.audio.levels import frame_level
from phiz.audio.phones import BILABIAL, INDEX, LABIODENTAL, ROUNDED
from phiz.corpus.clips import Clip, Source, is_done, load_source
from phiz.errors import PhizError
from phiz.model.phone_encoder import FPS, LIPS

SPREAD = dict(zip(LIPS, (0.015, 0.015, 0.035, 0.035), strict=True))
"""Standard deviation in seconds of the blur of each lip target."""

OPENNESS: dict[str, float] = {
    "AA": 1.0, "AE": 0.9, "AO": 0.9, "AW": 0.9, "AY": 0.9, "AH": 0.65, "EH": 0.65, "ER": 0.45, "EY": 0.5,
    "OW": 0.6, "OY": 0.65, "IH": 0.4, "IY": 0.3, "UH": 0.4, "UW": 0.3, "UE": 0.35, "HH": 0.4, "R": 0.3,
    "L": 0.35, "K": 0.3, "G": 0.3, "NG": 0.3, "X": 0.35, "Y": 0.25, "W": 0.25, "T": 0.2, "D": 0.2, "N": 0.2,
    "TH": 0.2, "DH": 0.2, "S": 0.12, "Z": 0.12, "SH": 0.15, "ZH": 0.15, "CH": 0.15, "JH": 0.15, "F": 0.08,
    "V": 0.08,
}  # fmt: skip
"""How far each phone opens the lips, 0 to 1: vowels by height, consonants by their place."""


class SpeechError(PhizError):
    """A corpus that holds no labelled speech to train on."""


def finished_sources(corpus: Path) -> list[Source]:
    """Every finished source of a corpus folder, by name."""
    return [load_source(folder) for folder in sorted(corpus.iterdir()) if is_done(folder)]


def source_mels(source: Source) -> np.ndarray:
    """(frames, 64) float16 log-mel of all clips end to end, kept beside the audio once made."""
    path = source.folder / "mel.f16"
    frames = sum(mel.frame_count(clip.samples) for clip in source.clips)
    if not path.is_file() or path.stat().st_size != frames * mel.BINS * 2:
        part = path.with_suffix(".part")
        with open(part, "wb") as file:
            for i in range(len(source.clips)):
                file.write(mel.log_mel(source.samples(i)).astype(np.float16).tobytes())
        part.replace(path)
    return np.fromfile(path, np.float16).reshape(-1, mel.BINS)


def label_frames(clip: Clip, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Phone index (frames,) int64 and lip targets (frames, 4) float32 at 50 fps."""
    phones = clip.phones or []
    time = np.arange(frames) / FPS
    index = np.full(frames, INDEX["SIL"], np.int64)
    for start, end, name in phones:
        index[int(np.ceil(start * FPS)) : int(np.ceil(end * FPS))] = INDEX[name]
    starts = np.array([p[0] for p in phones]).reshape(-1, 1)  # (P, 1)
    ends = np.array([p[1] for p in phones]).reshape(-1, 1)
    heights = np.array(
        [
            (name in BILABIAL, name in LABIODENTAL, name in ROUNDED, OPENNESS.get(name, 0.0))
            for _, _, name in phones
        ],
        np.float64,
    ).reshape(-1, len(LIPS))  # (P, 4)
    lips = np.zeros((frames, len(LIPS)), np.float32)
    for k, spread in enumerate(SPREAD.values()):
        inside = 0.5 * (
            erf((time - starts) / (1.4142 * spread)) - erf((time - ends) / (1.4142 * spread))
        )  # (P, T)
        lips[:, k] = np.clip(heights[:, k] @ inside, 0.0, 1.0)
    return index, lips


@dataclass(frozen=True)
class Utterance:
    mel: np.ndarray  # (2T, 64) float16, level 0 dB
    phones: np.ndarray  # (T,) int64
    lips: np.ndarray  # (T, 4) float32
    weight: float


def utterances(source: Source, split: str) -> list[Utterance]:
    """The labelled clips of one split. Each clip's 95th-percentile level is set to 0 dB."""
    mels, found, start = source_mels(source), [], 0
    for clip in source.clips:
        count = mel.frame_count(clip.samples)
        if clip.split == split and clip.phones is not None and clip.weight > 0 and count >= 20:
            frames = mels[start : start + count - count % 2].astype(np.float32)
            level = max(float(np.percentile(frame_level(frames), 95)), -20.0)
            frames = np.maximum(frames - level * np.log(10) / 10, np.log(mel.FLOOR))
            index, lips = label_frames(clip, len(frames) // 2)
            found.append(Utterance(frames.astype(np.float16), index, lips, clip.weight))
        start += count
    return found


class Pieces:
    """Draws equal pieces of speech: sources by their share, clips by their length, joined to fill."""

    def __init__(
        self, sources: dict[str, list[Utterance]], shares: dict[str, float], frames: int, seed: int
    ) -> None:
        if not sources:
            raise SpeechError("expected a corpus with labelled speech, found none; run `phiz corpus` first")
        self.frames = frames  # output frames (50 fps) of a piece
        self.sources = list(sources.values())
        shares_now = np.array([shares[name] for name in sources])
        self.shares = shares_now / shares_now.sum()
        self.chances = []
        for clips in self.sources:
            lengths = np.array([len(c.phones) * c.weight for c in clips], np.float64)
            self.chances.append(np.cumsum(lengths / lengths.sum()))
        self.random = np.random.default_rng(seed)

    def batch(self, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """mel (N, 2T, 64), phones (N, T), lips (N, T, 4), weight (N, T) of `size` pieces."""
        T = self.frames
        mels = np.full((size, 2 * T, mel.BINS), np.log(mel.FLOOR), np.float32)
        phones = np.zeros((size, T), np.int64)
        lips = np.zeros((size, T, len(LIPS)), np.float32)
        weight = np.zeros((size, T), np.float32)
        for n, s in enumerate(self.random.choice(len(self.sources), size, p=self.shares)):
            at = int(self.random.integers(0, 15))  # a little silence first
            weight[n, :at] = 1.0
            while at < T - 10:
                pick = int(np.searchsorted(self.chances[s], self.random.random()))
                clip = self.sources[s][min(pick, len(self.sources[s]) - 1)]
                length = min(len(clip.phones), T - at)
                first = int(self.random.integers(0, len(clip.phones) - length + 1))
                mels[n, 2 * at : 2 * (at + length)] = clip.mel[2 * first : 2 * (first + length)]
                phones[n, at : at + length] = clip.phones[first : first + length]
                lips[n, at : at + length] = clip.lips[first : first + length]
                weight[n, at : at + length] = clip.weight
                at += length
        return mels, phones, lips, weight
