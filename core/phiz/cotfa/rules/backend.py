"""The backend: tokens, items, segments, heads, times, and from them steps I and II."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from phiz.acting.direction import Side
from phiz.cotfa.rules.binder import Binder
from phiz.cotfa.rules.clauses import segments
from phiz.cotfa.rules.heads import Head
from phiz.cotfa.rules.idioms import idiom
from phiz.cotfa.rules.items import Item, items
from phiz.cotfa.rules.lexicon import lexicon
from phiz.cotfa.rules.relatives import names, with_relatives
from phiz.cotfa.rules.schedule import placed
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.spans import Placed
from phiz.cotfa.rules.spelling import mended
from phiz.cotfa.rules.tokens import Token, tokens
from phiz.cotfa.steps import Feeling, Reading, Remark, Timing, UnitStep, Words
from phiz.cotfa.trace import Trace
from phiz.face.action_units import ACTION_UNITS

_USUAL = 0.7  # strength where the note gives no degree
_TOGETHER = 0.3  # seconds within which a face belongs to a feeling
_ONE: Side = "L"  # the side where the note says one and not which


class Rules:
    """Reads notes by grammar and lexicon. Deterministic."""

    name = "rules"

    def think(self, text: str, duration: float, context: str = "") -> Trace:
        words = lexicon()
        row, slips = mended(tokens(text), text)
        found = items(row, text, words, duration)
        turn = idiom(row, found) if not names(found) else None
        found = [turn] if turn is not None else with_relatives(found, row, text)
        parts = segments(found, row)
        heads = Binder(parts, row, words).bind()
        places = placed(heads, parts, duration)
        return Trace(
            text=text,
            duration=duration,
            backend=self.name,
            context=context,
            reading=Reading(
                feelings=tuple(_feelings(places, parts, row, text)),
                context=_context(found, row, text),
                timing=tuple(_timing(found, row, text)),
                remarks=tuple(
                    Remark(
                        because=Words.at(text, slip.start, slip.end),
                        says=f"read as {right!r}",
                    )
                    for slip, right in slips
                ),
            ),
            units=tuple(_units(places, row, text)),
        )


def _span(place: Placed) -> dict[str, Any]:
    return {
        "start": round(place.start, 3), "end": round(place.end, 3),
        "ramp_in": round(place.ramp_in, 3), "ramp_out": round(place.ramp_out, 3),
    }  # fmt: skip


def _because(head: Head, row: Sequence[Token], text: str) -> Words:
    return Words.at(text, row[head.first].start, row[head.last - 1].end)


def _units(places: Sequence[Placed], row: Sequence[Token], text: str) -> list[UnitStep]:
    made: list[UnitStep] = []
    refused = [
        (au, place.head)
        for place in places
        for au, strength, _ in place.head.units
        if place.head.denied or strength == 0.0 or place.head.strength == 0.0
    ]
    for place in places:
        head = place.head
        for au, strength, _ in _head_units(head):
            side = _side(au, head.side)
            denied = head.denied or strength == 0.0 or head.strength == 0.0
            if (
                not denied
                and len(head.units) > 1
                and any(_refuses(other, head) for n, other in refused if n == au)
            ):
                continue  # 'she laughs, but her eyes stay cold'
            if not denied and _again(made, au, side, place):
                continue
            made.append(
                UnitStep(
                    au=au, side=side, intensity=0.0 if denied else _strength(head.strength, strength),
                    because=_because(head, row, text), **_span(place),
                )
            )  # fmt: skip
    return made


def _refuses(denied: Head, head: Head) -> bool:
    """Whether a denial takes a unit out of a word for several: 'she laughs, but her eyes stay cold', not 'it
    isn't a smirk, it's a real smile'."""
    named = bool(denied.part) or denied.first > head.first
    return denied.sentence == head.sentence and named


def _head_units(head: Head) -> tuple[tuple[int, float | None, str], ...]:
    """Contempt on a named side is a matter of the face: the mix alone cannot choose it."""
    if head.felt is not None and head.side in ("L", "R") and not head.denied:
        return ((12, 0.45, ""), (14, 0.75, ""))
    return head.units


