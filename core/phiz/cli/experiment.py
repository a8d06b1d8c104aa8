"""phiz experiment: measure what Action Units do, and write the table and the picture."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `experiment` to the command line."""
    parser = subparsers.add_parser(
        "experiment",
        help="measure what Action Units do on held-out voices",
        description="Run one experiment on held-out voices; write NAME.md and NAME.png.",
    )
    parser.add_argument("name", metavar="NAME", help="which experiment; a wrong name lists them")
    parser.add_argument("--corpus", type=Path, required=True, help="folder that `phiz corpus` wrote")
    parser.add_argument("--rigs", type=Path, required=True, help="folder with ict_lip_gap.json")
    parser.add_argument("--bundle", type=Path, help="model bundle (default: the one that ships)")
    parser.add_argument(
        "--other",
        action="append",
        default=[],
        metavar="HOW=DIR",
        help="conflict: a bundle to compare with and how it was trained, such as 'labels not swapped=DIR'; "
        "repeatable",
    )
    parser.add_argument("-o", "--out", type=Path, default=Path("docs/experiments"), metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Measure, print, write. Raises PhizError."""
    import importlib

    from phiz.cli import UsageError
    from phiz.cli.progress import progress_bar
    from phiz.evaluate import test_sets
    from phiz.evaluate.experiments import EXPERIMENTS, Stage, write
    from phiz.motion.measures import load_lip_gap
    from phiz.runtime import bundle
    from phiz.writing import check_writable

    if args.name not in EXPERIMENTS:
        raise UsageError(f"expected an experiment of {', '.join(EXPERIMENTS)}; got {args.name!r}")
    experiment = importlib.import_module(f"phiz.evaluate.experiments.{args.name}")
    gap = load_lip_gap(args.rigs)
    for suffix in (".md", ".png"):
        check_writable(args.out / f"{args.name}{suffix}")
    acting = bundle.load(args.bundle, threads=1)
    acting.require_adapter()
    others = {how: bundle.load(Path(folder), threads=1) for how, folder in map(_named, args.other)}
    found = test_sets.load(args.corpus, "real", 12)
    clips = [clip for first in range(12) for clip in found[first::12]]  # sources mixed
    with progress_bar(args.name) as progress:
        finding = experiment.run(Stage(acting, clips, gap, progress, others))
    command = f"phiz experiment {args.name} --corpus CORPUS --rigs RIGS"
    write(finding, args.name, args.out, command + "".join(f' --other "{how}=DIR"' for how in others))
    print(args.out / f"{args.name}.md")
    return 0


def _named(text: str) -> tuple[str, str]:
    from phiz.cli import UsageError

    how, found, folder = text.partition("=")
    if not (how and found and folder):
        raise UsageError(f"--other expects HOW=DIR, such as 'labels not swapped=DIR'; got {text!r}")
    return how, folder
