"""What a note denies: the reach of a negation over the heads of its clause."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.cotfa.rules.answers import Answers
from phiz.cotfa.rules.heads import Head, Units, has_any, is_ing
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_ENDING = word_set("stop stops stopped loses lost drops dropped ceases ceased quits")
_UNLESS = word_set("could would might")
_DENYING = word_set("no not n't never cannot without fail fails failed unable refuse refuses forget forgets")
_PREPOSITIONS = word_set("without instead rather far free minus sans bereft devoid")
_SUBJECTS = word_set("she he they it you i we")
_ACTS = frozenset(("drop", "wipe", "end", "cut"))  # what a part of the face may do itself
_EXCEPT = frozenset(("except", "other", "save", "apart", "aside", "excepting"))
_LONGER = frozenset(("more", "longer", "anymore"))
_COMMANDS = word_set("lose wipe drop cut end kill erase ditch remove scrap skip forget")
_ABSENT = word_set("""there here what allowed wanted needed it present welcome seen visible shown called""")
_SHOWING = word_set("showing forming appearing coming breaking spreading surfacing")
_ARRIVALS = word_set(
    """come comes arrive appear form show happen start emerge surface materialise materialize break follow"""
)  # 'the smile won't come'
_FACES = frozenset(("word", "code", "feel", "part"))


class Denials(Answers):
    """Finds what is denied, and denies it."""

    def _denial(self, segment: Segment) -> list[tuple[int, int, str]]:
        """Token ranges of this segment in which things are denied, and the word that does it."""
        ranges: list[tuple[int, int, str]] = []
        last = segment.items[-1].last if segment.items else 0
        from_word = next((i for i in segment.items if i.get("plain") == ["from"]), None)
        if from_word is not None and has_any(segment, "hold") and is_ing(self.row, from_word.last):
            if self.row[from_word.last].word in _SHOWING:
                ranges.append((self._holding(segment), from_word.last, "keep from showing"))
            else:
                ranges.append((from_word.last, last, "keep from"))
        than = next((i for i in segment.items if i.get("plain") == ["than"]), None)
        words = {self.row[i.first].word: i for i in segment.items}
        rather = than is not None and any(t.word in ("rather", "sooner") for t in self.row[: than.first][-6:])
        if than is not None and ("more" in words or rather):
            ranges.append((than.first, last, "than"))
        if than is None and "less" in words and self._more_later(segment):
            ranges.append((words["less"].first, last, "less"))
        if than is not None and "less" in words:
            ranges.append((words["less"].first, than.first, "less"))
        negators = [item for item in segment.items if item.has("negator")]
        k = 0
        while k < len(negators):
            item = negators[k]
            word = item.get("negator")[0]
            undone = next(
                (o for o in segment.items if o.has("un_negator") and item.last <= o.first <= item.last + 3),
                None,
            )
            if self.row[item.first].word in _DENYING and undone not in (None, item):
                k += 2 if undone in negators else 1
                continue
            if self.row[item.first].word in _ENDING and self._stops_at(segment, item):
                k += 1
                continue
            if any(self.row[i.last - 1].word in _LONGER and i.has("end") for i in segment.items):
                k += 1
                continue  # 'is not there any more' is an end
            if self.row[item.first].word in _EXCEPT and self._after_a_no(segment, item):
                k += 1
                continue
            if self.row[item.first].word in (*_EXCEPT, "but") and self._once_in_between(segment, item):
                k += 1
                continue  # 'sneers throughout, save for one blink at 3 s'
            if self._only_later(segment, item) or (word == "no longer" and item is segment.items[-1]):
                k += 1
                continue
            first = item.first
            if word == "too":  # 'too tired to smile'
                to = next(
                    (i.first for i in segment.items if self.row[i.first].word == "to" and i.first > first),
                    None,
                )
                first = last if to is None else to
            ranges.append((first, self._reach(segment, item, last), word))
            k += 1
        ranges += self._unless(segment, last)
        first = segment.items[0] if segment.items else None
        opens = first is not None and (first.first == 0 or self.row[first.first - 1].kind == "mark")
        if (
            first is not None
            and opens
            and self.row[first.first].word in _COMMANDS
            and not has_any(segment, "time")
            and not (self.row[first.first].word in _ACTS and has_any(segment, "part"))
        ):
            ranges.append((first.last, last, "command"))  # 'lose the smile'
        if self._dangling and segment.items and segment.joins <= {","} and not negators:
            ranges.append((segment.items[0].first, last, "not"))  # 'do not, repeat not, smile'
        if self._open_denial and segment.items and not {",", "and", "next", "cut", ":"} & segment.joins:
            ranges.append((segment.items[0].first, last, "not"))  # 'not | with the eyes'
        tail = negators[-1] if negators else None
        plain = tail is not None and tail.get("negator")[0] in ("not", "n't", "never")
        faceless = not has_any(segment, *_FACES, "move")
        self._dangling = plain and tail is segment.items[-1] and faceless
        self._open_denial = plain and tail is segment.items[-1] and bool(ranges)
        opened = first is not None and first.first and self.row[first.first - 1].word == "("
        named = [head for head in self.heads if not (head.denied and head.part)]
        shown = bool(named) and segment in self.segments[named[-1].segment + 1 :][:1]
        own = has_any(segment, "part", "word", "feel") and has_any(segment, "move")
        if not ranges and self._carried_denial and opened and not shown and not own:
            ranges.append((segment.items[0].first, last, "("))  # 'but not lips (pressed)'
        if not ranges and self._carried_denial and segment.items and self._goes_on(segment):
            ranges.append((segment.items[0].first, last, "or"))
        self._carried_denial = bool(ranges)
        return ranges

    def _more_later(self, segment: Segment) -> bool:
        """'Less squint, more smile'."""
        later = self.segments[self.segments.index(segment) + 1 :][:1]
        return any(self.row[i.first].word == "more" for s in later for i in s.items[:1])

    def _reach(self, segment: Segment, item: Item, last: int) -> int:
        """Where a denial ends: 'instead of crying | she laughs'."""
        if (of := self._of_a_smile(segment, item)) is not None:
            return of  # 'no teeth in this smile'
        if item is not segment.items[0] or self.row[item.first].word not in _PREPOSITIONS:
            return last
        between = range(item.last + 1, last)
        return next((k for k in between if self.row[k].word in _SUBJECTS), last)

    def _of_a_smile(self, segment: Segment, item: Item) -> int | None:
        """The 'in' of 'no teeth in this smile': what it is in is there."""
        at = segment.items.index(item)
        behind = segment.items[at + 1 : at + 10]
        for k, other in enumerate(behind[:-1]):
            word = self.row[other.first].word
            the = self.row[other.last].word in ("the", "this", "that", "her", "his", "their", "your")
            named = any(i.has("part", "word", "feel") for i in behind[:k])
            if word in ("in", "to", "behind", "about") and the and named and k < 6:
                later = behind[k + 1 : k + 4]
                if any(i.has("word") for i in later) and not any(i.has("part", "move") for i in later):
                    return other.first
        return None

    def _after_a_no(self, segment: Segment, item: Item) -> bool:
        """'Does not move a muscle except to blink'."""
        before = [i for s in self.segments if s.sentence == segment.sentence for i in s.items]
        return any(i.has("negator") and i.first < item.first for i in before)

    def _once_in_between(self, segment: Segment, item: Item) -> bool:
        """Whether what is excepted is something that comes once, not a part of the face."""
        behind = [i for i in segment.items if i.first >= item.last]
        once = bool(behind) and self.row[behind[0].first].word in ("a", "one", "an", "two", "when", "at")
        return once and any(i.has("word") for i in behind) and not any(i.has("part") for i in behind)

    def _only_later(self, segment: Segment, item: Item) -> bool:
        """'Does not smile at once': it comes, but later."""
        behind = [i for i in segment.items if i.first > item.first]
        return any(
            "sudden" in i.get("manner") and self.row[i.last - 1].word in ("once", "immediately", "away")
            for i in behind
        )

    def _unless(self, segment: Segment, last: int) -> list[tuple[int, int, str]]:
        """'The brows could rise, but they stay flat': what would be is not."""
        may = next((i for i in segment.items if self.row[i.first].word in _UNLESS and i.has("plain")), None)
        here = self.segments.index(segment)
        later = self.segments[here + 1 :]
        but = any(s.sentence == segment.sentence and s.joins & {"but", "yet", "though"} for s in later)
        return [(segment.items[0].first, last, "could")] if may is not None and but else []

    def _post_denial(self, n: int, segment: Segment, heads: Sequence[Head]) -> list[tuple[int, int, str]]:
        """'The smile suppressed', 'brows uninvolved': what is denied stands before the word that does it."""
        found: list[tuple[int, int, str]] = []
        first = segment.items[0].first if segment.items else 0
        last = segment.items[-1] if len(segment.items) > 1 else None
        right_behind = last is not None and not last.has("time") and any(h.last == last.first for h in heads)
        if last is not None and right_behind and self.row[last.first].word in ("no", "off"):
            found.append((first, last.first, "no"))  # 'squint yes, smile no', 'squint on, smile off'
        timed = has_any(segment, "time")
        for item in segment.items:
            after = [self.row[k].word for k in range(item.last, segment.items[-1].last)]
            being = self.row[item.first - 1].word in ("is", "are", "was", "be") if item.first else False
            if item.has("negator") and being and (not after or after[0] in _ABSENT):
                found.append((first, item.first, "is not"))  # 'fear is not what this is'
            verb = next((word for word in after if word != "to"), "")
            if item.has("negator") and verb in _ARRIVALS and any(h.last <= item.first for h in heads):
                found.append((first, item.first, "won't come"))
            free = self.row[item.first].word == "free"
            if free and self.row[item.first - 1].word != "-":
                continue  # 'frown-free'
            if item.has("post_negator") and not (timed and item.has("end")):
                before = [i for i in segment.items if i.last <= item.first]
                if any(i.has("part", "word", "code", "feel") for i in before):
                    found.append((first, item.first, "post"))
        return found

    def _holding(self, segment: Segment) -> int:
        """The token of 'keep', from where on something is kept from showing."""
        return next(item.first for item in segment.items if item.has("hold"))

    def _goes_on(self, segment: Segment) -> bool:
        """Whether a denial goes on past 'and': 'without smiling and frowning'."""
        first = next((i for i in segment.items if i.has("word", "move", "feel", "part")), None)
        if first is None or first is not segment.items[0]:
            return False
        word = self.row[first.first].word
        if {"and", "&"} & segment.joins and word.endswith("ing"):
            return True
        # 'no smile, frown or wink': the list goes on to its 'or'.
        later = self.segments[self.segments.index(segment) :]
        rest = [i for part in later if part.sentence == segment.sentence for i in part.items]
        listed = any(self.row[k].word in ("or", "nor") for i in rest for k in range(i.first, i.last))
        return "," in segment.joins and listed and not word.endswith("s")

    def _stops_at(self, segment: Segment, item: Item) -> bool:
        """'Stops smiling at 3 s' ends a smile; 'stop smiling' forbids one."""
        finite = self.row[item.first].word.endswith(("s", "ed", "lost"))
        timed = has_any(segment, "time")
        return timed or (finite and any(head.units for head in self.heads))

    def _deny(
        self,
        segment: Segment,
        heads: Sequence[Head],
        ranges: Sequence[tuple[int, int, str]],
    ) -> None:
        for head in heads:
            acts = head.last - 1
            for first, last, _ in ranges:
                if first <= head.first < last or first <= acts < last:
                    head.denied = True

    def _named(self, n: int, segment: Segment, ranges: Sequence[tuple[int, int, str]]) -> list[Head]:
        """A part alone under a negation stands for its unit: 'no cheeks'."""
        made: list[Head] = []
        for first, last, _ in ranges:
            for item in segment.items:
                part = (item.get("part") or [""])[0]
                inside = first <= item.first < last
                if (
                    inside
                    and part in self.lexicon.named
                    and not any(h.denied and h.segment == n for h in made)
                    and not any(i.has("move") and first <= i.first < last for i in segment.items)
                ):
                    units: Units = tuple((unit, None, "") for unit in self.lexicon.named[part])
                    made.append(
                        Head(
                            units,
                            None,
                            item.first,
                            item.last,
                            n,
                            segment.sentence,
                            denied=True,
                            part=part,
                        )
                    )
                    self.said.parts = []
        return made
