"""Sampling a performance: the reference run without events, and beside it stretches in which events act.

What a step of the reference leaves to the stretches is a value, `Moment`: so they may follow it step by
step, which needs no memory, or later, from moments that were kept (`phiz.runtime.rehearsal`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from phiz.acting.direction import Direction
from phiz.acting.track import emotion_track
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.recording import Recording
from phiz.errors import PhizError
from phiz.face.channels import COUNT, REGIONS
from phiz.motion.take import Take
from phiz.runtime.articulation import BEGIN, Correct, guard
from phiz.runtime.bundle import MOTION, Bundle, Guidance
from phiz.runtime.control import Control, Kind, Stretch, controlled, stretches
from phiz.runtime.denoise import Conditions, denoise_stretch, denoise_windows
from phiz.runtime.listen import silence
from phiz.runtime.manner import gain
from phiz.runtime.noise import noise_between
from phiz.runtime.solver import Course
from phiz.runtime.windows import Windows

_UPPER_FACE = [*REGIONS["brows"], *REGIONS["eyes"]]

Progress = Callable[[float], None]


def _cut(track: np.ndarray, frames: slice, row: np.ndarray) -> np.ndarray:
    """These frames of a track, past whose end the row stands."""
    found = track[frames]
    after = np.tile(row, (frames.stop - frames.start - len(found), 1))
    return np.concatenate([found, after]).astype(np.float32, copy=False)


class CancelledError(PhizError):
    """Generation was cancelled; nothing was kept."""


class Work:
    """How far a generation has come, stage by stage, and where it is asked whether to go on."""

    def __init__(self, progress: Progress | None, cancel: Callable[[], bool] | None) -> None:
        self._progress, self._cancel = progress, cancel
        self._from = self._until = 0.0
        self._amount, self._done = 1, 0

    @property
    def until(self) -> float:
        """The share of all at which the stage ends."""
        return self._until

    def begin(self, amount: int, until: float = 1.0) -> None:
        """Start a stage of so much work, of whatever unit, which ends when this share of all is done."""
        self._from, self._until = self._until, until
        self._amount, self._done = max(amount, 1), 0

    def tick(self, more: float = 0.0) -> None:
        """Tell the progress, with this much of what is being worked on. Raises CancelledError."""
        if self._cancel is not None and self._cancel():
            raise CancelledError("generation was cancelled")
        if self._progress is not None:
            share = min((self._done + more) / self._amount, 1.0)
            self._progress(self._from + share * (self._until - self._from))

    def finish(self, amount: int) -> None:
        self._done += amount

    def end(self) -> None:
        """The stage is through. Raises CancelledError."""
        self._done = self._amount
        self.tick()


def scale(bundle: Bundle) -> tuple[np.ndarray, np.ndarray]:
    """Mean and spread (54,) of the motion that the bundle's networks know."""
    scale = bundle.manifest.scale
    return np.array(scale.mean, np.float32), np.array(scale.spread, np.float32)


@dataclass(frozen=True)
class Settings:
    """How to generate, beside the Direction; the options of `generate` with nothing left open.

    style (styles,): weights of the bundle's styles; gains: none by name, see `phiz.runtime.manner`. taken:
    both are a reference's.
    """

    steps: int
    guidance: Guidance
    articulation: float
    control: Control
    style: np.ndarray
    gains: dict[str, float]
    taken: bool


@dataclass(frozen=True)
class Moment:
    """A step of the reference run, the one without events: the noise's level and three predictions (P, 54)
    of the clean motion. coarse: under all coarse conditions alone; guided: under guidance; clean: with the
    lips corrected, which the run goes on with. At the last step clean is the result."""

    step: int
    level: float
    guided: np.ndarray
    coarse: np.ndarray
    clean: np.ndarray


