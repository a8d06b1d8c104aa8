# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""Settings of a face <-> the parts of a Direction that are not events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from phiz.acting.direction import AUEvent, Direction, EmotionKey

from .properties import FaceSettings, mix_of

if TYPE_CHECKING:
    from collections.abc import Sequence


def direction(
    settings: FaceSettings, events: Sequence[AUEvent], *, start: float, rate: float, seed: int
) -> Direction:
    """The Direction of a face; second 0 stands at scene frame `start`. Raises DirectionError."""
    emotion = None
    if not settings.emotion_heard:
        emotion = (
            EmotionKey(mix=mix_of(settings.emotions), intensity=_short(settings.intensity)),
            *(
                EmotionKey(
                    time=max(0.0, _short((moment.frame - start) / rate)),
                    mix=mix_of(moment.emotions),
                    intensity=_short(moment.intensity),
                )
                for moment in settings.moments
            ),
        )
    style = settings.style.strip() or None if not settings.reference_file else None
    return Direction(emotion=emotion, events=tuple(events), style=style, seed=seed)


def into_settings(notes: Direction, settings: FaceSettings, *, start: float, rate: float) -> None:
    """Set emotion, style and seed as a Direction has them; its events are not touched."""
    settings.emotions.clear()
    settings.moments.clear()
    settings.emotion_heard = notes.emotion is None
    settings.intensity = 1.0
    keys = list(notes.emotion or ())
    if keys and keys[0].time > 0.0:  # the first mix holds from the beginning on
        keys.insert(0, keys[0])
    for number, key in enumerate(keys):
        holder = settings if number == 0 else settings.moments.add()
        holder.intensity = key.intensity
        for name, share in key.mix.items():
            entry = holder.emotions.add()
            entry.emotion, entry.share = name, share
        if number:
            holder.frame = start + key.time * rate
    settings.style = notes.style or ""
    settings.seed = min(notes.seed, 2**31 - 1)  # the largest that a property of Blender holds


def _short(value: float) -> float:
    """Without the digits that single precision adds: 0.7 and not 0.699999988."""
    return round(value, 6)
