# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
"""The performance on a face, in real bpy: adjusted, saved, exported, baked, removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

bpy = pytest.importorskip("bpy", reason="no bpy in this Python: Blender is not tested")

from blender_addon import action_support, keyframes, ownership, result, stage, strips  # noqa: E402
from blender_addon.keyframes import Target  # noqa: E402
from blender_addon.rotation import Joint, Turning  # noqa: E402
from phiz.face.channels import CHANNELS, INDEX  # noqa: E402
from phiz.motion import storage  # noqa: E402
from phiz.motion import take as takes  # noqa: E402
from phiz.motion.take import Take  # noqa: E402

SHOWS = {name: ((i, 1.0),) for i, name in enumerate(CHANNELS)}
FRAMES = 45
HAS_SOUND = action_support.sound_available()


@pytest.fixture
def scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 30
    return bpy.context.scene


@pytest.fixture
def take() -> Take:
    """Smooth motion everywhere; nothing reaches 1 or the other convention of mouthClose."""
    time = np.arange(FRAMES)[:, None] / 30.0
    weights = 0.3 + 0.2 * np.sin(2 * np.pi * time * np.linspace(0.5, 2.0, 51))
    weights[:, INDEX["mouthClose"]] = 0.5 * weights[:, INDEX["jawOpen"]]
    head = 0.3 * np.sin(2 * np.pi * time * np.array([0.4, 0.6, 0.8]))
    return Take(weights, head, 30.0, audio="line.wav", origin={"seed": 3})


def face(scene, name: str = "Face", keys=CHANNELS):
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    body = bpy.data.objects.new(name, mesh)
    scene.collection.objects.link(body)
    body.shape_key_add(name="Basis")
    for key in keys:
        block = body.shape_key_add(name=key)
        block.data[0].co.z, block.value = 1.0, 0.0
    return body


def written(target: Target, frame: float) -> np.ndarray:
    """(51,) the F-curves of the Action in use at a scene frame."""
    curves = {curve.data_path: curve for curve in action_support.used_curves(target.keys)}
    return np.array([curves[f'key_blocks["{name}"].value'].evaluate(frame) for name in CHANNELS])


def rows(target: Target, start: int = 1, count: int = FRAMES) -> np.ndarray:
    return np.stack([written(target, start + i) for i in range(count)])


def test_adjusting_begins_with_the_take_as_it_was_generated(scene, take: Take) -> None:
    target, other = Target(face(scene), SHOWS), Target(face(scene, "Lids"), {CHANNELS[0]: ((0, 1.0),)})
    both = [target, other]
    result.apply(both, take, start=1, rate=30.0)
    np.testing.assert_allclose(rows(target), take.weights, atol=1e-6)
    settings: dict[str, Any] = {"thinning": 0.0, "rate": 30.0}
    brows, cheek = INDEX["browInnerUp"], INDEX["cheekPuff"]
    result.adjust(both, strengths={"brows": 0.5, "mouth": 0.0}, smoothing=0.0, **settings)
    now = rows(target)
    np.testing.assert_allclose(now[:, brows], 0.5 * take.weights[:, brows], atol=1e-6)
    assert not now[:, [INDEX["jawOpen"], cheek]].any(), "mouth and cheeks are one region here"
    np.testing.assert_allclose(now[:, 0], take.weights[:, 0], atol=1e-6)
    result.adjust(both, strengths={}, smoothing=1.0, **settings)
    assert np.ptp(rows(target)[:, brows]) < np.ptp(take.weights[:, brows])
    result.adjust(both, strengths={}, smoothing=0.0, thinning=0.05, rate=30.0)
    (curve, *_) = action_support.used_curves(target.keys)
    assert len(curve.keyframe_points) < FRAMES / 2
    result.adjust(both, strengths={}, smoothing=0.0, **settings)
    np.testing.assert_allclose(rows(target), take.weights, atol=1e-6)
    assert len(bpy.data.actions) == 2


def test_the_take_survives_saving(scene, take: Take, tmp_path: Path) -> None:
    target = Target(face(scene), SHOWS)
    result.apply([target], take, start=7.5, rate=30.0, strengths={"eyes": 0.2})
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    again = result.kept([Target(bpy.data.objects["Face"], SHOWS)])
    assert again is not None
    assert again.start == 7.5
    assert (again.take.weights == take.weights).all()
    assert (again.take.head == take.head).all()
    assert (again.take.fps, again.take.audio, again.take.origin) == (30.0, "line.wav", {"seed": 3})


def test_another_frame_rate_puts_keys_on_whole_frames(scene, take: Take) -> None:
    target = Target(face(scene), SHOWS)
    rate = 24 / 1.001
    (action,) = result.apply([target], take, start=10, rate=rate)
    at = [key.co[0] for key in action_support.curves(action)[0].keyframe_points]
    np.testing.assert_allclose(at, 10 + np.arange(round(FRAMES / 30 * rate)), atol=1e-4)
    result.adjust([target], strengths={}, smoothing=0.0, thinning=0.0, rate=30.0)
    np.testing.assert_allclose(rows(target, 10), take.weights, atol=1e-6)


def test_a_range_alone_keeps_the_rest_to_the_bit(scene, take: Take) -> None:
    target = Target(face(scene), SHOWS)
    result.apply([target], take, start=1, rate=30.0)
    before = rows(target)
    new = Take(take.weights[::-1], take.head, 30.0)
    result.apply([target], new, start=1, rate=30.0, span=(11, 20))
    after = rows(target)
    outside = np.r_[0:10, 20:FRAMES]
    assert (after[outside] == before[outside]).all()
    np.testing.assert_allclose(after[10:20], new.weights[10:20], atol=1e-6)


def test_a_failure_leaves_the_file_as_it_was(scene, take: Take, monkeypatch) -> None:
    target, other = Target(face(scene), SHOWS), Target(face(scene, "Lids"), {CHANNELS[0]: ((0, 1.0),)})
    result.apply([target, other], take, start=1, rate=30.0)
    actions, before = set(bpy.data.actions), rows(target)

    def full(*_words):
        raise MemoryError

    for part, name in ((result, "store"), (ownership, "check"), (keyframes, "_fill")):
        with monkeypatch.context() as patch, pytest.raises(MemoryError):
            patch.setattr(part, name, full)
            new = Take(take.weights[::-1], take.head, 30.0)
            result.apply([target, other], new, start=1, rate=30.0, turning=Turning(Joint(target.mesh)))
        assert set(bpy.data.actions) == actions
    assert (rows(target) == before).all()
    assert target.mesh.animation_data is None


def test_baked_it_is_never_replaced(scene, take: Take) -> None:
    target = Target(face(scene), SHOWS)
    turning = Turning(Joint(target.mesh))
    mine = result.apply([target], take, start=1, rate=30.0, turning=turning)
    assert result.bake([target.keys, target.mesh]) == 2
    assert result.bake([target.keys]) == 0
    assert not any(action.keys() for action in mine)
    with pytest.raises(result.ResultError, match="no performance"):
        result.adjust([target], strengths={}, smoothing=0.0, thinning=0.0, rate=30.0)
    result.apply([target], take, start=1, rate=30.0, strengths={"mouth": 0.0})
    assert result.remove([target.keys, target.mesh], scene, target.mesh) == 1
    assert target.keys.animation_data.action == mine[0]
    np.testing.assert_allclose(rows(target), take.weights, atol=1e-6)


def test_export_is_what_is_on_the_face(scene, take: Take, tmp_path: Path) -> None:
    target = Target(face(scene), SHOWS)
    turning = Turning(Joint(target.mesh))
    result.apply([target], take, start=1, rate=30.0, turning=turning, strengths={"head": 0.5})
    curve = next(c for c in action_support.used_curves(target.keys) if "jawOpen" in c.data_path)
    curve.keyframe_points[4].co[1] = 0.9  # the artist's correction
    path = tmp_path / "line.csv"
    result.export(path, [target], first=1, last=FRAMES, rate=30.0, turning=turning)
    out = takes.load(path)
    assert out.fps == 30.0
    expected = take.weights.copy()
    expected[4, INDEX["jawOpen"]] = 0.9
    np.testing.assert_allclose(out.weights, expected, atol=1e-6)
    np.testing.assert_allclose(out.head, 0.5 * take.head, atol=1e-5)
    unturned = result.seen([target], first=1, last=FRAMES, rate=30.0)
    np.testing.assert_allclose(unturned.head, take.head, atol=1e-6)
    with pytest.raises(takes.TakeError, match="suffix"):
        result.export(tmp_path / "line.txt", [target], first=1, last=9, rate=30.0, turning=turning)


def test_a_capture_goes_in_and_comes_out_of_another_rig(scene, take: Take, tmp_path: Path) -> None:
    """Live Link in; keys of the rig's own that share channels, and mouthClose as a share of the jaw."""
    take.save(tmp_path / "capture.csv")
    rest = {f"k{i}": ((i, 1.0),) for i in range(51) if i not in (3, 4)}
    shows = {"both": ((3, 1.0), (4, 0.5)), "one": ((4, 1.0),), **rest}
    target = Target(face(scene, keys=list(shows)), shows, "relative")
    result.apply([target], takes.load(tmp_path / "capture.csv"), start=1, rate=30.0)
    out = result.seen([target], first=1, last=FRAMES, rate=30.0)
    np.testing.assert_allclose(out.weights, take.weights, atol=2e-6)


