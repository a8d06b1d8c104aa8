# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""From Generate to keys with the real worker and the shipped bundle, and everything that can go wrong."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

import blender_addon  # noqa: E402
from blender_addon import (  # noqa: E402
    action_support,
    character,
    generation,
    keyframes,
    ownership,
    performance,
    preferences,
    strips,
    worker_process,
)
from blender_addon.voice import Voice  # noqa: E402
from phiz.acting.direction import Direction  # noqa: E402
from phiz.audio import recording  # noqa: E402
from phiz.face.channels import CHANNELS  # noqa: E402
from phiz.face.head import Head  # noqa: E402
from phiz.motion.take import Take  # noqa: E402
from phiz.runtime import bundle  # noqa: E402
from phiz.runtime.generate import generate  # noqa: E402

VOICE = Path(__file__).parent.parent / "docs/demo/voice.flac"
RATE = 24.0
SECONDS = 1.5


@pytest.fixture(scope="module", autouse=True)
def registered() -> Iterator[None]:
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples, rate = soundfile.read(VOICE)
    path = tmp_path_factory.mktemp("voice") / "line.wav"
    soundfile.write(path, samples[: int(SECONDS * rate)], rate)
    return path


@pytest.fixture
def scene() -> Any:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    generation.forget()
    return bpy.context.scene


@pytest.fixture
def face(scene: Any, line: Path) -> Any:
    lift = np.zeros((4, 3), np.float32)
    lift[0, 2] = 0.01
    head = Head(
        vertices=np.array([(0, -1, 0), (-1, 1, 0), (1, 1, 0), (0, 0, 1)], np.float32),
        faces=[(0, 2, 3), (0, 3, 1), (0, 1, 2), (1, 3, 2)],
        material_index=np.array([0, 0, 0, 0]),
        materials=(("Skin", (0.8, 0.6, 0.5, 1.0), 0.5),),
        keys={name: lift for name in CHANNELS},
    )
    made = character.add(head, scene)
    made.phiz.voice_file = str(line)
    made.phiz.emotion_heard = False
    return made


def keys_of(face: Any) -> np.ndarray:
    """(frames, 51) values of the keys, in the order of CHANNELS."""
    blocks = face.data.shape_keys.key_blocks
    curves = {curve.data_path: curve for curve in action_support.used_curves(face.data.shape_keys)}
    columns = []
    for name in CHANNELS:
        points = curves[blocks[name].path_from_id("value")].keyframe_points
        flat = np.empty(2 * len(points), np.float32)
        points.foreach_get("co", flat)
        columns.append(flat[1::2])
    return np.stack(columns, axis=1)


def expected(line: Path, direction: Direction) -> Take:
    return generate(recording.load(line), direction, bundle.load(None, threads=1), fps=RATE)


def unchanged(face: Any) -> Callable[[], bool]:
    """A question that is answered with yes as long as the file has what it has now."""

    def now() -> tuple[object, ...]:
        owner = face.data.shape_keys
        held = [(action.name, action.users) for action in bpy.data.actions]
        return held, ownership.active(owner), ownership.active(face), len(bpy.data.sounds)

    before = now()
    return lambda: now() == before


def test_keys_equal_the_take(scene: Any, face: Any, line: Path) -> None:
    assert bpy.ops.phiz.generate() == {"FINISHED"}
    take = expected(line, Direction.of())
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6
    frames, _ = action_support.used_curves(face.data.shape_keys)[0].range()
    assert frames == scene.frame_start


def test_strips_act(scene: Any, face: Any, line: Path) -> None:
    bpy.ops.phiz.generate()
    plain = keys_of(face)
    scene.frame_set(13)
    bpy.ops.phiz.add_event(unit="12")
    (event,) = strips.read(face, scene, 1, SECONDS).events
    bpy.ops.phiz.generate()
    take = expected(line, Direction(emotion=Direction.of().emotion, events=(event,)))
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6
    assert np.abs(keys_of(face)[:12] - plain[:12]).max() == 0.0
    assert np.abs(keys_of(face) - plain).max() > 0.2


def test_the_settings_arrive_in_the_take(scene: Any, face: Any, line: Path) -> None:
    face.phiz.emotions.add().emotion = "sad"
    face.phiz.intensity = 0.5
    face.phiz.style = "lively"
    face.phiz.seed = 7
    bpy.ops.phiz.generate()
    take = expected(line, Direction.of("sad", 0.5, style="lively", seed=7))
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6


