"""phiz train: the audio encoder, the base model that listens to it, its adapter for Action Units, what hears
emotion, guidance in one run, and talking portraits."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from phiz.cli import finetune, train_video
from phiz.errors import PhizError

_EPILOG = """\
examples:
  phiz train encoder corpus runs/encoder
  phiz train stage1 corpus --encoder runs/encoder/encoder.safetensors runs/stage1
  phiz train stage1 corpus --encoder xls-r-300m runs/large --config seed --device cuda
  phiz train stage2 corpus --encoder runs/encoder/encoder.safetensors \\
      --base runs/stage1/stage1.safetensors runs/stage2
  phiz train feeling corpus runs/feeling
  phiz train distill corpus runs/distill --bundle runs/bundle
  phiz train finetune --takes takes -o bundles/anna
  phiz train video clips runs/video

CORPUS is what `phiz corpus` wrote. OUT gets the checkpoint, log.csv and log.png. A run that was
stopped goes on from its checkpoint: give the same OUT again; `feeling` and `distill` take
minutes and start anew.
`python -m export` makes a model bundle of the checkpoints.
"""


class TrainError(PhizError):
    """Training cannot start: a package, a device or the corpus is missing."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `train` to the command line."""
    parser = subparsers.add_parser(
        "train",
        help="train the audio encoder, the base model, its adapter or what hears emotion",
        description="Train on a corpus. Needs the extra phiz[train].",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="encoder|stage1|...")
    encoder = kinds.add_parser("encoder", help="the audio encoder `phone`")
    _add_common(encoder, steps=1600, batch=32, rows="pieces of 4 s")
    stage1 = kinds.add_parser("stage1", help="the base model")
    _add_common(stage1, steps=4000, batch=16, rows="windows of 5 s")
    _add_encoder(stage1)
    stage1.add_argument(
        "--config",
        choices=("default", "seed"),
        default="default",
        help="size: default, which ships, or seed, of Cafe-Talk's size (default default)",
    )
    stage1.add_argument(
        "--conditions",
        type=Path,
        metavar="FOLDER",
        help="Hugging Face folder of a CLIP, whose text encoder then tells emotion (default: labels)",
    )
    stage2 = kinds.add_parser("stage2", help="Action Units on top of a base model, which stays as it is")
    _add_common(stage2, steps=4000, batch=16, rows="windows of 3.3 s")
    _add_encoder(stage2)
    stage2.add_argument(
        "--base",
        type=Path,
        required=True,
        metavar="FILE",
        help="stage1.safetensors of `phiz train stage1` with the same encoder",
    )
    stage2.add_argument(
        "--ablate",
        choices=("swap", "stages"),
        help="for comparison: labels are not swapped, or base and adapter are learnt at once from nothing",
    )
    feeling = kinds.add_parser(
        "feeling", help="what hears the emotion in a voice; prints how often it is right"
    )
    _add_run(feeling)
    feeling.set_defaults(device="cpu")
    distill = kinds.add_parser(
        "distill", help="guidance in one run of a bundle's denoiser; needs the sound of the corpus alone"
    )
    _add_run(distill)
    distill.add_argument("--bundle", type=Path, metavar="DIR", help="default: the one that ships")
    distill.add_argument(
        "--windows",
        type=_positive,
        default=256,
        metavar="N",
        help="of 5 s that it is fitted on (default 256)",
    )
    distill.set_defaults(device="cpu")
    finetune.add_parser(kinds)
    train_video.add_parser(kinds)


def _add_encoder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--encoder",
        type=Path,
        required=True,
        metavar="FILE",
        help="encoder.safetensors of `phiz train encoder`, or a Hugging Face folder of a Wav2Vec2 network",
    )


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("corpus", type=Path, metavar="CORPUS", help="folder that `phiz corpus` wrote")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder of the run, new or to be continued")
    parser.add_argument(
        "--seed", type=_whole, default=0, metavar="N", help="of all that is drawn at random (default 0)"
    )
    parser.add_argument("--threads", type=_positive, metavar="N", help="CPU threads (default: all)")


def _add_common(parser: argparse.ArgumentParser, steps: int, batch: int, rows: str) -> None:
    _add_run(parser)
    parser.add_argument(
        "--steps", type=_positive, default=steps, metavar="N", help=f"in all (default {steps})"
    )
    parser.add_argument(
        "--batch", type=_positive, default=batch, metavar="N", help=f"{rows} per step (default {batch})"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default cpu")


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
    own = {"finetune": finetune, "video": train_video}
    if args.kind in own:
        return own[args.kind].run(args)
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
        kinds = {"encoder": _encoder, "stage1": _stage1, "stage2": _stage2, "feeling": _feeling}
        kinds |= {"distill": _distill}
        path = kinds[args.kind](args)
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
    from phiz.train.stage1 import LABELS, train

    conditions = LABELS
    if args.conditions is not None:
        from phiz.model.clip_text import ClipText

        conditions = ClipText(args.conditions)
    _say_resumed(args.out / "stage1.safetensors", args.steps)
    sized = {"default": default_config, "seed": seed_config}[args.config]
    config = sized(hearing.audio_width(args.encoder), len(STYLES))
    return train(
        args.corpus,
        args.encoder,
        args.out,
        config=replace(config, emotion=conditions.width),
        steps=args.steps,
        batch=args.batch,
        seed=args.seed,
        device=args.device,
        conditions=conditions,
    )


def _stage2(args: argparse.Namespace) -> Path:
    from phiz.train import one_stage, stage2

    where = (args.corpus, args.encoder, args.base, args.out)
    how = {"steps": args.steps, "batch": args.batch, "seed": args.seed, "device": args.device}
    if args.ablate == "stages":
        _say_resumed(args.out / "both.safetensors", args.steps)
        return one_stage.train(*where, **how)
    _say_resumed(args.out / "stage2.safetensors", args.steps)
    return stage2.train(*where, **how, swap=args.ablate is None)


def _feeling(args: argparse.Namespace) -> Path:
    from phiz.train import checkpoint
    from phiz.train.feeling import report, train

    path = train(args.corpus, args.out, seed=args.seed)
    print(report(checkpoint.facts(path)))
    return path


def _distill(args: argparse.Namespace) -> Path:
    from phiz.runtime.bundle import SHIPPED
    from phiz.train import checkpoint
    from phiz.train.distill import train

    path = train(args.corpus, args.bundle or SHIPPED, args.out, windows=args.windows, seed=args.seed)
    left = ", ".join(f"{share:.3f}" for share in checkpoint.facts(path)["left_over"])
    print(f"of what being told nothing changes, by step, in squares, not foretold: {left}")
    return path


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
