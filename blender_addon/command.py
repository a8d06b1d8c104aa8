# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""`blender --background FILE.blend --command phiz ...`: generate without a window (docs/headless.md).

Exit code 0; 1 where lines of a batch failed, with one line on stderr for each; 2 where nothing could be
begun, or the one line failed.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import bpy

from phiz.acting import options as acting
from phiz.acting import table
from phiz.errors import PhizError
from phiz.face import ict
from phiz.face.head import VARIATIONS, shipped
from phiz.writing import check_writable

from . import action_support, lines, own_head, preferences, stage

if TYPE_CHECKING:
    from phiz.worker.client import Worker

SOME_FAILED = 1
USER_ERROR = 2
INTERRUPTED = 130

_EPILOG = """\
examples:
  blender --background face.blend --command phiz generate --audio a.wav --emotion happy --save out.blend
  blender --background face.blend --command phiz batch lines.csv --emotion neutral

The first line of a batch's CSV names its columns: audio, object, emotion, intensity, start, save or any other
option of generate, without its dashes. Options after the CSV go for every line that does not say otherwise.
Lines with one `save` act in one file, which is written if all of them worked.
"""


class CommandError(PhizError):
    """The command line cannot be understood."""


class _Parser(argparse.ArgumentParser):
    """argparse, but an error is one line, like every other error of Phiz."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message}. See {self.prog} --help.")


def parser() -> argparse.ArgumentParser:
    """The whole command line. Each command's namespace holds `command`, its name."""
    top = _Parser(
        prog="phiz", description="A voice recording and acting notes become keys on a face.", epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    commands = top.add_subparsers(dest="command", required=True, metavar="generate|batch|head")
    _add_options(commands.add_parser("generate", help="make one face act one recording"))
    batch = commands.add_parser("batch", help="the same for every line of a CSV", epilog=_EPILOG)
    batch.formatter_class = argparse.RawDescriptionHelpFormatter
    batch.add_argument("lines", type=Path, metavar="LINES.csv", help="a line for every recording")
    batch.add_argument("--threads", type=int, metavar="N", help="CPU threads (all useful)")
    batch.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (the shipped one)")
    head = commands.add_parser("head", help="write a head that is ready to act")
    head.add_argument("-o", "--save", type=Path, required=True, metavar="OUT.blend", help="the file to write")
    which = head.add_mutually_exclusive_group()
    which.add_argument("--variation", choices=tuple(VARIATIONS), default=shipped.DEFAULT, help="Phiz's own")
    which.add_argument("--ict", type=Path, metavar="FOLDER", help="ICT-FaceKit's, from its folder FaceXModel")
    return top


def _add_options(options: argparse.ArgumentParser) -> None:
    options.add_argument("--audio", type=Path, help="the recording; default: the one set in the file")
    face = options.add_mutually_exclusive_group()
    face.add_argument("--blend", type=Path, help="the .blend with the face; default: the one that is open")
    face.add_argument(
        "--head", nargs="?", const=shipped.DEFAULT, choices=tuple(VARIATIONS), metavar="NAME",
        help=f"Phiz's own head in a new file: {', '.join(VARIATIONS)}",
    )  # fmt: skip
    options.add_argument(
        "--object", action="append", default=[], metavar="NAME",
        help="mesh of the face; once more for each further mesh, which are found otherwise; default: the "
        "one face of the scene",
    )  # fmt: skip
    options.add_argument("--head-object", metavar="NAME", help="object that turns with the head")
    options.add_argument("--head-bone", metavar="BONE", help="bone of the armature --head-object that turns")
    options.add_argument(
        "--take", type=Path, help="a finished Take (.npz, .json, .csv) in place of generating"
    )
    options.add_argument(
        "-o", "--save", type=Path, required=True, metavar="OUT.blend", help="the file to write"
    )
    options.add_argument("--video", type=Path, metavar="OUT.mp4", help="preview video to render")
    options.add_argument("--size", type=int, default=640, help="pixels along a side of it (%(default)s)")
    options.add_argument(
        "--start", type=int, metavar="FRAME", help="scene frame of the recording's begin (the scene's first)"
    )
    options.add_argument("--fps", type=float, metavar="F", help="frame rate with --head (30)")
    acting.add_options(options)
    making = options.add_argument_group("making")
    making.add_argument("--steps", type=int, metavar="N", help="sampling steps (the bundle's)")
    making.add_argument("--threads", type=int, metavar="N", help="CPU threads (all useful)")
    making.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (the shipped one)")


def main(words: list[str]) -> int:
    """Run `generate`, `batch` or `head`; returns the exit code."""
    try:
        options, shared = parser().parse_known_args(words)
        if options.command == "batch":
            return _batch(options, shared)
        options = parser().parse_args(words)  # now what is not known is an error
        if options.command == "head":
            return _head(options)
        lines.check(options)
        with contextlib.closing(_worker(options)) as worker:
            if failure := _perform([options], "", worker):
                raise failure[1]
        return 0
    except PhizError as error:
        print(f"phiz: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        print("phiz: stopped.", file=sys.stderr)
        return INTERRUPTED


def _head(options: argparse.Namespace) -> int:
    """Write a file with a head, its camera and its lights."""
    if options.save.suffix != ".blend":
        raise CommandError(f"--save expects a .blend; got {options.save.name}.")
    check_writable(options.save)
    own_head.scene(shipped.load(options.variation) if options.ict is None else ict.load(options.ict))
    stage.save(options.save)
    _say(f"wrote {options.save}")
    return 0


def _batch(batch: argparse.Namespace, shared: list[str]) -> int:
    """Perform every line of the CSV, those of one file together; goes on after a failure."""
    opened, failures = bpy.data.filepath, 0
    files: dict[tuple[Path, Path | None, bool], list[tuple[int, argparse.Namespace]]] = {}

    def fail(number: int, reason: object) -> None:
        nonlocal failures
        failures += 1
        print(f"phiz: {batch.lines.name}, line {number}: {reason}", file=sys.stderr, flush=True)

    for line in _lines(batch.lines):
        try:
            if line.fault:
                raise CommandError(line.fault)
            options = parser().parse_args(["generate", *shared, *line.options])
            lines.check(options)
            files.setdefault((options.save, options.blend, options.head), []).append((line.number, options))
        except PhizError as error:
            fail(line.number, error)
    with contextlib.closing(_worker(batch)) as worker:
        for together in files.values():
            failure = _perform([options for _, options in together], opened, worker)
            if failure is not None:
                at, error = together[failure[0]][0], failure[1]
                fail(at, error)
                for number in (number for number, _ in together if number != at):
                    fail(number, f"not written, because line {at} failed")
    return SOME_FAILED if failures else 0


def _lines(path: Path) -> list[table.Line]:
    """The lines of a batch's CSV. Raises TableError."""
    known = {*vars(parser().parse_args(["generate", "--save", "x.blend"]))} - {"command", "threads", "bundle"}
    return table.read(path, known, repeated={"object", "au"}, flags={"head"})


def _perform(
    together: Sequence[argparse.Namespace], opened: str, worker: Worker
) -> tuple[int, PhizError] | None:
    """Perform lines that go into one file, and write it. Returns the line that failed and why; then nothing
    was written."""
    acted: list[lines.Acted] = []
    try:
        scene = lines.open_scene(together[0], opened)
        for options in together:
            acted.append(lines.act(scene, options, worker, acted, _say))
        _write(scene, together[-1], acted)
    except PhizError as error:
        return min(len(acted), len(together) - 1), error
    return None


def _write(scene: bpy.types.Scene, options: argparse.Namespace, acted: Sequence[lines.Acted]) -> None:
    first, last = round(min(line.first for line in acted)), round(max(line.last for line in acted))
    scene.frame_set(first)
    stage.save(options.save)
    _say(f"wrote {options.save}")
    if options.video is None:
        return
    if scene.camera is None:
        stage.camera(scene, acted[0].face)
    last = max(last, first + 1)
    _say(f"rendering {last - first + 1} frames")
    sound = action_support.sound_available()
    if not sound:
        _say("this Blender was built without sound: a silent video")
    for note in stage.render_video(
        scene, options.video, first=first, last=last, size=options.size, sound=sound
    ):
        _say(note)
    if options.video.exists():
        _say(f"wrote {options.video}")


def _worker(options: argparse.Namespace) -> Worker:
    """A worker for this command, as the preferences want it and the options say."""
    from phiz.worker.client import Worker

    wanted = preferences.wanted()
    return Worker(
        Path(wanted.python) if wanted.python else None,
        options.bundle or (Path(wanted.bundle) if wanted.bundle else None),
        options.threads or wanted.threads or None,
    )


def _say(line: str) -> None:
    print(line, flush=True)


_registered: list[Any] = []


def register() -> None:
    _registered.append(bpy.utils.register_cli_command("phiz", main))


def unregister() -> None:
    bpy.utils.unregister_cli_command(_registered.pop())
