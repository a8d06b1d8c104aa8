"""The noise that sampling starts from: fixed by the seed and the frame, not by the length."""

from __future__ import annotations

import numpy as np

_BLOCK = 256


def noise_between(first: int, last: int, width: int, seed: int) -> np.ndarray:
    """(last - first, width) float32 standard normal. Frame i is the same however long the recording is;
    there are some before frame 0 too."""
    blocks = []
    start = first // _BLOCK
    for block in range(start, -(-last // _BLOCK)):
        key = np.array([seed, block % 2**64], np.uint64)
        generator = np.random.Generator(np.random.Philox(key=key))
        blocks.append(generator.standard_normal((_BLOCK, width), np.float32))
    return np.concatenate(blocks)[first - start * _BLOCK : last - start * _BLOCK]
