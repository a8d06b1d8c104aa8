"""phiz clips: films of our own heads, to train and measure video with."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from phiz.cli.generate import positive

_EPILOG = """\
example:
  phiz clips recordings clips64 --size 64 --people 24 --each 6

DATA is any folder of recordings, those in its folders included; each clip says 2.4 to 4 s of one. What
OUT holds, and how to film your own: docs/video_clips.md. Needs the extra video: pip install phiz[video]
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `clips` to the command line."""
    parser = subparsers.add_parser(
        "clips",
        help="film heads of our own that speak: training data for video",
        description="Film random heads that speak recordings: a folder of clips to train video with.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of recordings")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write the clips into")
    parser.add_argument(
        "--size", type=positive, default=64, metavar="N", help="pixels of a side (default 64)"
    )
    parser.add_argument("--fps", type=float, default=15.0, metavar="F", help="frames per second (default 15)")
    parser.add_argument("--people", type=positive, default=24, metavar="N", help="to learn from (default 24)")
    parser.add_argument("--each", type=positive, default=6, metavar="N", help="clips of each (default 6)")
    parser.add_argument(
        "--test-people", type=positive, default=6, metavar="N", help="others, to measure with (default 6)"
    )
    parser.add_argument("--test-each", type=positive, default=4, metavar="N", help="of each (default 4)")
    parser.add_argument("--seed", type=int, default=0, help="other seeds film other people (default 0)")


def run(args: argparse.Namespace) -> int:
    """Film the clips. Raises PhizError."""
    from phiz.cli.progress import progress_bar
    from phiz.corpus.portraits.build import Plan, write_clips
    from phiz.runtime import bundle

    plan = Plan(
        people={"train": args.people, "test": args.test_people},
        each={"train": args.each, "test": args.test_each},
        size=args.size,
        fps=args.fps,
        seed=args.seed,
    )
    model = bundle.load()
    with progress_bar("Filming") as progress:
        index = write_clips(args.data, args.out, plan, model, progress)
    print(f"{args.out}: {len(index.clips)} clips", file=sys.stderr)
    return 0
