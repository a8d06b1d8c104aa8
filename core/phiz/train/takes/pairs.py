"""Takes in a folder: curves and sound that belong together by file name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from phiz.errors import PhizError

CURVES = (".csv", ".npz", ".json")
SOUND = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")
FILM = (".mov", ".mp4", ".m4a", ".m4v")
"""What holds sound that libsndfile does not read; the Live Link Face app leaves a .mov beside its CSV."""


class TakesError(PhizError):
    """A folder without takes that can be learnt from."""


@dataclass(frozen=True)
class Pair:
    """One take: the curves of a face and the recording of its voice."""

    name: str
    curves: Path
    sound: Path


def find(folder: Path) -> tuple[list[Pair], list[str]]:
    """The pairs in a folder and those below it, by name, and remarks on curves and sound that stay alone.

    Files belong together whose names are the same but for the suffix, wherever they lie. JSON without
    sound is passed over, for the app writes some of its own. Raises TakesError where there is no pair.
    """
    if not folder.is_dir():
        raise TakesError(f"expected a folder of takes, there is no {folder}")
    named: dict[str, dict[str, list[Path]]] = {}
    for path in sorted(folder.rglob("*")):
        kind = _kind(path.suffix.lower())
        if kind and path.is_file() and not path.name.startswith("."):
            named.setdefault(path.stem.casefold(), {}).setdefault(kind, []).append(path)
    pairs, alone = [], []
    for files in named.values():
        curves, sound, film = (files.get(kind, []) for kind in ("curves", "sound", "film"))
        if len(curves) == len(sound) == 1:
            pairs.append(Pair(curves[0].stem, curves[0], sound[0]))
        elif curves and sound:
            shown = ", ".join(str(path.relative_to(folder)) for path in (*curves, *sound))
            alone.append(f"{shown}: more than two files of one name; which belong together?")
        elif curves and film:
            to = film[0].with_suffix(".wav").name
            alone.append(f"{curves[0].name}: take its sound out of the film: ffmpeg -i {film[0].name} {to}")
        elif curves and curves[0].suffix.lower() != ".json":
            alone.append(f"{curves[0].name}: there is no recording of this name")
        elif sound:
            alone.append(f"{sound[0].name}: there are no curves of this name")
    if not pairs:
        raise TakesError(
            f"expected takes in {folder}: curves ({', '.join(CURVES)}) and a recording of the same name "
            f"beside them ({', '.join(SOUND)}), found none" + (f". {alone[0]}" if alone else "")
        )
    return sorted(pairs, key=lambda pair: pair.name), alone


def _kind(suffix: str) -> str | None:
    kinds = {"curves": CURVES, "sound": SOUND, "film": FILM}
    return next((kind for kind, suffixes in kinds.items() if suffix in suffixes), None)
