"""The steps of the chain as plain data: reading, Action Units, muscles, prompts; and what the check found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from phiz.acting.direction import Seconds, Share, Side
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS


def _emotion(name: str) -> str:
    if name not in EMOTIONS:
        raise ValueError(f"{name} is not one of {', '.join(EMOTIONS)}")
    return name


def _unit(number: int) -> int:
    if number not in ACTION_UNITS:
        raise ValueError(
            f"{number} is not in the FACS table; may be {', '.join(str(number) for number in ACTION_UNITS)}"
        )
    return number


class Step(BaseModel):
    """An immutable part of the chain; `model_copy(update=...)` makes a changed one."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Step):
    """Words of the note, exactly: `text` stands in it from character `start` to before `end`."""

    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    text: str

    @classmethod
    def at(cls, note: str, start: int, end: int) -> Words:
        return cls(start=start, end=end, text=note[start:end])

    @classmethod
    def find(cls, note: str, quote: str) -> Words | None:
        """Where a quote stands in the note, whatever its case and spacing; None where it does not."""
        wanted = quote.casefold().split()
        if not wanted:
            return None
        # One position of the note for each character of the folded text: folding may lengthen.
        folded = [(fold, i) for i, character in enumerate(note) for fold in character.casefold()]
        tight = [(fold, i) for fold, i in folded if not fold.isspace()]
        found = "".join(fold for fold, _ in tight).find("".join(wanted))
        if found < 0:
            return None
        last = found + len("".join(wanted)) - 1
        return cls.at(note, tight[found][1], tight[last][1] + 1)


class Spanned(Step):
    """Something that is on from start to end, in seconds of the recording, coming and going by ramps."""

    start: Seconds
    end: Seconds
    ramp_in: Seconds = 0.2
    ramp_out: Seconds = 0.2
    because: Words
    enabled: bool = True

    @field_validator("end")
    @classmethod
    def _after_start(cls, end: float, info: ValidationInfo) -> float:
        start = info.data.get("start")
        if start is not None and end <= start:
            raise ValueError(f"should be later than start, {start:g}")
        return end


class Feeling(Spanned):
    """Step I: what is felt over a span. mix: emotion -> share, 0 to 1. intensity: how strongly the mix
    shows, 0 to 1; 0 says that these emotions are not there ('not angry'). faced: the note itself says what
    the face does meanwhile ('smiles sadly'), so that step II adds no units of the emotion; the mix shows it
    all the same. enabled: False leaves it out."""

    mix: Annotated[dict[Annotated[str, AfterValidator(_emotion)], Share], Field(min_length=1)]
    intensity: Share = 1.0
    faced: bool = False


class Timing(Step):
    """Step I: a phrase of the note that says when or how fast, and the seconds it was read as."""

    because: Words
    start: Seconds | None = None
    end: Seconds | None = None
    says: str = ""


class Remark(Step):
    """Step I: what was made of some words beside their plain meaning: a slip mended, a word not known."""

    because: Words
    says: str


class Reading(Step):
    """Step I. feelings: in the order of the note. context: what the note tells that no face can show.
    timing: the phrases that set times. remarks: what else is to be known of the reading."""

    feelings: tuple[Feeling, ...] = ()
    context: str = ""
    timing: tuple[Timing, ...] = ()
    remarks: tuple[Remark, ...] = ()


class UnitStep(Spanned):
    """Step II: one Action Unit over a span.

    au: any number of the FACS table, also one that cannot be shown (the check says so). side: B both, L the
    character's left, R the right. intensity: 0 to 1; 0 asks that the unit is not there ('without smiling').
    because: the words that caused it. felt: None where the words call for the face itself, which becomes
    an event; else how strongly the emotion mix of step I shows the unit of itself, and it becomes an event
    only once it is edited. enabled: False leaves it out, and keeps a felt unit off.
    """

    au: Annotated[int, AfterValidator(_unit)]
    side: Side = "B"
    intensity: Share = 1.0
    felt: Share | None = None

    @property
    def edited(self) -> bool:
        """A felt unit that someone changed."""
        return self.felt is not None and (not self.enabled or self.intensity != self.felt)

    @property
    def name(self) -> str:
        """As FACS writes it, the side behind the number: `12L`."""
        return f"{self.au}{'' if self.side == 'B' else self.side}"


class MuscleStep(Step):
    """Step III: the muscles of one unit of step II and what they do to this face.

    unit: as FACS writes it. does: to the face, and how strongly. synergies: units that help it, of those on
    at the same time. conflicts: units that pull against it, of those. speech: what it does to the words
    being said, and they to it; empty where lips and jaw are not touched.
    """

    unit: str
    start: Seconds
    end: Seconds
    muscles: str
    does: str
    synergies: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    speech: str = ""


class Finding(Step):
    """What the anatomical check found.

    kind: `explained`, it stays and this is why it may; `repaired`, it was changed; `flagged`, it cannot be
    had, or not by this face. rule: the check's short name. units: places in the trace's `units`.
    says: in plain words, what was found and what was done.
    """

    kind: Literal["explained", "repaired", "flagged"]
    rule: str
    units: tuple[int, ...] = ()
    says: str


class Prompts(Step):
    """Step IV: the whole as words. coarse: the emotion over time. fine: every movement and its muscles."""

    coarse: str
    fine: str
