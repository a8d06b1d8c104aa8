"""Units that meet: the same twice, those that never stand together, those that are too much together."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from phiz.cotfa.conflicts import clash, meet, sides_meet, tables
from phiz.cotfa.pieces import Check, Piece
from phiz.cotfa.steps import UnitStep
from phiz.face.action_units import ACTION_UNITS

_LEAST = 0.1  # seconds: a piece of a unit that is shorter is not shown

_SAME = 0.05  # seconds within which two things start together


def twins(check: Check, pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Of the same unit on the same side and span one stays; alike on both sides it is one on both; two winks
    at once are closed eyes."""
    kept: list[Piece] = []
    gone: list[Piece] = []
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


def apart(check: Check, pieces: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Of two units that never stand together one gives way while the other is on: that which starts earlier,
    or, starting together, the longer, the weaker, the one written first."""
    ranked = sorted(
        pieces,
        key=lambda p: (-round(p.unit.start / _SAME), p.unit.end - p.unit.start, -p.unit.intensity, -p.place),
    )
    accepted: dict[int, list[Piece]] = defaultdict(list)
    gone: list[Piece] = []
    for piece in ranked:
        parts = [piece]
        for au in (*tables().opponents.get(piece.unit.au, ()), *(() if piece.unit.au != 30 else (30,))):
            for other in accepted[au]:
                if not clash(piece.unit, other.unit):
                    continue
                cut = [rest for part in parts for rest in without(part, other.unit)]
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


def without(piece: Piece, other: UnitStep) -> list[Piece]:
    """What is left of a piece outside the span of another unit."""
    unit = piece.unit
    if not meet(unit, other):
        return [piece]
    left: list[Piece] = []
    if other.start - unit.start >= _LEAST:
        left.append(piece.alike(end=other.start, ramp_out=min(unit.ramp_out, _LEAST)))
    if unit.end - other.end >= _LEAST:
        left.append(piece.alike(start=other.end, ramp_in=min(unit.ramp_in, _LEAST)))
    return left


def weaker(check: Check, pieces: list[Piece]) -> list[Piece]:
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
