"""What a note asks for: each movement and feeling bound to its part, side, degree, time and negation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from phiz.cotfa.rules.clauses import Item, Segment, time_of
from phiz.cotfa.rules.codes import Code
from phiz.cotfa.rules.lexicon import FaceWord, Felt, Lexicon
from phiz.cotfa.rules.times import Time
from phiz.cotfa.rules.tokens import Token
from phiz.face.action_units import ACTION_UNITS

Units = tuple[tuple[int, float | None, str], ...]
_UNTIL_THEN = frozenset(("until", "till", "before", "up"))
_BARE_NOES = frozenset(("n't", "not", "none", "zero", "never", "cannot", "nil"))
_COMMANDS = frozenset(("lose", "wipe", "drop", "cut", "end", "kill", "erase", "ditch", "remove"))
_ABSENT = frozenset(
    [
        "there",
        "here",
        "what",
        "allowed",
        "wanted",
        "needed",
        "it",
        "present",
        "welcome",
        "seen",
        "visible",
        "shown",
        "called",
    ]
)
_SHOWING = frozenset(("showing", "forming", "appearing", "coming", "breaking", "spreading", "surfacing"))
_ARRIVALS = frozenset(
    [
        "come",
        "comes",
        "arrive",
        "appear",
        "form",
        "show",
        "happen",
        "start",
        "emerge",
        "surface",
        "materialise",
        "materialize",
        "break",
        "follow",
    ]
)  # 'the smile won't come'
_WAYS = frozenset(("gaze", "jaw"))  # parts for which left and right are a way to go
_GAZE = frozenset((61, 62, 63, 64))
_FACES = frozenset(("word", "code", "feel", "part"))


@dataclass
class Head:
    """A movement (units) or a feeling (felt). side: "" where nothing is said, any: one side, not said which.

    first, last: tokens of its words. segment: its place among the segments. strength: 0 to 1, None where
    the note gives no degree. time: the phrases about it. manners: slow, sudden, quick, brief, grow, fade.
    denied: it is not to be there. over: the words say that it ends.
    """

    units: Units
    felt: Felt | None
    first: int
    last: int
    segment: int
    sentence: int
    side: str = ""
    strength: float | None = None
    times: list[Time] = field(default_factory=list)
    manners: set[str] = field(default_factory=set)
    denied: bool = False
    over: bool = False
    short: float | None = None
    part: str = ""
    own_time: bool = False
    inherited: bool = False

    @property
    def sided(self) -> bool:
        """Whether it can be shown on one side alone."""
        if self.felt is not None:
            return any(name == "contempt" for name, _ in self.felt.mix)
        return any("L" in ACTION_UNITS[au].sides for au, _, _ in self.units)


@dataclass
class _Said:
    """What the segments before have left to be taken up."""

    parts: list[tuple[str, str]] = field(default_factory=list)  # part and side, waiting for a move
    last_part: tuple[str, str] | None = None
    moves: list[Item] = field(default_factory=list)  # moves waiting for a part
    last_moves: list[Item] = field(default_factory=list)
    side: str = ""


class Binder:
    """Reads segments in order and makes their heads."""

    def __init__(self, segments: Sequence[Segment], row: Sequence[Token], lexicon: Lexicon) -> None:
        self.segments = segments
        self.row = row
        self.lexicon = lexicon
        self.heads: list[Head] = []
        self.said = _Said()
        self.leads: dict[int, Time] = {}  # segment: a time with nothing in it to time
        self._waiting: list[Time] = []
        self._waiting_manners: set[str] = set()
        self._waiting_side = ""
        self._waiting_degree: float | None = None
        self._carried_denial = False
        self._open_denial = False

    def bind(self) -> list[Head]:
        """The heads in the order of the note."""
        sentence = -1
        for n, segment in enumerate(self.segments):
            if segment.sentence != sentence:
                self._new_sentence(sentence)
                sentence = segment.sentence
            self._answered(segment)
            self._taken_back(n, segment)
            self._segment(n, segment)
        self._new_sentence(sentence)
        return self.heads

    def _taken_back(self, n: int, segment: Segment) -> None:
        """'She would smile, but she doesn't', 'Less frown, in fact none': a bare no closes the sentence."""
        later = self.segments[n + 1] if n + 1 < len(self.segments) else None
        if not segment.items or (later is not None and later.sentence == segment.sentence):
            return
        last = segment.items[-1]
        if _has(segment, "post_negator") and not _has(segment, "part", "word", "feel", "code"):
            mine = [head for head in self.heads if head.sentence == segment.sentence]
            for head in mine:
                head.denied = head.denied or head.segment == mine[-1].segment
            return
        if (
            not last.has("negator")
            or self.row[last.first].word not in _BARE_NOES
            or last.last - last.first > 1
        ):
            return
        if _has(segment, "part", "move", "word", "feel", "code", "time"):
            return
        mine = [head for head in self.heads if head.sentence == segment.sentence]
        for head in mine:
            head.denied = head.denied or head.segment == mine[-1].segment

    def _answered(self, segment: Segment) -> None:
        """'A smile? No.': the answer denies what was asked."""
        only = [item for item in segment.items if not item.has("plain")]
        answers = {"hardly", "nope", "nah", "scarcely", "negative"}
        if not segment.items:
            return
        i = segment.items[0].first
        if (
            i
            and self.row[i - 1].word == "?"
            and _has(segment, "negator")
            and not _has(segment, *_FACES, "move")
        ):
            for head in self.heads:
                head.denied = head.denied or head.sentence == segment.sentence - 1
        if len(segment.items) > 3:
            return
        if not (only and only[0].has("negator")) and self.row[segment.items[0].first].word not in answers:
            return
        i = segment.items[0].first
        if i and self.row[i - 1].word == "?":
            for head in self.heads:
                head.denied = head.denied or head.sentence == segment.sentence - 1

    def _new_sentence(self, sentence: int) -> None:
        """Nothing that waited for a head is carried into another sentence, but a time opens what follows."""
        if sentence >= 0 and self._waiting:
            mine = [head for head in self.heads if head.sentence == sentence]
            if mine:
                self._waiting = []
        self._waiting_manners, self._waiting_side, self._waiting_degree = (
            set(),
            "",
            None,
        )
        self._carried_denial = self._open_denial = False
        self.said.parts, self.said.moves = [], []

    # ---- one segment -----------------------------------------------------------------------------

    def _segment(self, n: int, segment: Segment) -> None:
        if {"leave", "alone"} <= {
            self.row[k].word for item in segment.items for k in range(item.first, item.last)
        }:
            return
        denial = self._denial(segment)
        heads = [*self._words(n, segment), *self._moves(n, segment)]
        heads.sort(key=lambda head: head.first)
        denial += self._post_denial(n, segment, heads)
        self._deny(segment, heads, denial)
        heads += self._named(n, segment, denial)
        self._words_of_a_part(segment)
        heads = _merged(heads)
        self._sides(n, segment, heads)
        self._degrees(segment, heads)
        self._times(n, segment, heads)
        self._manners(segment, heads)
        self.heads += heads

    def _words(self, n: int, segment: Segment) -> Iterator[Head]:
        """Heads that stand for themselves: face words, codes, feelings."""
        for item in segment.items:
            if codes := item.get("code"):
                code: Code = codes[0]
                for unit in code.units:
                    yield self._head(n, segment, item, (unit,), strength=unit[1], side=unit[2])
            elif words := item.get("word"):
                if item.has("part", "move") and self._better_as_move(segment, item):
                    continue
                word: FaceWord = words[0]
                if word.units:
                    sides = {side for _, _, side in word.units if side}
                    head = self._head(n, segment, item, word.units)
                    head.side = (
                        {"one": "any"}.get(sides.pop(), "") or head.side
                        if sides == {"one"}
                        else (sides.pop() if sides else "")
                    )
                    head.short = word.short
                    yield head
                if word.mix:
                    yield self._head(n, segment, item, (), Felt(word.mix, 0.6))
            elif felt := item.get("feel"):
                if item.has("move") and self._better_as_move(segment, item):
                    continue
                yield self._head(n, segment, item, (), felt[0])

    def _words_of_a_part(self, segment: Segment) -> None:
        """'Lips pressed, then parted': a word that names its part leaves it to what follows."""
        for item in segment.items:
            if item.has("word") and not item.has("part") and item.last - item.first > 1:
                for k in range(item.first, item.last):
                    parts = [value for kind, value in self.lexicon.alone(self.row[k].word) if kind == "part"]
                    if parts:
                        self.said.last_part = (parts[0], "")

    def _better_as_move(self, segment: Segment, item: Item) -> bool:
        """Whether a word of two uses has a part of the face beside it to move."""
        moves = item.get("move")
        parts = [part for other in segment.items if other is not item for part in other.get("part")]
        if not parts and self.said.last_part is not None and self.said.parts:
            parts = [self.said.last_part[0]]
        return any((part, move) in self.lexicon.table for part in parts for move in moves)

    def _head(
        self, n: int, segment: Segment, item: Item, units: Units, felt: Felt | None = None,
        strength: float | None = None, side: str = "",
    ) -> Head:  # fmt: skip
        return Head(
            units,
            felt,
            item.first,
            item.last,
            n,
            segment.sentence,
            side=side,
            strength=strength,
        )

    # ---- parts and moves -------------------------------------------------------------------------

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
        for move in moves:
            near = sorted(parts, key=lambda pair: (_distance(pair[0], move), -pair[0].first))
            for item, part in near:
                if part == "head":
                    moved.append(move)
                    break
                if self._fits(part, [move]):
                    moved.append(move)
                    bound.setdefault(item.first, []).append((move, part))
                    break
        grins = any(12 in {au for au, _, _ in word.units} for i in segment.items for word in i.get("word"))
        for item, part in parts:
            if item.first in bound and not (part == "teeth" and grins):
                mine = [move for move, _ in bound[item.first]]
                yield from self._made(n, segment, part, sides[item.first], mine, item, None)
                # 'brows and lips tighten': parts that waited take the same moves.
                for waiting, side in self.said.parts if _and(segment) else ():
                    yield from self._made(n, segment, waiting, side, mine, item, None)
                # 'raises and draws together her brows': moves that waited take this part.
                for waiting in self.said.moves if _and(segment) else ():
                    if self._fits(part, [waiting]):
                        yield from self._made(n, segment, part, sides[item.first], [waiting], item, None)
                self.said.parts, self.said.moves = [], []
                self.said.last_part, self.said.last_moves = (
                    (part, sides[item.first]),
                    mine,
                )
        loose = [move for move in moves if move not in moved]
        loose = self._ending(n, segment, loose)
        if segment.items and self.row[segment.items[0].first].word in ("if", "though"):
            return  # 'as if sealing an envelope'
        if loose and not any(part == "head" for _, part in parts) and self.said.last_part is not None:
            waiting = self.said.parts or [self.said.last_part]
            for part, side in waiting:
                if self._fits(part, loose):
                    yield from self._made(n, segment, part, side, loose, None, loose[0])
                    self.said.parts, self.said.last_moves = [], loose
                    loose = []
                    break
        self.said.moves += loose
        idle = [
            (part, sides[item.first]) for item, part in parts if item.first not in bound and part != "head"
        ]
        if idle:
            self.said.parts = [pair for pair in idle if pair[0] != "gaze"]
            self.said.last_part = idle[-1]
        if any(part == "head" for _, part in parts) and not bound:
            self.said.last_part, self.said.parts = None, []

    def _ending(self, n: int, segment: Segment, loose: list[Item]) -> list[Item]:
        """'And down again', 'both down': what went up is over."""
        words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
        if self.said.last_part is None or not words & {"again", "back", "both"}:
            return loose
        mine = [h for h in self.heads if h.part and h.part == self.said.last_part[0] and not h.denied]
        downs = [move for move in loose if "down" in move.get("move")]
        if mine and downs and any({1, 2} & {u for u, _, _ in h.units} for h in mine):
            times = [time for item in segment.items if (time := time_of(item)) is not None]
            for head in mine:
                head.over = True
                head.times += [_as_end(t) for t in times]
            return [move for move in loose if move not in downs]
        return loose

    def _coordinated(self, segment: Segment) -> bool:
        return bool({"and", "&", ",", "+"} & segment.joins) and not _has(
            segment, "word", "code", "feel", "negator"
        )

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

    def _is_side(self, item: Item, segment: Segment, parts: Sequence[tuple[Item, str]]) -> bool:
        """Whether 'left' says a side here and not a way to look or slide."""
        if not item.has("side"):
            return False
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
        if "eye" in names and not _has(segment, "word"):
            on = self.row[item.first - 2].word if item.first >= 2 else ""
            others = [o for o in segment.items if o is not item and set(o.get("move")) - {"left", "right"}]
            fitting = any(self._fits("eye", [o]) for o in others)
            return on == "on" or fitting
        return True

    def _adjective(self, segment: Segment, item: Item) -> Item | None:
        """The part right behind a side: 'left brow', 'right side of the mouth'."""
        place = segment.items.index(item)
        for other in segment.items[place + 1 :]:
            if other.has("part"):
                between = [self.row[k].word for k in range(item.last, other.first)]
                return (
                    other
                    if all(
                        w
                        in (
                            "of",
                            "the",
                            "her",
                            "his",
                            "your",
                            "their",
                            "lip",
                            "upper",
                            "inner",
                            "outer",
                        )
                        for w in between
                    )
                    else None
                )
            if not other.has("plain", "degree"):
                return None
        return None

    def _side_of_part(self, segment: Segment, part: Item) -> str:
        for item in segment.items:
            if item.has("side") and self._adjective(segment, item) is part:
                return self._resolved(item.get("side")[0])
        return ""

    def _resolved(self, side: str) -> str:
        if side == "same":
            return self.said.side
        if side == "other":
            return {"L": "R", "R": "L"}.get(self.said.side, "any")
        if side in ("L", "R"):
            self.said.side = side
        return side

    # ---- negation --------------------------------------------------------------------------------

    def _denial(self, segment: Segment) -> list[tuple[int, int, str]]:
        """Token ranges of this segment in which things are denied, and the word that does it."""
        ranges: list[tuple[int, int, str]] = []
        last = segment.items[-1].last if segment.items else 0
        from_word = next((i for i in segment.items if i.get("plain") == ["from"]), None)
        if from_word is not None and _has(segment, "hold") and _ing(self.row, from_word.last):
            if self.row[from_word.last].word in _SHOWING:
                ranges.append((self._holding(segment), from_word.last, "keep from showing"))
            else:
                ranges.append((from_word.last, last, "keep from"))
        than = next((i for i in segment.items if i.get("plain") == ["than"]), None)
        words = {self.row[i.first].word: i for i in segment.items}
        rather = than is not None and any(t.word in ("rather", "sooner") for t in self.row[: than.first][-6:])
        if than is not None and ("more" in words or rather):
            ranges.append((than.first, last, "than"))
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
            if word in ("no", "not", "n't", "never", "cannot", "without") and undone is not None:
                k += 2 if undone in negators else 1
                continue
            if word == "stop" and self._stops_at(segment, item):
                k += 1
                continue
            first = item.first
            if word == "too":  # 'too tired to smile'
                to = next(
                    (i.first for i in segment.items if self.row[i.first].word == "to" and i.first > first),
                    None,
                )
                first = last if to is None else to
            ranges.append((first, last, word))
            k += 1
        first = segment.items[0] if segment.items else None
        opens = first is not None and (first.first == 0 or self.row[first.first - 1].kind == "mark")
        if (
            first is not None
            and opens
            and self.row[first.first].word in _COMMANDS
            and not _has(segment, "part")
        ):
            ranges.append((first.last, last, "command"))  # 'lose the smile'
        if self._open_denial and segment.items and not {",", "and", "next", "cut"} & segment.joins:
            ranges.append((segment.items[0].first, last, "not"))  # 'not | with the eyes'
        tail = negators[-1] if negators else None
        plain = tail is not None and tail.get("negator")[0] in ("not", "n't", "never")
        self._open_denial = plain and tail is segment.items[-1] and bool(ranges)
        opened = first is not None and first.first and self.row[first.first - 1].word == "("
        shown = bool(self.heads) and self.segments[self.heads[-1].segment + 1] is segment
        if not ranges and self._carried_denial and opened and not shown:
            ranges.append((segment.items[0].first, last, "("))  # 'but not lips (pressed)'
        if not ranges and self._carried_denial and segment.items and self._goes_on(segment):
            ranges.append((segment.items[0].first, last, "or"))
        self._carried_denial = bool(ranges)
        return ranges

    def _post_denial(self, n: int, segment: Segment, heads: Sequence[Head]) -> list[tuple[int, int, str]]:
        """'The smile suppressed', 'brows uninvolved': what is denied stands before the word that does it."""
        found: list[tuple[int, int, str]] = []
        first = segment.items[0].first if segment.items else 0
        timed = _has(segment, "time")
        for item in segment.items:
            after = [self.row[k].word for k in range(item.last, segment.items[-1].last)]
            being = self.row[item.first - 1].word in ("is", "are", "was", "be") if item.first else False
            if item.has("negator") and being and (not after or after[0] in _ABSENT):
                found.append((first, item.first, "is not"))  # 'fear is not what this is'
            verb = next((word for word in after if word != "to"), "")
            if item.has("negator") and verb in _ARRIVALS and any(h.last <= item.first for h in heads):
                found.append((first, item.first, "won't come"))
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
        finite = self.row[item.first].word in ("stops", "stopped")
        timed = _has(segment, "time")
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
                        )
                    )
                    self.said.parts = []
        return made

    # ---- modifiers -------------------------------------------------------------------------------

    def _sides(self, n: int, segment: Segment, heads: list[Head]) -> None:
        ways = {way for i in segment.items for way in i.get("move")} & {"left", "right"}
        if ways:
            heads[:] = [h for h in heads if not (h.part in _WAYS | {"eye"} and self._sidelong(h, segment))]
        for item in segment.items:
            way = next((way for way in item.get("move") if way in ("left", "right")), None)
            mine = [h for h in heads if h.sided and not h.part and h.units]
            if way and not item.has("side") and mine and not _has(segment, "part"):
                mine[-1].side = self._resolved(way[0].upper())  # 'a wink to the right'
            if not item.has("side"):
                continue
            if (
                item.has("move")
                and any(item.first >= h.first and item.last <= h.last and h.part for h in heads)
                and any({u for u, _, _ in h.units} & (_GAZE | {30}) for h in heads)
            ):
                continue
            side = self._resolved(item.get("side")[0])
            adjective = self._adjective(segment, item)
            mine = [h for h in heads if h.sided]
            if adjective is not None:
                near = [
                    h for h in mine if h.first <= adjective.first < h.last or h.first <= item.first < h.last
                ]
                if near:
                    for h in near:
                        h.side = side if h.side in ("", "any") else h.side
                    continue
                if mine and not any(h.part for h in mine):  # 'a smile at the left corner'
                    mine[-1].side = side
                    continue
            if mine:
                before = [h for h in mine if h.first < item.first]
                chosen = before[-1:] or mine[:1]
                if side == "B":
                    chosen = []
                for h in chosen:
                    if h.side in ("", "any"):
                        together = [o for o in mine if o.first == h.first]
                        for o in together or [h]:
                            o.side = side
            elif not heads:
                self._side_alone(n, segment, item, side, heads)

    def _sidelong(self, head: Head, segment: Segment) -> bool:
        """'A sidelong look to her left': the way is said better."""
        return any(
            {"side", "away"} & set(i.get("move")) and head.first <= i.first and i.last <= head.last
            for i in segment.items
        ) and self.row[head.last - 1].word not in ("left", "right")

    def _side_alone(self, n: int, segment: Segment, item: Item, side: str, heads: list[Head]) -> None:
        """A side with nothing to show in its segment: of the head before it, or of the one to come."""
        if _has(segment, "negator") or any("still" in i.get("move") for i in segment.items):
            return
        before = [h for h in self.heads if h.sided and not h.denied and h.segment >= n - 3]
        own = [h for h in before if h.sentence == segment.sentence] or before[-1:]
        if not own:
            self._waiting_side = side
            return
        last = own[-1]
        group = [h for h in own if h.segment == last.segment and h.first == last.first]
        timed = any(time_of(i) for i in segment.items)
        if last.side in ("L", "R") and side in ("L", "R") and last.side != side and timed:
            for h in group:  # 'begins on the left at 1 s and reaches the right at 2 s'
                heads.append(replace(
                    h, side=side, segment=n, first=item.first, last=item.last, times=[], manners=set(),
                    sentence=segment.sentence,
                ))  # fmt: skip
            return
        for h in group:
            if h.side in ("", "any") and side != "B":
                h.side = side

    def _degrees(self, segment: Segment, heads: list[Head]) -> None:
        acting = {id(i) for i in segment.items if i.has("move")}
        for item in segment.items:
            if not item.has("degree") or (id(item) in acting and self._acts(item, heads)):
                continue
            strength = item.get("degree")[0]
            if self.row[item.first].word == "+" or self.row[item.first].word == "++":
                strength = 0.85
            if heads:
                after = [h for h in heads if h.last > item.first and h.first <= item.last + 3]
                before = [h for h in heads if h.first < item.first]
                chosen = (
                    (after[:1] if after and after[0].first >= item.first else before[-1:])
                    or after[:1]
                    or heads[:1]
                )
                for h in heads:
                    if any(h.first == c.first for c in chosen):
                        h.strength = strength
            else:
                mine = [h for h in self.heads if h.sentence == segment.sentence]
                if mine and not {"next"} & segment.joins:
                    group = (
                        [h for h in mine if h.strength is None]
                        if self._of_all(segment, mine)
                        else [h for h in mine if h.segment == mine[-1].segment and h.strength is None]
                    )
                    for h in group:
                        h.strength = strength
                else:
                    self._waiting_degree = strength
        if heads and self._waiting_degree is not None:
            for h in heads:
                h.strength = self._waiting_degree if h.strength is None else h.strength
            self._waiting_degree = None
        self._marks(segment, heads)

    def _marks(self, segment: Segment, heads: list[Head]) -> None:
        """'++' and '--' behind a word."""
        for item in segment.items:
            word = self.row[item.first].word
            if word in ("++", "--"):
                for h in heads[-1:]:
                    for o in heads:
                        if o.first == h.first:
                            o.strength = 0.85 if word == "++" else 0.3

    def _of_all(self, segment: Segment, mine: Sequence[Head]) -> bool:
        words = {self.row[k].word for i in segment.items for k in range(i.first, i.last)}
        return bool(words & {"both", "all"}) or len(segment.items) == 1

    def _acts(self, item: Item, heads: Sequence[Head]) -> bool:
        return any(h.part and h.first <= item.first < h.last for h in heads)

    def _times(self, n: int, segment: Segment, heads: list[Head]) -> None:
        times = [time for item in segment.items if (time := time_of(item)) is not None]
        over = [item for item in segment.items if item.has("end") or self._drops(segment, item)]
        holds = _has(segment, "hold")
        if not heads:
            self._times_alone(n, segment, times, bool(over), holds)
            return
        if self._waiting:
            if not any(t.start is not None for t in times):
                times = [*self._waiting, *times]
            self._waiting = []
        for head in [*heads]:
            until = next((t for t in times if t.start is None and t.end is not None), None)
            if head.denied and until is not None and self.row[until.first].word in _UNTIL_THEN:
                head.denied = False  # 'does not smile until 3 s'
                head.times.append(Time(until.first, until.last, start=until.end))
                head.own_time = True
                continue
            head.times += times
            head.own_time = bool(times)
            for also in (t for t in times if t.also is not None):
                heads.append(
                    replace(
                        head,
                        times=[Time(also.first, also.last, start=also.also)],
                        manners=set(),
                    )
                )
            if over and not head.denied and self._ends_it(segment, over[0], head):
                head.over = True
                head.times = [_as_end(t) for t in head.times]

    def _drops(self, segment: Segment, item: Item) -> bool:
        """'The smile drops': what would lower a part of the face ends a smile."""
        smiles = [
            i for i in segment.items for word in i.get("word") if {12, 13} & {au for au, _, _ in word.units}
        ]
        near = smiles and 0 <= item.first - smiles[-1].last <= 1
        return bool(near) and "down" in item.get("move") and not _has(segment, "part") and self._loose(item)

    def _loose(self, item: Item) -> bool:
        return self.row[item.first].word not in ("down", "low", "downward", "downwards")

    def _ends_it(self, segment: Segment, end: Item, head: Head) -> bool:
        word = self.row[end.first].word
        if end.has("move") and head.part and head.first <= end.first < head.last:
            return False
        if word in ("off", "back", "down", "leave", "leaves", "on"):
            return False
        return end.first >= head.first or word.startswith(
            ("stop", "cease", "end", "lose", "wipe", "let", "drop")
        )

    def _times_alone(self, n: int, segment: Segment, times: list[Time], over: bool, holds: bool) -> None:
        """A time with nothing to show beside it: of what stands before in the sentence, or what follows."""
        if self._more(n, segment, times):
            return
        if not times:
            words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
            if (
                over
                and words & {"it", "that", "this", "they"}
                and segment.joins & {"as", "when", "once", "after"}
            ):
                mine = [h for h in self.heads if h.sentence == segment.sentence and h.units]
                for h in mine:
                    h.over = h.over or h.segment == mine[-1].segment  # 'a grin, and as it fades, a frown'
            return
        before = [h for h in self.heads if h.sentence == segment.sentence]
        if not before and (over or holds) and self.heads:
            before = [h for h in self.heads if h.sentence == self.heads[-1].sentence]
        starts = any(t.start is not None for t in times)
        latest = [h for h in before if h.segment == before[-1].segment]
        taken = starts and not over and any(t.start is not None for h in latest for t in h.times)
        better = bool(before) and any(t.whole for h in before for t in h.times)
        if not before or (taken and not better) or "next" in segment.joins:
            lead = [t for t in times if t.lead is not None or t.length is not None or t.end is not None]
            if lead and not before and not starts and self._waiting:
                self._waiting = [*self._waiting, *times]  # 'one second in, and for two seconds, ...'
            elif lead and not before and not starts:
                t = lead[0]
                if t.lead is None and t.length is None and not _has(segment, "negator"):
                    self._waiting = times  # 'until 3 s, keep the lips parted'
                    return
                value = t.lead if t.lead is not None else t.length if t.length is not None else t.end
                self._waiting = [Time(t.first, t.last, start=value)]
            else:
                if not before and _has(segment, "negator"):  # 'for the first two seconds nothing happens'
                    times = [
                        Time(t.first, t.last, start=t.end) if t.start == 0.0 and t.end is not None else t
                        for t in times
                    ]
                self._waiting = times
            return
        if over:
            times = [_as_end(t) for t in times]
            last = before[-1]
            group = [h for h in before if h.segment == last.segment]
        else:
            group = [h for h in before if not h.own_time]
            if not group or holds or {"same", "after", "before"} & segment.joins:
                group = [h for h in before if h.segment == before[-1].segment]
        for h in group:
            h.times += times
            self.heads += [
                replace(h, times=[Time(t.first, t.last, start=t.also)], manners=set())
                for t in times
                if t.also is not None
            ]

    def _more(self, n: int, segment: Segment, times: list[Time]) -> bool:
        """'One at 1 s and one at 4 s', 'then another': the same once more."""
        words = {self.row[k].word for item in segment.items for k in range(item.first, item.last)}
        shown = [h for h in self.heads if h.units and not h.denied]
        if not shown or not words & {"one", "another", "again"} or _has(segment, "part", "move"):
            return False
        last = [h for h in shown if h.segment == shown[-1].segment]
        if not any(h.own_time or h.times for h in last) and "one" in words:
            for head in last:
                head.times += times
            return True
        for head in last:
            self.heads.append(replace(
                head, times=list(times), segment=n, sentence=segment.sentence, own_time=bool(times),
                first=segment.items[0].first, last=segment.items[-1].last, manners=set(),
            ))  # fmt: skip
        return True

    def _manners(self, segment: Segment, heads: list[Head]) -> None:
        manners = {m for item in segment.items for m in item.get("manner")}
        if not heads:
            mine = [h for h in self.heads if h.sentence == segment.sentence]
            if mine and not self._opens(segment):
                for h in mine:
                    if h.segment == mine[-1].segment:
                        h.manners |= manners
            else:
                self._waiting_manners |= manners
            return
        for h in heads:
            h.manners |= manners | self._waiting_manners
            if self._waiting_side and h.sided and not h.side:
                h.side = self._waiting_side
        self._waiting_manners, self._waiting_side = set(), ""

    def _opens(self, segment: Segment) -> bool:
        return "next" in segment.joins


