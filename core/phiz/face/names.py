"""Which shape key shows which channel, found by the names that rigs give them.

`names.json` holds the published naming conventions. There a formula says what a key follows
("0.5 eyeBlinkLeft + 0.5 eyeBlinkRight"), # stands for a side, and the kinds are, in the order in which
they are trusted:

keys     one key, one channel;
parts    several keys that together show one channel, each following it whole;
both     one key for both sides, following each by half;
visemes  mouth shapes of speech, blended from what the lips and the jaw do. The shares were fitted to the
         phones of `phiz.corpus.teacher.visemes`, so that each vowel raises its own shape;
last     a coarse key, for when nothing better shows its channel.

Under `unconfirmed` stand keys whose name or meaning was not found in a published list.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

from phiz.face.channels import CHANNELS, INDEX, mirrored

KINDS = ("keys", "parts", "both", "visemes", "last")

Shares = tuple[tuple[str, float], ...]
"""((channel, share), ...): a key's value is the sum of share x weight, kept within 0 to 1."""

_ROUGH = ("both", "visemes", "last")
_VISEMES_AT_LEAST = 3
"""Fewer keys than this named like visemes are something else ("A", "I" and "O" mean much)."""
_PREFIX_AT_LEAST = 3
"""A prefix that so many recognised keys bear is a prefix, not a part of their names."""
_KNOWN_PREFIX = re.compile(
    r"(?:blendshapes?\d*|faceit|face|head|\w*_lod\d+_mesh|ctrl_expressions|wolf3d_\w+|cc_base_\w+)[^a-z0-9]*$"
)
_MOUTH_PREFIX = re.compile(r"(?:mouth|mth|lips?|vowel|viseme|phoneme)[^a-z0-9]*$")


@dataclass(frozen=True)
class Convention:
    """One way of naming the keys of a face. tables: kind -> key (with # for a side) -> formula."""

    name: str
    example: str
    about: str
    source: str
    mouth_close: str
    tables: Mapping[str, Mapping[str, str]]
    unconfirmed: tuple[str, ...]


@dataclass(frozen=True)
class _Alias:
    """A spelling of one key of a table: its kind, the key with its side written out, what it follows."""

    kind: str
    key: str
    shares: Shares


@dataclass(frozen=True)
class Match:
    """What the keys of a face show.

    convention: the one that names most of the keys used, "" with none. shows: key name -> shares.
    missing: channels that nothing shows. rough: channels shown only by a key for both sides, by visemes
    or by a coarse key. mouth_close: the meaning that the convention gives its mouthClose keys.
    """

    convention: str
    shows: Mapping[str, Shares]
    missing: tuple[str, ...]
    rough: tuple[str, ...]
    mouth_close: str = "cancelling"


@cache
def conventions() -> tuple[Convention, ...]:
    """All that are recognised, those of most detail first."""
    listed = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))["conventions"]
    return tuple(
        Convention(
            entry["name"],
            entry["example"],
            entry["about"],
            entry["source"],
            entry.get("mouth_close", "cancelling"),
            {kind: entry.get(kind, {}) for kind in KINDS},
            tuple(entry.get("unconfirmed", ())),
        )
        for entry in listed
    )


def formula(text: str) -> Shares:
    """ "0.5 a - b" -> (("a", 0.5), ("b", -1.0))."""
    terms = re.findall(r"([+-]?)\s*([\d.]*)\s*([A-Za-z]+)", text)
    return tuple((name, float(f"{sign}{share or 1}")) for sign, share, name in terms)


