"""The noise that sampling starts from: fixed by the seed and the frame, not by the length."""

from __future__ import annotations

import numpy as np

_BLOCK = 256


def frame_noise(frames: int, width: int, seed: int) -> np.ndarray:
    """(frames, width) float32 standard normal. Frame i is the same however long the recording is."""
    blocks = []
    for block in range(-(-frames // _BLOCK)):
        generator = np.random.Generator(np.random.Philox(key=np.array([seed, block], np.uint64)))
        blocks.append(generator.standard_normal((_BLOCK, width), np.float32))
    return np.concatenate(blocks)[:frames]
