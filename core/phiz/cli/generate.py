"""phiz generate: a recording becomes a Take."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phiz.acting.direction import Direction

_EPILOG = """\
examples:
  phiz generate hello.wav -o hello.csv
  phiz generate hello.wav -o hello.csv --emotion happy --intensity 0.7 --seed 3
  phiz generate hello.mp3 -o hello.npz --fps 60 --direction notes.json

OUT: .csv is the CSV of the Live Link Face app, for Unreal and others; .json and .npz also keep where
the Take came from. Same recording, notes, seed and bundle: same bytes.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `generate` to the command line."""
    parser = subparsers.add_parser(
        "generate",
        help="make face animation from a recording",
        description="Make face animation from a voice recording.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("audio", type=Path, metavar="AUDIO", help="recording: WAV, FLAC, Ogg, MP3, ...")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help="file to write: .csv, .json or .npz"
    )
    notes = parser.add_argument_group("acting")
    notes.add_argument(
        "--emotion",
        metavar="NAME",
        help="neutral (default), angry, contempt, disgusted, fear, happy, sad or surprised",
    )
    notes.add_argument("--intensity", type=float, metavar="X", help="of the emotion, 0 to 1 (default 1)")
    notes.add_argument("--style", metavar="NAME", help="a style of the model bundle")
    notes.add_argument("--seed", type=int, metavar="N", help="another seed, another performance (default 0)")
    notes.add_argument(
        "--direction",
        type=Path,
        metavar="FILE.json",
        help="acting notes over time; --style and --seed go before what stands in it",
    )
    making = parser.add_argument_group("making")
    making.add_argument("--fps", type=float, default=30.0, metavar="F", help="frames per second (default 30)")
    making.add_argument("--steps", type=_positive, metavar="N", help="sampling steps (default: the bundle's)")
    making.add_argument("--threads", type=_positive, metavar="N", help="CPU threads (default: all useful)")
    making.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (default: the shipped one)")


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up, got {text}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked first, then generate and save. Raises PhizError."""
    from phiz.audio import recording
    from phiz.cli.progress import progress_bar
    from phiz.motion.storage import checked_suffix
    from phiz.motion.take import checked_fps
    from phiz.writing import check_writable

    direction = _direction(args)
    fps = checked_fps(args.fps)
    checked_suffix(args.out)
    check_writable(args.out)
    voice = recording.load(args.audio)

    from phiz.runtime import bundle
    from phiz.runtime.generate import generate

    model = bundle.load(args.bundle, threads=args.threads)
    with progress_bar(f"Generating {voice.seconds:.1f} s") as progress:
        take = generate(voice, direction, model, steps=args.steps, fps=fps, progress=progress)
    take.save(args.out)
    print(f"{args.out}: {take.frames} frames at {take.fps:g} fps, {take.seconds:.2f} s", file=sys.stderr)
    return 0


def _direction(args: argparse.Namespace) -> Direction:
    """The acting notes of the options. Raises DirectionError or UsageError."""
    from phiz.acting.direction import Direction
    from phiz.cli import UsageError

    given = {name: value for name in ("style", "seed") if (value := getattr(args, name)) is not None}
    if args.direction is not None:
        if args.emotion is not None or args.intensity is not None:
            raise UsageError("--emotion and --intensity exclude --direction, which holds both. Give one.")
        return Direction(**(Direction.from_file(args.direction).model_dump() | given))
    if args.intensity is not None and args.emotion is None:
        raise UsageError("--intensity needs --emotion: it says how strongly that one shows.")
    if args.emotion is None:
        return Direction(**given)
    return Direction.of(args.emotion, 1.0 if args.intensity is None else args.intensity, **given)
