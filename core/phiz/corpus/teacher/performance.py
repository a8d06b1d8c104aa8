"""One clip performed: the parts of the teacher put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.acting.direction import AUEvent
from phiz.audio.phones import INDEX as PHONE_INDEX
from phiz.audio.phones import VOWELS
from phiz.corpus.teacher import acting, closure, coarticulation, expression, eyes, visemes
from phiz.corpus.teacher.coarticulation import Phone
from phiz.corpus.teacher.head_motion import head_motion
from phiz.corpus.teacher.noise import drift
from phiz.corpus.teacher.styles import CHANCE, STYLES, TAUGHT
from phiz.errors import PhizError
from phiz.face.channels import CHANNELS, COUNT, INDEX, REGIONS
from phiz.face.emotions import EMOTIONS

FPS = 30.0
PARTED_GAP = 0.06
"""Lip gap that the shortest pauses keep."""


class TeacherError(PhizError):
    """Phones, an emotion or a style that the teacher cannot perform."""


@dataclass(frozen=True)
class Performance:
    """weights (F, 51) float32 0..1; head (F, 3) float32 radians [yaw, pitch, roll]; style: index into STYLES;
    emotion (F, 8) float32, mix * intensity in EMOTIONS order; events: the Action Units shown."""

    weights: np.ndarray
    head: np.ndarray
    style: int
    emotion: np.ndarray
    events: list[AUEvent]


def perform(
    phones: list[Phone],
    seconds: float,
    loudness: np.ndarray,
    rng: np.random.Generator,
    emotion: str | None = None,
    style: str | None = None,
    events: list[AUEvent] | None = None,
) -> Performance:
    """Play phones (start s, end s, name) as a face, at FPS, frame i at i / FPS.

    loudness: (frames,) dB relative to the clip's median speech level, or zeros. emotion, style and events
    are drawn when None. The same generator state gives the same performance. Raises TeacherError.
    """
    phones = _checked(phones, seconds)
    if emotion is not None and emotion not in EMOTIONS:
        raise TeacherError(f"expected an emotion of {', '.join(EMOTIONS)}, came {emotion!r}")
    if style is not None and style not in TAUGHT:
        raise TeacherError(f"expected a taught style of {', '.join(TAUGHT)}, came {style!r}")
    name = style or str(rng.choice(list(CHANCE), p=list(CHANCE.values())))
    manner = TAUGHT[name]
    times = np.arange(round(seconds * FPS)) / FPS
    frames = len(times)
    if not frames:
        raise TeacherError(f"expected a clip of at least one frame, came {seconds:.3f} s")

    gain = np.exp(rng.normal(0.0, (0.12, 0.12, 0.16, 0.12)))  # (groups,) of this speaker
    emphasis = coarticulation.stress(phones, loudness, FPS)
    score = coarticulation.score(phones, emphasis, rng)
    speaking = coarticulation.activity(score, times)
    track = expression.draw_emotion(rng, times, emotion)
    if events is None:
        events = acting.draw_events(rng, seconds)
    accents = _accents(phones, emphasis)

    weights = np.zeros((frames, COUNT), np.float32)
    weights[:, visemes.SPEECH_CHANNELS] = coarticulation.articulate(score, times, manner, gain)
    rounding = weights[:, INDEX["mouthPucker"]] + 0.6 * weights[:, INDEX["mouthFunnel"]]

    head = head_motion(rng, times, accents, manner.head, FPS)
    angle, shifts = eyes.gaze(rng, times, manner.gaze, head)
    rate = manner.blinks * float(rng.lognormal(0.0, 0.3))
    sight = eyes.pose(angle, eyes.blinks(rng, times, rate, shifts))
    brows = expression.brow_accents(rng, times, accents, manner.brow)

    share = expression.mouth_share(speaking, rounding)
    mood = np.minimum(expression.emotion_pose(track) * manner.mood, 1.0) * share
    _add(weights, mood)
    _add(weights, brows)
    _add(weights, _habits(rng, frames, speaking))
    _add(weights, sight)
    replaced, shown = acting.act(weights, events, share, FPS)
    _skew(weights, rng)

    rest_gap = _rest_gap(rng, mood * (1.0 - replaced) + shown)
    rest_gap += PARTED_GAP * coarticulation.parted(score, times)
    resting = np.clip(1.0 - 2.0 * speaking, 0.0, 1.0)
    closure.enforce(weights, phones, times, manner.floor, manner.press, resting, rest_gap)
    return Performance(weights, head, STYLES.index(name), track, events)


def _checked(phones: list[Phone], seconds: float) -> list[Phone]:
    """The phones made to cover the clip: gaps become SIL, empty ones go. Raises TeacherError."""
    covered: list[Phone] = []
    at = 0.0
    for start, end, name in sorted(phones):
        if name not in PHONE_INDEX:
            raise TeacherError(
                f"expected a phone of the inventory, came {name!r}; see phiz.audio.phones.PHONES"
            )
        start, end = max(float(start), at), min(float(end), seconds)
        if end - start < 1e-4:
            continue
        if start - at > 0.02:
            covered.append((at, start, "SIL"))
        elif covered and start > at:
            covered[-1] = (covered[-1][0], start, covered[-1][2])
        if name == "SIL" and covered and covered[-1][2] == "SIL":
            covered[-1] = (covered[-1][0], end, "SIL")
        else:
            covered.append((start, end, name))
        at = end
    if seconds - at > 1e-3 or not covered:
        covered.append((at, max(seconds, at), "SIL"))
    return covered


def _accents(phones: list[Phone], emphasis: np.ndarray) -> list[tuple[float, float]]:
    """(time, strength) of the stressed vowels: local peaks of emphasis, at least 0.25 s apart."""
    vowels = [(0.5 * (s + e), float(emphasis[i])) for i, (s, e, name) in enumerate(phones) if name in VOWELS]
    if not vowels:
        return []
    typical = float(np.median([v for _, v in vowels]))
    kept: list[tuple[float, float]] = []
    for i, (at, value) in enumerate(vowels):
        beside = [v for t, v in vowels[max(0, i - 1) : i + 2] if abs(t - at) < 0.4]
        if value < typical or value < max(beside) or (kept and at - kept[-1][0] < 0.25):
            continue
        kept.append((at, float(np.clip(value / typical, 0.8, 1.5))))
    return kept


def _add(weights: np.ndarray, pose: np.ndarray) -> None:
    """Add a pose to weights in place, each limiting the other so that the sum stays below 1."""
    weights += pose * (1.0 - np.clip(weights, 0.0, 1.0))


_HABIT = {
    "mouthSmileLeft": 0.02, "mouthSmileRight": 0.02, "mouthLeft": 0.012, "mouthRight": 0.012,
    "jawLeft": 0.008, "jawRight": 0.008, "jawForward": 0.012, "mouthShrugUpper": 0.012,
    "mouthDimpleLeft": 0.015, "mouthDimpleRight": 0.015, "cheekPuff": 0.008, "browInnerUp": 0.03,
    "browDownLeft": 0.02, "browDownRight": 0.02,
    "browOuterUpLeft": 0.02, "browOuterUpRight": 0.02, "eyeSquintLeft": 0.04, "eyeSquintRight": 0.04,
    "cheekSquintLeft": 0.02, "cheekSquintRight": 0.02, "noseSneerLeft": 0.012, "noseSneerRight": 0.012,
}  # fmt: skip
"""Standard deviation of the slow drift of channels that no rule moves."""
_HABIT_CHANNELS = [INDEX[name] for name in _HABIT]
_HABIT_SCALE = np.array(list(_HABIT.values()), np.float32)
_HABIT_MOUTH = np.array([i in REGIONS["mouth"] for i in _HABIT_CHANNELS])


def _habits(rng: np.random.Generator, frames: int, speaking: np.ndarray) -> np.ndarray:
    """(frames, 51): half-wave drifts of 0.35 Hz, pairs moving together; the mouth's only while speaking."""
    curves = drift(rng, frames, len(_HABIT), 0.35, FPS)
    for i, name in enumerate(_HABIT):
        if name.endswith("Right") and not name.startswith(("mouthRight", "jawRight")):
            curves[:, i] = 0.9 * curves[:, i - 1] + 0.3 * curves[:, i]
    weights = np.zeros((frames, COUNT), np.float32)
    weights[:, _HABIT_CHANNELS] = np.maximum(curves * _HABIT_SCALE, 0.0)
    mouth = np.array(_HABIT_CHANNELS)[_HABIT_MOUTH]
    weights[:, mouth] *= speaking[:, None]
    return weights


_SKEWED = [
    (INDEX[name], INDEX[name[:-4] + "Right"])
    for name in CHANNELS
    if name.endswith("Left") and not name.startswith(("eye", "jaw", "mouthLeft"))
]


def _skew(weights: np.ndarray, rng: np.random.Generator) -> None:
    """This face's asymmetry, in place: each pair of channels is uneven by a few per cent."""
    for (left, right), uneven in zip(_SKEWED, rng.normal(0.0, 0.05, len(_SKEWED)), strict=True):
        weights[:, left] *= 1.0 + uneven
        weights[:, right] *= 1.0 - uneven


def _rest_gap(rng: np.random.Generator, added: np.ndarray) -> np.ndarray:
    """(frames,) lip gap of the resting mouth: shut in 2 of 3 clips, barely apart in the others, and what
    moods and Action Units, (frames, 51), open on top."""
    parted = float(rng.uniform(0.008, 0.030)) if rng.random() < 0.33 else float(rng.uniform(-0.006, 0.004))
    opened = np.maximum(added @ closure.GAP[:, 0], 0.0)
    return (parted + opened).astype(np.float32)
