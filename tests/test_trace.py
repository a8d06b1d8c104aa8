"""The chain of thought as data: it round-trips and holds together, and later steps follow earlier ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from phiz.cotfa.backends import BackendError, backend, think
from phiz.cotfa.note import LONGEST_NOTE, WordsError, checked_note
from phiz.cotfa.steps import Feeling, Reading, UnitStep, Words
from phiz.cotfa.trace import Trace, TraceError

NOTE = "happy, then lifts the left brow"
HAPPY = Words.at(NOTE, 0, 5)
BROW = Words.at(NOTE, 12, 31)


@pytest.fixture
def trace() -> Trace:
    return Trace(
        text=NOTE,
        duration=4.0,
        backend="rules",
        reading=Reading(feelings=(Feeling(mix={"happy": 1.0}, start=0.0, end=2.0, because=HAPPY),)),
        units=(UnitStep(au=2, side="L", start=2.0, end=4.0, intensity=0.6, because=BROW),),
    )


def place(trace: Trace, au: int) -> int:
    return next(i for i, unit in enumerate(trace.units) if unit.au == au)


def test_felt_units_join_those_in_words_but_stay_in_the_mix(trace: Trace) -> None:
    assert [(unit.name, unit.felt is None) for unit in trace.units] == [
        ("2L", True), ("6", False), ("12", False),
    ]  # fmt: skip
    assert trace.units[1].because == HAPPY
    direction = trace.direction()
    assert [(event.au, event.side, event.start) for event in direction.events] == [(2, "L", 2.0)]
    assert [(key.time, key.mix) for key in direction.emotion or ()] == [
        (0.0, {"happy": 1.0}), (1.8, {"happy": 1.0}), (2.0, {"neutral": 1.0}),
    ]  # fmt: skip


def test_round_trip(trace: Trace, tmp_path: Path) -> None:
    edited = trace.with_unit(place(trace, 12), intensity=0.3)
    path = tmp_path / "trace.json"
    edited.to_file(path)
    written = json.loads(path.read_text())
    assert {"reading", "units", "muscles", "findings", "prompts", "direction"} <= set(written)
    assert Trace.from_file(path) == edited
    assert Trace.from_file(path).direction() == edited.direction()


def test_a_tick_and_a_slider_change_the_direction(trace: Trace) -> None:
    assert trace.with_unit(0, enabled=False).direction().events == ()
    assert trace.with_unit(0, intensity=0.2).direction().events[0].intensity == 0.2
    smile = place(trace, 12)
    (off, _) = trace.with_unit(smile, enabled=False).direction().events
    assert (off.au, off.intensity, off.start, off.end) == (12, 0.0, 0.0, 2.0)
    (less, _) = trace.with_unit(smile, intensity=0.5).direction().events
    assert (less.au, less.intensity) == (12, 0.5)


def test_an_edited_reading_makes_the_later_steps_anew(trace: Trace) -> None:
    (feeling,) = trace.reading.feelings
    kept = trace.with_unit(place(trace, 12), intensity=0.5)
    weaker = kept.with_reading(Reading(feelings=(feeling.model_copy(update={"intensity": 0.7}),)))
    assert weaker.units[place(weaker, 12)].intensity == 0.5
    assert weaker.units[place(weaker, 6)].intensity < trace.units[place(trace, 6)].intensity
    sad = kept.with_reading(Reading(feelings=(feeling.model_copy(update={"mix": {"sad": 1.0}}),)))
    assert [unit.name for unit in sad.units] == ["2L", "1", "4", "15"]
    assert sad.direction().emotion == kept.with_reading(sad.reading).direction().emotion


def test_words_that_do_not_stand_in_the_note_are_refused(trace: Trace) -> None:
    fields = trace.steps()
    fields["units"][0]["because"] |= {"text": "lifts the right brow"}
    with pytest.raises(TraceError, match="units: 'lifts the right brow' should stand in the note"):
        Trace(**fields)
    with pytest.raises(TraceError, match="not in the FACS table"):
        trace.with_unit(0, au=3)


def test_a_quote_is_found_whatever_its_case_and_spacing() -> None:
    found = Words.find("She  Lifts\nher brow", "lifts her BROW")
    assert found is not None and found.text == "Lifts\nher brow" and found.start == 5
    assert Words.find(NOTE, "smile") is None and Words.find(NOTE, " ") is None


def test_a_note_that_cannot_be_read_is_a_named_error() -> None:
    for text, seconds in [("", 1.0), (" \n", 1.0), ("x" * (LONGEST_NOTE + 1), 1.0), ("smiles", 0.0)]:
        with pytest.raises(WordsError):
            think(text, seconds)
    assert checked_note("a\0b\ud800c", 1.0) == "a b c"
    with pytest.raises(BackendError, match="There is no backend crystal-ball"):
        backend("crystal-ball")
