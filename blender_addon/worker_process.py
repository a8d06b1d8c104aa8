"""The one worker of this Blender: made when first needed, kept warm, made anew when preferences change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from . import preferences

if TYPE_CHECKING:
    from phiz.worker.client import Worker

_made: dict[preferences.Wanted, Worker] = {}
"""The worker and what it was made for; one at most."""


def worker() -> Worker:
    """The worker; nothing is started before it is asked to."""
    from phiz.worker.client import Worker

    if not _made:
        wanted = preferences.wanted()
        _made[wanted] = Worker(_path(wanted.python), _path(wanted.bundle), wanted.threads or None)
    return next(iter(_made.values()))


def fit() -> None:
    """End a worker that is not what the preferences want any more; not while one is waited for."""
    if _made and preferences.wanted() not in _made:
        close()


def log() -> Path | None:
    """The file with what the worker has printed; None where it was not started yet."""
    return next((made.log for made in _made.values()), None)


def close() -> None:
    """End the worker, if there is one."""
    while _made:
        _made.popitem()[1].close()


def _path(text: str) -> Path | None:
    return Path(text) if text else None
