"""Rhubarb Lip Sync's mouth cues as an animator's add-on plays them: fixed poses with short fades.

The nine shapes are those of Rhubarb's README (A to H and X). A cue file is text: start in seconds, a
tab, the shape; each cue lasts until the next.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from phiz.errors import PhizError
from phiz.face.channels import vector

FADE = 0.080  # s from one pose to the next
FPS = 60.0

# Our reading of the pictures in the README. A: closed for P B M. B: clenched teeth, K S T and EE. C: open,
# EH AE. D: wide open, AA. E: slightly rounded, AO ER. F: puckered, UW OW W. G: upper teeth on the lower
# lip, F V. H: as C with the tongue up, L. X: idle, at rest. In A the lips just meet: pressed harder, the
# cues of the phonetic recogniser would touch in over 8 % of the other consonants and score nothing.
POSES: dict[str, np.ndarray] = {
    "A": vector(mouthPressBoth=0.35),
    "B": vector(jawOpen=0.08, mouthStretchBoth=0.25, mouthUpperUpBoth=0.15, mouthLowerDownBoth=0.20),
    "C": vector(jawOpen=0.30, mouthStretchBoth=0.15, mouthUpperUpBoth=0.10, mouthLowerDownBoth=0.15),
    "D": vector(jawOpen=0.55, mouthLowerDownBoth=0.15),
    "E": vector(jawOpen=0.30, mouthFunnel=0.35, mouthPucker=0.15),
    "F": vector(jawOpen=0.14, mouthFunnel=0.30, mouthPucker=0.75),
    "G": vector(jawOpen=0.07, mouthRollLower=0.30, mouthShrugLower=0.50, mouthUpperUpBoth=0.30),
    "H": vector(jawOpen=0.28, mouthUpperUpBoth=0.10, mouthLowerDownBoth=0.10),
    "X": vector(),
}


class CueError(PhizError):
    """A cue file is missing or holds something other than cues."""


def read_cues(path: Path) -> list[tuple[float, str]]:
    """[(start in seconds, shape), ...] of a cue file. Raises CueError."""
    if not path.is_file():
        raise CueError(f"expected Rhubarb's cues at {path}, found none; run Rhubarb with -f tsv")
    cues = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        start, _, shape = line.partition("\t")
        try:
            cues.append((float(start), shape))
        except ValueError:
            cues.append((0.0, ""))
        if cues[-1][1] not in POSES:
            raise CueError(f"expected 'seconds<tab>shape A to H or X' in {path} line {number}, came {line!r}")
    return cues


def performed(cues: list[tuple[float, str]], seconds: float) -> np.ndarray:
    """Cues -> (frames, 51) weights at 60 fps.

    Linear fades with their middle on each cue's start. A cue shorter than the fade is not fully
    reached, as where the strips of an animation editor overlap.
    """
    frames = np.arange(round(seconds * FPS)) / FPS
    weights = np.repeat(POSES[cues[0][1]][None], len(frames), 0)
    for (_, before), (start, shape) in pairwise(cues):
        part = np.clip((frames - start) / FADE + 0.5, 0, 1)[:, None]
        weights = weights + part * (POSES[shape] - POSES[before])
    return weights
