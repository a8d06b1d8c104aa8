"""FACS notation: AU12, AU 1+4, AUs 1, 2 and 5, R12+L14, 12C, AU12L."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phiz.cotfa.rules.amounts import UNITS
from phiz.cotfa.rules.tokens import Token, word_set
from phiz.face.action_units import ACTION_UNITS

_LEVELS = {"a": 0.2, "b": 0.4, "c": 0.6, "d": 0.8, "e": 1.0}
_HEADS = word_set("au aus facs unit units code codes")


@dataclass(frozen=True)
class Code:
    """Units in one breath, over tokens [first, last): (number, strength or None, side or "")."""

    first: int
    last: int
    units: tuple[tuple[int, float | None, str], ...]


def codes(row: Sequence[Token], text: str) -> list[Code]:
    """Every unit code of a note. Bare numbers count where the note speaks of AUs or joins them by '+'."""
    found: list[Code] = []
    about_units = any(token.word in _HEADS for token in row) or any(
        _number(row, i) and _word(row, i + 1) == "+" and _number(row, i + 2) for i in range(len(row))
    )
    i = 0
    while i < len(row):
        named = row[i].word in ("au", "aus") or (
            row[i].word == "action" and i + 1 < len(row) and row[i + 1].word in ("unit", "units")
        )
        start = i
        if named:
            i += 2 if row[i].word == "action" else 1
        unit = _unit(row, i, text)
        joined = unit is not None and _word(row, unit[1]) == "+" and _unit(row, unit[1] + 1, text) is not None
        if unit is None or not (named or joined or unit[2] or (about_units and _free(row, i, unit[1]))):
            i = max(i, start + 1)
            continue
        units, j = [unit[0]], unit[1]
        while (more := _further(row, j, text, named and row[start].word != "au")) is not None:
            units.append(more[0])
            j = more[1]
        found.append(Code(start, j, tuple(units)))
        i = j
    return found


def _word(row: Sequence[Token], i: int) -> str:
    return row[i].word if 0 <= i < len(row) else ""


def _unit(row: Sequence[Token], i: int, text: str) -> tuple[tuple[int, float | None, str], int, bool] | None:
    """One unit, where it ends, and whether a letter fixed to it shows that it is one."""
    side, sure = "", False
    if _word(row, i) in ("l", "r") and _number(row, i + 1) and row[i].end == row[i + 1].start:
        side, sure, i = row[i].word.upper(), True, i + 1
    if not _number(row, i):
        return None
    number, j = int(row[i].word), i + 1
    strength = None
    # Letters fixed to the number: a level A to E, a side, or both: 12C, 12L, 12LC.
    if j < len(row) and row[j].kind == "word" and row[j].start == row[j - 1].end and row[j].word not in UNITS:
        letters = row[j].word
        if len(letters) <= 2 and all(c in "abcdelr" for c in letters) and text[row[j].start].isupper():
            sure = True
            for c in letters:
                if c in "lr":
                    side = c.upper()
                else:
                    strength = _LEVELS[c]
            j += 1
    return (number, strength, side), j, sure


def _number(row: Sequence[Token], i: int) -> bool:
    return (
        i < len(row)
        and row[i].kind == "number"
        and row[i].word.isdigit()
        and int(row[i].word) in ACTION_UNITS
    )


def _free(row: Sequence[Token], i: int, j: int) -> bool:
    """Whether a bare number is a unit: no unit of time behind it, no word of time before it."""
    timely = ("at", "@", "from", "to", "until", "till", "-", "–", "between", "after", "by", "for", "on", "=",
              "onset", "offset", "apex", "and", "through", "around", "about")  # fmt: skip
    return (
        _word(row, j) not in UNITS
        and _word(row, j) not in ("%", "percent", "-", "–")
        and _word(row, i - 1) not in timely
    )


def _further(
    row: Sequence[Token], j: int, text: str, listed: bool
) -> tuple[tuple[int, float | None, str], int] | None:
    """The next unit of a sum, or of a list after 'AUs'."""
    k = j
    if _word(row, k) == "+":
        k += 1
    elif listed and _word(row, k) in (",", "and", "&"):
        k += 2 if _word(row, k) == "," and _word(row, k + 1) == "and" else 1
    else:
        return None
    if _word(row, k) in ("au", "aus"):
        k += 1
    unit = _unit(row, k, text)
    if unit is None or (_word(row, unit[1]) in UNITS and _word(row, j) != "+"):
        return None
    return unit[0], unit[1]
