"""Generation from a bundle: exact where mathematics says what is right, whole, repeatable, without seams."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.acting.direction import Direction
from phiz.audio.mel import RATE, paired_log_mel
from phiz.audio.recording import Recording
from phiz.motion.measures import seam_ratio
from phiz.motion.take import Take
from phiz.runtime import bundle, listen
from phiz.runtime.bundle import Bundle, BundleError, Guidance, ProviderError
from phiz.runtime.denoise import Conditions, branches, denoise_windows
from phiz.runtime.generate import StyleError, generate
from phiz.runtime.noise import noise_between
from phiz.runtime.performance import CancelledError
from phiz.runtime.solver import levels, sample, signal_and_noise
from phiz.runtime.windows import Windows


@pytest.fixture(scope="module")
def loaded(tiny_bundle: Path) -> Bundle:
    return bundle.load(tiny_bundle, threads=1)


def voice(seconds: float, seed: int = 0) -> Recording:
    """Noise in syllables, now hissing, now humming."""
    rng, count = np.random.default_rng(seed), round(seconds * RATE)
    noise = rng.normal(0, 0.1, count)
    time = np.arange(count) / RATE
    tone = 0.1 * np.sin(2 * np.pi * (300 + 200 * np.sin(2 * np.pi * 0.3 * time)) * time)
    syllables = np.maximum(np.sin(2 * np.pi * 2.3 * time), 0.002)
    return Recording(
        (np.where(np.sin(2 * np.pi * 1.1 * time) > 0, noise, tone) * syllables).astype(np.float32)
    )


# ---- the solver ----------------------------------------------------------------------------------------

MEAN, SPREAD = 0.4, 0.3


def gaussian_denoiser(x: np.ndarray, level: float, _step: int) -> np.ndarray:
    """The best guess of clean data that is normal with MEAN and SPREAD: known in closed form."""
    signal, noise = signal_and_noise(level)
    gain = signal * SPREAD**2 / (signal**2 * SPREAD**2 + noise**2)
    return (MEAN + gain * (x - signal * MEAN)).astype(np.float32)


def exact(noise: np.ndarray) -> np.ndarray:
    """Where the probability-flow ODE takes noise from the first level to clean data of that kind."""
    signal, sigma = signal_and_noise(levels(1)[0])
    return MEAN + SPREAD * (noise - signal * MEAN) / np.sqrt(signal**2 * SPREAD**2 + sigma**2)


def solver_error(steps: int, solve: Callable[..., np.ndarray] = sample) -> float:
    noise = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    return float(np.abs(solve(gaussian_denoiser, noise, steps) - exact(noise)).max())


def first_order(denoise: Callable[..., np.ndarray], x: np.ndarray, steps: int) -> np.ndarray:
    """DDIM (Song et al. 2021), which a second-order solver must beat."""
    at = levels(steps)
    for i in range(steps):
        (signal, sigma), (next_signal, next_sigma) = signal_and_noise(at[i]), signal_and_noise(at[i + 1])
        clean = denoise(x, at[i], i)
        x = next_signal * clean + next_sigma * (x - signal * clean) / sigma
    return x


def test_the_solver_is_exact_where_the_answer_is_known() -> None:
    assert solver_error(8) < 0.05
    assert solver_error(64) < 0.01
    assert solver_error(128) < 0.3 * solver_error(64)  # of second order: twice the steps, a quarter
    assert all(solver_error(steps) < 0.7 * solver_error(steps, first_order) for steps in (8, 16, 64))


def test_levels_fall_from_noise_to_nothing() -> None:
    for steps in (1, 2, 8):
        at = levels(steps)
        assert len(at) == steps + 1 and at[0] == 0.995 and at[-1] == 0 and (np.diff(at) < 0).all()
    assert levels(8)[-2] < 0.05  # the last step leaves out what is finer than the noise there


def test_one_step_is_the_prediction_itself() -> None:
    noise = np.ones((3, 2), np.float32)
    np.testing.assert_array_equal(
        sample(gaussian_denoiser, noise, 1), gaussian_denoiser(noise, float(levels(1)[0]), 0)
    )
    with pytest.raises(ValueError, match="step"):
        sample(gaussian_denoiser, noise, 0)


def test_the_solver_stays_in_float32() -> None:
    def watched(x: np.ndarray, level: float, step: int) -> np.ndarray:
        assert x.dtype == np.float32
        return gaussian_denoiser(x, level, step)

    assert sample(watched, np.ones((3, 2), np.float32), 6).dtype == np.float32


# ---- windows and noise ---------------------------------------------------------------------------------


@pytest.mark.parametrize("frames", [1, 149, 150, 151, 270, 271, 1000])
@pytest.mark.parametrize("overlap", [1, 30, 75])
def test_windows_share_every_frame(frames: int, overlap: int) -> None:
    windows = Windows(frames, 150, overlap)
    total = np.zeros(windows.padded, np.float32)
    for window, start in enumerate(windows.starts):
        total[start : start + 150] += windows.shares(window)
    np.testing.assert_allclose(total, 1.0, atol=1e-6)
    assert frames <= windows.padded < frames + 150
    assert all(b - a == 150 - overlap for a, b in zip(windows.starts, windows.starts[1:], strict=False))


def test_noise_belongs_to_its_frame() -> None:
    long = noise_between(0, 1000, 54, 7)
    for frames in (1, 255, 256, 257, 999):
        np.testing.assert_array_equal(noise_between(0, frames, 54, 7), long[:frames])
    assert long.dtype == np.float32
    assert abs(long.mean()) < 0.02 and long.std() == pytest.approx(1, abs=0.01)
    rows = long.reshape(1000, 54)
    assert abs(np.corrcoef(rows[:256].ravel(), rows[256:512].ravel())[0, 1]) < 0.03
    assert abs(np.corrcoef(long.ravel(), noise_between(0, 1000, 54, 8).ravel())[0, 1]) < 0.02


# ---- generation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.1, 1.0, 5.0, 12.3])
def test_a_take_is_as_long_as_its_recording(loaded: Bundle, seconds: float) -> None:
    take = generate(voice(seconds), Direction(), loaded, steps=2)
    assert take.frames == round(seconds * 30) and take.fps == 30
    assert take.weights.min() >= 0 and take.weights.max() <= 1 and np.isfinite(take.head).all()
    assert take.origin["bundle"] == "tiny" and take.origin["steps"] == 2
    assert generate(voice(seconds), Direction(), loaded, steps=2, fps=60).frames == round(seconds * 60)


def test_the_same_seed_gives_the_same_bytes(loaded: Bundle, tiny_bundle: Path) -> None:
    def act(opened: Bundle, **notes: Any) -> Take:
        return generate(voice(7.0), Direction(**notes), opened, steps=3)

    first = act(loaded, seed=3)
    for other in (act(loaded, seed=3), act(bundle.load(tiny_bundle, threads=1), seed=3)):
        assert other.weights.tobytes() == first.weights.tobytes()
        assert other.head.tobytes() == first.head.tobytes()
    for other in (act(loaded, seed=4), act(loaded, seed=3, style="lively")):
        assert np.abs(other.weights - first.weights).mean() > 1e-4
    happy = generate(voice(7.0), Direction.of("happy", 1.0, seed=3), loaded, steps=3)
    assert np.abs(happy.weights - first.weights).mean() > 1e-4


def test_what_follows_later_does_not_change_the_beginning(loaded: Bundle) -> None:
    """Of two recordings with one beginning the Takes begin alike (up to the level of the whole)."""
    samples = voice(24.0).samples
    long = generate(Recording(samples), Direction(), loaded, steps=3)
    short = generate(Recording(samples[: 18 * RATE]), Direction(), loaded, steps=3)
    assert np.abs(long.weights[:240] - short.weights[:240]).max() < 0.02


def test_a_long_take_has_no_seams(loaded: Bundle) -> None:
    take = generate(voice(40.0), Direction(), loaded, steps=4)
    windows = Windows(take.frames, loaded.manifest.window, loaded.manifest.overlap)
    at = [start + shift for start in windows.starts[1:] for shift in (0, windows.overlap)]
    found = seam_ratio(take.weights, at)
    assert found["mean"] < 1.3 and found["worst"] < 1.5


def test_windows_that_disagree_meet_gradually(loaded: Bundle) -> None:
    """A network that says 0 and 1 in turn: across the overlap its answer goes over in equal steps."""

    windows = Windows(400, 150, 30)
    x = np.zeros((windows.padded, 54), np.float32)
    parts = {f.name: getattr(loaded, f.name) for f in dataclasses.fields(loaded)}
    told = Conditions(
        np.zeros((windows.padded, loaded.audio_width), np.float32),
        np.zeros((windows.padded, 8), np.float32),
        np.zeros(len(loaded.manifest.styles), np.float32),
    )

    class InTurn(Bundle):
        def denoise(
            self, control: np.ndarray | None = None, **inputs: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray | None]:
            odd = np.arange(len(inputs["motion"]), dtype=np.float32)[:, None, None] % 2
            return inputs["motion"] + odd, None

    out = denoise_windows(x, 0.5, windows, told, InTurn(**parts), Guidance(), lambda _: None)[0]
    steps = np.abs(np.diff(out[:, 0]))
    assert steps.max() <= 1 / 30 + 1e-6
    assert out[100, 0] == 0 and out[200, 0] == 1 and np.flatnonzero(steps)[0] >= 118


def test_chunks_do_not_change_what_is_heard(loaded: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    mel = paired_log_mel(voice(6.0).samples)
    whole = listen.encode(mel, loaded)
    done: list[float] = []
    monkeypatch.setattr(listen, "_CHUNK", 50)
    np.testing.assert_allclose(listen.encode(mel, loaded, done.append), whole, atol=2e-5)
    assert len(done) == 7 and done == sorted(done) and done[-1] == 1.0


def test_memory_does_not_grow_with_the_recording(loaded: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks are never given more than a chunk or a batch of windows at a time."""
    heard, moved = [], []

    class Watched(Bundle):
        def encode(self, mel: np.ndarray) -> np.ndarray:
            heard.append(mel.shape[1])
            return super().encode(mel)

        def denoise(
            self, control: np.ndarray | None = None, **inputs: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray | None]:
            moved.append(inputs["motion"].shape[:2])
            assert all(value.dtype == np.float32 for value in inputs.values())
            return super().denoise(control, **inputs)

    monkeypatch.setattr(listen, "_CHUNK", 300)
    watched = Watched(**{f.name: getattr(loaded, f.name) for f in dataclasses.fields(loaded)})
    generate(voice(60.0), Direction(), watched, steps=1)
    assert max(heard) <= 2 * (300 + 2 * loaded.manifest.encoder_reach) and len(heard) > 8
    assert max(count for count, _ in moved) == 8 and {frames for _, frames in moved} == {150}
    assert sum(count for count, _ in moved) == len(Windows(1800, 150, 30).starts)


