"""Takes of one face as windows to learn from, and windows of them that are kept back to be judged by.

What row r of the batch of step s holds depends on the seed, s and r alone: a run that was stopped goes on
as if it had not been, and two processes with half a batch each see what one with the whole batch would.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from phiz.audio.aligned import MOTION_FPS
from phiz.corpus.clips import FPS
from phiz.face.emotions import EMOTIONS
from phiz.model.dit import MOTION
from phiz.runtime.bundle import Bundle
from phiz.runtime.denoise import ALL, NOTHING, SOUND
from phiz.runtime.listen import listen
from phiz.runtime.solver import FIRST_LEVEL
from phiz.train.motion import Batch, Scale
from phiz.train.takes.check import Checked
from phiz.train.takes.pairs import TakesError

HELD_OUT = 0.2
"""Share of the takes that is kept back: whole takes where there are five or more, else the end of each."""
WHOLE_TAKES = 5
KEPT = ((0.6, ALL), (0.2, SOUND), (0.2, NOTHING))
"""How often a window is told everything, its sound alone, and nothing: what the sampler's guidance asks."""
_SHORTEST = 30  # frames of a window
_JUDGED = (0.3, 0.6, 0.9)  # levels, as shares of the sampler's way, at which it is judged
_JUDGES = 8  # windows that it is judged by, at most


@dataclass(frozen=True)
class Stretch:
    """Motion (F, 54), normalised, and what is heard with it (F, audio width)."""

    motion: np.ndarray
    audio: np.ndarray


@dataclass(frozen=True)
class OwnFace:
    """What is learnt from and judged by; known (54,): channels and head angles that move in some take."""

    learnt: list[Stretch]
    judged: list[Stretch]
    held_out: list[str]
    known: np.ndarray
    window: int


def own_face(checked: Sequence[Checked], bundle: Bundle) -> OwnFace:
    """The takes that can be used, heard by the bundle's encoder and parted. Raises TakesError."""
    used = [one for one in checked if one.usable]
    if not used:
        raise TakesError("expected takes that can be learnt from, every one of these has an error; mend them")
    scale = Scale.from_dict(bundle.manifest.scale.model_dump())
    whole = [_stretch(one, bundle, scale) for one in used]
    known = np.logical_or.reduce([one.live for one in used if one.live is not None])
    if len(used) >= WHOLE_TAKES:
        back = range(len(used) - 1, -1, -round(1 / HELD_OUT))
        learnt = [stretch for i, stretch in enumerate(whole) if i not in back]
        judged, held_out = [whole[i] for i in back], [used[i].pair.name for i in back]
    else:
        parts = [round((1 - HELD_OUT) * len(stretch.motion)) for stretch in whole]
        learnt = [Stretch(s.motion[:n], s.audio[:n]) for s, n in zip(whole, parts, strict=True)]
        judged = [Stretch(s.motion[n:], s.audio[n:]) for s, n in zip(whole, parts, strict=True)]
        held_out = [f"the end of {one.pair.name}" for one in used]
    window = min(bundle.manifest.window, *(len(stretch.motion) for stretch in (*learnt, *judged)))
    if window < _SHORTEST:
        raise TakesError(
            f"expected takes of {_SHORTEST / FPS / HELD_OUT:.0f} s or more each, a fifth of which is kept "
            "back to judge by; join short lines into longer takes"
        )
    return OwnFace(learnt, judged, held_out, known, window)


def _stretch(one: Checked, bundle: Bundle, scale: Scale) -> Stretch:
    assert one.take is not None and one.sound is not None, "usable takes were read"
    take = one.take.resampled(MOTION_FPS)
    audio = listen(one.sound, bundle)
    motion = np.concatenate([take.weights, take.head], axis=1)
    n = min(len(motion), len(audio))
    return Stretch(((motion[:n] - scale.mean) / scale.spread).astype(np.float32), audio[:n])


class OwnWindows:
    """Windows of the takes by step and row, told the face's own style, the last of `styles`, and neutral."""

    def __init__(self, face: OwnFace, styles: int, seed: int) -> None:
        self.face, self.styles, self.seed = face, styles, seed
        places = [len(stretch.motion) - face.window + 1 for stretch in face.learnt]
        self.until = np.cumsum(places)

    def batch(self, step: int, rows: range, of: int) -> tuple[Batch, Tensor, Tensor]:
        """The rows of a step's batch of `of`: windows, levels (N,) and noise (N, T, 54)."""
        windows, levels, noise, keeps = [], [], [], []
        for row in rows:
            random = np.random.default_rng((self.seed, step, row))
            place = int(random.integers(self.until[-1]))
            which = int(np.searchsorted(self.until, place, side="right"))
            first = place - int(self.until[which - 1] if which else 0)
            stretch, span = self.face.learnt[which], slice(first, first + self.face.window)
            windows.append(Stretch(stretch.motion[span], stretch.audio[span]))
            levels.append(sampler_level((row + random.random()) / of))  # one per equal slice of the way
            keeps.append(KEPT[int(random.choice(len(KEPT), p=[share for share, _ in KEPT]))][1])
            noise.append(random.standard_normal((self.face.window, MOTION), np.float32))
        return (
            self._told(windows, keeps),
            torch.tensor(levels, dtype=torch.float32),
            torch.from_numpy(np.stack(noise)),
        )

    def judged(self) -> list[tuple[Batch, Tensor, Tensor]]:
        """Windows of what was kept back, spread over it, each at every level of _JUDGED; always the same."""
        window, count = self.face.window, len(_JUDGED)
        places = [
            (number, first)
            for number, stretch in enumerate(self.face.judged)
            for first in range(0, len(stretch.motion) - window + 1, window)
        ]
        if len(places) > _JUDGES:
            places = [places[i] for i in np.linspace(0, len(places) - 1, _JUDGES).round().astype(int)]
        levels = torch.tensor([sampler_level(share) for share in _JUDGED], dtype=torch.float32)
        out = []
        for number, first in places:
            stretch, span = self.face.judged[number], slice(first, first + window)
            part = Stretch(stretch.motion[span], stretch.audio[span])
            noise = np.random.default_rng((self.seed, number, first)).standard_normal(
                (count, window, MOTION), np.float32
            )
            out.append((self._told([part] * count, [ALL] * count), levels, torch.from_numpy(noise)))
        return out

    def _told(self, windows: list[Stretch], keeps: list[tuple[float, float, float]]) -> Batch:
        count, frames = len(windows), self.face.window
        emotion = np.zeros((count, frames, len(EMOTIONS)), np.float32)
        emotion[..., 0] = 1.0
        style = np.zeros((count, self.styles), np.float32)
        style[:, -1] = 1.0
        arrays = (
            np.stack([w.motion for w in windows]).astype(np.float32),
            np.stack([w.audio for w in windows]).astype(np.float32),
            emotion,
            style,
            np.tile(self.face.known.astype(np.float32), (count, frames, 1)),
            np.array(keeps, np.float32),
        )
        return Batch(*(torch.from_numpy(a) for a in arrays))


def sampler_level(share: float) -> float:
    """The noise level so far along the sampler's way, 0 to 1: dense where its steps are (`solver.levels`)."""
    return FIRST_LEVEL * share * share * (3.0 - 2.0 * share)
