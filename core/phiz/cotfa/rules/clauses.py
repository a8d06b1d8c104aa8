"""A note as sentences and segments: items of the lexicon, times, sides and codes between separators."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from phiz.cotfa.rules.codes import Code, codes
from phiz.cotfa.rules.families import relative
from phiz.cotfa.rules.lexicon import Felt, Lexicon, Meaning
from phiz.cotfa.rules.times import Clock, Time
from phiz.cotfa.rules.tokens import Token

_BESIDE = 1.0  # of feeling in a word beside others that name a face or a feeling
_CLEAR = 0.3  # of feeling in a word that stands among others
_EMPTY = frozenset(
    [
        "she",
        "he",
        "they",
        "it",
        "her",
        "him",
        "his",
        "the",
        "a",
        "an",
        "is",
        "are",
        "was",
        "be",
        "and",
        "or",
        "of",
        "to",
        "in",
        "on",
        "at",
        "with",
        "very",
        "so",
    ]
)
_STOPS = frozenset((".", "!", "?", ";", "/", "|", "•"))
_ARROWS = frozenset(("→", ">", "»", "⇒", "➔", "➜"))
_PAUSES = frozenset((",", ":", "(", ")", "—", "–", "-", "...", "..", "…", "[", "]", "{", "}", "="))
_RELATIONS = frozenset(("next", "same", "first", "before", "after", "cut"))
_PREPOSITIONS = frozenset(("in", "out", "inward", "round"))
_NOT_SIDE_AFTER = frozenset(
    [
        "at",
        "after",
        "away",
        "before",
        "now",
        "as",
        "when",
        "from",
        "off",
        "back",
        "in",
        "on",
        "through",
        "here",
        "there",
    ]
)
_SIDE_NOUNS = frozenset(["side", "one", "half", "corner", "brow", "eyebrow", "eye", "lid", "cheek"])


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


@dataclass
class Segment:
    """Items between two separators. joins: what separated it from the one before: kinds of relation, the
    marks ',' ':' and the word itself. sentence: its number."""

    sentence: int
    items: list[Item] = field(default_factory=list)
    joins: set[str] = field(default_factory=set)


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
    return found


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
    if row[i].word in ("++", "--") and not (found and found[-1].has("part")):
        return Item(i, i + 1, (("mark", "—"),))
    if time is not None and any(time.first < first < time.last for first in coded):
        time = None
    phrase = lexicon.longest(row, i)
    side = _side(row, i, text)
    if time is not None and (phrase is None or phrase[0] <= time.last):
        return Item(i, time.last, (("time", time),))
    if side is not None and phrase is not None and _word(row, i - 1) in ("the", "her", "his", "your"):
        phrase = None if any(m[0] in _RELATIONS for m in phrase[1]) else phrase  # 'on the right before ...'
    if side is not None and (phrase is None or phrase[0] <= side[1]):
        moves = tuple(m for m in phrase[1] if m[0] == "move") if phrase is not None else ()
        return Item(
            i,
            max(side[1], phrase[0] if moves and phrase else 0),
            (("side", side[0]), *moves),
        )
    if phrase is not None:
        meanings = tuple(phrase[1])
        if row[i].word in _PREPOSITIONS and phrase[0] == i + 1 and not _stands_alone(row, i):
            meanings = tuple(m for m in meanings if m[0] != "move") or (("plain", row[i].word),)
        return Item(i, phrase[0], meanings)
    if row[i].word in ("mark", "%") or row[i].kind == "mark":
        return Item(i, i + 1, (("mark", row[i].word),))
    if row[i].kind == "number" and i + 1 < len(row) and row[i + 1].word in ("%", "percent"):
        return Item(i, i + 2, (("degree", min(1.0, row[i].number / 100.0)),))
    return Item(i, i + 1, (("plain", row[i].word),))


def _word(row: Sequence[Token], i: int) -> str:
    return row[i].word if 0 <= i < len(row) else ""


def _stands_alone(row: Sequence[Token], i: int) -> bool:
    """Whether 'in', 'out' or 'off' says where a part goes: nothing stands behind that it could be in."""
    after = _word(row, i + 1)
    return (
        i + 1 >= len(row)
        or row[i + 1].kind != "word"
        or after in ("and", "then", "at", "from", "for", "on", "until", "while", "as")
    )


def _side(row: Sequence[Token], i: int, text: str) -> tuple[str, int] | None:
    """A side and where it ends: L, R, B, any (one side), same, other; with 'to ' where it may be a way."""
    word, before, after = _word(row, i), _word(row, i - 1), _word(row, i + 1)
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
        if not fixed and word == "right" and after in _NOT_SIDE_AFTER and before in ("", ",", ".", ";", ":"):
            return None
        if (
            not fixed
            and word == "left"
            and after in ("the", "a", "her", "his", "him", "them", "it", "me", "for")
        ):
            return None
        if after == "-" and _word(row, i + 2) == "hand":
            j = i + 3
        while _word(row, j) in ("side", "hand", "sided"):
            j += 1
        return word[0].upper(), j
    if word in ("both", "each", "either"):
        return "B", j + 1 if after in ("sides", "side") else j
    if word in ("one", "single") and after in (
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
    if word == "other" and after in _SIDE_NOUNS:
        return "other", j + 1 if after in ("side", "one") else j
    return None


def segments(found: Sequence[Item], row: Sequence[Token]) -> list[Segment]:
    """Cut at sentence ends, pauses and words of relation; a relation belongs to the segment it opens, or,
    said afterwards ('the smile follows'), to the one it closes."""
    made = [Segment(0)]
    begun, skip = 0, -1
    for n, item in enumerate(found):
        if n == skip:
            continue
        mark = item.get("mark")
        if mark and mark[0] in _STOPS:
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
            item.has(*_RELATIONS)
            and not item.has("part", "word", "feel")
            and not _no_relation(found, n, row, made)
        ):
            relation = next(name for name, _ in item.meanings if name in _RELATIONS)
            pronoun = _word(row, item.last) in ("that", "this", "it")
            pronoun = pronoun and (_closes(found, n + 1) or _word(row, item.last + 1) in _AFTER_PRONOUN)
            if pronoun and relation == "after":
                relation, skip = "next", n + 1  # 'only after that do the lips part'
            elif relation == "first" and row[item.last - 1].word == "before" and not _closes(found, n):
                relation = "before"  # 'a moment before her chin trembles'
            elif pronoun and relation == "before":
                relation, skip = "first", n + 1  # 'he frowns; just before that, a blink'
            elif relation == "next" and row[item.last - 1].word == "after" and not _closes(found, n):
                relation = "after" if item.last > item.first + 1 else relation  # 'a moment after the smile'
            if relation in ("next", "first") and _has_head(made[-1]) and _closes(found, n):
                made[-1].joins |= {relation} | ({row[item.last - 1].word} - _RELATIONS)
                if item.has("end", "start", "hold", "manner", "degree"):
                    made[-1].items.append(item)
                continue
            segment = _open(made)
            segment.joins |= {relation} | ({row[item.first].word, row[item.last - 1].word} - _RELATIONS)
            if item.has("move", "manner", "hold", "start", "end", "negator", "degree"):
                segment.items.append(item)
            continue
        if item.get("time") and row[item.first].word in ("[", "<", "{"):
            _open(made)
        made[-1].items.append(item)
    return _not_until([segment for segment in made if segment.items or segment.joins], row)


_SUBJECTS = frozenset(("he", "she", "they", "you", "it", "there", "comes", "i", "we"))
_OWNERS = frozenset(("the", "her", "his", "their", "your"))
_NO_CLAUSE_AFTER = frozenset(
    [
        "of",
        "to",
        "at",
        "on",
        "in",
        "with",
        "and",
        "or",
        "by",
        "from",
        "for",
        "into",
        "over",
        "as",
        "than",
        "like",
        "both",
        "the",
        "her",
        "his",
        "their",
        "your",
        "up",
        "raises",
        "lifts",
    ]
)
_SECOND_HALF = {
    "for": ("swap", "swaps", "swapping", "swapped", "trade", "trades", "exchange", "exchanges", "trading"),
    "than": ("sooner",),
    "when": ("hardly", "scarcely", "barely"),
    "with": ("follow", "follows", "following"),
}


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
    if not _names(now.items) or _word(row, i - 1) in _NO_CLAUSE_AFTER:
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
    word, after = row[item.first].word, _word(row, item.last)
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
        if _names(other.items) and not any(i.has("negator") for i in other.items):
            one.items.remove(noes[0])
            other.joins = (other.joins - until - {"next"}) | {"after"}
    return made


def _numbered(found: Sequence[Item], n: int, row: Sequence[Token]) -> bool:
    """'1)' or '2.' or '(3)', 'b)' or 'step 2' that opens a part of a list."""
    item = found[n]
    i = item.first
    if len(row[i].word) == 1 and row[i].word in "abcdefgh" and _word(row, i + 1) == ")":
        return row[i + 1].start == row[i].end and (i == 0 or row[i - 1].kind == "mark")
    if len(row[i].word) == 1 and row[i].word in "bcdefgh" and _word(row, i + 1) == ".":
        return row[0].word == "a" and _word(row, 1) == "."
    if row[i].kind == "number" and _word(row, i - 1) in _STEPS and item.has("plain"):
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
    return before and _names(found[n + 1 : n + 3]) and not found[n + 1].has("plain")


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


_AFTER_PRONOUN = frozenset(
    ("do", "does", "did", "can", "may", "will", "he", "she", "they", "only", "come", "comes")
)
_PLAIN_NOES = frozenset(("no", "not", "n't", "never", "do", "does", "did"))
_STEPS = frozenset(("step", "phase", "part", "stage", "pose", "key", "beat"))
_AFTER_WHICH = frozenset(
    [
        "follows",
        "follow",
        "followed",
        "replaces",
        "replace",
        "replaced",
        "supplants",
        "succeeds",
        "succeed",
        "displaces",
    ]
)


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


def sentences(made: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Segments by sentence."""
    group: list[Segment] = []
    for segment in made:
        if group and segment.sentence != group[-1].sentence:
            yield group
            group = []
        group.append(segment)
    if group:
        yield group


