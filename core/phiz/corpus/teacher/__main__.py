"""`python -m phiz.corpus.teacher CLIPS [...]`: perform clips and print what the teacher achieves on the mesh.

CLIPS is a `clips.jsonl` of a built corpus, or a `phones.json` of id -> [[start, end, PHONE], ...].
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from phiz.audio.phones import INDEX
from phiz.corpus.teacher import FPS, TeacherError, perform
from phiz.corpus.teacher.check import Tally
from phiz.corpus.teacher.coarticulation import Phone
from phiz.corpus.teacher.styles import TAUGHT
from phiz.errors import PhizError
from phiz.face.emotions import EMOTIONS

LOUDNESS_SPREAD = 4.0
"""Standard deviation, in dB, of the random loudness given to the clips, whose sound is not read."""


def read_clips(path: Path) -> list[tuple[list[Phone], float]]:
    """(phones, seconds) of every clip that has phones. Raises TeacherError."""
    if not path.is_file():
        raise TeacherError(f"expected a clips.jsonl or phones.json, found no file {path}")
    text = path.read_text()
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in text.splitlines() if line.strip()]
        listed = [(row["phones"], row["samples"] / 16000) for row in rows if row["phones"]]
    else:
        found = json.loads(text).values()
        listed = [
            (row, row[-1][1]) for row in (r["phones"] if isinstance(r, dict) else r for r in found) if row
        ]
    return [
        ([(float(s), float(e), str(n)) for s, e, n in phones if n in INDEX], float(seconds))
        for phones, seconds in listed
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m phiz.corpus.teacher", description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--limit", type=int, help="clips per file")
    parser.add_argument("--style", choices=TAUGHT)
    parser.add_argument("--emotion", choices=EMOTIONS)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    tally = Tally.empty()
    try:
        for path in args.clips:
            for i, (phones, seconds) in enumerate(read_clips(path)[: args.limit]):
                rng = np.random.default_rng([args.seed, i])
                loudness = rng.normal(0.0, LOUDNESS_SPREAD, round(seconds * FPS))
                tally.add(phones, perform(phones, seconds, loudness, rng, args.emotion, args.style).weights)
    except PhizError as error:
        print(error, file=sys.stderr)
        return 2
    print("\n".join(tally.lines()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
