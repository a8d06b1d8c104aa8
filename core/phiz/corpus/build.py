"""Writes every source of the corpus that is not there yet, cheapest and most valuable first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phiz.corpus import recordings
from phiz.corpus.clips import SourceWriter, is_done

Report = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """A source by name, and what writes its clips."""

    name: str
    write: Callable[[SourceWriter], None]


def real_recipes(data: Path) -> Iterator[Recipe]:
    """The recordings, labelled ones first."""
    for name, write in {**recordings.LABELLED, **recordings.UNLABELLED}.items():
        yield Recipe(name, lambda out, write=write: write(data, out))


def write_sources(recipes: Iterator[Recipe], corpus: Path, seed: int, report: Report) -> None:
    """Write each source that is not finished; report a line for each. Errors of the recipes pass through."""
    corpus.mkdir(parents=True, exist_ok=True)
    for recipe in recipes:
        if is_done(corpus / recipe.name):
            report(f"{recipe.name}: done before")
            continue
        began = time.monotonic()
        with SourceWriter(corpus, recipe.name, seed) as out:
            recipe.write(out)
        report(f"{recipe.name}: {out.seconds / 3600:.2f} h in {time.monotonic() - began:.0f} s")
