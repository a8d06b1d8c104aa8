"""What a language model says, as steps I and II of a Trace: every field checked, every quote looked up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from phiz.acting.direction import SHOWABLE, DirectionError
from phiz.cotfa.backends import BackendError
from phiz.cotfa.note import LONGEST_NOTE
from phiz.cotfa.steps import Feeling, Timing, UnitStep, Words
from phiz.cotfa.trace import Trace, TraceError
from phiz.face.emotions import EMOTIONS

LONGEST_ANSWER = 100_000  # characters: some fifty times a long answer
MOST = 64
"""Feelings, units and timing phrases that an answer may hold of each."""

_LONGEST_CONTEXT = 1000  # characters of the model's own prose that are kept
_TRIES = 100  # places of an answer at which a JSON object may begin

# What an answer holds under each name: the step that it becomes, and the fields that a model may fill.
_SPAN = ("start", "end", "ramp_in", "ramp_out")
_PARTS = {
    "feelings": (Feeling, ("mix", "intensity", *_SPAN)),
    "timing": (Timing, ("start", "end")),
    "units": (UnitStep, ("au", "side", "intensity", *_SPAN)),
}
_REQUIRED = {"feelings": ("mix",), "timing": (), "units": ("au",)}


class AnswerError(BackendError):
    """A language model's answer that is no reading of the note."""


def schema() -> dict[str, Any]:
    """JSON schema of an answer, for servers that can hold a model to one."""
    parts: dict[str, Any] = {"context": {"type": "string"}}
    for name, (step, fields) in _PARTS.items():
        made = step.model_json_schema()["properties"]
        item = {"words": {"type": "string"}} | {field: _plain(made[field]) for field in fields}
        if "au" in item:
            item["au"] = {"type": "integer", "enum": list(SHOWABLE)}
        if "mix" in item:
            share = {"type": "number", "minimum": 0, "maximum": 1}
            item["mix"] = _object(dict.fromkeys(EMOTIONS, share), ())
        parts[name] = {"type": "array", "items": _object(item, ("words", *_REQUIRED[name]))}
    return _object(parts, ("feelings", "units"))


def _object(properties: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def _plain(field: dict[str, Any]) -> dict[str, Any]:
    """A field's schema without titles and defaults, which a grammar has no use for."""
    field = field["anyOf"][0] if "anyOf" in field else field
    return {name: value for name, value in field.items() if name not in ("title", "default")}


def trace_of(said: str, text: str, duration: float, who: str, context: str = "") -> Trace:
    """The chain that a model's answer to a note comes to, one whose Direction is valid.

    said: anything at all. A quote that the note does not hold stands for the whole note, which a remark says.
    Raises AnswerError: what is wrong, in words that the model can be told.
    """
    answer = _answer(said)
    remarks: list[dict[str, Any]] = []
    steps = {name: [*_steps(name, answer, text, duration, remarks)] for name in _PARTS}
    units = steps.pop("units")
    prose = shown(str(answer.get("context") or ""), _LONGEST_CONTEXT)
    try:
        trace = Trace(
            text=text,
            duration=duration,
            backend=who,
            context=context,
            reading=steps | {"context": prose, "remarks": remarks},
            units=units,
        )
        trace.direction()
    except (TraceError, DirectionError) as error:
        what = str(error).removeprefix("Trace: ").removeprefix("reading.")
        raise AnswerError(shown(what, 500)) from error
    return trace


def shown(text: str, most: int = 120) -> str:
    """Text that came from outside, for an error or a panel: one line, nothing but what can be printed."""
    text = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * most]).split())
    return text if len(text) <= most else text[: most - 3] + "..."


def _answer(said: str) -> dict[str, Any]:
    """The JSON object in what was said: the last that looks like an answer, whatever stands around it."""
    if len(said) > LONGEST_ANSWER:
        raise AnswerError(f"expected at most {LONGEST_ANSWER} characters, got {len(said)}")
    found = [value for value in _objects(said) if "units" in value or "feelings" in value]
    if not found:
        raise AnswerError(f'expected a JSON object with "feelings" and "units", got "{shown(said)}"')
    answer = found[-1]
    _check_names("", answer, ("context", *_PARTS))
    for name in ("feelings", "units"):
        if name not in answer:
            raise AnswerError(f'"{name}" is missing; give [] where there are none')
    return answer


def _objects(said: str) -> Iterator[dict[str, Any]]:
    """Every JSON object in a text, outermost ones only; text between them is passed over."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    place, broken = 0, 0
    while broken < _TRIES and (start := said.find("{", place)) >= 0:
        try:
            value, place = decoder.raw_decode(said, start)
        except (ValueError, RecursionError):
            place, broken = start + 1, broken + 1
            continue
        yield value


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _check_names(where: str, item: dict[str, Any], may: tuple[str, ...]) -> None:
    if extra := sorted(set(item) - set(may)):
        raise AnswerError(
            f"{where}there is no field {shown(repr(extra[0]), 40)}; fields are {', '.join(may)}"
        )


def _steps(
    name: str, answer: dict[str, Any], note: str, duration: float, remarks: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The fields of each step under a name, to be checked by the Trace; its quote as words of the note."""
    items = answer.get(name) or []
    if not isinstance(items, list) or len(items) > MOST:
        raise AnswerError(f'"{name}" should be a list of at most {MOST}')
    fields = _PARTS[name][1]
    for i, item in enumerate(items):
        where = f"{name}[{i}]: "
        if not isinstance(item, dict):
            raise AnswerError(f"{where}expected an object, got {shown(repr(item), 40)}")
        _check_names(where, item, ("words", *fields))
        step = {field: item[field] for field in fields if item.get(field) is not None}
        if name == "timing":
            step["says"] = "time, as the model read it"
        step |= _span(where, step, duration, whole=name != "timing")
        yield step | {"because": _quoted(item.get("words"), note, remarks)}


def _span(where: str, step: dict[str, Any], duration: float, whole: bool) -> dict[str, Any]:
    """Start and end inside the recording. whole: what is not given is its beginning and its end."""
    times = {"start": 0.0, "end": duration} if whole else {}
    for name in ("start", "end"):
        if name in step:
            times[name] = _number(f"{where}{name}", step[name])
    if times.get("start", 0.0) >= duration:
        raise AnswerError(f"{where}start should be before the recording ends, at {duration:g} s")
    if "end" in times:
        times["end"] = min(times["end"], duration)
    return times


def _number(where: str, value: object) -> float:
    """Some models write a number as text, with its unit."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}(\.\d{1,9})? ?s?", value):
        value = float(value.rstrip(" s"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise AnswerError(f"{where} should be a number of seconds, got {shown(repr(value), 40)}")
    return float(value)


def _quoted(quote: object, note: str, remarks: list[dict[str, Any]]) -> dict[str, Any]:
    said = quote if isinstance(quote, str) else ""
    found = Words.find(note, said.strip(" \"'.,;…")[:LONGEST_NOTE])
    if found is not None:
        return found.model_dump()
    whole = Words.at(note, 0, len(note)).model_dump()
    says = f'the model gives "{shown(said, 60)}" as its words, which the note does not say'
    remarks.append({"because": whole, "says": says})
    return whole
