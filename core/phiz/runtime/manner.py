"""Talk like this take: the manner of a performance in a dozen numbers, and how to come near to it.

A reference Take is read as statistics of its motion alone. They are matched twice: by the mixture of the
styles that the base model knows whose own statistics come nearest, and by gentle gains for what that
mixture does not reach.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from phiz.errors import PhizError
from phiz.face.channels import COUNT, INDEX
from phiz.motion import closures
from phiz.motion.take import Take

FPS = 30.0
SHORTEST = 4.0
"""Seconds of motion that a manner can be read from."""
_PART = 10.0
"""Seconds, about, of the parts whose statistics are averaged, so that a range or a spread means the same in
a long take as in a short one."""

STATISTICS: dict[str, float] = {
    "jaw": 0.02, "jaw_speed": 0.2, "lips": 0.02, "rounding": 0.03, "press": 0.02, "smile": 0.01,
    "brows": 0.01, "yaw": 0.01, "pitch": 0.01, "roll": 0.01, "head_speed": 0.03, "gaze": 0.1, "blinks": 4.0,
}  # fmt: skip
"""Each statistic and what is added to it before its logarithm is taken, so that little counts as nothing.

jaw, lips, rounding, press: range of the opening jaw, the raised and lowered lips, funnel and pucker, and the
pressed or rolled lips while the mouth is busy. smile: standard deviation of the corners. brows: of the brows
about their course over two seconds. yaw, pitch, roll: of the angles about theirs over four, radians.
jaw_speed, head_speed, gaze: per second; of the head in radians. blinks: per minute.
"""

LEAST_GAIN, MOST_GAIN = 0.6, 1.6
_REGIONS: dict[str, tuple[str, ...]] = {
    "jaw": ("jaw",), "lips": ("lips",), "rounding": ("rounding",), "brows": ("brows",),
    "head": ("yaw", "pitch", "roll"),
}  # fmt: skip
"""What a gain exists for, and the statistics that it follows."""

_NEARNESS = 1.0
"""How much a style's own distance counts beside that of the whole mixture: of mixtures that explain a
reference alike, the one of styles near to it is taken."""


class MannerError(PhizError):
    """A Take that no manner of speaking can be read from."""


class Manner(BaseModel):
    """The statistics of one style. A statistic that is unknown of it is left out.

    typical: geometric mean. spread: standard deviation of the natural logarithm, over stretches of 15 s.
    captured: its motion was captured, so that it need not speak as the taught styles do.
    """

    model_config = ConfigDict(extra="forbid")

    name: str
    typical: dict[str, Annotated[float, Field(ge=0.0)]]
    spread: dict[str, Annotated[float, Field(gt=0.0)]]
    captured: bool = False


class Manners(BaseModel):
    """The styles of a bundle, in its order, as read from their motion."""

    model_config = ConfigDict(extra="forbid")

    styles: list[Manner]


@dataclass(frozen=True)
class Likeness:
    """What makes a bundle talk like a reference: weights (styles,) float32, at least 0 and 1 in sum, and the
    gains of `gain`."""

    weights: np.ndarray
    gains: dict[str, float]


def likeness(reference: Take, manners: Manners) -> Likeness:
    """Read a reference and match it. Raises MannerError."""
    statistics = read_manner(reference)
    weights = style_weights(statistics, manners)
    return Likeness(weights, gains(statistics, weights, manners))


# ---- reading -------------------------------------------------------------------------------------------


def _mean(weights: np.ndarray, *stems: str) -> np.ndarray:
    """(frames,) the channels of these names, both sides of a pair averaged, added up."""
    total = np.zeros(len(weights))
    for stem in stems:
        names = [stem] if stem in INDEX else [stem + "Left", stem + "Right"]
        total += weights[:, [INDEX[name] for name in names]].mean(axis=1)
    return total


def _smooth(curve: np.ndarray, seconds: float) -> np.ndarray:
    """(frames, ...) moving average over so many seconds, the ends held."""
    reach = round(0.5 * seconds * FPS)
    ends = [(reach + 1, reach)] + [(0, 0)] * (curve.ndim - 1)
    total = np.cumsum(np.pad(np.asarray(curve, np.float64), ends, mode="edge"), axis=0)
    width = 2 * reach + 1
    return (total[width:] - total[:-width]) / width


def _range(curve: np.ndarray, busy: np.ndarray, high: float) -> float:
    low, top = np.percentile(curve[busy], (10.0, high))
    return float(top - low)


def _moves(curve: np.ndarray) -> bool:
    return float(np.ptp(curve)) > 1e-3


def read_manner(take: Take) -> dict[str, float]:
    """The STATISTICS of a Take; nan where its channels stand still, which is how trackers leave them unknown.

    At any frame rate; nothing is heard, speech is where the mouth is busy. Raises MannerError on fewer
    than SHORTEST seconds and on a Take in which nothing moves.
    """
    if take.seconds < SHORTEST:
        raise MannerError(
            f"expected a reference of {SHORTEST:g} s or more, came {take.seconds:.1f} s; give a longer take"
        )
    even = take.resampled(FPS)
    parts = max(1, round(even.seconds / _PART))
    read = [
        _read(weights, head)
        for weights, head in zip(
            np.array_split(even.weights, parts), np.array_split(even.head, parts), strict=True
        )
    ]
    found = {}
    for name, floor in STATISTICS.items():
        values = [math.log(part[name] + floor) for part in read if name in part]
        found[name] = math.exp(sum(values) / len(values)) - floor if values else math.nan
    if all(math.isnan(value) for value in found.values()):
        raise MannerError("expected a reference in which the face moves, came one that stands still")
    return found


def _read(weights: np.ndarray, head: np.ndarray) -> dict[str, float]:
    """Those statistics of a part, (frames, 51) and (frames, 3) at FPS, whose channels move."""
    found: dict[str, float] = {}
    opening = closures.mouth_opening(weights)
    if _moves(opening):
        speed = _smooth(np.abs(np.diff(opening, prepend=opening[0])), 0.6)
        busy = speed >= 0.25 * np.percentile(speed, 90.0)
        jaw = _mean(weights, "jawOpen")
        curves = {
            "jaw": (jaw, 90.0),
            "lips": (_mean(weights, "mouthLowerDown", "mouthUpperUp"), 90.0),
            "rounding": (_mean(weights, "mouthPucker") + 0.6 * _mean(weights, "mouthFunnel"), 95.0),
            "press": (_mean(weights, "mouthPress", "mouthRollLower", "mouthRollUpper"), 95.0),
        }
        found |= {name: _range(c, busy, top) for name, (c, top) in curves.items() if _moves(c)}
        if _moves(jaw):
            found["jaw_speed"] = float(np.percentile(np.abs(np.diff(jaw))[busy[1:]], 90.0) * FPS)
    smile = _mean(weights, "mouthSmile")
    if _moves(smile):
        found["smile"] = float(smile.std())
    brows = np.stack([_mean(weights, name) for name in ("browInnerUp", "browOuterUp", "browDown")], 1)
    if _moves(brows.sum(axis=1)):
        found["brows"] = float(np.sqrt((brows - _smooth(brows, 2.0)).var(axis=0).sum()))
    turning = [i for i in range(3) if _moves(head[:, i])]
    sway = (head - _smooth(head, 4.0)).std(axis=0)
    found |= {("yaw", "pitch", "roll")[i]: float(sway[i]) for i in turning}
    if turning:
        steps = np.linalg.norm(np.diff(_smooth(head, 0.1), axis=0), axis=1)
        found["head_speed"] = float(np.percentile(steps, 90.0) * FPS)
    return found | _eyes(weights)


def _eyes(weights: np.ndarray) -> dict[str, float]:
    found: dict[str, float] = {}
    side = _mean(weights, "eyeLookOutLeft", "eyeLookInRight") - _mean(
        weights, "eyeLookInLeft", "eyeLookOutRight"
    )
    up = _mean(weights, "eyeLookUp") - _mean(weights, "eyeLookDown")
    if _moves(side) or _moves(up):
        path = np.hypot(0.5 * np.diff(side), np.diff(up))
        found["gaze"] = float(path.mean() * FPS)
    opening = closures.eye_opening(weights)
    if _moves(opening):
        shut = closures.dips(opening, FPS)
        shut = shut[opening[shut] < np.percentile(opening, 75.0) - 0.3]
        apart = np.diff(shut, prepend=-FPS) > 0.3 * FPS
        found["blinks"] = float(apart.sum() / (len(opening) / FPS / 60.0))
    return found


# ---- matching ------------------------------------------------------------------------------------------


def logarithms(statistics: Mapping[str, float]) -> np.ndarray:
    """(statistics,) natural logarithms, in the order of STATISTICS; nan where unknown."""
    return np.array([math.log(statistics.get(k, math.nan) + floor) for k, floor in STATISTICS.items()])


def _tables(manners: Manners) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logarithms and spreads (styles, statistics), nan where unknown, and which are captured (styles,)."""
    level = np.stack([logarithms(m.typical) for m in manners.styles])
    spread = np.array([[m.spread.get(k, math.nan) for k in STATISTICS] for m in manners.styles])
    return level, spread, np.array([m.captured for m in manners.styles])


