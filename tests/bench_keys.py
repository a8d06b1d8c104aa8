# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""`python tests/bench_keys.py`: how long Blender takes to get the keys of ten minutes on a face."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import bpy
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import blender_addon
from blender_addon import character, keyframes, performance
from phiz.face.channels import COUNT
from phiz.face.head import demo_head
from phiz.motion.take import Take

FRAMES = 18_000


def main() -> int:
    blender_addon.register()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    face = character.add(demo_head(), scene)
    random = np.random.default_rng(0)
    weights, head = random.random((FRAMES, COUNT), np.float32), np.zeros((FRAMES, 3), np.float32)
    take = Take(weights, head, keyframes.scene_rate(scene))
    (target,) = performance.targets(scene, face)
    times = []
    for _ in range(3):
        began = time.perf_counter()
        keyframes.write(target, take, start=1, rate=take.fps)
        times.append(time.perf_counter() - began)
    print(f"Blender {bpy.app.version_string}: {COUNT} curves of {FRAMES} keys in {min(times):.2f} s")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    status = main()
    os._exit(status)  # on its own way out bpy may crash
