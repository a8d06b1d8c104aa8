"""Draw docs/pictures/film_strips.jpg: the same moments of the same clips, filmed in several ways.

    python docs/film_strips.py CLIPS NAME=FILMS...

CLIPS is a folder that `phiz clips` filmed, FILMS what `python -m phiz.evaluate.video.filming` made of it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from phiz.evaluate.video.run import frames_held
from phiz.video import clips, film

OUT = Path(__file__).parent / "pictures/film_strips.jpg"
PEOPLE, MOMENTS = 2, 10


def moments(clip: clips.Clip) -> np.ndarray:
    """Frames spread over the clip, one of them in the middle of each of its events."""
    last = len(clip.frames) - 1
    at = np.linspace(0, last, MOMENTS).round().astype(int)
    for event in clip.direction.events if clip.direction else ():
        held = frames_held(event, clip)
        middle = held[len(held) // 2]
        at[np.abs(at - middle).argmin()] = middle
    return np.sort(at)


def main(root: Path, ways: dict[str, Path]) -> None:
    index = clips.read_index(root)
    entries = [entry for entry in index.clips if entry.split == "test"]
    chosen = [clips.load(root, index, entry) for entry in entries[:PEOPLE]]
    figure = Figure(figsize=(11.0, 0.95 * PEOPLE * (len(ways) + 1)), layout="constrained")
    grid = iter(figure.subplots(PEOPLE * (len(ways) + 1), 1))
    for clip in chosen:
        at = moments(clip)
        units = ", ".join(f"{e.au}{e.side}" for e in clip.direction.events) if clip.direction else ""
        filmed = {f"true film\n(units {units})": clip.frames}
        filmed |= {name: film.read(folder / f"{clip.name}.mp4")[0] for name, folder in ways.items()}
        for (name, frames), axes in zip(filmed.items(), grid, strict=False):
            axes.imshow(np.concatenate([clip.portrait, *frames[at]], axis=1), interpolation="bicubic")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
            axes.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8)
    figure.savefig(OUT, dpi=110, bbox_inches="tight", pil_kwargs={"quality": 80})
    print(f"{OUT}: {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    ways = [word.partition("=") for word in sys.argv[2:]]
    main(Path(sys.argv[1]), {name: Path(folder) for name, _, folder in ways})