def _completed(level: np.ndarray, captured: np.ndarray) -> np.ndarray:
    """What is unknown of a captured style is taken to be as the taught ones are on average."""
    return np.where(np.isnan(level), level[~captured].mean(axis=0), level)


def _surprise(wanted: np.ndarray, level: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """(styles,) mean over statistics of -log of a normal density, but for a constant."""
    return (0.5 * ((wanted - level) / spread) ** 2 + np.log(spread)).mean(axis=-1)


def style_weights(statistics: Mapping[str, float], manners: Manners) -> np.ndarray:
    """(styles,) float32, at least 0 and 1 in sum: the mixture of styles that explains the statistics.

    Least squares in logarithms over standard deviations, by projected gradient. A captured style takes
    part only if what is known of it is likelier in it than in every taught one.
    """
    level, spread, captured = _tables(manners)
    wanted = logarithms(statistics)
    known = ~np.isnan(wanted)
    taking_part = ~captured
    for i in np.flatnonzero(captured):
        shared = known & ~np.isnan(level[i])
        if shared.any():
            own, taught = (
                _surprise(wanted[shared], level[rows][..., shared], spread[rows][..., shared])
                for rows in (i, ~captured)
            )
            taking_part[i] = own < taught.min()
    scale = np.sqrt((spread[~captured] ** 2).mean(axis=0))
    styles = (_completed(level, captured)[taking_part] / scale).T  # (statistics, those that take part)
    weights = np.zeros(len(level), np.float32)
    weights[taking_part] = _mixture(styles[known], (wanted / scale)[known])
    return weights


def _mixture(styles: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """argmin over w >= 0, sum 1 of |styles w - wanted|^2 + nearness sum w_i |styles_i - wanted|^2."""
    apart = styles - wanted[:, None]  # |styles w - wanted| = |apart w|, as w sums to 1
    square = apart.T @ apart
    linear = _NEARNESS * np.diag(square)
    step = 0.5 / max(float(np.linalg.norm(square, 2)), 1e-9)
    weights = np.full(len(linear), 1.0 / len(linear))
    for _ in range(2000):
        before = weights
        weights = _onto_simplex(weights - step * (2.0 * square @ weights + linear))
        if np.abs(weights - before).max() < 1e-7:
            break
    return weights


def _onto_simplex(point: np.ndarray) -> np.ndarray:
    """The nearest point with no negative part and sum 1 (Duchi et al. 2008)."""
    falling = np.sort(point)[::-1]
    excess = (np.cumsum(falling) - 1.0) / np.arange(1, len(point) + 1)
    return np.maximum(point - excess[np.flatnonzero(falling > excess)[-1]], 0.0)


def gains(statistics: Mapping[str, float], weights: np.ndarray, manners: Manners) -> dict[str, float]:
    """Gain of each region, LEAST_GAIN to MOST_GAIN: what the mixture of styles leaves unmatched.

    What is missing counts as far as it stands out from the spread s within a style: of a missing logarithm
    d, d^3 / (d^2 + s^2). 1 where the reference says nothing.
    """
    level, spread, captured = _tables(manners)
    missing = logarithms(statistics) - weights @ _completed(level, captured)
    noise = (spread[~captured] ** 2).mean(axis=0)
    counted = dict(zip(STATISTICS, missing**3 / (missing**2 + noise), strict=True))
    out = {}
    for region, names in _REGIONS.items():
        known = [counted[name] for name in names if not math.isnan(counted[name])]
        amount = math.exp(sum(known) / len(known)) if known else 1.0
        out[region] = round(min(max(amount, LEAST_GAIN), MOST_GAIN), 4)
    return out


_SCALED: dict[str, tuple[int, ...]] = {
    # With the jaw its undoing, or the lips would no longer meet.
    "jaw": (INDEX["jawOpen"], INDEX["mouthClose"]),
    "lips": tuple(INDEX[f"mouth{n}{s}"] for n in ("LowerDown", "UpperUp") for s in ("Left", "Right")),
    "rounding": (INDEX["mouthFunnel"], INDEX["mouthPucker"]),
    "head": (COUNT, COUNT + 1, COUNT + 2),
}
_BROWS = [
    INDEX[n] for n in ("browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight")
]


def gain(clean: np.ndarray, mean: np.ndarray, spread: np.ndarray, gains: Mapping[str, float]) -> None:
    """Scale normalised motion (frames, 54) at 30 fps in place; mean, spread (54,): how it is normalised.

    For the last prediction alone: what is scaled at one step of sampling is predicted as large at the next.
    Jaw, lips and rounding about the shut and relaxed mouth, the head about upright, the brows about their
    own course over two seconds, which is the mood's. What a frame becomes depends on that second before
    and after it alone. Blinks and gaze are left alone.
    """
    for region, channels in _SCALED.items():
        columns = list(channels)
        clean[:, columns] += (gains[region] - 1.0) * (clean[:, columns] + mean[columns] / spread[columns])
    brows = clean[:, _BROWS]
    clean[:, _BROWS] += ((gains["brows"] - 1.0) * (brows - _smooth(brows, 2.0))).astype(clean.dtype)
