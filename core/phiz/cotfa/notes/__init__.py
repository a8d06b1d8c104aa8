"""Written acting notes with what a reader should find in each: the measure of "words -> Direction".

Seven splits of JSON lines, one note a line, stand beside this file, with `unseen_words.json`; the
conventions of the labels are in README.md there. They belong to the source tree and are no part of
the installed package. The backends are tuned on all but `dev5` and `test`.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from phiz.errors import PhizError
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS

FOLDER = Path(__file__).resolve().parent
SPLITS = ("train", "dev", "dev2", "dev3", "dev4", "dev5", "test")
FAMILY_AT_MOST = 4
"""Notes that may share one phrase template."""


class NotesError(PhizError):
    """A file of notes is missing or breaks its own rules; the message names the line."""


def _showable(number: int) -> int:
    unit = ACTION_UNITS.get(number)
    if unit is None or not unit.showable:
        raise ValueError(f"AU {number} cannot be shown")
    return number


Number = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(ge=0.0, allow_inf_nan=False)]
Emotion = Literal["neutral", "angry", "contempt", "disgusted", "fear", "happy", "sad", "surprised"]


class Action(BaseModel):
    """One Action Unit that the note asks for.

    side: both, the character's left or right, or `any`: one side, the note does not say which.
    order: 0 comes first; equal numbers are together, or in an order that the note leaves open.
    start, end: seconds; None where the note gives none. grade: None where the note gives no degree.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    au: Number
    side: Literal["B", "L", "R", "any"]
    order: Annotated[int, Field(ge=0)]
    start: Seconds | None = None
    end: Seconds | None = None
    grade: Literal["slight", "strong"] | None = None

    @model_validator(mode="after")
    def _can_be_shown(self) -> Self:
        unit = ACTION_UNITS[_showable(self.au)]
        if self.side != "any" and self.side not in unit.sides:
            raise ValueError(f"AU {self.au} takes side {' or '.join(unit.sides)}, came {self.side}")
        if self.side == "any" and "L" not in unit.sides:
            raise ValueError(f"AU {self.au} has no single side, came any")
        if self.start is not None and self.end is not None and not self.start < self.end:
            raise ValueError(f"AU {self.au} ends at {self.end} but starts at {self.start}")
        return self


class Note(BaseModel):
    """A note and its gold reading.

    template: the phrase family it was written in, within one split. duration: of the recording, seconds.
    optional: units neither asked for nor wrong. negated: units that must not appear.
    emotions: families that the words name, in their order; negated_emotions: those it denies.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    template: str
    text: Annotated[str, Field(min_length=1)]
    duration: Annotated[float, Field(gt=0.0, le=60.0)]
    actions: tuple[Action, ...]
    optional: tuple[Number, ...] = ()
    negated: tuple[Number, ...] = ()
    emotions: tuple[Emotion, ...] = ()
    negated_emotions: tuple[Emotion, ...] = ()

    @property
    def units(self) -> frozenset[int]:
        """The Action Units that the note asks for, whatever their side."""
        return frozenset(action.au for action in self.actions)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for number in (*self.optional, *self.negated):
            _showable(number)
        asked, may, never = self.units, set(self.optional), set(self.negated)
        if asked & may or asked & never or may & never:
            raise ValueError("a unit is two of asked for, optional and negated")
        if set(self.emotions) & set(self.negated_emotions):
            raise ValueError("an emotion is both named and denied")
        orders = [action.order for action in self.actions]
        if orders != sorted(orders) or set(orders) != set(range(max(orders, default=-1) + 1)):
            raise ValueError(f"order counts up from 0 without a gap, came {orders}")
        for action in self.actions:
            if max(action.start or 0.0, action.end or 0.0) > self.duration:
                raise ValueError(f"AU {action.au} lies past the end, {self.duration} s")
        started = [action for action in self.actions if action.start is not None]
        for first, second in pairwise(started):
            if (second.start or 0.0) < (first.start or 0.0) and second.order > first.order:
                raise ValueError(f"AU {second.au} starts before AU {first.au} but is ordered after it")
        return self


def load(split: str) -> tuple[Note, ...]:
    """The notes of one split, checked. Raises NotesError."""
    if split not in SPLITS:
        raise NotesError(f"expected a split, one of {', '.join(SPLITS)}, came {split!r}")
    return read(FOLDER / f"{split}.jsonl")


def read(path: Path) -> tuple[Note, ...]:
    """The notes of a file of JSON lines, checked one by one and as a whole. Raises NotesError."""
    notes: list[Note] = []
    for count, line in enumerate(_text(path).splitlines(), 1):
        try:
            notes.append(Note.model_validate_json(line))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise NotesError(
                f"{path.name} line {count}: {where} {first['msg']}".replace(":  ", ": ")
            ) from None
    for field in ("id", "text"):
        values = [getattr(note, field) for note in notes]
        if twice := sorted({value for value in values if values.count(value) > 1}):
            raise NotesError(f"{path.name}: {field} {twice[0]!r} occurs more than once")
    templates = [note.template for note in notes]
    if large := sorted({name for name in templates if templates.count(name) > FAMILY_AT_MOST}):
        raise NotesError(f"{path.name}: template {large[0]} has more than {FAMILY_AT_MOST} notes")
    return tuple(notes)


def unseen_words() -> dict[str, str]:
    """Words and phrases for a feeling, far from an ordinary list, each to its emotion. Raises NotesError."""
    words = json.loads(_text(FOLDER / "unseen_words.json"))
    if wrong := sorted(word for word, family in words.items() if family not in EMOTIONS):
        raise NotesError(f"unseen_words.json: {wrong[0]!r} is {words[wrong[0]]!r}, not an emotion")
    return words


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotesError(
            f"cannot read the notes {path.name} ({error.strerror}); they come with the source tree only"
        ) from None
