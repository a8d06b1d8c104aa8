"""Measure the demo head in motion: `python -m phiz.evaluate.head [SOURCE ...]`.

A SOURCE is a Take, or a folder of recordings that the model acts for a minute; without one the teacher
speaks. Every figure is held against what the head has to reach; the exit status is 1 where one falls short.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from phiz.errors import PhizError
from phiz.evaluate.head import contact, mixes
from phiz.evaluate.head.folds import Judge
from phiz.evaluate.head.poses import LOOKS, both, pairs, singles
from phiz.evaluate.head.surface import EYE, Surface, surface
from phiz.face.channels import CHANNELS
from phiz.face.head import VARIATIONS, check

SHARE = 0.001  # of the outer skin's faces that may be inverted or cut
CLOSED = 0.005  # of the head's height that closed edges may be apart or overlap
AGREE = 48  # keys whose direction must agree with the captured head's

Line = tuple[bool, str]
"""Whether the figures of a line are reached, and the line."""


def folds(judge: Judge, name: str, poses: Mapping[str, dict[str, float]], show: int) -> Iterator[Line]:
    """Inverted and cutting faces over some poses, and the `show` worst of these."""
    faces = judge.surface.outer_polygons
    found = {key: judge(judge.surface.head.posed(weights)) for key, weights in poses.items()}
    share = {key: len(fold.broken) / faces for key, fold in found.items()}
    seen = sum(len(fold.visible) > 0 for fold in found.values())
    mean, most = float(np.mean(list(share.values()))), max(share.values())
    pressed = 1000 * max(fold.pressed for fold in found.values())
    yield (
        max(share.values()) <= SHARE and not seen,
        f"{name}: inverted or cutting {mean:.3%} of {faces} faces, at most {most:.3%}; "
        f"seen in {seen} of {len(found)} poses; lip in lip or lid in lid {pressed:.2f} mm at most",
    )
    for key in sorted(found, key=lambda key: (-len(found[key].visible), -share[key]))[:show]:
        fold = found[key]
        if len(fold.broken) or len(fold.visible):
            counts = f"{len(fold.inverted)} inverted, {len(fold.cutting)} cutting, {len(fold.visible)} seen"
            yield True, f"  {key}: {counts}"


def contacts(s: Surface) -> Iterator[Line]:
    """Lids and lips that must meet, eyeballs that must stay behind the lids."""
    for name, (gap, overlap) in (
        ("lids at blink 1", contact.lids(s)),
        ("lids at blink and squint 1", contact.lids(s, both("eyeSquint"))),
        ("lids at blink 1, looking down", contact.lids(s, both("eyeLookDown"))),
        ("lids at blink 1, looking up", contact.lids(s, both("eyeLookUp"))),
        ("lips at jawOpen = mouthClose", contact.lips(s)),
    ):
        reached = gap <= CLOSED and overlap <= CLOSED
        yield reached, f"{name}: gap {gap:.2%} of the height, overlap {overlap:.2%}"
    through = {" + ".join(keys): contact.through(s, s.head.posed(both(*keys)), EYE) for keys in LOOKS}
    through["eyeBlink on its way"] = contact.eyeballs_through(s)
    where = ", ".join(f"{key} ({count} faces)" for key, count in through.items() if count)
    yield not where, f"eyeballs through the lids: {where or 'in no pose'}"


def behind_lips(
    s: Surface, name: str, poses: Sequence[tuple[str, dict[str, float]]], show: int
) -> Iterator[Line]:
    """Teeth and tongue in some poses, and the `show` worst of these."""
    through = [(contact.mouth_through(s, s.head.posed(weights)), pose) for pose, weights in poses]
    found = sorted((one for one in through if one[0]), reverse=True)
    yield not found, f"teeth or tongue through the skin: in {len(found)} of {len(poses)} {name}"
    for count, pose in found[:show]:
        yield True, f"  {pose}: {count} faces"


def frames(speech: Sequence[np.ndarray], every: int) -> list[tuple[str, dict[str, float]]]:
    """Every so many frames of speech, said and as weights by name."""
    return [
        (_said(number, take[number]), mixes.named(take[number]))
        for take in speech
        for number in range(0, len(take), every)
    ]


def agreement(s: Surface, rig: np.ndarray) -> Iterator[Line]:
    """Directions against a captured head's."""
    cosine = np.array([row[1] for row in check.compare(check.of_head(s.body), rig)])
    agree = int(np.sum(cosine >= check.GOOD_COSINE))
    lowest = CHANNELS[int(cosine.argmin())]
    yield (
        agree >= AGREE,
        f"directions agree in {agree} of {len(cosine)} keys, least in {lowest}: {cosine.min():.2f}",
    )


def _said(number: int, weights: np.ndarray) -> str:
    top = [i for i in np.argsort(-weights)[:6] if weights[i] > 0.05]
    return f"{number}: " + " ".join(f"{CHANNELS[i]} {weights[i]:.2f}" for i in top)


def measure(
    s: Surface, speech: Sequence[np.ndarray], count: int, every: int, rig: np.ndarray | None, show: int
) -> Iterator[Line]:
    """Every figure of one head."""
    judge = Judge(s)
    yield True, f"{len(s.head.vertices)} vertices, {1000 * s.height:.0f} mm from chin to crown"
    yield from folds(judge, "keys at 1", singles(), show)
    yield from folds(judge, "pairs at 1", pairs(), show)
    drawn = mixes.mixes(speech, count)
    yield from folds(judge, "mixes", {_said(i, w): mixes.named(w) for i, w in enumerate(drawn)}, show)
    yield from contacts(s)
    yield from behind_lips(s, "keys and pairs at 1", [*singles().items(), *pairs().items()], show)
    yield from behind_lips(s, "frames of speech", frames(speech, every), show)
    if rig is not None:
        yield from agreement(s, rig)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m phiz.evaluate.head", description=__doc__)
    parser.add_argument("sources", nargs="*", type=Path, metavar="SOURCE")
    parser.add_argument(
        "--variation", action="append", choices=VARIATIONS, help="this head alone (default: every one)"
    )
    parser.add_argument("--rigs", type=Path, help="folder with ict_facekit_arkit51.npz, to compare with")
    parser.add_argument("--mixes", type=int, default=500, help="random mixes (default 500)")
    parser.add_argument("--every", type=int, default=1, help="look at every so many frames of speech")
    parser.add_argument("--show", type=int, default=3, help="worst poses to name")
    args = parser.parse_args(argv)
    try:
        speech = _speech(args.sources)
        rig = check.of_rig(args.rigs / "ict_facekit_arkit51.npz") if args.rigs else None
    except PhizError as error:
        print(error, file=sys.stderr)
        return 2
    good = True
    for name in args.variation or VARIATIONS:
        print(name)
        for reached, line in measure(surface(name), speech, args.mixes, args.every, rig, args.show):
            print(f"  {line}" if reached else f"  {line}  <", flush=True)
            good &= reached
    return 0 if good else 1


def _speech(sources: Sequence[Path]) -> list[np.ndarray]:
    if not sources:
        return mixes.played(3)
    from phiz.runtime.bundle import load

    return [take.weights for take in mixes.acted(sources, load())]


if __name__ == "__main__":
    sys.exit(main())
