# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""From a portrait to a film: `phiz video` in the Python that the preferences name, one film at a time.

Nothing in the .blend is changed. `begin` checks everything and starts it, a timer looks how far it is;
`finish` waits instead, for scripts and under --background.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.errors import PhizError
from phiz.worker.elsewhere import Running, lacking
from phiz.writing import check_writable, whole_file

from . import acting_notes, generation, keyframes, performance, preferences, result
from .voice import Voice

PACKAGES = ("torch", "diffusers", "transformers", "safetensors", "av", "PIL")
"""What films need beside what Phiz does, by the names they are imported by."""
SMALL = (
    "The small model knows Phiz's own heads alone, 64 pixels wide. A picture of a real person needs large "
    "weights: name them in the preferences."
)
SAID = "the small model has seen renders"
"""What a remark of `phiz video` begins with that says what SMALL does."""
_LOOK = 0.2  # s between looks at the process


class FilmingError(PhizError):
    """No film can be made, or what was begun came to nothing."""


@dataclass
class State:
    """run: the one going on, and the film it makes. failure, notes, made: of the last one."""

    run: Running | None = None
    out: Path = Path()
    given: list[Path] = field(default_factory=list)
    """Files that were written for the run."""
    failure: str = ""
    notes: tuple[str, ...] = ()
    made: Path | None = None


state = State()
_AGAIN = 15.0  # s after which a Python that lacked something is looked into again
_looked: dict[str, tuple[str | None, float]] = {}
"""Python -> why it cannot make films, empty where it can, None while that is looked for; and since when."""


def why_not(scene: bpy.types.Scene, face: bpy.types.Object) -> str:
    """Why there is nothing to film; empty where there is."""
    if state.run is not None:
        return "A film is being made"
    if reason := performance.why_not(scene, face):
        return reason
    settings = face.phiz
    if not settings.film_portrait.strip():
        return "Choose a portrait"
    if not Path(bpy.path.abspath(settings.film_portrait)).is_file():
        return "There is no such portrait: choose it again"
    if not settings.film_out.strip():
        return "Choose where the film goes"
    return _unfit(preferences.wanted().python)


def _unfit(python: str) -> str:
    """Why a Python cannot make films; looks for it in a thread, so that nothing waits for it."""
    reason, since = _looked.get(python, (None, 0.0))
    if python not in _looked or (reason and time.monotonic() - since > _AGAIN):
        _looked[python] = (None, time.monotonic())
        looking = threading.Thread(target=_look, args=(python,), daemon=True)
        looking.start()
        if bpy.app.background or not python:  # for a script, or at hand
            looking.join()
        else:
            follow()
        reason, _ = _looked[python]
    return "Looking for what films need" if reason is None else reason


def _look(python: str) -> None:
    try:
        missing = lacking(Path(python) if python else None, PACKAGES)
    except PhizError as error:
        _looked[python] = (str(error).rstrip("."), time.monotonic())
        return
    whose = "The Python of the preferences" if python else "Blender's Python"
    reason = f"{whose} lacks {', '.join(missing)}: name one in the preferences that has phiz[video] installed"
    _looked[python] = (reason if missing else "", time.monotonic())


def begin(scene: bpy.types.Scene, face: bpy.types.Object) -> None:
    """Check everything and start. Raises PhizError; then nothing has begun."""
    if reason := why_not(scene, face):
        raise FilmingError(f"{reason}.")
    state.failure, state.notes, state.made = "", (), None
    settings, wanted, model = face.phiz, preferences.wanted(), preferences.film()
    out = Path(bpy.path.abspath(settings.film_out)).with_suffix(".mp4")
    check_writable(out)
    folder = Path(bpy.app.tempdir) / f"phiz_{secrets.token_hex(4)}"
    voice = performance.voice_of(scene, face, Path(bpy.app.tempdir))
    rate = keyframes.scene_rate(scene)
    events = performance.events_of(scene, face, voice)
    notes = acting_notes.direction(settings, events, start=voice.frame, rate=rate, seed=settings.seed)
    reference = performance.reference_of(settings)
    words = {
        "--direction": folder.with_suffix(".json"),
        "--drive": settings.film_drive,
        "--style-from": reference,
        "--bundle": wanted.bundle,
        "--threads": wanted.threads,
        "--model": model.model,
        "--weights": model.weights,
    }
    notes.to_file(folder.with_suffix(".json"))
    given = [folder.with_suffix(".json")]
    if performance.has_result(face):
        words["--take"] = folder.with_suffix(".npz")
        given.append(_shown(scene, face, voice, rate, folder.with_suffix(".npz")))
    sound = _heard(voice, folder.with_suffix(".wav"))
    if sound != voice.path:
        given.append(sound)
    portrait = bpy.path.abspath(settings.film_portrait)
    options = [word for name, value in words.items() if value for word in (name, str(value))]
    arguments = ["video", portrait, str(sound), "-o", str(out), "--progress-lines", *options]
    state.run = Running(Path(wanted.python) if wanted.python else None, arguments)
    state.out, state.given = out, given


def _shown(scene: bpy.types.Scene, face: bpy.types.Object, voice: Voice, rate: float, path: Path) -> Path:
    """What the face shows while the voice is heard, as a Take, so that the film agrees with it."""
    first = round(voice.frame)
    take = result.seen(
        performance.targets(scene, face),
        first=first,
        last=first + max(1, round(voice.seconds * rate)) - 1,
        rate=rate,
        turning=performance.turning(face),
    )
    take.save(path)
    return path


def _heard(voice: Voice, path: Path) -> Path:
    """The part of the recording that is heard, as a file: itself, where that is all of it."""
    import soundfile

    whole = recording.load(voice.path)
    if voice.begin < 1e-3 and voice.end > whole.seconds - 1e-3:
        return voice.path
    with whole_file(path) as out:
        soundfile.write(out, whole.cut(voice.begin, voice.end).samples, RATE, format="WAV", subtype="PCM_16")
    return path


def follow() -> None:
    """Let a timer look; Blender's event loop has to run."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_LOOK, persistent=True)


def finish() -> None:
    """Wait for the film that `begin` began. Raises PhizError."""
    try:
        while state.run is not None:
            _step()
            time.sleep(_LOOK)
    except BaseException:  # Ctrl+C
        cancel()
        raise
    if state.failure:
        raise FilmingError(state.failure)


def cancel() -> None:
    """Stop the film, if one is made; no file is written, and the same film goes on from there."""
    if state.run is None:
        return
    state.run.stop()
    _end()
    state.notes = ("Stopped. The same film, made again, goes on where it was.",)


def _tick() -> float | None:
    before = _seen()
    _step()
    if _seen() != before:
        generation.redraw()
    looking = any(reason is None for reason, _ in _looked.values())
    return _LOOK if state.run is not None or looking else None


def _seen() -> object:
    """What the panel shows; another value, another picture."""
    return state.run and round(state.run.share, 2), state.failure, state.notes, dict(_looked)


def _step() -> None:
    run = state.run
    if run is None:
        return
    state.notes = tuple(run.notes)
    if run.over:
        _end()
        try:
            run.check()
        except PhizError as error:
            state.failure = str(error)
        else:
            state.made = state.out


def _end() -> None:
    state.run = None
    for path in state.given:
        with contextlib.suppress(OSError):
            path.unlink()
    state.given = []


def register() -> None:
    """Nothing to do; the classes are the sidebar's."""


def unregister() -> None:
    cancel()
    _looked.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
