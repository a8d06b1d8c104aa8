"""Items as segments: cut at sentence ends, pauses and words of relation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from phiz.cotfa.rules import relations
from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.items import RELATIONS, STOPS, Item, time_of, word_at
from phiz.cotfa.rules.relatives import names
from phiz.cotfa.rules.segment import Segment, has_head, opened
from phiz.cotfa.rules.tokens import Token, word_set

_ARROWS = word_set("→ > » ⇒ ➔ ➜")
_PAUSES = word_set(", : ( ) — – - ... .. … [ ] { } =")
_SUBJECTS = word_set("she he they it the her his their your")
_NO_GAP = word_set("for lasting lasts over within")
_AFTER_PRONOUN = word_set("""do does did can may will he she they only come comes
    the her his a an their there its comes and""")
_PLAIN_NOES = word_set("no not n't never do does did")


def segments(found: Sequence[Item], row: Sequence[Token]) -> list[Segment]:
    """Cut at sentence ends, pauses and words of relation; a relation belongs to the segment it opens, or,
    said afterwards ('the smile follows'), to the one it closes."""
    cutter = _Cutter(found, row)
    n = 0
    while n < len(found):
        n = cutter.take(n)
    made = [segment for segment in cutter.made if segment.items or segment.joins]
    return _not_until(_when_replaced(made), row)


class _Cutter:
    """Takes item after item into the last segment, or opens a new one."""

    def __init__(self, found: Sequence[Item], row: Sequence[Token]) -> None:
        self.found, self.row = found, row
        self.made = [Segment(0)]
        self.begun = 0  # the first token of the sentence
        self.moved: list[Item] = []
        self.amid = False  # behind 'between', before its 'and'
        self.bare = bool(row) and row[0].kind == "number" and "." in row[0].word
        self.timed = bool(found) and bool(found[0].get("time")) and row[0].word == "("

    def take(self, n: int) -> int:
        """Takes item n; the number of the next one."""
        item = self.found[n]
        mark = (item.get("mark") or [""])[0]
        word = self.row[item.first].word
        if mark in STOPS:
            self.begun = item.last
            self.amid = False
            self.made.append(Segment(self.made[-1].sentence + 1))
            return n + 1
        if mark in _PAUSES and not _inside_word(item, self.row):
            opened(self.made).joins.add("," if mark != ":" else ":")
            return n + 1
        if relations.new_subject(self.found, n, self.row, self.made):
            opened(self.made).joins.add(",")
        if mark in _ARROWS and self._only_a_time():
            opened(self.made).joins.add(",")  # '2 s -> brows down'
            return n + 1
        traded = relations.second_half(
            [token.word for token in self.row[self.begun : item.first + 1]], self.made
        )
        traded = traded or relations.ends_as(self.found, n, self.row, self.begun)
        if traded or mark in _ARROWS or relations.numbered(self.found, n, self.row):
            opened(self.made).joins |= {"next", ","} | ({"replacing"} if traded and word == "for" else set())
            return n + 1
        if relations.leads_to(self.found, n, self.row, self.made):
            return self._to(n)
        if relations.between(self.found, n, self.row):
            if any(i.has("part", "word", "feel", "code") for i in self.made[-1].items):
                opened(self.made)
            self.made[-1].joins.add("between")
            self.amid = True
            return n + 1
        if self.amid and word in ("and", "from") and has_head(self.made[-1]):
            opened(self.made).joins.add("beyond")
            self.amid = False
            return n + 1
        if (after := relations.linking(self.found, n, self.made)) is not None:
            relation, skip = after
            times = [i for i in self.found[n + 1 : n + skip] if i.has("time")]
            segment = opened(self.made)
            segment.joins |= {relation, "replaced" if relation == "after" else "replacing"}
            segment.items += times
            return n + skip
        if word in ("until", "till") and (time := time_of(item)) is not None and self._clause(n):
            segment = opened(self.made)  # 'pouts until at 3 s she smiles'
            segment.joins |= {"next", ",", "replacing"}
            segment.items.append(Item(item.first, item.last, (("time", _from_then(time)),)))
            return n + 1
        if self._other_side(item):
            opened(self.made).joins.add(",")  # 'on the left at 1 s, on the right at 3 s', with no comma
        relative = item.has(*RELATIONS) and not item.has("part", "word", "feel")
        if relative and not relations.no_relation(self.found, n, self.row, self.made):
            return self._related(n)
        just = word == "has" and word_at(self.row, item.last) == "just"
        if (word == "had" or just) and self._had(n):
            self.made[-1].joins.add("earlier")  # 'his lips, which had been pursed, part'
        bare = self.bare and self.row[item.first].kind == "number" and item.last == item.first + 1
        if item.get("time") and bare and has_head(self.made[-1]):
            opened(self.made)  # '1.0 brows up 3.0 a frown'
        if item.get("time") and (word in ("[", "<", "{") or (word == "(" and self.timed)):
            opened(self.made)
        self.made[-1].items.append(item)
        return n + 1

    def _had(self, n: int) -> bool:
        """Whether 'had' makes what follows the past of the rest of the sentence."""
        behind = [self.row[i.first].word for i in self.found[n + 1 : n + 4]]
        done = any(word.endswith(("ed", "en")) or word == "gone" for word in behind)
        return done and not self.made[-1].joins & {"after", "before", "next"}

    def _moved(self, n: int) -> None:
        """'At 3 s the smile turns into a frown': the time is that of the turn."""
        mine = [s for s in self.made if s.sentence == self.made[-1].sentence and s.items]
        first = mine[0].items[0] if mine else None
        timed = sum(i.has("time") for s in mine for i in s.items)
        behind = any(i.has("time") for i in self.found[n + 1 : n + 6])
        if first is None or not first.has("time") or timed > 1 or behind or not has_head(mine[-1]):
            return
        mine[0].items.remove(first)
        self.moved = [first]

    def _other_side(self, item: Item) -> bool:
        """Whether another side stands behind one that has its time."""
        ways = {"left", "right"} & set(item.get("move"))
        if not (set(item.get("side")) & {"L", "R"} or ways):
            return False
        items = self.made[-1].items
        sided = next((k for k, i in enumerate(items) if set(i.get("side")) & {"L", "R"}), None)
        return sided is not None and any(i.has("time") for i in items[sided:])

    def _clause(self, n: int) -> bool:
        """Whether item n opens a clause of its own, behind something that is shown."""
        behind = self.found[n + 1 : n + 8]
        cut = next((k for k, i in enumerate(behind) if i.has("mark", *RELATIONS)), len(behind))
        opens = bool(behind) and self.row[behind[0].first].word in _SUBJECTS
        return has_head(self.made[-1]) and opens and names(behind[:cut])

    def _time_before(self) -> Time | None:
        """The point that 'when' goes back to: 'until 3 s, when the jaw drops'."""
        mine = [s for s in self.made if s.sentence == self.made[-1].sentence and s.items]
        time = time_of(mine[-1].items[-1]) if mine and (has_head(mine[-1]) or len(mine) > 1) else None
        if time is None:
            return None
        when = time.end if time.end is not None else time.by if time.by is not None else time.start
        return None if when is None else Time(time.first, time.last, start=when)

    def _earlier(self) -> bool:
        return any("earlier" in s.joins for s in self.made if s.sentence == self.made[-1].sentence)

    def _only_a_time(self) -> bool:
        items = self.made[-1].items
        numbers = (i for i in items if not i.has("time"))
        return bool(items) and all(self.row[i.first].kind == "number" for i in numbers)

    def _to(self, n: int) -> int:
        """What 'gives way, by 2 s, to' says of time is of what comes."""
        times = list[Item]()
        while len(self.made) > 1 and self.made[-1].items and all(i.has("time") for i in self.made[-1].items):
            times = [*self.made.pop().items, *times]
        segment = opened(self.made)
        segment.joins |= {"next", ",", "replacing"}
        segment.items += times
        return n + 1

    def _pronoun(self, n: int) -> bool:
        """Whether 'that', 'this' or 'it' behind the relation n is all it relates to."""
        item = self.found[n]
        word, after = word_at(self.row, item.last), word_at(self.row, item.last + 1)
        if word == "it":
            return not after.endswith("s") and after not in ("can", "will", "may")
        if word not in ("that", "this"):
            return False
        joined = word_at(self.row, item.first - 1) in ("and", "just", "but")
        return joined or relations.closes(self.found, n + 1) or after in _AFTER_PRONOUN

    def _related(self, n: int) -> int:
        """Item n is a word of relation."""
        item, made, row = self.found[n], self.made, self.row
        last = row[item.last - 1].word
        relation = next(name for name, _ in item.meanings if name in RELATIONS)
        if item.first == self.begun and item.has("after"):
            relation = "after"  # 'Following a blink, ...'
        closes = relations.closes(self.found, n)
        pronoun = self._pronoun(n)
        taken = n + 1
        if pronoun and relation == "next" and last == "after":
            taken = n + 2
        elif pronoun and relation in ("after", "before"):
            # 'only after that do the lips part'; 'he frowns; just before that, a blink'
            relation, taken = {"after": "next", "before": "first"}[relation], n + 2
        elif relation == "first" and last == "before" and not closes:
            relation = "before"  # 'a moment before her chin trembles'
        elif relation == "next" and last == "after" and not closes and item.last > item.first + 1:
            relation = "after"  # 'a moment after the smile'
        elif relation in ("after", "before") and closes and has_head(made[-1]):
            # 'a frown before 3 s, a smile after'; 'a blink at 2 s, a pout just before'
            relation = {"after": "next", "before": "first"}[relation]
        if last == "when" and (time := self._time_before()) is not None and names(self.found[n + 1 : n + 7]):
            segment = opened(made)
            segment.joins |= {"next", ","}
            segment.items.append(Item(item.first, item.last, (("time", time),)))
            return n + 1
        sided = any(i.has("side") or (i.has("move") and relation == "next") for i in made[-1].items)
        closes = closes or (taken > n + 1 and relations.closes(self.found, taken - 1))
        if relation in ("next", "first") and (has_head(made[-1]) or sided) and closes:
            made[-1].joins |= {relation} | ({row[item.first].word, last} - RELATIONS)
            if relation == "first":
                made[-1].joins.add("leads")
            if item.has("end", "start", "hold", "manner", "degree", "in order"):
                made[-1].items.append(item)
            return taken
        if relation == "after" and row[item.first].word == "when" and self._earlier():
            relation = "next"  # 'she has just smiled when the jaw drops'
        if item.has("replacing"):
            self._moved(n)
        gap = _gap(made[-1], item, row) if relation in ("before", "after") else None
        segment = opened(made)
        segment.gap = gap
        if item.has("replacing"):
            segment.joins.add("replacing")
            segment.items += self.moved
            self.moved = []
        segment.joins |= {relation} | ({row[item.first].word, last} - RELATIONS)
        if item.has("move", "manner", "hold", "start", "end", "negator", "degree", "in order"):
            segment.items.append(item)
        return taken


def _from_then(time: Time) -> Time:
    return Time(time.first, time.last, start=time.end)


def _gap(segment: Segment, item: Item, row: Sequence[Token]) -> float | None:
    """'Half a second' right before 'before' or 'after': what lies between the two."""
    if not segment.items or segment.items[-1].last != item.first:
        return None
    time = time_of(segment.items[-1])
    if time is None or time.length is None or row[time.first].word in _NO_GAP:
        return None
    segment.items.pop()
    return time.length


def _when_replaced(made: list[Segment]) -> list[Segment]:
    """'A frown replaces the smile at 3 s': the time is that of the frown."""
    for one, other in itertools.pairwise(made):
        if not {"after", "replaced"} <= other.joins or one.sentence != other.sentence:
            continue
        times = [item for item in other.items if item.has("time")]
        if len(times) != 1 or times[0] is not other.items[-1] or any(i.has("time") for i in one.items):
            continue
        time = time_of(times[0])
        if time is not None and time.start is not None and time.end is None and len(other.items) > 1:
            one.items.append(other.items.pop())
    return made


def _not_until(made: list[Segment], row: Sequence[Token]) -> list[Segment]:
    """'Does not smile until she has blinked' is a smile after a blink."""
    for one, other in itertools.pairwise(made):
        until = other.joins & {"until", "till", "til", "before"}
        noes = [item for item in one.items if item.has("negator", "post_negator")]
        if one.sentence != other.sentence or not until or len(noes) != 1:
            continue
        if row[noes[0].first].word not in _PLAIN_NOES or not has_head(one):
            continue
        if other.items and not names(other.items) and not any(i.has("negator") for i in other.items):
            one.items.remove(noes[0])  # 'does not smile until he has gone'
            if any(i.has("time") for i in other.items):
                other.joins = (other.joins - until - {"next"}) | {"after"}
        elif names(other.items) and not any(i.has("negator") for i in other.items):
            one.items.remove(noes[0])
            other.joins = (other.joins - until - {"next"}) | {"after"}
    return made


def _inside_word(item: Item, row: Sequence[Token]) -> bool:
    """A hyphen with no space round it."""
    i = item.first
    return (
        row[i].word in ("-", "–")
        and 0 < i < len(row) - 1
        and row[i - 1].end == row[i].start
        and row[i].end == row[i + 1].start
    )
