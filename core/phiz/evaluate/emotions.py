"""A sheet of pictures: one sentence acted in eight emotions, in an order that the sheet does not tell.

Whoever looks names each row; the key lies in a file beside the sheet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from phiz.evaluate.render import Rig, portrait
from phiz.face.channels import INDEX
from phiz.motion.take import Take

FRAMES = 3
_BLINK = 0.35  # eyelids closed further than this say nothing of an emotion
_SEARCH = 0.3  # s around the wanted moment to look for open eyes
_COLUMNS = 2
_DOTS = 100  # per inch; one picture is drawn at its own pixels


def moments(take: Take, count: int = FRAMES) -> list[int]:
    """Frames spread evenly over a Take, each moved to the nearest one that is not in a blink."""
    lids = take.weights[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].max(1)
    reach = round(_SEARCH * take.fps)
    chosen = []
    for k in range(count):
        wanted = int((k + 0.5) / count * take.frames)
        near = sorted(
            range(max(wanted - reach, 0), min(wanted + reach + 1, take.frames)), key=lambda i: abs(i - wanted)
        )
        chosen.append(next((i for i in near if lids[i] < _BLINK), wanted))
    return chosen


def pictures(rig: Rig, take: Take, size: int = 256) -> np.ndarray:
    """(size, FRAMES * size, 3) uint8: a Take's moments side by side, head rotation included."""
    return np.concatenate(
        [portrait(rig, take.weights[i], head=take.head[i], size=size) for i in moments(take)], 1
    )


def shuffled(names: Sequence[str], seed: int) -> list[str]:
    """The names in an order of chance."""
    return [str(name) for name in np.random.default_rng(seed).permutation(list(names))]


def sheet(
    rig: Rig, takes: Mapping[str, Take], order: Sequence[str], *, labels: bool = False, size: int = 256
) -> np.ndarray:
    """(height, width, 3) uint8: the takes in `order`, numbered from 1, by name if `labels`."""
    rows = -(-len(order) // _COLUMNS)
    figure = Figure((_COLUMNS * (FRAMES * size + 16) / _DOTS, rows * (size + 32) / _DOTS), _DOTS)
    canvas = FigureCanvasAgg(figure)
    for i, name in enumerate(order):
        axes = figure.add_axes(
            (i % _COLUMNS / _COLUMNS, 1 - (i // _COLUMNS + 1) / rows, 1 / _COLUMNS, 0.9 / rows)
        )
        axes.imshow(pictures(rig, takes[name], size), interpolation="nearest")
        axes.set_title(f"{i + 1}  {name}" if labels else f"{i + 1}", loc="left", fontsize=11, pad=2)
        axes.axis("off")
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
