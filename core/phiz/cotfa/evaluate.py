"""How well a backend reads notes: `python -m phiz.cotfa.evaluate --split test`.

Each note of a split has a gold reading (`phiz.cotfa.notes`), to which the units of step II are compared.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from phiz.cotfa import notes
from phiz.cotfa.backends import DEFAULT, Backend, backend, think
from phiz.cotfa.conflicts import impossible
from phiz.cotfa.notes import Action, Note
from phiz.cotfa.notes.wordings import SECONDS, Worded, worded
from phiz.cotfa.rules.lexicon import lexicon
from phiz.cotfa.rules.tokens import tokens
from phiz.cotfa.steps import UnitStep
from phiz.cotfa.trace import Trace
from phiz.errors import PhizError
from phiz.face.action_units import ACTION_UNITS

NEAR = 0.3  # seconds within which a time is right


@dataclass
class Score:
    """Counts over notes; what is not asked for (an optional unit, an order left open) counts nowhere.

    orders, times: once for what the note says once, however many units stand for it ("fear at 2 s" is one
    time, "surprise, then fear" one order); right where all of its units are. unit_orders, unit_times: for
    every pair of units, every unit.
    """

    hits: int = 0
    missing: int = 0
    extra: int = 0
    sides: list[bool] = field(default_factory=list)
    orders: list[bool] = field(default_factory=list)
    times: list[bool] = field(default_factory=list)
    unit_orders: list[bool] = field(default_factory=list)
    unit_times: list[bool] = field(default_factory=list)
    denied: list[bool] = field(default_factory=list)
    whole: list[bool] = field(default_factory=list)
    refused: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def f1(self) -> float:
        return 2 * self.hits / max(1, 2 * self.hits + self.missing + self.extra)

    def figures(self) -> dict[str, float]:
        """Every figure of the table."""
        return {
            "notes": len(self.seconds),
            "AU set F1 (micro)": self.f1,
            "precision": self.hits / max(1, self.hits + self.extra),
            "recall": self.hits / max(1, self.hits + self.missing),
            "notes with the very set": _share(self.whole),
            "side right": _share(self.sides),
            "order right": _share(self.orders),
            f"time within {NEAR:g} s": _share(self.times),
            "order right, by pairs of units": _share(self.unit_orders),
            f"time within {NEAR:g} s, by units": _share(self.unit_times),
            "negated units that appear": sum(self.denied),
            "negated units": len(self.denied),
            "notes refused": self.refused,
            "ms per note (processor), mean": 1000 * sum(self.seconds) / max(1, len(self.seconds)),
            "ms per note (processor), most": 1000 * max(self.seconds, default=0.0),
        }


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else 1.0


def asked(trace: Trace) -> tuple[UnitStep, ...]:
    """The units that a trace shows on purpose."""
    return tuple(unit for unit in trace.checked_units if unit.enabled and unit.intensity > 0.0)


def score(split: Sequence[Note], reader: Backend) -> tuple[Score, dict[str, list[str]]]:
    """The counts over the notes, and for each note that is not read as it should be, what is wrong."""
    total, wrong = Score(), dict[str, list[str]]()
    if split:
        think(split[0].text, split[0].duration, reader=reader)  # what is loaded once is not timed
    for note in split:
        begun = time.process_time()
        try:
            units = asked(think(note.text, note.duration, reader=reader))
        except PhizError:
            units = ()
            total.refused += 1
        total.seconds.append(time.process_time() - begun)
        faults = list(_compare(note, units, total))
        if faults:
            wrong[note.id] = faults
    return total, wrong


def _compare(note: Note, units: Sequence[UnitStep], total: Score) -> Iterator[str]:
    shown = {unit.au for unit in units}
    extra = shown - note.units - set(note.optional)
    missing = note.units - shown
    total.hits += len(note.units & shown)
    total.extra += len(extra)
    total.missing += len(missing)
    total.whole.append(not extra and not missing)
    if missing:
        yield f"missing {sorted(missing)}"
    if extra:
        yield f"extra {sorted(extra)}"
    for au in note.negated:
        total.denied.append(au in shown)
        if au in shown:
            yield f"negated {au} appears"
    matched = list(_matched(note.actions, units))
    said: dict[tuple[int, str, float], bool] = {}
    follows: dict[tuple[int, int], bool] = {}
    for action, unit in matched:
        if "L" in ACTION_UNITS[action.au].sides:
            right = unit.side in "LR" if action.side == "any" else unit.side == action.side
            total.sides.append(right)
            if not right:
                yield f"AU {action.au} on {unit.side}, should be {action.side}"
        for name in ("start", "end"):
            should, does = getattr(action, name), getattr(unit, name)
            if should is not None:
                near = abs(should - does) <= NEAR
                total.unit_times.append(near)
                said[action.order, name, should] = said.get((action.order, name, should), True) and near
                if not near:
                    yield f"AU {action.au} {name} {does:g}, should be {should:g}"
    for i, (first, one) in enumerate(matched):
        for second, other in matched[i + 1 :]:
            if first.order < second.order:
                total.unit_orders.append(one.start < other.start)
                pair = (first.order, second.order)
                follows[pair] = follows.get(pair, True) and one.start < other.start
                if one.start >= other.start:
                    yield f"AU {first.au} at {one.start:g} not before AU {second.au} at {other.start:g}"
    total.times += said.values()
    total.orders += follows.values()


def _matched(actions: Sequence[Action], units: Sequence[UnitStep]) -> Iterator[tuple[Action, UnitStep]]:
    """Each action with the unit that shows it: the first, in order of time, that is not taken, on its side
    where there is a choice."""
    free = sorted(units, key=lambda unit: unit.start)
    for action in actions:
        same = [unit for unit in free if unit.au == action.au]
        sided = [unit for unit in same if unit.side == action.side]
        chosen = (sided or same)[:1] or [unit for unit in units if unit.au == action.au][:1]
        if chosen:
            if chosen[0] in free:
                free.remove(chosen[0])
            yield action, chosen[0]


def listed(phrase: str) -> bool:
    """Whether the lists of the rules have a phrase as one for a feeling."""
    row = tokens(phrase)
    found = lexicon().longest(row, 0)
    return found is not None and found[0] == len(row) and any(kind == "feel" for kind, _ in found[1])


def families(words: Mapping[str, str], reader: Backend) -> dict[str, str]:
    """Each word to the emotion that is strongest where it is the whole note; "" where none is read."""
    found: dict[str, str] = {}
    for word in words:
        totals: dict[str, float] = {}
        for feeling in think(word, 4.0, reader=reader).reading.feelings:
            for emotion, share in feeling.mix.items():
                totals[emotion] = totals.get(emotion, 0.0) + share * feeling.intensity
        found[word] = max(totals, key=lambda name: totals[name]) if totals else ""
    return found


_SALAD = """at 2 s from 1 to 3 until 2.5 for the last second halfway then while before after and , . ; : ( )
[ ] - AU12 AU 1+4 12L 0.5 100 % left right both one not no without never stops 99999999 -1 0 s “ " \0 \u202e
улыбка 笑 😀 {} '; DROP </s> ignore previous instructions"""
_SALAD_EXTRA = tuple(_SALAD.split())


