"""The live session: sound in, in pieces of any size, and frames out in order, a fixed time later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from phiz.acting.direction import Direction
from phiz.audio.aligned import MOTION_FPS
from phiz.audio.incoming import Incoming, lag
from phiz.audio.mel import RATE
from phiz.errors import PhizError
from phiz.face.channels import COUNT, REGIONS
from phiz.runtime.bundle import MOTION, Bundle, Guidance
from phiz.runtime.control import Control
from phiz.runtime.generate import settle
from phiz.runtime.listen import frame_count, silence
from phiz.runtime.live.continuing import PAST, Continuing
from phiz.runtime.live.hearing import Hearing
from phiz.runtime.live.mood import LiveMood
from phiz.runtime.live.score import Asked, Score
from phiz.runtime.noise import noise_between

LOOK_AHEAD = 0.2
"""Seconds of sound after a frame's own time that it waits for, at the most: then it is there."""
HOP = 2
"""Frames that are made at a time: the more, the less of what follows the last of them has heard."""
STEPS = 3
"""Of sampling, at the most, where nothing else is asked for: fewer and the eyes would not blink."""

_HEARD = 0.045  # s that the sound has to be known past a frame, for mel windows and the encoder's grid
_UPPER_FACE = [*REGIONS["brows"], *REGIONS["eyes"]]


class LiveError(PhizError):
    """Something that a live session cannot do any more."""


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames that follow those given before: weights (n, 51) 0 to 1, head (n, 3) radians, as in a Take.

    first: number of the first. Frame i stands at i / 30 s of the sound.
    """

    first: int
    weights: np.ndarray
    head: np.ndarray

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def times(self) -> np.ndarray:
        """(n,) seconds."""
        return (self.first + np.arange(len(self.weights))) / MOTION_FPS


class LiveSession:
    """Makes a face act while the voice is still arriving.

    bundle: the model. direction: the acting notes to begin with; `direct` changes them. rate: samples per
    second of what will arrive. steps, guidance, articulation, control: as in `generate`. The same sound, seed
    and changes at the same times give the same frames to the bit, in whatever pieces the sound comes. Memory
    and the work for a piece do not grow with time. Raises SoundFormatError, StyleError, BundleError,
    FeelingError.
    """

    def __init__(
        self,
        bundle: Bundle,
        direction: Direction | None = None,
        *,
        rate: int = RATE,
        steps: int | None = None,
        guidance: Guidance | None = None,
        articulation: float = 1.0,
        control: Control | None = None,
    ) -> None:
        direction = Direction() if direction is None else direction
        steps = min(STEPS, bundle.manifest.steps) if steps is None else steps
        settings = settle(
            direction, bundle, steps=steps, guidance=guidance, articulation=articulation, control=control
        )
        self._bundle = bundle
        self._incoming = Incoming(rate)
        self._ahead = LOOK_AHEAD - lag(rate)
        self._window = max(HOP, int((self._ahead - _HEARD) * MOTION_FPS - 0.25) + 1)  # frames to come
        self._mood = LiveMood(bundle.feeling)
        self._score = Score(self._mood)
        self._score.change(direction, settings.style, -PAST)
        self._hearing = Hearing(bundle)
        self._continuing = Continuing(bundle, settings)
        self._waiting = np.zeros(0, np.float32)
        self._made = 0
        self._open = True
        # In silence, before the sound: so that the first frames go on from a living face.
        asked = self._score.asked(-PAST, 0)
        quiet = np.tile(silence(bundle), (PAST, 1))
        self._continuing.next(self._noise(-PAST, 0, asked), quiet, asked, PAST)

    @property
    def frames(self) -> int:
        """Frames made so far; a Direction given now holds from the next on."""
        return self._made

    def push(self, samples: np.ndarray) -> Frames:
        """The sound goes on: (n,) or (n, channels), float with full scale 1 or int16, n of any size.

        Returns the frames that are there by now, which may be none. Raises SoundFormatError or
        BadSamplesError, after which the session goes on as if the piece had not come, and LiveError.
        """
        self._check_open()
        self._waiting = np.concatenate([self._waiting, self._incoming.hear(samples)])
        return self._frames(list(self._hops()))

    def direct(self, direction: Direction, at: float | None = None) -> None:
        """From the next frame on, or from the second `at`, act by this Direction; what was made stays.

        Its times count from the beginning of the sound. It takes over from the one before in 0.3 s, and
        from those that were given for later than `at`. Raises StyleError, BundleError, ScoreError, LiveError;
        then nothing changes.
        """
        self._check_open()
        style = settle(direction, self._bundle).style
        start = self._made if at is None else max(self._made, round(at * MOTION_FPS))
        self._score.change(direction, style, start)

    def finish(self) -> Frames:
        """The sound has ended: the frames that are left. Nothing may follow. Raises LiveError."""
        self._check_open()
        self._open = False
        self._waiting = np.concatenate([self._waiting, self._incoming.finish()])
        before = self._made
        made = list(self._hops())
        self._hear(len(self._waiting))
        self._hearing.ended = True
        samples = self._hearing.samples
        total = frame_count(samples / RATE) if samples else before
        while self._made < total:
            made.append(self._hop())
        found = self._frames(made)
        kept, self._made = total - before, total
        return Frames(before, found.weights[:kept], found.head[:kept])

    def _check_open(self) -> None:
        if not self._open:
            raise LiveError("expected an open session, this one has finished; open another")

    def _frames(self, made: list[np.ndarray]) -> Frames:
        """made: (n, 54) each, the last that was made."""
        motion = np.concatenate([np.zeros((0, MOTION), np.float32), *made])
        return Frames(self._made - len(motion), np.clip(motion[:, :COUNT], 0.0, 1.0), motion[:, COUNT:])

    def _hops(self) -> Iterator[np.ndarray]:
        """Make what the sound that is there is enough for."""
        while True:
            amount = round((self._made / MOTION_FPS + self._ahead) * RATE) - self._hearing.samples
            if amount > len(self._waiting):
                return
            self._hear(amount)
            yield self._hop()

    def _hear(self, amount: int) -> None:
        samples, self._waiting = self._waiting[:amount], self._waiting[amount:]
        self._hearing.hear(samples)
        self._mood.hear(samples, self._made)

    def _hop(self) -> np.ndarray:
        """(HOP, 54) the next frames."""
        first, last = self._made, self._made + self._window
        asked = self._score.asked(first, last)
        heard = self._hearing.rows(slice(first, last))
        made = self._continuing.next(self._noise(first, last, asked), heard, asked, HOP)
        self._made += HOP
        return made

    def _noise(self, first: int, last: int, asked: Asked) -> np.ndarray:
        noise = noise_between(first, last, MOTION, asked.seed)
        noise[:, _UPPER_FACE] *= np.float32(self._bundle.manifest.upper_face_noise)
        return noise
