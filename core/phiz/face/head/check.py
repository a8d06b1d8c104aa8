"""Compare the demo character's keys with those of a captured head: `python -m phiz.face.head.check RIG.npz`.

RIG.npz holds `names` (K,), `neutral` (V, 3) and `deltas` (K, V, 3) of the ICT-FaceKit topology, in
centimetres with +x the character's left, +y up, +z front. For each key the mean displacement round each of
some forty landmarks is taken on both heads. `pattern` is the cosine between the two sets of displacements
taken as one long vector; `direction` the mean cosine over landmarks, weighted by how far the captured one
moves; `size` the ratio of lengths, each head measured by its own fall of the chin at jawOpen.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from phiz.errors import PhizError
from phiz.face.channels import CHANNELS
from phiz.face.head.anatomy import Body, assemble
from phiz.face.head.keys import all_keys
from phiz.face.head.landmarks import landmarks
from phiz.face.head.proportions import PLAIN

GOOD_COSINE, GOOD_SIZE = 0.8, 2.0
FACE_VERTICES = 9409  # of the ICT-FaceKit topology: the skin of the face comes first
SPREAD = 0.35  # cm, of the weight round a landmark


class RigError(PhizError):
    """The file is not a head with the ARKit channels in the ICT-FaceKit topology."""


# landmark: vertices of the ICT-FaceKit topology whose mean is the place, and a shift (x, y, z) from there in
# cm; left half and middle, the right half is the mirror
RIG_PLACES: dict[str, tuple[tuple[int, ...], tuple[float, float, float]]] = {
    "chin": ((966,), (0, 0, 0)),
    "chin pad": ((966, 5518), (0, 0, 0.3)),
    "lower lip": ((5518,), (0, 0, 0)),
    "lower lip side": ((6461,), (0, 0, 0)),
    "upper lip": ((0,), (0, 0, 0)),
    "upper lip side": ((4275,), (0.25, -0.1, 0)),
    "mouth corner": ((6213,), (0, 0, 0)),
    "nose tip": ((4857,), (0, 0, 0)),
    "nose wing": ((3360,), (0.2, 0.3, 0)),
    "nose bridge": ((4527,), (0.3, 0, 0)),
    "beside the mouth": ((3360, 6213), (0.5, 0, 0)),
    "cheek": ((3360, 3272), (-0.3, 1.2, 2.0)),
    "low cheek": ((6213, 3924), (0, 0, 0.8)),
    "jaw side": ((3927,), (0, 0, 0)),
    "under the eye": ((3725, 3732), (0, -0.9, 0)),
    "lower lid": ((3725, 3732), (0, 0, 0)),
    "upper lid": ((3751, 3756), (0, 0, 0)),
    "inner brow": ((3615,), (0, 0, 0)),
    "middle brow": ((4114,), (0, 0, 0)),
    "outer brow": ((2509,), (0, 0, 0)),
    "forehead": ((3615, 4240), (0, 1.6, -0.3)),
}


def _means(points: np.ndarray, centres: np.ndarray, deltas: np.ndarray) -> np.ndarray:
    """(K, L, 3) mean displacement of (K, V, 3) deltas round each of (L, 3) centres on (V, 3) points."""
    nearest = np.array([points[np.linalg.norm(points - c, axis=1).argmin()] for c in centres])
    weight = np.exp(-(np.linalg.norm(points[None] - nearest[:, None], axis=2) ** 2) / (2 * SPREAD**2))
    weight /= weight.sum(1, keepdims=True)
    return np.einsum("lv,kvd->kld", weight, deltas)


def _both_sides(centres: np.ndarray) -> np.ndarray:
    mirror = centres[centres[:, 0] > 1e-3] * np.array([-1.0, 1.0, 1.0])
    return np.concatenate([centres, mirror])


def of_rig(path: Path) -> np.ndarray:
    """(51, L, 3) mean displacement at the landmarks of a captured head, in Blender axes, in jaw drops.

    Raises RigError on a file that is not such a head.
    """
    try:
        with np.load(path) as rig:
            names = [str(n) for n in rig["names"]]
            rest, deltas = rig["neutral"].astype(np.float64), rig["deltas"].astype(np.float64)
    except (OSError, ValueError, KeyError) as error:
        raise RigError(f"expected a rig with names, neutral and deltas in {path}: {error}") from error
    missing = [name for name in CHANNELS if name not in names]
    if missing or len(rest) < FACE_VERTICES:
        raise RigError(
            f"expected the 51 channels on the ICT-FaceKit topology in {path}; missing {missing[:3]}"
        )
    to_blender = np.array([[1.0, 0, 0], [0, 0, 1.0], [0, -1.0, 0]])
    rest, deltas = rest[:FACE_VERTICES] @ to_blender, deltas[:, :FACE_VERTICES] @ to_blender
    centres = [rest[list(v)].mean(0) + np.array(shift) @ to_blender for v, shift in RIG_PLACES.values()]
    found = _means(rest, _both_sides(np.array(centres)), deltas[[names.index(c) for c in CHANNELS]])
    return found / -found[CHANNELS.index("jawOpen"), 0, 2]


def of_head(body: Body) -> np.ndarray:
    """(51, L, 3) the same of the demo character."""
    keys = all_keys(body)
    skin = np.array(sorted({v for f, m in zip(body.skin.faces, body.skin.materials, strict=True)
                            if m in ("skin", "lips", "lid") for v in f}))  # fmt: skip
    deltas = np.stack([keys[name][skin] for name in CHANNELS])
    at = landmarks(body.shape)
    centres = np.array([at[name] for name in RIG_PLACES])
    found = _means(body.vertices[skin], _both_sides(centres), deltas)
    return found / -found[CHANNELS.index("jawOpen"), 0, 2]


def compare(ours: np.ndarray, theirs: np.ndarray) -> list[tuple[float, float, float]]:
    """For each key (pattern, direction, size); see the head of this file."""
    out = []
    for a, b in zip(ours, theirs, strict=True):
        la, lb = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
        cosine = np.sum(a * b, axis=1) / np.maximum(la * lb, 1e-9)
        pattern = np.sum(a * b) / (np.linalg.norm(a) * np.linalg.norm(b))
        size = np.linalg.norm(a) / np.linalg.norm(b)
        out.append((float(pattern), float(np.sum(cosine * lb) / lb.sum()), float(size)))
    return out


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m phiz.face.head.check", description="Compare the demo character with a captured head."
    )
    parser.add_argument("rig", type=Path, help="the captured head, .npz")
    parser.add_argument("--landmarks", metavar="KEY", help="show the displacements of one key instead")
    options = parser.parse_args(argv)
    try:
        theirs = of_rig(options.rig)
    except RigError as error:
        print(error, file=sys.stderr)
        return 2
    ours = of_head(assemble(PLAIN))
    if options.landmarks:
        _print_landmarks(options.landmarks, ours, theirs)
        return 0
    print(f"{'key':22s} pattern direction  size")
    rows = compare(ours, theirs)
    for name, (pattern, direction, size) in zip(CHANNELS, rows, strict=True):
        fine = pattern >= GOOD_COSINE and 1 / GOOD_SIZE <= size <= GOOD_SIZE
        print(f"{name:22s} {pattern:7.2f} {direction:9.2f} {size:5.2f}{'' if fine else '  <'}")
    pattern, direction, size = np.array(rows).T
    print(
        f"pattern >= {GOOD_COSINE}: {np.sum(pattern >= GOOD_COSINE)} of {len(rows)}; "
        f"direction: {np.sum(direction >= GOOD_COSINE)}; "
        f"size within a factor {GOOD_SIZE:g}: {np.sum((size <= GOOD_SIZE) & (size >= 1 / GOOD_SIZE))}"
    )
    return 0


def _print_landmarks(key: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    """Both heads' displacements of one key: left, up, front in hundredths of the jaw's drop."""
    names = list(RIG_PLACES)
    k = CHANNELS.index(key)
    order = np.array([1.0, 1.0, -1.0])
    for i, name in enumerate(names):
        a, b = (100 * m[k, i][[0, 2, 1]] * order for m in (ours, theirs))
        print(
            f"{name:18s} ours {a[0]:5.0f}{a[1]:5.0f}{a[2]:5.0f}   captured {b[0]:5.0f}{b[1]:5.0f}{b[2]:5.0f}"
        )


if __name__ == "__main__":
    sys.exit(main())
