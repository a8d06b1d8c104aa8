"""Slips of the pen: a word one letter away from a word of the lexicon is read as that one.

    python -m phiz.cotfa.rules.spelling WORDNET_DICT -o core/phiz/cotfa/rules/real_words.txt

`real_words.txt` holds the English words (of WordNet) that are as near to a word of the lexicon: they are
no slips.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from phiz.cotfa.rules.inflection import inflected
from phiz.cotfa.rules.lexicon import lexicon
from phiz.cotfa.rules.tokens import Token, word_set

_LONG = 5  # letters from which any may be wrong; below: one too many or too few, two swapped
_SHORT = 4
_SURE = 6  # letters of a name that opens a sentence, from which it may be a slip
_MOST = 40  # words of a note that are looked at: a note of nothing but slips is none
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_VOWELS = frozenset("aeiouy")
_GRAMMAR = word_set(
    """right left both until till seconds second halfway half quarter third final last first three seven eight
    then after before while once when into side start through throughout between around about minus clock
    mark frame finally afterwards without"""
)
"""Words that times, sides and order are read by, which no list of the lexicon has."""
_PLAIN = word_set(
    """them they than this that these those there their theirs then with what whom whose which were where
    have having been being your yours hers ours mine some same such than very just also even ever much
    many more most must shall will would could should might may does done doing from upon onto over
    under about above below along among amid near like unlike because since though although unless
    whether either neither both each every other another herself himself itself themselves yourself
    myself everyone someone anyone nobody everything something anything nothing somebody anybody
    everybody here hence thus only else still into against toward towards beside besides behind beyond
    without within during except despite per via yeah okay mister missus lens shes hes theyre wont cant
    dont isnt didnt doesnt wasnt"""
)
"""Words of English that WordNet leaves out."""


@cache
def real_words() -> frozenset[str]:
    return _PLAIN | frozenset(Path(__file__).with_name("real_words.txt").read_text(encoding="utf-8").split())


@cache
def _known() -> frozenset[str]:
    return _GRAMMAR | frozenset(lexicon().forms)


def mended(row: Sequence[Token], text: str) -> tuple[list[Token], list[tuple[Token, str]]]:
    """The tokens with slips mended, and each slip with what it was read as."""
    made: list[Token] = []
    slips: list[tuple[Token, str]] = []
    looked = 0
    for i, token in enumerate(row):
        if looked < _MOST and token.kind == "word" and _doubtful(token.word) and not _name(row, i, text):
            looked += 1
            near = list(_near(token.word, _known()))
            if near:
                right = next((other for other in near if _face(other)), None)
                right = right or next((other for other in near if other in _GRAMMAR), near[0])
                slips.append((token, right))
                token = replace(token, word=right)
        made.append(token)
    return made, slips


def _doubtful(word: str) -> bool:
    enough = len(word) >= _SHORT or (len(word) == _SHORT - 1 and not _VOWELS & set(word))
    return enough and word.isascii() and word not in _known() and word not in real_words()


def _name(row: Sequence[Token], i: int, text: str) -> bool:
    """Whether a word is written as a name; one that opens a sentence may be a long word with a slip."""
    token = row[i]
    if not text[token.start].isupper() or text[token.start : token.end].isupper():
        return False
    opens = i == 0 or row[i - 1].kind == "mark"
    short = len(token.word) < _SURE and bool(_VOWELS & set(token.word))
    return not opens or (short and not _lost(token.word))


def _lost(word: str) -> bool:
    """Whether a word has one letter too many, one too few or two swapped, of one that notes are made of."""
    return len(word) >= _LONG and any(_telling(near) for near in _near(word, _known(), wrong=False))


def _face(word: str) -> bool:
    """Whether a word says what a face does: likelier in a note than any other."""
    return any(kind in ("word", "part") for kind, _ in lexicon().alone(word))


def _telling(word: str) -> bool:
    return any(kind in ("word", "part", "move", "feel", "negator") for kind, _ in lexicon().alone(word))


def _near(word: str, known: Container[str], wrong: bool = True) -> Iterator[str]:
    """Known words one slip away, the likeliest slip first; the first letter is taken to be right. wrong: also
    those with one letter that is another."""
    pairs = [(word[:i], word[i:]) for i in range(1, len(word) + 1)]
    swapped = [a + b[1] + b[0] + b[2:] for a, b in pairs if len(b) > 1]
    too_many = [a + b[1:] for a, b in pairs if b]
    too_few = [a + c + b for a, b in pairs for c in _LETTERS]
    other = [a + c + b[1:] for a, b in pairs if b for c in _LETTERS] if wrong and len(word) >= _LONG else []
    for near in (*swapped, *too_many, *too_few, *other):
        if near in known and len(near) >= _SHORT and not near.startswith("="):
            yield near


def _parts(word: str) -> set[str]:
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def main(argv: list[str] | None = None) -> int:
    from phiz.cotfa.rules.families import senses
    from phiz.writing import whole_file

    parser = argparse.ArgumentParser(prog="python -m phiz.cotfa.rules.spelling", description=__doc__)
    parser.add_argument("wordnet", type=Path, help="the dict folder of WordNet 3.x")
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args(argv)
    forms = _known()
    # Words one letter apart share what is left when a letter is taken out, or are that themselves.
    about = {part for form in forms for part in _parts(form)}
    kept: set[str] = set()
    for lemma in senses(args.wordnet):
        for word in inflected(lemma, {}) if lemma.isalpha() and lemma.isascii() else ():
            if len(word) < 4 or word in forms or word in kept or about.isdisjoint(_parts(word)):
                continue
            if next(_near(word, forms), None) is not None:
                kept.add(word)
    with whole_file(args.out) as stream:
        stream.write("".join(f"{word}\n" for word in sorted(kept)).encode())
    print(f"{args.out}: {len(kept)} words")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
