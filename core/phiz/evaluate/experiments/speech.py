"""Held-out clips that are rich in /p b m/, end to end, and how surely lips close on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np

from phiz.audio.phones import BILABIAL
from phiz.audio.recording import Recording
from phiz.evaluate.test_sets import HeldOutClip
from phiz.motion.measures import EVEN_FPS, REACH, LipGap, Performance, Phone, closure


@dataclass(frozen=True)
class Speech:
    """A recording and what is said in it."""

    recording: Recording
    phones: list[Phone]

    @property
    def seconds(self) -> float:
        return self.recording.seconds

    @property
    def bilabials(self) -> int:
        return sum(name in BILABIAL for _, _, name in self.phones)


def rich_speech(clips: Sequence[HeldOutClip], seconds: float) -> Speech:
    """The clips with most /p b m/ per second end to end, again from the first until that lasts."""
    samples: list[np.ndarray] = []
    phones: list[Phone] = []
    time = 0.0
    for clip in cycle(sorted(clips, key=lambda clip: -_bilabials(clip) / clip.seconds)):
        samples.append(clip.samples)
        phones += [(start + time, end + time, name) for start, end, name in clip.phones]
        time += clip.seconds
        if time >= seconds:
            break
    return Speech(Recording(np.concatenate(samples)), phones)


def _bilabials(clip: HeldOutClip) -> int:
    return sum(name in BILABIAL for _, _, name in clip.phones)


@dataclass(frozen=True)
class Closures:
    """`phiz.motion.measures.closure` of a run: hit, inside and vowels, at the run's own threshold `limit`.

    others_hit: share of /p b m/ that close within +-40 ms at another run's threshold.
    """

    hit: float
    inside: float
    vowels: float
    limit: float
    others_hit: float


def closures(weights: np.ndarray, speech: Speech, gap: LipGap, limit: float | None = None) -> Closures:
    """Of weights (frames, 51) at 30 fps. limit: a threshold of another run, None for its own."""
    track = Performance(weights, EVEN_FPS, speech.phones).gap(gap)
    own = closure([track], [speech.phones])
    limit = own["limit"] if limit is None else limit
    lowest = [
        track.within(start - REACH, end + REACH) for start, end, name in speech.phones if name in BILABIAL
    ]
    hits = [float(values.min() < limit) for values in lowest if len(values)]
    others_hit = float(np.mean(hits)) if hits else float("nan")
    return Closures(own["hit"], own["inside"], own["vowels"], own["limit"], others_hit)
