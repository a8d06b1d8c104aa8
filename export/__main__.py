"""`python -m export`: write a model bundle from checkpoints, or a quicker one from a bundle, and say how
true its graphs are."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from export.bundle import write_bundle
from export.distilled import write_distilled
from phiz.corpus.manner_statistics import manners_of
from phiz.errors import PhizError
from phiz.runtime.bundle import SHIPPED, Guidance


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m export", description=__doc__)
    parser.add_argument("--encoder", type=Path, metavar="FILE", help="encoder.safetensors")
    parser.add_argument("--stage1", type=Path, metavar="FILE", help="stage1.safetensors")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="make this one quicker; no checkpoints")
    parser.add_argument("--without", type=Path, metavar="FILE", help="without.safetensors, with --bundle")
    parser.add_argument("--steps", type=int, metavar="N", help="of sampling (default 8, or the bundle's)")
    parser.add_argument("--stage2", type=Path, metavar="FILE", help="stage2.safetensors, for Action Units")
    parser.add_argument("--feeling", type=Path, metavar="FILE", help="feeling.safetensors, to hear emotion")
    parser.add_argument(
        "--corpus", type=Path, metavar="DIR", help="to measure the styles on, so that Takes can be matched"
    )
    parser.add_argument(
        "-o", "--out", type=Path, default=SHIPPED, metavar="DIR", help="default: the shipped one"
    )
    parser.add_argument("--name", default="phiz-base", help="name of the bundle (default phiz-base)")
    parser.add_argument("--audio-guidance", type=float, default=1.0, metavar="W")
    parser.add_argument("--coarse-guidance", type=float, default=1.0, metavar="W")
    args = parser.parse_args(argv)
    encoder: Path | None = args.encoder
    stage1: Path | None = args.stage1
    if (args.bundle is None) == (encoder is None or stage1 is None):
        parser.error("expected --encoder and --stage1, or --bundle")
    guidance = Guidance(audio=args.audio_guidance, coarse=args.coarse_guidance)
    try:
        if args.bundle is not None:
            differences = write_distilled(args.bundle, args.out, without=args.without, steps=args.steps)
        else:
            assert encoder is not None and stage1 is not None, "one of the two ways was given"
            differences = write_bundle(
                encoder,
                stage1,
                args.out,
                name=args.name,
                guidance=guidance,
                stage2_checkpoint=args.stage2,
                feeling_checkpoint=args.feeling,
                manners=None if args.corpus is None else manners_of(args.corpus),
                steps=args.steps or 8,
            )
    except PhizError as error:
        print(f"export: {error}", file=sys.stderr)
        return 2
    for graph, value in differences.items():
        size = (args.out / graph).stat().st_size / 1e6
        print(f"{graph}: {size:.1f} MB, differs from the network by {value:.1e} of its spread")
    return 0


if __name__ == "__main__":
    sys.exit(main())
