"""The main job: a recording and a Direction become a Take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from phiz.acting.direction import Direction
from phiz.acting.track import emotion_track
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.recording import Recording
from phiz.errors import PhizError
from phiz.face.channels import COUNT, REGIONS
from phiz.motion.take import Take
from phiz.runtime.articulation import BEGIN, guard
from phiz.runtime.bundle import MOTION, Bundle, Guidance
from phiz.runtime.control import Control, Kind, Stretch, controlled, stretches, windows_of
from phiz.runtime.feeling import propose
from phiz.runtime.listen import listen, silence
from phiz.runtime.manner import gain, likeness
from phiz.runtime.noise import frame_noise
from phiz.runtime.solver import sample
from phiz.runtime.windows import Windows

_BATCH = 8  # windows that the denoiser is given at a time: 40 s of motion

Keep = tuple[float, float, float]  # of audio, emotion and style: 1 told, 0 withheld
ALL, SOUND, NOTHING = (1.0, 1.0, 1.0), (1.0, 0.0, 0.0), (0.0, 0.0, 0.0)

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


def branches(guidance: Guidance) -> list[tuple[float, Keep]]:
    """The runs of the denoiser that nested guidance needs: (weight, keep of audio, emotion, style).

    x_none + a (x_A - x_none) + c (x_AC - x_A) = (1 - a) x_none + (a - c) x_A + c x_AC; runs of weight
    zero are left out, but not the last, which Action Units are measured against.
    """
    a, c = guidance.audio, guidance.coarse
    runs = [(c, ALL), (a - c, SOUND), (1.0 - a, NOTHING)]
    return [run for run in runs if abs(run[0]) > 1e-6 or run[1] == ALL]


def _style_row(name: str | None, bundle: Bundle) -> np.ndarray:
    styles = bundle.manifest.styles
    name = bundle.manifest.default_style if name is None else name
    if name not in styles:
        raise StyleError(f"expected a style of {', '.join(styles)}, came {name!r}")
    row = np.zeros(len(styles), np.float32)
    row[styles.index(name)] = 1.0
    return row


def _manner(style: str | None, reference: Take | None, bundle: Bundle) -> tuple[np.ndarray, dict[str, float]]:
    """Weights of the bundle's styles (styles,), and gains, none by name. Raises StyleError, MannerError."""
    if reference is None:
        return _style_row(style, bundle), {}
    if bundle.manifest.manners is None:
        raise StyleError(f"the bundle {bundle.manifest.name} cannot take over a manner; name a style instead")
    found = likeness(reference, bundle.manifest.manners)
    return found.weights, found.gains


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
) -> tuple[np.ndarray, np.ndarray]:
    """Predict clean motion (P, 54) from noisy motion (P, 54) of all windows at one level.

    Returns it under guidance, and as the run under all coarse conditions alone has it. tick is called with
    the share of the windows done, and may raise to stop.
    """
    guided, coarse = np.zeros_like(x), np.zeros_like(x)
    starts = windows.starts
    for first in range(0, len(starts), _BATCH):
        batch = range(first, min(first + _BATCH, len(starts)))
        cut = [slice(starts[w], starts[w] + windows.length) for w in batch]
        motion = np.stack([x[part] for part in cut])
        clean = np.zeros_like(motion)
        for weight, keep in branches(guidance):
            run = bundle.denoise(**_told(motion, level, cut, conditions), keep=_rows(list(keep), len(cut)))
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
    for first in range(0, len(windows), _BATCH):
        tick()
        batch = windows[first : first + _BATCH]
        begin = stretch.frames.start
        cut = [slice(begin + part.start, begin + part.stop) for part, _ in batch]
        told = _told(np.stack([y[part] for part, _ in batch]), level, cut, conditions)
        control = None
        if kind == "fine":
            units = np.stack([stretch.units[part] for part, _ in batch])
            heard = {name: told[name] for name in ("motion", "level", "audio", "emotion")}
            control = bundle.adapt(**heard, units=units)
        clean = bundle.denoise(control=control, **told, keep=_rows(list(keep), len(batch)))
        for (part, share), predicted in zip(batch, clean, strict=True):
            out[part] += share[:, None] * predicted
    return out


def _told(
    motion: np.ndarray, level: float, cut: list[slice], conditions: Conditions
) -> dict[str, np.ndarray]:
    """The denoiser's inputs but `keep` for noisy motion (N, T, 54), cut out of the frames of all windows."""
    return {
        "motion": motion,
        "level": np.full(len(cut), level, np.float32),
        "audio": np.stack([conditions.audio[part] for part in cut]),
        "emotion": np.stack([conditions.emotion[part] for part in cut]),
        "style": _rows(conditions.style, len(cut)),
    }


