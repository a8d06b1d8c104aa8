"""The folder of clips: people by number, each speaks some clips before cameras that differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from phiz.acting.direction import Direction, in_one_line
from phiz.audio.recording import Recording
from phiz.corpus.clips import rng_for
from phiz.corpus.portraits.acting import Voices, draw_direction
from phiz.corpus.portraits.identities import identity
from phiz.corpus.portraits.scene import FILE, Scene, draw_scene
from phiz.corpus.portraits.studio import Studio
from phiz.corpus.portraits.surface import Surface, surface_of
from phiz.cotfa.prompts import prompts_of
from phiz.errors import PhizError
from phiz.face.channels import COUNT
from phiz.face.head import demo_head
from phiz.motion.take import Take
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import generate
from phiz.video import clips, film
from phiz.video.clips import Clip, Entry, Index, Split

SHORTEST, LONGEST = 2.4, 4.0  # seconds of a clip
PEOPLE = 500
"""Most people of a split: those of `test` have numbers from here on, in each thousand that a seed has."""


class PlanError(PhizError):
    """Clips that cannot be filmed so."""


@dataclass(frozen=True)
class Plan:
    """What is filmed: `people` of each split, `each` clips of every one; pixels of a side, frames per second.

    15 frames a second are enough: `Take.resampled` keeps closures of the lips as deep down to 12, and a
    network that learns from the film has half as many to look at as at 30. Raises PlanError.
    """

    people: dict[Split, int] = dataclasses.field(default_factory=lambda: {"train": 24, "test": 6})
    each: dict[Split, int] = dataclasses.field(default_factory=lambda: {"train": 6, "test": 4})
    size: int = 64
    fps: float = 15.0
    seed: int = 0

    def __post_init__(self) -> None:
        try:
            Index(fps=self.fps, size=self.size, clips=())
        except ValidationError as error:
            raise PlanError(f"Clips: {in_one_line(error, Index)}") from error
        if max(self.people.values()) > PEOPLE:
            raise PlanError(f"A split has at most {PEOPLE} people; asked for {max(self.people.values())}.")
        if self.seed < 0:
            raise PlanError(f"A seed is 0 or more; got {self.seed}.")


def write_clips(
    data: Path, out: Path, plan: Plan, bundle: Bundle, progress: Callable[[float], None] | None = None
) -> Index:
    """Film clips into the folder `out`; `data` holds recordings. Same plan, recordings, bundle: same frames.

    Clips of `test` that have Action Unit events get a second film and Take, of the same performance without
    them. Raises NoSpeechError, NoGraphicsError, NoVideoExtraError, OutputError.
    """
    voices = Voices(data)
    out.mkdir(parents=True, exist_ok=True)
    (out / clips.INDEX).unlink(missing_ok=True)  # until all is there again
    total = sum(plan.people[split] * plan.each[split] for split in plan.people)
    entries: list[Entry] = []
    with Studio(plan.size) as studio:
        for split, people in plan.people.items():
            for person in range(people):
                number = 1000 * plan.seed + person + (PEOPLE if split == "test" else 0)
                surface = surface_of(demo_head(identity(number)))
                for take in range(plan.each[split]):
                    name = f"{split}_{number:04d}_{take}"
                    entry = Entry(name=name, identity=str(number), split=split, folder=name)
                    _film(studio, surface, number, entry, voices, out / name, plan, bundle)
                    entries.append(entry)
                    if progress is not None:
                        progress(len(entries) / total)
    index = Index(fps=plan.fps, size=plan.size, clips=tuple(entries))
    clips.write_index(out, index)
    return index


def _film(
    studio: Studio,
    surface: Surface,
    number: int,
    entry: Entry,
    voices: Voices,
    folder: Path,
    plan: Plan,
    bundle: Bundle,
) -> None:
    rng = rng_for(plan.seed, "portrait clip", entry.name)
    count = int(rng.integers(round(SHORTEST * plan.fps), round(LONGEST * plan.fps) + 1))
    voice = voices.piece(rng, entry.split, count / plan.fps)
    direction = draw_direction(rng, count / plan.fps, int(rng.integers(1 << 31)))
    scene = draw_scene(number, rng)
    take = generate(voice, direction, bundle)
    clip = Clip(
        entry.name,
        entry.identity,
        entry.split,
        plan.fps,
        filmed(studio, surface, take, scene, plan.fps, count),
        studio.picture(surface, np.zeros(COUNT, np.float32), None, scene),
        voice,
        take,
        direction,
        prompts_of(direction, count / plan.fps),
    )
    clips.write_clip(folder, clip)
    if entry.split == "test" and direction.events:
        without = _without_events(voice, direction, bundle)
        without.save(folder / clips.WITHOUT_TAKE)
        film.write(
            folder / clips.WITHOUT_VIDEO,
            filmed(studio, surface, without, scene, plan.fps, count),
            plan.fps,
        )
    scene.to_file(folder / FILE)


def _without_events(voice: Recording, direction: Direction, bundle: Bundle) -> Take:
    return generate(voice, direction.model_copy(update={"events": ()}), bundle)


def filmed(studio: Studio, surface: Surface, take: Take, scene: Scene, fps: float, count: int) -> np.ndarray:
    """(count, size, size, 3) uint8: a Take acted before a camera; its last frame holds."""
    acted = take.resampled(fps)
    at = np.minimum(np.arange(count), acted.frames - 1)
    return np.stack([studio.picture(surface, acted.weights[i], acted.head[i], scene) for i in at])
