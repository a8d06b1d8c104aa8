"""Items as segments: cut at sentence ends, pauses and words of relation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from phiz.cotfa.rules.items import RELATIONS, STOPS, Item, word_at
from phiz.cotfa.rules.relatives import names
from phiz.cotfa.rules.tokens import Token, word_set

_ARROWS = word_set("→ > » ⇒ ➔ ➜")
_PAUSES = word_set(", : ( ) — – - ... .. … [ ] { } =")
_SUBJECTS = word_set("he she they you it there comes i we")
_OWNERS = frozenset(("the", "her", "his", "their", "your"))
_NO_CLAUSE_AFTER = word_set(
    """of to at on in with and or by from for into over as than like both the her his their your up
    raises lifts"""
)
_SECOND_HALF = {
    "for": ("swap", "swaps", "swapping", "swapped", "trade", "trades", "exchange", "exchanges", "trading"),
    "than": ("sooner",),
    "when": ("hardly", "scarcely", "barely"),
    "with": ("follow", "follows", "following"),
}
_AFTER_PRONOUN = word_set("do does did can may will he she they only come comes")
_PLAIN_NOES = word_set("no not n't never do does did")
_STEPS = word_set("step phase part stage pose key beat")
_AFTER_WHICH = word_set(
    """follows follow followed replaces replace replaced supplants succeeds succeed displaces"""
)


@dataclass
class Segment:
    """Items between two separators. joins: what separated it from the one before: kinds of relation, the
    marks ',' ':' and the word itself. sentence: its number."""

    sentence: int
    items: list[Item] = field(default_factory=list)
    joins: set[str] = field(default_factory=set)


def segments(found: Sequence[Item], row: Sequence[Token]) -> list[Segment]:
    """Cut at sentence ends, pauses and words of relation; a relation belongs to the segment it opens, or,
    said afterwards ('the smile follows'), to the one it closes."""
    made = [Segment(0)]
    begun, skip = 0, -1
    for n, item in enumerate(found):
        if n == skip:
            continue
        mark = item.get("mark")
        if mark and mark[0] in STOPS:
            begun = item.last
            made.append(Segment(made[-1].sentence + 1))
            continue
        if mark and mark[0] in _PAUSES and not _inside_word(item, row):
            _open(made).joins.add("," if mark[0] != ":" else ":")
            continue
        if _new_subject(found, n, row, made):
            _open(made).joins.add(",")
        if _second_half([token.word for token in row[begun : item.first + 1]], made):
            _open(made).joins |= {"next", ","}
            continue
        if (mark and mark[0] in _ARROWS) or _numbered(found, n, row) or _to(found, n, row, made):
            segment = _open(made)
            segment.joins |= {"next", ","}
            continue
        if row[item.first].word in _AFTER_WHICH and item.last == item.first + 1 and not _closes(found, n):
            passive = n + 1 < len(found) and row[found[n + 1].first].word == "by"
            if (
                not passive
                and _has_head(made[-1])
                and any(i.has("word", "feel", "part") for i in found[n + 1 : n + 5])
            ):
                _open(made).joins.add("after")  # 'a frown replaces the smile'
                continue
        if (
            item.has(*RELATIONS)
            and not item.has("part", "word", "feel")
            and not _no_relation(found, n, row, made)
        ):
            relation = next(name for name, _ in item.meanings if name in RELATIONS)
            pronoun = word_at(row, item.last) in ("that", "this", "it")
            pronoun = pronoun and (_closes(found, n + 1) or word_at(row, item.last + 1) in _AFTER_PRONOUN)
            if pronoun and relation == "after":
                relation, skip = "next", n + 1  # 'only after that do the lips part'
            elif relation == "first" and row[item.last - 1].word == "before" and not _closes(found, n):
                relation = "before"  # 'a moment before her chin trembles'
            elif pronoun and relation == "before":
                relation, skip = "first", n + 1  # 'he frowns; just before that, a blink'
            elif relation == "next" and row[item.last - 1].word == "after" and not _closes(found, n):
                relation = "after" if item.last > item.first + 1 else relation  # 'a moment after the smile'
            if relation in ("next", "first") and _has_head(made[-1]) and _closes(found, n):
                made[-1].joins |= {relation} | ({row[item.last - 1].word} - RELATIONS)
                if item.has("end", "start", "hold", "manner", "degree"):
                    made[-1].items.append(item)
                continue
            segment = _open(made)
            segment.joins |= {relation} | ({row[item.first].word, row[item.last - 1].word} - RELATIONS)
            if item.has("move", "manner", "hold", "start", "end", "negator", "degree"):
                segment.items.append(item)
            continue
        if item.get("time") and row[item.first].word in ("[", "<", "{"):
            _open(made)
        made[-1].items.append(item)
    return _not_until([segment for segment in made if segment.items or segment.joins], row)


def _second_half(words: Sequence[str], made: Sequence[Segment]) -> bool:
    """'Swap the frown FOR a smile', 'no sooner does he smile THAN ...', 'follow the wink WITH a smile'."""
    shown = any(_has_head(s) for s in made if s.sentence == made[-1].sentence)
    return bool(set(_SECOND_HALF.get(words[-1], ())) & set(words)) and shown


def _new_subject(found: Sequence[Item], n: int, row: Sequence[Token], made: Sequence[Segment]) -> bool:
    """Whether a clause that opens a sentence ('after his eyes have narrowed') ends here without a comma."""
    now, i = made[-1], found[n].first
    opens = len(made) < 2 or made[-2].sentence != now.sentence
    if not opens or not now.joins & {"before", "after"} or not now.items:
        return False
    if not names(now.items) or word_at(row, i - 1) in _NO_CLAUSE_AFTER:
        return False
    word = row[i].word
    if word in _OWNERS:
        return row[now.items[-1].first].kind == "word" and any(
            k.has("part", "word") for k in found[n + 1 : n + 4]
        )
    return word in _SUBJECTS and not found[n].has("part", "word")


def _no_relation(found: Sequence[Item], n: int, row: Sequence[Token], made: Sequence[Segment]) -> bool:
    """Words of relation that are none here: 'blinks once, ...', 'the chin begins to tremble', 'a moment
    after the smile'."""
    item = found[n]
    word, after = row[item.first].word, word_at(row, item.last)
    if item.last > item.first + 1:
        return False
    if word == "once":
        return _closes(found, n) or after in ("and", "at", "then", "or") or n + 1 == len(found)
    if word.startswith(("begin", "start", "began")):
        return _has_head(made[-1]) and (after == "to" or after.endswith("ing"))
    return False


