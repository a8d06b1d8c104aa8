"""`blender --command phiz` for a plain Python with the bpy module, from the source tree.

python blender_addon/headless.py generate --head --audio A.wav --save OUT.blend --video OUT.mp4
"""

from __future__ import annotations

import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent


def main(words: list[str]) -> int:
    """What `command.main` does, in a Blender in which the extension is not installed."""
    import blender_addon

    blender_addon.register()
    try:
        from blender_addon import command

        return command.main(words)
    finally:
        blender_addon.unregister()


if __name__ == "__main__":
    sys.path[:0] = [str(_ROOT), str(_ROOT / "core")]
    sys.exit(main(sys.argv[1:]))
