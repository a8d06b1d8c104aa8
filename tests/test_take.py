"""A Take checks itself, keeps its closures at any frame rate, and survives every file format."""

from __future__ import annotations

import json
import zipfile
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pytest

from phiz.face.channels import CHANNELS, COUNT, INDEX, vector
from phiz.motion.smoothing import smoothed
from phiz.motion.take import Take, TakeError, load
from phiz.writing import OutputError


def wandering(frames: int = 90, fps: float = 30.0, seed: int = 0) -> Take:
    """Slow random motion in every channel."""
    rng = np.random.default_rng(seed)
    phase, speed = rng.uniform(0, 6, COUNT + 3), rng.uniform(0.5, 3, COUNT + 3)
    curves = 0.5 + 0.4 * np.sin(np.arange(frames)[:, None] / fps * speed + phase)
    origin = {"seed": 7, "emotion": ["happy", 0.5]}
    return Take(curves[:, :COUNT], curves[:, COUNT:] - 0.5, fps, "voice.wav", origin)


def speaking(fps: float = 30.0, seconds: float = 2.0) -> Take:
    """A jaw held open that shuts for one frame every 0.3 s, and one blink of one frame."""
    frames = round(fps * seconds)
    weights = np.tile(vector(jawOpen=0.4, mouthSmileBoth=0.2), (frames, 1))
    weights[4 :: round(0.3 * fps), INDEX["mouthClose"]] = 0.4
    weights[33, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    return Take(weights, np.zeros((frames, 3)), fps)


def gap(take: Take) -> np.ndarray:
    return take.channel("jawOpen") - take.channel("mouthClose")


@pytest.mark.parametrize(
    ("weights", "head", "fps", "named"),
    [
        (np.zeros((4, 52)), np.zeros((4, 3)), 30, r"\(4, 52\)"),
        (np.zeros((0, 51)), np.zeros((0, 3)), 30, r"\(0, 51\)"),
        (np.zeros((4, 51)), np.zeros((5, 3)), 30, r"\(5, 3\)"),
        (np.zeros((4, 51)), np.zeros((4, 3)), 0, "got 0"),
        (np.zeros((4, 51)), np.zeros((4, 3)), float("nan"), "got nan"),
        (np.eye(51) * np.nan, np.zeros((51, 3)), 30, "Frame 0 of eyeBlinkLeft"),
        (np.zeros((4, 51)), np.full((4, 3), np.inf), 30, "Head rotation in frame 0"),
    ],
)
def test_impossible_takes_are_named(weights: np.ndarray, head: np.ndarray, fps: float, named: str) -> None:
    with pytest.raises(TakeError, match=named) as caught:
        Take(weights, head, fps)
    assert "\n" not in str(caught.value)


def test_a_take_is_float32_clipped_and_frozen() -> None:
    take = Take(np.full((2, COUNT), 1.07), np.zeros((2, 3)), 30)
    assert take.weights.dtype == np.float32 and take.weights.max() == 1.0
    assert take.seconds == pytest.approx(2 / 30)
    with pytest.raises(FrozenInstanceError):
        take.fps = 25.0  # type: ignore[misc]


@pytest.mark.parametrize("fps", [12.0, 24.0, 25.0, 50.0, 60.0, 120.0])
def test_closures_and_blinks_survive_any_frame_rate(fps: float) -> None:
    take = speaking()
    other = take.resampled(fps)
    assert other.frames == round(take.seconds * fps)
    times = np.arange(other.frames) / fps
    for closure in np.flatnonzero(gap(take) < 0.01) / take.fps:
        near = np.abs(times - closure) <= 0.5 / fps + 1e-6
        assert gap(other)[near].min() < 1e-6, f"the closure at {closure:.2f} s is lost"
    assert other.channel("eyeBlinkLeft").max() == 1.0
    assert (other.channel("mouthSmileLeft") == np.float32(0.2)).all()


def test_resampling_down_from_60_keeps_single_frame_closures() -> None:
    take = speaking(60.0)
    assert (gap(take.resampled(24.0)) < 1e-6).sum() == (gap(take) < 1e-6).sum()


def test_of_two_closures_in_one_frame_the_deeper_stays() -> None:
    weights = np.tile(vector(jawOpen=0.4), (60, 1))
    for first, depths in ((20, (0.2, 0.4)), (41, (0.4, 0.2))):
        weights[[first, first + 2], INDEX["mouthClose"]] = depths
    slow = Take(weights, np.zeros((60, 3)), 60.0).resampled(10.0)
    assert (gap(slow) < 1e-6).sum() == 2


def test_resampling_is_linear_away_from_closures() -> None:
    ramp = np.zeros((31, COUNT))
    ramp[:, INDEX["browInnerUp"]] = np.linspace(0, 1, 31)
    head = np.linspace(0, 0.3, 31)[:, None] * [1, -1, 2]
    up = Take(ramp, head, 30).resampled(75.0)
    expected = np.minimum(np.arange(up.frames) / 75.0, 1.0)
    np.testing.assert_allclose(up.channel("browInnerUp"), expected, atol=1e-6)
    np.testing.assert_allclose(up.head[:, 2], 0.6 * expected, atol=1e-6)


def test_there_and_back_gives_the_same_take() -> None:
    take = wandering()
    back = take.resampled(60.0).resampled(30.0)
    np.testing.assert_allclose(back.weights, take.weights, atol=1e-6)
    assert back.audio == take.audio and back.origin == take.origin


def test_smoothing_calms_noise_and_keeps_closures() -> None:
    take = speaking()
    noise = np.random.default_rng(0).normal(0, 0.01, take.weights.shape)
    noise[gap(take) < 0.01] = 0
    noisy = Take(np.clip(take.weights + noise, 0, 1), take.head, take.fps)
    calm = smoothed(noisy, {"mouth": 0.5})
    smile = INDEX["mouthSmileLeft"]
    assert (
        np.abs(np.diff(calm.weights[:, smile])).mean() < 0.6 * np.abs(np.diff(noisy.weights[:, smile])).mean()
    )
    closed = gap(take) < 0.01
    np.testing.assert_array_equal(calm.weights[closed], noisy.weights[closed])
    brows = INDEX["browInnerUp"]
    np.testing.assert_array_equal(calm.weights[:, brows], noisy.weights[:, brows])


def test_smoothing_does_not_shift_in_time() -> None:
    weights = np.zeros((61, COUNT))
    weights[30, INDEX["browInnerUp"]] = 1.0
    calm = smoothed(Take(weights, np.zeros((61, 3)), 30), {"brows": 1.0}).channel("browInnerUp")
    assert calm.argmax() == 30
    np.testing.assert_allclose(calm, calm[::-1], atol=1e-7)
    assert calm.sum() == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("strengths", [{"nose": 0.5}, {"mouth": 1.5}, {"mouth": float("nan")}])
def test_smoothing_refuses_what_it_does_not_know(strengths: dict[str, float]) -> None:
    with pytest.raises(TakeError):
        smoothed(wandering(), strengths)


@pytest.mark.parametrize(("suffix", "tolerance"), [(".npz", 0.0), (".json", 5.1e-7), (".csv", 6e-11)])
def test_round_trip(tmp_path: Path, suffix: str, tolerance: float) -> None:
    take = wandering(fps=24.0)
    take.save(tmp_path / f"a{suffix}")
    back = load(tmp_path / f"a{suffix}")
    assert back.fps == take.fps
    np.testing.assert_allclose(back.weights, take.weights, rtol=0, atol=tolerance)
    np.testing.assert_allclose(back.head, take.head, rtol=0, atol=tolerance)
    if suffix != ".csv":
        assert (back.audio, back.origin) == (take.audio, take.origin)


@pytest.mark.parametrize("suffix", [".npz", ".json", ".csv"])
def test_same_take_same_bytes(tmp_path: Path, suffix: str) -> None:
    wandering().save(tmp_path / f"a{suffix}")
    wandering().save(tmp_path / f"b{suffix}")
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_npz_holds_what_the_readme_names(tmp_path: Path) -> None:
    wandering().save(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert tuple(archive["channels"]) == CHANNELS
        assert archive["weights"].shape == (90, 51) and archive["weights"].dtype == np.float32
        assert archive["head"].shape == (90, 3)
        assert float(archive["fps"]) == 30.0


def test_channels_in_another_order_find_their_place(tmp_path: Path) -> None:
    take, path = wandering(), tmp_path / "a.json"
    take.save(path)
    fields = json.loads(path.read_bytes())
    fields["channels"].reverse()
    fields["weights"] = [row[::-1] for row in fields["weights"]]
    path.write_text(json.dumps(fields))
    np.testing.assert_allclose(load(path).weights, take.weights, atol=1e-6)


def damaged(folder: Path) -> dict[str, Path]:
    good = folder / "good.json"
    wandering(3).save(good)
    fields = json.loads(good.read_bytes())
    wandering(3).save(folder / "good.npz")
    files = {
        "text.json": b"hello",
        "list.json": b"[1, 2]",
        "other.json": b'{"format": "something else"}',
        "newer.json": json.dumps(fields | {"version": 2}).encode(),
        "ragged.json": json.dumps(fields | {"weights": [[0.0], [0.0, 1.0]]}).encode(),
        "words.json": json.dumps(fields | {"fps": "fast"}).encode(),
        "nan.json": json.dumps(fields | {"head": [[float("nan")] * 3] * 3}).encode(),
        "slow.json": json.dumps(fields | {"fps": 0.0}).encode(),
        "short.json": json.dumps(fields | {"channels": ["jawOpen"]}).encode(),
        "bare.json": json.dumps({k: v for k, v in fields.items() if k != "head"}).encode(),
        "text.npz": b"hello",
        "cut.npz": (folder / "good.npz").read_bytes()[:500],
        "empty.npz": b"",
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    with zipfile.ZipFile(folder / "zip.npz", "w") as archive:
        archive.writestr("weights.npy", b"nonsense")
    np.savez(folder / "pickled.npz", weights=np.array([{}], dtype=object))
    return {name: folder / name for name in [*files, "zip.npz", "pickled.npz", "missing.csv", "a.txt"]}


def test_damaged_files_are_named_errors(tmp_path: Path) -> None:
    for name, path in damaged(tmp_path).items():
        with pytest.raises(TakeError) as caught:
            load(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value), name


def test_a_failed_save_leaves_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "a.json"
    kept.write_text("what was there")
    unserialisable = Take(np.zeros((2, COUNT)), np.zeros((2, 3)), 30, origin={"bad": object()})
    with pytest.raises(TypeError):
        unserialisable.save(kept)
    assert kept.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [kept]


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.npz").mkdir()
    for path in (tmp_path / "none" / "a.npz", tmp_path / "file" / "a.npz", tmp_path / "folder.npz"):
        with pytest.raises(OutputError) as caught:
            wandering(2).save(path)
        assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(TakeError, match=r"\.csv, \.json or \.npz"):
        wandering(2).save(tmp_path / "a.fbx")
