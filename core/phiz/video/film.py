"""Moving pictures in a file: frames to H.264 and back, with or without sound."""

from __future__ import annotations

import os
from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from phiz.audio.mel import RATE
from phiz.errors import PhizError
from phiz.writing import whole_file

if TYPE_CHECKING:
    from av.container import OutputContainer

LIKE_THE_FRAMES = 8
"""H.264's constant rate factor at which little but rounding is lost."""


class FilmError(PhizError):
    """The file is no film that can be read, or these frames cannot become one."""


class NoVideoExtraError(PhizError):
    """PyAV, which reads and writes films, is not installed."""


def write(
    path: str | os.PathLike[str],
    frames: Iterable[np.ndarray],
    fps: float,
    samples: np.ndarray | None = None,
    *,
    quality: int = LIKE_THE_FRAMES,
    every_player: bool = False,
) -> None:
    """Write frames (H, W, 3) uint8 as MP4, as they come, whole or not at all. Same frames, same bytes.

    samples: (n,) float, 16 kHz mono, +-1 full scale, that become its sound (AAC). quality: rate factor of
    H.264, less is better. every_player: colour at half resolution, which any player shows, and which needs
    even sides; without it colour is kept whole. Raises FilmError, OutputError, NoVideoExtraError.
    """
    av = _av()
    coming = iter(frames)
    first = next(coming, None)
    if first is None:
        raise FilmError("A film needs a frame at least; got none.")
    height, width = _sides(first)
    if every_player and (height % 2 or width % 2):
        raise FilmError(f"Every player wants even sides; got {width} x {height} pixels.")
    with whole_file(path) as out, av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        stream.height, stream.width = height, width
        stream.pix_fmt = "yuv420p" if every_player else "yuv444p"
        stream.codec_context.thread_count = 1  # more of them give other bytes on another machine
        stream.options = {"crf": str(quality), "preset": "medium"}
        sound = None
        if samples is not None:
            sound = container.add_stream("aac", rate=RATE, layout="mono")
            sound.codec_context.thread_count = 1
        for frame in chain((first,), coming):
            if _sides(frame) != (height, width):
                raise FilmError(f"All frames need {width} x {height} pixels; got {frame.shape}.")
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
        if sound is not None and samples is not None:
            _write_sound(container, sound, samples)


def _sides(frame: np.ndarray) -> tuple[int, int]:
    """Height and width of a frame. Raises FilmError."""
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8:
        raise FilmError(f"A film needs frames (H, W, 3) in uint8; got {frame.shape} {frame.dtype}.")
    return frame.shape[0], frame.shape[1]


def _write_sound(container: OutputContainer, stream, samples: np.ndarray) -> None:
    av = _av()
    block = av.AudioFrame.from_ndarray(np.asarray(samples, np.float32)[None], format="fltp", layout="mono")
    block.sample_rate, block.pts = RATE, 0
    container.mux(stream.encode(block))
    container.mux(stream.encode())


def read(path: str | os.PathLike[str]) -> tuple[np.ndarray, float]:
    """Frames (N, H, W, 3) uint8 and their rate. Raises FilmError, NoVideoExtraError.

    The rate has to be constant: what is shown longer than its neighbours cannot be given by number.
    """
    av = _av()
    path = Path(path)
    if not path.is_file():
        raise FilmError(f"There is no film {path}. Check the name and the folder.")
    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise FilmError(f"{path} holds no pictures. Name a film.")
            stream = container.streams.video[0]
            frames, times = [], []
            for frame in container.decode(stream):
                frames.append(frame.to_ndarray(format="rgb24"))
                times.append(frame.time)
            rate = float(stream.average_rate or 0)
    except (av.error.FFmpegError, OSError) as error:
        raise FilmError(f"Cannot read {path} as a film ({error}). Export it again as H.264.") from error
    if not frames or rate <= 0:
        raise FilmError(f"{path} holds no pictures. Export it again.")
    if len(frames) > 1:
        lasts = 1000 * np.diff(np.array(times, np.float64))  # ms
        if np.abs(lasts - 1000 / rate).max() > 250 / rate:
            raise FilmError(
                f"{path} has frames of {lasts.min():.0f} to {lasts.max():.0f} ms; a constant rate is "
                f"needed. Convert it: ffmpeg -i {path.name} -r {rate:.0f} constant.mp4"
            )
    return np.stack(frames), rate


def _av():
    try:
        import av
        import av.error
    except ImportError as error:
        raise NoVideoExtraError("Films need PyAV. Install the extra: pip install phiz[video]") from error
    return av
