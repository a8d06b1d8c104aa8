# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""The recording that is acted: a file, or a sound strip of the Video Sequencer with its trims."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import bpy

from phiz.errors import PhizError
from phiz.writing import whole_file

from . import action_support

_TAIL = 1e-3  # seconds past the end of a file that are still rounding


class VoiceError(PhizError):
    """No recording was chosen, it is not there, or the strip says what Phiz cannot follow."""


@dataclass(frozen=True)
class Voice:
    """Seconds `begin` to `end` of a sound file; `begin` stands at scene frame `frame`."""

    path: Path
    begin: float
    end: float
    frame: float

    @property
    def seconds(self) -> float:
        return self.end - self.begin


def of_file(path: str, frame: float) -> Voice:
    """A whole sound file that begins at a scene frame; `path` may be relative to the .blend (`//`).

    Raises VoiceError.
    """
    if not path.strip():
        raise VoiceError("No recording is chosen. Choose a sound file under Voice.")
    found = Path(bpy.path.abspath(path))
    return Voice(found, 0.0, _seconds(found), frame)


def of_strip(scene: bpy.types.Scene, name: str, folder: Path) -> Voice:
    """What a sound strip of the scene plays. A packed sound is written into `folder`. Raises VoiceError."""
    strip = next((strip for strip in sound_strips(scene) if strip.name == name), None)
    if strip is None:
        raise VoiceError(
            f"There is no sound strip {name!r} in the Video Sequencer. Choose one under Voice."
            if name
            else "No sound strip is chosen. Choose one under Voice."
        )
    if len(getattr(strip, "retiming_keys", ())) > 0:
        raise VoiceError(f"The sound strip {name!r} is retimed. Reset its retiming, or bake it to a file.")
    path = _unpacked(strip.sound, folder) if strip.sound.packed_file else _file_of(strip.sound)
    rate = scene.render.fps / scene.render.fps_base
    first, last = action_support.strip_span(strip)
    skipped = action_support.sound_skipped(strip, rate)
    begin = max(0.0, skipped)  # a strip may begin before its sound does
    end = min(_seconds(path), skipped + (last - first) / rate)
    if end - begin <= _TAIL:
        raise VoiceError(f"The sound strip {name!r} plays nothing of its file. Lengthen it.")
    return Voice(path, begin, end, first + (begin - skipped) * rate)


def sound_strips(scene: bpy.types.Scene) -> list[bpy.types.Strip]:
    """The sound strips of a scene's Video Sequencer, those within meta strips left out."""
    editor = scene.sequence_editor
    return [strip for strip in action_support.strips(editor) if strip.type == "SOUND"] if editor else []


def _file_of(sound: bpy.types.Sound) -> Path:
    return Path(bpy.path.abspath(sound.filepath, library=sound.library))


def _unpacked(sound: bpy.types.Sound, folder: Path) -> Path:
    """The packed sound as a file of its own, named by what it holds, so that it is written once."""
    data = sound.packed_file.data
    path = folder / f"{hashlib.sha256(data).hexdigest()[:16]}{Path(sound.filepath).suffix}"
    if not path.exists():
        with whole_file(path) as stream:
            stream.write(data)
    return path


def _seconds(path: Path) -> float:
    import soundfile

    if not path.is_file():
        raise VoiceError(f"There is no file {path}. Check the name and the folder.")
    try:
        return float(soundfile.info(str(path)).duration)
    except (soundfile.SoundFileError, TypeError) as error:
        raise VoiceError(
            f"Cannot read {path.name} as audio. It may be damaged, or has to become WAV."
        ) from error
