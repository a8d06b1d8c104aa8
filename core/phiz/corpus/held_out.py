"""The recordings and voices that no network may learn from: the test set, as a list in the tree."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np

SPEAKERS_PER_FOLDER = {
    "speechocean762": 14,  # half of them children
    "librispeech_train_clean": 11,
    "speech_commands": 7,
    "dspspeech20": 3,
    "librispeech_test_other": 3,
    "mycroft_precise": 1,
    "cmu_arctic_pra": 1,
}
CHILD_BELOW = 13  # years


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


def choose(
    speakers: dict[str, list[str]], children: set[str], aligned_single: list[str], seed: int
) -> dict[str, object]:
    """The table of held_out.json, drawn anew. It is kept in the tree and drawn once only.

    speakers: labelled speakers per folder of voices/. children: those speakers below 13 years.
    aligned_single: the phone-aligned clips of en_single_speaker.
    """
    rng = np.random.default_rng(seed)
    chosen: dict[str, list[str]] = {"emodb_de": ["03", "08"], "synthesis": ["ked"]}
    for folder, count in SPEAKERS_PER_FOLDER.items():
        young = sorted(s for s in speakers[folder] if s in children)
        grown = sorted(s for s in speakers[folder] if s not in children)
        half = count // 2 if young else 0
        picked = [*rng.permutation(young)[:half], *rng.permutation(grown)[: count - half]]
        chosen[folder] = sorted(str(s) for s in picked)
    return {
        "seed": seed,
        "speakers": chosen,
        "clips": {"en_single_speaker": sorted(aligned_single)[1::2]},
    }
