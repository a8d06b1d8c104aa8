"""The two meanings of `mouthClose`, and the way from one to the other.

Apple: "the coefficient describing closure of the lips independent of jaw position". On Apple's head,
and on heads made to its guide, the shape is sculpted over the open jaw: it cancels `jawOpen`, so the
lips meet when mouthClose = jawOpen and mouthClose means nothing while the jaw is shut. This is the
`cancelling` convention, the one every Take in Phiz uses.

Other rigs and solvers hold a `relative` value: the part of the jaw's opening that the lips make up
for, so that 1 is lips that meet at any jaw, and 0.5 is lips half way however far the jaw is down.
"""

from __future__ import annotations

import numpy as np

from phiz.face.channels import INDEX

JAW = INDEX["jawOpen"]
CLOSE = INDEX["mouthClose"]
SHUT = 1e-3
"""A jaw this far open or less has no opening to close."""
_STILL = 1e-7
"""A displacement this short is none, in any unit that a head is built in."""


def to_relative(weights: np.ndarray) -> np.ndarray:
    """(frames, 51) with mouthClose that cancels jawOpen -> the same with mouthClose as a share of jawOpen.

    A new array of the same kind; mouthClose ends in 0..1. With the jaw shut there is nothing to
    share, and mouthClose is 0.
    """
    converted = weights.copy()
    jaw = weights[..., JAW]
    share = np.divide(weights[..., CLOSE], jaw, out=np.zeros_like(jaw), where=jaw > SHUT)
    converted[..., CLOSE] = np.clip(share, 0.0, 1.0)
    return converted


def to_cancelling(weights: np.ndarray) -> np.ndarray:
    """(frames, 51) with mouthClose as a share of jawOpen -> the same with mouthClose that cancels jawOpen.

    A new array of the same kind; mouthClose is never above jawOpen. The inverse of `to_relative`
    wherever 0 <= mouthClose <= jawOpen.
    """
    converted = weights.copy()
    converted[..., CLOSE] = np.clip(weights[..., CLOSE], 0.0, 1.0) * weights[..., JAW]
    return converted


def undone(jaw: np.ndarray, close: np.ndarray) -> float | None:
    """The share of the jaw's opening that a rig's mouthClose takes back between the lips.

    jaw, close: (V, 3) displacements of the vertices by jawOpen and by mouthClose, in any axes and units.
    About 1: sculpted over the open jaw, as Apple's; about 0: it only presses lips that touch already.
    None where one of them moves nothing.
    """
    size = np.linalg.norm(close, axis=1)  # (V,)
    reach = np.linalg.norm(jaw, axis=1)
    if not (size.size and size.max() > _STILL and reach.max() > _STILL):
        return None
    near = size >= 0.05 * size.max()  # what mouthClose moves at all
    if not reach[near].max() > _STILL:
        return 0.0
    falling = near & (reach >= 0.5 * reach[near].max())
    way = jaw[falling].mean(0)
    way /= np.linalg.norm(way)  # the way the jaw falls
    fall, sink = jaw @ way, close @ way  # (V,)
    deepest = fall[near].max()
    lower = (size >= 0.8 * size.max()) & (fall >= 0.3 * deepest)
    upper = near & (fall <= 0.15 * deepest)
    rise = -sink[lower].mean() / fall[lower].mean() if lower.any() else 0.0
    meet = max(0.0, float(np.quantile(sink[upper], 0.9))) / deepest if upper.any() else 0.0
    return float(rise + meet)
