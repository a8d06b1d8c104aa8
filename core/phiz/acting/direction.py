"""The Direction: the acting notes for one recording, as plain data."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from phiz.errors import PhizError
from phiz.face.emotions import EMOTIONS
from phiz.writing import whole_file

VERSION = 1
LARGEST_SEED = 2**32 - 1


class DirectionError(PhizError):
    """The acting notes cannot be followed; the message names the field and what it may hold."""


def _emotion(name: str) -> str:
    if name not in EMOTIONS:
        raise ValueError(f"{name} is not one of {', '.join(EMOTIONS)}")
    return name


Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class EmotionKey(BaseModel):
    """What is felt from one moment on: a mix of emotions and how strongly it shows.

    time: seconds from the start of the recording. mix: emotion -> share, 0 to 1; shares that sum to
    more than 1 are scaled to 1, what is missing to 1 is neutral. intensity: 0 to 1, over the whole mix.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    time: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    mix: dict[Annotated[str, AfterValidator(_emotion)], Share]
    intensity: Share = 1.0


class Direction(BaseModel):
    """Emotion over time, style and seed. An immutable value; `emotion` is kept in order of time.

    With no emotion keys the face is neutral. Of keys at one time the last counts, as a cut. style: a
    name that the model bundle knows, or None for its own choice. Raises DirectionError on anything
    that is not allowed, however it is made.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = VERSION
    emotion: tuple[EmotionKey, ...] = ()
    style: Annotated[str, Field(min_length=1)] | None = None
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise DirectionError(_in_one_line(error)) from error

    def model_post_init(self, _context: Any) -> None:
        # Assigned past the freeze: pydantic offers no other way to sort a field of a frozen model.
        object.__setattr__(self, "emotion", tuple(sorted(self.emotion, key=lambda key: key.time)))

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


def _in_one_line(error: ValidationError) -> str:
    """The first of pydantic's complaints: field, what is wrong, what came."""
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
    place = place.replace(".[key]", "").lstrip(".")
    if first["type"] == "extra_forbidden":
        parent = EmotionKey if len(first["loc"]) > 1 else Direction
        return f"Direction: there is no field {place}. Fields are {', '.join(parent.model_fields)}."
    if first["type"] == "missing":
        return f"Direction: {place} is missing."
    what = first["msg"].removeprefix("Value error, ").removeprefix("Input ").replace("\n", " ")
    came = repr(first["input"])
    return f"Direction: {place}: {what}; got {came if len(came) <= 60 else came[:57] + '...'}."
