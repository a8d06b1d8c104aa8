# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""Run by test_package.py in a Python that has bpy and numpy, as Blender's has, and no phiz.

    python installed_extension.py ZIP VOICE REPORT.json

Installs the extension, generates with it, and writes down what was found.
"""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

import bpy

MODULE = "bl_ext.user_default.phiz"


def files(folder: Path) -> dict[str, int]:
    """Size of every file in a folder, without what Python itself caches there."""
    return {
        str(path.relative_to(folder)): path.stat().st_size
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def main(archive: str, voice: str, report: Path) -> None:
    found: dict[str, object] = {"before": importlib.util.find_spec("phiz") is not None}
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    bpy.ops.wm.read_homefile(use_empty=True)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.0

    import numpy as np

    names = ("phiz", "onnxruntime", "pydantic", "pydantic_core", "soundfile", "soxr")
    found["origins"] = {name: importlib.import_module(name).__file__ for name in names}

    from phiz.acting.direction import Direction
    from phiz.audio import recording
    from phiz.face.channels import CHANNELS
    from phiz.face.head import demo_head
    from phiz.runtime import bundle
    from phiz.runtime.generate import generate

    addon = importlib.import_module(MODULE)
    folder = Path(str(addon.__file__)).parent
    untouched = files(folder)
    face = importlib.import_module(MODULE + ".character").add(demo_head(), scene)
    face.phiz.voice_file, face.phiz.seed = voice, 5
    face.phiz.emotion_heard = False
    share = face.phiz.emotions.add()
    share.emotion, share.share = "happy", 1.0
    found["generated"] = sorted(bpy.ops.phiz.generate())

    direction = Direction.of("happy", 1.0, seed=5)
    take = generate(recording.load(voice), direction, bundle.load(None), fps=24.0)
    keys = np.zeros((take.frames, len(CHANNELS)), np.float32)
    for frame in range(take.frames):
        scene.frame_set(scene.frame_start + frame)
        shown = face.data.shape_keys.evaluated_get(bpy.context.evaluated_depsgraph_get()).key_blocks
        keys[frame] = [shown[name].value for name in CHANNELS]
    found["frames"] = take.frames
    found["moved"] = float(np.ptp(keys, axis=0).max())
    found["apart"] = float(np.abs(keys - take.weights).max())
    found["written_to"] = files(folder) != untouched

    bpy.ops.preferences.addon_disable(module=MODULE)
    found["left"] = hasattr(bpy.types.Object, "phiz")
    report.write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    sys.stdout.flush()
    os._exit(0)  # bpy's own end is none of this test's business
