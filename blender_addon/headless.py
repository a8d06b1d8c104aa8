# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""A recording in, a .blend and a preview video out, without a window.

    blender --background [FILE.blend] --python blender_addon/headless.py -- --audio A.wav -o OUT.blend
    python blender_addon/headless.py --head --audio A.wav -o OUT.blend --video OUT.mp4

The second form needs the bpy module. Exit code 0, or 2 with one line on stderr that says what was wrong.
"""

from __future__ import annotations

import argparse
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

_ROOT = Path(__file__).resolve().parent.parent
for _folder in (_ROOT / "core", _ROOT):
    if _folder.is_dir() and str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from blender_addon import action_support, faces, keyframes, rotation, stage  # noqa: E402
from phiz.errors import PhizError  # noqa: E402
from phiz.writing import check_writable  # noqa: E402

if TYPE_CHECKING:
    from phiz.acting.direction import Direction
    from phiz.motion.take import Take


class HeadlessError(PhizError):
    """Options that do not fit together, a file that is not there, a Python that lacks a package."""


def parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser("headless.py", description="A recording in, a .blend and a video out.")
    options.add_argument("--audio", type=Path, help="the recording")
    face = options.add_mutually_exclusive_group()
    face.add_argument("--blend", type=Path, help="the .blend with the face (or open it with Blender itself)")
    face.add_argument("--head", action="store_true", help="Phiz's own head in a new file")
    options.add_argument(
        "--object", action="append", default=[], metavar="NAME",
        help="the face, and with more of them exactly the meshes to animate; default: the face of the scene",
    )  # fmt: skip
    options.add_argument("--head-object", metavar="NAME", help="object that turns with the head")
    options.add_argument(
        "--head-bone", metavar="BONE", help="bone of the armature --head-object that turns instead"
    )
    options.add_argument(
        "--take", type=Path, help="a finished Take (.npz, .json, .csv) instead of generating one"
    )
    options.add_argument("-o", "--output", type=Path, required=True, help="the .blend to write")
    options.add_argument("--video", type=Path, help="preview video to render (.mp4)")
    options.add_argument(
        "--size", type=int, default=640, help="pixels along a side of the video (%(default)s)"
    )
    options.add_argument(
        "--start", type=int, help="scene frame of the first key; default: the scene's first frame"
    )
    options.add_argument(
        "--fps", type=float, help="keys per second; default: the scene's rate (30 with --head)"
    )
    acting = options.add_argument_group("acting, as in `phiz generate`")
    acting.add_argument("--emotion", metavar="NAME")
    acting.add_argument("--intensity", type=float, default=1.0, metavar="X", help="0 to 1 (%(default)g)")
    acting.add_argument("--style", metavar="NAME")
    acting.add_argument("--seed", type=int, metavar="N")
    acting.add_argument("--direction", type=Path, metavar="FILE.json", help="acting notes over time")
    acting.add_argument("--steps", type=int, default=8, metavar="N", help="sampling steps (%(default)s)")
    acting.add_argument("--threads", type=int, metavar="N", help="CPU threads (all useful)")
    acting.add_argument("--bundle", type=Path, metavar="DIR", help="model bundle (the shipped one)")
    return options


def run(options: argparse.Namespace) -> None:
    """Plan, compute, commit; raises PhizError before anything was written."""
    _check(options)
    scene = _open(options)
    rate = keyframes.scene_rate(scene)
    start = scene.frame_start if options.start is None else options.start
    targets = faces.plan(scene, options.object)
    turning = _turning(scene, options)

    take = _take(options, options.fps or rate)

    for target in targets:
        keyframes.write(target, take, start=start, rate=rate)
    rotation.write(turning, take, start=start, rate=rate)
    last = start + max(1, round((len(take.weights) - 1) * rate / take.fps))
    if options.head:
        scene.frame_end = last
    for note in (*faces.notes(targets), *keyframes.clipped(targets, take)):
        _say(note)
    sound = False
    if options.audio is not None:
        sound = stage.add_sound(scene, options.audio, start)
        if not sound:
            _say("this Blender was built without sound: no sound strip, and a silent video")
    scene.frame_set(start)
    stage.save(options.output)
    _say(f"wrote {options.output}")

    if options.video is not None:
        if scene.camera is None:
            stage.camera(scene, targets[0].mesh)
        _say(f"rendering {last - start + 1} frames")
        for note in stage.render_video(
            scene, options.video, first=start, last=last, size=options.size, sound=sound
        ):
            _say(note)
        if options.video.exists():
            _say(f"wrote {options.video}")


def _check(options: argparse.Namespace) -> None:
    if options.audio is None and options.take is None:
        raise HeadlessError("Neither --audio nor --take came. Give a recording, a Take or both.")
    if not (options.head or options.blend or bpy.data.filepath):
        raise HeadlessError("No face came. Give --blend FILE.blend, or --head for Phiz's own.")
    if options.head_bone and not options.head_object:
        raise HeadlessError("--head-bone came without --head-object. Name the armature.")
    if options.output.suffix != ".blend":
        raise HeadlessError(f"The output is a .blend; got {options.output.name}.")
    if options.video is not None and options.video.suffix != ".mp4":
        raise HeadlessError(f"The video is an .mp4; got {options.video.name}.")
    for given in (options.audio, options.take, options.blend):
        if given is not None and not given.is_file():
            raise HeadlessError(f"There is no file {given}. Check the name and the folder.")
    for wanted in (options.output, options.video):
        if wanted is not None:
            check_writable(wanted)
    acting = ("emotion", "style", "seed", "direction", "bundle")
    if options.take is not None and any(getattr(options, name) is not None for name in acting):
        raise HeadlessError(
            f"--take is already acted; leave out {', '.join('--' + name for name in acting)}."
        )
    if options.fps is not None and not 1 <= options.fps <= 240:
        raise HeadlessError(f"--fps is 1 to 240; got {options.fps:g}.")
    if not 16 <= options.size <= 4096:
        raise HeadlessError(f"--size is 16 to 4096; got {options.size}.")


def _open(options: argparse.Namespace) -> bpy.types.Scene:
    if options.head:
        return _own_head(options)
    if options.blend is not None:
        try:
            bpy.ops.wm.open_mainfile(filepath=str(options.blend.resolve()))
        except RuntimeError as error:
            raise HeadlessError(f"Blender cannot open {options.blend}: {stage.first_line(error)}") from error
    return bpy.context.scene


def _own_head(options: argparse.Namespace) -> bpy.types.Scene:
    from blender_addon import character
    from phiz.face.head import demo_head

    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    # fps is a whole number in Blender: 29.97 is 30 with fps_base 30 / 29.97
    wanted = Fraction(options.fps or 30).limit_denominator(100_000)
    scene.render.fps = round(wanted)
    scene.render.fps_base = float(round(wanted) / wanted)
    scene.sync_mode = "AUDIO_SYNC"
    face = character.add(demo_head(), scene)
    stage.camera(scene, face)
    stage.light(scene, face)
    stage.preview_look(scene)
    return scene


def _turning(scene: bpy.types.Scene, options: argparse.Namespace) -> rotation.Turning:
    if options.head_object is None:
        own = rotation.Joint(faces.plan(scene)[0].mesh) if options.head else None
        return rotation.Turning(own)
    found = scene.objects.get(options.head_object)
    if found is None:
        raise HeadlessError(f"There is no object named {options.head_object!r} in the scene. Check the name.")
    turning = rotation.Turning(rotation.Joint(found, options.head_bone))
    rotation.plan(turning)
    return turning


def _take(options: argparse.Namespace, fps: float) -> Take:
    if options.take is not None:
        from phiz.motion import take

        loaded = take.load(options.take)
        return loaded if abs(loaded.fps - fps) < 1e-6 else loaded.resampled(fps)
    try:
        return _generated(options, fps)
    except ModuleNotFoundError as error:
        raise HeadlessError(
            f"Blender's Python lacks {error.name}. Run `phiz generate` and give its Take with --take."
        ) from error


def _generated(options: argparse.Namespace, fps: float) -> Take:
    from phiz.audio import recording
    from phiz.runtime import bundle
    from phiz.runtime.generate import generate

    direction = _direction(options)
    voice = recording.load(options.audio)
    model = bundle.load(options.bundle, threads=options.threads)
    return generate(voice, direction, model, steps=options.steps, fps=fps)


def _direction(options: argparse.Namespace) -> Direction:
    from phiz.acting.direction import Direction

    given = {name: value for name in ("style", "seed") if (value := getattr(options, name)) is not None}
    if options.direction is not None:
        if options.emotion is not None:
            raise HeadlessError("--emotion excludes --direction, which holds emotions over time. Give one.")
        return Direction(**(Direction.from_file(options.direction).model_dump() | given))
    if options.emotion is None:
        return Direction(**given)
    return Direction.of(options.emotion, options.intensity, **given)


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """Run with these arguments (None: the command line's own); 0, or 2 after one line on stderr."""
    if arguments is None:
        inside = not action_support.is_module()
        own = sys.argv.index("--") + 1 if "--" in sys.argv else len(sys.argv)
        arguments = sys.argv[own:] if inside or "--" in sys.argv else sys.argv[1:]
    try:
        run(parser().parse_args(arguments))
    except PhizError as error:
        print(f"phiz: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
