"""What ours is compared with: the teacher on the true phones, and Rhubarb's cues. Each acts a clip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from phiz.corpus.teacher import FPS, perform
from phiz.evaluate import rhubarb
from phiz.evaluate.test_sets import HeldOutClip
from phiz.motion.measures import Performance

System = Callable[[HeldOutClip, int], Performance | None]
"""Acts a clip under a seed of one's choice; None where it has nothing to offer for the clip."""

STYLE = "plain"  # one manner for all, so that systems are compared and not manners
RHUBARB_SOURCE = "en_single_speaker"
RECOGNISERS = ("pocketSphinx", "phonetic")


def teacher(clip: HeldOutClip, seed: int) -> Performance:
    """The rules that made the training motion, given the true phones: the ceiling, not a rival."""
    rng = np.random.default_rng((clip.seed, seed))
    acted = perform(clip.phones, clip.seconds, clip.loudness(), rng, emotion="neutral", style=STYLE)
    return Performance(acted.weights, FPS, clip.phones)


def rhubarb_cues(data: Path, recogniser: str) -> System:
    """Rhubarb's cues of the English speaker's clips; there are none of other clips."""
    folder = data / RHUBARB_SOURCE / "rhubarb"

    def act(clip: HeldOutClip, seed: int) -> Performance | None:
        if clip.source != RHUBARB_SOURCE:
            return None
        cues = rhubarb.read_cues(folder / f"{clip.id}.{recogniser}.tsv")
        return Performance(rhubarb.performed(cues, clip.seconds), rhubarb.FPS, clip.phones)

    return act
