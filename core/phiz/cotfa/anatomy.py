"""The anatomical check: what no face can do is mended or said, never silently dropped."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from phiz.cotfa.conflicts import HOLDS_OPEN, HOLDS_SHUT, LOWER_FACE, meet, sides_meet, tables
from phiz.cotfa.pairs import apart, twins, weaker, without
from phiz.cotfa.pieces import Check, Piece
from phiz.cotfa.steps import Finding, Reading, UnitStep
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import PROTOTYPES

SAD_CHEEK = 0.3
"""The most that cheeks (AU 6) rise in a sadness that neither smiles nor cries with screwed-up eyes."""


def checked(
    units: tuple[UnitStep, ...], reading: Reading, duration: float
) -> tuple[tuple[UnitStep, ...], tuple[Finding, ...]]:
    """The units as a face can show them, and what was found.

    A unit that had to go stays in its place with enabled=False; one that gives way to another for a while
    becomes several. Units that a feeling shows of itself and nobody edited are in the mix, not events: they
    pass as they are.
    """
    check = Check(reading, duration)
    pieces = [Piece(unit, place) for place, unit in enumerate(units)]
    events = [p for p in pieces if p.unit.enabled and (p.unit.felt is None or p.unit.edited)]
    others = [p for p in pieces if p not in events]
    events = [_showable(check, piece) for piece in events]
    events = [_on_its_side(check, piece) for piece in events]
    off = [piece for piece in events if piece.unit.enabled and piece.unit.intensity == 0.0]
    on = [piece for piece in events if piece.unit.enabled and piece.unit.intensity > 0.0]
    gone = [piece for piece in events if not piece.unit.enabled]
    on, more = twins(check, on)
    gone += more
    _past_the_end(check, [*on, *off])
    on, more = apart(check, on)
    gone += more
    on = weaker(check, _sad_cheeks(check, on))
    off, more = _kept_off(check, off, on)
    gone += more
    _explain(check, on, pieces)
    kept = sorted([*others, *on, *off, *gone], key=lambda piece: (piece.place, piece.unit.start))
    return tuple(piece.unit for piece in kept), tuple(check.findings)


# ---- one unit ------------------------------------------------------------------------------------


def _showable(check: Check, piece: Piece) -> Piece:
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


def _on_its_side(check: Check, piece: Piece) -> Piece:
    unit = piece.unit
    table = ACTION_UNITS[unit.au]
    if not unit.enabled or unit.side in table.sides:
        return piece
    side = table.sides[0]
    why = table.note or "it has no sides of its own"
    shown = "both sides" if side == "B" else f"the side {side}"
    check.find("repaired", "side", f"{unit.name} is shown on {shown}: {why}", piece)
    return piece.alike(side=side)


def _past_the_end(check: Check, pieces: Sequence[Piece]) -> None:
    for piece in pieces:
        unit = piece.unit
        if unit.start >= check.duration:
            check.find(
                "flagged", "past the end",
                f"{unit.name} starts at {unit.start:g} s; the recording ends at {check.duration:g} s", piece,
            )  # fmt: skip


# ---- sadness ------------------------------------------------------------------------------------


def _sad_cheeks(check: Check, pieces: list[Piece]) -> list[Piece]:
    """Raised cheeks belong to a smile or to screwed-up eyes; in plain sadness they are a mistake."""
    sad = [
        feeling
        for feeling in check.reading.feelings
        if feeling.enabled and feeling.intensity > 0.0 and feeling.mix.get("sad", 0.0) >= 0.6
    ]
    if not sad:
        return pieces
    mended: list[Piece] = []
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


def _kept_off(check: Check, off: list[Piece], on: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """A unit that is denied is kept off where something could show it, but not while it is asked for."""
    kept: list[Piece] = []
    gone: list[Piece] = []
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
                parts = [rest for part in parts for rest in without(part, other.unit)]
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


def _explain(check: Check, on: Sequence[Piece], pieces: Sequence[Piece]) -> None:
    by_unit: dict[int, list[Piece]] = defaultdict(list)
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
