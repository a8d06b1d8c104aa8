"""A live session in the worker: sound and Directions in, frames out."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np

from phiz.audio.aligned import MOTION_FPS
from phiz.audio.recording import RecordingError
from phiz.errors import PhizError
from phiz.runtime.bundle import Bundle, BundleError
from phiz.runtime.control import Control
from phiz.runtime.generate import StyleError
from phiz.runtime.live import session as live
from phiz.runtime.live.score import ScoreError
from phiz.runtime.performance import CancelledError
from phiz.worker.job import Job
from phiz.worker.protocol import (
    Audio,
    Direct,
    Finish,
    Finished,
    Frames,
    Live,
    Opened,
    ProtocolError,
    Refused,
    Reply,
)

_DECIMALS = 5  # of a weight or an angle


def perform(job: Job, wanted: Live, model: Bundle, say: Callable[[Reply], None]) -> Finished:
    """Hold a live session until it is finished. Raises CancelledError where it was stopped."""
    session = live.LiveSession(
        model,
        wanted.direction,
        rate=wanted.rate,
        steps=wanted.steps,
        articulation=wanted.articulation,
        control=Control(strength=wanted.control),
    )

    def tell(reply: Reply) -> None:
        job.unless_stopped(lambda: say(reply))

    def show(frames: live.Frames) -> None:
        if len(frames):
            tell(message(wanted.id, frames))

    tell(Opened(id=wanted.id, fps=MOTION_FPS, look_ahead=live.LOOK_AHEAD))
    while (said := job.inbox.get()) is not None:
        try:
            match said:
                case Audio():
                    show(session.push(_samples(said.samples, wanted)))
                case Direct():
                    session.direct(said.direction, said.at)
                case Finish():
                    show(session.finish())
                    job.finish()
                    return Finished(id=wanted.id, frames=session.frames)
        except (RecordingError, ScoreError, StyleError, BundleError, ProtocolError) as error:
            tell(refusal(wanted.id, error))
    raise CancelledError("the live session was cancelled")


def message(id: int, frames: live.Frames) -> Frames:
    """Frames, one or more, as they are said."""
    return Frames(
        id=id,
        first=frames.first,
        time=round(frames.first / MOTION_FPS, _DECIMALS),
        weights=_rows(frames.weights),
        head=_rows(frames.head),
    )


def refusal(id: int, error: PhizError) -> Refused:
    """That a message to a live session was not followed, and why."""
    return Refused(id=id, error=type(error).__name__, message=" ".join(str(error).split()))


def _rows(values: np.ndarray) -> list[list[float]]:
    return np.round(values.astype(np.float64), _DECIMALS).tolist()


def _samples(text: str, wanted: Live) -> np.ndarray:
    """(n, channels) what was sent in base64. Raises ProtocolError."""
    try:
        sent = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ProtocolError(f"expected samples in base64: {error}") from error
    kind = np.dtype(wanted.encoding).newbyteorder("<")
    if len(sent) % (kind.itemsize * wanted.channels):
        raise ProtocolError(
            f"expected whole samples of {wanted.channels} times {kind.itemsize} bytes, came {len(sent)} bytes"
        )
    return np.frombuffer(sent, kind).astype(wanted.encoding).reshape(-1, wanted.channels)
