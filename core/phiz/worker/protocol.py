"""What a program and the worker say to each other: one JSON object per line, each with its `type`.

The program begins with `hello`; the worker answers `ready` once its model is loaded, or `failed` and ends.
Then every `generate` is answered by any number of `progress` and by exactly one of `done`, `failed` and
`cancelled`, one request after the other. `live` is a request that goes on: `audio`, `direct` and `finish` of
its id follow, and it is answered by `opened`, any number of `frames` and `refused`, and one of `finished`,
`failed` and `cancelled`. Times are seconds.
"""

from __future__ import annotations

import json
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from phiz.acting.direction import Direction
from phiz.errors import PhizError

VERSION = 1
"""Raised whenever a message changes its meaning."""


class ProtocolError(PhizError):
    """A line that is no message of this version."""


class VersionError(ProtocolError):
    """The other side speaks another version of the protocol."""


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Encoding = Literal["int16", "float32"]
Time = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]


class Hello(_Message):
    """The first line of a program. bundle: folder of a model bundle, None for the one of Phiz. threads: of
    the CPU, None for all useful."""

    type: Literal["hello"] = "hello"
    version: int = VERSION
    bundle: str | None = None
    threads: Annotated[int, Field(ge=1)] | None = None


class Generate(_Message):
    """Make a Take. Paths are absolute, or seen from the folder that the worker was started in.

    id: chosen by the program, for the answers. audio: any sound file; audio_start, audio_end: the part of it
    that is meant, None to its end; the Direction's times count from audio_start. articulation, control:
    strengths of the guard of the lips (0 to 1) and of the Action Units. reference: a Take whose manner is
    taken over. out: the file to write, .npz, .json or .csv.
    start, end: make only these seconds anew, counted from audio_start; the rest is taken, bit for bit, from
    `previous`, a Take of the same recording and fps.
    """

    type: Literal["generate"] = "generate"
    id: int = 0
    audio: str
    audio_start: Time = 0.0
    audio_end: Time | None = None
    direction: Direction = Direction()
    fps: Annotated[float, Field(ge=1.0, le=1000.0)] = 30.0
    articulation: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    control: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 1.0
    steps: Annotated[int, Field(ge=1)] | None = None
    reference: str | None = None
    start: Time | None = None
    end: Time | None = None
    previous: str | None = None
    out: str


class Cancel(_Message):
    """Stop a request, running or waiting. One that is done already stays done."""

    type: Literal["cancel"] = "cancel"
    id: int


class Live(_Message):
    """Open a live session: frames while the sound arrives, in `audio` messages of the same id.

    rate: samples per second of the sound. encoding: of its samples, little-endian; channels: of each, one
    after the other. direction: the acting notes to begin with. articulation, control, steps: as in
    `generate`; steps None is what is quick enough.
    """

    type: Literal["live"] = "live"
    id: int = 0
    rate: int = 16000
    encoding: Encoding = "int16"
    channels: Annotated[int, Field(ge=1, le=64)] = 1
    direction: Direction = Direction()
    articulation: Annotated[float, Field(ge=0.0, le=1.0)] = 1.0
    control: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 1.0
    steps: Annotated[int, Field(ge=1)] | None = None


class Audio(_Message):
    """The sound of a live session goes on. samples: base64, of any length."""

    type: Literal["audio"] = "audio"
    id: int
    samples: str


class Direct(_Message):
    """From now on, or from the second `at` of the sound, act by this Direction in a live session.

    What was made stays. The Direction's times count from the beginning of the sound.
    """

    type: Literal["direct"] = "direct"
    id: int
    direction: Direction
    at: Time | None = None


class Finish(_Message):
    """The sound of a live session has ended."""

    type: Literal["finish"] = "finish"
    id: int


class Ready(_Message):
    """The worker has its model loaded. phiz: its version; bundle: the name of the model."""

    type: Literal["ready"] = "ready"
    version: int = VERSION
    phiz: str
    bundle: str