def test_a_short_recording_is_followed_by_silence(loaded: Bundle) -> None:
    class Watched(Bundle):
        def denoise(
            self, control: np.ndarray | None = None, **inputs: np.ndarray
        ) -> tuple[np.ndarray, np.ndarray | None]:
            assert (inputs["audio"][0, 20:] == listen.silence(loaded)).all()
            assert not (inputs["audio"][0, :20] == listen.silence(loaded)).all(1).any()
            return super().denoise(control, **inputs)

    parts = {f.name: getattr(loaded, f.name) for f in dataclasses.fields(loaded)}
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * RATE // 30).astype(np.float32)
    assert generate(Recording(noise), Direction(), Watched(**parts), steps=1).frames == 20


def test_silence_after_the_end_is_what_silence_sounds_like(loaded: Bundle) -> None:
    row = listen.silence(loaded)
    assert row.shape == (loaded.audio_width,)
    assert row.tolist().count(1.0) == 2 and row.tolist().count(-3.0) == 2 and np.count_nonzero(row) == 4
    heard = listen.listen(Recording(np.zeros(RATE, np.float32)), loaded)
    np.testing.assert_array_equal(heard[:, np.flatnonzero(row == -3.0)], -3.0)


# ---- progress and cancel -------------------------------------------------------------------------------


