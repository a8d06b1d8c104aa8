"""A bundle's folder: written whole or not at all, and signed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from phiz.runtime import bundle
from phiz.writing import OutputError


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A new folder that takes the place of the bundle `out` when all is well; else nothing is left of it.

    Raises OutputError.
    """
    if out.exists() and not (out / bundle.MANIFEST).is_file():
        raise OutputError(
            f"expected a model bundle or nothing at {out}, found something else; choose another"
        )
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        shutil.rmtree(out, ignore_errors=True)
        os.replace(part, out)
    except OSError as error:
        raise OutputError(f"cannot write the bundle {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def write_manifest(manifest: bundle.Manifest, folder: Path) -> None:
    """Sign it, in place, and write it into a bundle's folder."""
    manifest.sha256[bundle.MANIFEST] = bundle.manifest_digest(manifest)
    text = manifest.model_dump_json(indent=1, exclude_none=True)
    (folder / bundle.MANIFEST).write_text(text + "\n", encoding="utf-8")
