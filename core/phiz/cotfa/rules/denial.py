"""What a note denies: the reach of a negation over the heads of its clause."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.cotfa.rules.heads import Head, Reader, Units, has_any, is_ing
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_BARE_NOES = word_set("n't not none zero never cannot nil no")
_ENDING = word_set("stop stops stopped loses lost drops dropped ceases ceased quits")
_ANSWERS = word_set("hardly nope nah scarcely negative")
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


class Denials(Reader):
    """Finds what is denied, and denies it."""

    def _taken_back(self, n: int, segment: Segment) -> None:
        """'She would smile, but she doesn't', 'Less frown, in fact none': a bare no closes the sentence."""
        later = self.segments[n + 1] if n + 1 < len(self.segments) else None
        if not segment.items or (later is not None and later.sentence == segment.sentence):
            return
        last = segment.items[-1]
        if has_any(segment, "time"):
            return  # 'thinks better of it at 2 s' is an end
        if has_any(segment, "post_negator") and not has_any(segment, "part", "word", "feel", "code"):
            mine = [head for head in self.heads if head.sentence == segment.sentence]
            for head in mine:
                head.denied = head.denied or head.segment == mine[-1].segment
            return
        if (
            not last.has("negator")
            or (self.row[last.first].word == "no" and ":" not in segment.joins)
            or self.row[last.first].word not in _BARE_NOES
            or last.last - last.first > 1
        ):
            return
        if has_any(segment, "part", "move", "word", "feel", "code"):
            return
        if not any(head.sentence == segment.sentence for head in self.heads):
            self._taken_back_later(segment)
        if "next" in segment.joins:
            return  # 'three blinks, then none'
        mine = [head for head in self.heads if head.sentence == segment.sentence]
        for head in mine:
            head.denied = head.denied or head.segment == mine[-1].segment

    def _taken_back_later(self, segment: Segment) -> None:
        """'He wants to laugh. He must not.'"""
        first = self.row[segment.items[0].first].word
        if first in _SUBJECTS and len(segment.items) <= 4:
            mine = [head for head in self.heads if head.sentence == segment.sentence - 1]
            for head in mine:
                head.denied = head.denied or head.segment == mine[-1].segment

    def _answered(self, segment: Segment) -> None:
        """'A smile? No.': the answer denies what was asked."""
        mine = [s for s in self.segments if s.sentence == segment.sentence and s.items]
        if not mine or mine[0].items[0].first == 0 or self.row[mine[0].items[0].first - 1].word != "?":
            return
        only = [item for item in segment.items if not item.has("plain")]
        short = len(segment.items) <= 3 and bool(segment.items)
        says_no = short and (only[:1] != [] and only[0].has("negator"))
        words = {self.row[item.first].word for item in segment.items}
        says_no = says_no or (short and bool(words & _COMMANDS) and "it" in words)
        says_no = says_no or (short and self.row[segment.items[0].first].word in _ANSWERS)
        if says_no or (has_any(segment, "negator") and not has_any(segment, *_FACES, "move")):
            for head in self.heads:
                head.denied = head.denied or head.sentence == segment.sentence - 1

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
        shown = bool(self.heads) and self.segments[self.heads[-1].segment + 1] is segment
        if not ranges and self._carried_denial and opened and not shown:
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
        if item is not segment.items[0] or self.row[item.first].word not in _PREPOSITIONS:
            return last
        between = range(item.last + 1, last)
        return next((k for k in between if self.row[k].word in _SUBJECTS), last)

    def _after_a_no(self, segment: Segment, item: Item) -> bool:
        """'Does not move a muscle except to blink'."""
        before = [i for s in self.segments if s.sentence == segment.sentence for i in s.items]
        return any(i.has("negator") and i.first < item.first for i in before)

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