def test_progress_rises_to_one(loaded: Bundle) -> None:
    done: list[float] = []
    generate(voice(50.0), Direction(), loaded, steps=3, progress=done.append)
    assert done == sorted(done) and done[0] < 0.3 and done[-1] == pytest.approx(1.0)
    assert len(done) >= 1 + 3 * 2


@pytest.mark.parametrize("after", [0, 1, 3, 6])
def test_cancel_stops_at_once(loaded: Bundle, after: int) -> None:
    asked: list[float] = []

    def cancel() -> bool:
        asked.append(0)
        return len(asked) > after

    told: list[float] = []
    with pytest.raises(CancelledError):
        generate(voice(50.0), Direction(), loaded, steps=3, cancel=cancel, progress=told.append)
    assert len(asked) == after + 1 and len(told) == after


# ---- guidance ------------------------------------------------------------------------------------------


def test_runs_without_weight_are_left_out() -> None:
    assert branches(Guidance(audio=1, coarse=1)) == [(1.0, (1.0, 1.0, 1.0))]
    assert len(branches(Guidance(audio=1, coarse=2))) == 2
    assert len(branches(Guidance(audio=2, coarse=2))) == 2
    runs = branches(Guidance(audio=2.5, coarse=1.5))
    assert len(runs) == 3 and sum(weight for weight, _ in runs) == pytest.approx(1)


