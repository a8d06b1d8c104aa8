"""Whether a face stays itself in a long film: `python -m phiz.evaluate.video.lasting CLIPS AUDIO FILMS`.

Films the portrait of one test clip of each person while it speaks the whole of AUDIO, into FILMS/PERSON.mp4,
and asks of every frame whose portrait it is like, and how far it is from it. A film that is there is kept.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from phiz.acting.direction import Direction
from phiz.audio import recording
from phiz.corpus.portraits.studio import Studio
from phiz.errors import status_of
from phiz.evaluate.video import measures, report
from phiz.evaluate.video.run import portraits, scenes_of_test
from phiz.runtime import bundle
from phiz.runtime.generate import generate
from phiz.video import clips, film, pipeline
from phiz.video.opening import open_model
from phiz.writing import check_writable, whole_file

PARTS = 6
"""Equal parts of a film that are told apart."""


@dataclass(frozen=True, eq=False)
class Lasting:
    """A person's film. own, other (N,): distance of each frame's layout of colours (RMS, levels of 255) to
    the person's portrait and to the nearest of the others, all at rest in the same place. frames
    (N, size, size, 3), fps of them; portrait (size, size, 3)."""

    person: int
    own: np.ndarray
    other: np.ndarray
    frames: np.ndarray
    fps: float
    portrait: np.ndarray

    @property
    def known(self) -> np.ndarray:
        """(N,) whether a frame is likest to the person's own portrait."""
        return self.own < self.other

    def parts(self, values: np.ndarray) -> list[float]:
        return [float(part.mean()) for part in np.array_split(values, PARTS)]


def measure(root: Path, audio: Path, films: Path, model: Path | None, people: int) -> list[Lasting]:
    """Of so many people of the split test. Raises FilmsError and what clips and `pipeline.make` raise."""
    index = clips.read_index(root)
    firsts = {scene.identity: (entry, scene) for entry, scene in reversed(scenes_of_test(root, index))}
    numbers = sorted(firsts)
    hearing = bundle.load(threads=1)
    opened, senses = open_model(model, None, hearing)
    voice, direction = recording.load(audio), Direction()
    take = generate(voice, direction, hearing)
    films.mkdir(parents=True, exist_ok=True)
    found = []
    with Studio(index.size) as studio:
        for number in numbers[:people]:
            entry, scene = firsts[number]
            clip, path = clips.load(root, index, entry), films / f"{number}.mp4"
            if not path.is_file():
                pipeline.make(pipeline.Scene(clip.portrait, voice, direction, take), opened, senses, path)
            frames, fps = film.read(path)
            far = measures.away(frames, portraits(studio, scene, numbers))  # (N, people)
            own = numbers.index(number)
            others = np.delete(far, own, axis=1).min(1)
            found.append(Lasting(number, far[:, own], others, frames, fps, clip.portrait))
    return found


def save_picture(found: list[Lasting], path: Path, moments: int = 10) -> None:
    """Write what was filmed and how far it is from its portrait, by time. Raises OutputError."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11.0, 2.6 * len(found)), layout="constrained")
    grid = figure.subplots(2 * len(found), 1, height_ratios=(1.0, 1.1) * len(found))
    for (strip, curves), one in zip(grid.reshape(-1, 2), found, strict=True):
        at = np.linspace(0, len(one.frames) - 1, moments).round().astype(int)
        strip.imshow(np.concatenate([one.portrait, *one.frames[at]], 1), interpolation="nearest")
        strip.set_axis_off()
        strip.set_title(f"Person {one.person}: the portrait, then the film", fontsize=8, loc="left")
        time = np.arange(len(one.own)) / one.fps
        curves.plot(time, one.own, lw=0.8, label="to its own portrait")
        curves.plot(time, one.other, lw=0.8, color="0.6", label="to the nearest other person's")
        curves.set_ylim(bottom=0.0)
        curves.set_ylabel("levels", fontsize=7)
        curves.tick_params(labelsize=6)
    grid[1].legend(fontsize=6, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderaxespad=0.2)
    grid[-1].set_xlabel("s", fontsize=7)
    with whole_file(path) as out:
        figure.savefig(out, format="png", dpi=110)


def main(argv: list[str] | None = None) -> int:
    """0: done; 2: an error of the user's to mend."""
    parser = argparse.ArgumentParser(prog="python -m phiz.evaluate.video.lasting", description=__doc__)
    parser.add_argument("clips", type=Path, metavar="CLIPS")
    parser.add_argument("audio", type=Path, metavar="AUDIO")
    parser.add_argument("films", type=Path, metavar="FILMS")
    parser.add_argument("--model", type=Path, metavar="DIR", help="video model (default: the one that ships)")
    parser.add_argument("--people", type=int, default=2, metavar="N", help="to film (default 2)")
    report.add_out(parser)
    args = parser.parse_args(argv)
    return status_of(lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    if args.out is not None:
        check_writable(args.out)
    found = measure(args.clips, args.audio, args.films, args.model, args.people)
    heads = [f"part {number + 1} of {PARTS}" for number in range(PARTS)]
    table = Table("person", "", *heads, title="a long film, by its parts")
    data = []
    for one in found:
        known, own, other = (one.parts(values) for values in (one.known, one.own, one.other))
        data.append({"person": one.person, "known": known, "own": own, "other": other})
        table.add_row(str(one.person), "known", *(f"{share:.1%}" for share in known))
        table.add_row("", "to its portrait", *(f"{far:.1f}" for far in own))
        table.add_row("", "to the nearest other", *(f"{far:.1f}" for far in other))
    Console().print(table)
    if args.out is not None:
        report.save_data(data, args.out)
        save_picture(found, args.out.with_suffix(".png"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
