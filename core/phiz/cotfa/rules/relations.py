"""Words that say how what follows stands to what came before, where the word alone does not show it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from phiz.cotfa.rules.amounts import ORDINALS
from phiz.cotfa.rules.items import Item, word_at
from phiz.cotfa.rules.relatives import names
from phiz.cotfa.rules.segment import Segment, has_head
from phiz.cotfa.rules.tokens import Token, word_set

_SUBJECTS = word_set("he she they you it there comes i we")
_PERSONS = frozenset(("he", "she", "they", "it"))
_OWNERS = frozenset(("the", "her", "his", "their", "your"))
_NO_CLAUSE_AFTER = word_set(
    """of to at on in with and or by from for into over as than like both the her his their your up
    raises lifts"""
)
_SECOND_HALF = {
    "for": ("swap", "swaps", "swapping", "swapped", "trade", "trades", "exchange", "exchanges", "trading"),
    "than": ("sooner",),
    "when": ("hardly", "scarcely", "barely"),
    "with": ("follow", "follows", "following", "replace", "replaces", "replacing", "substitute", "supplant"),
}
_STEPS = word_set("step phase part stage pose key beat")


def second_half(words: Sequence[str], made: Sequence[Segment]) -> bool:
    """'Swap the frown FOR a smile', 'no sooner does he smile THAN ...', 'follow the wink WITH a smile'."""
    if words[-1] not in _SECOND_HALF or not set(_SECOND_HALF[words[-1]]) & set(words):
        return False
    if words[-1] == "than" and "no" not in words:
        return False  # 'she would sooner frown than smile'
    return any(has_head(s) for s in made if s.sentence == made[-1].sentence)


def new_subject(found: Sequence[Item], n: int, row: Sequence[Token], made: Sequence[Segment]) -> bool:
    """Whether a clause that opens a sentence ('after his eyes have narrowed') ends here without a comma."""
    now, i = made[-1], found[n].first
    opens = not any(has_head(s) for s in made[:-1] if s.sentence == now.sentence)
    if not (opens or {"and", "after"} <= now.joins) or not now.joins & {"before", "after"} or not now.items:
        return False
    again = row[now.items[0].first].word in _PERSONS and word_at(row, i) in _PERSONS and len(now.items) > 1
    timed = now.items[-1].has("time") and row[i].word in _SUBJECTS  # 'when the glass breaks at 2 s he ...'
    joined = word_at(row, i - 1) in _NO_CLAUSE_AFTER and not now.items[-1].has("end")
    if not (names(now.items) or timed or again) or joined:
        return False
    word = row[i].word
    if word in _OWNERS:
        return row[now.items[-1].first].kind == "word" and any(
            k.has("part", "word") for k in found[n + 1 : n + 4]
        )
    return word in _SUBJECTS and not found[n].has("part", "word")


def no_relation(found: Sequence[Item], n: int, row: Sequence[Token], made: Sequence[Segment]) -> bool:
    """Words of relation that are none here: 'blinks once, ...', 'the chin begins to tremble', 'a moment
    after the smile'."""
    item = found[n]
    word, after = row[item.first].word, word_at(row, item.last)
    if row[item.last - 1].word == "on":  # 'contempt settles on the left side of his mouth'
        behind = found[n + 1 : n + 4]
        return any(i.has("side") for i in behind) and not names(behind)
    if word == "so" and row[item.last - 1].word == "as":
        # 'doesn't smile so much as bare his teeth', not 'before he so much as smiles'
        before = made[-1].items
        return not has_head(made[-1]) or not any(i.has("negator") for i in before)
    if item.last > item.first + 1:
        return False
    if word in ORDINALS and word_at(row, item.first - 1) == "the":
        return word_at(row, item.first - 2) in ("on", "by", "in", "until", "till", "at", "for", "from")
    if word == "once":
        return closes(found, n) or after in ("and", "at", "then", "or", "more") or n + 1 == len(found)
    if word.startswith(("begin", "start", "began")):
        return has_head(made[-1]) and (after == "to" or after.endswith("ing"))
    return False


