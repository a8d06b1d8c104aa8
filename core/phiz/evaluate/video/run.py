"""Generated films beside the true ones: every clip of the split `test`, measured and set against the bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from phiz.acting.direction import AUEvent
from phiz.acting.units import envelope
from phiz.corpus.portraits.scene import FILE, Scene
from phiz.corpus.portraits.studio import Studio
from phiz.errors import PhizError
from phiz.evaluate.video import measures
from phiz.evaluate.video.measures import Shown
from phiz.evaluate.video.sight import Sight, person
from phiz.face.action_units import pose
from phiz.face.channels import COUNT
from phiz.motion.measures import aperture
from phiz.video import clips, film
from phiz.video.clips import Clip, Entry, Index

HELD = 0.7
"""Share of an event from which on its frames count: its ramps are left out."""
_STANDING = 1.5  # levels: a pixel of the true film that varies less stands still


class FilmsError(PhizError):
    """The generated films do not fit the clips."""


@dataclass(frozen=True, eq=False)
class Score:
    """What the films of one clip measure.

    opening: (N,) of the mouth, and its correlation with the Take's aperture. shown: the clip's events of
    which there is a film without them. known: share of frames that look like this person's portrait rather
    than another's in the same light. flicker: levels of 255 where no channel moves the face; standing:
    the same, of the pixels that stand still in the true film.
    """

    opening: np.ndarray
    correlation: float
    shown: list[tuple[AUEvent, Shown]]
    known: float
    flicker: float
    standing: float
    frames: np.ndarray


@dataclass(frozen=True, eq=False)
class Pair:
    """A clip, what was generated for it, and both measured alike. aperture: (N,) of the true Take.
    away: mean difference between the two films, in levels of 255."""

    clip: Clip
    aperture: np.ndarray
    generated: Score
    true: Score
    unmeasured: int
    away: float


def measure(generated: Path, root: Path) -> list[Pair]:
    """Measure the films NAME.mp4 in the folder `generated` against the rendered test clips of `root`.

    NAME.without.mp4, of the same seed without Action Unit events, is needed to measure these. `generated`
    may be a folder of clips itself: then true films are measured against themselves. Raises FilmsError,
    SceneError, NoGraphicsError and what reading clips raises.
    """
    index = clips.read_index(root)
    scenes = scenes_of_test(root, index)
    numbers = sorted({scene.identity for _, scene in scenes})
    with Studio(index.size) as studio:
        return [_pair(studio, generated, root, index, entry, scene, numbers) for entry, scene in scenes]


def scenes_of_test(root: Path, index: Index) -> list[tuple[Entry, Scene]]:
    """The clips of the split test, and where each was filmed. Raises NoClipsError, SceneError, and FilmsError
    where there are not the two people that it takes to know a face."""
    entries = [entry for entry in index.clips if entry.split == "test"]
    if not entries:
        raise clips.NoClipsError(f"{root} holds no clips of the split test.")
    found = [(entry, Scene.from_file(root / entry.folder / FILE)) for entry in entries]
    if len({scene.identity for _, scene in found}) < 2:
        raise FilmsError(f"{root} has one person to test; whether a face is known needs two or more.")
    return found


def portraits(studio: Studio, scene: Scene, people: Sequence[int]) -> np.ndarray:
    """(P, size, size, 3) uint8: people by number, each at rest in the place of a scene."""
    at_rest = np.zeros(COUNT, np.float32)
    return np.stack([studio.picture(person(number), at_rest, None, scene) for number in people])


def _pair(
    studio: Studio,
    generated: Path,
    root: Path,
    index: Index,
    entry: Entry,
    scene: Scene,
    numbers: Sequence[int],
) -> Pair:
    clip = clips.load(root, index, entry)
    if clip.take is None:
        raise FilmsError(f"The clip {entry.name} has no Take, and so no true curve to compare with.")
    sight = Sight(scene, index.size)
    everyone = portraits(studio, scene, numbers)
    standing = clip.frames.astype(np.float32).std(0).max(-1) < _STANDING  # (size, size)
    events = clip.direction.events if clip.direction is not None else ()
    true_without = _film(root / entry.folder / clips.WITHOUT_VIDEO, clip) if events else None
    windows = [sight.mouth(turn) for turn in clip.take.head]
    opened = aperture(clip.take.weights)

    def score(frames: np.ndarray, without: np.ndarray | None) -> Score:
        opening = measures.mouth_opening(frames, windows, clip.portrait, sight.mouth(np.zeros(3)))
        shown = []
        if without is not None and true_without is not None:
            shown = [(event, _shown(event, clip, sight, frames, without, true_without)) for event in events]
        return Score(
            opening,
            measures.correlation(opening, opened),
            shown,
            float((measures.known_as(frames, everyone) == numbers.index(scene.identity)).mean()),
            measures.flicker(frames, sight.still),
            measures.flicker(frames, standing),
            frames,
        )

    made, made_without = _generated(generated, entry, clip, bool(events))
    return Pair(
        clip,
        opened,
        score(made, made_without),
        score(clip.frames, true_without),
        len(events) if made_without is None else 0,
        float(np.abs(made.astype(np.float32) - clip.frames).mean()),
    )


def frames_held(event: AUEvent, clip: Clip) -> np.ndarray:
    """(n,) numbers of the clip's frames in which an event shows but for its ramps; one at the least."""
    span, share = envelope(event, len(clip.frames), clip.fps)
    held = np.arange(len(clip.frames))[span][share >= HELD]
    if not len(held):  # shorter than a frame
        held = np.array([min(round((event.start + event.end) / 2 * clip.fps), len(clip.frames) - 1)])
    return held


def _shown(
    event: AUEvent,
    clip: Clip,
    sight: Sight,
    frames: np.ndarray,
    without: np.ndarray,
    true_without: np.ndarray,
) -> Shown:
    assert clip.take is not None
    held = frames_held(event, clip)
    region = sight.moved(pose(event.au, event.side, event.intensity), clip.take.head[held].mean(0))
    return measures.unit_shown(frames[held], without[held], clip.frames[held], true_without[held], region)


def _generated(
    folder: Path, entry: Entry, clip: Clip, has_events: bool
) -> tuple[np.ndarray, np.ndarray | None]:
    if (folder / clips.INDEX).is_file():
        path, without = folder / entry.folder / clips.VIDEO, folder / entry.folder / clips.WITHOUT_VIDEO
    else:
        path, without = folder / f"{entry.name}.mp4", folder / f"{entry.name}.without.mp4"
    if not path.is_file():
        raise FilmsError(f"Expected the film {path} for the clip {entry.name}; generate it first.")
    return _film(path, clip), _film(without, clip) if has_events and without.is_file() else None


def _film(path: Path, clip: Clip) -> np.ndarray:
    frames, fps = film.read(path)
    size = clip.portrait.shape[0]
    if frames.shape[1:3] != (size, size) or abs(fps - clip.fps) > 0.01:
        raise FilmsError(
            f"{path} has {frames.shape[2]} x {frames.shape[1]} pixels and {fps:g} frames per second; "
            f"the clip has {size} x {size} and {clip.fps:g}."
        )
    if len(frames) < len(clip.frames) - 1:
        raise FilmsError(f"{path} has {len(frames)} frames; the clip has {len(clip.frames)}.")
    return frames[np.minimum(np.arange(len(clip.frames)), len(frames) - 1)]
