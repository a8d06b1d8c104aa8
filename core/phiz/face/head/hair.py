"""Hair as clear masses: a cap on the skull and sweeps of tapering locks over it."""

from __future__ import annotations

import numpy as np

from phiz.face.head.form import to_surface
from phiz.face.head.grid import directions
from phiz.face.head.hairstyles import STYLES, Style, Sweep
from phiz.face.head.proportions import Proportions
from phiz.face.head.surfaces import Part, closed_end, joined, lock, outwards, sheet

COLUMNS, ROWS, STEPS = 64, 11, 15


def _knots(line: str) -> np.ndarray:
    """(n, 4) unit directions and heights from a line of knots."""
    table = np.array([[float(word) for word in knot.split()] for knot in line.split(",")])
    way = directions(*np.radians(table[:, :2]).T)
    return np.concatenate([way, table[:, 2:]], axis=1)


def _along(line: str, places: np.ndarray) -> np.ndarray:
    """(n, 4) directions and heights on a smooth line through the knots, at places 0..1."""
    table = _knots(line)
    steps = np.linalg.norm(np.diff(table[:, :3], axis=0), axis=1) + 0.05
    at = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    slope = np.gradient(table, at, axis=0)
    k = np.clip(np.searchsorted(at, places, "right") - 1, 0, len(at) - 2)
    span = (at[k + 1] - at[k])[:, None]
    t = (places[:, None] - at[k, None]) / span
    start = (1 + 2 * t) * (1 - t) ** 2 * table[k] + t * (1 - t) ** 2 * span * slope[k]
    return start + t * t * (3 - 2 * t) * table[k + 1] + t * t * (t - 1) * span * slope[k + 1]


def _sweep(sweep: Sweep) -> tuple[list[np.ndarray], list[tuple[np.ndarray, np.ndarray]]]:
    """For each lock its (STEPS, 4) line, and its width and thickness along it."""
    s = np.linspace(0, 1, STEPS)
    a, b = _along(sweep.first, s), _along(sweep.last, s)
    lines, sizes = [], []
    for k in range(sweep.count):
        uneven = np.sin(7.3 * k + 1.7 * sweep.count)
        line = a + (b - a) * (k + 0.5) / sweep.count
        line[:, 3] += sweep.thick * (0.10 * uneven + 0.16 * (k % 2))
        rise = np.clip(s / 0.25, 0, 1) ** 0.7
        fall = np.clip((1 - s) / 0.45, 0, 1) ** 0.75
        profile = (sweep.root + (1 - sweep.root) * rise) * (sweep.tip + (1 - sweep.tip) * fall)
        lines.append(line)
        sizes.append((sweep.width * (1 + 0.12 * uneven) * profile + 0.01, sweep.thick * profile + 0.01))
    if sweep.mirror:
        lines += [line * np.array([-1.0, 1.0, 1.0, 1.0]) for line in lines]
        sizes += sizes
    return lines, sizes


def _locks(style: Style, shape: Proportions) -> list[Part]:
    every = [_sweep(sweep) for sweep in style.sweeps]
    table = np.concatenate([line for lines, _ in every for line in lines])
    way = table[:, :3] / np.linalg.norm(table[:, :3], axis=1, keepdims=True)
    points = to_surface(way, shape) + way * table[:, 3:]
    parts = []
    for i, (width, thick) in enumerate(size for _, sizes in every for size in sizes):
        rows = slice(i * STEPS, (i + 1) * STEPS)
        parts.append(lock(points[rows], way[rows], width, thick, "hair"))
    return parts


def _cap(style: Style, shape: Proportions) -> Part:
    """The layer on the skull from which the locks rise; it thins out at the hairline."""
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    knots = np.radians(np.array([k.split() for k in style.hairline.split(",")], float))
    low = np.interp(np.abs(azimuth), knots[:, 0], knots[:, 1])
    low = np.convolve(np.concatenate([low[-2:], low, low[:2]]), [0.1, 0.2, 0.4, 0.2, 0.1], "valid")
    ways, heights = [], []
    for row in range(ROWS):
        t = max(row - 1, 0) / (ROWS - 1.4)
        elevation = low + (np.pi / 2 - low) * t**0.9
        ways.append(directions(azimuth, elevation))
        heights.append(
            np.full(COLUMNS, -0.2 if row == 0 else style.cap * (0.25 + 0.75 * (1 - np.exp(-t / 0.12))))
        )
    way = np.concatenate(ways)
    points = to_surface(way, shape) + way * np.concatenate(heights)[:, None]
    part = sheet("cap", points.reshape(ROWS, COLUMNS, 3), "hair", True)
    return outwards(closed_end(part, len(points) - COLUMNS + np.arange(COLUMNS), "hair", False))


def _bun(style: Style, shape: Proportions) -> Part:
    """A knot of hair with spiral strands."""
    assert style.bun is not None
    azimuth, elevation, height, radius = style.bun
    way = directions(np.radians(np.array([azimuth])), np.radians(np.array([elevation])))
    centre = (to_surface(way, shape) + way * height)[0]
    around, up = 36, 12
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)
    tilt = np.linspace(0.06, np.pi - 0.35, up)[:, None]
    swirl = turn + 1.5 * tilt
    r = radius * (1 + 0.085 * np.abs(np.sin(3 * swirl)) ** 0.7 - 0.05 - 0.10 * np.exp(-((tilt / 0.35) ** 2)))
    side = np.cross(way[0], [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    other = np.cross(way[0], side)
    x, y = r * np.sin(tilt) * np.cos(turn), r * np.sin(tilt) * np.sin(turn)
    z = 0.78 * r * np.cos(tilt)
    points = centre + x[..., None] * side + y[..., None] * other + z[..., None] * way[0]
    part = sheet("bun", points, "hair", True)
    return outwards(closed_end(part, np.arange(around), "hair", True))


def hair(shape: Proportions) -> Part:
    """All hair of a head in one part."""
    style = STYLES[shape.hair]
    parts = _locks(style, shape)
    if style.cap:
        parts.append(_cap(style, shape))
    if style.bun:
        parts.append(_bun(style, shape))
    return joined("hair", parts)