def _not_until(made: list[Segment], row: Sequence[Token]) -> list[Segment]:
    """'Does not smile until she has blinked' is a smile after a blink."""
    for one, other in itertools.pairwise(made):
        until = other.joins & {"until", "till", "til", "before"}
        noes = [item for item in one.items if item.has("negator", "post_negator")]
        if one.sentence != other.sentence or not until or len(noes) != 1:
            continue
        if row[noes[0].first].word not in _PLAIN_NOES or not _has_head(one):
            continue
        if names(other.items) and not any(i.has("negator") for i in other.items):
            one.items.remove(noes[0])
            other.joins = (other.joins - until - {"next"}) | {"after"}
    return made


def _numbered(found: Sequence[Item], n: int, row: Sequence[Token]) -> bool:
    """'1)' or '2.' or '(3)', 'b)' or 'step 2' that opens a part of a list."""
    item = found[n]
    i = item.first
    if len(row[i].word) == 1 and row[i].word in "abcdefgh" and word_at(row, i + 1) == ")":
        return row[i + 1].start == row[i].end and (i == 0 or row[i - 1].kind == "mark")
    if len(row[i].word) == 1 and row[i].word in "bcdefgh" and word_at(row, i + 1) == ".":
        return row[0].word == "a" and word_at(row, 1) == "."
    if row[i].kind == "number" and word_at(row, i - 1) in _STEPS and item.has("plain"):
        return True
    if row[i].kind != "number" or not row[i].word.isdigit() or int(row[i].word) > 12 or not item.has("plain"):
        return False
    after = row[i + 1] if i + 1 < len(row) else None
    before = row[i - 1].word if i else ""
    if after is None or after.word not in (")", ".", ":") or after.start != row[i].end:
        return False
    return i == 0 or row[i - 1].kind == "mark" or (after.word in (")", ".") and before.isalpha())


