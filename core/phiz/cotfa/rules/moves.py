"""Parts of the face and what they do: a part and a move make a unit, however far apart they stand."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from phiz.cotfa.rules.heads import Head, distance, has_any, joined_by_and
from phiz.cotfa.rules.idle import Idle
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.segment import Segment

_WAYS = frozenset(("gaze", "jaw"))  # parts for which left and right are a way to go
_GAZE = frozenset((61, 62, 63, 64))
_GLANCES = {61: "L", 62: "R"}
_OF_A_FACE = frozenset(("one", "other", "others", "two", "pair", "rest", "former", "latter", "same"))


class Moves(Idle):
    """Binds moves to parts."""

    def _better_as_move(self, segment: Segment, item: Item) -> bool:
        """Whether a word of two uses has a part of the face beside it to move."""
        moves = item.get("move")
        parts = [part for other in segment.items if other is not item for part in other.get("part")]
        if not parts and self.said.last_part is not None and self.said.parts:
            parts = [self.said.last_part[0]]
        return any((part, move) in self.lexicon.table for part in parts for move in moves)

    def _words_of_a_part(self, segment: Segment) -> None:
        """'Lips pressed, then parted': a word that names its part leaves it to what follows."""
        for item in segment.items:
            if item.has("word") and not item.has("part") and item.last - item.first > 1:
                for k in range(item.first, item.last):
                    parts = [value for kind, value in self.lexicon.alone(self.row[k].word) if kind == "part"]
                    if parts:
                        self.said.last_part = (parts[0], "")
                self.said.last_moves = [
                    Item(k, k + 1, tuple(m for m in self.lexicon.alone(self.row[k].word) if m[0] == "move"))
                    for k in range(item.first, item.last)
                ]  # 'lids tighten first, lips a second later'

    def _moves(self, n: int, segment: Segment) -> Iterator[Head]:
        used_words = [
            i for i in segment.items if i.has("word", "feel") and not self._better_as_move(segment, i)
        ]
        parts = [
            (item, item.get("part")[0])
            for item in segment.items
            if item.get("part") and item not in used_words
        ]
        moves = [item for item in segment.items if item.get("move") and item not in used_words]
        moves = [item for item in moves if not self._is_side(item, segment, parts)]
        sides = {item.first: self._side_of_part(segment, item) for item, _ in parts}
        words = self.words_of(segment)
        moved: list[Item] = []
        bound: dict[int, list[tuple[Item, str]]] = {}
        if not moves and parts and self._coordinated(segment):
            for item, part in parts:  # 'raises her brows and upper lids'
                for move in self.said.last_moves:
                    yield from self._made(n, segment, part, sides[item.first], [move], item, item)
            if any(self._fits(part, self.said.last_moves) for _, part in parts):
                self.said.last_part = (parts[-1][1], sides[parts[-1][0].first])
                return
        if not moves and parts and "so" in words and words & {"do", "does", "did", "goes", "go"}:
            before = [s for s in self.segments[:n] if s.sentence == segment.sentence]
            same = [i for s in before for i in s.items if i.has("move")][-1:]
            for item, part in parts:  # 'her head comes up and so do the brows'
                yield from self._made(n, segment, part, sides[item.first], same, item, None)
            return
        listed = any(":" in s.joins for s in self.segments[: n + 1] if s.sentence == segment.sentence)
        first = {"first", "next", "only", "just"} & segment.joins
        if not moves and parts and self.said.moves and (first or (listed and not self.said.parts)):
            for item, part in parts:  # 'raises first one eyebrow, then ...'
                mine = [move for move in self.said.moves if self._fits(part, [move])]
                yield from self._made(n, segment, part, sides[item.first], mine, item, item)
                self.said.last_part, self.said.last_moves = (part, sides[item.first]), mine
            self.said.moves = [] if first else self.said.moves
            return
        for move in moves:
            near = sorted(parts, key=lambda pair: (distance(pair[0], move), -pair[0].first))
            for item, part in near:
                if part == "head":
                    moved.append(move)
                    break
                if self._fits(part, [move]):
                    moved.append(move)
                    bound.setdefault(item.first, []).append((move, part))
                    break
        named = [part for _, part in parts if part != "head"]
        for where, move in self.said.alone if named else ():
            if move not in self.said.moves or self.segments[where].sentence != segment.sentence:
                continue
            if self._fits(named[0], [move]):
                for head in self._made(where, self.segments[where], named[0], "", [move], None, move):
                    self.heads.append(head)
                self.said.moves.remove(move)
        self.said.alone = [] if named else self.said.alone
        grins = any(12 in {au for au, _, _ in word.units} for i in segment.items for word in i.get("word"))
        for item, part in parts:
            if item.first in bound and not (part == "teeth" and grins):
                mine = [move for move, _ in bound[item.first]]
                yield from self._made(n, segment, part, sides[item.first], mine, item, None)
                # 'brows and lips tighten': parts that waited take the same moves.
                every = joined_by_and(segment) or self._every(segment)
                for waiting, side in self.said.parts if every else ():
                    yield from self._made(n, segment, waiting, side, mine, item, None)
                # 'raises and draws together her brows': moves that waited take this part.
                for waiting in self.said.moves if joined_by_and(segment) else ():
                    if self._fits(part, [waiting]):
                        yield from self._made(n, segment, part, sides[item.first], [waiting], item, None)
                self.said.parts, self.said.moves = [], []
                self.said.last_part, self.said.last_moves = (
                    (part, sides[item.first]),
                    mine,
                )
        loose = [move for move in moves if move not in moved]
        loose = self._ending(n, segment, loose)
        if not parts:  # 'he swallows and presses his lips'
            loose = [move for move in loose if not self.row[move.first].word.startswith("swallow")]
        if any(i.has("word", "code") and i not in loose for i in used_words):
            loose = [move for move in loose if not {"left", "right"} & set(move.get("move"))]
        compared = {"as", "though"} <= segment.joins
        if compared or (segment.items and self.row[segment.items[0].first].word in ("if", "though")):
            return  # 'as if sealing an envelope'
        if loose and has_any(segment, "negator") and not parts and self._of_what_was_named(segment):
            return  # 'contempt settles in at 2 s and doesn't lift'
        if loose and not parts and self._of_a_thing(segment, loose[0]):
            return  # 'her chin trembles before the door opens'
        if loose and self._part_to_come(n, segment, loose):
            self.said.moves += loose  # 'raising and drawing together the brows'
            return
        if loose and not any(part == "head" for _, part in parts) and self.said.last_part is not None:
            waiting = self.said.parts or [self.said.last_part]
            if any(self.row[item.first].word in ("they", "it", "them") for item in segment.items):
                waiting = waiting[::-1]
            if waiting[0][0] == "gaze" and {"it", "them"} & self.words_of(segment):
                waiting = [("eye", waiting[0][1])]  # 'she looks down, then shuts them'
            taken = False
            for part, side in waiting:
                if self._fits(part, loose):
                    own = [i.get("side")[0] for i in segment.items if i.has("side") and i not in loose]
                    side = self._resolved(own[0]) if len(own) == 1 else side  # 'up goes the right at 2 s'
                    yield from self._made(n, segment, part, side, loose, None, loose[0])
                    taken = True
                    if not self._every(segment):
                        break  # else 'brows, lids, lips, all tight'
            if taken:
                self.said.parts, self.said.last_moves = [], loose
                loose = []
        self.said.moves += loose
        if loose and all(i in loose or i.has("time", "manner", "degree") for i in segment.items):
            self.said.alone += [
                (n, move) for move in loose if "move" not in move.get("move")
            ]  # 'purses, parts, then sucks in her lips'
        idle = [
            (part, sides[item.first]) for item, part in parts if item.first not in bound and part != "head"
        ]
        if len(idle) == 1 and not moves and (alone := self._alone(n, segment, parts, idle[0])) is not None:
            yield alone
            return
        if idle:
            still = self._kept_still(parts, segment.items)
            listed = self.said.parts if segment.joins == {","} and not moves else []
            self.said.parts = [
                *listed, *(pair for pair in idle if pair[0] != "gaze" and pair[0] not in still)
            ]  # fmt: skip
            self.said.last_part = idle[-1]
        if any(part == "head" for _, part in parts) and not bound:
            self.said.last_part, self.said.parts = None, []

    def _of_a_thing(self, segment: Segment, move: Item) -> bool:
        """Whether a clause that says when is about something that is no face."""
        before = [i for i in segment.items if i.last <= move.first]
        words = [self.row[i.first].word for i in before]
        things = (a in ("a", "an", "the") and b not in _OF_A_FACE for a, b in itertools.pairwise(words))
        plain = bool(before) and all(i.has("plain") for i in before)
        return bool(segment.joins & {"before", "after", "until", "till", "as"}) and plain and any(things)

    def _of_what_was_named(self, segment: Segment) -> bool:
        """Whether what the sentence showed last is a word for all of it, not a part that moves."""
        last = self.heads[-1] if self.heads else None
        return last is not None and last.sentence == segment.sentence and not last.part and not last.denied

    def _part_to_come(self, n: int, segment: Segment, loose: Sequence[Item]) -> bool:
        """Whether the sentence has named no part yet, and names one for these moves right behind an 'and'."""
        mine = [s for s in self.segments[: n + 1] if s.sentence == segment.sentence]
        if any(i.has("part", "word") for s in mine for i in s.items):
            return False
        later = [
            s for s in self.segments[n + 1 : n + 2] if s.sentence == segment.sentence and "and" in s.joins
        ]
        parts = [part for s in later for i in s.items for part in i.get("part")]
        return (
            bool(parts) and self._fits(parts[0], loose) and any(i.has("move") for s in later for i in s.items)
        )

    def _every(self, segment: Segment) -> bool:
        """'Brows, lids, lips, all tight'."""
        return any(self.row[i.first].word in ("all", "both") for i in segment.items)

    def _kept_still(self, parts: Sequence[tuple[Item, str]], items: Sequence[Item]) -> set[str]:
        """'Keeps her brows still and lets the corners sink': a part at rest takes no move of what follows."""
        still = [item for item in items if "still" in item.get("move")]
        near = (min(parts, key=lambda pair: distance(pair[0], move)) for move in still if parts)
        return {part for _, part in near}

    def _coordinated(self, segment: Segment) -> bool:
        listed = {"and", "&", ",", "+"} & segment.joins and "next" not in segment.joins
        word = (
            any(item.first >= self.heads[-1].first for item in self.said.last_moves) if self.heads else False
        )
        named = bool(self.heads) and not self.heads[-1].part and word
        if named and not has_any(segment, "time"):
            return False
        return bool(listed) and not has_any(segment, "word", "code", "feel", "negator")

    def _made(
        self, n: int, segment: Segment, part: str, side: str, moves: Sequence[Item],
        at: Item | None, alone: Item | None,
    ) -> Iterator[Head]:  # fmt: skip
        """One head for each move of a part."""
        names = {name for move in moves for name in move.get("move")}
        opened_wide = part in ("mouth", "jaw") and "open" in names and "wide" in names
        done: set[int] = set()
        for move in sorted(moves, key=lambda move: not {"left", "right"} & set(move.get("move"))):
            known = [name for name in move.get("move") if (part, name) in self.lexicon.table]
            if not known:
                continue
            word = self.row[move.first].word
            if word.startswith("twitch") and len(moves) > 1:
                continue  # 'twitch upward'
            name = next((name for name in known if word[:4] == name[:4]), known[0])
            if "shut" in known and "together" in known:
                name = "shut"  # 'the lids meet'
            if "wrinkle" in known and word.startswith(("crinkl", "wrinkl", "creas")):
                name = "wrinkle"
            if opened_wide and name in ("open", "wide"):
                name = "open wide"
            singular = at is not None and self.row[at.last - 1].word.endswith(("brow", "corner", "lid"))
            units = self.lexicon.table[part, name]
            if part == "teeth" and self._lower_lip(n):
                units = ((25, None, ""),)  # 'the lower lip pulls down, showing teeth'
            own_side = next((way for _, _, way in units if way), "")
            head_side = {"one": "any"}.get(own_side, own_side) or side
            if singular and at is not None and self.row[at.first - 1].word in ("a", "an") and at.first:
                head_side = head_side or "any"  # 'an eyebrow goes up'
            if (
                part == "brow"
                and units == self.lexicon.table["brow", "up"]
                and (head_side in ("L", "R", "any") or (name == "cock" and singular and side != "B"))
            ):
                units, head_side = ((2, None, ""),), head_side or "any"
            if (
                part == "jaw"
                and name == "out"
                and names & {"left", "right"}
                and word not in ("out", "forward")
            ):
                continue  # 'juts to the left'
            if not units or {unit for unit, _, _ in units} <= done:
                continue
            done |= {unit for unit, _, _ in units}
            span = [item for item in (at, move, alone) if item is not None and item in segment.items]
            head = Head(
                units, None, min(i.first for i in span), max(i.last for i in span), n, segment.sentence,
                side=head_side if head_side != "B" else "B", part=part,
            )  # fmt: skip
            if {unit for unit, _, _ in units} <= _GAZE or part == "jaw":
                head.side = own_side
                self.said.side = own_side or _GLANCES.get(units[0][0], self.said.side)
            head.inherited = at is None
            yield head

    def _lower_lip(self, n: int) -> bool:
        """Whether the sentence is about the lower lip."""
        sentence = self.segments[n].sentence
        items = [i for s in self.segments if s.sentence == sentence for i in s.items]
        words = [self.row[k].word for i in items for k in range(i.first, i.last)]
        return any(b == "lip" and a in ("lower", "bottom") for a, b in itertools.pairwise(words))

    def _apposed(self, segment: Segment) -> bool:
        """'Close one eye, the right': nothing but a side, behind something that has one."""
        words = self.words_of(segment)
        bare = words <= {"the", "left", "right", "one", "her", "his", "on", "your", "side"}
        return bare and bool(self.heads) and self.heads[-1].side == "any"

    def _is_side(self, item: Item, segment: Segment, parts: Sequence[tuple[Item, str]]) -> bool:
        """Whether 'left' says a side here and not a way to look or slide."""
        if not item.has("side"):
            return False
        behind = self.row[item.last].word if item.last < len(self.row) else ""
        if self._apposed(segment) or behind in ("one", "ones"):
            return True
        if self._adjective(segment, item) is not None or self._other_of_two(segment, item):
            return True
        before = [i for i in segment.items if i.last == item.first]
        if before and set(before[0].get("part")) & _WAYS:
            return False  # 'a look left'
        denied = next((i.first for i in segment.items if i.has("negator") and i.first > item.first), None)
        if any(i.has("code", "word", "feel") and (denied is None or i.first < denied) for i in segment.items):
            return True
        names = {part for _, part in parts} or ({self.said.last_part[0]} if self.said.last_part else set())
        if names & _WAYS:
            return False
        if "eye" in names and not has_any(segment, "word"):
            on = self.row[item.first - 2].word if item.first >= 2 else ""
            others = [o for o in segment.items if o is not item and set(o.get("move")) - {"left", "right"}]
            fitting = any(self._fits("eye", [o]) for o in others)
            return on == "on" or fitting
        return True