def test_removed_all_is_as_it_was(scene, take: Take, tmp_path: Path) -> None:
    import wave

    target = Target(face(scene), SHOWS)
    body = target.mesh
    strips.add(body, scene, 5, 12)
    with wave.open(str(tmp_path / "voice.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(bytes(32000))
    stage.add_sound(scene, tmp_path / "voice.wav", 1, "Face")
    stage.add_sound(scene, tmp_path / "voice.wav", 100, "Other")
    result.apply([target], take, start=1, rate=30.0, turning=Turning(Joint(body)))
    scene.frame_set(12)
    assert result.remove([target.keys, body], scene, body) == 2
    assert not any(ownership.OWNED in action and "Phiz" in action.name for action in bpy.data.actions)
    assert not any(block.value for block in target.keys.key_blocks[1:])
    assert tuple(body.delta_rotation_euler) == (0, 0, 0)
    assert len(body.animation_data.nla_tracks) == 1, "the Action Units stay"
    if HAS_SOUND:
        assert [strip.get(ownership.OWNED) for strip in action_support.strips(scene.sequence_editor)] == [
            "Other"
        ]
    assert result.remove([target.keys, body], scene, body, events=True) == 0
    assert not body.animation_data.nla_tracks


def test_ten_minutes_kept_are_a_twentieth_of_their_keys(scene) -> None:
    random = np.random.default_rng(0)
    take = Take(random.random((18000, 51)), random.random((18000, 3)), 30.0)  # noise packs worst
    action = bpy.data.actions.new("kept")
    result.store(action, storage.to_bytes(take), 1.0)
    assert len(action[result._TAKE]) < 18000 * 52 * 72 / 15  # 72 bytes a key
    again = result.load(action)
    assert again is not None
    assert (again.take.weights == take.weights).all()
