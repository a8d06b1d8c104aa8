"""How well a face follows the sounds: closure, lip-teeth contact, rounding, opening, rest, texture.

Every measure takes Performances, pooled, and returns plain numbers in a dict; nan where there is
nothing to measure. All thresholds and tables below were fixed before any system was scored.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from phiz.audio.phones import BILABIAL, LABIODENTAL, NON_LABIAL_CONSONANTS, ROUNDED, VOWELS
from phiz.errors import PhizError
from phiz.face import channels
from phiz.face.channels import INDEX

Phone = tuple[float, float, str]  # start, end in seconds, ARPAbet name

FALSE_SHARE = 0.08  # of the other sounds that may reach a threshold
REACH = 0.040  # s on either side of a phone within which a posture still counts
CLEAR = 0.100  # s between a sound that sets a threshold and the sounds it is meant for
SHORT_VOWEL = 0.040  # s; forced alignment gives 30 ms to vowels it cannot place
LONG_VOWEL = 0.080  # s; the middles of shorter vowels say little
PAUSE = 0.300  # s
GAP_FPS = 60.0
EVEN_FPS = 30.0  # rate at which changes per frame are counted
TREMOR_HZ = 8.0  # faster than articulation
GAP_FILE = "ict_lip_gap.json"

# Height of the tongue, 0 close to 1 open (IPA chart; a diphthong by the vowel it passes halfway).
VOWEL_OPENNESS = {
    "IY": 0.0, "UW": 0.0, "UE": 0.0, "IH": 1 / 6, "UH": 1 / 6, "EY": 1 / 3, "OW": 1 / 3,
    "ER": 1 / 2, "AH": 1 / 2, "OY": 1 / 2, "EH": 2 / 3, "AO": 2 / 3,
    "AE": 5 / 6, "AY": 5 / 6, "AW": 5 / 6, "AA": 1.0,
}  # fmt: skip

_MOUTH = np.array(channels.REGIONS["mouth"])


class LipGapError(PhizError):
    """The file that gives the lip gap of a head is missing or does not name the 51 channels."""


@dataclass(frozen=True)
class LipGap:
    """Gap between the inner lips of a head, linear in the channels: rest (5,), slope (5, 51).

    Five points from the character's right to left; 1 = the gap of jawOpen 1 at the middle.
    """

    rest: np.ndarray
    slope: np.ndarray

    def __call__(self, weights: np.ndarray) -> np.ndarray:
        """(frames, 51) -> (frames,): the largest of the three middle points, 0 where the lips touch."""
        gaps = self.rest[1:4] + weights @ self.slope[1:4].T  # (frames, 3)
        return np.maximum(gaps, 0.0).max(1)


def load_lip_gap(folder: str | Path) -> LipGap:
    """The lip gap of the ICT-FaceKit head from a folder of rigs. Raises LipGapError."""
    path = Path(folder) / GAP_FILE
    if not path.is_file():
        raise LipGapError(f"expected {path}, found nothing; give the folder of rigs with --rigs")
    table = json.loads(path.read_text(encoding="utf-8"))
    if tuple(table["channels"]) != channels.CHANNELS:
        raise LipGapError(f"expected the 51 channels in Live Link order in {path}, found others")
    return LipGap(np.array(table["g0"]), np.array(table["G"]))


@dataclass(frozen=True)
class Performance:
    """What a face did while these phones were spoken: weights (frames, 51) at fps, frame i at i / fps."""

    weights: np.ndarray
    fps: float
    phones: Sequence[Phone]

    @cached_property
    def even(self) -> np.ndarray:
        """(frames, 51) at 30 fps."""
        return resampled(self.weights, self.fps, EVEN_FPS)

    def gap(self, lip_gap: LipGap) -> Track:
        """The lip gap at 60 fps."""
        return Track(lip_gap(resampled(self.weights, self.fps, GAP_FPS)), GAP_FPS)

    def channel_sum(self, *names: str) -> Track:
        return Track(self.weights[:, [INDEX[name] for name in names]].sum(1), self.fps)


@dataclass(frozen=True)
class Track:
    """One number per frame, frame i at i / fps."""

    values: np.ndarray
    fps: float

    def within(self, start: float, end: float) -> np.ndarray:
        """Values of the frames from start to end; the nearest frame if none is there; none beyond the end."""
        first, last = int(np.ceil(start * self.fps - 1e-6)), int(np.floor(end * self.fps + 1e-6))
        if last < first:
            first = last = round((start + end) / 2 * self.fps)
        return self.values[max(first, 0) : max(last + 1, 0)]

    def at(self, time: float) -> float:
        """Linearly interpolated value; nan beyond the end."""
        place = time * self.fps
        if not 0 <= place <= len(self.values) - 1:
            return float("nan")
        return float(np.interp(place, np.arange(len(self.values)), self.values))

    def resampled(self, fps: float) -> Track:
        return Track(resampled(self.values, self.fps, fps), fps)


def resampled(values: np.ndarray, fps: float, to: float) -> np.ndarray:
    """(frames, ...) values linearly interpolated from one frame rate to another; frame 0 stays."""
    if fps == to or len(values) < 2:
        return values
    times = np.arange(int((len(values) - 1) / fps * to + 1e-6) + 1) * (fps / to)  # in source frames
    low = np.minimum(times.astype(int), len(values) - 2)
    part = (times - low).reshape(-1, *[1] * (values.ndim - 1))
    return values[low] * (1 - part) + values[low + 1] * part


def aperture(weights: np.ndarray) -> np.ndarray:
    """(frames, 51) -> (frames,): A = jawOpen - mouthClose + 0.3 (lowerDown + upperUp), sides averaged."""
    lips = [INDEX[f"mouth{part}{side}"] for part in ("LowerDown", "UpperUp") for side in ("Left", "Right")]
    return (
        weights[:, INDEX["jawOpen"]] - weights[:, INDEX["mouthClose"]] + 0.3 * weights[:, lips].sum(1) / 2.0
    )


def closure(tracks: Sequence[Track], phones: Sequence[Sequence[Phone]]) -> dict[str, float]:
    """How surely the lips close on /p b m/. tracks: lip gap, or any number that falls as lips close.

    Threshold: the largest gap that at most 8 % of the non-labial consonants with no /p b m/ within
    100 ms fall to inside the phone. In numbers: a gap counts as closed if it lies below `limit`, the
    lowest value that one more of those consonants falls to. Ties at 0 beyond 8 % leave nothing closed.
    hit: /p b m/ that close within +-40 ms of the phone; inside: within the phone itself; vowels: share
    of the middles of vowels of 80 ms or longer that count as closed; at_zero: share of the non-labial
    consonants whose lowest gap is exactly 0.
    """
    tracks = [track.resampled(GAP_FPS) for track in tracks]
    others = _lowest(tracks, phones, NON_LABIAL_CONSONANTS, away_from=BILABIAL)
    limit = _limit(others)
    hit = _lowest(tracks, phones, BILABIAL, reach=REACH) < limit
    inside = _lowest(tracks, phones, BILABIAL) < limit
    vowels = _middles(tracks, phones, VOWELS, LONG_VOWEL)[0] < limit
    return {
        "hit": _mean(hit),
        "inside": _mean(inside),
        "vowels": _mean(vowels),
        "limit": float(limit),
        "at_zero": _mean(others == 0.0),
        "false": _mean(others < limit),
        "bilabials": len(hit),
        "others": len(others),
        "long_vowels": len(vowels),
    }


def closure_from_scores(
    scores: Sequence[np.ndarray], fps: float, phones: Sequence[Sequence[Phone]]
) -> dict[str, float]:
    """`closure` of any score per frame that rises as the lips close, such as a recogniser's posterior.

    scores: (frames,) per clip at fps. `limit` is in the sign of a gap: minus the score.
    """
    return closure([Track(-np.asarray(score, float), fps) for score in scores], phones)


def labiodental_posture(weights: np.ndarray, gap: np.ndarray) -> np.ndarray:
    """(frames, 51) and (frames,) gap -> (frames,): how far the lower lip is under the upper teeth.

    rollLower + shrugLower + upperUp (sides averaged) - 2 gap: the lower lip in or up, the teeth bared,
    the mouth not open. Closed lips (rolled in as well, upper lip down) and bared teeth score low.
    """
    up = (weights[:, INDEX["mouthUpperUpLeft"]] + weights[:, INDEX["mouthUpperUpRight"]]) / 2
    return weights[:, INDEX["mouthRollLower"]] + weights[:, INDEX["mouthShrugLower"]] + up - 2 * gap


def labiodental(performances: Sequence[Performance], lip_gap: LipGap) -> dict[str, float]:
    """Share of /f v/ whose `labiodental_posture` passes the threshold within +-40 ms (and inside).

    Threshold: the lowest that at most 8 % of the vowels and non-labial consonants, and at most 8 % of
    /p b m/, pass inside the phone, those with no /f v/ within 100 ms: neither any closing nor any baring
    of the teeth may do. `limit` is in the sign of a gap: minus the posture.
    """
    tracks = []
    for p in performances:
        weights = resampled(p.weights, p.fps, GAP_FPS)
        tracks.append(Track(-labiodental_posture(weights, lip_gap(weights)), GAP_FPS))
    phones = [p.phones for p in performances]
    others = _lowest(tracks, phones, VOWELS | NON_LABIAL_CONSONANTS, away_from=LABIODENTAL)
    closers = _lowest(tracks, phones, BILABIAL, away_from=LABIODENTAL)
    limit = min(_limit(others), _limit(closers)) if len(closers) else _limit(others)
    return {
        "hit": _mean(_lowest(tracks, phones, LABIODENTAL, reach=REACH) < limit),
        "inside": _mean(_lowest(tracks, phones, LABIODENTAL) < limit),
        "limit": limit,
    }


def rounding_auc(performances: Sequence[Performance]) -> float:
    """Chance that pucker + funnel in the middle of a /w uw ow oy/ (and UE) exceeds that of another vowel.

    Phones of 40 ms or longer.
    """
    tracks = [p.channel_sum("mouthPucker", "mouthFunnel") for p in performances]
    phones = [p.phones for p in performances]
    positive = _middles(tracks, phones, ROUNDED, SHORT_VOWEL)[0]
    negative = _middles(tracks, phones, VOWELS - ROUNDED, SHORT_VOWEL)[0]
    return _auc(positive, negative)


def openness_rank(performances: Sequence[Performance]) -> float:
    """Spearman's rank correlation of jawOpen in the middle of vowels >= 40 ms with VOWEL_OPENNESS."""
    tracks = [p.channel_sum("jawOpen") for p in performances]
    values, names = _middles(tracks, [p.phones for p in performances], VOWELS, SHORT_VOWEL)
    return spearman(values, np.array([VOWEL_OPENNESS[name] for name in names]))


