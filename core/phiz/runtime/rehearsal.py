"""Generating again after a change: only what the change touches is computed, to the same bytes.

The reference run does not depend on the Action Units. What it went through is kept, step by step, and so is
each group of events once it is sampled. When one event is moved, its group alone is sampled again, against
the moments that were kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from phiz.acting.direction import Direction, EmotionKey
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.recording import Recording
from phiz.audio.spill import blocks
from phiz.motion.splice import check_fits, frames_between, splice
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle, Guidance
from phiz.runtime.control import Control, Stretch
from phiz.runtime.feeling import propose
from phiz.runtime.generate import settle
from phiz.runtime.listen import frame_count, listen
from phiz.runtime.performance import Moment, Performance, Progress, Settings, Work, as_take
from phiz.runtime.sections import sampled

MOST = round(20 * 60 * MOTION_FPS) * 8
"""Frames times steps of the reference runs that are kept, all together: 20 minutes of recording at 8 steps,
in 130 MB."""

_BLOCK = 1 << 20  # samples looked at a time
_MOST_FINISHED = round(20 * 60 * MOTION_FPS)  # frames of groups of events, 8 MB
_MOST_HEARD = round(3600 * MOTION_FPS)  # frames of recordings, 41 MB

T = TypeVar("T")


class _Kept(Generic[T]):
    """The results that were used last, up to a size in all."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: OrderedDict[Hashable, tuple[int, T]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        return key in self._results

    def once(self, key: Hashable, size: int, make: Callable[[], T]) -> T:
        """The result under this key, made if it is not there; kept only if it is small enough."""
        if key in self._results:
            self._results.move_to_end(key)
            return self._results[key][1]
        made = make()
        if size <= self._most:
            self._results[key] = size, made
            while sum(size for size, _ in self._results.values()) > self._most:
                self._results.popitem(last=False)
        return made


@dataclass(frozen=True)
class Part:
    """The seconds from start to end, to be made anew in a Take of the same recording and fps."""

    previous: Take
    start: float
    end: float


class Rehearsal:
    """Generates as `generate` does, from one bundle, and remembers.

    What is kept: what was heard in the last recordings, up to an hour in all; reference runs and finished
    groups of events, up to 20 minutes in all. A recording that is longer is sampled from nothing every
    time, in memory that stays flat. Not for two threads at once.

    computed: seconds of motion that the last `generate` had to sample, those of events counted as well.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.computed = 0.0
        self._felt: _Kept[tuple[EmotionKey, ...]] = _Kept(_MOST_HEARD)
        self._heard: _Kept[np.ndarray] = _Kept(_MOST_HEARD)
        self._moments: _Kept[list[Moment]] = _Kept(MOST)
        self._finished: _Kept[np.ndarray] = _Kept(_MOST_FINISHED)

    def generate(
        self,
        recording: Recording,
        direction: Direction,
        *,
        steps: int | None = None,
        fps: float = MOTION_FPS,
        guidance: Guidance | None = None,
        articulation: float = 1.0,
        control: Control | None = None,
        reference: Take | None = None,
        part: Part | None = None,
        progress: Progress | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> Take:
        """The Take of a recording, the same to the bit as `generate` makes it.

        part: make this alone, and keep the Take it belongs to bit for bit outside. Only the windows that
        touch it are sampled, from the noise that their frames always start from; for its ends see
        `phiz.motion.splice`. Raises what `generate` does, and SpliceError.
        """
        settings = settle(
            direction,
            self.bundle,
            steps=steps,
            guidance=guidance,
            articulation=articulation,
            control=control,
            reference=reference,
        )
        frames = frame_count(recording.seconds)
        span = None if part is None else _span(part, frames, fps)
        sound = _heard_as(recording.samples)
        if direction.emotion is None and (feeling := self.bundle.feeling) is not None:
            felt = self._felt.once(sound, frames, lambda: propose(recording, feeling))
            direction = direction.model_copy(update={"emotion": felt})
        work = Work(progress, cancel)
        if sound not in self._heard:
            work.begin(1, until=1.0 / (settings.steps + 1))
        heard = self._heard.once(sound, frames, lambda: listen(recording, self.bundle, work.tick))
        performance = Performance.of(heard, direction, self.bundle, settings, span)
        if performance.windows.padded * settings.steps <= MOST:
            clean = performance.whole(self._sampled(performance, sound, direction, work), frames)
        elif part is not None:
            clean = performance.whole(performance.sampled(work), frames)
            self.computed = performance.size / MOTION_FPS
        else:
            self.computed = performance.size / MOTION_FPS
            del performance  # its conditions and noise are as long as the recording
            clean = sampled(heard, direction, self.bundle, settings, work)
        take = as_take(clean, self.bundle, settings, recording, direction)
        take = take if fps == MOTION_FPS else take.resampled(fps)
        if part is None:
            return take
        outside = {key: value for key, value in part.previous.origin.items() if key != "outside"}
        origin = take.origin | {"anew": [part.start, part.end], "outside": outside}
        return replace(splice(part.previous, take, part.start, part.end), origin=origin)

    def _sampled(self, performance: Performance, sound: str, direction: Direction, work: Work) -> np.ndarray:
        """(P, 54) the motion, of which only what is not kept is sampled."""
        settings, windows = performance.settings, performance.windows
        said = direction.model_copy(update={"events": ()}).model_dump_json()
        run = (sound, said, performance.first, windows.frames, *_sampling(settings))
        keys = [(run, repr(settings.control), _digest(stretch)) for stretch in performance.acted]
        lengths = [len(stretch.acts) for stretch in performance.acted]
        new = sum(length for key, length in zip(keys, lengths, strict=True) if key not in self._finished)
        if run not in self._moments:
            new += windows.padded
        work.begin(new * settings.steps)
        self.computed = new / MOTION_FPS

        def sample(stretch: Stretch) -> np.ndarray:
            course = performance.course(stretch)
            for moment in moments:
                performance.follow(stretch, course, moment, work)
            return course.x

        moments = self._moments.once(
            run, windows.padded * settings.steps, lambda: list(performance.reference(work))
        )
        shown = [
            self._finished.once(key, length, lambda stretch=stretch: sample(stretch))
            for key, length, stretch in zip(keys, lengths, performance.acted, strict=True)
        ]
        work.end()
        return performance.joined(moments[-1].clean, shown)


def _span(part: Part, frames: int, fps: float) -> slice:
    """The frames of a part at 30 fps, of so many. Raises SpliceError where it cannot be put in."""
    wanted = frames if fps == MOTION_FPS else max(1, round(frames / MOTION_FPS * fps))
    check_fits(part.previous, wanted, fps)
    frames_between(part.start, part.end, wanted, fps)
    return frames_between(part.start, part.end, frames, MOTION_FPS)


def _sampling(settings: Settings) -> tuple[Hashable, ...]:
    """What of the settings the reference run depends on."""
    gains = tuple(sorted(settings.gains.items()))
    return (
        settings.steps,
        settings.guidance.model_dump_json(),
        settings.articulation,
        settings.style.tobytes(),
        gains,
    )


def _heard_as(samples: np.ndarray) -> str:
    """By what a recording is known again."""
    digest = hashlib.blake2b()
    for part in blocks(samples, _BLOCK):
        digest.update(samples[part].tobytes())
    return digest.hexdigest()


def _digest(stretch: Stretch) -> str:
    """What a group of events asks for, and where."""
    digest = hashlib.blake2b(f"{stretch.frames}".encode())
    for part in (stretch.mask, stretch.acts, stretch.units):
        digest.update(part.tobytes())
    return digest.hexdigest()
