# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Runs inside Blender: does what the test asks between two turns of the event loop, and times the turns.

    blender --python inside.py -- FILE

FILE gets the port. A request is a line of JSON, the source of some Python; the answer is a line of JSON,
{"value": that of the last expression} or {"error": the traceback}. The names below may be used.
"""

from __future__ import annotations

import ast
import json
import socket
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

_TURN = 0.02  # s

turns: list[tuple[float, float]] = []
"""(seconds on the wall, seconds of the main thread's CPU time) since the turn before."""
ours: list[tuple[str, float, float]] = []
"""(what, seconds on the wall, seconds of CPU time) of every call of a function given to `timed`."""

_asking: list[tuple[socket.socket, bytearray]] = []
_last = [time.perf_counter(), time.thread_time()]
_listening = socket.create_server(("127.0.0.1", 0))
_listening.setblocking(False)


def addon(name: str) -> ModuleType:
    """A module of the installed extension."""
    return sys.modules[f"bl_ext.user_default.phiz.{name}"]


def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, each of its calls noted in `ours`."""

    def noted(*given: Any, **named: Any) -> Any:
        wall, own = time.perf_counter(), time.thread_time()
        try:
            return call(*given, **named)
        finally:
            ours.append((name, time.perf_counter() - wall, time.thread_time() - own))

    return noted


def drawing(panel: Any) -> Callable[[Any, Any], None]:
    """The `draw` of a panel, timed; Blender counts the arguments before it calls."""
    draw = timed(panel.__name__, panel.draw)

    def counted(panel: Any, context: Any) -> None:
        draw(panel, context)

    return counted


def area(kind: str) -> Any:
    """The first area of a kind in the window."""
    return next(a for a in bpy.context.window_manager.windows[0].screen.areas if a.type == kind)


def sidebar() -> Any:
    """The region of the 3D viewport that holds the sidebar."""
    return next(region for region in area("VIEW_3D").regions if region.type == "UI")


def rectangle(region: Any) -> tuple[int, int, int, int]:
    """Left, top, width and height of a region, in pixels from the window's upper left corner."""
    window = bpy.context.window_manager.windows[0]
    return region.x, window.height - region.y - region.height, region.width, region.height


def under_mouse() -> str:
    """The button of the sidebar under the mouse: its operator's call or its property's path, else nothing."""
    window, manager = bpy.context.window_manager.windows[0], bpy.context.window_manager
    with bpy.context.temp_override(window=window, area=area("VIEW_3D"), region=sidebar()):
        manager.clipboard = ""
        if bpy.ops.ui.copy_python_command_button.poll():
            bpy.ops.ui.copy_python_command_button()
        if not manager.clipboard and bpy.ops.ui.copy_data_path_button.poll():
            bpy.ops.ui.copy_data_path_button(full_path=True)
    return manager.clipboard


def _turn() -> float:
    now, own = time.perf_counter(), time.thread_time()
    turns.append((now - _last[0], own - _last[1]))
    _last[:] = now, own
    try:
        _asking.append((_listening.accept()[0], bytearray()))
        _asking[-1][0].setblocking(False)
    except BlockingIOError:
        pass
    for asking, heard in _asking:
        _hear(asking, heard)
    return _TURN


def _hear(asking: socket.socket, heard: bytearray) -> None:
    try:
        heard += asking.recv(1 << 16)
    except BlockingIOError:
        return
    while b"\n" in heard:
        line, _, rest = heard.partition(b"\n")
        heard[:] = rest
        asking.setblocking(True)
        asking.sendall(json.dumps(_answer(json.loads(line))).encode() + b"\n")
        asking.setblocking(False)


def _answer(source: str) -> dict[str, object]:
    try:
        tree = ast.parse(source)
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "asked", "exec"), globals())
        value = eval(compile(ast.Expression(last.value), "asked", "eval"), globals()) if last else None
        json.dumps(value)
    except Exception:
        return {"error": traceback.format_exc()}
    return {"value": value}


bpy.app.timers.register(_turn, first_interval=_TURN, persistent=True)
_told = Path(sys.argv[sys.argv.index("--") + 1])
_told.with_suffix(".part").write_text(str(_listening.getsockname()[1]))
_told.with_suffix(".part").replace(_told)
