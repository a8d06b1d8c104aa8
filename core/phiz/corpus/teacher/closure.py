"""The last pass over the mouth: lips that must meet do, and lips that must not, do not.

Whatever mood, Action Unit or style has been added, /p b m/ bring the lips together, /f v/ bring the
lower lip to the teeth, every other sound keeps them clearly apart, and in a pause they rest.

The lip gap is a linear model of three points at the middle of the lips, its coefficients measured on
ICT-FaceKit (MIT): 1 is the gap of jawOpen 1, 0 is lips that touch. There mouthClose cancels jawOpen,
as on Apple's head.
"""

from __future__ import annotations

import numpy as np

from phiz.audio.phones import BILABIAL, LABIODENTAL
from phiz.corpus.teacher.coarticulation import Phone
from phiz.corpus.teacher.noise import smoothstep
from phiz.face.channels import COUNT, INDEX

# channel or stem: (middle, near side, far side); a midline channel has the same value on both sides
_COEFFICIENTS = {
    "jawForward": (0.0394, 0.0383), "jawLeft": (-0.0070, -0.0076), "jawRight": (-0.0070, -0.0076),
    "jawOpen": (1.0, 0.9737), "mouthClose": (-1.1890, -1.1823),
    "mouthFunnel": (0.4191, 0.4049), "mouthPucker": (-0.0158, -0.0169),
    "mouthLeft": (-0.0201, -0.0178), "mouthRight": (-0.0201, -0.0178),
    "mouthRollLower": (-0.1144, -0.1060), "mouthRollUpper": (0.0556, 0.0465),
    "mouthShrugLower": (-0.2099, -0.2054), "mouthShrugUpper": (0.1605, 0.1603),
    "cheekPuff": (-0.0134, -0.0120),
    "mouthSmile": (0.0011, -0.0004, 0.0), "mouthFrown": (-0.0038, -0.0041, -0.0029),
    "mouthDimple": (-0.0109, -0.0164, -0.0112), "mouthStretch": (-0.0047, -0.0051, -0.0034),
    "mouthPress": (-0.0387, -0.0463, -0.0317), "mouthLowerDown": (0.1032, 0.1194, 0.0814),
    "mouthUpperUp": (0.1083, 0.1297, 0.0889), "cheekSquint": (0.0057, 0.0066, 0.0045),
    "noseSneer": (0.0949, 0.1144, 0.0786),
}  # fmt: skip
REST_GAP = np.array([0.0233, 0.0230, 0.0230], np.float32)  # middle, left, right


def _gap_matrix() -> np.ndarray:
    matrix = np.zeros((COUNT, 3), np.float32)
    for name, values in _COEFFICIENTS.items():
        if len(values) == 2:
            matrix[INDEX[name]] = (values[0], values[1], values[1])
        else:
            middle, near, far = values
            matrix[INDEX[name + "Left"]] = (middle, near, far)
            matrix[INDEX[name + "Right"]] = (middle, far, near)
    return matrix


GAP: np.ndarray = _gap_matrix()
"""(51, 3): change of the lip gap at the middle, left and right point per unit of each channel."""

CLOSED = -0.012
"""Lip gap a closure aims at: touching, a little pressed."""
DENTAL = 0.045
"""Largest lip gap of /f v/."""
DENTAL_LEAST = 0.015

_JAW, _CLOSE = INDEX["jawOpen"], INDEX["mouthClose"]
_PULLED_DOWN = [INDEX["mouthLowerDownLeft"], INDEX["mouthLowerDownRight"]]
_PULLED_UP = [INDEX["mouthUpperUpLeft"], INDEX["mouthUpperUpRight"]]
_OPENERS = [*_PULLED_DOWN, *_PULLED_UP, INDEX["mouthFunnel"], INDEX["mouthShrugUpper"]]
_SNEER = [INDEX["noseSneerLeft"], INDEX["noseSneerRight"]]
_CLOSERS = [INDEX[n] for n in ("mouthPressLeft", "mouthPressRight", "mouthRollLower", "mouthRollUpper",
                               "mouthShrugLower", "mouthClose")]  # fmt: skip
_ROLL_LOWER, _SHRUG_LOWER = INDEX["mouthRollLower"], INDEX["mouthShrugLower"]


def lip_gap(weights: np.ndarray) -> np.ndarray:
    """(frames, 51) -> (frames,) lip gap, the largest of three points; negative is pressed together."""
    return (REST_GAP + weights @ GAP).max(1)


def contact(phones: list[Phone], times: np.ndarray, kinds: frozenset[str]) -> np.ndarray:
    """(frames,) 0..1: 1 on the frames where a phone of these kinds must make its contact.

    At least two frames per phone, one of them inside it, rather early than late; ramps of 70 ms
    before and 58 ms after. A /p/ lets go before its end, where the label still holds the breath.
    """
    held = np.zeros(len(times), np.float32)
    if not len(times):
        return held
    step = times[1] - times[0] if len(times) > 1 else 1.0
    for start, end, name in phones:
        if name not in kinds:
            continue
        release = min(0.035, 0.25 * (end - start)) if name == "P" else 0.004
        early = 0.35 * step if name in BILABIAL else 0.0
        first = int(np.ceil((start - early) / step))
        last = int(np.floor((end - release) / step))
        if last - first < 1:
            first = int(np.floor(0.5 * (start + end - release) / step))
            last = first + 1
        first, last = max(first, 0), min(last, len(times) - 1)
        first = min(first, last)
        low, high = max(0, first - 4), min(len(times), last + 5)
        at = times[low:high]
        approach = 1.0 - (times[first] - at) / 0.070
        leave = 1.0 - (at - times[last]) / 0.058
        held[low:high] = np.maximum(held[low:high], smoothstep(np.minimum(approach, leave)))
    return held