def test_guidance_is_nested(loaded: Bundle) -> None:
    rng = np.random.default_rng(0)
    windows = Windows(150, 150, 30)
    x = rng.normal(size=(150, 54)).astype(np.float32)
    style = np.eye(len(loaded.manifest.styles), dtype=np.float32)[0]
    audio, emotion = rng.random((150, loaded.audio_width), np.float32), rng.random((150, 8), np.float32)
    known = Conditions(audio, emotion, style)
    unmoved = Conditions(audio, emotion[::-1], style[::-1])
    deaf = Conditions(audio[::-1], emotion[::-1], style[::-1])

    def run(audio: float, coarse: float, told: Conditions = known) -> np.ndarray:
        guidance = Guidance(audio=audio, coarse=coarse)
        return denoise_windows(x, 0.5, windows, told, loaded, guidance, lambda _: None)[0]

    none, heard, acted = run(0, 0), run(1, 0), run(1, 1)
    np.testing.assert_array_equal(run(0, 0, deaf), none)
    np.testing.assert_array_equal(run(1, 0, unmoved), heard)
    assert np.abs(none - heard).max() > 1e-3 and np.abs(heard - acted).max() > 1e-3
    np.testing.assert_allclose(run(2.5, 1.5), none + 2.5 * (heard - none) + 1.5 * (acted - heard), atol=1e-4)


# ---- the bundle ----------------------------------------------------------------------------------------


def refused(path: Path | None, *said: str, **options: Any) -> None:
    with pytest.raises(BundleError) as caught:
        bundle.load(path, threads=1, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert all(part in message for part in said), message


@pytest.fixture
def copied(tiny_bundle: Path, tmp_path: Path) -> Path:
    shutil.copytree(tiny_bundle, tmp_path / "copy")
    return tmp_path / "copy"


def rewritten(folder: Path, **changes: object) -> None:
    """Change the manifest as its maker would, its checksum with it."""
    path = folder / bundle.MANIFEST
    data = json.loads(path.read_text()) | changes
    with contextlib.suppress(ValueError):
        data["sha256"]["model.json"] = bundle.manifest_digest(bundle.Manifest.model_validate(data))
    path.write_text(json.dumps(data))


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "none", "model.json", "none")
    refused(tmp_path, "model.json")


