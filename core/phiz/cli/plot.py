"""phiz plot: a picture of a Take."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

_EPILOG = """\
examples:
  phiz plot hello.csv -o hello.png --audio hello.wav
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `plot` to the command line."""
    parser = subparsers.add_parser(
        "plot",
        help="draw the channels of a Take as PNG",
        description="Draw the channels and head rotation of a Take, and the waveform, over time.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("take", type=Path, metavar="TAKE", help="a .csv (Live Link Face), .json or .npz")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="PNG", help="picture to write")
    parser.add_argument("--audio", type=Path, metavar="AUDIO", help="recording to draw above it")


def run(args: argparse.Namespace) -> int:
    """Read, draw, write. Raises PhizError."""
    from phiz.audio import recording
    from phiz.cli import UsageError
    from phiz.motion import plot, take
    from phiz.writing import check_writable

    if args.out.suffix.lower() != ".png":
        raise UsageError(f"A picture is a .png file; got {args.out}. Change the suffix.")
    check_writable(args.out)
    performance = take.load(args.take)
    samples = None if args.audio is None else recording.load(args.audio).samples
    plot.save_png(performance, args.out, samples)
    print(args.out, file=sys.stderr)
    return 0
