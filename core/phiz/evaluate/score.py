"""All measures of a list of performances in one flat dict, alone and against the teacher's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phiz.evaluate import mesh
from phiz.motion import measures
from phiz.motion.measures import EVEN_FPS, LipGap, Performance

PAUSE_EDGE = 0.100  # s; the part of a pause in which lips are still closing or open already
LVE_LENGTH = 20 * 60.0  # s of performances on which the mesh distances are taken


def score(performances: Sequence[Performance], lip_gap: LipGap) -> dict[str, float]:
    """Every measure that needs the phones only.

    A Take fits as Performance(take.weights, take.fps, phones).
    """
    closed = measures.closure([p.gap(lip_gap) for p in performances], [p.phones for p in performances])
    teeth = measures.labiodental(performances, lip_gap)
    fast, total = measures.tremor(performances)
    return {
        **{f"closure_{name}": value for name, value in closed.items()},
        **{f"labiodental_{name}": value for name, value in teeth.items()},
        "rounding_auc": measures.rounding_auc(performances),
        "openness_rank": measures.openness_rank(performances),
        "silence_leak": measures.silence_leak(performances),
        "silence_leak_inner": measures.silence_leak(performances, PAUSE_EDGE),
        "energy_above_8hz": fast,
        "energy": total,
        "roughness": measures.roughness(performances),
    }


def mouth_lag(performances: Sequence[Performance], loudness: Sequence[np.ndarray]) -> float:
    """Median over clips of the lag of the aperture behind the loudness (dB at 30 fps), in seconds."""
    lags = [
        measures.lag(measures.aperture(p.even), np.maximum(level, -30.0), EVEN_FPS)
        for p, level in zip(performances, loudness, strict=True)
    ]
    known = [each for each in lags if not np.isnan(each)]
    return float(np.median(known)) if known else float("nan")


def against(
    performances: Sequence[Performance], references: Sequence[Performance], areas: mesh.MeshRegions
) -> dict[str, float]:
    """Distances to other performances of the same clips, and ratios of texture to theirs. 1 is alike."""
    fast, total = measures.tremor(performances)
    reference_fast, reference_total = measures.tremor(references)
    distances, dynamics, seconds = [], [], 0.0
    for p, reference in zip(performances, references, strict=True):
        if seconds > LVE_LENGTH:
            break
        distances.append(mesh.lip_vertex_error(areas, p.even, reference.even))
        dynamics.append(mesh.upper_face_dynamics(areas, p.even, reference.even))
        seconds += len(p.even) / EVEN_FPS
    return {
        "energy_above_8hz_ratio": fast / reference_fast,
        "energy_ratio": total / reference_total,
        "roughness_ratio": measures.roughness(performances) / measures.roughness(references),
        "lve_mm2": float(np.mean(distances)),
        "fdd_mm": float(np.mean(dynamics)),
    }


def seeds_compared(takes: Sequence[Sequence[Performance]], lip_gap: LipGap) -> dict[str, float]:
    """takes[seed][clip]: how far Takes of one clip differ by seed, and whether each is as synchronous.

    diversity over all channels and over the mouth's motion; correlation of the aperture between two
    seeds; the least and greatest closure hit and inside of the seeds.
    """
    diverse, alike = [], []
    for versions in zip(*takes, strict=True):
        even = [p.even for p in versions]
        diverse.append(measures.diversity(even))
        first, second = (measures.aperture(w) for w in even[:2])
        if np.ptp(first) and np.ptp(second):
            alike.append(np.corrcoef(first, second)[0, 1])
    closed = [measures.closure([p.gap(lip_gap) for p in each], [p.phones for p in each]) for each in takes]
    return {
        "seeds": float(len(takes)),
        "clips": float(len(takes[0])),
        "diversity": float(np.mean(diverse)),
        "aperture_correlation": float(np.mean(alike)) if alike else float("nan"),
        **{f"closure_{key}_least": min(c[key] for c in closed) for key in ("hit", "inside")},
        **{f"closure_{key}_most": max(c[key] for c in closed) for key in ("hit", "inside")},
    }