def _merged(heads: list[Head]) -> list[Head]:
    """Of two heads of one segment for one unit, the one with a side; a smile at the left corner is one."""
    kept: list[Head] = []
    for head in heads:
        units = {unit for unit, _, _ in head.units}
        twin = next(
            (h for h in kept if units and {u for u, _, _ in h.units} == units and h.denied == head.denied),
            None,
        )
        if twin is None or (twin.side in ("L", "R") and head.side in ("L", "R") and twin.side != head.side):
            kept.append(head)
            continue
        if twin.side in ("", "any") and head.side:
            twin.side = head.side
        twin.first, twin.last = min(twin.first, head.first), max(twin.last, head.last)
    return kept


def _as_end(time: Time) -> Time:
    """'Fades at 3 s': the second at which it is over."""
    when = time.start if time.start is not None else time.by
    return time if when is None or time.end is not None else Time(time.first, time.last, end=when)


def _and(segment: Segment) -> bool:
    return bool({"and", "&", "+", "only", "just", "merely"} & segment.joins)


def _distance(one: Item, other: Item) -> int:
    return other.first - one.last if other.first >= one.last else one.first - other.last


def _has(segment: Segment, *kinds: str) -> bool:
    return any(item.has(*kinds) for item in segment.items)


def _ing(row: Sequence[Token], i: int) -> bool:
    return i < len(row) and row[i].word.endswith("ing")