def numbered(found: Sequence[Item], n: int, row: Sequence[Token]) -> bool:
    """'1)' or '2.' or '(3)', 'b)' or 'step 2' that opens a part of a list."""
    item = found[n]
    i = item.first
    if len(row[i].word) == 1 and row[i].word in "abcdefgh" and word_at(row, i + 1) == ")":
        before = [a.word for a, b in itertools.pairwise(row[:i]) if b.word == ")" and len(a.word) == 1]
        first = "abcdefgh"["abcdefgh".index(row[i].word) - 1] in before
        return row[i + 1].start == row[i].end and (i == 0 or row[i - 1].kind == "mark" or first)
    if len(row[i].word) == 1 and row[i].word in "bcdefgh" and word_at(row, i + 1) == ".":
        return row[0].word == "a" and word_at(row, 1) == "."
    if row[i].kind == "number" and word_at(row, i - 1) in _STEPS and item.has("plain"):
        return word_at(row, i - 2) not in ("on", "at", "by")
    if row[i].kind != "number" or not row[i].word.isdigit() or int(row[i].word) > 12 or not item.has("plain"):
        return False
    after = row[i + 1] if i + 1 < len(row) else None
    before = row[i - 1].word if i else ""
    if after is None or after.word not in (")", ".", ":") or after.start != row[i].end:
        return False
    return i == 0 or row[i - 1].kind == "mark" or (after.word in (")", ".") and before.isalpha())


def leads_to(found: Sequence[Item], n: int, row: Sequence[Token], made: Sequence[Segment]) -> bool:
    """The 'to' of 'goes from a smile to a frown'."""
    if row[found[n].first].word not in ("to", "through") or found[n].last - found[n].first > 1:
        return False
    if not found[n].has("plain"):
        return False
    ways = [k for k, i in enumerate(found) if row[i.first].word == "to" and i.has("plain")]
    if len(ways) > 1 and all(_chained(found, k) for k in ways):
        return True  # 'nose wrinkle to lip curl to smile'
    mine = [i for segment in made if segment.sentence == made[-1].sentence for i in segment.items]
    for segment in reversed(made):
        way = next((i for i in segment.items[-4:] if row[i.last - 1].word == "way" and i.has("move")), None)
        if way is not None and len(segment.items) > 1 and segment.sentence == made[-1].sentence:
            segment.items.remove(way)  # 'gives way by degrees to', 'gives way, by 2 s, to'
            return True
        if not all(i.has("time") for i in segment.items):
            break
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


def closes(found: Sequence[Item], n: int) -> bool:
    """Whether nothing but a time and a mark follow."""
    for item in found[n + 1 :]:
        if item.has("mark"):
            return True
        if not item.has("time"):
            return False
    return True


def linking(found: Sequence[Item], n: int, made: Sequence[Segment]) -> tuple[str, int] | None:
    """A verb between two things that says which is first: 'a frown replaces the smile', 'a blink heralds the
    grin', 'a stare broken at 2 s by a blink'. The relation, and how many items it takes."""
    item = found[n]
    relation = (item.get("link") or [""])[0]
    if not relation and item.has("end") and n + 1 < len(found) and found[n + 1].get("plain") == ["by"]:
        relation = "after"  # 'is wiped off by a wince'
    shown = relation and any(has_head(s) for s in made if s.sentence == made[-1].sentence)
    if not shown or closes(found, n) or item.has("negator"):
        return None
    if not any(i.has("word", "feel", "part", "code") for i in found[n + 1 : n + 7]):
        return None
    by = next((k for k in range(1, 4) if n + k < len(found) and found[n + k].get("plain") == ["by"]), None)
    if by is not None and all(i.has("time", "manner", "plain") for i in found[n + 1 : n + by]):
        return ("next" if relation == "after" else "after"), by + 1
    return relation, 1


def ends_as(found: Sequence[Item], n: int, row: Sequence[Token], begun: int) -> bool:
    """The 'ends' of 'starts wide-eyed, ends narrow-eyed'."""
    word = row[found[n].first].word
    if word not in ("ends", "end", "finishes", "finish", "closes") or not found[n].has("end", "move"):
        return False
    opened = any(token.word.startswith(("start", "begin", "open")) for token in row[begun : found[n].first])
    return opened and not closes(found, n) and names(found[n + 1 : n + 5])


def between(found: Sequence[Item], n: int, row: Sequence[Token]) -> bool:
    """'Between the blink and the smile', 'separates the frown from the smile': not 'between the brows'."""
    word = row[found[n].first].word
    joint = {"between": "and", "separate": "from", "separates": "from", "divides": "from"}.get(word)
    if joint is None or found[n].has("time"):
        return False
    behind = found[n + 1 : n + 9]
    cut = next((k for k, i in enumerate(behind) if row[i.first].word == joint), None)
    if cut is None:
        return False
    return names(behind[:cut]) and names(behind[cut + 1 :])