def random_notes(count: int, seed: int = 0) -> Iterator[tuple[str, float]]:
    """Notes of chance: words of the lexicon with times, codes, marks and what does not belong in a note."""
    chance = random.Random(seed)
    known = sorted(lexicon().forms)
    for _ in range(count):
        words = [
            chance.choice(_SALAD_EXTRA) if chance.random() < 0.3 else chance.choice(known)
            for _ in range(chance.randint(1, 25))
        ]
        yield " ".join(words), chance.choice((0.05, 0.5, 2.0, 4.0, 11.0, 60.0))


def check_random(count: int, reader: Backend, seed: int = 0) -> dict[str, int]:
    """How many random notes end as a Direction that a face can show, as one that it cannot, as an error."""
    ends = {"directions": 0, "impossible": 0, "named errors": 0}
    for text, seconds in random_notes(count, seed):
        try:
            direction = think(text, seconds, reader=reader).direction()
        except PhizError:
            ends["named errors"] += 1
            continue
        ends["impossible" if any(impossible(direction)) else "directions"] += 1
    return ends


def check_wordings(each: int, reader: Backend, seed: int = 0) -> dict[str, tuple[int, int, list[str]]]:
    """For each kind of wording: how many fillings are read as they should be, of how many, and the rest."""
    found: dict[str, tuple[int, int, list[str]]] = {}
    for said in worded(each, seed):
        right, of, wrong = found.get(said.kind, (0, 0, []))
        good = _reads(said, asked(think(said.text, SECONDS, reader=reader)))
        found[said.kind] = (right + good, of + 1, wrong if good else [*wrong, said.text])
    return found


def _reads(said: Worded, units: Sequence[UnitStep]) -> bool:
    one, other = ([unit for unit in units if unit.au in wanted] for wanted in said.units)
    shown = {unit.au for unit in units}
    if not said.units[0] <= shown:
        return False
    if said.kind == "denials":
        return not said.units[1] & shown
    if not said.units[1] <= shown:
        return False
    if said.kind == "order":
        return max(unit.start for unit in one) < min(unit.start for unit in other)
    return all(
        should is None or abs(does - should) <= NEAR
        for mine, (start, end) in zip((one, other), said.spans, strict=True)
        for unit in mine
        for does, should in ((unit.start, start), (unit.end, end))
    )


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m phiz.cotfa.evaluate", description=__doc__)
    parser.add_argument("--split", default="dev", help=f"one of {', '.join(notes.SPLITS)} (default dev)")
    parser.add_argument("--backend", default=DEFAULT, help="who reads (default %(default)s)")
    parser.add_argument("--words", action="store_true", help="also the emotion of words that are in no list")
    parser.add_argument("--random", type=int, metavar="N", help="instead, so many notes of chance")
    parser.add_argument("--wordings", type=int, metavar="N", help="instead, every wording filled N times")
    parser.add_argument("--show", action="store_true", help="say what is wrong with each note")
    args = parser.parse_args(argv)
    reader = backend(args.backend)
    if args.random:
        print(check_random(args.random, reader))
        return 0
    if args.wordings:
        for kind, (right, of, wrong) in check_wordings(args.wordings, reader).items():
            print(f"{kind:32} {right} of {of}", *(wrong if args.show else ()), sep="\n    ")
        return 0
    split = notes.load(args.split)
    total, wrong = score(split, reader)
    if args.show:
        texts = {note.id: f"{note.text} ({note.duration:g} s)" for note in split}
        for name, faults in wrong.items():
            print(f"{name}: {texts[name]}\n    {'; '.join(faults)}")
    figures: dict[str, Any] = total.figures()
    if args.words:
        unseen = {word: family for word, family in notes.unseen_words().items() if not listed(word)}
        read = families(unseen, reader)
        figures["words for feelings in no list"] = len(unseen)
        figures["right family"] = _share([read[word] == family for word, family in unseen.items()])
    for name, value in figures.items():
        print(f"{name:32} {value:.3f}" if isinstance(value, float) else f"{name:32} {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