def openness(phones: list[Phone], times: np.ndarray) -> np.ndarray:
    """(frames,) 1 inside sounds that keep the lips apart, with ramps of 50 ms into pauses and contacts."""
    apart = np.zeros(len(times), np.float32)
    shut = BILABIAL | LABIODENTAL | {"SIL"}
    run_start = None
    for i, (start, end, name) in enumerate(phones):
        if name not in shut and run_start is None:
            run_start = start
        last = i == len(phones) - 1
        if run_start is not None and (last or phones[i + 1][2] in shut) and name not in shut:
            inside = np.minimum(times - run_start, end - times)
            apart = np.maximum(apart, smoothstep(1.0 + inside / 0.05))
            run_start = None
    return apart


def _close_to(weights: np.ndarray, target: np.ndarray, amount: np.ndarray) -> None:
    """Raise mouthClose where the gap is above its target, by the share `amount` of what is needed."""
    points = REST_GAP + weights @ GAP  # (F, 3)
    needed = ((points - target[:, None]) / -GAP[_CLOSE]).max(1)
    weights[:, _CLOSE] = np.clip(weights[:, _CLOSE] + amount * np.maximum(needed, 0.0), 0.0, 1.0)


def enforce(weights: np.ndarray, phones: list[Phone], times: np.ndarray, floor: float, press: float,
            resting: np.ndarray, rest_gap: np.ndarray) -> None:  # fmt: skip
    """Give every sound its lip gap, in place.

    weights: (frames, 51), clipped to 0..1 on return. floor: least gap of sounds that keep the lips apart.
    press: how hard contacts press. resting: (frames,) 1 in a pause. rest_gap: (frames,) gap of the resting
    lips.
    """
    np.clip(weights, 0.0, 1.0, out=weights)
    lips = contact(phones, times, BILABIAL)
    dental = contact(phones, times, LABIODENTAL) * (1.0 - lips)
    apart = openness(phones, times) * (1.0 - lips) * (1.0 - dental)

    # /f v/: lower lip in and up, jaw nearly shut
    weights[:, _ROLL_LOWER] = np.maximum(weights[:, _ROLL_LOWER], dental * min(0.30 * press + 0.08, 0.5))
    weights[:, _PULLED_DOWN] *= 1.0 - 0.9 * dental[:, None]
    weights[:, INDEX["mouthFunnel"]] *= 1.0 - 0.6 * dental
    excess = dental * np.maximum(lip_gap(weights) - DENTAL, 0.0)
    weights[:, _JAW] = np.maximum(weights[:, _JAW] - excess, np.minimum(weights[:, _JAW], 0.02))
    excess = np.maximum(lip_gap(weights) - DENTAL, 0.0)
    weights[:, _SHRUG_LOWER] += np.minimum(excess / 0.2099, 0.12) * dental**2
    _close_to(weights, np.full(len(times), DENTAL, np.float32), dental)
    lacking = dental * np.maximum(DENTAL_LEAST - lip_gap(weights), 0.0)
    weights[:, _SHRUG_LOWER] = np.maximum(weights[:, _SHRUG_LOWER] - lacking / 0.2099, 0.0)
    weights[:, _JAW] += dental * np.maximum(DENTAL_LEAST - lip_gap(weights), 0.0)

    # open sounds: let go of what shuts the lips, then part them, lips before jaw
    lacking = np.maximum(apart * floor - lip_gap(weights), 0.0)
    weights[:, _CLOSERS] *= (1.0 - 0.7 * apart * np.clip(lacking / 0.05, 0.0, 1.0))[:, None]
    lacking = np.maximum(apart * floor - lip_gap(weights), 0.0)
    weights[:, _PULLED_DOWN] += (0.35 * lacking / 0.2064)[:, None]
    weights[:, _PULLED_UP] += (0.15 * lacking / 0.2166)[:, None]
    weights[:, _JAW] += 0.5 * lacking
    np.clip(weights, 0.0, 1.0, out=weights)
    weights[:, _JAW] += np.maximum(apart * floor - lip_gap(weights), 0.0)

    # /p b m/: openers let go, lips press, mouthClose makes up for the jaw
    weights[:, _OPENERS] *= (1.0 - 0.85 * lips)[:, None]
    weights[:, _SNEER] *= (1.0 - 0.35 * lips)[:, None]
    weights[:, _JAW] *= 1.0 - 0.3 * lips
    excess = lips**3 * np.maximum(lip_gap(weights) - weights[:, _JAW] * 1.189 - 0.035, 0.0)
    weights[:, _SHRUG_LOWER] += np.minimum(excess / 0.2099, 0.25)
    _close_to(weights, np.full(len(times), CLOSED * min(press, 1.2), np.float32), lips**1.7)

    # pauses
    _close_to(weights, rest_gap, resting * (1.0 - lips))
    np.clip(weights, 0.0, 1.0, out=weights)
