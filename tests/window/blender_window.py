"""A real Blender on a virtual screen: mouse and keys go in through X, questions through a socket."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 1280, 1180
"""Pixels of the screen and of Blender's window; high enough to show the whole sidebar."""

_INSIDE = Path(__file__).with_name("inside.py")
_START = 300.0  # s; the first picture waits for shaders that are compiled on the CPU
_ROW = 11  # pixels: no button is lower


def blender() -> str | None:
    """The Blender program: `BLENDER` in the environment, else the one on the path."""
    return shutil.which(os.environ.get("BLENDER") or "blender")


def missing() -> list[str]:
    """What a window test needs and this machine lacks."""
    programs = [name for name in ("Xvfb", "xdotool", "import") if shutil.which(name) is None]
    program = blender()
    if program is None:
        return [*programs, "blender (on the path, or named in BLENDER)"]
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"Blender (\d+)\.(\d+)", said)
    old = version is None or (int(version[1]), int(version[2])) < (4, 2)
    return [*programs, "Blender 4.2 or later"] if old else programs


def environment(resources: Path) -> dict[str, str]:
    """What Blender is started with: drawing without a graphics card, `resources` as its user folder."""
    return {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1", "BLENDER_USER_RESOURCES": str(resources)}


def install(archive: Path, resources: Path) -> None:
    """Install an extension's zip into a user folder of Blender's, and enable it."""
    words = ["--background", "--command", "extension", "install-file", "--repo", "user_default", "--enable"]
    done = subprocess.run(
        [str(blender()), *words, str(archive)],
        env=environment(resources),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def cpu_seconds(process: int) -> float:
    """CPU time that a process and its children have used (Linux)."""
    used: dict[int, tuple[int, int]] = {}  # process -> parent, ticks
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended meanwhile
            continue
        used[int(path.parent.name)] = int(words[1]), int(words[11]) + int(words[12])
    family = {process}
    while more := {child for child, (parent, _) in used.items() if parent in family} - family:
        family |= more
    return sum(used[member][1] for member in family if member in used) / os.sysconf("SC_CLK_TCK")


class Screen:
    """A virtual X screen with a mouse and a keyboard."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-nolisten", "tcp"],
            pass_fds=[writing],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as number:
            self.name = f":{number.readline().strip()}"

    def do(self, *words: str | float) -> None:
        """xdotool, with these words."""
        self._run("xdotool", *map(str, words))

    def picture(self, path: Path, crop: tuple[int, int, int, int] | None = None) -> None:
        """Write what is on the screen as PNG; crop is (left, top, width, height)."""
        part = ["-crop", "{2}x{3}+{0}+{1}".format(*crop), "+repage"] if crop else []
        self._run("import", "-window", "root", *part, str(path))

    def _run(self, *words: str) -> None:
        subprocess.run(words, env={**os.environ, "DISPLAY": self.name}, check=True)

    def close(self) -> None:
        self._server.terminate()
        self._server.wait(10)


class Window:
    """A Blender with a window that fills the screen. Places are pixels from its upper left corner."""

    def __init__(self, screen: Screen, folder: Path, resources: Path) -> None:
        """Start it, with `resources` as its user folder, and wait until it has drawn itself; `folder` gets
        its log."""
        self.folder, told, self._log = folder, folder / "port", folder / "blender.log"
        told.unlink(missing_ok=True)
        size = ["--window-geometry", "0", "0", str(WIDTH), str(HEIGHT)]
        self.screen, self._found = screen, dict[str, int]()
        with self._log.open("w") as log:
            self.program = subprocess.Popen(
                [str(blender()), *size, "--python", str(_INSIDE), "--", str(told)],
                env=environment(resources) | {"DISPLAY": screen.name},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        end = time.monotonic() + _START
        while not told.exists():
            if self.program.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"Blender did not come up:\n{self.log()}")
            time.sleep(0.05)
        self._asked = socket.create_connection(("127.0.0.1", int(told.read_text())), _START)
        self._answers = self._asked.makefile()
        self.until("len(turns) > 20", _START)

    def ask(self, source: str) -> Any:
        """Run some Python in Blender's main thread; the value of its last expression."""
        self._asked.sendall(json.dumps(source).encode() + b"\n")
        answer = json.loads(self._answers.readline())
        if "error" in answer:
            raise AssertionError(f"asked:\n{source}\n{answer['error']}")
        return answer["value"]

    def until(self, source: str, seconds: float = 60.0) -> None:
        """Wait until an expression is true in Blender."""
        end = time.monotonic() + seconds
        while not self.ask(source):
            assert time.monotonic() < end, f"{seconds:g} s passed without: {source}"
            time.sleep(0.02)

    def settle(self) -> None:
        """Wait until Blender has taken the input so far, and drawn what it changed."""
        for _ in range(3):
            self.ask("0")

    def point(self, x: int, y: int) -> None:
        """Move the mouse there; in two movements, as Blender needs them to see a button under it."""
        self.screen.do("mousemove", x + 2, y, "sleep", 0.01, "mousemove", x, y)
        self.settle()

    def click(self, x: int, y: int) -> None:
        self.point(x, y)
        self.screen.do("click", 1)
        self.settle()

    def double_click(self, x: int, y: int) -> None:
        self.point(x, y)
        self.screen.do("click", "--repeat", 2, "--delay", 40, 1)
        self.settle()

    def fold_others(self, x: int, y: int) -> None:
        """Ctrl-click the head of a panel: it unfolds, all others fold."""
        self.point(x, y)
        self.screen.do("keydown", "ctrl", "click", 1, "keyup", "ctrl")
        self.settle()

    def keys(self, *names: str) -> None:
        """Press keys, such as ctrl+z; they go to what is under the mouse."""
        self.screen.do("key", "--delay", 40, *names)
        self.settle()

    def type(self, text: str) -> None:
        self.screen.do("type", "--delay", 8, text)
        self.settle()

    def new_file(self) -> None:
        """Blender's own first file, without its splash screen."""
        self.ask("bpy.context.preferences.view.show_splash = False")
        self.ask("bpy.ops.wm.read_homefile(use_splash=False); None")
        self.settle()
        self.keys("Escape")

    def open_sidebar(self, tab: str) -> None:
        """Open the sidebar of the 3D viewport at a tab."""
        self.point(*self.middle("area('VIEW_3D')"))
        if not self.ask("area('VIEW_3D').spaces.active.show_region_ui"):
            self.keys("n")
        left, top, width, height = self._rectangle("sidebar()")
        for y in range(top + 25, top + height, 25):
            self.click(left + width - 12, y)
            if self.ask("sidebar().active_panel_category") == tab:
                return
        raise AssertionError(f"no tab {tab} in the sidebar:\n{self.log()}")

    def place(self, button: str, share: float = 0.6, near: int | None = None) -> tuple[int, int]:
        """Where the sidebar shows the button whose operator's call or property's path has `button` in it.

        share: how far to the right it is looked for. near: from where on, up and down; else from where it
        was the last time, or from the top.
        """
        left, top, width, height = self._rectangle("sidebar()")
        x = left + round(width * share)
        first: int = self._found.get(button, top) if near is None else near
        for y in sorted((first, *range(top, top + height, _ROW)), key=lambda y: abs(y - first)):
            self.point(x, y)
            if button in self.ask("under_mouse()"):
                self._found[button] = y
                return x, y
        raise AssertionError(f"the sidebar shows no {button}:\n{self.log()}")

    def press(self, button: str, share: float = 0.6, near: int | None = None) -> None:
        """Click a button of the sidebar; see `place`."""
        self.click(*self.place(button, share, near))

    def fill(self, field: str, text: str) -> None:
        """Type into a field of the sidebar."""
        self.double_click(*self.place(field))
        self.keys("ctrl+a")
        self.type(text)
        self.keys("Return")

    def middle(self, region: str) -> tuple[int, int]:
        """The middle of a region or an area."""
        left, top, width, height = self._rectangle(region)
        return left + width // 2, top + height // 2

    def _rectangle(self, region: str) -> tuple[int, int, int, int]:
        return self.ask(f"rectangle({region})")

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        if self.program.poll() is None:
            self.program.terminate()
            self.program.wait(20)
