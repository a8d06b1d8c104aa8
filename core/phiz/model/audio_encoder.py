"""What every audio encoder does: a recording becomes features that the base model listens to."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch

from phiz.audio.chunks import chunks
from phiz.audio.levels import normalised
from phiz.audio.mel import log_mel, paired
from phiz.audio.phones import INDEX
from phiz.model.phone_encoder import OUTPUTS, PhoneEncoder, PhoneFeatures

CHUNK = 3000  # frames at a time: one minute


class AudioEncoder(Protocol):
    """(n,) float32 samples at 16 kHz -> (n // 320 + 1, features) float32 at 50 fps.

    Frame i is centred on i / 50 s. Any length, in memory that grows with the result alone.
    silence: (features,) what a frame hears where nothing sounds.
    """

    @property
    def features(self) -> int: ...

    @property
    def silence(self) -> np.ndarray: ...

    def __call__(self, samples: np.ndarray) -> np.ndarray: ...


class PhoneAudio:
    """The encoder `phone`: square roots of the probabilities of 42 phones and 4 states of the lips."""

    features = OUTPUTS

    def __init__(self, encoder: PhoneEncoder, device: str = "cpu") -> None:
        self.network = PhoneFeatures(encoder).eval().to(device)
        self.device = device
        self.reach = encoder.config.reach

    @property
    def silence(self) -> np.ndarray:
        row = np.zeros(OUTPUTS, np.float32)
        row[INDEX["SIL"]] = 1.0
        return row

    def __call__(self, samples: np.ndarray) -> np.ndarray:
        return self.of_mel(paired(log_mel(samples)))

    @torch.no_grad()
    def of_mel(self, mel: np.ndarray) -> np.ndarray:
        """(2T, 64) log-mel, not normalised -> (T, 46)."""
        heard = torch.from_numpy(normalised(mel))
        out = np.empty((len(mel) // 2, OUTPUTS), np.float32)
        for chunk in chunks(len(out), CHUNK, self.reach):
            piece = heard[None, 2 * chunk.first : 2 * chunk.last].to(self.device)
            out[chunk.start : chunk.end] = self.network(piece)[0, chunk.wanted].float().cpu().numpy()
        return out