@pytest.mark.parametrize("name", ["encoder.onnx", "denoiser.onnx", "model.json"])
def test_one_changed_byte_is_found(copied: Path, name: str) -> None:
    path = copied / name
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    refusals = 0
    for place in rng.integers(0, len(whole), 60 if name == "model.json" else 3):
        changed = bytearray(whole)
        changed[place] ^= 1
        if name == "model.json":
            with contextlib.suppress(ValueError):
                if json.loads(changed) == json.loads(whole):
                    continue  # white space, or a digit too fine for a number
        path.write_bytes(bytes(changed))
        refused(copied, str(copied))
        refusals += 1
    assert refusals >= 3
    path.write_bytes(whole)
    bundle.load(copied, threads=1)


def test_another_layout_of_the_manifest_is_no_change(copied: Path) -> None:
    path = copied / bundle.MANIFEST
    path.write_bytes(json.dumps(json.loads(path.read_text()), indent=4).replace("\n", "\r\n").encode())
    bundle.load(copied, threads=1)


def test_a_missing_graph_is_named(copied: Path) -> None:
    (copied / "denoiser.onnx").unlink()
    refused(copied, "denoiser.onnx", "install")
    bundle.load(copied, threads=1, precision="int8")  # which has its own


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "format"),
        ({"channels": ["jawOpen"]}, "channels"),
        ({"emotions": ["joy"]}, "emotions"),
        ({"default_style": "shouting"}, "shouting"),
        ({"overlap": 100}, "overlap"),
        ({"steps": 0}, "steps"),
        ({"extra": 1}, "extra"),
        ({"scale": {"mean": [0.0], "spread": [1.0]}}, "scale"),
        ({"graphs": {"float": {"encoder": "../x.onnx", "denoiser": "denoiser.onnx"}}}, "../x.onnx"),
    ],
)
def test_a_manifest_of_another_kind_is_refused(copied: Path, changes: dict[str, Any], said: str) -> None:
    rewritten(copied, **changes)
    refused(copied, said)


def test_a_manifest_that_is_no_manifest(copied: Path) -> None:
    for text in (b"", b"{", b"[]", b"\xff\xfe", b"null"):
        (copied / bundle.MANIFEST).write_bytes(text)
        refused(copied, "model.json")


def test_a_graph_that_does_not_run_is_named(copied: Path) -> None:
    (copied / "denoiser.onnx").write_bytes(b"not a graph")
    sums = json.loads((copied / bundle.MANIFEST).read_text())["sha256"]
    rewritten(copied, sha256=sums | {"denoiser.onnx": bundle.digest(copied / "denoiser.onnx")})
    refused(copied, "denoiser.onnx", "onnxruntime")


def test_precision_and_provider_are_checked(copied: Path) -> None:
    data = json.loads((copied / bundle.MANIFEST).read_text())
    rewritten(copied, graphs={"float": data["graphs"]["float"]})
    refused(copied, "int8", "float", precision="int8")
    for name in (
        "abacus",
        "directml" if "DmlExecutionProvider" not in bundle.ort.get_available_providers() else "x",
    ):
        with pytest.raises(ProviderError, match="cpu"):
            bundle.load(copied, provider=name)


def test_an_unknown_style_names_the_known(loaded: Bundle) -> None:
    with pytest.raises(StyleError, match=r"plain.*'shouting'"):
        generate(voice(1.0), Direction(style="shouting"), loaded)


def test_int8_is_close_to_float(loaded: Bundle, tiny_bundle: Path) -> None:
    low = bundle.load(tiny_bundle, threads=1, precision="int8")
    takes = [generate(voice(5.0), Direction(), opened, steps=4) for opened in (loaded, low)]
    assert 0 < np.abs(takes[0].weights - takes[1].weights).mean() < 0.02
