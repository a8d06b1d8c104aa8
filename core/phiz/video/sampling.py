"""A film of any length out of noise, in windows that overlap and agree, and that can be left and taken up.

At every step all windows predict from the one noisy film, and where two overlap their predictions are blended
(`phiz.runtime.windows`). The film lies on disk, in latents: memory holds a window. Each step reads one file
and writes the other, so what a run that was stopped leaves is its last whole step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phiz.errors import PhizError
from phiz.runtime.windows import Windows
from phiz.video.conditions import Conditions
from phiz.video.guidance import Guidance, Progressive
from phiz.video.network import Network
from phiz.video.schedule import schedule, shared_noise
from phiz.writing import whole_file

_STATE = "state.json"
_FILMS = ("even.f32", "odd.f32")


class StoppedError(PhizError):
    """The making was cancelled; what is done is kept."""


@dataclass(frozen=True)
class Sampling:
    """How a film is made. steps: of denoising. window, overlap: frames. shared: share of the noise that is
    the same in all frames."""

    steps: int
    window: int
    overlap: int
    shared: float
    seed: int = 0
    guidance: Guidance = field(default_factory=Guidance)
    progressive: Progressive = field(default_factory=Progressive)


class Latents:
    """A film in latents being made in a folder. key: of all that it is made from; where the folder holds one
    of another key, it is begun anew."""

    def __init__(self, folder: Path, shape: tuple[int, ...], key: str) -> None:
        self.folder, self.key = folder, key
        self.shape = shape
        folder.mkdir(parents=True, exist_ok=True)
        self.step = self._found()

    def _found(self) -> int | None:
        try:
            state = json.loads((self.folder / _STATE).read_text(encoding="utf-8"))
            size = 4 * int(np.prod(self.shape))
            whole = all((self.folder / name).stat().st_size == size for name in _FILMS)
            return int(state["step"]) if state["key"] == self.key and whole else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def film(self, step: int, mode: str = "r+") -> np.memmap:
        """The film (frames, C, h, w) as it was before a step."""
        return np.memmap(self.folder / _FILMS[step % 2], np.float32, mode, shape=self.shape)  # type: ignore[call-overload]

    def done(self, step: int, *films: np.memmap) -> None:
        """Record that the film before `step` is whole."""
        for film in films:
            film.flush()
        with whole_file(self.folder / _STATE) as out:
            out.write(json.dumps({"key": self.key, "step": step}).encode())
        self.step = step

    def remove(self) -> None:
        for name in (*_FILMS, _STATE):
            (self.folder / name).unlink(missing_ok=True)
        if not os.listdir(self.folder):
            self.folder.rmdir()


Prompted = Callable[[slice], tuple[Conditions, Tensor]]
"""Frames -> their conditions (1, n, ...), the text left out, and coarse and fine tokens (2, 1, n, L, D)."""


@torch.no_grad()
def sample(
    network: Network,
    told: Prompted,
    no_text: Tensor,
    frames: int,
    latents: tuple[int, ...],
    how: Sampling,
    folder: Path,
    key: str,
    progress: Callable[[float], None] = lambda done: None,
    cancel: Callable[[], bool] = lambda: False,
) -> np.ndarray:
    """The clean film (frames, C, h, w) in `folder`. progress is told the share done, cancel is asked before
    every window. Raises StoppedError; called again with the same folder and key, it goes on."""
    window = min(how.window, max(frames, 1))
    windows = Windows(frames, window, min(how.overlap, window // 2)) if frames > window else None
    starts = [0] if windows is None else list(windows.starts)
    padded = frames if windows is None else windows.padded
    work = Latents(folder, (padded, *latents), key)
    levels = schedule()
    levels.set_timesteps(how.steps)
    if work.step is None:
        random = torch.Generator().manual_seed(how.seed)
        for number in (1, 0):
            film = work.film(number, "w+")
        film[:] = shared_noise(padded, latents, how.shared, random).numpy()
        work.done(0, film)
    assert work.step is not None
    for step in range(work.step, how.steps):
        before, after = work.film(step), work.film(step + 1)
        level = levels.timesteps[step]
        carried = np.zeros((0, *latents), np.float32)
        for number, start in enumerate(starts):
            if cancel():
                raise StoppedError("Stopped. Give the same command again to go on.")
            span = slice(start, start + window)
            noisy = torch.from_numpy(np.array(before[span]))
            conditions, pair = told(span)
            conditions = replace(conditions, text=how.progressive.prompt(pair, step, how.steps))

            def run(case: Conditions, noisy: Tensor = noisy, level: Tensor = level) -> Tensor:
                return network(noisy[None], level[None], case)[0]

            v = how.guidance.predict(run, conditions, no_text).float().numpy()
            if windows is not None:
                v = v * windows.shares(number)[:, None, None, None]
            v[: len(carried)] += carried
            last = number == len(starts) - 1
            kept = window if last or windows is None else window - windows.overlap
            carried = v[kept:]
            stepped = levels.step(torch.from_numpy(v[:kept]), int(level), noisy[:kept])
            after[start : start + kept] = stepped.prev_sample.numpy()  # type: ignore[union-attr]
            progress((step * len(starts) + number + 1) / (how.steps * len(starts)))
        work.done(step + 1, after)
    return work.film(how.steps, "r")[:frames]
