"""Draw many poses of a head in one picture: `python docs/sheets.py {emotions,aus,channels} OUT.png`.

The head is ours, or with `--rigs FOLDER` the realistic ICT-FaceKit one. `--unlabelled` leaves the names
out and shuffles the poses by its number; the order goes to OUT.txt, to be read after looking.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from phiz.evaluate import render
from phiz.face import action_units, emotions
from phiz.face.channels import CHANNELS, COUNT

GRADES = (0.4, 0.7, 1.0)


def poses(sheet: str) -> list[tuple[str, np.ndarray]]:
    """(name, (51,) weights) of a sheet: channels at 1, Action Units and emotions at each of GRADES."""
    if sheet == "channels":
        return [(name, np.eye(COUNT, dtype=np.float32)[i]) for i, name in enumerate(CHANNELS)]
    if sheet == "emotions":
        return [(f"{name} {g}", emotions.pose(name, g)) for name in emotions.EMOTIONS for g in GRADES]
    units = [(unit.number, side) for unit in action_units.ACTION_UNITS.values() for side in unit.sides[:2]]
    return [(f"{n}{side} {g}", action_units.pose(n, side, g)) for n, side in units for g in GRADES]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sheet", choices=("emotions", "aus", "channels"))
    parser.add_argument("out", type=Path)
    parser.add_argument("--rigs", type=Path)
    parser.add_argument("--only", default="", help="only poses whose name begins so, comma-separated")
    parser.add_argument("--grade", help="only this grade: 0.4, 0.7 or 1.0")
    parser.add_argument("--view", type=float, default=0.0, help="turn of the camera in radians")
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--unlabelled", type=int, metavar="SEED")
    args = parser.parse_args()

    chosen = [pose for pose in poses(args.sheet) if pose[0].startswith(tuple(args.only.split(",")))]
    if args.grade:
        chosen = [pose for pose in chosen if pose[0].endswith(args.grade)]
    if args.unlabelled is not None:
        chosen = [chosen[i] for i in np.random.default_rng(args.unlabelled).permutation(len(chosen))]
        args.out.with_suffix(".txt").write_text("\n".join(name for name, _ in chosen) + "\n")
    if args.rigs:
        rig = render.load_rig(args.rigs)
    else:
        from phiz.face.head import demo_head

        rig = render.rig_of(demo_head())
    rows = -(-len(chosen) // args.columns)
    figure, axes = plt.subplots(rows, args.columns, figsize=(args.columns * 2.5, rows * 2.7), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, (name, weights) in zip(axes.flat, chosen, strict=False):
        axis.imshow(render.portrait(rig, weights, view=args.view))
        if args.unlabelled is None:
            axis.set_title(name, fontsize=8, pad=2)
    figure.tight_layout(pad=0.3)
    figure.savefig(args.out, dpi=105)


if __name__ == "__main__":
    main()
