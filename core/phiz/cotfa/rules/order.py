"""The order of what a note asks for: steps that follow one another, and what is said to lie between two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from phiz.cotfa.rules.heads import Head
from phiz.cotfa.rules.segment import Segment
from phiz.face.action_units import ACTION_UNITS

_TURNS = frozenset((5, 24, 25, 26, 27, 43, 61, 62, 63, 64))  # cannot be with what they undo
_GAZE = frozenset((61, 62, 63, 64))
_LAST = frozenset(("last", "finish", "finishes", "end", "ends", "close", "closes"))


@dataclass(frozen=True)
class Gap:
    """Seconds from the start of one segment's heads to that of another's."""

    first: int
    second: int
    seconds: float


def gaps(segments: Sequence[Segment], heads: Sequence[Head]) -> list[Gap]:
    """What is said to lie between two segments: 'a second before the smile, she blinks'."""
    there = {head.segment for head in heads if not head.denied}
    found: list[Gap] = []
    for n, segment in enumerate(segments):
        if segment.gap is None or n not in there:
            continue
        mine = [m for m, other in enumerate(segments) if other.sentence == segment.sentence and m in there]
        before = [m for m in mine if m < n]
        other = before[-1] if before else next((m for m in mine if m > n), None)
        if other is None:
            continue
        pair = (n, other) if "after" in segment.joins else (other, n)
        found.append(Gap(*pair, segment.gap))
    return found


def beats(heads: Sequence[Head], segments: Sequence[Segment]) -> list[float]:
    """The place in order of each head: equal for what goes together or in an order left open."""
    of_segment: dict[int, float] = {}
    there = {head.segment for head in heads if not head.denied}
    current, highest, lowest, sentence = 0.0, -1.0, 0.0, -1
    pending: str | None = None
    spoken = 0  # segments so far that say at which word
    listed = {s.sentence for s in segments if any(item.has("in order") for item in s.items)}
    listed |= _counted(segments)
    listed |= {s.sentence for s in segments if "next" in s.joins and s.joins & {"finally", "lastly"}}
    listed |= _chained(segments, there)
    sub: str | None = None  # the clause we are in: before, after
    main: float = 0.0
    amid = -1  # the sentence that has a 'between'
    due: int | None = None  # the clause that says after what the next comes
    led = False  # the last thing shown is said to come first
    for n, segment in enumerate(segments):
        fresh = segment.sentence != sentence
        shown_here = any(m in there and segments[m].sentence == segment.sentence for m in range(n))
        opens = fresh or not shown_here
        if fresh:
            mine = [head for head in heads if head.sentence == sentence and not head.denied]
            if mine and all(head.over for head in mine):
                current = highest + 1.0  # what is over goes before what follows
            sentence, sub, due = segment.sentence, None, None
            main = current
        joins = segment.joins
        if sub is not None and (joins & {",", ":", "next"}) and not ({"before", "after"} & joins):
            leading, sub = sub.startswith("leading"), None
            current = main if not leading else current
            if leading:
                current = main
        relation = next((r for r in ("before", "after", "next", "first") if r in joins), None)
        own = n in there
        if relation == "after" and not opens and "and" in joins and _goes_on(segments, n, there):
            relation, sub, due = "next", None, n  # 'he smiles, and once she blinks, frowns'
        elif own and relation is None and due is not None and joins <= {","}:
            relation, due = "next", None
        if own and relation is None and pending is not None and not opens:
            relation = pending  # 'before the chin gives and puckers'
        pending = relation if not own and not opens and relation == "before" else None
        at_word = own and _at_a_word(segment)
        spoken += at_word
        follows = own and (segment.sentence in listed or (at_word and spoken > 1))
        if own and joins & {"between", "beyond"}:
            of_segment[n] = current + (0.0 if "between" in joins else 2.0)
            amid = segment.sentence
            for m, other in enumerate(segments[:n]):  # what was named before them lies between
                if m in there and other.sentence == amid and not other.joins & {"between", "beyond"}:
                    of_segment[m] = current + 1.0
            highest = max(highest, current + 2.0)
            continue
        if own and amid == segment.sentence:
            of_segment[n] = current + 1.0
            continue
        unled = relation == "next" and highest < 0.0 and current == 0.0
        if own and unled and joins & _LAST and "at" not in joins:
            of_segment[n] = float(len(segments))  # 'the smile comes last; ...'
            continue
        follows = follows or (own and led and relation is None)
        led = "leads" in joins or (led and not own)
        if (relation == "next" or follows) and highest >= 0.0:
            current = highest + 1.0
        elif own and "earlier" in joins:
            of_segment[n] = lowest = lowest - 1.0
            continue
        elif relation == "first" and own and highest >= 0.0:
            of_segment[n] = lowest = lowest - 1.0  # '..., but first she blinks'
            continue
        elif relation == "before" and own:
            if opens:
                sub, main = "leading before", current
                current = main + 1.0
            else:
                sub, main = "before", current
                current = max(highest, current) + 1.0
        elif relation == "after" and own:
            if opens:
                sub, main = "leading after", current + 1.0
            else:
                sub, main = "after", current
                current = current - 0.5
        elif relation == "after" and not own and opens:
            sub, main = "leading idle", highest + 1.0
        of_segment[n] = current
        if own:
            highest = max(highest, current)
            over = [head.over for head in heads if head.segment == n and not head.denied]
            if all(over) and sub is None:
                current = highest + 1.0  # 'as the smile fades, she frowns'
    return _one_way_at_a_time([of_segment[head.segment] for head in heads], heads, segments)


def _goes_on(segments: Sequence[Segment], n: int, there: set[int]) -> bool:
    """Whether the sentence goes on behind the comma that closes a clause."""
    later = [m for m in there if m > n and segments[m].sentence == segments[n].sentence]
    return bool(later) and segments[min(later)].joins <= {","} and min(later) == n + 1


def _chained(segments: Sequence[Segment], there: set[int]) -> set[int]:
    """Sentences of bare things that end in 'then': 'squint, pout, then smile'."""
    chained: set[int] = set()
    for n, segment in enumerate(segments):
        mine = [m for m in sorted(there) if m < n and segments[m].sentence == segment.sentence]
        bare = all(len(segments[m].items) <= 2 and segments[m].joins <= {","} for m in mine)
        if n in there and {"next", "then"} <= segment.joins and len(mine) > 1 and bare:
            chained.add(segment.sentence)
    return chained


def _counted(segments: Sequence[Segment]) -> set[int]:
    """Sentences whose parts are numbered '(1st) ... (2nd)'."""
    marks = [
        s.sentence for s in segments for i in s.items if i.get("plain") in (["st"], ["nd"], ["rd"], ["th"])
    ]
    return {sentence for sentence in marks if marks.count(sentence) > 1}


def _at_a_word(segment: Segment) -> bool:
    """'Up on "but"': what is said aloud tells when."""
    pairs = zip(segment.items, segment.items[1:], strict=False)
    return any(
        before.get("plain") in (["on"], ["at"]) or before.has("start")
        for before, i in pairs
        if i.has("speech")
    )


def side_of(head: Head) -> str:
    return head.side or "B"


def _one_way_at_a_time(
    places: list[float], heads: Sequence[Head], segments: Sequence[Segment]
) -> list[float]:
    """Eyes that are to look both ways ('down on this, up on that') look one way after the other; so do lids
    that shut and open, lips that press and part; and what is listed twice comes twice ('blink, blink')."""
    turned = False  # the list so far goes one way after the other
    for i, head in enumerate(heads):
        before = heads[i - 1] if i else None
        turned = turned and before is not None and before.sentence == head.sentence
        if before is None or before.sentence != head.sentence:
            continue
        looks = {unit for unit, _, _ in (*head.units, *before.units)} <= _GAZE and head.units != before.units
        if before.times and (head.times or not looks):
            continue
        against = {au for unit, _, _ in before.units for au in ACTION_UNITS[unit].antagonists}
        turns = {unit for unit, _, _ in head.units} & against & _TURNS
        same = head.units == before.units and side_of(head) == side_of(before) and not head.inherited
        again = same and head.segment != before.segment and "," in segments[head.segment].joins
        joins = segments[head.segment].joins
        again = again or (looks and head.segment != before.segment and (joins == {","} or turned))
        again = again and not head.times
        jaw = {unit for unit, _, _ in (*head.units, *before.units)} == {30} and head.side != before.side
        sides = {side_of(head), side_of(before)} == {"L", "R"}
        if (
            (jaw or again or (turns and not sides))
            and not (head.denied or before.denied)
            and places[i] == places[i - 1]
        ):
            here = places[i]
            for j in range(i, len(places)):
                places[j] += 0.5 if places[j] == here else 0.0
            turned = True
    return places
