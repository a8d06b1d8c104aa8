"""Every contender on every test set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from phiz.evaluate import mesh, systems
from phiz.evaluate.score import against, mouth_lag, score, seeds_compared
from phiz.evaluate.systems import System
from phiz.evaluate.test_sets import HeldOutClip
from phiz.motion.measures import LipGap, Performance

Progress = Callable[[str, int, int], None]  # what is being done, clips done, clips in all

_TEACHER_SEED, _OTHER_TEACHER_SEED = 0, 1
_SEED_CLIPS, _SEEDS = 12, 3


@dataclass(frozen=True)
class Contender:
    """A system by name, and the test sets that it can act."""

    name: str
    act: System
    sets: tuple[str, ...]


def evaluate(
    contenders: Sequence[Contender],
    sets: Mapping[str, Sequence[HeldOutClip]],
    lip_gap: LipGap,
    areas: mesh.MeshRegions,
    progress: Progress = lambda what, done, total: None,
) -> dict[str, dict[str, Any]]:
    """{system: {set: {"clips", "seconds", "pooled": scores, "sources": {source: scores}}}}.

    Everything that compares with the teacher uses one performance of it per clip; the teacher itself
    is compared with another draw of its own.
    """
    results: dict[str, dict[str, Any]] = {contender.name: {} for contender in contenders}
    for set_name, clips in sets.items():
        references = [systems.teacher(clip, _TEACHER_SEED) for clip in clips]
        levels = [clip.loudness() for clip in clips]
        for contender in contenders:
            if set_name not in contender.sets:
                continue
            acted: list[Performance | None] = []
            for i, clip in enumerate(clips):
                progress(f"{contender.name}, {set_name}", i, len(clips))
                acted.append(contender.act(clip, _OTHER_TEACHER_SEED))
            there = [i for i, p in enumerate(acted) if p is not None]
            performances = [p for p in acted if p is not None]
            if not performances:
                continue
            pooled = {
                **score(performances, lip_gap),
                **against(performances, [references[i] for i in there], areas),
                "lag_ms": 1000 * mouth_lag(performances, [levels[i] for i in there]),
            }
            by_source: dict[str, list[Performance]] = {}
            for i, p in zip(there, performances, strict=True):
                by_source.setdefault(clips[i].source, []).append(p)
            results[contender.name][set_name] = {
                "clips": len(there),
                "seconds": sum(clips[i].seconds for i in there),
                "pooled": pooled,
                "sources": {name: score(group, lip_gap) for name, group in by_source.items()},
            }
    return results


def compare_seeds(act: System, clips: Sequence[HeldOutClip], lip_gap: LipGap) -> dict[str, float]:
    """How Takes differ from seed to seed, on a dozen clips spread over those given."""
    chosen = list(clips)[:: max(1, len(clips) // _SEED_CLIPS)][:_SEED_CLIPS]
    takes = [[p for clip in chosen if (p := act(clip, seed)) is not None] for seed in range(_SEEDS)]
    return seeds_compared(takes, lip_gap)
