"""The manners of speaking that a model bundle knows, read without loading the model."""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path


def names(bundle: Path | None = None) -> tuple[str, ...]:
    """Styles of a bundle (None: the shipped one), in its order; none where it cannot be read."""
    return _read(shipped() if bundle is None else bundle)


def shipped() -> Path:
    """Folder of the bundle that came with the extension; it need not be there."""
    package = find_spec("phiz")
    assert package is not None and package.origin is not None, "phiz is imported wherever this is"
    return Path(package.origin).parent / "runtime" / "shipped"


@cache
def _read(bundle: Path) -> tuple[str, ...]:
    try:
        return tuple(json.loads((bundle / "model.json").read_bytes())["styles"])
    except (OSError, ValueError, KeyError):
        return ()
