"""Hair as clear masses: a cap on the skull and sweeps of tapering locks over it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.face.head.form import to_surface
from phiz.face.head.proportions import Proportions
from phiz.face.head.skin import directions
from phiz.face.head.surfaces import Part, closed_end, joined, lock, outwards, sheet

Knots = tuple[tuple[float, float, float], ...]
"""Azimuth and elevation in degrees seen from inside the head, and height over the skin in cm."""

COLUMNS, ROWS, STEPS = 64, 11, 15


@dataclass(frozen=True)
class Sweep:
    """`count` locks lying side by side between two guides. width and thick in cm at their fullest."""

    first: Knots
    last: Knots
    count: int
    width: float
    thick: float
    tip: float = 0.15  # share of the width that is left at the end
    root: float = 0.5
    wave: float = 0.0


@dataclass(frozen=True)
class Style:
    hairline: tuple[tuple[float, float], ...]  # azimuth and elevation, from the back round the right side
    cap: float  # height of the cap, cm
    sweeps: tuple[Sweep, ...]
    bun: tuple[float, float, float, float] | None = None  # azimuth, elevation, height, radius


def _along(knots: Knots, places: np.ndarray) -> np.ndarray:
    """(n, 3) azimuth, elevation, height on a smooth line through the knots at places 0..1."""
    table = np.array(knots, float)
    steps = np.hypot(np.diff(table[:, 0]) * np.cos(np.radians(table[:-1, 1])), np.diff(table[:, 1])) + 4.0
    at = np.concatenate([[0], np.cumsum(steps)]) / steps.sum()
    slope = np.gradient(table, at, axis=0)
    k = np.clip(np.searchsorted(at, places, "right") - 1, 0, len(at) - 2)
    span = at[k + 1] - at[k]
    t = ((places - at[k]) / span)[:, None]
    span = span[:, None]
    return (
        (1 + 2 * t) * (1 - t) ** 2 * table[k]
        + t * (1 - t) ** 2 * span * slope[k]
        + t * t * (3 - 2 * t) * table[k + 1]
        + t * t * (t - 1) * span * slope[k + 1]
    )


def _locks(style: Style, shape: Proportions) -> list[Part]:
    s = np.linspace(0, 1, STEPS)
    lines, sizes = [], []
    for sweep in style.sweeps:
        a, b = _along(sweep.first, s), _along(sweep.last, s)
        for k in range(sweep.count):
            mix = (k + 0.5) / sweep.count
            uneven = np.sin(7.3 * k + 1.7 * sweep.count)
            line = a + (b - a) * mix
            line[:, 2] += 0.10 * sweep.thick * uneven + 0.16 * sweep.thick * (k % 2)
            line[:, 0] += sweep.wave * np.sin(2 * np.pi * s + 2.0 * k) * s
            rise = np.clip(s / 0.22, 0, 1) ** 0.7
            fall = np.clip((1 - s) / 0.45, 0, 1) ** 0.75
            profile = (sweep.root + (1 - sweep.root) * rise) * (sweep.tip + (1 - sweep.tip) * fall)
            size = 1.0 + 0.12 * uneven
            lines.append(line)
            sizes.append((sweep.width * size * profile + 0.01, sweep.thick * profile + 0.01))
    table = np.concatenate(lines)
    way = directions(np.radians(table[:, 0]), np.radians(table[:, 1]))
    points = to_surface(way, shape) + way * table[:, 2:]
    return [
        lock(points[i * STEPS : (i + 1) * STEPS], way[i * STEPS : (i + 1) * STEPS], width, thick, "hair")
        for i, (width, thick) in enumerate(sizes)
    ]


def _cap(style: Style, shape: Proportions) -> Part:
    """The layer on the skull from which the locks rise; it thins out at the hairline."""
    azimuth = np.linspace(-np.pi, np.pi, COLUMNS, endpoint=False)
    knots = np.radians(np.array(style.hairline, float))
    low = np.interp(azimuth, knots[:, 0], knots[:, 1])
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
    parts = [_cap(style, shape), *_locks(style, shape)]
    if style.bun:
        parts.append(_bun(style, shape))
    return joined("hair", parts)


_FULL = (
    (-180, -36), (-140, -30), (-116, -16), (-104, 6), (-97, 14), (-86, 16), (-77, 8), (-70, 10), (-62, 22), (-50, 36),
    (-34, 43), (-14, 46), (0, 46.5), (14, 46), (34, 43), (50, 36), (62, 22), (70, 10), (77, 8), (86, 16), (97, 14), (104, 6),
    (116, -16), (140, -30), (180, -36),
)  # fmt: skip
_SWEEP = Style(
    _FULL,
    0.40,
    (
        # the right side, from the parting over the forehead and the temple to the knot
        Sweep(((24, 44, 0.35), (4, 49, 1.15), (-30, 46, 1.25), (-60, 34, 1.0), (-92, 30, 0.75), (-140, 45, 0.6), (-178, 64, 0.7)),
              ((22, 72, 0.4), (-8, 76, 0.9), (-50, 75, 0.95), (-90, 70, 0.8), (-130, 67, 0.7), (-160, 68, 0.6), (-180, 72, 0.7)), 5, 1.5, 0.62, 0.5, 0.35),
        Sweep(((24, 46, 0.4), (0, 46, 1.1), (-30, 40, 1.35), (-56, 27, 1.2), (-80, 16, 0.95), (-112, 20, 0.6), (-165, 52, 0.5)),
              ((24, 47, 0.4), (-6, 49, 1.25), (-36, 45, 1.4), (-62, 33, 1.2), (-86, 25, 0.9), (-120, 32, 0.6), (-170, 60, 0.5)), 1, 1.35, 0.7, 0.4, 0.25),
        # the left side
        Sweep(((22, 45, 0.35), (34, 45, 1.0), (52, 37, 1.05), (68, 24, 0.9), (86, 18, 0.7), (114, 22, 0.55), (165, 52, 0.5)),
              ((24, 72, 0.4), (45, 75, 0.85), (75, 72, 0.85), (100, 69, 0.7), (130, 67, 0.6), (160, 68, 0.6), (180, 72, 0.7)), 5, 1.45, 0.58, 0.5, 0.35),
        # the nape
        Sweep(((-108, 2, 0.25), (-125, 14, 0.5), (-150, 36, 0.6), (-178, 62, 0.6)),
              ((-176, -32, 0.2), (-176, -10, 0.5), (-177, 25, 0.6), (-178, 60, 0.6)), 5, 1.5, 0.5, 0.6, 0.5),
        Sweep(((108, 2, 0.25), (125, 14, 0.5), (150, 36, 0.6), (178, 62, 0.6)),
              ((176, -32, 0.2), (176, -10, 0.5), (177, 25, 0.6), (178, 60, 0.6)), 5, 1.5, 0.5, 0.6, 0.5),
        # loose strands before the ears
        Sweep(((-64, 28, 0.6), (-70, 16, 0.9), (-75, 2, 0.55), (-74, -14, 0.5), (-67, -28, 0.8)),
              ((-66, 28, 0.5), (-73, 16, 0.8), (-78, 2, 0.5), (-78, -10, 0.4), (-73, -20, 0.6)), 2, 0.62, 0.34, 0.05, 0.6),
        Sweep(((64, 28, 0.6), (70, 16, 0.9), (75, 2, 0.55), (74, -14, 0.5), (67, -28, 0.8)),
              ((66, 28, 0.5), (73, 16, 0.8), (78, 2, 0.5), (78, -10, 0.4), (73, -20, 0.6)), 2, 0.62, 0.34, 0.05, 0.6),
    ),
    (180.0, 66.0, 2.2, 3.1),
)  # fmt: skip

STYLES: dict[str, Style] = {"sweep": _SWEEP}
