"""phiz video: a portrait and a recording become a talking-head film."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from phiz.acting import options as acting
from phiz.cli.generate import performance, positive
from phiz.errors import PhizError

if TYPE_CHECKING:
    from phiz.acting.direction import Direction
    from phiz.audio.recording import Recording
    from phiz.motion.take import Take

_EPILOG = """\
examples:
  phiz video anna.png hello.wav -o hello.mp4
  phiz video anna.png hello.wav -o hello.mp4 --emotion happy --au 1:0.8@1.0-2.0
  phiz video anna.png hello.wav -o hello.mp4 --direction notes.json --take hello.npz --drive take
  phiz video someone.jpg hello.wav -o hello.mp4 --model runs/large/model --weights stable-diffusion

Needs the extra phiz[video]. The small model knows renders of Phiz's own heads alone, 64 pixels wide; a
picture of a real person needs large weights: docs/video.md. A run that was stopped goes on when the same
command is given again.
"""


class VideoError(PhizError):
    """The film cannot be made: a package is missing, or options do not go together."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `video` to the command line."""
    parser = subparsers.add_parser(
        "video",
        help="make a talking portrait, as a film",
        description="Make a talking-head film of a portrait and a voice recording.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("portrait", type=Path, metavar="PORTRAIT", help="picture of the face at rest")
    parser.add_argument("audio", type=Path, metavar="AUDIO", help="recording: WAV, FLAC, Ogg, MP3, ...")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="film to write: .mp4")
    parser.add_argument(
        "--progress-lines",
        action="store_true",
        help="print how far it is, 0 to 1, a line each, for a program that runs this",
    )
    parser.add_argument(
        "--take",
        type=Path,
        metavar="FILE",
        help="Take that the face follows (default: made of the recording, as `phiz generate` does)",
    )
    parser.add_argument(
        "--drive",
        choices=("audio", "take", "both"),
        default="both",
        help="what moves the face: the sound, with the head alone from the Take; the Take; both (default)",
    )
    acting.add_options(parser)
    making = parser.add_argument_group("making")
    making.add_argument("--steps", type=positive, metavar="N", help="of denoising (default: the model's)")
    making.add_argument(
        "--stages", type=positive, default=2, metavar="K", help="of prompts, coarse to fine (default 2)"
    )
    making.add_argument(
        "--boundary",
        type=_share,
        default=0.4,
        metavar="X",
        help="share of the steps after which the fine prompt takes over, 0 to 1 (default 0.4)",
    )
    making.add_argument("--threads", type=positive, metavar="N", help="CPU threads (default: all)")
    making.add_argument(
        "--bundle", type=Path, metavar="DIR", help="model bundle that hears and makes the Take"
    )
    making.add_argument("--model", type=Path, metavar="DIR", help="video model (default: the one that ships)")
    making.add_argument(
        "--weights", type=Path, metavar="DIR", help="large weights that a large --model stands on"
    )


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"expected a number, 0 to 1, got {text}")
    return value


def run(args: argparse.Namespace) -> int:
    """Check everything that can be checked first, then make. Raises PhizError."""
    from phiz.acting.remarks import notes_on
    from phiz.audio import recording
    from phiz.cli.progress import progress_bar, progress_lines
    from phiz.runtime import bundle
    from phiz.writing import check_writable

    if args.out.suffix.lower() != ".mp4":
        raise VideoError(f"expected a film to write that ends in .mp4, came {args.out}")
    check_writable(args.out)
    direction, remarks = acting.direction(args)
    voice = recording.load(args.audio)
    remarks += notes_on(direction, voice.seconds)
    try:
        import torch

        from phiz.video import opening, pipeline, portrait
        from phiz.video.guidance import Progressive
    except ImportError as error:
        raise VideoError(f"films need {error.name}; install it with: pip install 'phiz[video]'") from error
    if args.threads:
        torch.set_num_threads(args.threads)
    hearing = bundle.load(args.bundle, threads=args.threads)
    model, senses = opening.open_model(args.model, args.weights, hearing)
    picture = portrait.read(args.portrait, model.manifest.size)
    remarks += opening.remarks(model, picture)
    for remark in remarks:
        print(f"note: {remark}.", file=sys.stderr, flush=True)
    shown = progress_lines() if args.progress_lines else progress_bar(f"Filming {voice.seconds:.1f} s")
    with shown as progress:
        take = _take(args, voice, direction, hearing)
        frames = pipeline.make(
            pipeline.Scene(picture, voice, direction, take, args.drive),
            model,
            senses,
            args.out,
            progressive=Progressive(args.stages, args.boundary),
            steps=args.steps,
            progress=progress,
        )
    print(f"{args.out}: {frames} frames at {model.manifest.fps:g} fps", file=sys.stderr)
    return 0


def _take(args: argparse.Namespace, voice: Recording, direction: Direction, hearing) -> Take:
    """The Take that was given, or one made of the recording."""
    from phiz.motion import take
    from phiz.runtime.generate import generate

    if args.take is not None:
        return take.load(args.take)
    return generate(voice, direction, hearing, **performance(args))
