"""Draw docs/pictures/clips.jpg from a folder of `phiz clips`: `python docs/clip_pictures.py CLIPS`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from phiz.video import clips

OUT = Path(__file__).parent / "pictures/clips.jpg"
PEOPLE, COLUMNS, MOMENTS = 16, 2, 6
SCALE = 96  # pixels of a picture's side


def row(clip: clips.Clip) -> np.ndarray:
    """The portrait and some frames, side by side."""
    at = np.linspace(0.1, 0.9, MOMENTS) * (len(clip.frames) - 1)
    return np.concatenate([clip.portrait, *clip.frames[at.round().astype(int)]], axis=1)


def main(root: Path) -> None:
    index = clips.read_index(root)
    first = {entry.identity: entry for entry in reversed(index.clips)}
    chosen = [first[name] for name in sorted(first, key=int)[:PEOPLE]]
    rows = [row(clips.load(root, index, entry)) for entry in chosen]
    columns = [np.concatenate(rows[k::COLUMNS]) for k in range(COLUMNS)]
    sheet = Image.fromarray(np.concatenate(columns, axis=1))
    share = SCALE / index.size
    size = round(sheet.width * share), round(sheet.height * share)
    sheet.resize(size, Image.Resampling.BICUBIC).save(OUT, quality=80)
    print(f"{OUT}: {size[0]} x {size[1]} pixels, {OUT.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
