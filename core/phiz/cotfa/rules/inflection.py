"""What English makes of a word: plural, past, -ing, comparison; British and American spellings."""

from __future__ import annotations

from collections.abc import Iterator

_VOWELS = "aeiou"


def inflected(base: str, irregular: dict[str, str]) -> set[str]:
    """The base and what English makes of it: plural, third person, past, -ing; too much rather than too
    little, for what is no word is not met."""
    made = {base, *irregular.get(base, "").split()}
    if len(base) < 3 or not base.isalpha():
        return made
    if base.endswith(("s", "x", "z", "ch", "sh", "o")):
        made.add(base + "es")
    made.add(base + "s")
    if base.endswith("e"):
        made |= {base + "d", base[:-1] + "ing"}
    elif base.endswith("y") and base[-2] not in _VOWELS:
        made |= {base[:-1] + "ies", base[:-1] + "ied", base + "ing"}
    else:
        made |= {base + "ed", base + "ing"}
        if base[-1] not in _VOWELS + "wxy" and base[-2] in _VOWELS:
            made |= {base + base[-1] + "ed", base + base[-1] + "ing"}
    return made


def derived(base: str) -> set[str]:
    """Adverb, noun and comparison of a word for a feeling."""
    if len(base) < 3:
        return set()
    if base.endswith("y"):
        stem = base[:-1] + "i"
        return {stem + "ly", stem + "ness", stem + "er", stem + "est"}
    made = {base + "ly", base + "ness", base + "er", base + "est"}
    if base.endswith("ic"):
        made.add(base + "ally")
    if base.endswith("le"):
        made.add(base[:-1] + "y")
    if base.endswith("e"):
        made |= {base + "r", base + "st"}
    elif base[-1] not in _VOWELS and base[-2] in _VOWELS:
        made |= {
            base + base[-1] + "er",
            base + base[-1] + "est",
            base + base[-1] + "en",
        }
    return made


def british(word: str) -> Iterator[str]:
    """American spellings of a word that may be British, and the other way round."""
    for ours, theirs in (
        ("our", "or"),
        ("ise", "ize"),
        ("isi", "izi"),
        ("grey", "gray"),
        ("lled", "led"),
    ):
        if ours in word:
            yield word.replace(ours, theirs)
        if theirs in word:
            yield word.replace(theirs, ours)
