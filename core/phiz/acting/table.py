"""A CSV whose columns are options of a command: each line stands for one call of it."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from phiz.errors import PhizError


class TableError(PhizError):
    """The CSV cannot be read, or has a column that is no option."""


@dataclass(frozen=True)
class Line:
    """A line of the table: its number in the file and the options it stands for, or what is wrong."""

    number: int
    options: list[str]
    fault: str | None = None


def read(
    path: str | os.PathLike[str],
    columns: Collection[str],
    *,
    repeated: Collection[str] = (),
    flags: Collection[str] = (),
) -> list[Line]:
    """Every line that is not blank.

    columns: the options there are, with underscores for dashes. An empty cell is an option not given. A
    cell of a column in `repeated` may hold several between semicolons; one of `flags` that is not empty
    gives the bare option. UTF-8, with or without a byte order mark. Raises TableError.
    """
    path = Path(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as text:
            reader = csv.DictReader(text, skipinitialspace=True)
            names = [name.strip().replace("-", "_") for name in reader.fieldnames or ()]
            if not names:
                raise TableError(f"{path.name} is empty; its first line has to name the columns.")
            if unknown := [name for name in names if name not in columns]:
                raise TableError(
                    f"{path.name} has a column {unknown[0]!r}. Columns are: {', '.join(sorted(columns))}."
                )
            if twice := [name for name in names if names.count(name) > 1]:
                raise TableError(f"{path.name} has two columns {twice[0]!r}. Keep one.")
            reader.fieldnames = names
            lines = []
            for row in reader:
                fault = None
                if row.pop(None, None):  # where csv puts what is left over
                    fault = f"it has more than {len(names)} cells. Put a cell that holds a comma in quotes."
                cells = {name: (cell or "").strip() for name, cell in row.items()}
                if fault or any(cells.values()):
                    lines.append(Line(reader.line_num, _options(cells, repeated, flags), fault))
            return lines
    except FileNotFoundError as error:
        raise TableError(f"There is no file {path}. Check the name and the folder.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise TableError(f"Cannot read {path}: {error}.") from error


def _options(cells: dict[str, str], repeated: Collection[str], flags: Collection[str]) -> list[str]:
    words = []
    for column, cell in cells.items():
        name = f"--{column.replace('_', '-')}"
        if cell and column in flags:
            words.append(name)
        elif cell:
            parts = cell.split(";") if column in repeated else [cell]
            words += [f"{name}={part.strip()}" for part in parts if part.strip()]
    return words