class Progress(_Message):
    """done: 0 to 1, never falling."""

    type: Literal["progress"] = "progress"
    id: int
    done: float


class Done(_Message):
    """The Take stands at `out`. computed: the seconds of motion that had to be made anew for it."""

    type: Literal["done"] = "done"
    id: int
    out: str
    frames: int
    fps: float
    computed: float


class Failed(_Message):
    """Nothing was written. error: the name of the error; message: one line for the user, what to do in it.

    id: None where no request is to blame. detail: a traceback, where the error is one of Phiz's own making.
    log: a file with what the worker's libraries printed, where the program's side knows one.
    """

    type: Literal["failed"] = "failed"
    id: int | None
    error: str
    message: str
    detail: str | None = None
    log: str | None = None


class Opened(_Message):
    """The live session hears from now on. fps: of its frames. look_ahead: seconds of sound that a frame waits
    for at the most."""

    type: Literal["opened"] = "opened"
    id: int
    fps: float
    look_ahead: float


class Frames(_Message):
    """The next frames of a live session, one row each. first: the number of the first; time: its second.

    weights: the 51 channels of a Take, 0 to 1; head: yaw, pitch and roll in radians.
    """

    type: Literal["frames"] = "frames"
    id: int
    first: int
    time: float
    weights: list[list[float]]
    head: list[list[float]]


class Refused(_Message):
    """A live session did not follow a message and goes on without it. error, message: as in Failed."""

    type: Literal["refused"] = "refused"
    id: int
    error: str
    message: str


class Finished(_Message):
    """All frames of the live session were said. frames: how many."""

    type: Literal["finished"] = "finished"
    id: int
    frames: int


class Cancelled(_Message):
    """The request was stopped; it leaves no file."""

    type: Literal["cancelled"] = "cancelled"
    id: int


ToLive = Audio | Direct | Finish
Request = Hello | Generate | Live | ToLive | Cancel
Reply = Ready | Progress | Done | Opened | Frames | Refused | Finished | Failed | Cancelled

_REQUEST: TypeAdapter[Request] = TypeAdapter(Annotated[Request, Field(discriminator="type")])
_REPLY: TypeAdapter[Reply] = TypeAdapter(Annotated[Reply, Field(discriminator="type")])


T = TypeVar("T")


def line(message: Request | Reply) -> bytes:
    """A message as one line of UTF-8, its end included."""
    return message.model_dump_json().encode() + b"\n"


def request(text: bytes) -> Request:
    """What a program said. Raises VersionError, ProtocolError, DirectionError."""
    return _parsed(text, _REQUEST)


def reply(text: bytes) -> Reply:
    """What a worker said. Raises VersionError, ProtocolError."""
    return _parsed(text, _REPLY)


def id_of(text: bytes) -> int | None:
    """The id in a line that may be no message, None where there is none."""
    found = _field(text, "id")
    return found if isinstance(found, int) else None


def is_to_live(text: bytes) -> bool:
    """Whether a line that may be no message was meant for a live session."""
    return _field(text, "type") in ("audio", "direct", "finish")


def _field(text: bytes, name: str) -> object:
    try:
        return json.loads(text).get(name)
    except (ValueError, AttributeError):
        return None


def _parsed(text: bytes, adapter: TypeAdapter[T]) -> T:
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise ProtocolError(f"expected one JSON object per line, came {_short(text)}") from error
    version = fields.get("version", VERSION) if isinstance(fields, dict) else VERSION
    if version != VERSION:  # first: a later version may have other fields
        raise VersionError(
            f"expected version {VERSION} of the worker's protocol, came {version}; give both sides the same"
            " version of Phiz"
        )
    try:
        return adapter.validate_python(fields)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the line"
        raise ProtocolError(f"{where}: {first['msg']}; came {_short(text)}") from error


def _short(text: bytes) -> str:
    shown = text.decode(errors="replace").strip()
    return shown if len(shown) <= 80 else shown[:77] + "..."
