# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""`blender --command phiz` for a plain Python with the bpy module, from the source tree.

python blender_addon/headless.py generate --head --audio A.wav --save OUT.blend --video OUT.mp4
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def main(words: list[str]) -> int:
    """What `command.main` does, in a Blender in which the extension is not installed."""
    import blender_addon

    blender_addon.register()
    from blender_addon import command

    return command.main(words)


def _end(status: int) -> None:
    """End at once: on its own way out the module of 4.2 crashes where a property has a callback."""
    import bpy

    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    sys.path[:0] = [str(_ROOT), str(_ROOT / "core")]
    _end(main(sys.argv[1:]))
