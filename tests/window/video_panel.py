"""The panel Video, opened by mouse and filled by keyboard."""

from __future__ import annotations

import sys
from pathlib import Path

from blender_window import Window

PYTHON = "bpy.context.preferences.addons['bl_ext.user_default.phiz'].preferences.python"
_HEAD = 75  # pixels from the head of the panel Generate down to its button, while all panels are open
_VIDEO = 67  # from that button down to the head of the panel Video, while only Generate is open


def open_video(window: Window, voice: Path, portrait: Path) -> None:
    """In a new file with the demo head: its recording chosen, Video open and no other panel, its portrait
    typed in, and this Python named in the preferences. Returns when it is known whether films can be made."""
    window.new_file()
    window.open_sidebar("Phiz")
    window.press("phiz.add_demo_head")
    window.ask(f"bpy.context.object.phiz.voice_file = {str(voice)!r}")
    window.ask(f"{PYTHON} = {sys.executable!r}")
    left, _, width, _ = window.ask("rectangle(sidebar())")
    _, y = window.place("phiz.generate")
    window.fold_others(left + width // 3, y - _HEAD)
    _, y = window.place("phiz.generate")
    window.fold_others(left + width // 3, y + _VIDEO)
    window.fill("film_portrait", str(portrait))
    window.until("'Looking' not in addon('film_operators').MakeFilm.why_grey(bpy.context)")