def test_the_worker_stays_warm(face: Any, line: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bpy.ops.phiz.generate()
    warm = worker_process.worker()
    bpy.ops.phiz.generate()
    assert worker_process.worker() is warm
    monkeypatch.setattr(preferences, "wanted", lambda: preferences.Wanted(threads=1))
    bpy.ops.phiz.generate()
    assert worker_process.worker() is not warm


def test_again_replaces_only_phiz_own_action(scene: Any, face: Any) -> None:
    keys = face.data.shape_keys
    mine = action_support.new_action(keys, "Mine")
    curve = action_support.curves(mine).new(keys.key_blocks["jawOpen"].path_from_id("value"))
    curve.keyframe_points.insert(1.0, 0.75)
    action_support.assign(keys, mine)
    for _ in range(2):
        bpy.ops.phiz.generate()
        assert [action.name for action in bpy.data.actions] == ["Mine", f"Phiz {face.name}"]
    assert curve.keyframe_points[0].co[1] == 0.75
    assert mine.use_fake_user


def test_a_range_leaves_the_rest_to_the_bit(scene: Any, face: Any) -> None:
    bpy.ops.phiz.generate()
    before = keys_of(face)
    face.phiz.range_use, face.phiz.range_start, face.phiz.range_end = True, 10, 20
    face.phiz.seed = 5
    bpy.ops.phiz.generate()
    after = keys_of(face)
    changed = np.flatnonzero((after != before).any(axis=1)) + scene.frame_start
    assert changed.min() >= 10
    assert changed.max() <= 20
    assert len(changed) > 5


def test_a_range_beside_the_recording_is_refused(face: Any) -> None:
    face.phiz.range_use, face.phiz.range_start, face.phiz.range_end = True, 500, 600
    with pytest.raises(RuntimeError, match="has no frame of the recording"):
        bpy.ops.phiz.generate()


def test_variations_can_be_chosen(scene: Any, face: Any) -> None:
    from blender_addon import variations

    keys = face.data.shape_keys
    face.phiz.variations = 2
    face.phiz.seed = 3
    bpy.ops.phiz.generate()
    assert list(variations.seeds(keys)) == [3, 4]
    assert variations.chosen(keys) == 3
    first = keys_of(face)
    variations.choose([keys], 4)
    second = keys_of(face)
    assert np.abs(first - second).max() > 0.01
    face.phiz.variations = 1
    bpy.ops.phiz.generate()
    assert np.array_equal(keys_of(face), first)
    assert len(bpy.data.actions) == 1


def start(scene: Any, face: Any) -> None:
    """Begin as the button does, and be in the midst of it: something is computed, nothing written."""
    generation.begin(scene, face)
    until = time.monotonic() + 120
    while generation.state.run is not None and generation.state.run.done == 0.0:
        generation._listen()
        assert time.monotonic() < until
        time.sleep(0.01)


def finish() -> None:
    while generation.state.run is not None:
        generation._step()
        time.sleep(0.01)


def test_cancel_leaves_the_file_as_it_was(scene: Any, face: Any, line: Path) -> None:
    face.phiz.voice_file = str(VOICE)  # long enough to be caught in the midst of it
    same = unchanged(face)
    start(scene, face)
    assert bpy.ops.phiz.cancel() == {"FINISHED"}
    generation._step()
    assert same()
    assert not bpy.ops.phiz.cancel.poll()
    face.phiz.voice_file = str(line)
    bpy.ops.phiz.generate()  # the worker lives
    assert ownership.owned(face.data.shape_keys)


def test_a_dead_worker_is_said_and_started_again(scene: Any, face: Any, line: Path) -> None:
    face.phiz.voice_file = str(VOICE)  # long enough to be caught in the midst of it
    same = unchanged(face)
    start(scene, face)
    os.kill(worker_process.worker()._process._popen.pid, signal.SIGKILL)  # pyright: ignore
    finish()
    assert generation.state.failure is not None
    assert "signal 9" in generation.state.failure.line
    assert "Blender" in generation.state.failure.details
    assert same()
    face.phiz.voice_file = str(line)
    bpy.ops.phiz.generate()
    assert generation.state.failure is None


def test_the_face_is_deleted_meanwhile(scene: Any, face: Any) -> None:
    start(scene, face)
    bpy.data.objects.remove(face)
    finish()
    assert generation.state.failure is not None
    assert "The face was removed" in generation.state.failure.line
    assert not bpy.data.actions


def test_the_face_is_renamed_meanwhile(scene: Any, face: Any) -> None:
    start(scene, face)
    face.name = "Someone else"
    finish()
    assert generation.state.failure is None
    assert [action.name for action in bpy.data.actions] == ["Phiz Someone else"]


def long_run(scene: Any, face: Any, tmp_path: Path) -> Take:
    """A run of five minutes of which all is computed and nothing written."""
    random = np.random.default_rng(3)
    weights = np.abs(np.cumsum(random.normal(0, 0.02, (7200, 51)), axis=0) % 2 - 1).astype(np.float32)
    take = Take(weights, random.normal(0, 0.1, (7200, 3)).astype(np.float32), RATE)
    take.save(tmp_path / "long.npz")
    voice = Voice(Path(face.phiz.voice_file), 0.0, 300.0, 1.0)
    uids = scene.session_uid, face.session_uid
    generation.state.run = generation.Run(*uids, voice, 0, None, None, {}, {}, [tmp_path / "long.npz"])
    return take


@pytest.fixture
def one_piece_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast the machine is: else a few steps may write all keys."""
    monkeypatch.setattr(generation, "_SLICE", 0.0)


pieces_alone = pytest.mark.usefixtures("one_piece_a_step")


@pieces_alone
def test_long_takes_are_written_a_little_at_a_time(scene: Any, face: Any, tmp_path: Path) -> None:
    face.phiz.head_object = face
    same = unchanged(face)
    take = long_run(scene, face, tmp_path)
    pieces = 0
    while generation.state.run is not None:
        generation._step()
        pieces += 1
        if pieces == 40:
            assert not same()  # an Action is being built, and used by nothing
            assert ownership.active(face.data.shape_keys) is None
    assert generation.state.failure is None
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6
    assert pieces > 50


@pieces_alone
def test_undo_while_keys_are_written(scene: Any, face: Any, tmp_path: Path) -> None:
    same = unchanged(face)
    take = long_run(scene, face, tmp_path)
    for _ in range(3):
        generation._step()
    generation._other_state()
    assert same()
    finish()
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6
    long_run(scene, face, tmp_path)
    same = unchanged(face)
    for _ in range(3):
        generation._step()
    generation.cancel()
    assert same()


@pieces_alone
def test_the_face_is_deleted_while_its_keys_are_written(scene: Any, face: Any, tmp_path: Path) -> None:
    long_run(scene, face, tmp_path)
    for _ in range(3):
        generation._step()
    bpy.data.meshes.remove(face.data)
    finish()
    assert generation.state.failure is not None
    assert "was changed while its keys were written" in generation.state.failure.line
    assert not bpy.data.actions


def test_another_file_is_opened_meanwhile(scene: Any, face: Any) -> None:
    start(scene, face)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert generation.state.run is None
    assert not bpy.data.actions


def test_a_folder_for_takes_that_cannot_be_written_is_said(
    scene: Any, face: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    same = unchanged(face)
    monkeypatch.setattr(generation, "_folder", lambda: Path("/dev/full"))
    with pytest.raises(RuntimeError, match="Cannot write"):
        bpy.ops.phiz.generate()
    assert same()


def test_a_recording_that_is_none(face: Any, tmp_path: Path) -> None:
    same = unchanged(face)
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"no sound at all")
    face.phiz.voice_file = str(noise)
    with pytest.raises(RuntimeError, match="Cannot read noise"):
        bpy.ops.phiz.generate()
    assert same()


def test_linked_keys_are_refused_before_anything_happens(scene: Any, face: Any, tmp_path: Path) -> None:
    path = tmp_path / "face.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    line = face.phiz.voice_file
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (_, into):
        into.objects = ["Phiz"]
    bpy.context.scene.collection.objects.link(bpy.data.objects["Phiz"])
    linked: Any = performance.face_of(bpy.context.scene)
    assert linked.phiz.voice_file == line
    with pytest.raises(RuntimeError, match="is linked from another file"):
        bpy.ops.phiz.generate()
    assert generation.state.run is None


@pytest.mark.skipif(not action_support.sound_available(), reason="this bpy was built without sound")
def test_a_trimmed_strip_is_heard_where_it_stands(scene: Any, face: Any, line: Path) -> None:
    strip = action_support.strips(scene.sequence_editor_create()).new_sound("say", str(line), 1, 11)
    strip.frame_offset_start = 12  # half a second
    face.phiz.voice_source, face.phiz.voice_strip = "STRIP", "say"
    bpy.ops.phiz.generate()
    samples, rate = soundfile.read(line)
    part = recording.Recording(recording.load(line).samples[recording.RATE // 2 :])
    take = generate(part, Direction.of(), bundle.load(None, threads=1), fps=RATE)
    assert len(samples) == int(SECONDS * rate)
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6
    assert action_support.used_curves(face.data.shape_keys)[0].range()[0] == 23


@pytest.mark.skipif(not action_support.sound_available(), reason="this bpy was built without sound")
def test_a_packed_sound_is_heard(scene: Any, face: Any, line: Path, tmp_path: Path) -> None:
    copy = tmp_path / "gone.wav"
    copy.write_bytes(line.read_bytes())
    strip = action_support.strips(scene.sequence_editor_create()).new_sound("say", str(copy), 1, 1)
    strip.sound.pack()
    copy.unlink()
    face.phiz.voice_source, face.phiz.voice_strip = "STRIP", "say"
    bpy.ops.phiz.generate()
    assert np.abs(keys_of(face) - expected(line, Direction.of()).weights).max() < 1e-6


@pytest.mark.skipif(not action_support.sound_available(), reason="this bpy was built without sound")
def test_the_sound_is_added_once(scene: Any, face: Any) -> None:
    for _ in range(2):
        bpy.ops.phiz.generate()
        assert len(action_support.strips(scene.sequence_editor)) == 1


def test_a_frame_rate_with_a_base(scene: Any, face: Any, line: Path) -> None:
    scene.render.fps, scene.render.fps_base = 30, 1.001
    bpy.ops.phiz.generate()
    rate = keyframes.scene_rate(scene)
    take = generate(recording.load(line), Direction.of(), bundle.load(None, threads=1), fps=rate)
    assert np.abs(keys_of(face) - take.weights).max() < 1e-6