def time_of(item: Item) -> Time | None:
    found = item.get("time")
    return found[0] if found else None


def with_relatives(found: Sequence[Item], row: Sequence[Token], text: str) -> list[Item]:
    """Where a part of a sentence names no face and no listed feeling, its words that are akin to one."""
    made: list[Item] = []
    sentence: list[Item] = []
    for item in found:
        mark = item.get("mark")
        if mark and mark[0] in _STOPS:
            made += [*_related(sentence, row, text), item]
            sentence = []
        else:
            sentence.append(item)
    return made + _related(sentence, row, text)


def _related(sentence: list[Item], row: Sequence[Token], text: str) -> list[Item]:
    known = _names(sentence)
    made: list[Item] = []
    part: list[Item] = []
    for item in sentence:
        if (item.has("mark") or item.has(*_RELATIONS)) and part:
            made += _kin(part, row, text, known) if not _names(part) else part
            part = []
        part.append(item)
    return made + (_kin(part, row, text, known) if not _names(part) else part)


def _names(part: Sequence[Item]) -> bool:
    """Whether it names a face or a feeling already."""
    moved = any(i.has("part") for i in part) and any(i.has("move") for i in part)
    return moved or any(item.has("word", "feel", "code") for item in part)


def _kin(part: list[Item], row: Sequence[Token], text: str, known: bool) -> list[Item]:
    words = sum(row[i.first].kind == "word" and row[i.first].word not in _EMPTY for i in part)
    made: list[Item] = []
    for n, item in enumerate(part):
        token = row[item.first]
        free = token.kind == "word" and item.has("plain", "degree", "manner") and token.word not in _EMPTY
        kin = relative(token.word) if free else None
        name = text[token.start].isupper() and n > 0
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
