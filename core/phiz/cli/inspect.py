"""phiz inspect: what is in a Take."""

from __future__ import annotations

import argparse
from pathlib import Path

_EPILOG = """\
examples:
  phiz inspect hello.csv

Activity is the mean change of a channel per second; the largest is its greatest weight and when.
"""
_SHOWN = 6  # channels named per region


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `inspect` to the command line."""
    parser = subparsers.add_parser(
        "inspect",
        help="say what is in a Take",
        description="Say how long a Take is, what moves in it and where it came from.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("take", type=Path, metavar="TAKE", help="a .csv (Live Link Face), .json or .npz")


def run(args: argparse.Namespace) -> int:
    """Print the summary and two tables. Raises PhizError."""
    import numpy as np
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from phiz.face.channels import CHANNELS, REGIONS
    from phiz.motion import take

    performance = take.load(args.take)
    weights, fps = performance.weights, performance.fps
    console = Console()
    console.print(
        f"{escape(str(args.take))}: {performance.frames} frames at {fps:g} fps, {performance.seconds:.2f} s",
        highlight=False,
        soft_wrap=True,
    )
    speed = np.abs(np.diff(weights, axis=0)).sum(axis=0) * fps / max(1, performance.frames - 1)  # (51,) per s
    table = Table("region", "activity", "channels", "largest", "mean", "at s")
    for name, channels in REGIONS.items():
        largest = sorted(channels, key=lambda i: -weights[:, i].max())[:_SHOWN]
        table.add_row(
            name,
            f"{speed[list(channels)].mean():.3f}",
            "\n".join(CHANNELS[i] for i in largest),
            "\n".join(f"{weights[:, i].max():.3f}" for i in largest),
            "\n".join(f"{weights[:, i].mean():.3f}" for i in largest),
            "\n".join(f"{weights[:, i].argmax() / fps:.2f}" for i in largest),
            end_section=True,
        )
    console.print(table)
    head = Table("head", "least °", "largest °", "mean °")
    for name, angle in zip(("yaw", "pitch", "roll"), np.degrees(performance.head).T, strict=True):
        head.add_row(name, *(f"{value:.1f}" for value in (angle.min(), angle.max(), angle.mean())))
    console.print(head)
    for name, value in ({"audio": performance.audio} | performance.origin).items():
        if value is not None:
            console.print(f"{name}: {value}", markup=False, highlight=False, soft_wrap=True)
    return 0
