"""The Take: what a generation gives, at one frame rate."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from phiz.errors import PhizError
from phiz.face.channels import CHANNELS, COUNT, INDEX
from phiz.motion import closures

SLOWEST, FASTEST = 1.0, 1000.0  # frames per second that a Take accepts


class TakeError(PhizError):
    """The numbers, or the file, do not make a Take."""


@dataclass(frozen=True, eq=False)
class Take:
    """One performance: channels and head rotation over time. Frame i is at i / fps seconds.

    weights: (frames, 51) float32, 0 to 1, channels in the order of `phiz.face.channels.CHANNELS`;
    what a tracker measured outside 0 to 1 is clipped.
    head: (frames, 3) float32 radians, [yaw to the character's left, pitch down, roll to the right
    shoulder].
    audio: name of the recording, where known. origin: JSON values that say where the Take came from.
    Raises TakeError on a wrong shape, no frames, a value that is not a number, or an fps outside 1 to
    1000.
    """

    weights: np.ndarray
    head: np.ndarray
    fps: float
    audio: str | None = None
    origin: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, np.float32)
        head = np.asarray(self.head, np.float32)
        if weights.ndim != 2 or weights.shape[1] != COUNT or len(weights) == 0:
            raise TakeError(f"A Take needs weights of shape (frames, {COUNT}); got {weights.shape}.")
        if head.shape != (len(weights), 3):
            raise TakeError(f"A Take needs head rotation of shape ({len(weights)}, 3); got {head.shape}.")
        if not np.isfinite(weights).all():
            frame, channel = np.argwhere(~np.isfinite(weights))[0]
            raise TakeError(f"Frame {frame} of {CHANNELS[channel]} is not a number; a weight is 0 to 1.")
        if not np.isfinite(head).all():
            frame = np.argwhere(~np.isfinite(head))[0][0]
            raise TakeError(f"Head rotation in frame {frame} is not a number; it is in radians.")
        object.__setattr__(self, "weights", np.clip(weights, 0.0, 1.0))
        object.__setattr__(self, "head", head)
        object.__setattr__(self, "fps", checked_fps(self.fps))

    @property
    def frames(self) -> int:
        return len(self.weights)

    @property
    def seconds(self) -> float:
        return self.frames / self.fps

    def channel(self, name: str) -> np.ndarray:
        """(frames,) one channel by its ARKit name. Raises KeyError on a name that is not a channel."""
        return self.weights[:, INDEX[name]]

    def resampled(self, fps: float) -> Take:
        """The same performance at another frame rate, by linear interpolation.

        Every frame of the result samples the performance at its own time, except that the frame
        nearest to a closure of the lips (a blink) samples mouth and cheeks (eyes) at that very
        instant, at most half a frame away. So closures reach as deep as before, from 60 down to 12
        fps as from 30 up to 50, and every sampled pose is one that was there. Averaging over each
        frame, the usual way down, would leave the lips apart.
        """
        fps = checked_fps(fps)
        if fps == self.fps:
            return self
        times = np.arange(max(1, round(self.seconds * fps))) * (self.fps / fps)  # in frames of self
        weights = _sampled(self.weights, times)
        for region, opening in (
            (closures.MOUTH, closures.mouth_opening(self.weights)),
            (closures.EYES, closures.eye_opening(self.weights)),
        ):
            instants = closures.dips(opening, self.fps)
            instants = instants[np.argsort(-opening[instants], kind="stable")]  # the deepest wins, being last
            nearest = np.rint(instants * (fps / self.fps)).astype(np.int64)
            inside = nearest < len(times)
            moved = times.copy()
            moved[nearest[inside]] = instants[inside]
            weights[:, region] = _sampled(self.weights[:, region], moved)
        return replace(self, weights=weights, head=_sampled(self.head, times), fps=fps)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write as .csv (Live Link Face), .json or .npz, by the suffix; whole or not at all.

        `phiz.motion.storage` says what each keeps. Raises TakeError on another suffix and OutputError
        where the file cannot be written.
        """
        from phiz.motion import storage

        storage.save(self, path)


def load(path: str | os.PathLike[str]) -> Take:
    """Read a Take from .csv (Live Link Face), .json or .npz. Raises TakeError where that fails."""
    from phiz.motion import storage

    return storage.load(path)


def checked_fps(fps: float) -> float:
    """`fps` as a float, or TakeError where it is outside 1 to 1000."""
    if not SLOWEST <= fps <= FASTEST:
        raise TakeError(f"A Take has {SLOWEST:.0f} to {FASTEST:.0f} frames per second; got {fps:g}.")
    return float(fps)


def _sampled(curves: np.ndarray, times: np.ndarray) -> np.ndarray:
    """(frames, n) curves at fractional frames `times` (m,) -> (m, n) float32; the last frame holds."""
    before = np.minimum(times.astype(np.int64), len(curves) - 1)
    after = np.minimum(before + 1, len(curves) - 1)
    share = (times - before)[:, None]
    return (curves[before] * (1.0 - share) + curves[after] * share).astype(np.float32)
