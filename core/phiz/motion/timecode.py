"""Timecodes as the Live Link Face app writes them: HH:MM:SS:FF.fff of the day, no drop-frame.

FF counts 30 or 60 to the second, whatever the rate of the frames; a 30 fps take may step by 2 of 60.
No file says which: Unreal's importer takes 60 where any FF goes above 30, and so does this module.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

_FORM = re.compile(r"(\d+):(\d+):(\d+):(\d+(?:\.\d+)?)")
_DAY = 86400.0  # seconds
_UNEVEN = 0.25  # of a frame: a line further than this off the grid is not a line of a constant rate
_NOMINAL = np.array(
    [24000 / 1001, 24.0, 25.0, 30000 / 1001, 30.0, 48.0, 50.0, 60000 / 1001, 60.0, 100.0, 120.0]
)


def timecodes(frames: int, fps: float) -> Iterator[str]:
    """The timecode of every frame, counting 30 to the second up to 30 fps and 60 above.

    Begins at 00:00:00:00.000, or half a second later where a take above 30 fps is so short that no FF
    would go above 30 and it would be read as half as fast.
    """
    base = 30 if fps <= 30 else 60
    start = 30_000 if base == 60 and (frames - 1) * base <= 30 * fps else 0
    for i in range(frames):
        seconds, thousandths = divmod(start + round(i * base * 1000 / fps), base * 1000)
        minutes, second = divmod(seconds, 60)
        hours, minute = divmod(minutes, 60)
        frame, fraction = divmod(thousandths, 1000)
        yield f"{hours % 24:02d}:{minute:02d}:{second:02d}:{frame:02d}.{fraction:03d}"


def parse(text: str) -> tuple[int, float] | None:
    """Whole seconds of the day and FF.fff of one timecode; None where it is not one."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        return None
    return int(form[1]) * 3600 + int(form[2]) * 60 + int(form[3]), float(form[4])


def seconds(parsed: Sequence[tuple[int, float]]) -> np.ndarray:
    """(lines,) seconds of the parsed timecodes of one file, running on over midnight."""
    whole, counts = np.array(parsed, np.float64).T
    times = whole + counts / (60.0 if counts.max() > 30.0 else 30.0)
    return times + _DAY * np.r_[0, np.cumsum(np.diff(times) < -_DAY / 2)]


def even_frames(times: np.ndarray) -> tuple[np.ndarray, float]:
    """(lines,) rising seconds -> (lines,) positions in frames from 0, and the frame rate.

    Positions are whole numbers, with gaps where frames were dropped, if the lines lie on the grid of
    one rate; else they are fractional. A rate is rounded to a nominal one (30 for a phone's 30.004)
    while that shifts no line by a frame. A single line counts as 30 fps.
    """
    if len(times) == 1:
        return np.zeros(1), 30.0
    elapsed = times - times[0]
    gaps = np.diff(times)
    step = float(np.median(gaps))
    whole = np.rint(gaps / step)
    if (whole >= 1).all() and np.abs(gaps / step - whole).max() <= _UNEVEN:
        frames = np.r_[0.0, np.cumsum(whole)]
        return frames, _nominal(frames[-1], float(elapsed[-1]))
    fps = _nominal(1.0, step)
    return elapsed * fps, fps


def _nominal(frames: float, elapsed: float) -> float:
    """The nominal rate that puts so many frames into so many seconds, or the measured one."""
    measured = frames / elapsed
    nearest = float(_NOMINAL[np.argmin(np.abs(_NOMINAL / measured - 1.0))])
    resolution = 0.001 / 30 / elapsed  # both ends are rounded to a thousandth of a count
    near = abs(nearest / measured - 1.0) <= max(5e-4, resolution)
    return nearest if near and abs(nearest * elapsed - frames) < 1.0 else round(measured, 3)
