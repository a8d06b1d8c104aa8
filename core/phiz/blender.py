"""Where Blender is on this machine. Standard library alone: `build.py` asks before anything is installed."""

from __future__ import annotations

import glob
import os
import re
import shutil
import subprocess
from pathlib import Path

OLDEST = (4, 2)


def find() -> str | None:
    """The program of a Blender that Phiz runs in: `BLENDER` in the environment, on the path, or where it is
    usually installed."""
    places = [
        os.environ.get("BLENDER"),
        shutil.which("blender"),
        "/Applications/Blender.app/Contents/MacOS/Blender",
        *sorted(glob.glob(r"C:\Program Files\Blender Foundation\Blender *\blender.exe"), reverse=True),
    ]
    for place in places:
        if place and Path(place).is_file():
            shown = subprocess.run([place, "--version"], capture_output=True, text=True, check=False).stdout
            version = re.search(r"Blender (\d+)\.(\d+)", shown)
            if version and tuple(map(int, version.groups())) >= OLDEST:
                return place
    return None
