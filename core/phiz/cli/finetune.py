"""phiz train finetune: look over a person's own takes, and teach a model bundle their face."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "a bundle on your own captured takes"

_EPILOG = """\
examples:
  phiz train finetune --takes takes --check
  phiz train finetune --takes takes -o bundles/anna

TAKES holds pairs of one name: curves (a CSV of the Live Link Face app, or a Take of ours as .npz or .json)
and the recording. --check looks them over and trains nothing; exit code 1 says that one cannot be used.
"""


def add_parser(kinds: argparse._SubParsersAction) -> None:
    """Add `finetune` to the kinds of `phiz train`."""
    parser = kinds.add_parser(
        "finetune",
        help=HELP,
        description="Check takes of one face and teach a model bundle that face.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--takes", type=Path, required=True, metavar="TAKES", help="folder of takes")
    parser.add_argument("--check", action="store_true", help="only say what is wrong with the takes")
    parser.add_argument(
        "--bundle", type=Path, help="model bundle to begin with (default: the one that ships)"
    )
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="gets checks.json and what is trained")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all)")


def run(args: argparse.Namespace) -> int:
    """Check, and train where that was not all. Raises PhizError."""
    import json

    from rich.console import Console

    from phiz.cli.progress import progress_bar
    from phiz.runtime import bundle
    from phiz.train.takes import check, pairs
    from phiz.writing import whole_file

    found, alone = pairs.find(args.takes)
    hearing = bundle.load(args.bundle, threads=args.threads)
    with progress_bar("looking over the takes") as progress:
        checked = check.check(found, hearing, progress)
    check.show(checked, alone, Console())
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        with whole_file(args.out / "checks.json") as stream:
            stream.write(json.dumps(check.as_json(checked, alone, args.takes), indent=1).encode())
    return 0 if all(one.usable for one in checked) else 1
