"""What is inside the mouth: two rows of teeth with gums, and the tongue, in centimetres."""

from __future__ import annotations

import numpy as np

from phiz.face.head.openings import CONTACT
from phiz.face.head.proportions import Proportions, mouth_line
from phiz.face.head.skin import Skin
from phiz.face.head.surfaces import Part, closed_end, outwards, sheet

UPPER_WIDTHS = (0.82, 0.64, 0.72, 0.62, 0.62, 0.85)  # of the teeth from the middle outwards
LOWER_WIDTHS = (0.52, 0.56, 0.62, 0.62, 0.64, 0.90)
PER_TOOTH = 7
_ACROSS = np.array([0.0, 0.06, 0.2, 0.5, 0.8, 0.94, 1.0])  # places on a tooth from side to side


def _arch(places: np.ndarray, front: float, width: float, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """(n, 2) x, y on a row of teeth at these arc places in -1..1 and outward normals."""
    a = places * np.radians(84)
    line = np.stack([width * np.sin(a), front + depth * (1 - np.cos(a) ** 0.85)], -1)
    along = np.stack([np.cos(a) * width, depth * np.sin(a)], -1)
    normal = np.stack([along[:, 1], -along[:, 0]], -1)
    return line, normal / np.linalg.norm(normal, axis=1, keepdims=True)


def teeth(skin: Skin, shape: Proportions, upper: bool) -> Part:
    """One row of twelve teeth with its gum, standing behind the lips."""
    contact = skin.vertices[skin.mouth.loops[CONTACT]]
    scale = shape.mouth.half_width / 2.3
    front = contact[:, 1].min() + (0.46 if upper else 0.62)
    widths = np.array(UPPER_WIDTHS if upper else LOWER_WIDTHS)
    edges = np.concatenate([[0], np.cumsum(widths)]) / widths.sum()
    right = [edges[k] + (edges[k + 1] - edges[k]) * _ACROSS for k in range(len(widths))]
    places = np.concatenate([-np.concatenate(right)[::-1], np.concatenate(right)])
    u = np.tile(_ACROSS, 2 * len(widths))
    line, normal = _arch(places, front, (2.25 if upper else 2.10) * scale, 2.2)
    nearness = np.abs(2 * u - 1)  # 1 between two teeth, 0 on a tooth's middle
    groove = 0.10 * nearness**6
    rank = np.minimum(np.floor(np.abs(places) * 6.0), 5)
    longer = np.where(upper, np.choose(rank.astype(int), [0.04, -0.03, 0.03, -0.02, -0.05, -0.06]), 0.0)
    centre = mouth_line(np.zeros(1), shape.mouth)[0]
    sign = 1.0 if upper else -1.0
    edge = centre + (-0.20 if upper else -0.12)
    rows, tall = [], 0.92 if upper else 0.78
    profile = (  # how far out, how high over the biting edge, and what is there
        (0.10, tall + 0.95, "gum"), (0.16, tall + 0.45, "gum"), (0.12, tall + 0.10, "gum"),
        (0.05, tall, "neck"), (0.0, tall - 0.03, "neck"), (0.03, 0.62 * tall, "tooth"),
        (0.0, 0.20, "tooth"), (-0.05, 0.05, "edge"), (-0.14, 0.0, "edge"), (-0.24, 0.06, "edge"),
        (-0.34, 0.5 * tall, "back"), (-0.50, tall + 0.3, "back"),
    )  # fmt: skip
    for out, height, kind in profile:
        offset = out - groove * (1.0 if kind in ("tooth", "edge") else 0.55 if kind == "neck" else 0.12)
        z = np.full_like(u, height)
        if kind == "edge":
            z = z + 0.10 * nearness**5 - longer
        elif kind == "neck":
            z = z - 0.14 * nearness**2.5
        elif height == tall + 0.10:
            z = z - 0.12 * nearness**2.5
        xy = line + normal * offset[:, None]
        rows.append(np.concatenate([xy, (edge + sign * z)[:, None]], 1))
    strips = ["gums"] * 4 + ["teeth"] * 6 + ["gums"]
    return outwards(sheet("teeth upper" if upper else "teeth lower", np.stack(rows), strips, False))


def tongue(skin: Skin, shape: Proportions) -> Part:
    """A rounded tongue with a furrow, lying behind the lower teeth."""
    contact = skin.vertices[skin.mouth.loops[CONTACT]]
    back = contact[:, 1].min() + 3.6
    scale = shape.mouth.half_width / 2.3
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    a = np.linspace(0.10, np.pi - 0.10, 14)[:, None]
    wide, high = 1.35 * scale * np.sin(a) ** 0.6, 0.42 * np.sin(a) ** 0.6
    x, up = wide * np.cos(turn), high * np.sin(turn)
    up = up - 0.13 * np.exp(-((x / 0.30) ** 2)) * (np.sin(turn) > 0) * np.sin(a)  # the furrow
    y = back - 2.55 * np.cos(a) + 0 * x
    z = shape.mouth.height - 0.78 + up + 0.12 * np.sin(a)
    part = sheet("tongue", np.stack([x, y, z], -1), "tongue", True)
    part = closed_end(part, np.arange(20), "tongue", True)
    return outwards(closed_end(part, 13 * 20 + np.arange(20), "tongue", False))
