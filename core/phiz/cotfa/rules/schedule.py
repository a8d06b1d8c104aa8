"""When each head is on: given times first, the rest by the order of the note."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from phiz.cotfa.rules.figures import Time
from phiz.cotfa.rules.heads import Head
from phiz.cotfa.rules.order import Gap, beats, gaps
from phiz.cotfa.rules.segment import Segment
from phiz.cotfa.rules.spans import LEAST, Placed, ends, ramps
from phiz.face.action_units import ACTION_UNITS

_LAG = 0.2  # seconds between sentences that the note leaves to come together: the one written first leads


def placed(heads: Sequence[Head], segments: Sequence[Segment], duration: float) -> list[Placed]:
    """Every head with its start and end, in the order of the note."""
    made = [Placed(head, beat) for head, beat in zip(heads, beats(heads, segments), strict=True)]
    made = [place for n, place in enumerate(made) if not _said_better(place, made[n + 1 :])]
    _listed(made, duration)
    _stages(made)
    _spaced(made)
    _given(made, duration)
    _share_times(made, segments)
    _starts(made, duration)
    _after_its_end(made)
    _apart(made, gaps(segments, heads))
    _replaced(made, segments)
    ends(made, duration)
    ramps(made, duration)
    return made


def _said_better(place: Placed, later: Sequence[Placed]) -> bool:
    """Whether the same is named again with its time: 'let the smile last: smile to 4 s'."""
    head = place.head
    if not head.units or head.times or head.denied or head.over or head.manners or head.short:
        return False
    units = {unit for unit, _, _ in head.units}
    same = (
        other.head
        for other in later
        if other.beat == place.beat and units == {unit for unit, _, _ in other.head.units}
    )
    return any(
        other.own_time and not other.denied and other.segment != head.segment
        and (other.side or "B") == (head.side or "B")
        and not any(time.after is not None for time in other.times)
        for other in same
    )  # fmt: skip


def _listed(made: Sequence[Placed], duration: float) -> None:
    """'Corners up 1 s, down 2 s, up 3 s': seconds that grow from step to step are points, not lengths."""
    for sentence in {place.head.sentence for place in made}:
        mine = [p.head for p in made if p.head.sentence == sentence and p.head.times]
        bare = [h.times[0] for h in mine if len(h.times) == 1 and h.times[0].bare]
        lengths = list(dict.fromkeys(time.length or 0.0 for time in bare))
        if (
            len(bare) == len(mine)
            and len(lengths) > 1
            and lengths == sorted(lengths)
            and lengths[-1] < duration
        ):
            for head in mine:
                head.times = [replace(t, length=None, start=t.length, bare=False) for t in head.times]


def _stages(made: Sequence[Placed]) -> None:
    """'Act one (3 s): pouting. Act two (3 s): beaming.': figures in brackets that do not grow are lengths."""
    mine = [p.head for p in made if len(p.head.times) == 1 and p.head.times[0].bare]
    starts = {h.segment: h.times[0].start for h in mine if h.times[0].start is not None}
    row = [start for start in starts.values() if start is not None]
    if len(row) < 2 or all(one < other for one, other in itertools.pairwise(row)):
        return
    for head in mine:
        time = head.times[0]
        head.times = [replace(time, start=None, lead=time.start, bare=False)]


def _spaced(made: Sequence[Placed]) -> None:
    """'A sneer, a blink, a yawn, two seconds apart, the first at 1 s'."""
    apart = next((t for p in made for t in p.head.times if t.apart is not None), None)
    if apart is None or apart.apart is None:
        return
    sentence = next(p.head.sentence for p in made if apart in p.head.times)
    mine = [p.head for p in made if p.head.sentence == sentence and not p.head.denied]
    first = next((t.start for h in mine for t in h.times if t.start is not None), 0.0)
    for n, segment in enumerate(sorted({h.segment for h in mine})):
        for head in mine:
            if head.segment == segment:
                head.times = [Time(apart.first, apart.last, start=first + n * apart.apart)]


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
            place.ramp = time.ramp if time.ramp is not None else place.ramp
            place.length = time.length if time.length is not None else place.length
            place.by = time.by if time.by is not None else place.by
        if "all" in place.head.manners:
            place.given_start = 0.0 if place.given_start is None else place.given_start
            place.given_end = duration if place.given_end is None else place.given_end
        if place.given_start is not None:
            last_start = place.given_start
            if place.length is not None and place.given_end is None:
                place.given_end = place.given_start + place.length
        if place.given_end is not None:
            spent = place.given_end
        elif place.length is not None and place.given_start is None:
            spent += place.length


def _share_times(made: Sequence[Placed], segments: Sequence[Segment]) -> None:
    """In a sentence a time goes on to what is joined to it, and back to bare things in a list with it."""
    for before, place in itertools.pairwise(made):
        joined = segments[place.head.segment].joins
        same = before.head.sentence == place.head.sentence and before.beat == place.beat
        open_ = place.given_start is None and place.given_end is None and place.by is None
        untimed = open_ and not place.head.over
        if same and untimed and before.given_start is not None and not ({"next", "first"} & joined):
            place.given_start = before.given_start
            if place.head.segment == before.head.segment:
                place.given_end = before.given_end

        until = [t for t in before.head.times if t.end and t.last <= before.head.first]
        if same and untimed and until and joined <= {",", "and", "same"} and not {"next", "first"} & joined:
            place.head.times = [*place.head.times, *until]  # 'until 3 s: lips parted, gaze down'
            place.given_end = until[0].end

    for before, place in zip(reversed(made[:-1]), reversed(made[1:]), strict=False):
        same = before.head.sentence == place.head.sentence and before.beat == place.beat
        if (
            same
            and place.head.inherited
            and before.given_start is None
            and before.given_end is None
            and before.by is None
            and not any(time.after is not None for time in place.head.times)
        ):
            before.given_start, before.given_end = place.given_start, place.given_end


def _starts(made: Sequence[Placed], duration: float) -> None:
    """Step by step: at a given time, where what came before is known to end, or evenly between the times
    that are known."""
    order = sorted({place.beat for place in made})
    known = {beat: _anchor([p for p in made if p.beat == beat], beat == order[0]) for beat in order}
    start, carried = 0.0, None
    for i, beat in enumerate(order):
        mine = [place for place in made if place.beat == beat]
        given = known[beat]
        if given is not None:
            start = given
        elif carried is not None and not any(p.given_start is not None for p in mine):
            start = carried
        elif i > 0:
            later = [(j, time) for j, b in enumerate(order) if j > i and (time := known[b]) is not None]
            j, until = later[0] if later else (len(order), duration)
            start += max(0.0, until - start) / (j - i + 1)
        for place in mine:
            place.start = _start(place, mine, start)
        ends = [_known_end(place) for place in mine]
        carried = max(end for end in ends if end is not None) if None not in ends else None
    _lag(made, duration)


def _anchor(mine: Sequence[Placed], first: bool) -> float | None:
    """The time at which a step begins, where the note gives it."""
    starts = [place.given_start for place in mine if place.given_start is not None]
    if not starts or (first and mine[0].given_start is None):
        return None
    return min(starts)


def _known_end(place: Placed) -> float | None:
    if place.given_end is not None:
        return place.given_end
    return None if place.length is None else place.start + place.length


def _start(place: Placed, mine: Sequence[Placed], base: float) -> float:
    if place.given_start is not None:
        return place.given_start
    earlier = [p.given_start for p in mine if p.given_start is not None and p.head.first < place.head.first]
    if place.by is not None:
        start = max(0.0, place.by - 0.6)
        listed = [time for time in earlier[-1:] if time < place.by]
        return max([start, *((time + place.by) / 2 for time in listed)])
    if place.given_end is not None and place.given_end <= max([base, *earlier]):
        return 0.0
    return max([base, *earlier[-1:]])


def _lag(made: Sequence[Placed], duration: float) -> None:
    """Sentences of one step overlap: the later one starts a little later, where no time is given."""
    for beat in {place.beat for place in made}:
        mine = [p for p in made if p.beat == beat and not p.head.denied]
        sentences = sorted({place.head.sentence for place in mine})
        for place in mine:
            free = place.given_start is None and place.given_end is None and place.by is None
            if free and place.head.felt is None:
                later = min(_LAG, 0.05 * duration) * min(3, sentences.index(place.head.sentence))
                place.start = min(place.start + later, max(place.start, duration - LEAST))


def _after_its_end(made: Sequence[Placed]) -> None:
    """'Eyes down (first four seconds). Eyes up when she has read enough.': what cannot be together with
    something that has its end waits for it."""
    for n, place in enumerate(made):
        free = place.given_start is None and place.given_end is None and place.by is None
        if not free or place.head.denied or not place.head.units:
            continue
        for before in made[:n]:
            end = before.given_end
            if end is None or before.head.denied or before.start > place.start or end <= place.start:
                continue
            against = {au for unit, _, _ in before.head.units for au in ACTION_UNITS[unit].antagonists}
            one_side = {before.head.side or "B", place.head.side or "B"} == {"L", "R"}
            if against & {unit for unit, _, _ in place.head.units} and not one_side:
                place.start = end


def _apart(made: Sequence[Placed], between: Sequence[Gap]) -> None:
    """What is said to lie between two: the one whose time is open moves."""
    for gap in between:
        first = [p for p in made if p.head.segment == gap.first and not p.head.denied]
        second = [p for p in made if p.head.segment == gap.second and not p.head.denied]
        if not first or not second:
            continue
        if all(p.given_start is None for p in second):
            for place in second:
                place.given_start = place.start = first[0].start + gap.seconds
        elif all(p.given_start is None for p in first):
            for place in first:
                place.given_start = place.start = max(0.0, second[0].start - gap.seconds)


def _replaced(made: Sequence[Placed], segments: Sequence[Segment]) -> None:
    """What turns into another, or is replaced by it, ends where that begins."""
    for n, segment in enumerate(segments):
        if not segment.joins & {"replacing", "replaced"}:
            continue
        here = [p for p in made if p.head.segment == n and not p.head.denied]
        shown = [p.head.segment for p in made if p.head.segment < n and not p.head.denied]
        before = [p for p in made if shown and p.head.segment == shown[-1] and not p.head.denied]
        old, new = (before, here) if "replacing" in segment.joins else (here, before)
        if not old or not new:
            continue
        for place in old:
            if place.given_end is None and place.length is None and new[0].start > place.start + LEAST:
                place.given_end = new[0].start
