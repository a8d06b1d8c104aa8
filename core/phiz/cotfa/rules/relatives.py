"""Words that no list has, read by their kin in WordNet where a sentence says nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.cotfa.rules.families import relative
from phiz.cotfa.rules.items import RELATIONS, STOPS, Item
from phiz.cotfa.rules.lexicon import Felt
from phiz.cotfa.rules.tokens import Token, word_set

_BESIDE = 1.0  # of feeling in a word beside others that name a face or a feeling
_CLEAR = 0.3  # of feeling in a word that stands among others
_SHOWS = (
    "cry", "cries", "cried", "tear", "sob", "weep", "wept", "scream", "shriek", "gasp", "sigh", "shout",
    "roar", "howl", "jump", "leap", "trembl", "shak", "shiver", "startl", "flush", "pale", "white", "sick",
    "mad", "wail",
)  # fmt: skip
_EMPTY = word_set(
    """she he they it her him his the a an is are was be and or of to in on at with very so please ok okay
    thanks now well yes"""
)


def with_relatives(found: Sequence[Item], row: Sequence[Token], text: str) -> list[Item]:
    """Where a part of a sentence names no face and no listed feeling, its words that are akin to one."""
    found = _shown_for(found, row)
    made: list[Item] = []
    sentence: list[Item] = []
    for item in found:
        mark = item.get("mark")
        if mark and mark[0] in STOPS:
            made += [*_related(sentence, row, text), item]
            sentence = []
        else:
            sentence.append(item)
    return made + _related(sentence, row, text)


def _shown_for(found: Sequence[Item], row: Sequence[Token]) -> list[Item]:
    """'Tears of joy', 'screams with delight': how it shows says less than what it is said to show."""
    made = list(found)
    for n, item in enumerate(found[:-2]):
        shows = item.has("feel") and row[item.first].word.startswith(_SHOWS) and not item.has("word")
        joined = row[found[n + 1].first].word in ("of", "with", "for", "from") and found[n + 1].has("plain")
        if shows and joined and found[n + 2].has("feel"):
            made[n] = Item(item.first, item.last, (("plain", row[item.first].word),))
    return made


def _related(sentence: list[Item], row: Sequence[Token], text: str) -> list[Item]:
    known = names(sentence)
    made: list[Item] = []
    part: list[Item] = []
    for item in sentence:
        if (item.has("mark") or item.has(*RELATIONS)) and part:
            made += _kin(part, row, text, known) if not names(part) else part
            part = []
        part.append(item)
    return made + (_kin(part, row, text, known) if not names(part) else part)


def names(part: Sequence[Item]) -> bool:
    """Whether it names a face or a feeling already."""
    moved = any(i.has("part") for i in part) and any(i.has("move") for i in part)
    return moved or any(item.has("word", "feel", "code") for item in part)


def _kin(part: list[Item], row: Sequence[Token], text: str, known: bool) -> list[Item]:
    words = sum(row[i.first].kind == "word" and row[i.first].word not in _EMPTY for i in part)
    made: list[Item] = []
    for n, item in enumerate(part):
        token = row[item.first]
        free = token.kind == "word" and item.has("plain", "degree", "manner") and token.word not in _EMPTY
        free = free and not item.has("end", "start", "hold", "negator")
        kin = relative(token.word) if free else None
        after = row[item.last].word if item.last < len(row) else ""
        acts = n == 0 and words > 2 and after.endswith("s") and not after.endswith("ss")
        name = text[token.start].isupper() and (n > 0 or acts)  # 'Ruth reads the note'
        least = _BESIDE if known else _least(part, n, words, row)
        if kin is not None and not name and kin[1] >= least:
            item = Item(item.first, item.last, (("feel", Felt(((kin[0], 1.0),), 0.6)),))
        made.append(item)
    return made


def _least(sentence: Sequence[Item], n: int, words: int, row: Sequence[Token]) -> float:
    """How much of feeling a word has to have to be read as one where it stands."""
    before = [row[i.first].word for i in sentence[:n] if not i.has("degree", "negator")][-1:]
    if words == 2:
        return 0.1
    if words < 2 or before in (
        ["is"],
        ["looks"],
        ["seems"],
        ["feels"],
        ["sounds"],
        ["are"],
        ["'s"],
        ["was"],
    ):
        return 0.02
    return _CLEAR / 2 if row[sentence[n].first].word.endswith("ly") else _CLEAR
