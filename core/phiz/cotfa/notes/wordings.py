"""Wordings of order, time and denial, filled with things that a face does: `wordings.json`.

Where the written notes say how well a note is read, these say which ways of wording are read at all:
`python -m phiz.cotfa.evaluate --wordings`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from phiz.cotfa.notes import FOLDER

SECONDS = 8.0
"""Of the recordings that the wordings are for."""
_FORMS = {"n": "noun", "c": "clause", "i": "order", "g": "doing", "p": "past"}

Span = tuple[float | None, float | None]


@dataclass(frozen=True)
class Worded:
    """A wording filled in. kind: order, times, two or denials. units: of the first thing and of the second,
    frozen sets of Action Units, the second empty where there is one thing. spans: start and end in seconds of
    each, None where the wording leaves it open."""

    kind: str
    wording: str
    text: str
    units: tuple[frozenset[int], frozenset[int]]
    spans: tuple[Span, Span] = ((None, None), (None, None))


def worded(each: int, seed: int = 0) -> Iterator[Worded]:
    """Every wording, filled `each` times with things of chance that share no unit."""
    chance = random.Random(seed)
    table: dict[str, Any] = json.loads((FOLDER / "wordings.json").read_text(encoding="utf-8"))
    things = table["things"]
    rows: list[tuple[str, str, tuple[Span, Span]]] = []
    open_spans: tuple[Span, Span] = ((None, None), (None, None))
    rows += [("order", wording, open_spans) for wording in table["order"]]
    rows += [("times", wording, ((start, end), (None, None))) for wording, start, end in table["times"]]
    rows += [("two", wording, ((a, b), (c, d))) for wording, a, b, c, d in table["two"]]
    rows += [("denials", wording, open_spans) for wording in table["denials"]]
    for kind, wording, spans in rows:
        for _ in range(each):
            one = chance.choice(things)
            other = chance.choice([t for t in things if not set(t["units"]) & set(one["units"])])
            second = frozenset(other["units"]) if kind != "times" else frozenset[int]()
            text = _filled(wording, {"": one} if kind == "times" else {"a": one, "b": other})
            yield Worded(kind, wording, text, (frozenset(one["units"]), second), spans)


def _filled(wording: str, things: Mapping[str, Mapping[str, str]]) -> str:
    forms: dict[str, str] = {}
    for key, thing in things.items():
        for short, form in _FORMS.items():
            said = thing[form]
            forms[key + short] = said
            forms[(key + short).upper()] = said[0].upper() + said[1:]
        forms[key + "n0"] = thing["noun"].removeprefix("a ")
    return wording.format(**forms)
