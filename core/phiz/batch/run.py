"""A batch from its first job to its last: what was made stays, what is missing is made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from phiz.audio import recording
from phiz.batch.job import Job, Made
from phiz.batch.journal import Entry, Journal
from phiz.batch.performers import Performers, Task
from phiz.errors import PhizError
from phiz.writing import whole_file


def run(
    jobs: Sequence[Job],
    performers: Performers,
    journal: Journal,
    folder: Path,
    bundle: str,
    tell: Callable[[Entry], None],
) -> None:
    """Perform the jobs whose files `folder` does not hold yet; `tell` hears what became of each, once.

    bundle: what names the performers' bundle (its manifest's checksum). The file of a job is there before
    its entry is in the journal, so that a stop in between makes it again, to the same bytes. Raises
    OutputError where the journal cannot be written, PerformersError where no worker stays alive.
    """
    keys: dict[int, str] = {}
    by_number = {job.number: job for job in jobs}

    def settle(entry: Entry) -> None:
        if entry.status != "kept":
            journal.add(entry)
        tell(entry)

    def tasks() -> Iterator[Task]:
        for job in jobs:
            try:
                keys[job.number] = job.key(bundle)
                held = journal.holds(job.out, keys[job.number])
            except OSError:
                held = None  # a recording that cannot be read: to load it says why
            if held is not None:
                settle(held.model_copy(update={"line": job.number, "status": "kept"}))
                continue
            try:
                voice = recording.load(job.audio)
            except PhizError as error:
                settle(failed(job.number, job.audio, job.out, error))
                continue
            yield job.number, voice, job.acting

    for number, outcome in performers.perform(tasks()):
        job = by_number[number]
        try:
            settle(_write(job, outcome, keys[number], folder))
        except PhizError as error:
            settle(failed(number, job.audio, job.out, error))


def failed(number: int, audio: Path | str, out: Path | str, error: PhizError | str) -> Entry:
    """The entry of a line that came to nothing."""
    return Entry(
        line=number,
        audio=str(audio),
        out=Path(out).as_posix() if out else "",
        status="failed",
        reason=str(error),
    )


def _write(job: Job, outcome: Made | PhizError, key: str, folder: Path) -> Entry:
    """Put a job's file in its place. Raises the PhizError that came of it, or OutputError."""
    if isinstance(outcome, PhizError):
        raise outcome
    path = folder / job.out
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as stream:
        stream.write(outcome.data)
    return Entry(
        line=job.number,
        audio=str(job.audio),
        out=job.out.as_posix(),
        status="done",
        seconds=round(outcome.seconds, 3),
        key=key,
        sha256=hashlib.sha256(outcome.data).hexdigest(),
    )
