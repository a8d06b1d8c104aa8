"""phiz head: a head to act with, for Blender or as glTF."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

from phiz import blender
from phiz.errors import PhizError

_EPILOG = """\
examples:
  phiz head -o head.blend
  phiz head --variation elder -o head.glb
  phiz head --take line.npz -o talking.glb
  phiz head --ict ICT-FaceKit/FaceXModel -o real.blend

A .glb needs no Blender. A .blend is written by the bpy module, or by an installed Blender that has the
extension Phiz; BLENDER names its program where it is not found. --ict takes your own download of
ICT-FaceKit (MIT licence), a captured head without hair.
"""
_TREE = Path(__file__).resolve().parents[3]
_HEADLESS = _TREE / "blender_addon" / "headless.py"


class BlenderError(PhizError):
    """There is no Blender that could write the file, or it failed."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `head` to the command line."""
    parser = subparsers.add_parser(
        "head",
        help="write a head with all shape keys, for Blender or as glTF",
        description="Write Phiz's own head, or ICT-FaceKit's, with the ARKit shape keys.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="FILE", help="a .blend or a .glb")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--variation",
        default="woman",
        metavar="NAME",
        help="woman (the default), man, elder or child",
    )
    which.add_argument("--ict", type=Path, metavar="FOLDER", help="ICT-FaceKit's head, from its FaceXModel")
    parser.add_argument("--take", type=Path, metavar="TAKE", help="a Take that it acts (.npz, .json, .csv)")


def run(args: argparse.Namespace) -> int:
    """Write the file. Raises PhizError."""
    from phiz.cli import UsageError
    from phiz.face.head.shipped import checked
    from phiz.writing import check_writable

    kind = args.out.suffix.lower()
    if kind not in (".blend", ".glb"):
        raise UsageError(f"A head is a .blend or a .glb file; got {args.out}. Change the suffix.")
    check_writable(args.out)
    checked(args.variation)
    if kind == ".glb":
        from phiz.face import ict
        from phiz.face.head import shipped
        from phiz.motion import glb, take

        acted = None if args.take is None else take.load(args.take)
        glb.save(shipped.load(args.variation) if args.ict is None else ict.load(args.ict), args.out, acted)
    elif args.take is None:
        which = ["--variation", args.variation] if args.ict is None else ["--ict", str(args.ict.absolute())]
        _in_blender("head", *which, "--save", str(args.out.absolute()))
    elif args.ict is None:
        acting = ["--head", args.variation, "--take", str(args.take.absolute())]
        _in_blender("generate", *acting, "--save", str(args.out.absolute()))
    else:
        raise UsageError("--ict with --take is for a .glb. Write the .blend, and open it with the Take.")
    print(args.out, file=sys.stderr)
    return 0


def _in_blender(*words: str) -> None:
    """Run a command of the extension where there is a Blender. Raises BlenderError."""
    if _HEADLESS.is_file() and importlib.util.find_spec("bpy") is not None:
        command = [sys.executable, str(_HEADLESS)]
    elif program := blender.find():
        command = [program, "--background", "--command", "phiz"]
    else:
        raise BlenderError("A .blend needs Blender, and none was found. Name it in BLENDER, or write a .glb.")
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        ours = [line.removeprefix("phiz: ") for line in lines if line.startswith("phiz: ")]
        if ours:
            raise BlenderError(ours[-1])
        said = lines[-1] if lines else f"exit code {done.returncode}"
        raise BlenderError(f"{command[0]} failed: {said}. Is the extension Phiz installed and enabled in it?")
