"""The words that the grammar knows, from the JSON files beside it, found in a row of tokens."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from phiz.cotfa.rules.inflection import british, derived, inflected
from phiz.cotfa.rules.tokens import Token, tokens, word_set
from phiz.face.action_units import ACTION_UNITS
from phiz.face.channels import INDEX

_TO = ("at", "to", "on", "toward", "towards", "into", "onto", "upon")  # where a look goes
_STUDY = ("study", "examine", "inspect", "contemplate", "scan")
_NEVER = ("leave", "take eyes off", "lift eyes from", "raise eyes from", "lift gaze from", "move from")
_USUAL_SIDE = "one"
_FOLDER = Path(__file__).parent
# May stand inside a phrase: `corner of her mouth` is read as `corner of mouth`.
DETERMINERS = word_set("the a an her his their your my our its both those these this that 's")

Meaning = tuple[str, Any]
"""Kind of word and what it means: ("move", "up"), ("degree", 0.4), ("word", FaceWord(...))."""


@dataclass(frozen=True)
class FaceWord:
    """A word for a whole expression. units: as `parse_units` reads them. mix: what it also says is felt.
    short: seconds it lasts of itself."""

    units: tuple[tuple[int, float | None, str], ...]
    mix: tuple[tuple[str, float], ...] = ()
    short: float | None = None


@dataclass(frozen=True)
class Felt:
    """A word for a feeling. loose: a state that is at most half a feeling."""

    mix: tuple[tuple[str, float], ...]
    intensity: float
    loose: bool = False


@dataclass
class _Node:
    after: dict[str, _Node] = field(default_factory=dict)
    meanings: list[Meaning] = field(default_factory=list)


@dataclass(frozen=True)
class Lexicon:
    """forms: a written form to the base words it may belong to. root: phrases of base words.
    table: (part, move) to units. named: what a part alone stands for under a negation."""

    forms: dict[str, tuple[str, ...]]
    root: _Node
    table: dict[tuple[str, str], tuple[tuple[int, float | None, str], ...]]
    named: dict[str, tuple[int, ...]]

    def alone(self, word: str) -> list[Meaning]:
        """All that one word may mean by itself."""
        nodes = [self.root.after.get(base) for base in self.forms.get(word, ())]
        return [meaning for node in nodes if node is not None for meaning in node.meanings]

    def longest(self, row: Sequence[Token], at: int) -> tuple[int, list[Meaning]] | None:
        """Where the longest phrase from `at` ends, and its meanings; determiners inside are passed over."""
        best: tuple[int, list[Meaning]] | None = None
        open_nodes = [(at, self.root, True)]
        while open_nodes:
            i, node, whole = open_nodes.pop()
            if whole and node.meanings and i > at and (best is None or i > best[0]):
                best = (i, list(node.meanings))
            elif whole and node.meanings and best is not None and i == best[0]:
                best[1].extend(m for m in node.meanings if m not in best[1])
            if i >= len(row) or row[i].kind == "speech":
                continue
            word = row[i].word
            for base in (*self.forms.get(word, ()), "=" + word):
                if base in node.after:
                    open_nodes.append((i + 1, node.after[base], True))
            inside = i > at and (word in DETERMINERS or row[i].word == "-")
            if inside and i + 1 < len(row):
                open_nodes.append((i + 1, node, False))
        return best


def parse_units(text: str) -> tuple[tuple[int, float | None, str], ...]:
    """`6 12:0.8 one` is AU 6 and AU 12 at 0.8, on one side: (number, strength or None, side or "")."""
    parts = text.split()
    side = parts.pop() if parts and parts[-1] in ("one", "L", "R", "B") else ""
    return tuple(
        (int(number), float(strength) if strength else None, side)
        for number, _, strength in (part.partition(":") for part in parts)
    )


def parse_mix(text: str) -> tuple[tuple[str, float], ...]:
    """`happy:0.6 sad:0.4`, or one emotion alone."""
    return tuple((name, float(share or 1.0)) for name, _, share in (p.partition(":") for p in text.split()))


def _read(name: str) -> dict[str, Any]:
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def entries() -> Iterator[tuple[str, Meaning, bool]]:
    """(phrase, meaning, whether it is a feeling)."""
    faces, feelings, modifiers = (
        _read("face_words"),
        _read("feelings"),
        _read("modifiers"),
    )
    for kind in ("parts", "moves"):
        for name, phrases in faces[kind].items():
            yield from ((phrase, (kind[:-1], name), False) for phrase in phrases)
            if kind == "parts":
                more = {phrase.replace("brow", "eyebrow") for phrase in phrases if " brow" in phrase}
                yield from ((phrase, ("part", name), False) for phrase in sorted(more - set(phrases)))
    for move, things in faces["looked_at"].items():
        if move != "about":
            yield from ((f"{prep} {thing}", ("move", move), False) for prep in _TO for thing in things)
            look = FaceWord(((63 if move == "up" else 64, 0.8, ""),))
            yield from ((f"{verb} {thing}", ("word", look), False) for verb in _STUDY for thing in things)
            for phrase in (f"{verb} {thing}" for verb in _NEVER for thing in things):
                yield phrase, ("word", look), False
                yield phrase, ("un_negator", phrase), False  # 'her eyes never leave the floor'
    for name, entry in faces["words"].items():
        word = FaceWord(
            parse_units(entry["units"]),
            parse_mix(entry.get("feels", "")),
            entry.get("short"),
        )
        yield from ((phrase, ("word", word), False) for phrase in entry.get("words", [name]))
    yield from _tables()
    for group, loose in (("rows", False), ("loose", True)):
        for row in feelings[group]:
            felt = Felt(parse_mix(row["mix"]), row["intensity"], loose)
            words = [*row.get("words", "").split(), *row.get("phrases", [])]
            yield from ((phrase, ("feel", felt), True) for phrase in words)
    for strength, phrases in modifiers["degrees"].items():
        yield from ((phrase, ("degree", float(strength)), False) for phrase in phrases)
    for manner, phrases in modifiers["manners"].items():
        yield from ((phrase, ("manner", manner), False) for phrase in phrases)
    for plural in (
        "ends",
        "starts",
        "holds",
        "negators",
        "un_negators",
        "post_negators",
        "cuts",
        "asides",
    ):
        yield from ((phrase, (plural.rstrip("s"), phrase), False) for phrase in modifiers[plural])
    yield from ((phrase, ("in order", phrase), False) for phrase in modifiers["in_order"])
    yield from ((phrase, ("replacing", phrase), False) for phrase in modifiers["replacing"])
    for relation, phrases in modifiers["linking"].items():
        yield from ((phrase, ("link", relation), False) for phrase in phrases)
    for relation in ("next", "same", "first", "before", "after"):
        yield from ((phrase, (relation, phrase), False) for phrase in modifiers[relation])


_STEMS = {
    "eyeLookOut": 0,
    "eyeLookIn": 0,
    "jawOpen": 27,
    "eyeBlink": 43,
    "jaw": 30,
    "mouthRollLower": 28,
}
"""Channels that several units use: the unit that their name stands for, 0 for none."""


def _tables() -> Iterator[tuple[str, Meaning, bool]]:
    """The names of the FACS table, and those of the channels: `Lid Tightener`, `mouthSmileLeft`."""
    for unit in ACTION_UNITS.values():
        if not unit.showable:
            continue
        usual = _USUAL_SIDE if unit.one_sided_only else ""
        if " " in unit.name:
            yield (
                "=" + unit.name.lower(),
                ("word", FaceWord(((unit.number, None, usual),))),
                False,
            )
        for stem, value in unit.weights.items():
            if value < 1.0 or _STEMS.get(stem, unit.number) != unit.number:
                continue
            sides = {"": "", "Left": "L", "Right": "R"} if f"{stem}Left" in INDEX else {"": ""}
            for ending, side in sides.items():
                if not ending and stem.islower():
                    continue  # 'jaw' is a part of the face
                yield (
                    f"={stem}{ending}".lower(),
                    ("word", FaceWord(((unit.number, None, side),))),
                    False,
                )


@cache
def lexicon() -> Lexicon:
    """The whole lexicon, read once."""
    faces, irregular = _read("face_words"), _read("modifiers")["irregular"]
    root, forms = _Node(), dict[str, set[str]]()
    for phrase, meaning, feeling in entries():
        exact = phrase.startswith("=")
        words = _words(phrase.lstrip("="))
        node = root
        for word in words:
            if exact:
                word = "=" + word
            else:
                for form in inflected(word, irregular):
                    forms.setdefault(form, set()).add(word)
                if feeling and len(words) == 1:
                    for form in derived(word):
                        forms.setdefault(form, set()).add(word)
            node = node.after.setdefault(word, _Node())
        if feeling:  # the later row says it better
            node.meanings = [m for m in node.meanings if m[0] != "feel"]
        if meaning not in node.meanings:
            node.meanings.append(meaning)
    spelled = {form: set(bases) for form, bases in forms.items()}
    for form, bases in forms.items():
        for other in british(form):
            spelled.setdefault(other, set()).update(bases)
    # A form that is a base of its own belongs to that one first: `pursed` the word, then `purse`.
    ordered = {
        form: tuple(sorted(bases, key=lambda base: (base != form, base)) if len(bases) > 1 else bases)
        for form, bases in spelled.items()
    }
    table = {
        (part, move): parse_units(units)
        for (part, move), units in _pairs(faces["table"], faces["parts"], faces["moves"])
        if units != "sad"
    }
    named = {
        part: tuple(unit for unit, _, _ in parse_units(units))
        for part, units in faces["named"].items()
        if part != "about"
    }
    return Lexicon(ordered, root, table, named)


def _words(phrase: str) -> list[str]:
    """The words of a phrase as the tokens of a note are; determiners are left out where two words stay."""
    words = phrase.replace("-", " ") if phrase.strip("-+") else phrase
    words = [token.word for token in tokens(words)]
    bare = [word for word in words if word not in DETERMINERS]
    return bare if len(bare) > 1 or len(bare) == len(words) else words


def _pairs(
    table: dict[str, str], parts: Iterable[str], moves: Iterable[str]
) -> Iterator[tuple[tuple[str, str], str]]:
    known = sorted(parts, key=len, reverse=True)
    for key, units in table.items():
        part = next(part for part in known if key.startswith(part + " "))
        move = key[len(part) + 1 :]
        yield (part, move), units
