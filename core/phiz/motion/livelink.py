"""The CSV of the Live Link Face app, as the app writes it and Unreal's importer reads it.

Facts, from six takes of the app and from the behaviour of Unreal's LiveLinkFaceImporter:
- 63 fields a line: Timecode, BlendShapeCount (61), the 52 ARKit blendshapes in CamelCase with ten
  decimals, then yaw, pitch and roll in radians of the head and of both eyes. Lines end in a newline.
- The right jaw and mouth stand before the left ones, unlike in Apple's own list.
- Where the face was not tracked, a line is just a timecode and the count 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from phiz.face.channels import CHANNELS, COUNT, INDEX, TONGUE
from phiz.motion import timecode
from phiz.motion.take import Take, TakeError

_HEAD = ("HeadYaw", "HeadPitch", "HeadRoll")
_HEAD_SIGNS = np.array([-1.0, 1.0, -1.0])
"""From a Take's head to the columns and back. The file counts yaw towards the character's right: the
eye columns of the real takes do, and one frame serves head and eyes. That mirrors roll as well."""
_LEFT_EYE = ("LeftEyeYaw", "LeftEyePitch", "LeftEyeRoll")
_RIGHT_EYE = ("RightEyeYaw", "RightEyePitch", "RightEyeRoll")

# Radians of eye rotation per unit of eyeLook, fitted to the 15 333 tracked frames of those six takes
# (R2 .999; largest error .03 in yaw, .06 in pitch). With no eyeLook each eye is turned out a little.
_YAW_PER_LOOK, _YAW_AT_REST = 0.61, 0.066
_PITCH_PER_DOWN, _PITCH_PER_UP = 0.612, -0.448


_LONGEST = 3 * 3600.0  # seconds; a timecode gone wrong would ask for millions of frames in between


class LiveLinkError(TakeError):
    """The file is not a Live Link Face CSV that can be used."""


def _camel(channel: str) -> str:
    return channel[0].upper() + channel[1:]


def _columns() -> tuple[str, ...]:
    names = [_camel(name) for name in (*CHANNELS, TONGUE)]
    for left, right in (("JawLeft", "JawRight"), ("MouthLeft", "MouthRight")):
        i, j = names.index(left), names.index(right)
        names[i], names[j] = right, left
    return (*names, *_HEAD, *_LEFT_EYE, *_RIGHT_EYE)


COLUMNS: tuple[str, ...] = _columns()
"""The 61 value columns in the order of the file."""

HEADER = ",".join(("Timecode", "BlendShapeCount", *COLUMNS))


def write(take: Take, stream: BinaryIO) -> None:
    """Write a Take as the app would. TongueOut is 0; eye rotations follow from the eyeLook channels."""
    stream.write(f"{HEADER}\n".encode())
    for code, row in zip(
        timecode.timecodes(take.frames, take.fps), table(take.weights, take.head), strict=True
    ):
        stream.write(line(code, row))


def table(weights: np.ndarray, head: np.ndarray) -> np.ndarray:
    """(frames, 51) weights and (frames, 3) head -> (frames, 61) values in the order of COLUMNS."""
    column = {name: i for i, name in enumerate(COLUMNS)}
    values = np.zeros((len(weights), len(COLUMNS)))
    values[:, [column[_camel(name)] for name in CHANNELS]] = weights
    values[:, [column[name] for name in _HEAD]] = head * _HEAD_SIGNS
    values[:, [column[name] for name in _LEFT_EYE]] = eye_rotation(weights, "Left")
    values[:, [column[name] for name in _RIGHT_EYE]] = eye_rotation(weights, "Right")
    return values


def line(code: str, row: np.ndarray) -> bytes:
    """A line of the file: a timecode, and a row (61,) of `table`."""
    return ((f"%s,{len(COLUMNS)}" + ",%.10f" * len(COLUMNS) + "\n") % (code, *row)).encode()


def eye_rotation(weights: np.ndarray, side: str) -> np.ndarray:
    """(frames, 51) weights -> (frames, 3) [yaw, pitch, roll] radians of the "Left" or "Right" eye.

    Yaw is positive towards the character's right, pitch downwards; roll is their product (R2 .999 on
    the takes of the app).
    """

    def look(way: str) -> np.ndarray:
        return weights[:, INDEX[f"eyeLook{way}{side}"]].astype(np.float64)

    inwards = _YAW_PER_LOOK * (look("In") - look("Out")) - _YAW_AT_REST
    yaw = inwards if side == "Left" else -inwards
    pitch = _PITCH_PER_DOWN * look("Down") + _PITCH_PER_UP * look("Up")
    return np.stack([yaw, pitch, yaw * pitch], axis=1)


@dataclass(frozen=True)
class Lines:
    """What a CSV says line by line, in its order: times (n,) in seconds of the day, tracked (n,) bool, and
    values (n, 51) or, with the head's angles as the file counts them, (n, 54); 0 where no face was."""

    times: np.ndarray
    tracked: np.ndarray
    values: np.ndarray