def _to(found: Sequence[Item], n: int, row: Sequence[Token], made: Sequence[Segment]) -> bool:
    """The 'to' of 'goes from a smile to a frown'."""
    if row[found[n].first].word not in ("to", "through") or found[n].last - found[n].first > 1:
        return False
    if not found[n].has("plain"):
        return False
    ways = [k for k, i in enumerate(found) if row[i.first].word == "to" and i.has("plain")]
    if len(ways) > 1 and all(_chained(found, k) for k in ways):
        return True  # 'nose wrinkle to lip curl to smile'
    mine = [i for segment in made if segment.sentence == made[-1].sentence for i in segment.items]
    way = next((i for i in made[-1].items[-4:] if row[i.last - 1].word == "way" and i.has("move")), None)
    if way is not None and len(made[-1].items) > 1:
        made[-1].items.remove(way)  # 'gives way by degrees to'
        return True
    if _turns_to(found, n, row, mine):
        return True
    start = next(
        (k for k, i in enumerate(mine) if row[i.first].word == "from" and i.has("plain")),
        None,
    )
    if start is None or not any(i.has("word", "feel", "part") for i in mine[start:]):
        return False
    return any(i.has("word", "feel", "part") for i in found[n + 1 : n + 5])


def _chained(found: Sequence[Item], n: int) -> bool:
    """Whether a movement stands right before and right behind."""
    before = n > 0 and found[n - 1].has("word", "move")
    return before and names(found[n + 1 : n + 3]) and not found[n + 1].has("plain")


def _turns_to(found: Sequence[Item], n: int, row: Sequence[Token], mine: Sequence[Item]) -> bool:
    """The 'to' of 'anger cools to sorrow': a head, a verb, and a thing, not something to do."""
    if len(mine) < 2 or n + 1 >= len(found) or any(i.has("negator") for i in mine):
        return False
    verb = row[mine[-1].first].word
    shown = any(i.has("word", "feel") for i in mine[:-1])
    after = row[found[n + 1].first].word
    thing = found[n + 1].has("feel") or (
        after in ("a", "an", "the") and any(i.has("word", "feel") for i in found[n + 2 : n + 4])
    )
    goes = verb.endswith(("s", "ing", "ed")) or verb in ("move", "go", "pass", "shift", "on")
    return shown and goes and thing and not mine[-1].has("feel", "word")


def _inside_word(item: Item, row: Sequence[Token]) -> bool:
    """A hyphen with no space round it."""
    i = item.first
    return (
        row[i].word in ("-", "–")
        and 0 < i < len(row) - 1
        and row[i - 1].end == row[i].start
        and row[i].end == row[i + 1].start
    )


def _open(made: list[Segment]) -> Segment:
    if made[-1].items:
        made.append(Segment(made[-1].sentence))
    return made[-1]


def _has_head(segment: Segment) -> bool:
    return any(item.has("part", "word", "feel", "code") for item in segment.items)


def _closes(found: Sequence[Item], n: int) -> bool:
    """Whether nothing but a time and a mark follow."""
    for item in found[n + 1 :]:
        if item.has("mark"):
            return True
        if not item.has("time"):
            return False
    return True
