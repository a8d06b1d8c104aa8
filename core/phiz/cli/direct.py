"""phiz direct: an acting note in plain words becomes a Direction."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from phiz.cotfa import options

if TYPE_CHECKING:
    from rich.console import Console

    from phiz.cotfa.trace import Trace

_EPILOG = """\
examples:
  phiz direct "slowly raises the inner brows, then a crooked smile on the left at 2 s" --duration 4 --explain
  phiz direct "sad, then a brave smile" --audio line.wav -o notes.json
  phiz direct "sad" --duration 4 --backend openai --server http://localhost:11434/v1 --model qwen2.5:7b
  phiz generate line.wav -o line.csv --direction notes.json

The four steps that --explain prints, and what the words may be: docs/words.md.
"""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `direct` to the command line."""
    parser = subparsers.add_parser(
        "direct",
        help="make acting notes from plain words",
        description="Make a Direction from an acting note in plain words.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("words", metavar="TEXT", help="the acting note")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--duration", type=float, metavar="S", help="seconds of the recording")
    length.add_argument("--audio", type=Path, metavar="FILE", help="the recording, for its length")
    parser.add_argument("-o", "--out", type=Path, metavar="FILE.json", help="Direction to write")
    parser.add_argument("--trace", type=Path, metavar="FILE.json", help="also write every step, to be edited")
    parser.add_argument("--explain", action="store_true", help="print the four steps")
    parser.add_argument("--context", default="", metavar="TEXT", help="the scene, or what is said")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of the Direction (default 0)")
    options.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Read the words, print and write. Raises PhizError."""
    from rich.console import Console

    from phiz.cotfa.backends import think
    from phiz.writing import check_writable

    for path in (args.out, args.trace):
        if path is not None:
            check_writable(path)
    seconds = args.duration
    if args.audio is not None:
        from phiz.audio import recording

        seconds = recording.load(args.audio).seconds
    trace = think(args.words, seconds, args.context, options.reader(args))
    direction = trace.direction(seed=args.seed)
    if args.explain:
        _explain(trace, Console())
    else:
        for finding in trace.findings:
            if finding.kind != "explained":
                print(f"note: {finding.says}.", file=sys.stderr)
    for remark in trace.reading.remarks:
        print(f"note: {remark.because.text}: {remark.says}.", file=sys.stderr)
    if not trace.reading.feelings and not trace.units:
        print("note: nothing in these words is known of a face or a feeling.", file=sys.stderr)
    if args.trace is not None:
        trace.to_file(args.trace)
    if args.out is not None:
        direction.to_file(args.out)
        print(f"{args.out}: {len(direction.events)} events", file=sys.stderr)
    elif not args.explain:
        print(direction.model_dump_json(indent=2))
    return 0


def _explain(trace: Trace, console: Console) -> None:
    """The four steps and the check, as tables."""
    from rich.markup import escape
    from rich.table import Table

    console.print("[bold]I  Reading[/]")
    for feeling in trace.reading.feelings:
        mix = " ".join(f"{name} {share:g}" for name, share in feeling.mix.items())
        what = f"not {mix}" if feeling.intensity == 0.0 else f"{mix}, at {feeling.intensity:g}"
        span = f"{feeling.start:.2f}-{feeling.end:.2f} s"
        console.print(f"   {what}, {span}  [dim]{escape(feeling.because.text)}[/]")
    for timing in trace.reading.timing:
        span = "" if timing.start is None and timing.end is None else f" {_span(timing.start, timing.end)}"
        console.print(f"   {escape(timing.says)}{span}  [dim]{escape(timing.because.text)}[/]")
    if trace.reading.context:
        console.print(f"   context: {escape(trace.reading.context)}")
    units = Table(
        "AU", "strength", "seconds", "ramps", "because", title="II  Action Units", title_justify="left"
    )
    for unit in trace.units:
        strength = (
            "off" if not unit.enabled else f"{unit.intensity:g}" + ("" if unit.felt is None else " felt")
        )
        ramps = f"{unit.ramp_in:.2f} {unit.ramp_out:.2f}"
        words = escape(unit.because.text)
        units.add_row(unit.name, strength, f"{unit.start:.2f}-{unit.end:.2f}", ramps, words)
    console.print(units)
    steps = Table("AU", "does", "muscles", "with", "against", title="III  Muscles", title_justify="left")
    for step in trace.muscles:
        steps.add_row(step.unit, step.does, step.muscles, " ".join(step.synergies), " ".join(step.conflicts))
    console.print(steps)
    for finding in trace.findings:
        console.print(f"   {finding.kind}: {escape(finding.says)}")
    console.print("[bold]IV  Prompts[/]")
    console.print(f"   coarse: {escape(trace.prompts.coarse)}")
    console.print(f"   fine: {escape(trace.prompts.fine)}")


def _span(start: float | None, end: float | None) -> str:
    return f"{'' if start is None else format(start, '.2f')}-{'' if end is None else format(end, '.2f')} s"
