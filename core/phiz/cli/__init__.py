"""The command line: `phiz COMMAND`, each command a module of this package.

A command module has `add_parser(subparsers)` and `run(args) -> int`. It imports what it needs inside
`run`, so that `phiz generate` never loads torch.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from typing import NoReturn

import phiz
from phiz.errors import USER_ERROR, PhizError

COMMANDS = (
    "generate",
    "video",
    "direct",
    "batch",
    "live",
    "plot",
    "inspect",
    "schema",
    "head",
    "evaluate",
    "experiment",
    "corpus",
    "clips",
    "train",
)
INTERRUPTED = 130


class UsageError(PhizError):
    """The command line itself cannot be understood."""


class Parser(argparse.ArgumentParser):
    """argparse, but an error is one line, like every other error of Phiz."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}. See {self.prog} --help.")


def parser() -> argparse.ArgumentParser:
    """The whole command line. Each command's namespace holds `command`, its name."""
    top = Parser(prog="phiz", description=phiz.__doc__)
    top.add_argument("--version", action="version", version=f"phiz {phiz.__version__}")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        importlib.import_module(f"phiz.cli.{name}").add_parser(subparsers)
    return top


def main(argv: list[str] | None = None) -> int:
    """Run one command. 0: done; 2: an error of the user's to mend, in one line on stderr; 130: Ctrl+C."""
    # Read when torch is loaded: its threads would wait for each other awake, and where a core is busy with
    # something else, such as a render, take ten times as long.
    os.environ.setdefault("GOMP_SPINCOUNT", "100")
    try:
        args = parser().parse_args(argv)
        return importlib.import_module(f"phiz.cli.{args.command}").run(args)
    except PhizError as error:
        print(f"phiz: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("phiz: stopped.", file=sys.stderr)
        return INTERRUPTED
