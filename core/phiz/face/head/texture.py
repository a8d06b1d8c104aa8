"""Where each face lies on a texture: the skin unrolled above, every other piece in a cell below."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Body
from phiz.face.head.openings import Ring
from phiz.face.head.skin import Skin

FLOOR = 0.30  # the skin's part of the texture begins here
COLUMNS, ROWS = 8, 3  # of cells below it
MARGIN = 0.06  # of a cell
LOWEST = np.radians(-150.0)


def face_uvs(body: Body) -> np.ndarray:
    """(corners, 2) float32 in [0, 1], in the order of the faces' corners. Pieces in pairs have cells of
    their own too, so nothing overlaps but the locks and tufts within their cell."""
    rows = [_skin(body.skin)]
    for number, part in enumerate(body.parts, start=_islands(body.skin)):
        square = np.array([corner for face in part.uvs for corner in face])
        rows.append(_cell(square, number))
    return np.concatenate(rows).astype(np.float32)


def _cell(square: np.ndarray, number: int) -> np.ndarray:
    """Points of the unit square in the cell of this number."""
    place = np.array([number % COLUMNS, number // COLUMNS])
    inner = MARGIN + (1 - 2 * MARGIN) * np.clip(square, 0, 1)
    return (place + inner) * np.array([1 / COLUMNS, FLOOR / ROWS])


def _rings(skin: Skin) -> tuple[Ring, ...]:
    return (skin.mouth, *skin.eyes, *skin.nostrils)


def _islands(skin: Skin) -> int:
    return len(_rings(skin))


def _skin(skin: Skin) -> np.ndarray:
    """The outside unrolled by azimuth and height, with its seam at the back; what lies inside in cells."""
    inside = np.isnan(skin.places[:, 0])
    where: dict[int, tuple[int, float, float]] = {}  # vertex: ring, place round it, depth
    for number, ring in enumerate(_rings(skin)):
        deep = [k for k, loop in enumerate(ring.loops) if inside[loop[0]]]
        for k in (deep[0] - 1, *deep):
            count = len(ring.loops[k])
            for i, v in enumerate(ring.loops[k]):
                turn = (count - i) % count if number in (2, 4) else i  # the right ones run the other way
                where[int(v)] = (number, turn / count, (k - deep[0] + 1) / (len(deep) + 1))
    out = []
    for face in skin.faces:
        if not inside[list(face)].any():
            out.append(_unrolled(skin.places[list(face)]))
            continue
        number, around, depth = (np.array(column) for column in zip(*(where[v] for v in face), strict=True))
        if np.ptp(depth) > 1e-9:  # a band
            around = np.where(around < around.max() - 0.5, around + 1.0, around)
            square = np.stack([around, depth], -1)
        else:  # the end of a way in, a thin strip of its cell
            half = np.minimum(around, 1 - around) * 2
            square = np.stack([half, np.where(around > 0.5, 1.0, 0.98)], -1)
        out.append(_cell(square, int(number[0])))
    return np.concatenate(out)


def _unrolled(places: np.ndarray) -> np.ndarray:
    azimuth, height = places.T.copy()
    pole = (height <= LOWEST + 1e-6) | (height >= np.pi / 2 - 1e-6)
    if np.ptp(azimuth[~pole]) > np.pi:
        azimuth = np.where(azimuth < 0, azimuth + 2 * np.pi, azimuth)
    azimuth[pole] = azimuth[~pole].mean()
    u = 0.004 + 0.992 * (0.5 + azimuth / (2 * np.pi))
    v = (height - LOWEST) / (np.pi / 2 - LOWEST)
    return np.stack([u, FLOOR + 0.005 + (0.99 - FLOOR) * v], -1)
