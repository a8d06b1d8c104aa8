"""One prediction of clean motion: the windows of a recording under guidance, or a stretch with events."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from phiz.runtime.bundle import Bundle, Guidance
from phiz.runtime.control import Kind, Stretch, windows_of
from phiz.runtime.windows import Windows

BATCH = 8  # windows that the denoiser is given at a time: 40 s of motion

Keep = tuple[float, float, float]  # of audio, emotion and style: 1 told, 0 withheld
ALL, SOUND, NOTHING = (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Conditions:
    """All that the denoiser is told, over the frames of all windows: audio (P, A), emotion (P or 1, 8), one
    frame where it stays the same throughout, style (styles,)."""

    audio: np.ndarray
    emotion: np.ndarray
    style: np.ndarray


def branches(guidance: Guidance) -> list[tuple[float, Keep]]:
    """The runs of the denoiser that nested guidance needs: (weight, keep of audio, emotion, style).

    x_none + a (x_A - x_none) + c (x_AC - x_A) = (1 - a) x_none + (a - c) x_A + c x_AC; runs of weight
    zero are left out, but not the last, which Action Units are measured against.
    """
    a, c = guidance.audio, guidance.coarse
    runs = [(c, ALL), (a - c, SOUND), (1.0 - a, NOTHING)]
    return [run for run in runs if abs(run[0]) > 1e-6 or run[1] == ALL]


def denoise_windows(
    x: np.ndarray,
    level: float,
    windows: Windows,
    conditions: Conditions,
    bundle: Bundle,
    guidance: Guidance,
    tick: Callable[[float], None],
) -> tuple[np.ndarray, np.ndarray]:
    """Predict clean motion (P, 54) from noisy motion (P, 54) of all windows at one level.

    Returns it under guidance, and as the run under all coarse conditions alone has it. tick is called with
    the share of the windows done, and may raise to stop.
    """
    guided, coarse = np.zeros_like(x), np.zeros_like(x)
    starts = windows.starts
    for first in range(0, len(starts), BATCH):
        batch = range(first, min(first + BATCH, len(starts)))
        cut = [slice(starts[w], starts[w] + windows.length) for w in batch]
        motion = np.stack([x[part] for part in cut])
        clean = np.zeros_like(motion)
        without: np.ndarray | None = None
        for weight, keep in branches(guidance):  # that under all conditions is the first
            if keep == NOTHING and without is not None:
                run = without
            else:
                told = _told(motion, level, cut, conditions)
                run, beside = bundle.denoise(**told, keep=_rows(list(keep), len(cut)))
                without = beside if keep == ALL else without
            clean += np.float32(weight) * run
            if keep == ALL:
                for window, part, predicted in zip(batch, cut, run, strict=True):
                    coarse[part] += windows.shares(window)[:, None] * predicted
        for window, part, predicted in zip(batch, cut, clean, strict=True):
            guided[part] += windows.shares(window)[:, None] * predicted
        tick((batch[-1] + 1) / len(starts))
    return guided, coarse


def denoise_stretch(
    y: np.ndarray,
    level: float,
    stretch: Stretch,
    kind: Kind,
    conditions: Conditions,
    bundle: Bundle,
    tick: Callable[[], None],
) -> np.ndarray:
    """One run of the denoiser over the noisy motion y (n, 54) of a stretch, alone or with the adapter.

    tick is called before each batch of windows, and may raise to stop.
    """
    out = np.zeros_like(y)
    windows = list(windows_of(len(y), bundle.manifest.window, bundle.manifest.overlap))
    keep = NOTHING if kind == "none" else ALL
    for first in range(0, len(windows), BATCH):
        tick()
        batch = windows[first : first + BATCH]
        begin = stretch.frames.start
        cut = [slice(begin + part.start, begin + part.stop) for part, _ in batch]
        told = _told(np.stack([y[part] for part, _ in batch]), level, cut, conditions)
        control = None
        if kind == "fine":
            units = np.stack([stretch.units[part] for part, _ in batch])
            heard = {name: told[name] for name in ("motion", "level", "audio", "emotion")}
            control = bundle.adapt(**heard, units=units)
        clean, _ = bundle.denoise(control=control, **told, keep=_rows(list(keep), len(batch)))
        for (part, share), predicted in zip(batch, clean, strict=True):
            out[part] += share[:, None] * predicted
    return out


def _told(
    motion: np.ndarray, level: float, cut: list[slice], conditions: Conditions
) -> dict[str, np.ndarray]:
    """The denoiser's inputs but `keep` for noisy motion (N, T, 54), cut out of the frames of all windows."""
    still = len(conditions.emotion) == 1
    emotion = conditions.emotion
    return {
        "motion": motion,
        "level": np.full(len(cut), level, np.float32),
        "audio": np.stack([conditions.audio[part] for part in cut]),
        "emotion": np.stack([emotion if still else emotion[part] for part in cut]),
        "style": _rows(conditions.style, len(cut)),
    }


def _rows(row: np.ndarray | list[float], count: int) -> np.ndarray:
    return np.tile(np.array(row, np.float32), (count, 1))
