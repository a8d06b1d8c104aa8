"""The demo characters as data: `load` reads in a moment what `demo_head` builds in seconds.

`heads.npz` is written by `python -m phiz.face.head.build` and holds every variation. Places are whole steps
of a grid over the head (uint16); displacements are whole steps of `STEP`, and only of the vertices that
move. What all variations have alike, such as the faces, is stored once. Nothing in it runs on loading.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from phiz.errors import PhizError
from phiz.face.head import Head, demo_head
from phiz.face.head.variations import VARIATIONS

DATA = Path(__file__).with_name("heads.npz")
DEFAULT = next(iter(VARIATIONS))
STEP = 2e-6
"""Metres: displacements are kept to half of it, up to 6.5 cm."""
_GRID = 65535
_MOST = 32767


class ShippedError(PhizError):
    """There is no such variation, or the heads cannot be read."""


def checked(variation: str) -> str:
    """The name of a variation. Raises ShippedError where there is none of that name."""
    if variation not in VARIATIONS:
        raise ShippedError(f"There is no head {variation!r}. There are: {', '.join(VARIATIONS)}.")
    return variation


def load(variation: str = DEFAULT, path: Path = DATA) -> Head:
    """The character that `demo_head(variation)` builds, to 5 micrometres. Raises ShippedError.

    Without the file, as in a source tree in which it was not built yet, it is built anew.
    """
    checked(variation)
    if not path.exists():
        return demo_head(variation)
    try:
        with np.load(path, allow_pickle=False) as archive:
            names = set(archive.files)

            def read(name: str) -> np.ndarray:
                own = f"{variation}/{name}"
                return archive[own if own in names else name]

            return _unpacked({name: read(name) for name in _ARRAYS})
    except (OSError, KeyError, ValueError) as error:
        raise ShippedError(f"Cannot read the heads in {path} ({error}). Install Phiz again.") from error


def write(heads: Mapping[str, Head], stream: BinaryIO) -> None:
    """Pack the heads, by the names of their variations. Same heads, same bytes. Raises ShippedError."""
    packed = {name: _packed(head) for name, head in heads.items()}
    arrays: dict[str, np.ndarray] = {}
    for name in _ARRAYS:
        first, *others = (fields[name] for fields in packed.values())
        if all(first.shape == other.shape and (first == other).all() for other in others):
            arrays[name] = first
        else:
            arrays |= {f"{variation}/{name}": fields[name] for variation, fields in packed.items()}
    np.savez_compressed(stream, **arrays)  # pyright: ignore[reportArgumentType]


_ARRAYS = (
    *("box", "vertices", "sizes", "corners", "material_index", "material_names", "colours"),
    *("uvs", "keys", "drivers", "counts", "rows", "moved"),
)


def _packed(head: Head) -> dict[str, np.ndarray]:
    """The head in whole numbers; `drivers` has a row for each key, empty for those that nothing drives."""
    low, high = head.vertices.min(0), head.vertices.max(0)
    grid = np.rint((head.vertices - low) / (high - low) * _GRID).astype(np.uint16)
    moves = {**head.keys, **{name: delta for name, (_, delta) in head.correctives.items()}}
    whole = [np.rint(delta.astype(np.float64) / STEP) for delta in moves.values()]
    largest = max(float(np.abs(delta).max()) for delta in whole)
    if largest > _MOST:
        raise ShippedError(f"A key moves {largest * STEP:.3f} m, more than {_MOST * STEP:.3f} m: raise STEP.")
    rows = [np.flatnonzero(delta.any(1)) for delta in whole]
    corners = np.concatenate([np.array(face) for face in head.faces])
    driven = [" ".join(head.correctives[name][0]) if name in head.correctives else "" for name in moves]
    return {
        "box": np.stack([low, high]).astype(np.float32),
        "vertices": grid,
        "sizes": np.array([len(face) for face in head.faces], np.uint8),
        "corners": _steps(corners),
        "material_index": head.material_index.astype(np.uint8),
        "material_names": np.array([name for name, _, _ in head.materials]),
        "colours": np.array([(*rgba, roughness) for _, rgba, roughness in head.materials]),
        "uvs": np.rint(head.uvs * _GRID).astype(np.uint16),
        "keys": np.array(list(moves)),
        "drivers": np.array(driven),
        "counts": np.array([len(at) for at in rows], np.uint32),
        "rows": _steps(np.concatenate(rows)),
        "moved": np.concatenate([d[at] for d, at in zip(whole, rows, strict=True)]).astype(np.int16).T,
    }


def _unpacked(fields: Mapping[str, np.ndarray]) -> Head:
    low, high = fields["box"]
    vertices = low + fields["vertices"] * ((high - low) / _GRID)
    corners = np.cumsum(fields["corners"]).tolist()
    ends = np.cumsum(fields["sizes"], dtype=np.int64).tolist()
    rows = np.cumsum(fields["rows"])
    moved = np.ascontiguousarray(fields["moved"].T).astype(np.float32) * np.float32(STEP)
    keys: dict[str, np.ndarray] = {}
    correctives: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    last = np.cumsum(fields["counts"], dtype=np.int64).tolist()
    for name, drivers, start, end in zip(
        fields["keys"].tolist(), fields["drivers"].tolist(), [0, *last], last, strict=False
    ):
        delta = np.zeros((len(vertices), 3), np.float32)
        delta[rows[start:end]] = moved[start:end]
        if drivers:
            correctives[name] = tuple(drivers.split()), delta
        else:
            keys[name] = delta
    materials = zip(fields["material_names"].tolist(), fields["colours"].tolist(), strict=True)
    return Head(
        vertices=vertices.astype(np.float32),
        faces=[tuple(corners[a:b]) for a, b in zip([0, *ends], ends, strict=False)],
        material_index=fields["material_index"].astype(np.int64),
        materials=tuple((name, (r, g, b, a), rough) for name, (r, g, b, a, rough) in materials),
        keys=keys,
        uvs=fields["uvs"].astype(np.float32) / np.float32(_GRID),
        correctives=correctives,
    )


def _steps(numbers: np.ndarray) -> np.ndarray:
    """The differences of neighbours, which pack better; their running sum gives the numbers back."""
    return np.diff(numbers, prepend=0).astype(np.int32)