@dataclass(frozen=True)
class Performance:
    """All that is fixed before sampling: what the windows that touch `span` are told, and where they start.

    windows: of P frames, the first of which is frame `first` of the recording. noise (P, 54). acted: the
    stretches in which events act, by frames of the windows.
    """

    bundle: Bundle
    settings: Settings
    windows: Windows
    first: int
    conditions: Conditions
    noise: np.ndarray
    acted: list[Stretch]

    @classmethod
    def of(
        cls,
        heard: np.ndarray,
        direction: Direction,
        bundle: Bundle,
        settings: Settings,
        span: slice | None = None,
    ) -> Performance:
        """heard (frames, A): the recording as `listen` has it. span: frames to be made, None for all."""
        frames = len(heard)
        windows = Windows(frames, bundle.manifest.window, bundle.manifest.overlap)
        felt = emotion_track(direction, frames, MOTION_FPS)
        acted = stretches(direction.events, frames, settings.control.form)
        cut = slice(0, windows.padded)
        if span is not None:
            cut, windows = windows.touching(span)
            acted = [part for stretch in acted if (part := stretch.within(cut)) is not None]
        still = bundle.takes_one_emotion and bool((felt == felt[0]).all())
        emotion = felt[:1] if still else _cut(felt, cut, felt[-1])
        conditions = Conditions(_cut(heard, cut, silence(bundle)), emotion, settings.style)
        noise = noise_between(cut.start, cut.stop, MOTION, direction.seed)
        noise[:, _UPPER_FACE] *= np.float32(bundle.manifest.upper_face_noise)
        return cls(bundle, settings, windows, cut.start, conditions, noise, acted)

    @cached_property
    def _scale(self) -> tuple[np.ndarray, np.ndarray]:
        return scale(self.bundle)

    @cached_property
    def _articulate(self) -> Correct:
        lips = self.bundle.manifest.lips
        return guard(self.conditions.audio, lips, *self._scale, self.settings.articulation)

    def _guarded(self, step: int) -> bool:
        return step + 1 > BEGIN * self.settings.steps

    @property
    def size(self) -> int:
        """Frames that are sampled, those of stretches counted as well."""
        return self.windows.padded + sum(len(stretch.acts) for stretch in self.acted)

    def reference(self, work: Work) -> Iterator[Moment]:
        """The run without events, step by step. Raises CancelledError."""
        settings, whole = self.settings, slice(0, self.windows.padded)
        course = Course(self.noise, settings.steps)
        for step in range(settings.steps):
            guided, coarse = denoise_windows(
                course.x,
                course.level,
                self.windows,
                self.conditions,
                self.bundle,
                settings.guidance,
                lambda share: work.tick(share * whole.stop),
            )
            if settings.gains and step == settings.steps - 1:  # at every step they would pile up
                gain(guided, *self._scale, settings.gains)
            clean = guided
            if self._guarded(step):
                clean = guided.copy()
                self._articulate(clean, whole)
            work.finish(whole.stop)
            moment = Moment(step, course.level, guided, coarse, clean)
            del guided, coarse
            yield moment
            del moment
            course.advance(clean)

    def follow(self, stretch: Stretch, course: Course, moment: Moment, work: Work) -> None:
        """Take a stretch through the step that the reference has just taken. Raises CancelledError."""
        control, frames = self.settings.control, stretch.frames

        def branch(y: np.ndarray, level: float, stretch: Stretch, kind: Kind) -> np.ndarray:
            return denoise_stretch(y, level, stretch, kind, self.conditions, self.bundle, work.tick)

        shown = controlled(
            course.x,
            moment.level,
            stretch,
            control,
            control.weight(moment.step, self.settings.steps),
            branch,
            moment.guided[frames],
            moment.coarse[frames],
            self.settings.guidance.coarse,
        )
        if self._guarded(moment.step):
            if control.form == "local":
                mean, spread = self._scale
                least = (stretch.least(control.strength) - mean[:COUNT]) / spread[:COUNT]
                np.maximum(shown[:, :COUNT], least, out=shown[:, :COUNT], where=stretch.acts[:, :COUNT])
            self._articulate(shown, frames, moment.clean[frames])
        course.advance(np.where(stretch.acts, shown, moment.clean[frames]))
        work.finish(len(shown))
        work.tick()

    def course(self, stretch: Stretch) -> Course:
        """A stretch before its first step."""
        return Course(self.noise[stretch.frames], self.settings.steps)

    def sampled(self, work: Work, until: float = 1.0) -> np.ndarray:
        """(P, 54) the motion, all of it from nothing, in memory that is the same for any number of steps.

        until: the share of all work that is done by then. Raises CancelledError.
        """
        work.begin(self.settings.steps * self.size, until)
        courses = [self.course(stretch) for stretch in self.acted]
        clean = self.noise
        for moment in self.reference(work):
            for stretch, course in zip(self.acted, courses, strict=True):
                self.follow(stretch, course, moment, work)
            clean = moment.clean
            del moment  # of twenty minutes 23 MB, while the next step needs as much
        return self.joined(clean, [course.x for course in courses])

    def joined(self, reference: np.ndarray, shown: list[np.ndarray]) -> np.ndarray:
        """(P, 54) the reference with each stretch's own motion (n, 54) where its events act."""
        clean = reference.copy()
        for stretch, motion in zip(self.acted, shown, strict=True):
            np.copyto(clean[stretch.frames], motion, where=stretch.acts)
        return clean

    def whole(self, clean: np.ndarray, frames: int) -> np.ndarray:
        """(frames, 54) sampled motion (P, 54) as a recording of so many has it; the ends hold where not all
        windows were made."""
        made = clean[: self.windows.frames]
        after = frames - self.first - len(made)
        return np.pad(made, ((self.first, after), (0, 0)), mode="edge") if self.first or after else made


def as_take(
    clean: np.ndarray, bundle: Bundle, settings: Settings, recording: Recording, direction: Direction
) -> Take:
    """The Take of sampled motion (frames, 54), at 30 fps, which is used up."""
    mean, spread = scale(bundle)
    motion = np.multiply(clean, spread, out=clean)
    motion += mean
    manner = {"styles": settings.style.tolist(), "gains": settings.gains}
    origin: dict[str, Any] = {
        "bundle": bundle.manifest.name,
        "direction": direction.model_dump(mode="json"),
        "steps": settings.steps,
        "guidance": settings.guidance.model_dump(),
        "articulation": settings.articulation,
        "control": asdict(settings.control),
        "reference": manner if settings.taken else None,
    }
    audio = None if recording.source is None else recording.source.name
    return Take(motion[:, :COUNT], motion[:, COUNT:], MOTION_FPS, audio, origin)
