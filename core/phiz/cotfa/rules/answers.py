"""What is taken back, or let out after all: 'but she doesn't', 'A smile? No.', 'then gives in'."""

from __future__ import annotations

from phiz.cotfa.rules.figures import as_end, begun
from phiz.cotfa.rules.heads import Reader, has_any
from phiz.cotfa.rules.items import time_of
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import word_set

_BARE_NOES = word_set("n't not none zero never cannot nil no")
_ANSWERS = word_set("hardly nope nah scarcely negative")
_SUBJECTS = word_set("she he they it you i we")
_PERSONS = frozenset(("she", "he", "they", "i", "we"))
_COMMANDS = word_set("lose wipe drop cut end kill erase ditch remove scrap skip forget")
_AFTER_ALL = word_set("""does do did wins win succeeds escapes escape out through surrenders succumbs yields
    anyway gives caves relents""")  # 'fights the smile, then gives in'
_WAY_OUT = frozenset(("in", "out", "up", "through"))  # 'gives in', 'breaks out'
_FACES = frozenset(("word", "code", "feel", "part"))


class Answers(Reader):
    """Denies, or no longer denies, what was read before."""

    def _taken_back(self, n: int, segment: Segment) -> None:
        """'She would smile, but she doesn't', 'Less frown, in fact none': a bare no closes the sentence."""
        later = self.segments[n + 1] if n + 1 < len(self.segments) else None
        goes_on = later is not None and later.sentence == segment.sentence
        explained = goes_on and later is not None and ":" in later.joins and has_any(segment, "post_negator")
        if not segment.items or (goes_on and not explained):
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
            or self.row[last.last - 1].word not in _BARE_NOES
            or last.last - last.first > 2
        ):
            return
        if has_any(segment, "part", "move", "word", "feel", "code"):
            return
        if self._waiting and self._no_longer():
            return  # 'he was smiling; now, at 3 s, he isn't'
        if not any(head.sentence == segment.sentence for head in self.heads):
            self._taken_back_later(segment)
        if "next" in segment.joins or self._someone_else(segment):
            return  # 'three blinks, then none'; 'she's thrilled, he isn't'
        mine = [head for head in self.heads if head.sentence == segment.sentence]
        for head in mine:
            head.denied = head.denied or head.segment == mine[-1].segment

    def _no_longer(self) -> bool:
        """Whether a time was said right before a bare no, after something that 'was': it ends then."""
        before = [s for s in self.segments if s.sentence == self.heads[-1].sentence] if self.heads else []
        if not any({"was", "were"} & self.words_of(s) for s in before):
            return False
        for head in self.heads:
            if head.segment == self.heads[-1].segment:
                head.over = True
                head.times += [as_end(begun(time)) for time in self._waiting]
        self._waiting = []
        return True

    def _someone_else(self, segment: Segment) -> bool:
        """Whether the segment is about another than the sentence is."""
        mine = [s for s in self.segments if s.sentence == segment.sentence and s.items]
        who = [{self.row[i.first].word for i in s.items} & _PERSONS for s in (mine[0], segment)]
        return all(who) and who[0] != who[1]

    def _taken_back_later(self, segment: Segment) -> None:
        """'He wants to laugh. He must not.'"""
        first = self.row[segment.items[0].first].word
        if first in _SUBJECTS and len(segment.items) <= 4:
            mine = [head for head in self.heads if head.sentence == segment.sentence - 1]
            for head in mine:
                head.denied = head.denied or head.segment == mine[-1].segment

    def _let_out(self, n: int, segment: Segment) -> None:
        """'Tries not to laugh, then does', 'the smile holds back, then wins at 3 s': it comes after all."""
        words = self.words_of(segment)
        if not words & _AFTER_ALL or has_any(segment, *_FACES, "negator", "end"):
            return
        if any(i.has("move") and self.row[i.first].word not in _WAY_OUT for i in segment.items):
            return
        if not segment.joins & {"next", "cut"}:
            return
        held = [i for s in self.segments[:n] if s.sentence == segment.sentence for i in s.items]
        mine = [head for head in self.heads if head.sentence == segment.sentence and head.units]
        kept = [head for head in mine if head.denied] or (
            mine if any(i.has("negator", "post_negator") for i in held) else []
        )
        for head in kept:
            if head.segment == kept[-1].segment:
                head.denied, head.segment = False, n
                head.times = [time for item in segment.items if (time := time_of(item)) is not None]

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
