"""The main job: a recording and a Direction become a Take."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from phiz.acting.direction import Direction
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.recording import Recording
from phiz.errors import PhizError
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle, Guidance
from phiz.runtime.control import Control
from phiz.runtime.feeling import propose
from phiz.runtime.listen import listen
from phiz.runtime.manner import likeness
from phiz.runtime.performance import Progress, Settings, Work, as_take
from phiz.runtime.sections import sampled


class StyleError(PhizError):
    """A style that the bundle does not know."""


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


def settle(
    direction: Direction,
    bundle: Bundle,
    *,
    steps: int | None = None,
    guidance: Guidance | None = None,
    articulation: float = 1.0,
    control: Control | None = None,
    reference: Take | None = None,
) -> Settings:
    """The options of `generate` with nothing left open. Raises StyleError, MannerError, BundleError."""
    style, gains = _manner(direction.style, reference, bundle)
    if direction.events:
        bundle.require_adapter()
    return Settings(
        bundle.manifest.steps if steps is None else steps,
        bundle.manifest.guidance if guidance is None else guidance,
        articulation,
        Control() if control is None else control,
        style,
        gains,
        reference is not None,
    )


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
    resampled. guidance: None for the bundle's own. articulation: strength of the guard that closes and parts
    the lips by what is heard, 0 to 1. control: how the direction's Action Units act; where none of them does,
    the Take is that of the direction without events, bit for bit. reference: whose manner to take over, in
    place of the direction's style. progress is told the share done, 0 to 1; cancel is asked between pieces
    of work, at least once per 40 s of motion and step. Raises StyleError, MannerError, CancelledError,
    BundleError.
    """
    settings = settle(
        direction,
        bundle,
        steps=steps,
        guidance=guidance,
        articulation=articulation,
        control=control,
        reference=reference,
    )
    if direction.emotion is None and bundle.feeling is not None:
        direction = direction.model_copy(update={"emotion": propose(recording, bundle.feeling)})
    work = Work(progress, cancel)
    work.begin(1, until=1.0 / (settings.steps + 1))  # hearing costs about as much as one step
    heard = listen(recording, bundle, work.tick)
    take = as_take(sampled(heard, direction, bundle, settings, work), bundle, settings, recording, direction)
    return take if fps == MOTION_FPS else take.resampled(fps)
