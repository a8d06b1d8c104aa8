"""Draw the pictures of the demo head in docs/pictures/: `python docs/pictures.py [SHEET ...]`.

Sheets: keys, visemes, emotions, pairs, views, demo; without a name, all of them. Needs the bpy module; the
poses are drawn by Workbench, the views by Cycles, which takes most of the time: some minutes in all.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "core")]

import bpy  # noqa: E402
from matplotlib import font_manager  # noqa: E402

import blender_addon  # noqa: E402
from blender_addon import own_head, stage  # noqa: E402
from phiz.face import action_units, emotions  # noqa: E402
from phiz.face.channels import CHANNELS, INDEX, TONGUE  # noqa: E402
from phiz.face.head import VARIATIONS, demo_head  # noqa: E402

OUT = ROOT / "docs/pictures"
TILE = 184  # pixels along a side
LABEL = 18
BACK = (41, 43, 48)
GRADES = (0.35, 0.7, 1.0)
PAIRS = (
    *((1, 2), (1, 4), (1, 15), (2, 5), (4, 7), (6, 12)),
    *((9, 10), (12, 25), (14, 24), (15, 17), (18, 22), (20, 26)),
)
VIEWS = (("front", 0.0), ("half", 0.6), ("side", 1.45))  # turn in radians
MOMENTS = (1.2, 3.5, 4.8, 10.45)  # seconds of the demo: at ease, joy, anger, a wink
SAMPLES = 12  # of Cycles

Pose = tuple[str, dict[str, float]]


class Studio:
    """The head in a new scene, and a camera on its face."""

    def __init__(self, variation: str, whole: bool = False) -> None:
        head = demo_head(variation)
        self.scene = own_head.scene(head)
        self.body = bpy.data.objects["Phiz"]
        if not whole:  # the face alone: the eyes lie at z = 0
            camera = self.scene.camera
            camera.location = (0.0, -1.25, -0.022)
            camera.data.lens = camera.data.sensor_width * 1.25 / 0.235

    def picture(self, pose: dict[str, float], size: int, *, turn: float = 0.0, fine: bool = False):
        """One pose, turned about the vertical, as an image."""
        for block in self.body.data.shape_keys.key_blocks[1:]:
            block.value = pose.get(block.name, 0.0)
        self.body.rotation_euler[2] = turn
        render = self.scene.render
        stage.preview_look(self.scene)
        self.scene.display.render_aa = "8"
        if fine:
            render.engine = "CYCLES"
            self.scene.cycles.device, self.scene.cycles.samples = "CPU", SAMPLES
            self.scene.cycles.use_denoising, self.scene.cycles.max_bounces = True, 4
        render.resolution_x, render.resolution_y = size, size
        with tempfile.TemporaryDirectory() as folder:
            render.filepath = str(Path(folder) / "pose.png")
            with stage.quiet():
                bpy.ops.render.render(write_still=True)
            return Image.open(render.filepath).convert("RGB")


def sheet(tiles: Sequence[tuple[str, Image.Image]], columns: int) -> Image.Image:
    """Pictures of one size in rows, each over its name."""
    wide, high = tiles[0][1].size
    rows = -(-len(tiles) // columns)
    whole = Image.new("RGB", (columns * wide, rows * (high + LABEL)), BACK)
    pen = ImageDraw.Draw(whole)
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 12)
    for number, (name, image) in enumerate(tiles):
        x, y = number % columns * wide, number // columns * (high + LABEL)
        whole.paste(image, (x, y))
        pen.text((x + wide / 2, y + high + LABEL / 2), name, (222, 222, 222), font, anchor="mm")
    return whole


def posed(poses: Sequence[Pose], columns: int) -> Image.Image:
    studio = Studio("woman")
    return sheet([(name, studio.picture(pose, TILE)) for name, pose in poses], columns)


def named(weights: np.ndarray) -> dict[str, float]:
    return dict(zip(CHANNELS, map(float, weights), strict=True))


def keys() -> Image.Image:
    return posed([(name, {name: 1.0}) for name in (*CHANNELS, TONGUE)], 8)


def visemes() -> Image.Image:
    """The visemes; where speech closes the lips, mouthClose makes up for what the viseme leaves open."""
    from phiz.corpus.teacher import visemes as spoken
    from phiz.face.head.lips import lip_gap_coefficients

    rest, moved = lip_gap_coefficients()
    poses = []
    for name in spoken.NAMES:
        weights = spoken.pose(name)
        if name in ("P", "B", "M"):
            weights[INDEX["mouthClose"]] += max(float((rest + moved @ weights).max()), 0.0)
        if name != "SIL":
            poses.append((name, named(weights)))
    return posed(poses, 8)


def emotion() -> Image.Image:
    felt = [name for name in emotions.EMOTIONS if name != "neutral"]
    poses = [(f"{name} {grade:g}", named(emotions.pose(name, grade))) for grade in GRADES for name in felt]
    return posed(poses, len(felt))


def pairs() -> Image.Image:
    poses = []
    for one, other in PAIRS:
        both = np.clip(action_units.pose(one) + action_units.pose(other), 0.0, 1.0)
        poses.append((f"AU {one} + {other}", named(both)))
    return posed(poses, 6)


def views() -> Image.Image:
    tiles = []
    for name in VARIATIONS:
        studio = Studio(name, whole=True)
        tiles += [(f"{name}, {view}", studio.picture({}, 330, turn=turn, fine=True)) for view, turn in VIEWS]
    return sheet(tiles, len(VIEWS))


def demo() -> Image.Image:
    """Moments of what `build.py demo` shows."""
    from phiz.acting.direction import Direction
    from phiz.audio import recording
    from phiz.runtime import bundle
    from phiz.runtime.generate import generate

    voice = recording.load(ROOT / "docs/demo/voice.flac")
    take = generate(voice, Direction.from_file(ROOT / "docs/demo/direction.json"), bundle.load(None))
    studio = Studio("woman", whole=True)
    whole = Image.new("RGB", (400 * len(MOMENTS), 400), BACK)
    for number, second in enumerate(MOMENTS):
        pose = named(take.weights[round(second * take.fps)])
        whole.paste(studio.picture(pose, 400), (400 * number, 0))
    return whole


SHEETS: dict[str, tuple[Callable[[], Image.Image], str]] = {
    "keys": (keys, "head_keys.jpg"),
    "visemes": (visemes, "head_visemes.jpg"),
    "emotions": (emotion, "head_emotions.jpg"),
    "pairs": (pairs, "head_pairs.jpg"),
    "demo": (demo, "demo.jpg"),
    "views": (views, "head_views.jpg"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sheets", nargs="*", metavar="SHEET", help=", ".join(SHEETS))
    parser.add_argument("-o", "--out", type=Path, default=OUT, help="folder (docs/pictures)")
    args = parser.parse_args()
    if unknown := set(args.sheets) - {*SHEETS, "all"}:
        parser.error(f"no sheet {', '.join(sorted(unknown))}; there are {', '.join(SHEETS)}")
    blender_addon.register()
    for name, (draw, file) in SHEETS.items():
        if args.sheets and not {name, "all"} & set(args.sheets):
            continue
        begun = time.monotonic()
        draw().save(args.out / file, quality=86, optimize=True)
        size = (args.out / file).stat().st_size
        print(f"{file}: {size / 1e3:.0f} kB, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the module's own way out may crash
