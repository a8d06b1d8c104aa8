"""The anatomical check: what no face can do is mended or said, never silently dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from phiz.cotfa.conflicts import HOLDS_OPEN, HOLDS_SHUT, LOWER_FACE, clash, meet, sides_meet, tables
from phiz.cotfa.steps import Finding, Reading, UnitStep
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import PROTOTYPES

LEAST = 0.1  # seconds: a piece of a unit that is shorter is not shown
SAD_CHEEK = 0.3
"""The most that cheeks (AU 6) rise in a sadness that neither smiles nor cries with screwed-up eyes."""

_SAME = 0.05  # seconds within which two things start together


@dataclass
class _Piece:
    """A unit on its way through the check; place: of the unit in the trace that it came from."""

    unit: UnitStep
    place: int

    def alike(self, **changes: Any) -> _Piece:
        return _Piece(self.unit.model_copy(update=changes), self.place)


@dataclass
class _Check:
    """The pieces that are left, and what was found on the way."""

    reading: Reading
    duration: float
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: Any, rule: str, says: str, *pieces: _Piece) -> None:
        places = tuple(sorted({piece.place for piece in pieces}))
        finding = Finding(kind=kind, rule=rule, units=places, says=says)
        if finding not in self.findings:
            self.findings.append(finding)


def checked(
    units: tuple[UnitStep, ...], reading: Reading, duration: float
) -> tuple[tuple[UnitStep, ...], tuple[Finding, ...]]:
    """The units as a face can show them, and what was found.

    A unit that had to go stays in its place with enabled=False; one that gives way to another for a while
    becomes several. Units that a feeling shows of itself and nobody edited are in the mix, not events: they
    pass as they are.
    """
    check = _Check(reading, duration)
    pieces = [_Piece(unit, place) for place, unit in enumerate(units)]
    events = [p for p in pieces if p.unit.enabled and (p.unit.felt is None or p.unit.edited)]
    others = [p for p in pieces if p not in events]
    events = [_showable(check, piece) for piece in events]
    events = [_on_its_side(check, piece) for piece in events]
    off = [piece for piece in events if piece.unit.enabled and piece.unit.intensity == 0.0]
    on = [piece for piece in events if piece.unit.enabled and piece.unit.intensity > 0.0]
    gone = [piece for piece in events if not piece.unit.enabled]
    on, more = _twins(check, on)
    gone += more
    _past_the_end(check, [*on, *off])
    on, more = _apart(check, on)
    gone += more
    on = _weaker(check, _sad_cheeks(check, on))
    off, more = _kept_off(check, off, on)
    gone += more
    _explain(check, on, pieces)
    kept = sorted([*others, *on, *off, *gone], key=lambda piece: (piece.place, piece.unit.start))
    return tuple(piece.unit for piece in kept), tuple(check.findings)


# ---- one unit ------------------------------------------------------------------------------------


def _showable(check: _Check, piece: _Piece) -> _Piece:
    unit = piece.unit
    table = ACTION_UNITS[unit.au]
    if table.showable:
        return piece
    instead = tables().instead.get(unit.au)
    said = f"AU {unit.au} ({table.name}) cannot be shown: {table.note}"
    if instead is None:
        check.find("flagged", "cannot be shown", f"{said}; left out", piece)
        return piece.alike(enabled=False)
    au, share, why = instead
    check.find("repaired", "cannot be shown", f"{said}; AU {au} instead, {why}", piece)
    return piece.alike(au=au, intensity=round(unit.intensity * share, 3))


def _on_its_side(check: _Check, piece: _Piece) -> _Piece:
    unit = piece.unit
    table = ACTION_UNITS[unit.au]
    if not unit.enabled or unit.side in table.sides:
        return piece
    side = table.sides[0]
    why = table.note or "it has no sides of its own"
    shown = "both sides" if side == "B" else f"the side {side}"
    check.find("repaired", "side", f"{unit.name} is shown on {shown}: {why}", piece)
    return piece.alike(side=side)


def _past_the_end(check: _Check, pieces: Sequence[_Piece]) -> None:
    for piece in pieces:
        unit = piece.unit
        if unit.start >= check.duration:
            check.find(
                "flagged", "past the end",
                f"{unit.name} starts at {unit.start:g} s; the recording ends at {check.duration:g} s", piece,
            )  # fmt: skip


# ---- the same unit twice ---------------------------------------------------------------------------


def _twins(check: _Check, pieces: list[_Piece]) -> tuple[list[_Piece], list[_Piece]]:
    """Of the same unit on the same side and span one stays; alike on both sides it is one on both; two winks
    at once are closed eyes."""
    kept: list[_Piece] = []
    gone: list[_Piece] = []
    at: dict[tuple[Any, ...], int] = {}
    for piece in pieces:
        unit = piece.unit
        key = (unit.au, unit.side, round(unit.start, 2), round(unit.end, 2))
        if key in at:
            stronger = max(kept[at[key]], piece, key=lambda p: p.unit.intensity)
            check.find(
                "repaired", "twice", f"{unit.name} is asked for twice; once is enough", kept[at[key]], piece
            )
            weaker = piece if stronger is kept[at[key]] else kept[at[key]]
            kept[at[key]] = stronger
            gone.append(weaker.alike(enabled=False))
            continue
        other = at.get((unit.au, {"L": "R", "R": "L"}.get(unit.side), *key[2:]))
        if other is not None:
            twin = kept[other]
            if unit.au == 46 or (
                "B" in ACTION_UNITS[unit.au].sides and twin.unit.intensity == unit.intensity
            ):
                au = 43 if unit.au == 46 else unit.au
                what = (
                    "two winks are closed eyes, AU 43"
                    if unit.au == 46
                    else f"{unit.au} on both sides is one unit"
                )
                check.find("repaired", "left and right", what, twin, piece)
                kept[other] = twin.alike(au=au, side="B")
                gone.append(piece.alike(enabled=False))
                continue
        at[key] = len(kept)
        kept.append(piece)
    return kept, gone


# ---- pairs -----------------------------------------------------------------------------------------


def _apart(check: _Check, pieces: list[_Piece]) -> tuple[list[_Piece], list[_Piece]]:
    """Of two units that never stand together one gives way while the other is on: that which starts earlier,
    or, starting together, the longer, the weaker, the one written first."""
    ranked = sorted(
        pieces,
        key=lambda p: (-round(p.unit.start / _SAME), p.unit.end - p.unit.start, -p.unit.intensity, -p.place),
    )
    accepted: dict[int, list[_Piece]] = defaultdict(list)
    gone: list[_Piece] = []
    for piece in ranked:
        parts = [piece]
        for au in (*tables().opponents.get(piece.unit.au, ()), *(() if piece.unit.au != 30 else (30,))):
            for other in accepted[au]:
                if not clash(piece.unit, other.unit):
                    continue
                cut = [rest for part in parts for rest in _without(part, other.unit)]
                if len(cut) != len(parts) or any(a is not b for a, b in zip(cut, parts, strict=True)):
                    why = tables().never.get(
                        frozenset((piece.unit.au, au)), "the jaw goes to one side at a time"
                    )
                    left = "gives way meanwhile" if cut else "is left out"
                    check.find(
                        "repaired", "never together", f"{piece.unit.name} with {other.unit.name}: {why}; "
                        f"{piece.unit.name} {left}", piece, other,
                    )  # fmt: skip
                parts = cut
        accepted[piece.unit.au] += parts
        if not parts:
            gone.append(piece.alike(enabled=False))
    return [piece for group in accepted.values() for piece in group], gone


def _without(piece: _Piece, other: UnitStep) -> list[_Piece]:
    """What is left of a piece outside the span of another unit."""
    unit = piece.unit
    if not meet(unit, other):
        return [piece]
    left: list[_Piece] = []
    if other.start - unit.start >= LEAST:
        left.append(piece.alike(end=other.start, ramp_out=min(unit.ramp_out, LEAST)))
    if unit.end - other.end >= LEAST:
        left.append(piece.alike(start=other.end, ramp_in=min(unit.ramp_in, LEAST)))
    return left


def _weaker(check: _Check, pieces: list[_Piece]) -> list[_Piece]:
    """Units that work against each other share what both together may come to, in proportion."""
    by_unit: dict[int, list[int]] = defaultdict(list)
    for i, piece in enumerate(pieces):
        by_unit[piece.unit.au].append(i)
    scale = [1.0] * len(pieces)
    for i, piece in enumerate(pieces):
        for au in tables().partners.get(piece.unit.au, ()):
            most, why = tables().most[frozenset((piece.unit.au, au))]
            for j in by_unit[au]:
                other = pieces[j].unit
                total = piece.unit.intensity + other.intensity
                if (
                    total <= most
                    or not meet(piece.unit, other)
                    or not sides_meet(piece.unit.side, other.side)
                ):
                    continue
                scale[i] = min(scale[i], most / total)
                scale[j] = min(scale[j], most / total)
                if piece.unit.au < au:
                    check.find(
                        "repaired", "too much together",
                        f"{piece.unit.name} at {piece.unit.intensity:g} with {other.name} at "
                        f"{other.intensity:g}: {why}; together at most {most:g}", piece, pieces[j],
                    )  # fmt: skip
    return [
        piece if factor == 1.0 else piece.alike(intensity=int(1000 * piece.unit.intensity * factor) / 1000)
        for piece, factor in zip(pieces, scale, strict=True)
    ]


def _sad_cheeks(check: _Check, pieces: list[_Piece]) -> list[_Piece]:
    """Raised cheeks belong to a smile or to screwed-up eyes; in plain sadness they are a mistake."""
    sad = [
        feeling
        for feeling in check.reading.feelings
        if feeling.enabled and feeling.intensity > 0.0 and feeling.mix.get("sad", 0.0) >= 0.6
    ]
    if not sad:
        return pieces
    mended: list[_Piece] = []
    for piece in pieces:
        unit = piece.unit
        plain = (
            unit.au == 6 and unit.intensity > SAD_CHEEK and any(_meet_span(unit, f.start, f.end) for f in sad)
        )
        if plain and not any(p.unit.au in (12, 13, 7, 43) and meet(p.unit, unit) for p in pieces):
            check.find(
                "repaired", "cheeks in sadness",
                f"{unit.name} at {unit.intensity:g} in sadness: cheeks rise in a smile, or with eyes "
                f"screwed up in crying; here at most {SAD_CHEEK:g}", piece,
            )  # fmt: skip
            piece = piece.alike(intensity=SAD_CHEEK)
        mended.append(piece)
    return mended


def _meet_span(unit: UnitStep, start: float, end: float) -> bool:
    return unit.start < end and start < unit.end


# ---- units that are not to be there -----------------------------------------------------------------


def _kept_off(check: _Check, off: list[_Piece], on: Sequence[_Piece]) -> tuple[list[_Piece], list[_Piece]]:
    """A unit that is denied is kept off where something could show it, but not while it is asked for."""
    kept: list[_Piece] = []
    gone: list[_Piece] = []
    for piece in off:
        unit = piece.unit
        if not _could_show(unit, check.reading):
            check.find(
                "explained",
                "kept off",
                f"{unit.name}: nothing that is felt shows it; nothing to keep off",
                piece,
            )
            gone.append(piece.alike(enabled=False))
            continue
        parts = [piece]
        for other in on:
            if other.unit.au == unit.au and sides_meet(other.unit.side, unit.side) and meet(other.unit, unit):
                parts = [rest for part in parts for rest in _without(part, other.unit)]
                check.find(
                    "repaired", "asked for and denied",
                    f"{unit.name} is denied and asked for; it is shown from {other.unit.start:g} to "
                    f"{other.unit.end:g} s", piece, other,
                )  # fmt: skip
        kept += parts
        if not parts:
            gone.append(piece.alike(enabled=False))
    return kept, gone


def _could_show(unit: UnitStep, reading: Reading) -> bool:
    """Whether the mix shows a unit; a mix that is left open, to be heard in the voice, may show any."""
    felt = [feeling for feeling in reading.feelings if feeling.enabled and feeling.intensity > 0.0]
    if not any(feeling.enabled for feeling in reading.feelings):
        return True
    return any(
        au == unit.au
        for feeling in felt
        if _meet_span(unit, feeling.start, feeling.end)
        for emotion in feeling.mix
        for au, _ in PROTOTYPES[emotion].units
    )


# ---- what may stay, and why --------------------------------------------------------------------------


def _explain(check: _Check, on: Sequence[_Piece], pieces: Sequence[_Piece]) -> None:
    by_unit: dict[int, list[_Piece]] = defaultdict(list)
    for piece in on:
        by_unit[piece.unit.au].append(piece)
    for pair, why in tables().explained.items():
        one, other = sorted(pair)
        for a in by_unit[one]:
            for b in by_unit[other]:
                if meet(a.unit, b.unit) and sides_meet(a.unit.side, b.unit.side):
                    check.find("explained", "work together", f"{a.unit.name} with {b.unit.name}: {why}", a, b)
    for piece in on:
        for au in ACTION_UNITS[piece.unit.au].antagonists:
            for felt in pieces:
                unit = felt.unit
                if unit.felt is not None and not unit.edited and unit.au == au and meet(unit, piece.unit):
                    check.find(
                        "explained", "over the feeling",
                        f"{piece.unit.name} works against {unit.name} of what is felt; the words go before, "
                        "so it masks the feeling there", piece, felt,
                    )  # fmt: skip
    for held, what in (
        (HOLDS_OPEN, "the lips are held apart; /p b m/ still close and /f v/ still meet the teeth"),
        (
            HOLDS_SHUT,
            "the lips are held together; vowels still open them, and the hold is seen in the pauses",
        ),
        (LOWER_FACE - HOLDS_OPEN - HOLDS_SHUT, "lips and jaw also speak; the words go on through it"),
    ):
        mine = [piece for piece in on if piece.unit.au in held]
        if mine:
            names = ", ".join(dict.fromkeys(piece.unit.name for piece in mine))
            check.find("explained", "over speech", f"{names}: {what}", *mine)