def silence_leak(performances: Sequence[Performance], trim: float = 0.0) -> float:
    """Mean |change of A| per frame at 30 fps in pauses of 300 ms or longer.

    trim: seconds left out at both ends of each pause, where lips still close and already open.
    """
    changes = []
    for p in performances:
        moves = Track(np.abs(np.diff(aperture(p.even))), EVEN_FPS)  # move i: frame i to i + 1
        for start, end in pauses(p.phones):
            if end - start - 2 * trim >= 2 / EVEN_FPS:
                changes.append(moves.within(start + trim, end - trim - 1 / EVEN_FPS))
    return _mean(np.concatenate(changes)) if changes else float("nan")


def pauses(phones: Iterable[Phone]) -> list[tuple[float, float]]:
    """Silences of 300 ms or longer, neighbouring ones joined."""
    joined: list[tuple[float, float]] = []
    for start, end, name in phones:
        if name != "SIL":
            continue
        if joined and start - joined[-1][1] < 1e-3:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [(start, end) for start, end in joined if end - start >= PAUSE - 1e-6]


def tremor(performances: Sequence[Performance]) -> tuple[float, float]:
    """Energy of the mouth channels during speech at 30 fps: above 8 Hz, and above 0.5 Hz altogether.

    Mean over frames of the variance that a Hann-windowed spectrum shows there, summed over channels.
    """
    fast, total, frames = 0.0, 0.0, 0
    for p in performances:
        track = _speech(p)
        if len(track) < 16:
            continue
        window = np.hanning(len(track))[:, None]
        power = np.abs(np.fft.rfft((track - track.mean(0)) * window, axis=0)) ** 2
        power *= 2 / (window**2).sum() / len(track)  # the sum over bins is the variance
        hz = np.fft.rfftfreq(len(track), 1 / EVEN_FPS)
        fast += power[hz > TREMOR_HZ].sum() * len(track)
        total += power[hz > 0.5].sum() * len(track)
        frames += len(track)
    return (fast / frames, total / frames) if frames else (float("nan"), float("nan"))


