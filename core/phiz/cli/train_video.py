"""phiz train video: a model of talking portraits from a folder of clips."""

from __future__ import annotations

import argparse
from pathlib import Path

from phiz.cli.generate import positive
from phiz.errors import PhizError

_EPILOG = """\
examples:
  phiz clips DATA clips && phiz train video clips runs/video
  phiz train video clips runs/dit --backbone dit
  phiz train video clips runs/large --weights stable-diffusion --device cuda --precision bfloat16

CLIPS is what `phiz clips` renders, or a folder of your own films laid out likewise (docs/video.md). OUT
gets checkpoints, logs and OUT/model, which `phiz video --model` takes. A run that was stopped goes on when
the same command is given again.
"""


class VideoTrainError(PhizError):
    """Training cannot start: a package or a device is missing, or options exclude each other."""


def add_parser(kinds: argparse._SubParsersAction) -> None:
    """Add `video` to the kinds of `phiz train`."""
    parser = kinds.add_parser(
        "video",
        help="talking portraits, from clips",
        description="Train a model of talking portraits. Needs phiz[train,video].",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clips", type=Path, metavar="CLIPS", help="folder of clips")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the run, new or to be continued")
    parser.add_argument(
        "--backbone", choices=("unet", "dit"), default="unet", help="what denoises (default unet)"
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="DIR",
        help="Stable Diffusion 1.5, AnimateDiff, CLIP and Wav2Vec2 to stand on (default: a small model)",
    )
    for name, default, what in (
        ("autoencoder", 4000, "steps of the small autoencoder"),
        ("stage1", 3000, "steps on single frames"),
        ("stage2", 300, "steps on motion"),
        ("decoder", 2000, "steps on the autoencoder's decoder alone, at the end"),
    ):
        parser.add_argument(
            f"--{name}", type=positive, default=default, metavar="N", help=f"{what} (default {default})"
        )
    parser.add_argument(
        "--batch",
        type=positive,
        default=8,
        metavar="N",
        help="faces a step: 4 frames each in stage 1, a quarter as many of 16 in stage 2 (default 8)",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (default 0)")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default cpu")
    parser.add_argument("--threads", type=positive, metavar="N", help="CPU threads (default: all)")


def run(args: argparse.Namespace) -> int:
    """Check, train. Raises PhizError."""
    import sys

    try:
        import torch

        from phiz.train.video.whole import Effort, train
    except ImportError as error:
        raise VideoTrainError(
            f"training films needs {error.name}; install it with: pip install 'phiz[train,video]'"
        ) from error
    if args.device == "cuda" and not torch.cuda.is_available():
        raise VideoTrainError(f"PyTorch {torch.__version__} finds no GPU for --device cuda; leave it out")
    if args.weights is not None and args.backbone != "unet":
        raise VideoTrainError("large weights are a U-Net's; leave --backbone or --weights out")
    if args.threads:
        torch.set_num_threads(args.threads)
    rows = (args.batch, max(1, args.batch // 4))
    effort = Effort(args.autoencoder, args.stage1, args.stage2, args.decoder, rows)
    path = train(
        args.clips,
        args.out,
        effort=effort,
        kind=args.backbone,
        weights=args.weights,
        seed=args.seed,
        precision=args.precision,
        device=args.device,
        say=lambda line: print(line, file=sys.stderr),
    )
    print(path)
    return 0
