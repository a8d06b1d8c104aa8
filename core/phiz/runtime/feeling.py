"""The emotion heard in a voice: what acting notes say where their writer leaves the emotion open."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import onnxruntime as ort

from phiz.acting.direction import EmotionKey
from phiz.audio.mel import RATE
from phiz.audio.prosody import FEATURES, describe
from phiz.audio.recording import Recording
from phiz.audio.spill import release
from phiz.errors import PhizError
from phiz.face.emotions import EMOTIONS

WINDOW = 2.0
"""Seconds that are heard at a time: the length of the clips that the network learned from."""
HOP = 1.0
_BATCH = 64  # windows that the network is given at a time

_REACH = 2.0  # seconds over which neighbouring windows are averaged: a triangle of this half width
_DOUBT = 0.3  # windows' worth of neutral added to each average, so that one window alone says less

NOTHING, EVERYTHING = 0.5, 0.95
"""Share of all emotions together at which none shows, and at which they show fully."""

SPACING = 2.0
"""Seconds between keys, at least."""
_TOLERANCE = 0.1  # share times intensity that the keys may be off by
_SLIGHT = 0.15  # a smaller share of the mix is left out

_VISIBLE = 0.02  # share times intensity below which nothing shows

_NEUTRAL = EMOTIONS.index("neutral")


Estimate = Callable[[np.ndarray], np.ndarray]
"""Prosody (N, FEATURES) -> shares (N, 8) in the order of EMOTIONS, rows summing to 1."""


class FeelingError(PhizError):
    """A graph that was made for other measurements of the voice than this version of Phiz takes."""


def _windows(samples: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Middle in seconds and samples of each window; the last ends where the recording ends."""
    length, hop = round(WINDOW * RATE), round(HOP * RATE)
    last = max(0, len(samples) - length)
    for start in [*range(0, last, hop), last]:
        piece = samples[start : start + length]
        yield (start + 0.5 * len(piece)) / RATE, piece
        release(samples)


def hear(samples: np.ndarray, estimate: Estimate) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Middles (W,) in s, shares (W, 8) of the emotions, and (W,) bool whether there was a voice to hear.

    Window by window, in memory that does not grow with the recording but for the result. Without a
    voice the row is neutral.
    """
    times: list[float] = []
    voiced: list[bool] = []
    shares: list[np.ndarray] = []
    batch: list[np.ndarray] = []
    for time, piece in _windows(samples):
        row = describe(piece)
        times.append(time)
        voiced.append(row is not None)
        if row is not None:
            batch.append(row)
        if len(batch) == _BATCH:
            shares.append(estimate(np.stack(batch)))
            batch.clear()
    if batch:
        shares.append(estimate(np.stack(batch)))
    heard = np.zeros((len(times), len(EMOTIONS)), np.float32)
    heard[:, _NEUTRAL] = 1.0
    on = np.array(voiced)
    if on.any():
        heard[on] = np.concatenate(shares)
    return np.array(times), heard, on


def smoothed(times: np.ndarray, heard: np.ndarray, voiced: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(K, 8) shares at the times `at` (K,): the mean of the voiced windows near by, and a little neutral."""
    out = np.zeros((len(at), len(EMOTIONS)))
    for i, time in enumerate(at):
        near = slice(*np.searchsorted(times, (time - _REACH, time + _REACH)))
        weight = (1.0 - np.abs(times[near] - time) / _REACH) * voiced[near]
        out[i] = weight @ heard[near]
        out[i, _NEUTRAL] += _DOUBT
    return out / out.sum(axis=1, keepdims=True)


def shown(shares: np.ndarray) -> np.ndarray:
    """(K, 8) shares -> (K, 8) share times intensity of what shows, neutral 0.

    The intensity rises in a straight line with the share of all emotions together, between NOTHING and
    EVERYTHING, so that an ordinary voice moves nothing.
    """
    felt = shares.copy()
    felt[:, _NEUTRAL] = 0.0
    whole = felt.sum(axis=1, keepdims=True)
    intensity = np.clip((whole - NOTHING) / (EVERYTHING - NOTHING), 0.0, 1.0)
    mix = felt / np.maximum(whole, 1e-9)
    mix[mix < _SLIGHT] = 0.0
    return intensity * mix / np.maximum(mix.sum(axis=1, keepdims=True), 1e-9)


def _kept(times: np.ndarray, rows: np.ndarray) -> list[int]:
    """Which rows have to stay so that straight lines between them miss none by more than the tolerance."""
    kept, last = [0], len(times) - 1
    while kept[-1] < last:
        start, end = kept[-1], kept[-1] + 1
        while end < last:
            share = (times[start + 1 : end + 1] - times[start]) / (times[end + 1] - times[start])
            line = rows[start] + share[:, None] * (rows[end + 1] - rows[start])
            if np.abs(line - rows[start + 1 : end + 1]).max() > _TOLERANCE:
                break
            end += 1
        kept.append(end)
    return kept


def _key(time: float, row: np.ndarray) -> EmotionKey:
    intensity = float(row.sum())
    if intensity < _VISIBLE:
        return EmotionKey(time=round(time, 2), mix={"neutral": 1.0}, intensity=0.0)
    mix = {EMOTIONS[i]: round(float(row[i]) / intensity, 2) for i in np.flatnonzero(row)}
    return EmotionKey(time=round(time, 2), mix=mix, intensity=round(min(intensity, 1.0), 2))


def track(samples: np.ndarray, estimate: Estimate) -> tuple[np.ndarray, np.ndarray]:
    """Times (K,) in s, 2 s apart, and (K, 8) share times intensity of what a face would show there."""
    times, heard, voiced = hear(samples, estimate)
    at = np.arange(times[0], times[-1] + 0.1, SPACING)
    return at, shown(smoothed(times, heard, voiced, at))


def propose(recording: Recording, session: ort.InferenceSession) -> tuple[EmotionKey, ...]:
    """Emotion keys for a recording, from its sound alone; none where it is neutral throughout.

    session: the bundle's graph `feeling`, prosody (N, FEATURES) -> shares (N, 8). Keys stand at least 2 s
    apart, fewer where little changes. Silence and noise are neutral. Contempt and surprise are never
    proposed. The same recording gives the same keys. Raises FeelingError.
    """
    wanted = session.get_inputs()[0].shape[-1]
    if wanted != FEATURES:
        raise FeelingError(
            f"expected a feeling graph of {FEATURES} numbers, came one of {wanted}; get a newer bundle"
        )
    at, rows = track(
        recording.samples, lambda prosody: np.asarray(session.run(None, {"prosody": prosody})[0])
    )
    if rows.max() < _VISIBLE:
        return ()
    kept = _kept(at, rows)
    if np.abs(rows - rows[0]).max() <= _TOLERANCE:
        kept = kept[:1]
    return tuple(_key(float(at[i]) if i else 0.0, rows[i]) for i in kept)
