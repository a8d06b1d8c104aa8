"""The main job: a recording and a Direction become a Take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from phiz.acting.direction import Direction
from phiz.acting.track import emotion_track
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.recording import Recording
from phiz.errors import PhizError
from phiz.face.channels import COUNT, REGIONS
from phiz.motion.take import Take
from phiz.runtime.articulation import guard
from phiz.runtime.bundle import MOTION, Bundle, Guidance
from phiz.runtime.listen import listen, silence
from phiz.runtime.noise import frame_noise
from phiz.runtime.solver import sample
from phiz.runtime.windows import Windows

_BATCH = 8  # windows that the denoiser is given at a time: 40 s of motion

_UPPER_FACE = [*REGIONS["brows"], *REGIONS["eyes"]]

Progress = Callable[[float], None]


class StyleError(PhizError):
    """A style that the bundle does not know."""


class CancelledError(PhizError):
    """Generation was cancelled; nothing was kept."""


@dataclass(frozen=True)
class Conditions:
    """All that the denoiser is told, over the frames of all windows: audio (P, A), emotion (P, 8),
    style (styles,)."""

    audio: np.ndarray
    emotion: np.ndarray
    style: np.ndarray


def branches(guidance: Guidance) -> list[tuple[float, tuple[float, float, float]]]:
    """The runs of the denoiser that nested guidance needs: (weight, keep of audio, emotion, style).

    x_none + a (x_A - x_none) + c (x_AC - x_A) = (1 - a) x_none + (a - c) x_A + c x_AC; runs of weight
    zero are left out.
    """
    a, c = guidance.audio, guidance.coarse
    runs = [(c, (1.0, 1.0, 1.0)), (a - c, (1.0, 0.0, 0.0)), (1.0 - a, (0.0, 0.0, 0.0))]
    return [run for run in runs if abs(run[0]) > 1e-6]


def _style_row(name: str | None, bundle: Bundle) -> np.ndarray:
    styles = bundle.manifest.styles
    name = bundle.manifest.default_style if name is None else name
    if name not in styles:
        raise StyleError(f"expected a style of {', '.join(styles)}, came {name!r}")
    row = np.zeros(len(styles), np.float32)
    row[styles.index(name)] = 1.0
    return row


def _pad(track: np.ndarray, frames: int, row: np.ndarray) -> np.ndarray:
    return np.concatenate([track, np.tile(row, (frames - len(track), 1))]).astype(np.float32, copy=False)


def denoise_windows(
    x: np.ndarray,
    level: float,
    windows: Windows,
    conditions: Conditions,
    bundle: Bundle,
    guidance: Guidance,
    tick: Progress,
) -> np.ndarray:
    """Predict clean motion (P, 54) from noisy motion (P, 54) of all windows at one level.

    tick is called with the share of the windows done, and may raise to stop.
    """
    out = np.zeros_like(x)
    starts = windows.starts
    for first in range(0, len(starts), _BATCH):
        batch = range(first, min(first + _BATCH, len(starts)))
        cut = [slice(starts[w], starts[w] + windows.length) for w in batch]
        motion, audio, emotion = (
            np.stack([a[c] for c in cut]) for a in (x, conditions.audio, conditions.emotion)
        )
        clean = np.zeros_like(motion)
        for weight, keep in branches(guidance):
            clean += np.float32(weight) * bundle.denoise(
                motion=motion,
                level=np.full(len(cut), level, np.float32),
                audio=audio,
                emotion=emotion,
                style=np.tile(conditions.style, (len(cut), 1)),
                keep=np.tile(np.array(keep, np.float32), (len(cut), 1)),
            )
        for window, part, predicted in zip(batch, cut, clean, strict=True):
            out[part] += windows.shares(window)[:, None] * predicted
        tick((batch[-1] + 1) / len(starts))
    return out


def generate(
    recording: Recording,
    direction: Direction,
    bundle: Bundle,
    *,
    steps: int | None = None,
    fps: float = MOTION_FPS,
    guidance: Guidance | None = None,
    articulation: float = 1.0,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Take:
    """Make the Take of a recording. The same input, seed and bundle give the same bytes.

    steps: of sampling, None for the bundle's own. fps: motion is made at 30 and resampled. guidance:
    None for the bundle's own. articulation: strength of the guard that closes and parts the lips by what
    is heard, 0 to 1. progress is told the share done, 0 to 1; cancel is asked between
    pieces of work, at least once per 40 s of motion and step. Raises StyleError, CancelledError.
    """
    steps = bundle.manifest.steps if steps is None else steps
    guidance = bundle.manifest.guidance if guidance is None else guidance
    style = _style_row(direction.style, bundle)

    def tick(done: float) -> None:
        if cancel is not None and cancel():
            raise CancelledError("generation was cancelled")
        if progress is not None:
            progress(min(done, 1.0))

    listening = 1.0 / (steps + 1)  # hearing a recording costs about as much as one step
    heard = listen(recording, bundle, lambda share: tick(listening * share))
    frames = len(heard)
    windows = Windows(frames, bundle.manifest.window, bundle.manifest.overlap)
    felt = emotion_track(direction, frames, MOTION_FPS)
    conditions = Conditions(
        _pad(heard, windows.padded, silence(bundle)), _pad(felt, windows.padded, felt[-1]), style
    )

    mean, spread = (
        np.array(part, np.float32) for part in (bundle.manifest.scale.mean, bundle.manifest.scale.spread)
    )
    articulate = guard(conditions.audio, bundle.manifest.lips, mean, spread, articulation)

    def denoise(x: np.ndarray, level: float, step: int) -> np.ndarray:
        def step_tick(share: float) -> None:
            tick(listening + (1 - listening) * (step + share) / steps)

        clean = denoise_windows(x, level, windows, conditions, bundle, guidance, step_tick)
        articulate(clean)
        return clean

    noise = frame_noise(windows.padded, MOTION, direction.seed)
    noise[:, _UPPER_FACE] *= np.float32(bundle.manifest.upper_face_noise)
    clean = sample(denoise, noise, steps)[:frames]
    motion = clean * spread + mean
    origin = {
        "bundle": bundle.manifest.name,
        "direction": direction.model_dump(mode="json"),
        "steps": steps,
        "guidance": guidance.model_dump(),
        "articulation": articulation,
    }
    audio = None if recording.source is None else recording.source.name
    take = Take(motion[:, :COUNT], motion[:, COUNT:], MOTION_FPS, audio, origin)
    return take if fps == MOTION_FPS else take.resampled(fps)
