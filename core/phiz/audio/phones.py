"""The phone inventory: ARPAbet's 39, silence, and two sounds English lacks.

Everything that speaks of phones (labels, encoder outputs, teacher, measures) uses these names and
this order.
"""

from __future__ import annotations

PHONES: tuple[str, ...] = (
    "SIL",
    "AA", "AE", "AH", "AO", "AW", "AY", "B", "CH", "D", "DH", "EH", "ER", "EY", "F", "G", "HH",
    "IH", "IY", "JH", "K", "L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH",
    "UW", "V", "W", "Y", "Z", "ZH",
    "UE",  # front rounded vowels, as in German ü and ö
    "X",  # dorsal fricatives, as in German ach and ich
)  # fmt: skip

INDEX: dict[str, int] = {name: i for i, name in enumerate(PHONES)}

BILABIAL = frozenset({"P", "B", "M"})
LABIODENTAL = frozenset({"F", "V"})
ROUNDED = frozenset({"W", "UW", "OW", "OY", "UE"})
LIP_HEAVY = frozenset({"UW", "OW", "OY", "W", "SH", "ZH", "CH", "JH", "UE"})
VOWELS = frozenset({"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY",
                    "UH", "UW", "UE"})  # fmt: skip
NON_LABIAL_CONSONANTS = frozenset({"T", "D", "N", "K", "G", "NG", "S", "Z", "SH", "ZH", "CH", "JH",
                                   "TH", "DH", "L", "R", "HH", "Y"})  # fmt: skip
