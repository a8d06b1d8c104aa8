"""Mood and brow accents: what the face adds to speech."""

from __future__ import annotations

from functools import cache

import numpy as np

from phiz.corpus.teacher.noise import drift, pulse, smoothstep
from phiz.face import emotions
from phiz.face.channels import COUNT, INDEX, REGIONS

NEUTRAL_CHANCE = 0.35
MIXED_CHANCE = 0.25


def draw_emotion(rng: np.random.Generator, times: np.ndarray, emotion: str | None) -> np.ndarray:
    """(frames, 8) float32: mix * intensity of each emotion, neutral as what is left of 1.

    emotion None draws one (neutral at NEUTRAL_CHANCE, else each alike), "neutral" is none. A named
    emotion stays on for the whole clip; a drawn one holds, swells, fades, or comes and goes.
    """
    track = np.zeros((len(times), len(emotions.EMOTIONS)), np.float32)
    given = emotion is not None
    if emotion is None:
        moody = rng.random() >= NEUTRAL_CHANCE
        emotion = str(rng.choice(emotions.EMOTIONS[1:])) if moody else "neutral"
    if emotion != "neutral" and len(times):
        main = emotions.EMOTIONS.index(emotion)
        intensity = rng.uniform(0.3, 1.0)
        envelope = _envelope(rng, times, rng.choice(4, p=(0.45, 0.25, 0.15, 0.15)) if not given else 0)
        wobble = 1.0 + 0.06 * drift(rng, len(times), 1, 0.3, _rate(times))[:, 0]
        strength = np.clip(intensity * envelope * wobble, 0.0, 1.0)
        share = np.zeros(len(times))
        other = main
        if rng.random() < MIXED_CHANCE and not given:
            other = int(rng.choice([i for i in range(1, len(emotions.EMOTIONS)) if i != main]))
            turn = rng.uniform(0.2, 0.8) * times[-1]
            share = (
                np.full(len(times), rng.uniform(0.2, 0.5))
                if rng.random() < 0.5
                else smoothstep((times - turn) / rng.uniform(0.4, 1.2) + 0.5)
            )
        track[:, main] += strength * (1.0 - share)
        track[:, other] += strength * share
    track[:, 0] = 1.0 - track[:, 1:].sum(1)
    return track


def _rate(times: np.ndarray) -> float:
    return 1.0 / (times[1] - times[0]) if len(times) > 1 else 1.0


def _envelope(rng: np.random.Generator, times: np.ndarray, shape: int) -> np.ndarray:
    """(frames,) 0..1: 0 hold, 1 swell, 2 fade, 3 come and go; ramps of 0.3 to 1.2 s."""
    seconds = float(times[-1])
    ramp_in, ramp_out = rng.uniform(0.3, 1.2, 2)
    start = rng.uniform(-0.1, 0.5) * seconds
    end = rng.uniform(0.55, 1.1) * seconds
    rise = smoothstep((times - start) / ramp_in)
    fall = smoothstep((end - times) / ramp_out)
    return (np.ones(len(times)), rise, fall, np.minimum(rise, fall))[shape]


@cache
def _pose_table(emotion: str) -> np.ndarray:
    """(21, 51): the emotion's pose at intensities 0, 0.05 .. 1."""
    return np.stack([emotions.pose(emotion, x) for x in np.linspace(0.0, 1.0, 21)])


def emotion_pose(track: np.ndarray) -> np.ndarray:
    """(frames, 8) emotion track -> (frames, 51) float32, the moods' poses added, at most 1."""
    pose = np.zeros((len(track), COUNT), np.float32)
    for i, name in enumerate(emotions.EMOTIONS):
        level = track[:, i] * 20.0
        if i == 0 or not level.any():
            continue
        table = _pose_table(name)
        low = np.clip(level.astype(int), 0, 19)
        part = (level - low)[:, None]
        pose += table[low] * (1.0 - part) + table[low + 1] * part
    return np.minimum(pose, 1.0)


def brow_accents(
    rng: np.random.Generator, times: np.ndarray, accents: list[tuple[float, float]], activity: float
) -> np.ndarray:
    """(frames, 51) float32 brow movement on stressed vowels.

    accents: (time, strength about 1) of the vowels that may carry one; activity: the style's brow gain.
    Each carries one with probability 0.32 * activity * strength (at most 0.75); 4 of 5 raise the brows.
    """
    brows = np.zeros((len(times), COUNT), np.float32)
    for at, strength in accents:
        if rng.random() > min(0.75, 0.32 * activity * strength):
            continue
        kind = rng.choice(4, p=(0.5, 0.2, 0.1, 0.2))
        size = float(rng.uniform(0.12, 0.42)) * min(activity, 1.6) * strength
        peak = at + rng.uniform(-0.05, 0.08)
        shape = size * pulse(times, peak - rng.uniform(0.13, 0.24), peak, peak + rng.uniform(0.05, 0.25),
                             peak + rng.uniform(0.35, 0.65)).astype(np.float32)  # fmt: skip
        if kind == 3:
            named = {"browDownLeft": 0.9, "browDownRight": 0.9}
        elif kind == 2:
            side = "Left" if rng.random() < 0.5 else "Right"
            named = {f"browOuterUp{side}": 1.0, "browInnerUp": 0.35}
        elif kind == 1:
            named = {"browInnerUp": 1.0}
        else:
            named = {"browInnerUp": 0.8, "browOuterUpLeft": 0.9, "browOuterUpRight": 0.9}
        for name, weight in named.items():
            brows[:, INDEX[name]] = np.maximum(brows[:, INDEX[name]], weight * shape)
    return brows


_CORNERS = [INDEX[f"mouth{n}{s}"] for n in ("Smile", "Frown", "Dimple", "Stretch") for s in ("Left", "Right")]
_CLOSERS = [INDEX[n] for n in ("mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper",
                               "mouthShrugLower", "mouthClose", "cheekPuff")]  # fmt: skip
_MOUTH = list(REGIONS["mouth"])


def mouth_share(speaking: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """(frames, 51) gain of a mood's pose beside speech: all of it at rest, part of it while talking.

    speaking: (frames,) 0..1. rounding: (frames,) 0..1, how rounded the lips are. Corners keep the mood
    through words, openers keep most of it, what shuts the lips gives way.
    """
    talking = np.ones(COUNT, np.float32)
    talking[_MOUTH] = 0.6
    talking[_CORNERS] = 0.85
    talking[_CLOSERS] = 0.35
    talking[INDEX["cheekPuff"]] = 0.5
    share = 1.0 + speaking[:, None] * (talking - 1.0)
    share[:, _CORNERS] *= 1.0 - 0.45 * np.minimum(rounding, 1.0)[:, None]
    return share
