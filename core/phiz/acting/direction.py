"""The Direction: the acting notes for one recording, as plain data."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from phiz.errors import PhizError
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS
from phiz.writing import whole_file

VERSION = 2
LARGEST_SEED = 2**32 - 1


class DirectionError(PhizError):
    """The acting notes cannot be followed; the message names the field and what it may hold."""


def _emotion(name: str) -> str:
    if name not in EMOTIONS:
        raise ValueError(f"{name} is not one of {', '.join(EMOTIONS)}")
    return name


SHOWABLE = tuple(unit.number for unit in ACTION_UNITS.values() if unit.showable)


def _showable(number: int) -> int:
    unit = ACTION_UNITS.get(number)
    if unit is not None and unit.showable:
        return number
    may = ", ".join(str(number) for number in SHOWABLE)
    if unit is None:
        raise ValueError(f"{number} is not in the FACS table; may be {may}")
    raise ValueError(f"AU {number} ({unit.name}) cannot be shown, {unit.note}; may be {may}")


Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Side = Literal["B", "L", "R"]
Envelope = Annotated[tuple[tuple[Seconds, Share], ...], Field(min_length=1)]
_SLACK = 1e-6  # seconds: rounding of end - start


class EmotionKey(BaseModel):
    """What is felt from one moment on: a mix of emotions and how strongly it shows.

    time: seconds from the start of the recording. mix: emotion -> share, 0 to 1; shares that sum to
    more than 1 are scaled to 1, what is missing to 1 is neutral. intensity: 0 to 1, over the whole mix.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: Seconds = 0.0
    mix: dict[Annotated[str, AfterValidator(_emotion)], Share]
    intensity: Share = 1.0


class AUEvent(BaseModel):
    """One Action Unit over a span of time.

    au: its FACS number. side: B both, L the character's left, R the right; some units have both alone,
    some one side alone. start, end: seconds from the start of the recording. intensity: 0 to 1, where 1
    is the manual's level E and 0 asks that the unit is not there. ramp_in, ramp_out: seconds, inside the
    span; where it is shorter than both together they are shortened in proportion. envelope: how far the
    unit is held, in place of ramps: points (seconds from the event's start, 0 to 1) in order of time with
    straight lines between them; two at one time are a jump, before the first and after the last it holds.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    au: Annotated[int, AfterValidator(_showable)]
    side: Annotated[Side, Field(validate_default=True)] = "B"
    start: Seconds
    end: Seconds
    intensity: Share = 1.0
    envelope: Envelope | None = None
    ramp_in: Seconds = 0.2
    ramp_out: Seconds = 0.2

    @field_validator("side")
    @classmethod
    def _side_of_unit(cls, side: Side, info: ValidationInfo) -> Side:
        unit = ACTION_UNITS.get(info.data.get("au", -1))  # absent where `au` itself is refused
        if unit is not None and side not in unit.sides:
            raise ValueError(f"AU {unit.number} ({unit.name}) takes {' or '.join(unit.sides)}")
        return side

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: float, info: ValidationInfo) -> float:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise ValueError(f"should be later than start, {start:g}")
        return end

    @field_validator("envelope")
    @classmethod
    def _points_in_order(cls, envelope: Envelope | None, info: ValidationInfo) -> Envelope | None:
        if envelope is None:
            return None
        for (before, _), (after, _) in pairwise(envelope):
            if after < before:
                raise ValueError(f"points should be in order of time; {after:g} s follows {before:g} s")
        start, end = info.data.get("start"), info.data.get("end")
        if start is not None and end is not None and envelope[-1][0] > end - start + _SLACK:
            raise ValueError(
                f"points count from the event's start and end with it, at {end - start:g} s at the latest"
            )
        return envelope

    @field_validator("ramp_in", "ramp_out")
    @classmethod
    def _without_envelope(cls, ramp: float, info: ValidationInfo) -> float:
        if info.data.get("envelope") is not None:
            raise ValueError("should be left out where there is an envelope")
        return ramp

    @model_serializer(mode="wrap")
    def _as_read(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Ramps or an envelope, as either alone may be read."""
        left_out = ("envelope",) if self.envelope is None else ("ramp_in", "ramp_out")
        return {name: value for name, value in handler(self).items() if name not in left_out}


class Direction(BaseModel):
    """Emotion over time, Action Unit events, style and seed. An immutable value.

    emotion: None leaves it open, to be heard in the voice where the model bundle can, else neutral; with
    no keys the face is neutral. Kept in order of time; of keys at one time the last counts, as a cut.
    events: kept in order of start; of two that start together the later written goes before. style: a
    name that the model bundle knows, or None for its own choice. Raises DirectionError on anything that
    is not allowed, however it is made.

    Version 1, which had no events and was neutral without emotion keys, is read as that.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[2] = VERSION
    emotion: tuple[EmotionKey, ...] | None = None
    events: tuple[AUEvent, ...] = ()
    style: Annotated[str, Field(min_length=1)] | None = None
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise DirectionError(f"Direction: {in_one_line(error, Direction)}") from error

    @model_validator(mode="before")
    @classmethod
    def _from_version_1(cls, fields: dict[str, Any]) -> dict[str, Any]:
        if fields.get("version") != 1:
            return fields
        if "events" in fields:
            raise ValueError(f"version should be {VERSION} where there are events; got 1")
        return {"emotion": ()} | fields | {"version": VERSION}

    def model_post_init(self, _context: Any) -> None:
        # Assigned past the freeze: pydantic offers no other way to sort a field of a frozen model.
        if self.emotion is not None:
            object.__setattr__(self, "emotion", tuple(sorted(self.emotion, key=lambda key: key.time)))
        object.__setattr__(self, "events", tuple(sorted(self.events, key=lambda event: event.start)))

    @classmethod
    def of(
        cls, emotion: str = "neutral", intensity: float = 1.0, *, style: str | None = None, seed: int = 0
    ) -> Self:
        """One emotion at one intensity from beginning to end."""
        return cls(emotion=[{"mix": {emotion: 1.0}, "intensity": intensity}], style=style, seed=seed)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Self:
        """Read a Direction from JSON. Raises DirectionError, which names the file and the field."""
        path = Path(path)
        try:
            fields = json.loads(path.read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise DirectionError(f"Cannot read {path}: {error.strerror}. Check the name.") from error
        except ValueError as error:  # not UTF-8, or not JSON
            raise DirectionError(f"{path} is not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise DirectionError(f'{path} has to hold one JSON object, such as {{"version": {VERSION}}}.')
        try:
            return cls(**fields)
        except DirectionError as error:
            raise DirectionError(f"{path}: {error}") from error

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write as JSON, whole or not at all. Raises OutputError."""
        with whole_file(path) as stream:
            stream.write((self.model_dump_json(indent=2) + "\n").encode())


_PARTS: dict[str | int, type[BaseModel]] = {"emotion": EmotionKey, "events": AUEvent}


def in_one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """The first of pydantic's complaints about a model of this file: field, what is wrong, what came."""
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    place = place.replace(".[key]", "").lstrip(".")
    what = first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("\n", " ")
    if not place:
        return f"{what}."
    if first["type"] == "extra_forbidden":
        parent = _PARTS[first["loc"][0]] if len(first["loc"]) > 1 else model
        return f"there is no field {place}. Fields are {', '.join(parent.model_fields)}."
    if first["type"] == "missing":
        return f"{place} is missing."
    came = repr(first["input"])
    return f"{place}: {what}; got {came if len(came) <= 60 else came[:57] + '...'}."
