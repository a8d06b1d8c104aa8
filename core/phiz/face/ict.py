"""ICT-FaceKit's head, read from a user's own download, as a `Head` with ARKit's names.

The folder is `FaceXModel` of ICT-FaceKit (USC Institute for Creative Technologies, MIT licence): the neutral
mesh and one OBJ for each expression, all with the same vertices in the same order. Its README gives the
ranges of vertices that make up each part. Nothing of it is shipped with Phiz.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from phiz.errors import PhizError
from phiz.face.channels import CHANNELS
from phiz.face.head import Head

FOLDER, NEUTRAL = "FaceXModel", "generic_neutral_mesh.obj"

_OLDER = {"cheekSquint": "cheekRaiser"}  # what the first releases call it
_BOTH_SIDES = ("browInnerUp", "cheekPuff")  # one key in ARKit, one for each side here

# The first vertex of each part (README of ICT-FaceKit, "Model geometry"); None: shells that only shade the
# eye in a game engine, and sheets of lashes that need a picture of them.
_PARTS: tuple[tuple[int, str | None], ...] = (
    (0, "skin"), (11248, "mouth"), (13294, "lid"), (14062, "gums"), (17039, "teeth"),
    (21451, "eye white"), (22221, "iris"), (23021, "eye white"), (23791, "iris"),
    (24591, "tear"), (24999, None),
)  # fmt: skip
_FACE_END = 9409  # the vertices before it are the face, which bears the lips
_EYES = ((21451, 23021), (23021, 24591))  # left, right eyeball
_PUPIL, _IRIS, _CORNEA = 0.17, 0.43, 0.47  # radians from the gaze to their edges
# Where the red of the lips is at rest, in cm: its line, and how far it goes to the side, up and down.
_LIP_LINE, _LIP_WIDTH, _LIP_UP, _LIP_DOWN = -3.30, 2.40, 0.90, 1.00
_CM = 0.01

_MATERIALS: tuple[tuple[str, tuple[float, float, float, float], float], ...] = (
    ("skin", (0.60, 0.36, 0.27, 1.0), 0.50),
    ("lips", (0.46, 0.17, 0.15, 1.0), 0.38),
    ("mouth", (0.24, 0.05, 0.06, 1.0), 0.50),
    ("lid", (0.52, 0.26, 0.20, 1.0), 0.50),
    ("gums", (0.50, 0.17, 0.18, 1.0), 0.35),
    ("teeth", (0.80, 0.77, 0.68, 1.0), 0.22),
    ("eye white", (0.82, 0.80, 0.78, 1.0), 0.20),
    ("iris", (0.09, 0.13, 0.14, 1.0), 0.25),
    ("pupil", (0.005, 0.005, 0.005, 1.0), 0.10),
    ("cornea", (1.0, 1.0, 1.0, 0.08), 0.03),
    ("tear", (1.0, 1.0, 1.0, 0.08), 0.03),
)


class IctError(PhizError):
    """The folder is not ICT-FaceKit's, or a file of it is missing or broken."""


def load(folder: str | Path) -> Head:
    """The neutral head with 51 keys, in metres and Blender's axes. Takes some seconds. Raises IctError."""
    folder = _folder(Path(folder))
    sources = {channel: _sources(folder, channel) for channel in CHANNELS}
    absent = [file.name for files in sources.values() for file in files if not file.is_file()]
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise IctError(f"{folder} lacks {absent[0]}{more}. Download the whole folder {FOLDER} again.")
    rest, faces, uvs = _neutral(folder / NEUTRAL)
    keys = {}
    for channel, files in sources.items():
        delta = np.sum([_points(file, len(rest)) - rest for file in files], axis=0)
        keys[channel] = _axes(delta).astype(np.float32)
    part = np.array([_part(face[0]) for face in faces])
    shown = np.flatnonzero(part != "")
    kept = np.unique(np.concatenate([faces[i] for i in shown]))
    place = np.full(len(rest), -1)
    place[kept] = np.arange(len(kept))
    named = _painted(rest, [faces[i] for i in shown], part[shown])
    names = [name for name, _, _ in _MATERIALS]
    ends = np.cumsum([len(face) for face in faces])
    corners = np.concatenate([np.arange(ends[i] - len(faces[i]), ends[i]) for i in shown])
    return Head(
        vertices=_axes(rest[kept]).astype(np.float32),
        faces=[tuple(int(place[v]) for v in faces[i]) for i in shown],
        material_index=np.array([names.index(name) for name in named]),
        materials=_MATERIALS,
        keys={channel: delta[kept] for channel, delta in keys.items()},
        uvs=uvs[corners] if len(uvs) else uvs,
    )


def _folder(given: Path) -> Path:
    """The folder itself, or the one of the whole download."""
    for folder in (given, given / FOLDER):
        if (folder / NEUTRAL).is_file():
            return folder
    raise IctError(f"Expected {NEUTRAL} in {given}, found none. Give ICT-FaceKit's folder {FOLDER}.")


