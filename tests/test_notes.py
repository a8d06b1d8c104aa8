"""The written notes keep their own rules, and the splits share no phrase template."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from phiz.cotfa import notes
from phiz.cotfa.notes import Note, NotesError
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS

# Longest run of words that a test note may share with train or dev, and the share of its runs of four.
LONGEST_SHARED = 5
SHARED_FOURS = 0.01

WORD = re.compile(r"au(?=\d)|\d+(?:\.\d+)?|[a-z]+(?:['’-][a-z]+)*")
NUMBERS = (
    "one two three four five six seven eight nine ten half quarter third first second last next twice "
    "single double both another"
)
SIDES = "left right l r b lefts rights left-hand right-hand"
UNITS_OF_TIME = "s sec secs second seconds ms milliseconds"
PERSONS = "he she they him her his hers their them it its i you your my me we us"
DEGREES = (
    "slowly slightly slight faint faintly tiny little bit touch strong strongly hard weak quick quickly very "
    "barely fully soft softly gently broad big wide wider extreme extremely utterly somewhat quite"
)
FACE = (
    "brow eyebrow eye lid eyelid lash cheek nose nostril lip mouth jaw chin corner dimple face teeth gaze "
    "smile smirk grin beam laugh frown scowl glare glower sneer pout purs pucker funnel kiss press squint "
    "narrow widen rais lift lower drop clos open shut blink wink wrinkl crinkl scrunch puff suck stretch "
    "tighten tight part look glanc stare roll knit furrow curl au inner outer upper up down"
)
FEELINGS = (
    "angr anger mad furious rage livid irritat annoy cross contempt scorn disdain disgust revolt repuls fear "
    "afraid scare frighten terrif terror panic worr happy happi joy delight glad cheer pleased elat sad "
    "sorrow grief gloom miserabl mourn surpris shock astonish startl amaz neutral calm blank deadpan"
)
EXACT = (
    (set(NUMBERS.split()), "N"),
    (set(SIDES.split()), "S"),
    (set(UNITS_OF_TIME.split()), "T"),
    (set(PERSONS.split()), "P"),
    (set(DEGREES.split()), "D"),
)
STEMS = ((tuple(FACE.split()), "F"), (tuple(FEELINGS.split()), "E"))


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def mask(word: str, names: set[str]) -> str:
    if word[0].isdigit():
        return "N"
    if word in names:
        return "P"
    for group, letter in EXACT:
        if word in group:
            return letter
    return next((letter for stems, letter in STEMS if word.startswith(stems)), word)


def skeleton(text: str) -> tuple[str, ...]:
    """The words of a text with what may vary inside a template masked, repeats of a mask folded."""
    names = {name.lower() for name in re.findall(r"(?<=[a-z,] )[A-Z][a-z]+", text)}
    masked = [mask(word, names) for word in words(text)]
    return tuple(
        word for i, word in enumerate(masked) if not (word.isupper() and i and masked[i - 1] == word)
    )


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"[.!?;:](?:\s|$)", text) if part.strip()]


def telling(form: tuple[str, ...]) -> bool:
    """Long enough for a template, and more than masks."""
    return len(form) >= 4 and not all(word.isupper() for word in form)


def grams(text: str, length: int) -> set[tuple[str, ...]]:
    found = words(text)
    return {tuple(found[i : i + length]) for i in range(len(found) - length + 1)}


@pytest.fixture(scope="module")
def splits() -> dict[str, tuple[Note, ...]]:
    return {split: notes.load(split) for split in notes.SPLITS}


def test_a_skeleton_hides_what_a_template_leaves_open() -> None:
    one, other = (
        "Smile slowly on the left at 2 s, then Ana blinks.",
        "Frown on the right at 3.5 s, then Bo winks.",
    )
    assert skeleton(one) != skeleton("At 2 s, smile on the left and let Ana blink.")
    assert skeleton(one.replace("slowly ", "")) == skeleton(other)


def test_no_template_is_in_two_splits(splits: dict[str, tuple[Note, ...]]) -> None:
    for one, other in combinations(splits, 2):
        assert not {note.template for note in splits[one]} & {note.template for note in splits[other]}
        whole = [{skeleton(note.text) for note in splits[split]} for split in (one, other)]
        assert not whole[0] & whole[1]
        parts = [
            {
                form
                for note in splits[split]
                for part in sentences(note.text)
                if telling(form := skeleton(part))
            }
            for split in (one, other)
        ]
        assert not parts[0] & parts[1]


def test_the_test_notes_share_few_runs_of_words_with_the_others(splits: dict[str, tuple[Note, ...]]) -> None:
    others = [note.text for split in notes.SPLITS[:-1] for note in splits[split]]
    test = [note.text for note in splits["test"]]

    def shared(length: int) -> tuple[int, int]:
        seen = set[tuple[str, ...]]().union(*(grams(text, length) for text in others))
        runs = [run for text in test for run in grams(text, length)]
        return sum(run in seen for run in runs), len(runs)

    assert shared(LONGEST_SHARED + 1)[0] == 0
    hits, of = shared(4)
    assert hits <= SHARED_FOURS * of


def test_there_are_notes_enough(splits: dict[str, tuple[Note, ...]]) -> None:
    for split, least in (
        ("train", 350),
        ("dev", 120),
        ("dev2", 200),
        ("dev3", 700),
        ("dev4", 350),
        ("dev5", 350),
        ("test", 250),
    ):
        assert len(splits[split]) >= least
    test = splits["test"]
    units = Counter(unit for note in test for unit in note.units)
    assert {number for number, unit in ACTION_UNITS.items() if unit.showable and units[number] < 3} == set()
    assert sum(bool(note.negated) for note in test) >= 40
    timed = [note for note in test if any((a.start, a.end) != (None, None) for a in note.actions)]
    assert len(timed) >= 80
    assert sum(any(action.order for action in note.actions) for note in test) >= 60
    for side in ("L", "R"):
        assert sum(any(action.side == side for action in note.actions) for note in test) >= 25
    assert {emotion for note in test for emotion in note.emotions} == set(EMOTIONS)


def test_the_unseen_words_are_many_and_in_no_training_note(splits: dict[str, tuple[Note, ...]]) -> None:
    unseen = notes.unseen_words()
    assert len(unseen) >= 150
    assert set(unseen.values()) == set(EMOTIONS)
    training = " ".join(f" {' '.join(words(n.text))} " for s in notes.SPLITS[:-1] for n in splits[s])
    assert not [word for word in unseen if f" {' '.join(words(word))} " in training]


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (lambda line: line.replace('"au": 26', '"au": 19'), "AU 19 cannot be shown"),
        (
            lambda line: line.replace('"side": "B", "order": 0', '"side": "L", "order": 0'),
            "AU 26 takes side B",
        ),
        (lambda line: line.replace('"order": 1', '"order": 2'), "order counts up"),
        (lambda line: line.replace('"start": 1.5', '"start": 99'), "past the end"),
        (
            lambda line: line.replace('"optional": [25]', '"optional": [26]'),
            "asked for, optional and negated",
        ),
        (lambda line: line.replace('"duration"', '"length"'), "duration Field required"),
        (lambda line: line + "\n" + line, "more than once"),
    ],
)
def test_a_broken_file_is_refused(tmp_path: Path, breaks: Callable[[str], str], says: str) -> None:
    lines = (notes.FOLDER / "train.jsonl").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if "Her jaw drops at 1.5 s" in line)
    broken = breaks(line)
    assert broken != line
    path = tmp_path / "notes.jsonl"
    path.write_text(broken, encoding="utf-8")
    with pytest.raises(NotesError, match=says):
        notes.read(path)


def test_a_missing_split_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(NotesError, match="one of train, dev, dev2, dev3, dev4, dev5, test"):
        notes.load("validation")
    with pytest.raises(NotesError, match="source tree"):
        notes.read(tmp_path / "test.jsonl")
