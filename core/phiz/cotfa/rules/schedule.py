"""When each head is on: given times first, the rest by the order of the note."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from phiz.cotfa.rules.clauses import Segment
from phiz.cotfa.rules.heads import Head
from phiz.face.action_units import ACTION_UNITS

_REGIONS = (
    frozenset((1, 2, 4)), frozenset((5, 7, 43, 45, 46)), frozenset((61, 62, 63, 64)),
    frozenset((10, 12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 24, 28, 32, 34)), frozenset((25, 26, 27)),
    frozenset((29, 30)),
)  # fmt: skip
_TURNS = frozenset((5, 24, 25, 26, 27, 43, 61, 62, 63, 64))  # cannot be with what they undo
_BLINKS = {45: 0.3, 46: 0.45}
_BRIEF = 0.7  # seconds that something brief lasts
_LEAST = 0.1  # seconds: nothing is shorter
_LAP = 0.25  # seconds: how long one thing still goes while the next comes


@dataclass
class Placed:
    """A head with its seconds and ramps. timed: its start, or its end, stands in the note."""

    head: Head
    beat: float
    start: float = 0.0
    end: float = 0.0
    ramp_in: float = 0.25
    ramp_out: float = 0.25
    given_start: float | None = None
    given_end: float | None = None
    length: float | None = None
    by: float | None = None


def beats(heads: Sequence[Head], segments: Sequence[Segment]) -> list[float]:
    """The place in order of each head: equal for what goes together or in an order left open."""
    of_segment: dict[int, float] = {}
    there = {head.segment for head in heads if not head.denied}
    current, highest, lowest, sentence = 0.0, -1.0, 0.0, -1
    spoken = 0  # segments so far that say at which word
    listed = {s.sentence for s in segments if any(item.has("in order") for item in s.items)}
    listed |= _counted(segments)
    listed |= {s.sentence for s in segments if "next" in s.joins and s.joins & {"finally", "lastly"}}
    sub: str | None = None  # the clause we are in: before, after
    main: float = 0.0
    for n, segment in enumerate(segments):
        opens = segment.sentence != sentence
        if opens:
            mine = [head for head in heads if head.sentence == sentence and not head.denied]
            if mine and all(head.over for head in mine):
                current = highest + 1.0  # what is over goes before what follows
            sentence, sub = segment.sentence, None
            main = current
        joins = segment.joins
        if sub is not None and ("," in joins or "next" in joins) and not ({"before", "after"} & joins):
            leading, sub = sub.startswith("leading"), None
            current = main if not leading else current
            if leading:
                current = main
        relation = next((r for r in ("before", "after", "next", "first") if r in joins), None)
        own = n in there
        at_word = own and _at_a_word(segment)
        spoken += at_word
        follows = own and (segment.sentence in listed or (at_word and spoken > 1))
        if own and "last" in joins and relation == "next" and highest < 0.0 and current == 0.0:
            of_segment[n] = float(len(segments))  # 'the smile comes last; ...'
            continue
        if (relation == "next" or follows) and highest >= 0.0:
            current = highest + 1.0
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
            if all(over) and sub is None and not any(i.has("time") for i in segment.items):
                current = highest + 1.0  # 'as the smile fades, she frowns'
    return _one_way_at_a_time([of_segment[head.segment] for head in heads], heads)


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


def _one_way_at_a_time(places: list[float], heads: Sequence[Head]) -> list[float]:
    """Eyes that are to look both ways ('down on this, up on that') look one way after the other; so do lids
    that shut and open, lips that press and part."""
    for i, head in enumerate(heads):
        before = heads[i - 1] if i else None
        if before is None or before.sentence != head.sentence or head.times or before.times:
            continue
        against = {au for unit, _, _ in before.units for au in ACTION_UNITS[unit].antagonists}
        turns = {unit for unit, _, _ in head.units} & against & _TURNS
        sides = {head.side or "B", before.side or "B"} == {"L", "R"}
        if turns and not sides and not (head.denied or before.denied) and places[i] == places[i - 1]:
            here = places[i]
            for j in range(i, len(places)):
                places[j] += 0.5 if places[j] == here else 0.0
    return places


def placed(heads: Sequence[Head], segments: Sequence[Segment], duration: float) -> list[Placed]:
    """Every head with its start and end, in the order of the note."""
    made = [Placed(head, beat) for head, beat in zip(heads, beats(heads, segments), strict=True)]
    _given(made, duration)
    _share_times(made, segments)
    _starts(made, duration)
    _ends(made, duration)
    _ramps(made, duration)
    return made


def _given(made: Sequence[Placed], duration: float) -> None:
    """What the note says itself."""
    last_start = spent = 0.0  # spent: seconds of what was so far 'two seconds of' something
    for place in made:
        times = sorted(place.head.times, key=lambda time: not time.whole)  # what is better said comes later
        for time in times:
            start = time.start
            if time.after is not None:
                start = last_start + time.after
            if time.rest:
                start, place.given_end = spent, duration
            if time.lead is not None:
                if any(other.start is not None for other in times):
                    place.length = time.lead  # 'a second of frowning from 2 s'
                    continue
                start, place.given_end = spent, spent + time.lead
            if start is not None:
                place.given_start = start
            if time.end is not None:
                place.given_end = time.end
            elif start is not None and place.given_end is not None and place.given_end <= start:
                place.given_end = None
            place.length = time.length if time.length is not None else place.length
            place.by = time.by if time.by is not None else place.by
        if place.given_end is not None:
            spent = place.given_end
        if "all" in place.head.manners:
            place.given_start = 0.0 if place.given_start is None else place.given_start
            place.given_end = duration if place.given_end is None else place.given_end
        if place.given_start is not None:
            last_start = place.given_start
            if place.length is not None and place.given_end is None:
                place.given_end = place.given_start + place.length


def _share_times(made: Sequence[Placed], segments: Sequence[Segment]) -> None:
    """In a sentence a time goes on to what is joined to it, and back to bare things in a list with it."""
    for before, place in itertools.pairwise(made):
        joined = segments[place.head.segment].joins
        same = before.head.sentence == place.head.sentence and before.beat == place.beat
        untimed = place.given_start is None and place.given_end is None and not place.head.over
        if same and untimed and before.given_start is not None and not ({"next", "first"} & joined):
            place.given_start = before.given_start
            if place.head.segment == before.head.segment:
                place.given_end = before.given_end

    for before, place in zip(reversed(made[:-1]), reversed(made[1:]), strict=False):
        same = before.head.sentence == place.head.sentence and before.beat == place.beat
        if (
            same
            and place.head.inherited
            and before.given_start is None
            and before.given_end is None
            and before.by is None
        ):
            before.given_start, before.given_end = place.given_start, place.given_end


def _starts(made: Sequence[Placed], duration: float) -> None:
    order = sorted({place.beat for place in made})
    anchors: dict[float, float | None] = {}
    carried: float | None = None
    for beat in order:
        mine = [place for place in made if place.beat == beat]
        starts = [p.given_start for p in mine if p.given_start is not None]
        first_untimed = mine[0].given_start is None
        anchors[beat] = min(starts) if starts and (beat != order[0] or not first_untimed) else None
        if anchors[beat] is None and carried is not None and not starts:
            anchors[beat] = carried
        ends = [p.given_end for p in mine]
        carried = max(e for e in ends if e is not None) if ends and all(e is not None for e in ends) else None
    if order and anchors[order[0]] is None:
        anchors[order[0]] = 0.0
    for i, beat in enumerate(order):
        if anchors[beat] is None:
            before = anchors[order[i - 1]] or 0.0
            later = [(j, anchors[b]) for j, b in enumerate(order) if j > i and anchors[b] is not None]
            j, until = later[0] if later else (len(order), duration)
            until = duration if until is None else until
            anchors[beat] = before + max(0.0, until - before) / (j - i + 1)
    for place in made:
        base = anchors[place.beat] or 0.0
        earlier = [
            p.given_start for p in made
            if p.beat == place.beat and p.given_start is not None and p.head.first < place.head.first
        ]  # fmt: skip
        if place.given_start is not None:
            place.start = place.given_start
        elif place.given_end is not None and place.given_end <= max([base, *earlier]):
            place.start = 0.0
        else:
            place.start = max([base, *earlier[-1:]])
        if place.by is not None and place.given_start is None:
            place.start = max(0.0, place.by - min(0.6, place.by))


def _ends(made: Sequence[Placed], duration: float) -> None:
    for place in made:
        if place.given_end is not None:
            place.end = place.given_end
        else:
            place.end = max(duration, place.start + _LEAST)
            length = _own_length(place)
            follower = [
                p.start + (_LAP if place.head.felt is None else 0.0)
                for p in made
                if p is not place and p.start > place.start + 1e-6 and _takes_over(p, place)
            ]
            place.end = min([place.end, *follower])
            if length is not None:
                place.end = min(place.end, place.start + length)
        place.end = max(place.end, place.start + _LEAST)


def _own_length(place: Placed) -> float | None:
    if place.length is not None:
        return place.length
    if place.head.short is not None:
        return place.head.short
    shortest = [_BLINKS[au] for au, _, _ in place.head.units if au in _BLINKS]
    if shortest:
        return shortest[0]
    return _BRIEF if "brief" in place.head.manners else None


def _takes_over(new: Placed, old: Placed) -> bool:
    """Whether what comes new ends what is on."""
    if new.head.denied:
        return False
    if old.head.felt is not None:
        return new.head.felt is not None and not old.head.denied
    neutral = new.head.felt is not None and all(name == "neutral" for name, _ in new.head.felt.mix)
    if neutral:
        return True
    for au, _, _ in old.head.units:
        for other, _, _ in new.head.units:
            sides = {old.head.side or "B", new.head.side or "B"}
            if sides == {"L", "R"} and other in (au, *ACTION_UNITS[au].antagonists):
                continue
            if other == au or other in ACTION_UNITS[au].antagonists:
                return True
            if new.beat > old.beat and any(au in region and other in region for region in _REGIONS):
                return True
    return False


def _ramps(made: Sequence[Placed], duration: float) -> None:
    for place in made:
        span = place.end - place.start
        manners = place.head.manners
        usual = 0.25 if place.head.felt is None else 0.5
        come = go = min(usual, 0.4 * span)
        if "quick" in manners:
            come = go = min(0.12, 0.3 * span)
        if "sudden" in manners:
            come = min(0.08, 0.3 * span)
        if "slow" in manners:
            come = min(1.2, 0.6 * span)
        if "grow" in manners:
            come = min(0.9 * span, span - go)
        if "fade" in manners or (place.head.over and place.given_end is None):
            go = min(0.7 * span, span - come)
        if place.by is not None and place.start < place.by:
            come = min(place.by - place.start, 0.9 * span)
        if any(au in _BLINKS for au, _, _ in place.head.units):
            come = go = min(0.1, 0.4 * span)
        place.ramp_in, place.ramp_out = come, go
