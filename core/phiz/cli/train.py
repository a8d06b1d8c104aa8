"""phiz train: the audio encoder, and the base model that listens to it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from phiz.errors import PhizError

_EPILOG = """\
examples:
  phiz train encoder corpus runs/encoder
  phiz train stage1 corpus --encoder runs/encoder/encoder.safetensors runs/stage1
  phiz train stage1 corpus --encoder xls-r-300m runs/large --config seed --device cuda

CORPUS is what `phiz corpus` wrote. OUT gets the checkpoint, log.csv and log.png. A run that was
stopped goes on from its checkpoint: give the same OUT again. `python -m export` makes a model bundle
of the two checkpoints.
"""


class TrainError(PhizError):
    """Training cannot start: a package, a device or the corpus is missing."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `train` to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train the audio encoder or the base model",
        description="Train on a corpus. Needs the extra phiz[train].",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="encoder|stage1")
    encoder = kinds.add_parser("encoder", help="the audio encoder `phone`")
    _add_common(encoder, steps=1600, batch=32, rows="pieces of 4 s")
    stage1 = kinds.add_parser("stage1", help="the base model")
    _add_common(stage1, steps=4000, batch=16, rows="windows of 5 s")
    stage1.add_argument(
        "--encoder",
        type=Path,
        required=True,
        metavar="FILE",
        help="encoder.safetensors of `phiz train encoder`, or a Hugging Face folder of a Wav2Vec2 network",
    )
    stage1.add_argument(
        "--config",
        choices=("default", "seed"),
        default="default",
        help="size: default, which ships, or seed, of Cafe-Talk's size (default default)",
    )


def _add_common(parser: argparse.ArgumentParser, steps: int, batch: int, rows: str) -> None:
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder that `phiz corpus` wrote")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the run, new or to be continued")
    parser.add_argument(
        "--steps", type=_positive, default=steps, metavar="N", help=f"in all (default {steps})"
    )
    parser.add_argument(
        "--batch", type=_positive, default=batch, metavar="N", help=f"{rows} per step (default {batch})"
    )
    parser.add_argument(
        "--seed", type=_whole, default=0, metavar="N", help="of all that is drawn at random (default 0)"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default cpu")
    parser.add_argument("--threads", type=_positive, metavar="N", help="CPU threads (default: all)")


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 up, got {text}")
    return int(text)


def _positive(text: str) -> int:
    if _whole(text) == 0:
        raise argparse.ArgumentTypeError("expected a whole number from 1 up, got 0")
    return int(text)


def run(args: argparse.Namespace) -> int:
    """Check, say whether the run is new, train. Raises PhizError."""
    if not args.corpus.is_dir():
        raise TrainError(
            f"expected the folder of a corpus, there is no {args.corpus}; run `phiz corpus` first"
        )
    try:
        import torch

        if args.device == "cuda" and not torch.cuda.is_available():
            raise TrainError(f"PyTorch {torch.__version__} finds no GPU for --device cuda; leave it out")
        if args.threads:
            torch.set_num_threads(args.threads)
        args.out.mkdir(parents=True, exist_ok=True)
        path = _stage1(args) if args.kind == "stage1" else _encoder(args)
    except ImportError as error:
        raise TrainError(
            f"training needs {error.name}; install it with: pip install 'phiz[train]'"
        ) from error
    except OSError as error:
        raise TrainError(f"training stopped: {error}") from error
    print(path)
    return 0


def _encoder(args: argparse.Namespace) -> Path:
    from phiz.model.phone_encoder import PhoneEncoderConfig
    from phiz.train.encoder import train

    _say_resumed(args.out / "encoder.safetensors", args.steps)
    return train(
        args.corpus,
        args.out,
        config=PhoneEncoderConfig(),
        steps=args.steps,
        batch=args.batch,
        seed=args.seed,
        device=args.device,
    )


def _stage1(args: argparse.Namespace) -> Path:
    from phiz.corpus.teacher.styles import STYLES
    from phiz.model.dit import default_config, seed_config
    from phiz.train import hearing
    from phiz.train.stage1 import train

    _say_resumed(args.out / "stage1.safetensors", args.steps)
    sized = {"default": default_config, "seed": seed_config}[args.config]
    return train(
        args.corpus,
        args.encoder,
        args.out,
        config=sized(hearing.audio_width(args.encoder), len(STYLES)),
        steps=args.steps,
        batch=args.batch,
        seed=args.seed,
        device=args.device,
    )


def _say_resumed(path: Path, steps: int) -> None:
    from phiz.train import checkpoint

    if path.is_file():
        step = checkpoint.facts(path)["step"]
        done = (
            f"{path} has all of {step} steps"
            if step >= steps
            else f"resuming {path} at step {step} of {steps}"
        )
        print(done, file=sys.stderr)
