"""phiz live: a face while the voice is still arriving."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from phiz.acting import options as acting
from phiz.errors import PhizError

if TYPE_CHECKING:
    import numpy as np

    from phiz.runtime.live.session import Frames

PIECE = 0.1
"""Seconds of sound that are given at a time."""

_EPILOG = """\
examples:
  phiz live hello.wav
  phiz live hello.wav --csv > hello.csv
  arecord -q -t raw -f S16_LE -r 16000 -c 1 | phiz live - --rate 16000 --emotion happy

AUDIO: a sound file, heard at the speed at which it is spoken; or -, standard input, for raw PCM (int16,
little-endian) or a WAV that is still being written. Frames come out on standard output as soon as they are
made, 0.2 s of sound after their own time at the latest (docs/live.md). Events and emotions as for generate.
"""


class LiveInputError(PhizError):
    """Standard input is no sound that can be used."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Add `live` to the command line."""
    parser = subparsers.add_parser(
        "live",
        help="make face animation while the voice is arriving",
        description="Make face animation while the voice is arriving.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("audio", metavar="AUDIO", help="a sound file, or - for standard input")
    parser.add_argument("--rate", type=int, default=16000, metavar="R", help="of raw PCM (default 16000)")
    parser.add_argument("--channels", type=int, default=1, metavar="N", help="of raw PCM (default 1)")
    parser.add_argument(
        "--csv",
        action="store_true",
        help="lines of the Live Link Face app, in place of JSON (docs/worker.md)",
    )
    acting.add_options(parser)
    parser.add_argument(
        "--steps", type=int, metavar="N", help="sampling steps (default: what is quick enough)"
    )
    parser.add_argument("--threads", type=int, default=2, metavar="N", help="CPU threads (default 2)")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (default: the shipped one)")


def run(args: argparse.Namespace) -> int:
    """Hear until the sound ends. Raises PhizError."""
    from phiz.audio.incoming import SoundFormatError
    from phiz.runtime import bundle
    from phiz.runtime.control import Control
    from phiz.runtime.live.session import LiveSession

    direction, remarks = acting.direction(args)
    for remark in remarks:
        print(f"note: {remark}.", file=sys.stderr)
    if args.style_from is not None:
        raise LiveInputError("a live session takes a --style by name; --style-from is for generate")
    if args.channels < 1:
        raise SoundFormatError(f"expected --channels of 1 or more, came {args.channels}")
    rate, pieces = _sound(args)
    session = LiveSession(
        bundle.load(args.bundle, threads=args.threads),
        direction,
        rate=rate,
        steps=args.steps,
        articulation=1.0 if args.articulation is None else args.articulation,
        control=Control() if args.control is None else Control(strength=args.control),
    )
    write = _csv(sys.stdout.buffer) if args.csv else _json(sys.stdout.buffer)
    try:
        for piece in pieces:
            write(session.push(piece))
        write(session.finish())
    except BrokenPipeError:
        sys.stderr.close()  # who read has gone, and so has all that could still be said
        return 1
    return 0


def _json(out: BinaryIO) -> Callable[[Frames], None]:
    """Writes frames as the worker says them, a line for each piece."""
    from phiz.worker.live import message
    from phiz.worker.protocol import line

    def write(frames: Frames) -> None:
        if len(frames):
            out.write(line(message(0, frames)))
            out.flush()

    return write


def _csv(out: BinaryIO) -> Callable[[Frames], None]:
    from phiz.audio.aligned import MOTION_FPS
    from phiz.motion import livelink, timecode

    codes = timecode.timecodes(sys.maxsize, MOTION_FPS)
    out.write(f"{livelink.HEADER}\n".encode())

    def write(frames: Frames) -> None:
        for row in livelink.table(frames.weights, frames.head):
            out.write(livelink.line(next(codes), row))
        out.flush()

    return write


def _sound(args: argparse.Namespace) -> tuple[int, Iterator[np.ndarray]]:
    """The rate, and the sound piece by piece, each when it has been spoken. Raises RecordingError."""
    import soundfile

    from phiz.audio.recording import NotAudioError, RecordingNotFoundError

    if args.audio == "-":
        return _standard_input(args)
    try:
        file = soundfile.SoundFile(args.audio)
    except (soundfile.SoundFileError, TypeError) as error:
        if not Path(args.audio).is_file():
            raise RecordingNotFoundError(f"There is no file {args.audio}. Check the name.") from error
        raise NotAudioError(f"Cannot read {args.audio} as audio: {error}.") from error
    return file.samplerate, _spoken(file)


def _spoken(file) -> Iterator[np.ndarray]:
    began, given = time.monotonic(), 0
    with file:
        while len(piece := file.read(round(PIECE * file.samplerate), dtype="float32")):
            given += len(piece)
            time.sleep(max(0.0, began + given / file.samplerate - time.monotonic()))
            yield piece


def _standard_input(args: argparse.Namespace) -> tuple[int, Iterator[np.ndarray]]:
    import wave

    stream: Any = sys.stdin.buffer  # buffered: it has peek and read1
    if stream.peek(4)[:4] != b"RIFF":
        return args.rate, _pcm(stream.read1, args.channels, args.rate)
    try:
        file = wave.open(stream)  # noqa: SIM115 (standard input is not ours to close)
    except (wave.Error, EOFError) as error:
        raise LiveInputError(f"expected a WAV or raw PCM on standard input: {error}") from error
    if file.getsampwidth() != 2:
        raise LiveInputError(f"expected a WAV of int16, came one of {8 * file.getsampwidth()} bits")
    rate = file.getframerate()
    return rate, _pcm(
        lambda size: file.readframes(size // 2 // file.getnchannels()), file.getnchannels(), rate
    )


def _pcm(read: Callable[[int], bytes], channels: int, rate: int) -> Iterator[np.ndarray]:
    """Whole samples (n, channels) int16 of what is read, as soon as it can be."""
    import numpy as np

    size, rest = 2 * channels, b""
    while more := read(round(PIECE * rate) * size):
        rest += more
        whole = len(rest) // size * size
        yield np.frombuffer(rest[:whole], "<i2").astype(np.int16).reshape(-1, channels)
        rest = rest[whole:]
