"""Phones to lips and jaw: each phone pulls by its dominance, and the curve is the weighted mean.

Cohen and Massaro 1993: D = a exp(-(|d|/tau)^c), value = sum(D T) / sum(D), here with d the time
outside the middle half of the phone and one dominance per group of articulators.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.audio.phones import BILABIAL, LABIODENTAL, VOWELS
from phiz.corpus.teacher import visemes
from phiz.corpus.teacher.styles import Style
from phiz.face.channels import INDEX

Phone = tuple[float, float, str]

EXPONENT = 1.4
REACH = 4
"""Phones on either side that still pull on a frame."""
LEAD = 0.050
"""Seconds before the first sound at which a rest ends. The mouth begins to leave it some 60 ms earlier: most
of the 120 ms of JALI."""
TRAIL = 0.025
"""Seconds into a pause at which the mouth begins to rest."""
PAUSE = 0.30
"""Silences from this length on are rests: the mouth comes to its rest pose and stays there."""
LONG_PAUSE = 0.70
"""Silences from this length on are rested through with the lips together; in shorter ones they stay the more
parted the shorter the silence."""
EDGE_PAUSE = 0.12
"""The same for a silence that begins or ends the clip: there is no knowing how long it really is."""
JITTER = 0.009
"""Standard deviation, in seconds, of phone boundaries that make no contact; never beyond 20 ms."""
JAW_KNEE, JAW_ROOM = 0.40, 0.30
"""jawOpen is as asked up to the knee; above, it nears knee + room and no more."""
PARTED = 0.5
"""Lips and jaw of the shortest pauses, as a share of those of /n/."""
PHONE_GAIN = 0.06
"""Standard deviation of the logarithm of the gain drawn for every phone."""


_JAW = int(np.flatnonzero(INDEX["jawOpen"] == visemes.SPEECH_CHANNELS)[0])


@dataclass(frozen=True)
class Score:
    """Segments of one viseme each, in time order: start, end (s), viseme index, gain.

    rest: whether the mouth comes to rest there; parted: 0..1, how far apart a silence leaves the lips.
    """

    start: np.ndarray
    end: np.ndarray
    viseme: np.ndarray
    gain: np.ndarray
    rest: np.ndarray
    parted: np.ndarray


def stress(phones: list[Phone], loudness: np.ndarray, fps: float) -> np.ndarray:
    """(phones,) how stressed each phone is: 1 ordinary, about 0.6 to 1.4, from loudness and length."""
    if not len(loudness):
        return np.ones(len(phones))
    middle = np.array([0.5 * (s + e) for s, e, _ in phones])
    length = np.array([e - s for s, e, _ in phones])
    frames = np.clip((middle * fps).round().astype(int), 0, len(loudness) - 1)
    level = np.clip(loudness[frames], -10.0, 7.0)
    louder = np.exp(0.033 * level)
    longer = np.clip(0.78 + 2.0 * length, 0.85, 1.15)
    vowel = np.array([name in VOWELS for _, _, name in phones])
    return np.where(vowel, np.clip(louder * longer, 0.65, 1.35), np.clip(louder, 0.75, 1.25))


def score(phones: list[Phone], emphasis: np.ndarray, rng: np.random.Generator) -> Score:
    """Phones to segments: diphthongs split, boundaries jittered, pauses shortened by lead and trail."""
    count = len(phones)
    starts = np.array([p[0] for p in phones])
    ends = np.array([p[1] for p in phones])
    firm = np.array([p[2] in BILABIAL or p[2] in LABIODENTAL for p in phones])
    shift = np.clip(rng.normal(0.0, JITTER, count + 1), -0.02, 0.02)
    shift[:-1][firm] = 0.0
    shift[1:][firm] = 0.0
    shift[0] = shift[-1] = 0.0
    length = ends - starts
    room = 0.4 * np.minimum(np.append(length[0], length), np.append(length, length[-1]))
    shift = np.clip(shift, -room, room)
    gains = emphasis * np.exp(rng.normal(0.0, PHONE_GAIN, count))

    rows: list[tuple[float, float, int, float, bool, float]] = []
    for i, (_, _, name) in enumerate(phones):
        s, e = starts[i] + shift[i], ends[i] + shift[i + 1]
        if name == "SIL":
            rest = ends[i] - starts[i] >= (PAUSE if 0 < i < count - 1 else EDGE_PAUSE)
            if rest:
                s += TRAIL if i else 0.0
                e -= LEAD if i < count - 1 else 0.0
            inner = 0 < i < count - 1
            parted = (
                np.clip((LONG_PAUSE - (ends[i] - starts[i])) / (LONG_PAUSE - PAUSE), 0.0, 1.0)
                if inner
                else 0.0
            )
            rows.append((s, e, visemes.INDEX["SIL"], 1.0, rest, float(parted)))
            continue
        at = s
        for part, share in visemes.parts(name):
            until = at + share * (e - s)
            rows.append((at, until, visemes.INDEX[part], float(gains[i]), False, 0.0))
            at = until
    return Score(*(np.array(column) for column in zip(*rows, strict=True)))


def articulate(score: Score, times: np.ndarray, style: Style, gain: np.ndarray) -> np.ndarray:
    """(frames, speech channels) float32, in the order of visemes.SPEECH_CHANNELS, before any contact.

    gain: (groups,) of this speaker, multiplied with the style's and with each segment's own.
    """
    targets = visemes.TARGETS[score.viseme]  # (N, C)
    by_group = np.array([style.jaw, style.lips, style.rounding, style.press]) * gain
    stressed = np.stack(
        [score.gain, 0.5 + 0.5 * score.gain, 0.7 + 0.3 * score.gain, np.ones(len(score.gain))], 1
    )
    targets = targets * (stressed * by_group)[:, visemes.GROUP_OF]  # (N, C)
    targets += score.parted[:, None] * PARTED * visemes.TARGETS[visemes.INDEX["N"]]

    length = score.end - score.start
    core_start = score.start + 0.25 * length
    core_end = score.end - 0.25 * length
    core_start[score.rest] = score.start[score.rest]
    core_end[score.rest] = score.end[score.rest]

    here = np.searchsorted(score.end, times).clip(max=len(score.end) - 1)  # (F,)
    near = here[:, None] + np.arange(-REACH, REACH + 1)  # (F, K)
    valid = (near >= 0) & (near < len(score.end))
    near = near.clip(0, len(score.end) - 1)
    ahead = np.maximum(core_start[near] - times[:, None], 0.0)  # (F, K) s until the phone
    behind = np.maximum(times[:, None] - core_end[near], 0.0)  # (F, K) s since it
    kind = score.viseme[near]  # (F, K)
    distance = ahead[..., None] / visemes.BEFORE[kind] + behind[..., None] / visemes.AFTER[kind]  # (F, K, G)
    pull = visemes.DOMINANCE[kind] * np.exp(-(distance**EXPONENT)) * valid[..., None]
    pull /= pull.sum(1, keepdims=True) + 1e-9
    near_targets = targets[near]  # (F, K, C)
    lips = np.einsum("fkc,fkc->fc", pull[..., visemes.GROUP_OF], near_targets).astype(np.float32)
    jaw = lips[:, _JAW]
    lips[:, _JAW] = np.where(jaw > JAW_KNEE, JAW_KNEE + JAW_ROOM * np.tanh((jaw - JAW_KNEE) / JAW_ROOM), jaw)
    return lips


def activity(score: Score, times: np.ndarray) -> np.ndarray:
    """(frames,) 1 while speaking, 0 at rest in a pause, with ramps of about 0.1 s inside the pause."""
    moving = np.ones(len(times), np.float32)
    for s, e in zip(score.start[score.rest], score.end[score.rest], strict=True):
        settling = (times - s) / 0.10 if s > 0 else np.ones(len(times))
        waking = (e + 0.10 - times) / 0.10
        moving = np.minimum(moving, 1.0 - np.clip(np.minimum(settling, waking), 0.0, 1.0))
    return moving


def parted(score: Score, times: np.ndarray) -> np.ndarray:
    """(frames,) 0..1: how far apart the silence of each frame leaves the lips."""
    return score.parted[np.searchsorted(score.end, times).clip(max=len(score.end) - 1)].astype(np.float32)