def _sources(folder: Path, channel: str) -> list[Path]:
    """The files whose displacements make up a channel."""
    side = next((side for side in ("Left", "Right") if channel.endswith(side)), "")
    stem = channel.removesuffix(side)
    if channel in ("jawLeft", "jawRight", "mouthLeft", "mouthRight"):
        names = [channel]
    elif stem in _BOTH_SIDES:
        names = [f"{stem}_L", f"{stem}_R"]
    else:
        names = [f"{stem}_{side[0]}" if side else stem]
        older = f"{_OLDER.get(stem, stem)}_{side[:1]}"
        if not (folder / f"{names[0]}.obj").is_file() and (folder / f"{older}.obj").is_file():
            names = [older]
    return [folder / f"{name}.obj" for name in names]


def _axes(points: np.ndarray) -> np.ndarray:
    """Centimetres with y up and the face along +z -> metres in Blender's axes."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], -1) * _CM


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IctError(f"Cannot read {path}: {error}. Download it again.") from error


def _numbers(path: Path, lines: list[str], kind: str, size: int) -> np.ndarray:
    """(n, size) what the lines of one kind say."""
    said = [line for line in lines if line.startswith(kind + " ")]
    if not said:
        return np.zeros((0, size))
    try:
        numbers = np.loadtxt(said, usecols=range(1, 1 + size), ndmin=2)
    except ValueError as error:
        raise IctError(
            f"{path}: a line {kind!r} is not {size} numbers ({error}). Download it again."
        ) from error
    if not np.isfinite(numbers).all():
        raise IctError(f"{path}: a line {kind!r} is not finite. Download it again.")
    return numbers


def _points(path: Path, count: int) -> np.ndarray:
    """(count, 3) vertices of an expression, in the order of the neutral mesh."""
    points = _numbers(path, _lines(path), "v", 3)
    if len(points) != count:
        raise IctError(f"{path} has {len(points)} vertices, {NEUTRAL} has {count}: not of one download.")
    return points


def _neutral(path: Path) -> tuple[np.ndarray, list[tuple[int, ...]], np.ndarray]:
    """(V, 3) vertices, faces as indices into them, and (corners, 2) places on the texture, if it has them."""
    lines = _lines(path)
    points, texture = _numbers(path, lines, "v", 3), _numbers(path, lines, "vt", 2)
    faces: list[tuple[int, ...]] = []
    corners: list[int] = []
    try:
        for line in lines:
            if line.startswith("f "):
                said = [word.split("/") for word in line.split()[1:]]
                faces.append(tuple(int(word[0]) - 1 for word in said))
                corners += [int(word[1]) - 1 for word in said if len(word) > 1 and word[1]]
    except ValueError as error:
        raise IctError(f"{path}: a face is not numbers ({error}). Download it again.") from error
    if not faces:
        raise IctError(f"{path} has no faces. Download it again.")
    if min(map(len, faces)) < 3 or min(map(min, faces)) < 0 or max(map(max, faces)) >= len(points):
        raise IctError(f"{path}: a face names a vertex that is not there. Download it again.")
    if len(corners) != sum(map(len, faces)) or min(corners) < 0 or max(corners) >= len(texture):
        return points, faces, np.zeros((0, 2), np.float32)
    return points, faces, texture[corners].astype(np.float32)


def _part(vertex: int) -> str:
    """The material of the part that a vertex is in, "" for what is left out."""
    return next(name for first, name in reversed(_PARTS) if vertex >= first) or ""


def _painted(rest: np.ndarray, faces: list[tuple[int, ...]], part: np.ndarray) -> np.ndarray:
    """The material of each face, with lips and pupils, which the mesh has no parts for.

    The eye's outer shell is clear before the iris, which lies on an inner shell.
    """
    named = part.astype(object)
    middle = np.array([rest[list(face)].mean(0) for face in faces])  # (F, 3) cm
    bow = 1 - (middle[:, 0] / _LIP_WIDTH) ** 2
    above = middle[:, 1] - _LIP_LINE
    red = (bow > 0) & (above < _LIP_UP * bow) & (above > -_LIP_DOWN * bow)
    named[red & (part == "skin") & (np.array([face[0] for face in faces]) < _FACE_END)] = "lips"
    for first, end in _EYES:
        ball = rest[first:end]
        if not len(ball):
            continue
        out = middle - (ball.min(0) + ball.max(0)) / 2
        angle = np.arctan2(np.linalg.norm(out[:, :2], axis=1), out[:, 2])
        inside = np.array([first <= face[0] < end for face in faces])
        inner, outer = inside & (part == "iris"), inside & (part == "eye white")
        named[outer & (angle < _CORNEA)] = "cornea"
        named[inner & (angle < _PUPIL)] = "pupil"
        named[inner & (angle >= _IRIS)] = "eye white"
    return named
