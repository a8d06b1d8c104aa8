"""Parts of the face and what they do: a part and a move make a unit, however far apart they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.heads import Head, distance, has_any, joined_by_and
from phiz.cotfa.rules.items import Item, time_of
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.sides import Sides
from phiz.cotfa.rules.tokens import word_set

_WAYS = frozenset(("gaze", "jaw"))  # parts for which left and right are a way to go
_GAZE = frozenset((61, 62, 63, 64))

_BACK = word_set("again back both they")
_UNDOES = {1: ("down",), 2: ("down",), 43: ("open", "up"), 26: ("shut",), 27: ("shut",), 25: ("shut",)}
"""Unit: the moves of its part that undo it."""


class Moves(Sides):
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
        moved: list[Item] = []
        bound: dict[int, list[tuple[Item, str]]] = {}
        if not moves and parts and self._coordinated(segment):
            for item, part in parts:  # 'raises her brows and upper lids'
                for move in self.said.last_moves:
                    yield from self._made(n, segment, part, sides[item.first], [move], item, item)
            if any(self._fits(part, self.said.last_moves) for _, part in parts):
                self.said.last_part = (parts[-1][1], sides[parts[-1][0].first])
                return
        if not moves and parts and self.said.moves and {"first", "next", "only", "just"} & segment.joins:
            for item, part in parts:  # 'raises first one eyebrow, then ...'
                mine = [move for move in self.said.moves if self._fits(part, [move])]
                yield from self._made(n, segment, part, sides[item.first], mine, item, item)
                self.said.last_part, self.said.last_moves = (part, sides[item.first]), mine
            self.said.moves = []
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
                for waiting, side in self.said.parts if joined_by_and(segment) else ():
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
        if any(i.has("word", "code") and i not in loose for i in used_words):
            loose = [move for move in loose if not {"left", "right"} & set(move.get("move"))]
        if segment.items and self.row[segment.items[0].first].word in ("if", "though"):
            return  # 'as if sealing an envelope'
        if loose and not any(part == "head" for _, part in parts) and self.said.last_part is not None:
            waiting = self.said.parts or [self.said.last_part]
            if any(self.row[item.first].word in ("they", "it", "them") for item in segment.items):
                waiting = waiting[::-1]
            for part, side in waiting:
                if self._fits(part, loose):
                    yield from self._made(n, segment, part, side, loose, None, loose[0])
                    self.said.parts, self.said.last_moves = [], loose
                    loose = []
                    break
        self.said.moves += loose
        if loose and all(i in loose or i.has("time", "manner", "degree") for i in segment.items):
            self.said.alone += [
                (n, move) for move in loose if "move" not in move.get("move")
            ]  # 'purses, parts, then sucks in her lips'
        idle = [
            (part, sides[item.first]) for item, part in parts if item.first not in bound and part != "head"
        ]
        single = [
            pair
            for pair in idle
            if (pair[0] == "brow" and pair[1] in ("any", "L", "R")) or pair[0] in ("inner brow", "outer brow")
        ]
        if single and not moves and len(idle) == 1 and self._last_of(n, segment):
            part, side = single[0]  # 'curious: one eyebrow', 'outer brow L, 0.5-1.5'
            at = next(item for item, other in parts if other == part)
            units = ((2, None, ""),) if part == "brow" else self.lexicon.table[part, "up"]
            yield Head(units, None, at.first, at.last, n, segment.sentence, side=side, part=part)
            return
        if idle:
            self.said.parts = [pair for pair in idle if pair[0] != "gaze"]
            self.said.last_part = idle[-1]
        if any(part == "head" for _, part in parts) and not bound:
            self.said.last_part, self.said.parts = None, []

    def _last_of(self, n: int, segment: Segment) -> bool:
        """Whether nothing of the sentence follows that could move."""
        later = self.segments[n + 1 :]
        moved = any(i.has("move") for s in later if s.sentence == segment.sentence for i in s.items)
        return not moved and not self.said.moves and not has_any(segment, "negator", "cut")

    def _ending(self, n: int, segment: Segment, loose: list[Item]) -> list[Item]:
        """'And down again', 'both down', 'they open at 2 s': what a part did is undone, so it is over."""
        words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
        returns = any(move.has("end") for move in loose) or self._reopens(loose)
        if self.said.last_part is None or not (words & _BACK or returns):
            return loose
        part = self.said.last_part[0]
        mine = [h for h in self.heads if h.part in (part, "") and h.units and not h.denied]
        undone = {way for h in mine for unit, _, _ in h.units for way in _UNDOES.get(unit, ())}
        if words & {"again", "back"} and any(unit == 5 for h in mine for unit, _, _ in h.units):
            undone |= {"narrow", "down", "half"}
        undoing = [
            move
            for move in loose
            if undone & set(move.get("move")) and not self._more_than(part, move, undone)
        ]
        if not undoing:
            return loose
        times = [time for item in segment.items if (time := time_of(item)) is not None]
        for head in mine:
            head.over = True
            head.times += [
                Time(t.first, t.last, end=t.start if t.start is not None else t.by or t.end) for t in times
            ]
        segment.items = [item for item in segment.items if not item.has("time")]
        return [move for move in loose if move not in undoing]

    def _reopens(self, loose: Sequence[Item]) -> bool:
        """'Lids shut at 3, open at 4'."""
        names = {name for move in loose for name in move.get("move")}
        last = self.heads[-1] if self.heads else None
        return (
            "open" in names
            and "wide" not in names
            and last is not None
            and last.units[:1] == ((43, None, ""),)
        )

    def _more_than(self, part: str, move: Item, undone: set[str]) -> bool:
        """Whether a move that undoes another does more: 'the eyes open wide'."""
        others = set(move.get("move")) - undone - {"half"}
        return any((part, name) in self.lexicon.table for name in others)

    def _coordinated(self, segment: Segment) -> bool:
        listed = {"and", "&", ",", "+"} & segment.joins and "next" not in segment.joins
        return bool(listed) and not has_any(segment, "word", "code", "feel", "negator")

    def _fits(self, part: str, moves: Sequence[Item]) -> bool:
        return any((part, name) in self.lexicon.table for move in moves for name in move.get("move"))

    def _made(
        self, n: int, segment: Segment, part: str, side: str, moves: Sequence[Item],
        at: Item | None, alone: Item | None,
    ) -> Iterator[Head]:  # fmt: skip
        """One head for each move of a part."""
        names = {name for move in moves for name in move.get("move")}
        opened_wide = part in ("mouth", "jaw") and "open" in names and "wide" in names
        done: set[int] = set()
        for move in moves:
            known = [name for name in move.get("move") if (part, name) in self.lexicon.table]
            if not known:
                continue
            word = self.row[move.first].word
            if word.startswith("twitch") and len(moves) > 1:
                continue  # 'twitch upward'
            name = next((name for name in known if word[:4] == name[:4]), known[0])
            if opened_wide and name in ("open", "wide"):
                name = "open wide"
            singular = at is not None and self.row[at.last - 1].word.endswith(("brow", "corner", "lid"))
            units = self.lexicon.table[part, name]
            own_side = next((way for _, _, way in units if way), "")
            head_side = {"one": "any"}.get(own_side, own_side) or side
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
            head.inherited = at is None
            yield head

    def _apposed(self, segment: Segment) -> bool:
        """'Close one eye, the right': nothing but a side, behind something that has one."""
        words = {self.row[k].word for i in segment.items for k in range(i.first, i.last)}
        bare = words <= {"the", "left", "right", "one", "her", "his", "on", "your", "side"}
        return bare and bool(self.heads) and self.heads[-1].side == "any"

    def _is_side(self, item: Item, segment: Segment, parts: Sequence[tuple[Item, str]]) -> bool:
        """Whether 'left' says a side here and not a way to look or slide."""
        if not item.has("side"):
            return False
        behind = self.row[item.last].word if item.last < len(self.row) else ""
        if self._apposed(segment) or behind in ("one", "ones"):
            return True
        if self._adjective(segment, item) is not None:
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