def roughness(performances: Sequence[Performance]) -> float:
    """Mean |second difference| of the mouth channels during speech, per frame at 30 fps."""
    bends = [np.abs(np.diff(_speech(p), 2, axis=0)).mean(1) for p in performances]
    return _mean(np.concatenate(bends)) if bends else float("nan")


def lag(aperture_track: np.ndarray, loudness: np.ndarray, fps: float, longest: float = 0.3) -> float:
    """Seconds by which the mouth follows the sound: where their correlation peaks (parabola through it).

    Both (frames,) at fps. Negative: the mouth leads. nan if one of them does not vary.
    """
    n = min(len(aperture_track), len(loudness))
    a, b = (np.asarray(x[:n], float) - np.mean(x[:n]) for x in (aperture_track, loudness))
    reach = min(int(longest * fps), n - 2)
    if n < 4 or not a.any() or not b.any():
        return float("nan")
    shifts = np.arange(-reach, reach + 1)
    score = np.array([np.dot(a[max(s, 0) : n + min(s, 0)], b[max(-s, 0) : n - max(s, 0)]) for s in shifts])
    best = int(score.argmax())
    if 0 < best < len(score) - 1:
        left, middle, right = score[best - 1 : best + 2]
        return float(shifts[best] + 0.5 * (left - right) / (left - 2 * middle + right)) / fps
    return float(shifts[best]) / fps


