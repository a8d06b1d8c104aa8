"""Turns of speech for a feeling that no list holds, by the words that they share with those listed.

'Makes her stomach heave' is in no list, but 'turns her stomach' and 'heaves' are. Read so is a note that is
nothing but such a turn; in a longer one its words are too likely to tell of something else.

    python -m phiz.cotfa.rules.idioms --folds 10

leaves each listed turn out in turn, with all that begin like it, and says how many the others read.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from phiz.cotfa.rules.families import families, relative
from phiz.cotfa.rules.items import STOPS, Item
from phiz.cotfa.rules.lexicon import DETERMINERS, Felt, entries
from phiz.cotfa.rules.tokens import Token, word_set
from phiz.face.emotions import EMOTIONS

_MOST_WORDS = 8
_PARTS = frozenset(("head", "eye", "nose"))  # those that such turns are about
_STEM = 5  # letters by which words are alike
_ALIKE = 0.3  # of a word that the lists do not have, for each emotion: how little one listing says
_CLEAR = 0.5  # of what speaks for any emotion that has to speak for one
_LEAST = 2.0  # listings of one word for one emotion, the least that says something
_KIN = 4.0  # listings that a word's kin count as, where there is nothing but feeling in it
_FUNCTION = DETERMINERS | word_set(
    """she he they it you i we me him us them who what is are was be been am do does did has have had to of in
    on at with by for from and or as so very all out up down off into onto about if then just too not no n't
    'd 'll 're 've 'm will would could can looks look feels feel seems"""
)


def idiom(row: Sequence[Token], found: Sequence[Item]) -> Item | None:
    """The whole note as a feeling, where it is short, names nothing, and its words speak for one emotion."""
    words = [token for token in row if token.kind == "word"]
    if not 1 < len(words) <= _MOST_WORDS or any(token.kind not in ("word", "mark") for token in row):
        return None
    if any(item.has("time", "code", "side", "word", "speech") for item in found):
        return None
    if any(token.word in STOPS for token in row[:-1]) or not _PARTS.issuperset(_named(found)):
        return None
    emotion = turn([token.word for token in words], _listed())
    if not emotion:
        return None
    return Item(0, len(row), (("feel", Felt(((emotion, 1.0),), 0.6)),))


Listed = Mapping[str, Mapping[str, float]]
"""The beginning of each listed word to how often it is listed for each emotion."""


def turn(words: Sequence[str], listed: Listed) -> str:
    """The emotion of a turn of speech; "" where it is not known."""
    return _whole(words) or _spoken_for(words, listed)


def _named(found: Sequence[Item]) -> Iterator[str]:
    return (part for item in found for part in item.get("part"))


def _whole(words: Sequence[str]) -> str:
    """The emotion of the longest run of words that WordNet has as one; "" where there is none."""
    bare = [word for word in words if word not in DETERMINERS]
    for length in range(len(bare), 1, -1):
        for at in range(len(bare) - length + 1):
            phrase = bare[at : at + length]
            for joined in (" ".join(phrase), "-".join(phrase)):
                if joined in families():
                    return families()[joined][0]
    return ""


def _spoken_for(words: Sequence[str], listed: Listed) -> str:
    """The emotion that the words together speak for; "" where they do not say."""
    votes, most = dict.fromkeys(EMOTIONS, 0.0), 0.0
    for word in words:
        if word in _FUNCTION:
            continue
        counts = dict(listed.get(word[:_STEM], {}))
        kin = relative(word)
        if kin is not None:
            counts[kin[0]] = counts.get(kin[0], 0.0) + _KIN * min(1.0, kin[1])
        total = sum(counts.values())
        most = max(most, max(counts.values(), default=0.0))
        for emotion in EMOTIONS:
            share = (counts.get(emotion, 0.0) + _ALIKE) / (total + _ALIKE * len(EMOTIONS))
            votes[emotion] += math.log(share * len(EMOTIONS))
    best = max(votes, key=lambda emotion: votes[emotion])
    sure = math.exp(votes[best]) / sum(math.exp(vote) for vote in votes.values())
    return best if sure >= _CLEAR and most >= _LEAST else ""


@cache
def _listed() -> Listed:
    return counted(_phrases())


def counted(phrases: Iterable[tuple[list[str], Felt]]) -> Listed:
    """How often the words of phrases are listed; phrases that differ in 'his' and 'her' are one."""
    found: dict[str, dict[str, float]] = {}
    seen: set[tuple[str, ...]] = set()
    for words, felt in phrases:
        stems = tuple(dict.fromkeys(word[:_STEM] for word in words if word not in _FUNCTION))
        if stems in seen:
            continue
        seen.add(stems)
        for word in stems:
            for emotion, share in felt.mix:
                mine = found.setdefault(word, {})
                mine[emotion] = mine.get(emotion, 0.0) + share
    return found


def _phrases() -> Iterator[tuple[list[str], Felt]]:
    for phrase, (_, meaning), feeling in entries():
        if feeling and isinstance(meaning, Felt):
            yield phrase.lstrip("=").lower().replace("-", " ").split(), meaning


def _beginning(words: Sequence[str]) -> str:
    told = [word for word in words if word not in _FUNCTION]
    return told[0][:_STEM] if told else ""


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m phiz.cotfa.rules.idioms", description=__doc__)
    parser.add_argument("--folds", type=int, default=10, metavar="N", help="parts of the list (default 10)")
    folds = parser.parse_args(argv).folds
    phrases = list(_phrases())
    begin = sorted({_beginning(words) for words, _ in phrases if len(words) > 1})
    found = right = of = 0
    for fold in range(folds):
        out = set(begin[fold::folds])
        listed = counted((words, felt) for words, felt in phrases if _beginning(words) not in out)
        for words, felt in phrases:
            if len(words) > 1 and _beginning(words) in out:
                read = turn(words, listed)
                of += 1
                found += bool(read)
                right += read == max(felt.mix, key=lambda pair: pair[1])[0]
    print(f"{of} turns left out in turn: {found} read, {right} of them right ({right / found:.2f})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