def _rows(row: np.ndarray | list[float], count: int) -> np.ndarray:
    return np.tile(np.array(row, np.float32), (count, 1))


def generate(
    recording: Recording,
    direction: Direction,
    bundle: Bundle,
    *,
    steps: int | None = None,
    fps: float = MOTION_FPS,
    guidance: Guidance | None = None,
    articulation: float = 1.0,
    control: Control | None = None,
    reference: Take | None = None,
    progress: Progress | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Take:
    """Make the Take of a recording. The same input, seed and bundle give the same bytes.

    Where the direction leaves the emotion open, it is heard in the voice, if the bundle can: the Take's
    origin holds what was heard. steps: of sampling, None for the bundle's own. fps: motion is made at 30 and
    resampled. guidance:
    None for the bundle's own. articulation: strength of the guard that closes and parts the lips by what
    is heard, 0 to 1. control: how the direction's Action Units act; where none of them does, the Take is
    that of the direction without events, bit for bit. reference: whose manner to take over, in place of the
    direction's style. progress is told the share done, 0 to 1; cancel is
    asked between pieces of work, at least once per 40 s of motion and step. Raises StyleError,
    MannerError, CancelledError, BundleError.
    """
    steps = bundle.manifest.steps if steps is None else steps
    guidance = bundle.manifest.guidance if guidance is None else guidance
    control = Control() if control is None else control
    style, gains = _manner(direction.style, reference, bundle)
    if direction.events:
        bundle.require_adapter()
    if direction.emotion is None and bundle.feeling is not None:
        direction = direction.model_copy(update={"emotion": propose(recording, bundle.feeling)})

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
    acted = stretches(direction.events, frames, control.form, windows.padded)

    mean, spread = (
        np.array(part, np.float32) for part in (bundle.manifest.scale.mean, bundle.manifest.scale.spread)
    )
    articulate = guard(conditions.audio, bundle.manifest.lips, mean, spread, articulation)

    def denoise(x: np.ndarray, level: float, step: int) -> np.ndarray:
        def tick_at(row: float) -> None:
            tick(listening + (1 - listening) * (step + row / len(x)) / steps)

        def branch(y: np.ndarray, level: float, stretch: Stretch, kind: Kind) -> np.ndarray:
            return denoise_stretch(
                y, level, stretch, kind, conditions, bundle, lambda: tick_at(stretch.rows.start)
            )

        whole = slice(0, windows.padded)
        guided, coarse = denoise_windows(
            x[whole], level, windows, conditions, bundle, guidance, lambda share: tick_at(share * whole.stop)
        )
        weight, guarded = control.weight(step, steps), step + 1 > BEGIN * steps
        clean = np.empty_like(x)
        clean[whole] = guided
        if gains and step == steps - 1:  # at every step they would pile up
            gain(clean[whole], mean, spread, gains)
            guided = clean[whole].copy()
        if guarded:
            articulate(clean[whole], whole)
        for stretch in acted:
            y, frames = x[stretch.rows], stretch.frames
            shown = controlled(
                y, level, stretch, control, weight, branch, guided[frames], coarse[frames], guidance.coarse
            )
            if guarded:
                if control.form == "local":
                    least = (stretch.least(control.strength) - mean[:COUNT]) / spread[:COUNT]
                    np.maximum(shown[:, :COUNT], least, out=shown[:, :COUNT], where=stretch.acts[:, :COUNT])
                articulate(shown, frames, clean[frames])
            clean[stretch.rows] = np.where(stretch.acts, shown, clean[frames])
        if acted:
            tick_at(len(x))
        return clean

    noise = frame_noise(windows.padded, MOTION, direction.seed)
    noise[:, _UPPER_FACE] *= np.float32(bundle.manifest.upper_face_noise)
    noise = np.concatenate([noise, *(noise[stretch.frames] for stretch in acted)])
    sampled = sample(denoise, noise, steps)
    clean = sampled[:frames]
    for stretch in acted:
        np.copyto(clean[stretch.frames], sampled[stretch.rows], where=stretch.acts)
    motion = clean * spread + mean
    origin = {
        "bundle": bundle.manifest.name,
        "direction": direction.model_dump(mode="json"),
        "steps": steps,
        "guidance": guidance.model_dump(),
        "articulation": articulation,
        "control": asdict(control),
        "reference": None if reference is None else {"styles": style.tolist(), "gains": gains},
    }
    audio = None if recording.source is None else recording.source.name
    take = Take(motion[:, :COUNT], motion[:, COUNT:], MOTION_FPS, audio, origin)
    return take if fps == MOTION_FPS else take.resampled(fps)
