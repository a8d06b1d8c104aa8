"""Sampling the next frames of a motion whose past stands.

A window is the past and the frames to come. At each step the network sees the past as noisy as it was at that
step when it was made, so what it makes goes on from there. It may still see the last frame that stands a
little otherwise than it is; what it has wrong there, it is taken to have wrong in the next frames too, less
and less. (Without that, heads jump at every hop.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.channels import COUNT, REGIONS
from phiz.runtime.articulation import Correct, guard
from phiz.runtime.bundle import MOTION, Bundle
from phiz.runtime.control import Kind, Stretch, controlled
from phiz.runtime.denoise import Conditions, denoise_stretch, denoise_windows
from phiz.runtime.live.score import Asked
from phiz.runtime.performance import Settings
from phiz.runtime.solver import Course
from phiz.runtime.windows import Windows

PAST = 24
"""Frames that the networks see before those to come."""

_FADE = np.full(MOTION, 2.0, np.float32)
"""Frames in which what is wrong at the last frame falls to 1 / e: longer, and a mouth comes late."""
_FADE[list(REGIONS["mouth"])] = 1.0
_FADE[list(REGIONS["brows"])] = 8.0
_FADE[COUNT:] = 12.0


DOUBT, CLEAR = 0.4, 6
"""A closure is believed less, by DOUBT in log odds for each frame that fewer than CLEAR are heard from its
own on: a /t n dh/ is then taken for one about as seldom as offline (`python -m export.live_closures`)."""


def doubts(coming: int) -> np.ndarray:
    """(coming,) of the frames to come, of which the last hears itself alone."""
    return DOUBT * np.maximum(CLEAR - np.arange(coming, 0, -1, dtype=np.float32), 0.0)


@dataclass(frozen=True)
class _Run:
    """A motion through the past: noisy (steps, P, 54), as it was at every step, and its last frame (54,) as
    it was predicted in the end, before the guard of the lips: a closure must not be carried on."""

    noisy: np.ndarray
    end: np.ndarray

    @classmethod
    def empty(cls, steps: int) -> _Run:
        return cls(np.zeros((steps, 0, MOTION), np.float32), np.zeros(MOTION, np.float32))

    def seen(self, step: int, x: np.ndarray) -> np.ndarray:
        """The past and noisy motion x (n, 54) to come, as the network is given them."""
        return np.concatenate([self.noisy[step], x])

    def continued(self, predicted: np.ndarray) -> np.ndarray:
        """(n, 54) the frames to come of a prediction (P + n, 54), brought to where the past ends."""
        past = self.noisy.shape[1]
        coming = predicted[past:].copy()
        if past:
            fade = np.exp(-np.arange(1, len(coming) + 1, dtype=np.float32)[:, None] / _FADE)
            coming += fade * (self.end - predicted[past - 1])
        return coming

    def later(self, noisy: list[np.ndarray], end: np.ndarray) -> _Run:
        """The same after (n, 54) more, noisy at every step."""
        return _Run(np.concatenate([self.noisy, np.stack(noisy)], axis=1)[:, -PAST:], end)


class Continuing:
    """A performance that is made piece by piece: the run without events, and beside it the one with them.

    What the first shows does not depend on the second, so that an event changes nothing but where it acts.
    """

    def __init__(self, bundle: Bundle, settings: Settings) -> None:
        self._bundle, self._settings = bundle, settings
        scale = bundle.manifest.scale
        self._mean, self._spread = np.array(scale.mean, np.float32), np.array(scale.spread, np.float32)
        self._reference = self._acted = _Run.empty(settings.steps)
        self._heard: np.ndarray | None = None
        self._asked: Asked | None = None
        self._doubt = np.zeros(0, np.float32)

    def next(self, noise: np.ndarray, heard: np.ndarray, asked: Asked, keep: int) -> np.ndarray:
        """(keep, 54) motion: the first `keep` of the n frames to come; the others are made anew next time.

        noise (n, 54); heard (n, audio width); asked: of these n frames.
        """
        if self._heard is not None and self._asked is not None:
            heard, asked = np.concatenate([self._heard, heard]), self._asked.followed_by(asked)
        past = len(heard) - len(noise)
        still = self._bundle.takes_one_emotion and bool((asked.emotion == asked.emotion[0]).all())
        conditions = Conditions(heard, asked.emotion[:1] if still else asked.emotion, asked.style)
        acts = np.zeros((len(heard), MOTION), bool)
        acts[:, :COUNT] = asked.mask > 0.0
        stretch = Stretch(slice(0, len(heard)), asked.mask, acts, asked.units)
        doubt = np.concatenate([self._doubt, doubts(len(noise))])
        lips, strength = self._bundle.manifest.lips, self._settings.articulation
        articulate = guard(heard, lips, self._mean, self._spread, strength, doubt)
        made = self._sampled(noise, conditions, stretch, articulate, keep)
        kept = slice(max(0, past + keep - PAST), past + keep)
        self._heard, self._asked, self._doubt = heard[kept], asked.part(kept), doubt[kept]
        return made * self._spread + self._mean

    def _sampled(
        self, noise: np.ndarray, conditions: Conditions, stretch: Stretch, articulate: Correct, keep: int
    ) -> np.ndarray:
        settings, bundle = self._settings, self._bundle
        window = Windows(len(conditions.audio), len(conditions.audio), 1)
        coming = slice(len(conditions.audio) - len(noise), len(conditions.audio))
        acts = stretch.acts[coming]
        course, shown = Course(noise, settings.steps), Course(noise, settings.steps)
        noisy: list[np.ndarray] = []
        noisy_shown: list[np.ndarray] = []
        clean = motion = free = free_shown = noise
        for step in range(settings.steps):
            last, level = step == settings.steps - 1, course.level
            noisy.append(course.x[:keep])
            guided, coarse = denoise_windows(
                self._reference.seen(step, course.x),
                level,
                window,
                conditions,
                bundle,
                settings.guidance,
                lambda _: None,
            )
            clean = free = self._reference.continued(guided)
            if last:
                clean = free.copy()
                articulate(clean, coming)
            course.advance(clean)
            motion, free_shown = clean, free
            noisy_shown.append(shown.x[:keep])
            if acts.any():
                motion = self._with_events(shown, step, stretch, conditions, guided, coarse)
                if last:
                    self._hold(motion, stretch, coming)
                    free_shown = np.where(acts, motion, free)
                    articulate(motion, coming, clean)
                motion = np.where(acts, motion, clean)
            shown.advance(motion)
        self._reference = self._reference.later(noisy, free[keep - 1])
        self._acted = self._acted.later(noisy_shown, free_shown[keep - 1])
        return motion[:keep]

    def _with_events(
        self,
        shown: Course,
        step: int,
        stretch: Stretch,
        conditions: Conditions,
        guided: np.ndarray,
        coarse: np.ndarray,
    ) -> np.ndarray:
        """(n, 54) the prediction for the run with events, from those of the run without."""

        def branch(y: np.ndarray, level: float, stretch: Stretch, kind: Kind) -> np.ndarray:
            return denoise_stretch(y, level, stretch, kind, conditions, self._bundle, lambda: None)

        control = self._settings.control
        found = controlled(
            self._acted.seen(step, shown.x),
            shown.level,
            stretch,
            control,
            control.weight(step, self._settings.steps),
            branch,
            guided,
            coarse,
            self._settings.guidance.coarse,
        )
        return self._acted.continued(found)

    def _hold(self, motion: np.ndarray, stretch: Stretch, coming: slice) -> None:
        """Show at least what is shown at the least of what is asked, see `Control`."""
        least = stretch.least(self._settings.control.strength)[coming]
        least = (least - self._mean[:COUNT]) / self._spread[:COUNT]
        acts = stretch.acts[coming, :COUNT]
        np.maximum(motion[:, :COUNT], least, out=motion[:, :COUNT], where=acts)
