# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""From Generate to keys: one run at a time, computed in the worker, applied in Blender's main thread.

`begin` checks everything and sends the requests; a timer looks for the answers, so that the window is never
held up; the keys are written when all is there, in one undo step. Whatever goes wrong before that leaves the
file as it was. `finish` is the same without a timer, for scripts and under --background.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from phiz.errors import PhizError
from phiz.motion import take as takes
from phiz.worker.protocol import Cancelled, Done, Failed, Generate, Progress

from . import acting_notes, keyframes, performance, worker_process
from .pieces import Pieces
from .voice import Voice

_LOOK = 0.05  # s between looks at the worker
_PATIENCE = 0.01  # s, the same while keys are written, and where nothing else waits
_SLICE = 0.02  # s of a frame that are ours while keys are written
_MODES = {"OBJECT", "POSE"}
_LOG_TAIL = 4000  # characters of the worker's log that go with a failure


class GenerationError(PhizError):
    """Nothing can be generated, or what was generated has no place to go."""


@dataclass(frozen=True)
class Failure:
    """Why the last run came to nothing: one line, and everything that helps to mend it."""

    line: str
    details: str


@dataclass
class Run:
    """One press of Generate. Objects are held by their session_uid: undo gives them new addresses."""

    scene: int
    face: int
    voice: Voice
    seed: int
    """Of the first performance."""
    span: tuple[float, float] | None
    """Scene frames that are made anew, None for all."""
    previous: Path | None
    """The Take that a range is made anew in."""
    waiting: dict[int, Path]
    """Request -> the file that its Take will be in, in the order of the seeds."""
    shares: dict[int, float]
    """Request -> how much of it is done, 0 to 1."""
    made: list[Path] = field(default_factory=list)
    writing: Pieces[list[str]] | None = None
    """The keys, as far as they are built; in use only when all are."""

    @property
    def done(self) -> float:
        """0 to 1."""
        return sum(self.shares.values()) / max(1, len(self.shares))

    @property
    def shown(self) -> str:
        """What is going on, for the progress bar."""
        return "Writing Keys" if not self.waiting else f"{self.done:.0%}" if self.done else "Starting"


@dataclass
class State:
    """run: the one going on. failure, notes: why the last one came to nothing, or what it has to say."""

    run: Run | None = None
    failure: Failure | None = None
    notes: tuple[str, ...] = ()


state = State()


