"""One line of a batch: what it asks for, and the file that comes of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from phiz.acting.direction import Direction
from phiz.audio.recording import Recording
from phiz.motion import storage
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle, digest
from phiz.runtime.control import Control
from phiz.runtime.generate import generate


@dataclass(frozen=True)
class Acting:
    """All of a job but its recording. steps None is the bundle's own; suffix is the kind of file wanted."""

    direction: Direction
    fps: float
    steps: int | None
    articulation: float
    control: float
    reference: Take | None
    suffix: str


@dataclass(frozen=True)
class Job:
    """A line: `number` in its table, the recording, and `out`, the file's place inside the batch's folder."""

    number: int
    audio: Path
    out: Path
    acting: Acting

    def key(self, bundle: str) -> str:
        """What the file's bytes depend on, as SHA-256: the recording's content, the acting and the bundle."""
        acting = self.acting
        said = {
            "audio": [self.audio.name, digest(self.audio)],  # a Take names its recording
            "direction": acting.direction.model_dump(mode="json"),
            "making": [acting.fps, acting.steps, acting.articulation, acting.control, acting.suffix],
            "reference": acting.reference and hashlib.sha256(storage.to_bytes(acting.reference)).hexdigest(),
            "bundle": bundle,
        }
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """The bytes of a Take's file, and its length in seconds."""

    data: bytes
    seconds: float


def perform(recording: Recording, acting: Acting, bundle: Bundle) -> Made:
    """The file that `phiz generate` would write of it, byte for byte. Raises PhizError."""
    take = generate(
        recording,
        acting.direction,
        bundle,
        steps=acting.steps,
        fps=acting.fps,
        articulation=acting.articulation,
        control=Control(strength=acting.control),
        reference=acting.reference,
    )
    return Made(storage.to_bytes(take, acting.suffix), take.seconds)