def read(path: Path) -> Take:
    """Read a CSV of the app, or one like it, as a Take at a constant frame rate.

    Columns may stand in any order and in any case; tongue, head and eye rotations may be missing and
    others added. Blank and repeated lines and a cut last line are passed over. Dropped and untracked
    frames are filled by linear interpolation (origin["filled_frames"] counts them), and lines at
    uneven times are resampled. Raises LiveLinkError.
    """
    return _take(read_lines(path), path)


def read_lines(path: Path) -> Lines:
    """The lines themselves, before they are put on even frames. Raises LiveLinkError."""
    lines = path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    names = [name.strip().lower() for name in lines[0].split(",")] if lines else []
    if "timecode" not in names:
        raise LiveLinkError(f"{path} is no Live Link Face CSV: its first line has to be Timecode,...")
    columns = _find_columns(names, path)
    codes: list[tuple[int, float]] = []
    rows: list[list[float] | None] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip(" ,\t"):
            continue
        fields = line.split(",")
        untracked = len(fields) == 2 and fields[1].strip() == "0"
        if len(fields) != len(names) and not untracked:
            if number == len(lines):
                break  # cut off while it was being written
            raise LiveLinkError(f"{path}, line {number}: expected {len(names)} fields, got {len(fields)}.")
        code = timecode.parse(fields[0 if untracked else names.index("timecode")])
        if code is None:
            raise LiveLinkError(f"{path}, line {number}: expected a timecode such as 01:02:03:04.567.")
        try:
            rows.append(None if untracked else [float(fields[i]) for i in columns])
        except ValueError as error:
            raise LiveLinkError(f"{path}, line {number}: {error}.") from error
        codes.append(code)
    tracked = np.array([row is not None for row in rows], bool)
    if not tracked.any():
        raise LiveLinkError(f"{path} holds no frame in which a face was tracked. Record it again.")
    values = np.zeros((len(rows), len(columns)))
    values[tracked] = [row for row in rows if row is not None]
    if not np.isfinite(values).all():
        raise LiveLinkError(f"{path} holds values that are not numbers (NaN or infinite). Export it again.")
    return Lines(timecode.seconds(codes), tracked, values)


def _find_columns(names: list[str], path: Path) -> list[int]:
    """Field numbers of the 51 channels and, where all three are there, of head yaw, pitch and roll."""
    missing = [_camel(name) for name in CHANNELS if name.lower() not in names]
    if missing:
        shown = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        raise LiveLinkError(f"{path} lacks the columns {shown}. Export all 52 blendshapes.")
    head = [name.lower() for name in _HEAD]
    wanted = [name.lower() for name in CHANNELS] + (head if set(head) <= set(names) else [])
    return [names.index(name) for name in wanted]


def _take(lines: Lines, path: Path) -> Take:
    """Lines in any order -> the Take on even frames."""
    times, tracked, values = lines.times, lines.tracked, lines.values
    order = np.argsort(times, kind="stable")
    order = order[np.r_[np.diff(times[order]) > 1e-6, True]]  # each instant once: the later line counts
    times, tracked, values = times[order], tracked[order], values[order]
    if times[-1] - times[0] > _LONGEST:
        hours = (times[-1] - times[0]) / 3600
        raise LiveLinkError(f"{path} has timecodes {hours:.1f} hours apart; a take is 3 at most. Split it.")
    positions, fps = timecode.even_frames(times)
    grid = np.arange(int(positions[-1] + 1e-6) + 1)
    even = np.stack([np.interp(grid, positions[tracked], curve) for curve in values[tracked].T], axis=1)
    head = even[:, COUNT:] * _HEAD_SIGNS if even.shape[1] > COUNT else np.zeros((len(grid), 3))
    origin: dict[str, Any] = {"file": path.name, "format": "Live Link Face CSV"}
    if len(grid) > tracked.sum():
        origin["filled_frames"] = len(grid) - int(tracked.sum())
    return Take(even[:, :COUNT], head, fps, origin=origin)