def diversity(takes: Sequence[np.ndarray]) -> float:
    """Mean distance between Takes of one recording: Euclid over the 51 channels, averaged over frames."""
    pairs = [(a, b) for i, a in enumerate(takes) for b in takes[i + 1 :]]
    return _mean(np.array([np.linalg.norm(a - b, axis=1).mean() for a, b in pairs]))


def seam_ratio(weights: np.ndarray, seams: Sequence[int]) -> dict[str, float]:
    """Change of all channels at the seams against the ordinary change from frame to frame.

    weights (frames, 51); seams: frames that begin a new window. mean: mean change at the seams over the
    mean elsewhere; worst: the largest of each seam's change over the 95th percentile of the ordinary
    changes within 30 frames of it (a mean is no match for one moment of speech).
    """
    moves = np.abs(np.diff(weights, axis=0)).mean(1)  # move i: frame i to i + 1
    at = np.array([seam - 1 for seam in seams if 0 < seam < len(weights)], int)
    if not len(at):
        return {"mean": float("nan"), "worst": float("nan")}
    ordinary = np.delete(moves, at)
    worst = 0.0
    for i in at:
        near = np.setdiff1d(np.arange(max(i - 30, 0), min(i + 31, len(moves))), at)
        worst = max(worst, float(moves[i] / max(np.quantile(moves[near], 0.95), 1e-4)))
    return {"mean": float(moves[at].mean() / max(ordinary.mean(), 1e-9)), "worst": worst}


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation, ties sharing their mean rank; nan if one of them does not vary."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(_ranks(a), _ranks(b))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place]


def _auc(positive: np.ndarray, negative: np.ndarray) -> float:
    if not len(positive) or not len(negative):
        return float("nan")
    ranks = _ranks(np.concatenate([positive, negative]))[: len(positive)]
    return float((ranks.mean() - (len(positive) + 1) / 2) / len(negative))


def _limit(others: np.ndarray) -> float:
    """The lowest value that may not be reached, so that at most FALSE_SHARE of `others` lie below it."""
    if not len(others):
        return float("nan")
    return float(np.sort(others)[min(int(FALSE_SHARE * len(others) + 1e-9), len(others) - 1)])


def _lowest(
    tracks: Sequence[Track],
    phones: Sequence[Sequence[Phone]],
    names: frozenset[str],
    *,
    reach: float = 0.0,
    away_from: frozenset[str] = frozenset(),
) -> np.ndarray:
    """The lowest value of each named phone, widened by reach, that has none of `away_from` within 100 ms."""
    found = []
    for track, spoken in zip(tracks, phones, strict=True):
        feared = [(start - CLEAR, end + CLEAR) for start, end, name in spoken if name in away_from]
        for start, end, name in spoken:
            if name not in names or any(start < late and end > early for early, late in feared):
                continue
            values = track.within(start - reach, end + reach)
            if len(values):
                found.append(values.min())
    return np.array(found, float)


def _middles(
    tracks: Sequence[Track],
    phones: Sequence[Sequence[Phone]],
    names: frozenset[str],
    shortest: float = 0.0,
) -> tuple[np.ndarray, list[str]]:
    """Values in the middle of the named phones that last at least `shortest` seconds, and their names."""
    found = [
        (track.at((start + end) / 2), name)
        for track, spoken in zip(tracks, phones, strict=True)
        for start, end, name in spoken
        if name in names and end - start >= shortest - 1e-6
    ]
    values = np.array([value for value, _ in found], float)
    known = ~np.isnan(values)
    return values[known], [name for (_, name), keep in zip(found, known, strict=True) if keep]


def _speech(p: Performance) -> np.ndarray:
    """(frames, mouth channels) at 30 fps from the first sound to the last."""
    sounds = [(start, end) for start, end, name in p.phones if name != "SIL"]
    if not sounds:
        return np.zeros((0, len(_MOUTH)))
    return p.even[round(sounds[0][0] * EVEN_FPS) : round(sounds[-1][1] * EVEN_FPS) + 1][:, _MOUTH]


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
