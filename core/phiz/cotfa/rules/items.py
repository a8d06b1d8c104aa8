"""A note as items: every token in exactly one code, time, side or phrase of the lexicon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phiz.cotfa.rules.codes import Code, codes
from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.lexicon import DETERMINERS, Lexicon, Meaning
from phiz.cotfa.rules.times import Clock
from phiz.cotfa.rules.tokens import Token, word_set

STOPS = word_set(". ! ? ; / | •") | {"\n"}
RELATIONS = word_set("next same first before after cut")
_SIGNED = {"+": "up", "-": "down", "−": "down"}
_ADVERBS = frozenset(("up", "in", "out"))
_GOES = word_set("go goes come comes went came pull push going coming")
_PARTICLES = frozenset(("up", "out", "in", "together", "apart", "shut", "open", "back", "forward", "down"))
_PREPOSITIONS = frozenset(("in", "out", "inward", "round"))
_NOT_SIDE_AFTER = word_set("at after away before now as when from off back in on through here there")
_UTTERLY = word_set("down up out back off over open shut through across")
_SIDE_NOUNS = word_set("side one half corner brow eyebrow eye lid cheek")


@dataclass(frozen=True)
class Item:
    """Tokens [first, last) and all that they may mean."""

    first: int
    last: int
    meanings: tuple[Meaning, ...]

    def get(self, kind: str) -> list[Any]:
        return [value for name, value in self.meanings if name == kind]

    def has(self, *kinds: str) -> bool:
        return any(name in kinds for name, _ in self.meanings)


def items(row: Sequence[Token], text: str, lexicon: Lexicon, duration: float) -> list[Item]:
    """Every token in exactly one item: a code, a time, a phrase of the lexicon, a side, or itself."""
    clock = Clock(row, duration)
    coded: dict[int, Code] = {code.first: code for code in codes(row, text)}
    found: list[Item] = []
    i = 0
    while i < len(row):
        item = _item(row, i, clock, coded, lexicon, text, found)
        found.append(item)
        i = item.last
    return _particles(_between_events(found, row), row, lexicon)


def _between_events(found: list[Item], row: Sequence[Token]) -> list[Item]:
    """'From the knock (1 s) to the slam (3 s)': one time for both."""
    noted = [n for n, i in enumerate(found) if i.has("time") and row[i.first].word == "("]
    if len(noted) != 2:
        return found
    one, other = noted
    begins = [n for n, i in enumerate(found[:one]) if row[i.first].word in ("from", "between")]
    joins = [
        n for n, i in enumerate(found[one:other], one)
        if row[i.first].word in ("to", "until", "till", "and") and i.last == i.first + 1
    ]  # fmt: skip
    first, second = (time_of(found[n]) for n in noted)
    if not begins or not joins or first is None or second is None:
        return found
    start, end = (t.start if t.start is not None else t.length for t in (first, second))
    named = found[begins[-1] : other]
    shown = any(i.has("word", "feel") or (i.has("part") and i.get("part") != ["head"]) for i in named)
    if start is None or end is None or end <= start or shown:
        return found
    last = other + 1
    token, behind = found[begins[-1]].first, found[other].last
    time = Item(token, behind, (("time", Time(token, behind, start=start, end=end)),))
    return [*found[: begins[-1]], time, *found[last:]]


def _particles(found: list[Item], row: Sequence[Token], lexicon: Lexicon) -> list[Item]:
    """'Blows her cheeks up' is 'blows up her cheeks': verb and particle as one move."""
    made = list(found)
    for n, item in enumerate(found):
        word = row[item.first].word
        if word not in _PARTICLES or item.last > item.first + 1 or not item.has("move", "plain"):
            continue
        if n < 2 or not found[n - 1].has("part"):
            continue
        for k in (n - 2, n - 3):
            verb = found[k] if k >= 0 else None
            if verb is None or verb.last > verb.first + 1 or verb.has("part", "word", "feel"):
                continue
            both = lexicon.longest([row[verb.first], row[item.first]], 0)
            moves = tuple(m for m in both[1] if m[0] == "move") if both is not None and both[0] == 2 else ()
            if moves and not any(verb.has("mark") for verb in found[k:n]):
                made[n] = Item(item.first, item.last, moves)
                made[k] = Item(verb.first, verb.last, (("plain", row[verb.first].word),))
                break
    return made


def _item(
    row: Sequence[Token],
    i: int,
    clock: Clock,
    coded: dict[int, Code],
    lexicon: Lexicon,
    text: str,
    found: Sequence[Item],
) -> Item:
    if i in coded:
        return Item(i, coded[i].last, (("code", coded[i]),))
    if row[i].kind == "speech":
        return Item(i, i + 1, (("speech", None),))
    time = clock.at(i)
    if row[i].word in _SIGNED and found and found[-1].has("part") and _ends_here(row, i):
        return Item(i, i + 1, (("move", _SIGNED[row[i].word]),))  # 'upper lids +, brows -'
    if row[i].word in ("++", "--") and not (found and found[-1].has("part")):
        return Item(i, i + 1, (("mark", "—"),))
    if time is not None and any(time.first < first < time.last for first in coded):
        time = None
    phrase = lexicon.longest(row, i)
    side = _side(row, i, text)
    if time is not None and row[i].word in _ADVERBS and _goes(found, row):
        if row[i].word == "up":
            return Item(i, i + 1, (("move", "up"),))  # 'brows up to 2 s'
        time = None  # 'lips go in at 1.5'
    if time is not None and (phrase is None or phrase[0] <= time.last):
        return Item(i, time.last, (("time", time),))
    if side is not None and phrase is not None and word_at(row, i - 1) in ("the", "her", "his", "your"):
        phrase = None if any(m[0] in RELATIONS for m in phrase[1]) else phrase  # 'on the right before ...'
    if side is not None and (phrase is None or phrase[0] <= side[1]):
        moves = tuple(m for m in phrase[1] if m[0] == "move") if phrase is not None else ()
        return Item(
            i,
            max(side[1], phrase[0] if moves and phrase else 0),
            (("side", side[0]), *moves),
        )
    if phrase is not None:
        meanings = tuple(phrase[1])
        if row[i].word in ("cross", "crosses", "crossed") and word_at(row, i + 1) in DETERMINERS:
            meanings = tuple(m for m in meanings if m[0] != "feel") or (("plain", row[i].word),)
        if row[i].word in _PREPOSITIONS and phrase[0] == i + 1 and not _stands_alone(row, i):
            meanings = tuple(m for m in meanings if m[0] != "move") or (("plain", row[i].word),)
        return Item(i, phrase[0], meanings)
    if row[i].word in ("mark", "%") or row[i].kind == "mark":
        return Item(i, i + 1, (("mark", row[i].word),))
    if row[i].kind == "number" and i + 1 < len(row) and row[i + 1].word in ("%", "percent"):
        return Item(i, i + 2, (("degree", min(1.0, row[i].number / 100.0)),))
    return Item(i, i + 1, (("plain", row[i].word),))


def _ends_here(row: Sequence[Token], i: int) -> bool:
    return i + 1 >= len(row) or row[i + 1].word in (",", ".", ";", "\n", "/")


def _goes(found: Sequence[Item], row: Sequence[Token]) -> bool:
    """Whether a part of the face stands right before, alone or with a verb that needs to say where."""
    if not found:
        return False
    if found[-1].has("part"):
        return True
    verb = row[found[-1].first].word in _GOES
    return verb and (len(found) < 2 or found[-2].has("part"))


def _noun_behind(row: Sequence[Token], i: int) -> str:
    """The word behind, or the one behind that where it is 'raised' or the like."""
    after = word_at(row, i + 1)
    return word_at(row, i + 2) if after.endswith(("ed", "ing")) else after


def word_at(row: Sequence[Token], i: int) -> str:
    return row[i].word if 0 <= i < len(row) else ""


def _stands_alone(row: Sequence[Token], i: int) -> bool:
    """Whether 'in', 'out' or 'off' says where a part goes: nothing stands behind that it could be in."""
    after = word_at(row, i + 1)
    return (
        i + 1 >= len(row)
        or row[i + 1].kind != "word"
        or after in ("and", "then", "at", "from", "for", "on", "until", "while", "as")
    )


def _side(row: Sequence[Token], i: int, text: str) -> tuple[str, int] | None:
    """A side and where it ends: L, R, B, any (one side), same, other; with 'to ' where it may be a way."""
    word, before, after = word_at(row, i), word_at(row, i - 1), word_at(row, i + 1)
    j = i + 1
    if word in ("l", "r") and text[row[i].start].isupper():
        if after in ("'", "."):
            return None
        return word.upper(), j
    if word in ("left", "right"):
        fixed = before in (
            "the",
            "her",
            "his",
            "your",
            "their",
            "my",
            "its",
            "on",
            "to",
            "one",
            "just",
            "only",
        )
        if not fixed and word == "right" and after in _UTTERLY:
            return None  # 'brows right down'
        if not fixed and word == "right" and after in _NOT_SIDE_AFTER and before in ("", ",", ".", ";", ":"):
            return None
        if (
            not fixed
            and word == "left"
            and after in ("the", "a", "her", "his", "him", "them", "it", "me", "for")
        ):
            return None
        if after == "-" and word_at(row, i + 2) == "hand":
            j = i + 3
        while word_at(row, j) in ("side", "hand", "sided"):
            j += 1
        return word[0].upper(), j
    if word in ("each", "either") and after not in (*_SIDE_NOUNS, "sides", "of", ",", ".", ";", ""):
        return None  # 'on each "really"'
    if word in ("both", "each", "either"):
        return "B", j + 1 if after in ("sides", "side") else j
    if word in ("one", "single") and _noun_behind(row, i) in (
        "side",
        "brow",
        "eyebrow",
        "eye",
        "corner",
        "cheek",
        "lid",
        "nostril",
    ):
        return "any", j + 1 if after == "side" else j
    if word in (
        "crooked",
        "lopsided",
        "lop",
        "asymmetric",
        "asymmetrical",
        "crookedly",
        "lopsidedly",
    ):
        return "any", j
    if word == "same" and after in ("side", "eye", "brow", "corner", "one"):
        return "same", j + 1
    if word in ("other", "opposite") and after in _SIDE_NOUNS:
        return "other", j + 1 if after in ("side", "one") else j
    return None


def time_of(item: Item) -> Time | None:
    found = item.get("time")
    return found[0] if found else None
