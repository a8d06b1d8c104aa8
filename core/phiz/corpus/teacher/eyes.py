"""Blinks and gaze: lids that close on their own clock, eyes that jump and rest, lids that follow them."""

from __future__ import annotations

import numpy as np

from phiz.face.channels import COUNT, INDEX

PER_RADIAN = np.array([1.65, 2.0])
"""eyeLook weight per radian of gaze, sideways and up or down: the slopes in Live Link Face recordings."""

_BLINK = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])


def blinks(rng: np.random.Generator, times: np.ndarray, per_minute: float, shifts: np.ndarray) -> np.ndarray:
    """(frames,) 0..1 lid closure. shifts: times of large gaze shifts, one in three of which brings a blink.

    Intervals log-normal (sigma 0.6) about the rate, at least 0.4 s; closing 70-110 ms, opening 110-220 ms.
    """
    seconds = float(times[-1]) if len(times) else 0.0
    mean = 60.0 / max(per_minute, 1.0)
    onsets = [float(s) for s in shifts if rng.random() < 0.33]
    at = rng.uniform(0.0, mean)
    while at < seconds:
        onsets.append(at)
        at += max(0.4, mean * float(rng.lognormal(-0.18, 0.6)))
    closure = np.zeros(len(times), np.float32)
    previous = -1.0
    for onset in sorted(onsets):
        if onset - previous < 0.4:
            continue
        previous = onset
        closing, shut, opening = rng.uniform(0.07, 0.11), rng.uniform(0.015, 0.05), rng.uniform(0.11, 0.22)
        depth = rng.uniform(0.85, 1.0) if rng.random() < 0.88 else rng.uniform(0.4, 0.8)
        down = np.clip((times - onset) / closing, 0.0, 1.0)
        up = np.exp(-np.maximum(times - onset - closing - shut, 0.0) / (0.4 * opening))
        closure = np.maximum(closure, depth * np.where(times < onset + closing, down, up))
    return closure.astype(np.float32)


def gaze(
    rng: np.random.Generator, times: np.ndarray, activity: float, head: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(frames, 2) gaze in the head, radians to the character's left and up, and the times of large shifts.

    Fixations log-normal about 1.1 s / activity. Half of them are on the listener; the others last 0.6 as
    long and are off by Gaussian angles of 0.12 (sideways) and 0.07 rad. Jumps of 40-60 ms. The eyes undo 0.8
    of head turns.
    """
    seconds = float(times[-1]) if len(times) else 0.0
    home = rng.normal(0.0, (0.03, 0.03))
    knots, points, large = [0.0], [home], []
    at = float(rng.uniform(0.2, 2.0))
    here = home
    while at < seconds:
        away = rng.random() < 0.5
        there = home + rng.normal(0.0, (0.12, 0.07)) * activity if away else home + rng.normal(0.0, 0.012, 2)
        jump = float(rng.uniform(0.04, 0.06))
        if np.abs(there - here).sum() > 0.2:
            large.append(at)
        knots += [at, at + jump]
        points += [here, there]
        here = there
        stay = float(np.clip(rng.lognormal(0.1 - np.log(activity), 0.7), 0.15, 6.0))
        at += jump + (0.6 * stay if away else stay)
    path = np.array(points)
    angle = np.stack([np.interp(times, knots, path[:, i]) for i in range(2)], 1)
    angle[:, 0] -= 0.8 * head[:, 0]
    angle[:, 1] += 0.8 * head[:, 1]  # positive pitch is down
    return np.clip(angle, -0.6, 0.6).astype(np.float32), np.array(large)


def pose(angle: np.ndarray, closure: np.ndarray) -> np.ndarray:
    """Gaze (frames, 2) rad and lid closure (frames,) -> (frames, 51) float32 weights of the eyes.

    The upper lids follow the gaze: down with it (0.45 of eyeLookDown as eyeBlink), up with it as eyeWide.
    """
    weights = np.zeros((len(angle), COUNT), np.float32)
    left, up = (angle * PER_RADIAN).T
    weights[:, INDEX["eyeLookOutLeft"]] = weights[:, INDEX["eyeLookInRight"]] = np.maximum(left, 0.0)
    weights[:, INDEX["eyeLookInLeft"]] = weights[:, INDEX["eyeLookOutRight"]] = np.maximum(-left, 0.0)
    for side in ("Left", "Right"):
        weights[:, INDEX["eyeLookUp" + side]] = np.maximum(up, 0.0)
        weights[:, INDEX["eyeLookDown" + side]] = np.maximum(-up, 0.0)
        weights[:, INDEX["eyeWide" + side]] = 0.5 * np.maximum(up, 0.0) * (1.0 - closure)
        weights[:, INDEX["eyeBlink" + side]] = np.maximum(closure, 0.45 * np.maximum(-up, 0.0))
    return weights
