"""The whole chain from an acting note to its Direction, each step to be looked at and edited."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from phiz.acting.direction import Direction
from phiz.cotfa.anatomy import checked
from phiz.cotfa.muscles import muscle_steps
from phiz.cotfa.note import LONGEST_NOTE, LONGEST_SECONDS, WordsError
from phiz.cotfa.prompts import prompts
from phiz.cotfa.steps import Finding, MuscleStep, Prompts, Reading, Step, UnitStep, Words
from phiz.cotfa.timeline import emotion_keys, events
from phiz.cotfa.typical import settled
from phiz.writing import whole_file

VERSION = 1
_DERIVED = ("checked_units", "muscles", "findings", "prompts", "direction")


class TraceError(WordsError):
    """A chain that does not hold together; the message names the field and what it may hold."""


class Trace(Step):
    """An acting note, thought through.

    A backend fills `reading` (step I) and, in `units` (step II), those that words call for; everything else
    follows: the units that feelings show of themselves, which join `units`, the anatomical check
    (`findings`, and `checked_units` as they leave it), `muscles` (step III), `prompts` (step IV) and
    `direction()`. Edit steps I and II with `with_reading` and `with_unit`, or in the JSON; the later steps
    follow anew, and an edited felt unit keeps its edit. Same trace, same Direction. Step IV in the artist's
    own words goes into `rewritten`.

    text: the note, whose exact words stand behind everything read. duration: seconds of the recording.
    backend: who read it. context: what was known beside the note, such as the scene or what is said.
    Raises TraceError on anything that is not allowed, however it is made.
    """

    version: Literal[1] = VERSION
    text: Annotated[str, Field(max_length=LONGEST_NOTE)]
    duration: Annotated[float, Field(gt=0.0, le=LONGEST_SECONDS)]
    backend: str
    context: str = ""
    reading: Reading = Reading()
    units: tuple[UnitStep, ...] = ()
    rewritten: Prompts | None = None

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise TraceError(f"Trace: {_in_one_line(error)}") from error

    @model_validator(mode="before")
    @classmethod
    def _without_derived(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """What a file shows of the later steps follows from the earlier ones, so it is not read."""
        return {name: value for name, value in fields.items() if name not in _DERIVED}

    @field_validator("reading", "units")
    @classmethod
    def _exact_words(cls, value: Any, info: ValidationInfo) -> Any:
        text: str | None = info.data.get("text")  # absent where it is refused itself
        if text is None:
            return value
        for words in _words_in(value):
            if text[words.start : words.end] != words.text:
                raise ValueError(
                    f"{words.text!r} should stand in the note from {words.start} to {words.end}, "
                    f"where {text[words.start : words.end]!r} does"
                )
        return value

    def model_post_init(self, _context: Any) -> None:
        # Assigned past the freeze: pydantic offers no other way to settle a field of a frozen model.
        object.__setattr__(self, "units", settled(self.reading, self.units))

    def with_reading(self, reading: Reading) -> Trace:
        """This trace after step I was edited."""
        return Trace(**self.steps() | {"reading": reading})

    def with_unit(self, place: int, **changes: Any) -> Trace:
        """This trace after one unit of step II was edited: enabled=False ticks it off. Raises TraceError."""
        units: list[Any] = list(self.units)
        units[place] = units[place].model_dump() | changes
        return Trace(**self.steps() | {"units": units})

    def steps(self) -> dict[str, Any]:
        """What cannot be derived, as plain data."""
        return self.model_dump()

    @cached_property
    def _check(self) -> tuple[tuple[UnitStep, ...], tuple[Finding, ...]]:
        return checked(self.units, self.reading, self.duration)

    @property
    def checked_units(self) -> tuple[UnitStep, ...]:
        """Step II as it leaves the anatomical check; a unit may have been split into several."""
        return self._check[0]

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self._check[1]

    @cached_property
    def muscles(self) -> tuple[MuscleStep, ...]:
        return muscle_steps(self.checked_units)

    @cached_property
    def prompts(self) -> Prompts:
        return self.rewritten or prompts(self.reading, self.checked_units, self.duration)

    def direction(self, *, style: str | None = None, seed: int = 0) -> Direction:
        """The acting notes that this chain comes to. Deterministic."""
        return Direction(
            emotion=emotion_keys(self.reading.feelings, self.duration),
            events=events(self.checked_units),
            style=style,
            seed=seed,
        )

    def whole(self) -> dict[str, Any]:
        """Every step as plain data, the derived ones too. `Trace(**whole)` reads it back."""
        derived = {
            "checked_units": [unit.model_dump(mode="json") for unit in self.checked_units],
            "muscles": [step.model_dump(mode="json") for step in self.muscles],
            "findings": [finding.model_dump(mode="json") for finding in self.findings],
            "prompts": self.prompts.model_dump(mode="json"),
            "direction": self.direction().model_dump(mode="json"),
        }
        return self.model_dump(mode="json") | derived

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Trace:
        """Read a trace from JSON. Raises TraceError, which names the file and the field."""
        try:
            fields = json.loads(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise TraceError(f"Cannot read {path}: {error.strerror}. Check the name.") from error
        except (ValueError, RecursionError) as error:  # not UTF-8, or not JSON
            raise TraceError(f"{path} is not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise TraceError(f"{path} has to hold one JSON object, as `to_file` writes it.")
        try:
            return cls(**fields)
        except TraceError as error:
            raise TraceError(f"{path}: {error}") from error

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write every step as JSON, whole or not at all. Raises OutputError."""
        with whole_file(path) as stream:
            stream.write((json.dumps(self.whole(), indent=2, ensure_ascii=False) + "\n").encode())


def _words_in(value: Any) -> Iterator[Words]:
    if isinstance(value, Reading):
        for part in (*value.feelings, *value.timing, *value.remarks):
            yield part.because
    else:
        for unit in value:
            yield unit.because


def _in_one_line(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
    what = first["msg"].removeprefix("Value error, ").replace("\n", " ")
    came = repr(first["input"])
    return f"{place or 'the whole'}: {what}; got {came if len(came) <= 60 else came[:57] + '...'}."
