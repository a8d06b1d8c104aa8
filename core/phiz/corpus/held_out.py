"""The recordings and voices that no network may learn from: the test set, as a list in the tree.

`held_out.json` was drawn once (numpy's default generator, the seed it names; half of the
speechocean762 speakers are under 13) and stays as it is, so that figures can be compared.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Literal


@cache
def _table() -> dict:
    return json.loads(files("phiz.corpus").joinpath("held_out.json").read_text(encoding="utf-8"))


def split(source: str, speaker: str, clip: str) -> Literal["train", "test"]:
    """Where a clip belongs: `source` is a data folder's name, or "synthesis" with the voice as speaker."""
    table = _table()
    if clip in table["clips"].get(source, ()):
        return "test"
    if any(speaker in table["speakers"].get(name, ()) for name in _same_people(source)):
        return "test"
    return "train"


def _same_people(source: str) -> tuple[str, ...]:
    """Folders that hold the same people under the same names."""
    libri = ("librispeech_test_other", "librispeech_other")
    return libri if source in libri else (source,)
