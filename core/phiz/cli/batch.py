"""phiz batch: a table of lines becomes a folder of Takes."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phiz.acting import options as acting
from phiz.cli import generate
from phiz.errors import PhizError

if TYPE_CHECKING:
    from phiz.acting.table import Line
    from phiz.batch.job import Job
    from phiz.batch.journal import Entry
    from phiz.batch.performers import Performers

SOME_FAILED = 1

_EPILOG = """\
examples:
  phiz batch lines.csv -o takes
  phiz batch lines.csv -o takes --workers 4 --emotion neutral
  phiz batch lines.csv -o takes --workers 32 --ray 10.0.0.5:6379

The first line of LINES.csv names its columns: audio, out, emotion, intensity, au, direction or any other
option of generate, without its dashes; a cell of au may hold several, between semicolons. Options after
the folder go for every line that does not say otherwise. `out` is a file inside the folder; left out, it is
the recording's name with .csv. Given again, the command makes only what is missing or has changed.
docs/batch.md says more.
"""


class BatchError(PhizError):
    """A line of the table cannot be performed, or the command's options do not fit together."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `batch` to the command line."""
    parser = subparsers.add_parser(
        "batch",
        help="make face animation from a table of recordings",
        description="Make a Take for every line of a table.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("lines", type=Path, metavar="LINES.csv", help="a line for every recording")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder of the Takes")
    acting.add_options(parser)
    making = parser.add_argument_group("making")
    generate.add_sampling(making)
    making.add_argument(
        "--threads", type=generate.positive, metavar="N",
        help="CPU threads of each worker (default: all useful for one worker, 1 for several)",
    )  # fmt: skip
    making.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (default: the shipped one)")
    making.add_argument(
        "--workers", type=generate.positive, default=1, metavar="N",
        help="processes that work at the same time (default 1)",
    )  # fmt: skip
    making.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="of a Ray cluster (default: this machine alone)",
    )


def run(args: argparse.Namespace) -> int:
    """0 where all lines are made, 1 where some failed. Raises PhizError where nothing could be begun."""
    from phiz.acting import table
    from phiz.batch.journal import SUMMARY, Journal, write_summary
    from phiz.batch.run import run as perform
    from phiz.cli.progress import progress_bar
    from phiz.runtime import bundle

    columns = vars(_line_parser().parse_args([])).keys()
    lines = table.read(args.lines, columns, repeated={"au"})
    if not lines:
        raise BatchError(f"{args.lines.name} has no line but the names of its columns. Add some.")
    manifest = bundle.read_manifest(bundle.SHIPPED if args.bundle is None else args.bundle)
    entries: list[Entry] = []

    def tell(entry: Entry) -> None:
        entries.append(entry)
        progress(len(entries) / len(lines))
        if entry.status == "failed":
            print(f"phiz: {args.lines.name}, line {entry.line}: {entry.reason}", file=sys.stderr, flush=True)

    with progress_bar(f"{len(lines)} lines") as progress, contextlib.closing(Journal(args.out)) as journal:
        jobs = _jobs(lines, args, tell)
        with contextlib.closing(_performers(args)) as performers:
            perform(jobs, performers, journal, args.out, manifest.sha256[bundle.MANIFEST], tell)
    write_summary(args.out, entries)
    count = Counter(entry.status for entry in entries)
    print(
        f"{args.out}: {count['done']} made, {count['kept']} kept from before, {count['failed']} failed; "
        f"see {SUMMARY} there",
        file=sys.stderr,
    )
    return SOME_FAILED if count["failed"] else 0


def _line_parser() -> argparse.ArgumentParser:
    """The options of one line, none of which has to be given."""
    from phiz.cli import Parser

    parser = Parser(prog="phiz batch", add_help=False)
    parser.add_argument("--audio", type=Path)
    parser.add_argument("--out", type=Path)
    acting.add_options(parser)
    generate.add_sampling(parser.add_argument_group())
    return parser


def _jobs(lines: Sequence[Line], args: argparse.Namespace, tell: Callable[[Entry], None]) -> list[Job]:
    """The jobs of the lines that can be understood; of the others `tell` hears."""
    from phiz.batch.run import failed

    parser, jobs, taken = _line_parser(), [], {}
    shared = vars(args) | {"audio": None, "out": None}
    for line in lines:
        options = argparse.Namespace(**shared | {"au": list(args.au)})
        try:
            if line.fault:
                raise BatchError(line.fault)
            job = _job(line.number, parser.parse_args(line.options, options))
            place = os.path.normcase(job.out)
            if place in taken:
                raise BatchError(
                    f"it writes {job.out.as_posix()}, as line {taken[place]} does. Give it an `out`."
                )
            taken[place] = line.number
            jobs.append(job)
        except PhizError as error:
            tell(failed(line.number, options.audio or "", options.out or "", error))
    return jobs


def _job(number: int, options: argparse.Namespace) -> Job:
    """Raises PhizError where the line asks for what cannot be."""
    from phiz.batch.job import Acting, Job
    from phiz.batch.journal import JOURNAL, SUMMARY
    from phiz.motion import take
    from phiz.motion.storage import checked_suffix

    if options.audio is None:
        raise BatchError("it names no recording: the column audio is empty.")
    out = options.out or Path(options.audio.stem + ".csv")
    if out.is_absolute() or ".." in out.parts:
        raise BatchError(f"`out` is a place inside the folder of the batch; got {out}.")
    if out in (Path(JOURNAL), Path(SUMMARY)):
        raise BatchError(f"{out} is the batch's own file. Give the line another `out`.")
    direction, _ = acting.direction(options)
    reference = None if options.style_from is None else take.load(options.style_from)
    wanted = Acting(
        direction,
        take.checked_fps(options.fps),
        options.steps,
        1.0 if options.articulation is None else options.articulation,
        1.0 if options.control is None else options.control,
        reference,
        checked_suffix(out),
    )
    return Job(number, options.audio, out, wanted)


def _performers(args: argparse.Namespace) -> Performers:
    from phiz.batch.performers import Alone, Beside, OnRay

    if args.ray is None:
        if args.workers == 1:
            return Alone(args.bundle, args.threads)
        return Beside(args.workers, args.bundle, args.threads or 1)
    return OnRay(args.workers, args.bundle, args.threads or 1, args.ray)
