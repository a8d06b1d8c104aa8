"""What each frame of a film hears, and what it is told of the Take."""

from __future__ import annotations

import numpy as np

from phiz.audio.aligned import MOTION_FPS, heard_at
from phiz.audio.levels import loudness
from phiz.audio.mel import paired_log_mel
from phiz.audio.recording import Recording
from phiz.face.channels import COUNT
from phiz.model.audio_encoder import AudioEncoder
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle
from phiz.runtime.listen import encode
from phiz.video.conditions import MOMENTS

HEAD = 3.0
"""By which the head's radians are multiplied, so that a nod counts as a channel does."""


class BundleHearing:
    """The audio encoder of a model bundle, which ships, as a `Hearing`."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle

    @property
    def features(self) -> int:
        return self.bundle.manifest.features

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return encode(paired_log_mel(samples), self.bundle)


Hearing = BundleHearing | AudioEncoder
"""(n,) samples at 16 kHz -> (T, features) at 50 fps: the bundle's encoder, or a Wav2Vec2 network."""


class Heard:
    """A recording heard once; `rows` are taken from it frame by frame."""

    def __init__(self, voice: Recording, hearing: Hearing) -> None:
        self.features = hearing(voice.samples)  # (T, features)
        self.loud = loudness(paired_log_mel(voice.samples))  # (2T,)

    def rows(self, first: int, last: int, fps: float) -> np.ndarray:
        """(last - first, MOMENTS, width) float32: of frames at i / fps, as `phiz.audio.aligned` has them."""
        offsets = (np.arange(MOMENTS) - MOMENTS // 2) / MOTION_FPS
        times = (np.arange(first, last) / fps)[:, None] + offsets
        return heard_at(times.ravel(), self.features, self.loud).reshape(last - first, MOMENTS, -1)


def take_rows(take: Take, channels: bool = True) -> np.ndarray:
    """(frames, TAKE) float32: 1 and the channels, or zeros where these are not to be told; then the head."""
    rows = np.zeros((take.frames, 1 + COUNT + 3), np.float32)
    if channels:
        rows[:, 0], rows[:, 1 : 1 + COUNT] = 1.0, take.weights
    rows[:, 1 + COUNT :] = HEAD * take.head
    return rows
