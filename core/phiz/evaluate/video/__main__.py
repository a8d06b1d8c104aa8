"""Measure generated films: `python -m phiz.evaluate.video GENERATED CLIPS`.

GENERATED holds NAME.mp4 for each clip of the split test, and NAME.without.mp4, of the same seed without
Action Unit events, where it has any. CLIPS is a folder that `phiz clips` filmed. To see what true films
measure, give CLIPS twice. The exit status is 1 where a figure falls short.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from phiz.errors import status_of
from phiz.evaluate.video import report
from phiz.evaluate.video.run import measure
from phiz.writing import check_writable


def main(argv: list[str] | None = None) -> int:
    """0: every bar is reached; 1: one is not; 2: an error of the user's to mend."""
    parser = argparse.ArgumentParser(prog="python -m phiz.evaluate.video", description=__doc__)
    parser.add_argument("generated", type=Path, metavar="GENERATED")
    parser.add_argument("clips", type=Path, metavar="CLIPS")
    report.add_out(parser)
    args = parser.parse_args(argv)
    return status_of(lambda: _run(args))


def _run(args: argparse.Namespace) -> int:
    if args.out is not None:
        check_writable(args.out)
    pairs = measure(args.generated, args.clips)
    Console().print(report.table(pairs))
    if args.out is not None:
        report.save_data(report.as_data(pairs), args.out)
        report.save_strip(pairs, args.out.with_suffix(".png"))
    return 0 if all(bar.reached for bar in report.bars(pairs)) else 1


if __name__ == "__main__":
    sys.exit(main())