def begin(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """Check everything and ask the worker. Raises PhizError; then nothing has begun."""
    if state.run is not None:
        raise GenerationError("A generation is running. Wait for it, or cancel it.")
    state.failure, state.notes = None, ()
    settings, rate = face.phiz, keyframes.scene_rate(scene)
    performance.check(scene, face)
    folder = _folder()
    voice = performance.voice_of(scene, face, folder)
    span = performance.span_of(settings, voice, rate)
    events = performance.events_of(scene, face, voice)
    previous = performance.previous(scene, face, voice, folder) if span else None
    reference = performance.reference_of(settings)
    requests = []
    for number in range(1 if span else settings.variations):
        direction = acting_notes.direction(
            settings, events, start=voice.frame, rate=rate, seed=settings.seed + number
        )
        requests.append(
            Generate(
                audio=str(voice.path),
                audio_start=voice.begin,
                audio_end=voice.end,
                direction=direction,
                fps=rate,
                reference=reference,
                start=(span[0] - voice.frame) / rate if span and previous else None,
                end=(span[1] - voice.frame) / rate if span and previous else None,
                previous=str(previous) if previous else None,
                out=str(folder / f"phiz_{secrets.token_hex(4)}.npz"),
            )
        )
    worker_process.fit()
    worker = worker_process.worker()
    waiting = {worker.generate(request): Path(request.out) for request in requests}
    shares = dict.fromkeys(waiting, 0.0)
    state.run = Run(
        scene.session_uid, face.session_uid, voice, settings.seed, span, previous, waiting, shares
    )


def follow() -> None:
    """Let a timer do the rest; Blender's event loop has to run."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_LOOK, persistent=True)


def finish() -> None:
    """Wait for the run that `begin` began. Raises PhizError; then the file is as it was."""
    try:
        while state.run is not None:
            _step()
            time.sleep(_PATIENCE)
    except BaseException:  # Ctrl+C
        cancel()
        raise
    if state.failure is not None:
        raise GenerationError(state.failure.line)


def cancel() -> None:
    """Stop the run, if there is one; the file is as it was, the worker stays."""
    if state.run is None:
        return
    ended, state.run = state.run, None
    if ended.writing is not None:
        ended.writing.close()
    for request in ended.waiting:
        worker_process.worker().cancel(request)
    _clear(ended)


def forget() -> None:
    """No run, nothing to say: another file was opened."""
    cancel()
    state.failure, state.notes = None, ()


def _tick() -> float | None:
    before = _shown()
    _step()
    if _shown() != before:  # drawing costs more than looking
        redraw()
    return None if state.run is None else _LOOK if state.run.writing is None else _PATIENCE


def _shown() -> object:
    """What the panel shows of the run; another value, another picture."""
    return state.run and (state.run.shown, waits_for_mode())


def _step() -> None:
    """Go on with the run as far as is possible now; a failure ends it."""
    try:
        _listen()
        if state.run is not None and not state.run.waiting and _in_place():
            _write(state.run)
    except PhizError as error:
        _fail(str(error), "")
    except ReferenceError:
        _fail("The face was changed while its keys were written. Generate again.", traceback.format_exc())
    except Exception as error:  # a timer that raises is dropped without a word
        line = f"Phiz made a mistake ({type(error).__name__}). Copy the details and report them."
        _fail(line, traceback.format_exc())


def _listen() -> None:
    for reply in worker_process.worker().poll():
        if state.run is None or (reply.id is not None and reply.id not in state.run.waiting):
            continue  # of a run that was cancelled
        match reply:
            case Failed():
                _fail(reply.message, _details(reply))
            case Progress():
                state.run.shares[reply.id] = reply.done
            case Done():
                state.run.shares[reply.id] = 1.0
                state.run.made.append(state.run.waiting.pop(reply.id))
            case Cancelled():
                cancel()


def _folder() -> Path:
    """Where Takes lie until they are keys; Blender removes it when it ends."""
    return Path(bpy.app.tempdir)


def waits_for_mode() -> bool:
    """Whether all is computed, and the keys wait until the artist leaves a mode with an undo of its own."""
    return state.run is not None and not state.run.waiting and not _in_place()


def _in_place() -> bool:
    """Whether the undo of the present mode can take keys back: in Edit Mode and painting it is the mesh's."""
    return bpy.app.background or bpy.context.mode in _MODES


def _write(finished: Run) -> None:
    """Go on writing the keys of a run whose Takes are all there, for as long as a frame may wait."""
    until = time.perf_counter() + _SLICE
    finished.writing = finished.writing or _pieces(finished)
    try:
        next(finished.writing)
        while time.perf_counter() < until:
            next(finished.writing)
    except StopIteration as done:
        state.run, state.notes = None, tuple(done.value)
        _clear(finished)
        if not bpy.app.background:
            with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
                bpy.ops.ed.undo_push(message="Generate Face Animation")


def _pieces(finished: Run) -> Pieces[list[str]]:
    scene = _by_uid(bpy.data.scenes, finished.scene, "scene")
    face = _by_uid(bpy.data.objects, finished.face, "face")
    made = []
    for path in finished.made:
        made.append(takes.load(path))
        yield
    written = performance.write(scene, face, made, finished.seed, finished.voice, finished.span)
    return (yield from written)


def _fail(line: str, details: str) -> None:
    cancel()
    state.failure = Failure(line, details or line)


def refuse(error: PhizError) -> None:
    """Keep for the panel why a run could not begin."""
    state.failure = Failure(str(error), str(error))


def _details(reply: Failed) -> str:
    """All that is known of a failure of the worker."""
    said = [f"{reply.error}: {reply.message}", reply.detail or ""]
    if reply.log is not None:
        with contextlib.suppress(OSError):
            log = Path(reply.log).read_text(encoding="utf-8", errors="replace")
            said.append(f"{reply.log}:\n{log[-_LOG_TAIL:]}")
    said.append(f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}, {sys.platform}")
    return "\n\n".join(part for part in said if part)


def _clear(ended: Run) -> None:
    """Remove the files of a run."""
    previous = () if ended.previous is None else (ended.previous,)
    for path in (*ended.made, *ended.waiting.values(), *previous):
        with contextlib.suppress(OSError):
            path.unlink()


def _by_uid(blocks: bpy.types.bpy_prop_collection, uid: int, what: str) -> bpy.types.ID:
    found = next((block for block in blocks if block.session_uid == uid), None)
    if found is None:
        raise GenerationError(f"The {what} was removed while it was generated. Nothing was written.")
    return found


def redraw() -> None:
    """Have the sidebars drawn anew, in every window."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


@bpy.app.handlers.persistent
def _other_file(*_: object) -> None:
    forget()


@bpy.app.handlers.persistent
def _other_state(*_: object) -> None:
    """Undo takes away what is being built: it is built again afterwards."""
    if state.run is not None and state.run.writing is not None:
        state.run.writing.close()
        state.run.writing = None


_HANDLERS = (("load_pre", _other_file), ("undo_pre", _other_state), ("redo_pre", _other_state))


def register() -> None:
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).append(handler)


def unregister() -> None:
    forget()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    for name, handler in _HANDLERS:
        getattr(bpy.app.handlers, name).remove(handler)
    worker_process.close()
