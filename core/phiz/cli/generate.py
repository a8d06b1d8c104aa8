"""phiz generate: a recording becomes a Take."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from phiz.acting import options as acting

_EPILOG = """\
examples:
  phiz generate hello.wav -o hello.csv
  phiz generate hello.wav -o hello.csv --emotion happy --intensity 0.7 --seed 3
  phiz generate hello.wav -o hello.csv --emotion sad --au 12:0.8@1.0-2.5 --au 2L:0.5@3-4
  phiz generate hello.mp3 -o hello.npz --fps 60 --direction notes.json
  phiz generate hello.wav -o hello.csv --style-from captured.csv

OUT: .csv is the CSV of the Live Link Face app, for Unreal and others; .json and .npz also keep where
the Take came from. Same recording, notes, seed and bundle: same bytes. An Action Unit event changes
nothing outside its span. Acting notes as a file, and all Action Units: docs/direction.md.
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
    acting.add_options(parser)
    making = parser.add_argument_group("making")
    add_sampling(making)
    making.add_argument("--threads", type=positive, metavar="N", help="CPU threads (default: all useful)")
    making.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (default: the shipped one)")


def add_sampling(making: argparse._ArgumentGroup) -> None:
    """Add the options of making that a line of a batch has too."""
    making.add_argument("--fps", type=float, default=30.0, metavar="F", help="frames per second (default 30)")
    making.add_argument("--steps", type=positive, metavar="N", help="sampling steps (default: the bundle's)")


def positive(text: str) -> int:
    """A whole number from 1 up, of an option."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up, got {text}")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked first, then generate and save. Raises PhizError."""
    from phiz.acting.remarks import notes_on
    from phiz.audio import recording
    from phiz.cli.progress import progress_bar
    from phiz.motion.storage import checked_suffix
    from phiz.motion.take import checked_fps
    from phiz.writing import check_writable

    direction, remarks = acting.direction(args)
    fps = checked_fps(args.fps)
    checked_suffix(args.out)
    check_writable(args.out)
    voice = recording.load(args.audio)
    options = performance(args)
    remarks += notes_on(direction, voice.seconds)

    from phiz.runtime import bundle
    from phiz.runtime.generate import generate

    model = bundle.load(args.bundle, threads=args.threads)
    for remark in remarks:
        print(f"note: {remark}.", file=sys.stderr)
    with progress_bar(f"Generating {voice.seconds:.1f} s") as progress:
        take = generate(voice, direction, model, steps=args.steps, fps=fps, progress=progress, **options)
    take.save(args.out)
    print(f"{args.out}: {take.frames} frames at {take.fps:g} fps, {take.seconds:.2f} s", file=sys.stderr)
    return 0


def performance(args: argparse.Namespace) -> dict[str, Any]:
    """What `generate` is told beside the Direction; what is not given keeps its default. Raises TakeError."""
    from phiz.motion import take
    from phiz.runtime.control import Control

    given: dict[str, Any] = {}
    if args.articulation is not None:
        given["articulation"] = args.articulation
    if args.control is not None:
        given["control"] = Control(strength=args.control)
    if args.style_from is not None:
        given["reference"] = take.load(args.style_from)
    return given
