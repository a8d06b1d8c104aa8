"""phiz corpus: make the training data."""

from __future__ import annotations

import argparse
from pathlib import Path

_EPILOG = """\
DATA is the folder of recordings that docs/corpus.md describes. OUT gets one folder per source. The
speech engines and the text are Debian packages: flite festival festvox-kallpc16k festvox-kdlpc16k
festvox-us-slt-hts wordnet-base. A run that was stopped goes on where it was; a source or a
targets.npz that is deleted is made anew.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `corpus` to the command line."""
    parser = subparsers.add_parser(
        "corpus",
        help="make the training data: speech with phone times, and motion for it",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of recordings")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write the corpus into")
    parser.add_argument(
        "--hours",
        type=float,
        default=20.0,
        help="size: a fifth of it is clean synthetic speech, twice that warped; the recordings come "
        "whole, degraded and warped on top (default 20)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of everything drawn at random (default 0)")


def run(args: argparse.Namespace) -> int:
    """Make the corpus, one line of progress per source. Raises PhizError."""
    from phiz.corpus.build import write_corpus

    write_corpus(args.data, args.out, args.seed, args.hours, lambda line: print(line, flush=True))
    return 0