def match(names: Iterable[str], edited: Mapping[str, str] | None = None, beside: Iterable[str] = ()) -> Match:
    """What one mesh's keys of these names show; beside: the keys of the other meshes of its face.

    Apple's own names win; then the convention that knows most of the names; what it leaves open the
    others fill. A key that none knows is left alone, and so is one whose channels are shown better.
    edited, channel -> key name ("" for none), goes on top: the key named follows that channel, and a
    mirrored pair sent to one key follows each side by half; one that names a key the mesh lacks is
    ignored. Where the face has no key for mouthClose, whatever opens the jaw follows
    jawOpen - mouthClose, so that the lips still meet.
    """
    names, beside = list(dict.fromkeys(names)), list(beside)
    shows: dict[str, Shares] = {name: ((name, 1.0),) for name in names if name in INDEX}
    shown = dict.fromkeys(shows, "keys")  # channel -> the kind of key that shows it
    used = Counter({"ARKit": len(shows)})
    known = {convention.name: _recognised(names, beside, convention) for convention in conventions()}
    for convention in sorted(conventions(), key=lambda c: -len(known[c.name])):
        for kind in KINDS:
            fresh = {
                name: alias.shares
                for name, alias in known[convention.name].items()
                if alias.kind == kind and name not in shows and shown.keys().isdisjoint(_raised(alias.shares))
            }
            shows |= fresh
            shown |= {channel: kind for shares in fresh.values() for channel in _raised(shares)}
            used[convention.name] += len(fresh)
    if edited:
        edited = {channel: name for channel, name in edited.items() if not name or name in names}
        shows = _edited(shows, edited)
        shown |= dict.fromkeys(edited, "keys")
    covered = {channel for shares in shows.values() for channel in _raised(shares)}
    if "mouthClose" not in covered and "mouthClose" in (match(beside).missing if beside else ("mouthClose",)):
        shows = {name: _closing(shares) for name, shares in shows.items()}
    best = max(used, key=lambda name: used[name]) if any(used.values()) else ""
    return Match(
        best,
        shows,
        tuple(channel for channel in CHANNELS if channel not in covered),
        tuple(channel for channel in CHANNELS if channel in covered and shown[channel] in _ROUGH),
        next((c.mouth_close for c in conventions() if c.name == best), "cancelling"),
    )


def _raised(shares: Shares) -> list[str]:
    return [channel for channel, share in shares if share > 0]


def _edited(shows: Mapping[str, Shares], edited: Mapping[str, str]) -> dict[str, Shares]:
    kept = {
        name: tuple((channel, share) for channel, share in shares if channel not in edited)
        for name, shares in shows.items()
    }
    for channel, name in edited.items():
        if name:
            halved = channel != mirrored(channel) and edited.get(mirrored(channel)) == name
            kept[name] = (*kept.get(name, ()), (channel, 0.5 if halved else 1.0))
    return {name: shares for name, shares in kept.items() if _raised(shares)}


def _closing(shares: Shares) -> Shares:
    jaw = dict(shares).get("jawOpen", 0.0)
    return (*shares, ("mouthClose", -jaw)) if jaw > 0 else shares


def _recognised(names: Sequence[str], beside: Sequence[str], convention: Convention) -> dict[str, _Alias]:
    aliases = _aliases(convention.name)
    found = {name: _tail(name, aliases) for name in (*names, *beside)}
    bearers = Counter(known[0] for known in found.values() if known)
    taken: dict[str, tuple[str, str, str]] = {}  # key of the table -> (prefix, name, tail), the plainest
    visemes: set[str] = set()
    for name, known in found.items():
        if known is None:
            continue
        prefix, tail = known
        if prefix and not _KNOWN_PREFIX.search(prefix) and bearers[prefix] < _PREFIX_AT_LEAST:
            continue
        if _plain(prefix) in aliases:
            continue  # jawOpen_mouthClose corrects the two together
        if prefix and len(tail) <= 2 and not _MOUTH_PREFIX.search(prefix):
            continue
        alias = aliases[tail]
        if alias.kind == "visemes":
            visemes.add(alias.key)
        if name in names:
            taken[alias.key] = min(taken.get(alias.key, (prefix, name, tail)), (prefix, name, tail))
    enough = len(visemes) >= _VISEMES_AT_LEAST
    picked = {name: aliases[tail] for _, name, tail in taken.values()}
    return {name: alias for name, alias in picked.items() if enough or alias.kind != "visemes"}


def _tail(name: str, aliases: Mapping[str, _Alias]) -> tuple[str, str] | None:
    """The prefix and the longest known ending; None without one."""
    return next((ending for ending in _endings(name) if ending[1] in aliases), None)


@lru_cache(maxsize=1 << 14)
def _endings(name: str) -> tuple[tuple[str, str], ...]:
    """(prefix, plain ending) for every place where a word begins; digits in the prefix made alike."""
    starts = (0, *(found.end() for found in re.finditer(r"[\W_]+", name)))
    return tuple((re.sub(r"\d+", "0", name[:start].casefold()), _plain(name[start:])) for start in starts)


@cache
def _aliases(convention: str) -> dict[str, _Alias]:
    tables = next(c.tables for c in conventions() if c.name == convention)
    return {
        _plain(name): _Alias(kind, key, formula(said))
        for kind in reversed(KINDS)
        for pattern, text in tables[kind].items()
        for name, key, said in _sides(pattern, text)
    }


def _sides(pattern: str, text: str) -> list[tuple[str, str, str]]:
    if "#" not in pattern:
        return [(pattern, pattern, text)]
    return [
        (pattern.replace("#", word), pattern.replace("#", side), text.replace("#", side))
        for side in ("Left", "Right")
        for word in (side, side[0])
    ]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()
