"""Build every variation of the demo head and write them as data: `python -m phiz.face.head.build`.

To be run after every change of the form, the keys or the colours; a test says when it was forgotten.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from phiz.face.head import demo_head
from phiz.face.head.shipped import DATA, write
from phiz.face.head.variations import VARIATIONS
from phiz.writing import whole_file


def main(argv: list[str] | None = None) -> int:
    """Write the file, and say what is in it."""
    parser = argparse.ArgumentParser(prog="python -m phiz.face.head.build", description=__doc__)
    parser.add_argument("-o", "--out", type=Path, default=DATA, help="the file to write (the shipped one)")
    out = parser.parse_args(argv).out
    heads = {name: demo_head(name) for name in VARIATIONS}
    with whole_file(out) as stream:
        write(heads, stream)
    for name, head in heads.items():
        print(f"{name}: {len(head.vertices)} vertices, {len(head.keys)} keys, {len(head.correctives)} more")
    print(f"{out}: {out.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
