"""The pictures of docs/manual.md, taken anew from the window:

python tests/window/pictures.py dist/phiz-VERSION-linux-x64.zip
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import blender_window
from blender_window import Screen, Window
from video_panel import open_video

ROOT = Path(__file__).parents[2]
VOICE = ROOT / "docs/demo/voice.flac"
PICTURES = ROOT / "docs/pictures"
NOTE = "She slowly raises the inner brows, sadly, then forces a crooked smile on the left at 2 seconds."

_LOOK = """
view = area("VIEW_3D").spaces.active
view.lens, view.region_3d.view_distance, view.region_3d.view_location = 85, {distance}, (0.06, 0, -0.02)
for part in ("floor", "axis_x", "axis_y", "cursor", "extras", "outline_selected", "object_origins"):
    setattr(view.overlay, "show_" + part, False)
area("VIEW_3D").tag_redraw()
"""
_ACTED = """
for frame, add, what in (
    (40, bpy.ops.phiz.add_preset, {"preset": "Felt smile"}),
    (110, bpy.ops.phiz.add_event, {"unit": "2"}),
    (180, bpy.ops.phiz.add_event, {"unit": "46"}),
):
    bpy.context.scene.frame_set(frame)
    add(**what)
bpy.context.window_manager.phiz.event = 1
area("DOPESHEET_EDITOR").ui_type = "NLA_EDITOR"
area("NLA_EDITOR").spaces.active.show_region_ui = False
bpy.context.scene.frame_set(58)
"""
_FOLD = 28  # pixels from one folded panel to the next


def take(window: Window, name: str, left: int, top: int, right: int, bottom: int) -> None:
    """Write the part of the window between these pixels, in 256 colours."""
    path = PICTURES / f"manual_{name}.png"
    window.point(300, 300)
    time.sleep(1.0)  # a tooltip goes
    window.settle()
    window.screen.picture(path, (left, top, right - left, bottom - top))
    subprocess.run(["convert", path, "-strip", "+dither", "-colors", "256", path], check=True)


def drag(window: Window, x: int, first: int, last: int) -> None:
    """Drag a border up."""
    window.point(x, first)
    window.screen.do("sleep", 0.3, "mousedown", 1)
    for y in range(first, last, -20):
        window.screen.do("mousemove", x, y)
        window.settle()
    window.screen.do("mouseup", 1)
    window.settle()


def generate(window: Window) -> None:
    window.press("phiz.generate")
    window.until("addon('generation').state.run is None", 300)
    window.settle()


def show(window: Window, folder: Path) -> None:
    shutil.copy(VOICE, folder)
    window.new_file()
    window.ask("for thing in list(bpy.data.objects): bpy.data.objects.remove(thing)")
    window.ask(f"bpy.ops.wm.save_as_mainfile(filepath={str(folder / 'face.blend')!r}); None")
    window.open_sidebar("Phiz")
    left, top, width, _ = window.ask("rectangle(sidebar())")
    middle, right = left + width // 3, left + width

    window.press("phiz.add_demo_head")
    window.ask("bpy.context.object.phiz.voice_file = '//voice.flac'; bpy.context.scene.frame_end = 270")
    time.sleep(1.0)  # the view glides
    window.ask(_LOOK.format(distance=0.95))
    window.settle()
    take(window, "sidebar", left - 440, top + 7, right, top + 920)

    window.ask(f"bpy.context.object.phiz.words = {NOTE!r}")
    window.press("phiz.think", 0.25)
    _, y = window.place("phiz.think", 0.25)
    take(window, "words", left + 10, y - 62, right - 24, y + 323)
    window.ask("bpy.ops.phiz.forget_words(); bpy.context.object.phiz.words = ''; None")
    window.settle()

    generate(window)
    window.ask(_ACTED)
    window.settle()
    generate(window)
    window.ask(_LOOK.format(distance=0.72))
    border = window.ask("rectangle(area('NLA_EDITOR'))")[1]
    drag(window, 500, border - 1, border - 245)
    _, y = window.place("phiz.remove_event", 0.84)
    window.fold_others(middle, y - 48)  # the panel's head, above + and -
    take(window, "strips", 0, top, right, blender_window.HEIGHT - 20)

    _, y = window.place("phiz.set_side", 0.5)
    window.fold_others(middle, y + 173)
    window.ask("bpy.context.object.data.shape_keys.key_blocks['mouthSmileLeft'].mute = True")
    _, y = window.place("phiz.adjust", 0.5)
    window.click(middle, y + 2 * _FOLD + 3)
    window.press("phiz.diagnose")
    _, y = window.place("phiz.mend", 0.5)
    take(window, "result", left, top + 2, right, y + 28)


def show_film(window: Window, folder: Path) -> None:
    """Needs the extra video in this Python."""
    portrait = Path(shutil.copy(ROOT / "docs/demo/portrait.png", folder))
    open_video(window, VOICE, portrait)
    window.ask(f"bpy.ops.wm.save_as_mainfile(filepath={str(folder / 'film.blend')!r}); None")
    window.ask("face = bpy.context.object.phiz; face.film_portrait = '//portrait.png'")
    window.fill("film_out", "//hello.mp4")
    window.press("phiz.make_film", 0.4)
    window.until("addon('filming').state.run is None", 600)
    window.settle()
    left, top, width, _ = window.ask("rectangle(sidebar())")
    _, y = window.place("phiz.make_film", 0.25)
    take(window, "video", left, top + 2, left + width, y + 36)


def main(archive: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        resources, folder = Path(place) / "resources", Path(place) / "window"
        folder.mkdir()
        blender_window.install(archive, resources)
        screen = Screen()
        try:
            window = Window(screen, folder, resources)
            try:
                show(window, folder)
                show_film(window, folder)
            finally:
                window.close()
        finally:
            screen.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
