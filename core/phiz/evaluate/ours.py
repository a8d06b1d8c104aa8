"""Our model as a contender: the runtime with a bundle, hearing the clip alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phiz.acting.direction import Direction
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.evaluate.systems import STYLE, System
from phiz.evaluate.test_sets import HeldOutClip
from phiz.motion.measures import Performance, seam_ratio
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import generate
from phiz.runtime.live.session import HOP, LiveSession
from phiz.runtime.windows import Windows


def model(bundle: Bundle) -> System:
    """Neutral, in the one style that all contenders share, at the runtime's own settings."""

    def act(clip: HeldOutClip, seed: int) -> Performance:
        take = neutral_take(bundle, clip.samples, seed)
        return Performance(take.weights, take.fps, clip.phones)

    return act


def live(bundle: Bundle) -> System:
    """The same as the voice arrives, a tenth of a second at a time."""

    def act(clip: HeldOutClip, seed: int) -> Performance:
        take = live_take(bundle, clip.samples, seed)
        return Performance(take.weights, take.fps, clip.phones)

    return act


def live_take(bundle: Bundle, samples: np.ndarray, seed: int) -> Take:
    """What a live session shows of samples (n,) float32 at 16 kHz, without emotion."""
    session = LiveSession(bundle, Direction(emotion=(), style=STYLE, seed=seed))
    heard = [session.push(samples[i : i + RATE // 10]) for i in range(0, len(samples), RATE // 10)]
    frames = [*heard, session.finish()]
    return Take(
        np.concatenate([part.weights for part in frames]),
        np.concatenate([part.head for part in frames]),
        MOTION_FPS,
    )


def live_seams(bundle: Bundle, clips: Sequence[HeldOutClip], seconds: float = 120.0) -> dict[str, float]:
    """`seam_ratio` of one long recording made live, where hops begin."""
    samples = np.concatenate([clip.samples for clip in clips])[: int(seconds * RATE)]
    take = live_take(bundle, samples, 0)
    at = range(HOP, take.frames, HOP)
    return {"seconds": len(samples) / RATE, "seams": float(len(at)), **seam_ratio(take.weights, at)}


def seams(bundle: Bundle, clips: Sequence[HeldOutClip], seconds: float = 120.0) -> dict[str, float]:
    """`seam_ratio` of one long recording, the clips end to end, where windows begin and end."""
    samples = np.concatenate([clip.samples for clip in clips])[: int(seconds * RATE)]
    take = neutral_take(bundle, samples, 0)
    windows = Windows(take.frames, bundle.manifest.window, bundle.manifest.overlap)
    at = [start + shift for start in windows.starts[1:] for shift in (0, windows.overlap)]
    return {"seconds": len(samples) / RATE, "seams": float(len(at)), **seam_ratio(take.weights, at)}


def neutral_take(bundle: Bundle, samples: np.ndarray, seed: int) -> Take:
    """samples (n,) float32 at 16 kHz -> Take, without emotion."""
    return generate(Recording(samples), Direction(emotion=(), style=STYLE, seed=seed), bundle)
