"""phiz train finetune: look over a person's own takes, and teach a model bundle their face."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from phiz.errors import PhizError

if TYPE_CHECKING:
    from phiz.runtime.bundle import Bundle
    from phiz.train.takes.check import Checked

_EPILOG = """\
examples:
  phiz train finetune --takes takes --check
  phiz train finetune --takes takes -o anna --style anna
  accelerate launch --num_processes 2 -m phiz train finetune --takes takes -o anna --device cuda

TAKES holds pairs of one name: curves (a CSV of the Live Link Face app, or a Take of ours as .npz or .json)
and the recording. --check looks them over and trains nothing; exit code 1 says that one cannot be used.
DIR gets checks.json, the state of the run, from which it goes on if it was stopped, and DIR/bundle, which
--bundle of the other commands takes and Blender in Preferences > Add-ons > Phiz > Model.
"""


class FinetuneError(PhizError):
    """An option of `phiz train finetune` is missing or does not fit."""


def add_parser(kinds: argparse._SubParsersAction) -> None:
    """Add `finetune` to the kinds of `phiz train`."""
    parser = kinds.add_parser(
        "finetune",
        help="a bundle on your own captured takes",
        description="Check takes of one face and teach a model bundle that face. Needs phiz[train].",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--takes", type=Path, required=True, metavar="TAKES", help="folder of takes")
    parser.add_argument("--check", action="store_true", help="only say what is wrong with the takes")
    parser.add_argument("--bundle", type=Path, help="model bundle to begin with (default: the shipped one)")
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="folder of the run, new or to go on")
    parser.add_argument("--style", default="own", metavar="NAME", help="name of the new style (default own)")
    parser.add_argument(
        "--full", action="store_true", help="train all weights, for hours of takes (default: low-rank)"
    )
    parser.add_argument("--steps", type=int, default=400, metavar="N", help="at most (default 400)")
    parser.add_argument(
        "--batch", type=int, default=8, metavar="N", help="windows a step, in each process (default 8)"
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of all that is drawn (default 0)")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="default cpu")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all)")


def run(args: argparse.Namespace) -> int:
    """Check, and train where that was not all. Raises PhizError."""
    import json
    import os

    from rich.console import Console

    from phiz.cli.progress import progress_bar
    from phiz.runtime import bundle
    from phiz.train.takes import check, pairs
    from phiz.writing import whole_file

    if args.out is None and not args.check:
        raise FinetuneError("expected -o DIR for what is trained, or --check")
    first = int(os.environ.get("RANK", "0")) == 0  # of the processes of `accelerate launch`
    found, alone = pairs.find(args.takes)
    hearing = bundle.load(args.bundle, threads=args.threads)
    with progress_bar("looking over the takes") as progress:
        checked = check.check(found, hearing, progress)
    if first:
        check.show(checked, alone, Console())
        if args.out is not None:
            args.out.mkdir(parents=True, exist_ok=True)
            with whole_file(args.out / "checks.json") as stream:
                stream.write(json.dumps(check.as_json(checked, alone, args.takes), indent=1).encode())
    if args.check:
        return 0 if all(one.usable for one in checked) else 1
    _train(args, checked, hearing, first)
    return 0


def _train(args: argparse.Namespace, checked: list[Checked], hearing: Bundle, first: bool) -> None:
    try:
        import torch

        from phiz.train import face_bundle, finetune, lora
        from phiz.train.own_face import own_face
        from phiz.train.processes import Processes
    except ImportError as error:
        raise FinetuneError(
            f"training needs {error.name}; install it with: pip install 'phiz[train]'"
        ) from error
    if args.device == "cuda" and not torch.cuda.is_available():
        raise FinetuneError(f"PyTorch {torch.__version__} finds no GPU for --device cuda; leave it out")
    if args.style in hearing.manifest.styles or not args.style.isidentifier():
        raise FinetuneError(
            f"expected a new style, one word, that is none of {', '.join(hearing.manifest.styles)}; came "
            f"{args.style!r}"
        )
    if args.steps < 1 or args.batch < 1:
        raise FinetuneError(f"expected --steps and --batch of 1 or more, came {args.steps} and {args.batch}")
    if args.threads:
        torch.set_num_threads(args.threads)
    face, team = own_face(checked, hearing), Processes.of(args.device)
    done = finetune.train(
        hearing.folder,
        face,
        args.out,
        style=args.style,
        rank=None if args.full else lora.RANK,
        steps=args.steps,
        batch=args.batch,
        seed=args.seed,
        processes=team,
    )
    if not first:
        return
    takes = [one.take for one in checked if one.usable and one.take is not None]
    trained = {
        "steps": done.step,
        "rank": None if args.full else lora.RANK,
        "takes": [one.pair.name for one in checked if one.usable],
        "held_out": face.held_out,
        "held_out_before": done.before,
        "held_out_after": done.after,
    }
    name = f"{hearing.manifest.name}-{args.style}"
    where = args.out / "bundle"
    face_bundle.write(hearing.folder, done.model, args.style, takes, trained, where, name)
    print(f"held-out loss {done.before:.3f} before, {done.after:.3f} after {done.step} steps")
    print(where)
