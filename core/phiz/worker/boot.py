"""`python boot.py PHIZ PATH...`: start the worker in any Python, with the very phiz that the program runs.
`python boot.py PHIZ PATH... --command ARGUMENT...`: there do what `phiz ARGUMENT...` does.

PHIZ: the folder of the package. PATH: folders in which packages are looked for after the Python's own. So
the worker finds what the program found, also where that was put on sys.path by hand, and another Python's
own packages are not shadowed by the program's.

This file imports the standard library alone until it is known which Python reads it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import sys

COMMAND = "--command"
OLDEST = (3, 11)
NEEDED = "numpy onnxruntime pydantic soundfile soxr"


def start() -> None:
    """Be the worker; where this Python cannot, say so as `failed` of the protocol. Ends the process.

    From here on standard output is the protocol's alone: whatever a library prints goes to standard error.
    """
    sys.stdout.flush()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if sys.version_info < OLDEST:
        refusal = {
            "error": "PythonError",
            "message": f"expected Python 3.11 or later, {sys.executable} is {sys.version.split()[0]};"
            " choose another",
        }
    else:
        try:
            import onnxruntime  # noqa: F401

            from phiz.audio import recording  # noqa: F401
            from phiz.worker.serve import serve
        except ImportError as error:
            refusal = {
                "error": "MissingPackageError",
                "message": f"the Python {sys.executable} cannot import {error.name} ({error}); choose"
                f' another, or run "{sys.executable}" -m pip install {NEEDED}',
            }
        else:
            os._exit(serve(sys.stdin.buffer, replies))  # past a thread that a graph may still hold
    replies.write(json.dumps({"type": "failed", "id": None, **refusal}).encode() + b"\n")
    replies.flush()
    sys.exit(2)


def do(arguments: list[str]) -> None:
    """Be `phiz` with these arguments; where this Python cannot, say so as `phiz` would. Ends the process."""
    if sys.version_info < OLDEST:
        sys.exit(f"phiz: expected Python 3.11 or later, {sys.executable} is older; choose another")
    sys.argv[1:] = arguments
    try:
        runpy.run_module("phiz", run_name="__main__")
    except ImportError as error:
        sys.exit(f"phiz: the Python {sys.executable} cannot import {error.name}; choose another")


def _phiz_from(folder: str) -> None:
    """Make `import phiz` mean the package in this folder, wherever else one may be installed."""
    spec = importlib.util.spec_from_file_location(
        "phiz", os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None and spec.loader is not None
    sys.modules["phiz"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["phiz"])


if __name__ == "__main__":
    del sys.path[0]  # this file's folder: its modules are no top-level ones
    at = sys.argv.index(COMMAND) if COMMAND in sys.argv else len(sys.argv)
    sys.path += [entry for entry in sys.argv[2:at] if entry not in sys.path]
    _phiz_from(sys.argv[1])
    if at < len(sys.argv):
        do(sys.argv[at + 1 :])
    else:
        start()
