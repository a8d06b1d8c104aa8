"""A picture of a Take: waveform, channels, head."""

from __future__ import annotations

import os

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from phiz.face.channels import CHANNELS, INDEX, REGIONS
from phiz.motion.take import Take
from phiz.writing import whole_file

AUDIO_RATE = 16_000
_WIDEST = 1800  # columns: more than the picture has pixels would be drawn in vain
_INK, _QUIET = "#22252b", "#7b828e"
_LINES = {  # the channels that tell most, drawn as curves
    "jawOpen": "#c1452b",
    "mouthClose": "#2b6cb0",
    "mouthSmileLeft": "#d69e2e",
    "mouthPucker": "#6b46c1",
    "browInnerUp": "#2f855a",
    "eyeBlinkLeft": "#4a5568",
}
_HEAD = {"yaw": "#c1452b", "pitch": "#2b6cb0", "roll": "#2f855a"}
_ORDER = [i for region in ("brows", "eyes", "cheeks", "mouth") for i in REGIONS[region]]


def save_png(take: Take, path: str | os.PathLike[str], samples: np.ndarray | None = None) -> None:
    """Draw a Take as PNG, with the waveform of `samples` (n,) at 16 kHz above it. Raises OutputError."""
    canvas = FigureCanvasAgg(figure(take, samples))
    with whole_file(path) as stream:
        canvas.print_png(stream)


def figure(take: Take, samples: np.ndarray | None = None) -> Figure:
    """Waveform (where given), telling channels as curves, all 51 as a heat map, head rotation.

    Long Takes are drawn from the largest weight in each column of pixels, so that no peak is lost.
    """
    heights = [1.0, 2.0, 6.6, 1.3] if samples is not None else [2.0, 6.6, 1.3]
    drawing = Figure(figsize=(14, 12 if samples is not None else 11), dpi=110, facecolor="white")
    axes = list(drawing.subplots(len(heights), 1, sharex=True, height_ratios=heights))
    drawing.subplots_adjust(left=0.125, right=0.985, top=0.955, bottom=0.05, hspace=0.14)
    drawing.suptitle(_title(take), x=0.125, y=0.985, ha="left", fontsize=12, color=_INK)
    if samples is not None:
        _draw_waveform(axes.pop(0), samples)
    curves, heat, head = axes
    edges = _columns(take.frames)
    times = edges[:-1] / take.fps
    for name, colour in _LINES.items():
        values = np.maximum.reduceat(take.weights[:, INDEX[name]], edges[:-1])
        curves.plot(times, values, color=colour, linewidth=1.1, label=name)
    curves.set_ylim(0, 1.02)
    _legend(curves)
    table = np.maximum.reduceat(take.weights[:, _ORDER], edges[:-1], axis=0)  # (columns, 51)
    heat.imshow(
        table.T,
        aspect="auto",
        interpolation="nearest",
        cmap="BuPu",
        vmin=0.0,
        vmax=1.0,
        extent=(0.0, take.seconds, len(_ORDER) - 0.5, -0.5),
    )
    heat.set_yticks(range(len(_ORDER)), [CHANNELS[i] for i in _ORDER])
    border = -0.5
    for region in ("brows", "eyes", "cheeks"):
        border += len(REGIONS[region])
        heat.axhline(border, color=_QUIET, linewidth=0.8)
    for (name, colour), angle in zip(_HEAD.items(), np.degrees(take.head).T, strict=True):
        head.plot(times, angle[edges[:-1]], color=colour, linewidth=1.1, label=name)
    low, high = head.get_ylim()
    head.set_ylim(min(low, -2.0), max(high, 2.0))  # so that a still head looks still
    _legend(head)
    head.set_ylabel("head, degrees", fontsize=8, color=_QUIET)
    head.set_xlabel("seconds", fontsize=9, color=_QUIET)
    head.set_xlim(0.0, take.seconds)
    for axis in drawing.axes:
        axis.tick_params(colors=_INK, labelcolor=_INK, length=2)
        axis.tick_params(labelsize=7 if axis is heat else 8)
        for spine in axis.spines.values():
            spine.set_color("#d5d9e0")
    return drawing


def _legend(axis: Axes) -> None:
    """Names of the curves on one line above them, where they hide nothing."""
    axis.legend(
        loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=len(axis.lines), fontsize=8, frameon=False
    )


def _title(take: Take) -> str:
    notes = [take.audio or str(take.origin.get("file", "Take")), f"{take.seconds:.1f} s at {take.fps:g} fps"]
    return "   ".join(notes)


def _columns(frames: int) -> np.ndarray:
    """Frame numbers (columns + 1,) that part the frames into at most _WIDEST columns."""
    return np.linspace(0, frames, min(frames, _WIDEST) + 1).astype(np.int64)


def _draw_waveform(axis: Axes, samples: np.ndarray) -> None:
    edges = _columns(len(samples))[:-1]
    times = edges / AUDIO_RATE
    low, high = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
    axis.fill_between(times, low, high, color="#2b6cb0", linewidth=0.3)
    peak = max(1e-3, float(np.abs(samples).max()))
    axis.set_ylim(-1.05 * peak, 1.05 * peak)
    axis.set_yticks([])
    axis.set_ylabel("voice", fontsize=8, color=_QUIET)
