"""Short hair as one shell on the skull: volume, locks that whirl out from the crown, a swept fringe."""

from __future__ import annotations

import numpy as np

from phiz.face.head.form import to_surface
from phiz.face.head.proportions import Proportions
from phiz.face.head.skin import directions

COLUMNS, ROWS = 96, 22
# the hairline: azimuth and elevation in degrees, seen from inside the head, from the right round to the left
HAIRLINE = (
    (-180, -34), (-135, -26), (-112, -4), (-100, 13), (-88, 15), (-79, -3), (-70, 0), (-62, 18), (-50, 31),
    (-34, 36), (-14, 39), (4, 43), (17, 48), (27, 46), (40, 39), (52, 31), (62, 18), (70, 0), (79, -3),
    (88, 15), (100, 13), (112, -4), (135, -26), (180, -34),
)  # fmt: skip
CROWN = np.array([0.08, 0.52, 0.85])  # where the whirl starts, as a direction
PART = np.radians(17.0)  # azimuth at which the fringe parts


def shell(shape: Proportions) -> np.ndarray:
    """(ROWS, COLUMNS, 3) cm: rows run from under the hairline up to the top of the head."""
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    knots = np.radians(np.array(HAIRLINE, float))
    low = np.interp(azimuth, knots[:, 0], knots[:, 1])
    low = np.convolve(np.concatenate([low[-1:], low, low[:1]]), [0.2, 0.6, 0.2], "valid")
    low += 0.022 * np.abs(np.sin(6.5 * (azimuth - PART))) * np.exp(-((azimuth / 0.9) ** 2))
    rows = []
    for row in range(ROWS):
        t = max(row - 1, 0) / (
            ROWS - 1.5
        )  # the first two rows share a place: the edge's under and upper side
        elevation = low + (np.pi / 2 - low) * t**0.9
        way = directions(azimuth, elevation)
        rise = np.full(COLUMNS, -0.35) if row == 0 else _height(way, azimuth, t)
        rows.append(to_surface(way, shape) + way * rise[:, None])
    return np.stack(rows)


def _height(way: np.ndarray, azimuth: np.ndarray, t: float) -> np.ndarray:
    """(n,) how far the hair stands off the skull along these (n, 3) directions."""
    edge = 0.42 + 0.58 * (1 - np.exp(-t / 0.10))
    body = 0.80 + 0.35 * np.clip(way[:, 2], 0, 1)
    fringe = np.exp(-(((azimuth + 0.10) / 0.75) ** 2)) * np.exp(-(((t - 0.20) / 0.30) ** 2))
    parting = np.exp(-(((way[:, 0] - 0.235) / 0.045) ** 2)) * np.clip(-way[:, 1] * 2.2, 0, 1)
    axis = CROWN / np.linalg.norm(CROWN)
    side = np.array([1.0, 0.0, 0.0]) - axis[0] * axis
    side /= np.linalg.norm(side)
    around = np.arctan2(way @ np.cross(axis, side), way @ side)
    out = np.arccos(np.clip(way @ axis, -1, 1))
    whirl = around + 0.55 * out
    locks = 0.60 * np.abs(np.sin(4.5 * whirl)) ** 0.7 + 0.40 * np.abs(np.sin(9.5 * whirl + 0.8 * out)) ** 0.8
    return (
        edge * (body + 0.85 * fringe - 0.45 * parting)
        + 0.70 * (locks - 0.6) * np.clip(out * 1.6, 0, 1) * edge
    )