def _again(made: Sequence[UnitStep], au: int, side: str, place: Placed) -> bool:
    """Whether the same is asked for already, at the same time."""
    return any(
        u.au == au and u.side == side and u.intensity > 0.0 and abs(u.start - round(place.start, 3)) < 0.05
        and abs(u.end - round(place.end, 3)) < 0.05
        for u in made
    )  # fmt: skip


def _side(au: int, side: str) -> Side:
    """As the note has it; the check says what this face cannot show on that side."""
    if side == "L" or side == "R":
        return side
    return _ONE if side == "any" or ACTION_UNITS[au].one_sided_only else "B"


def _strength(said: float | None, usual: float | None) -> float:
    """The degree of the note, seen from what the word says of itself."""
    if said is None:
        return _USUAL if usual is None else usual
    return said if usual is None or usual >= 0.5 else round(said * (usual + 0.4), 3)


def _feelings(
    places: Sequence[Placed], parts: Sequence[Segment], row: Sequence[Token], text: str
) -> list[Feeling]:
    made: list[Feeling] = []
    for place in places:
        felt = place.head.felt
        if felt is None:
            continue
        made.append(
            Feeling(
                mix=dict(felt.mix),
                intensity=0.0 if place.head.denied else _felt_strength(place.head.strength, felt.intensity),
                faced=felt.loose or place.head.side in ("L", "R") or _faced(place, places, parts),
                because=_because(place.head, row, text),
                **_span(place),
            )
        )
    return made


def _felt_strength(said: float | None, usual: float) -> float:
    if said is None:
        return usual
    return round(min(1.0, max(said, usual) if said > 0.6 else said), 3)


def _faced(place: Placed, places: Sequence[Placed], parts: Sequence[Segment]) -> bool:
    """Whether the note itself says what the face does while this is felt: in the same sentence and step, or
    in the next where a word for the feeling stands alone before it."""
    mine = place.head
    shown = [
        p for p in places if p.head.units and not p.head.denied and any(s != 0.0 for _, s, _ in p.head.units)
    ]
    open_time = place.given_start is None
    for other in shown:
        near = abs(other.start - place.start) < _TOGETHER or (
            open_time and (not _scene(other) or _colon(mine, other.head, parts))
        )
        step = place.beat == other.beat or (open_time and _colon(mine, other.head, parts))
        if other.head.sentence == mine.sentence and near and step:
            return True
    if place.given_start is None and not any(
        p.head.units for p in places if p.head.sentence == mine.sentence
    ):
        alone = sum(len(part.items) for part in parts if part.sentence == mine.sentence) <= 3
        return alone and any(
            o.head.sentence == mine.sentence + 1 and o.beat == place.beat and not _scene(o) for o in shown
        )
    return False


def _scene(place: Placed) -> bool:
    """Whether a time stands before it: 'he is angry, but at 3 s his lips purse' is two things."""
    return any(
        0 < time.first < place.head.first and (time.start or 0.0) > _TOGETHER for time in place.head.times
    )


def _colon(felt: Head, shown: Head, parts: Sequence[Segment]) -> bool:
    return any(":" in part.joins for part in parts[felt.segment + 1 : shown.segment + 1])


def _context(found: Sequence[Item], row: Sequence[Token], text: str) -> str:
    """What is said aloud in the note, which is no face."""
    return " ".join(text[row[i.first].start : row[i.last - 1].end] for i in found if i.has("speech"))


def _timing(found: Sequence[Item], row: Sequence[Token], text: str) -> list[Timing]:
    made: list[Timing] = []
    for item in found:
        words = Words.at(text, row[item.first].start, row[item.last - 1].end)
        for time in item.get("time"):
            end = time.end if time.end is not None else None
            made.append(Timing(because=words, start=time.start, end=end, says="time"))
        for manner in item.get("manner"):
            made.append(Timing(because=words, says=manner))
        for kind in ("next", "before", "after"):
            if item.has(kind):
                made.append(Timing(because=words, says=kind))
    return made
