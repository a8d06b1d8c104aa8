"""A head: a movement or a feeling with its side, degree, time and negation; and what has been read so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.items import Item
from phiz.cotfa.rules.lexicon import Felt, Lexicon
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.tokens import Token
from phiz.face.action_units import ACTION_UNITS

Units = tuple[tuple[int, float | None, str], ...]


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
class Said:
    """What the segments before have left to be taken up."""

    parts: list[tuple[str, str]] = field(default_factory=list)  # part and side, waiting for a move
    last_part: tuple[str, str] | None = None
    moves: list[Item] = field(default_factory=list)  # moves waiting for a part
    alone: list[tuple[int, Item]] = field(default_factory=list)  # of those, with their segments: bare verbs
    last_moves: list[Item] = field(default_factory=list)
    side: str = ""


class Reader:
    """What all that binds words shares: the segments, and the heads found so far."""

    def __init__(self, segments: Sequence[Segment], row: Sequence[Token], lexicon: Lexicon) -> None:
        self.segments = segments
        self.row = row
        self.lexicon = lexicon
        self.heads: list[Head] = []
        self.said = Said()
        self._waiting: list[Time] = []
        self._waiting_idle = False
        self._closing = False
        self._until_open = False
        self._waiting_manners: set[str] = set()
        self._waiting_side = ""
        self._side_of_all = False
        self._waiting_degree: float | None = None
        self._carried_denial = False
        self._open_denial = False
        self._dangling = False

    def words_of(self, segment: Segment) -> set[str]:
        """All words of a segment."""
        return {self.row[k].word for item in segment.items for k in range(item.first, item.last)}


def joined_by_and(segment: Segment) -> bool:
    return bool({"and", "&", "+", "only", "just", "merely"} & segment.joins)


def distance(one: Item, other: Item) -> int:
    return other.first - one.last if other.first >= one.last else one.first - other.last


def has_any(segment: Segment, *kinds: str) -> bool:
    return any(item.has(*kinds) for item in segment.items)


def is_ing(row: Sequence[Token], i: int) -> bool:
    return i < len(row) and row[i].word.endswith("ing")
