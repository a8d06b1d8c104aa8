"""Captured motion: the publishers' map as data, cuts and lags, and the numbers it is summed up in."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import soundfile

from phiz.audio.mel import RATE
from phiz.corpus import captured
from phiz.corpus.clips import load_source
from phiz.corpus.curve_expression import CurveExpressionError, evaluate
from phiz.corpus.motion_statistics import MotionStatisticsError, statistics
from phiz.corpus.teacher.styles import STYLES
from phiz.evaluate import own_face
from phiz.face.channels import CHANNELS, COUNT, INDEX
from phiz.motion.measures import LipGap
from phiz.motion.take import Take
from phiz.train.takes.pairs import find

MAP = [
    {"arkit": "jawOpen", "facegood": "mouth_stretch_c", "usable": "yes"},
    {"arkit": "mouthFunnel", "facegood": "max(mouth_funnel_dl,mouth_funnel_dr)", "usable": "yes"},
    {"arkit": "browInnerUp", "facegood": "brow_raise_c", "usable": "no"},
]
CURVES = ("mouth_stretch_c", "mouth_funnel_dl", "mouth_funnel_dr", "mouth_oh_c", "mouth_oo_c", "brow_raise_c")
FRAMES = 752
PULSE = 40  # frame of the tracked curves at which the jaw jumps


def test_expressions_are_sums_products_and_maxima():
    curves = {"a": np.array([0.1, 0.9]), "b_l": np.array([0.5, 0.2])}
    np.testing.assert_allclose(evaluate("max(a, b_l)", curves), [0.5, 0.9])
    np.testing.assert_allclose(evaluate(" a + 2 * b_l ", curves), [1.1, 1.3])
    np.testing.assert_allclose(evaluate("0.5 * (a + max(a, b_l))", curves), [0.3, 0.9])


@pytest.mark.parametrize(
    "text",
    ["", "a +", "max(a", "a)", "a b", "unknown", "min(a,a)", "a - a", "__import__('os')", "a.sum()", "a[0]"],
)
def test_anything_else_is_refused(text):
    with pytest.raises(CurveExpressionError, match="expected"):
        evaluate(text, {"a": np.zeros(2)})


def test_targets_follow_the_usable_rows_and_add_the_round_shapes():
    curves = {name: np.zeros(3, np.float32) for name in CURVES}
    curves["mouth_stretch_c"][:] = 0.2
    curves["mouth_funnel_dr"][1] = 0.3
    curves["mouth_oh_c"][2] = 0.8
    curves["brow_raise_c"][:] = 1.0
    weights, mask = captured.captured_targets(curves, MAP)
    assert set(np.flatnonzero(mask)) == {INDEX["jawOpen"], INDEX["mouthFunnel"]}
    assert not weights[:, INDEX["browInnerUp"]].any()
    np.testing.assert_allclose(weights[:, INDEX["mouthFunnel"]], [0, 0.3, 0.4], atol=1e-6)
    assert weights[2, INDEX["jawOpen"]] > weights[1, INDEX["jawOpen"]] == pytest.approx(0.2)
    assert weights[2, INDEX["mouthPucker"]] > 0.2


@pytest.fixture
def data(tmp_path):
    """A folder of captured takes: four spoken ones of FRAMES, two of Live Link."""
    spoken = tmp_path / "facegood"
    (spoken / "curves").mkdir(parents=True)
    (spoken / "audio").mkdir()
    with open(spoken / "arkit_map.csv", "w", newline="") as file:
        table = csv.DictWriter(file, list(MAP[0]))
        table.writeheader()
        table.writerows(MAP)
    rng = np.random.default_rng(1)
    for take in captured.FACEGOOD_TAKES:
        weights = rng.uniform(0, 0.05, (FRAMES, len(CURVES))).astype(np.float32)
        weights[PULSE, 0] = 0.9
        np.savez(
            spoken / "curves" / f"{take}.npz", names=np.array(CURVES), weights=weights, fps=np.float32(30)
        )
        sound = np.zeros(26 * RATE, np.float32)
        sound[round((PULSE - captured.FACEGOOD_LAG) / 30 * RATE)] = 0.9
        soundfile.write(spoken / "audio" / f"{take}.opus", sound, RATE, format="WAV")
    (tmp_path / "livelink_takes").mkdir()
    write_livelink(tmp_path / "livelink_takes" / "still_head.csv", lines=70)
    write_livelink(
        tmp_path / "livelink_takes" / "lost_face.csv", lines=260, lost=range(80, 100), dropped={50}
    )
    return tmp_path


def write_livelink(path, lines, lost=(), dropped=()):
    """A Live Link Face CSV at 30 fps on a 60-frame clock; jawOpen is a ramp, jawRight half of it."""
    names = [name[0].upper() + name[1:] for name in CHANNELS][::-1]
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["Timecode", "BlendShapeCount", *names, "HeadYaw", "HeadPitch", "HeadRoll"])
        for i in range(lines):
            code = f"23:59:{10 + i // 30:02d}:{2 * (i % 30):02d}.500"
            if i in dropped:
                continue
            if i in lost:
                table.writerow([code, 0])
                continue
            value = {"JawOpen": i / 1000, "JawRight": i / 2000}
            table.writerow([code, 61, *(value.get(name, 0.0) for name in names), 0.0, 0.0, 0.0])


def test_a_lost_face_ends_a_run_and_a_dropped_frame_is_filled(data):
    runs = captured.tracked_runs(data / "livelink_takes" / "lost_face.csv")
    assert [len(weights) for weights, _ in runs] == [80, 160]
    jaw = np.concatenate([weights[:, INDEX["jawOpen"]] for weights, _ in runs])
    np.testing.assert_allclose(jaw, np.r_[0:80, 100:260] / 1000, atol=1e-5)
    right = np.concatenate([weights[:, INDEX["jawRight"]] for weights, _ in runs])
    np.testing.assert_allclose(right, jaw / 2, atol=1e-5)


def test_a_head_that_never_moves_was_not_recorded(data):
    assert all(not clip.mask[COUNT:].any() and clip.mask[:COUNT].all() for clip in captured.livelink(data))


def test_sources_load_as_corpus(data, tmp_path):
    out = tmp_path / "corpus"
    captured.write_captured(data, out)
    for name, style in (("captured_facegood", "facegood"), ("captured_livelink", "livelink")):
        source = load_source(out / name)
        targets = source.targets
        assert targets is not None
        assert [clip.frames for clip in source.clips] == list(np.diff(targets.offset))
        assert targets.offset[-1] == len(targets.weights) == len(targets.head) == len(targets.emotion)
        assert all(clip.seconds <= captured.LONGEST for clip in source.clips)
        assert {STYLES[i] for i in targets.style} == {style}
        assert all(clip.audible == (style == "facegood") for clip in source.clips)
        assert (out / name / "done.json").is_file()
    spoken = load_source(out / "captured_facegood")
    assert {clip.id[:13] for clip in spoken.clips if clip.split == "test"} == {"facegood_2_04"}
    assert spoken.targets is not None and (spoken.targets.emotion[:, 0] == 1).all()
    silent = load_source(out / "captured_livelink")
    assert not silent.audio.any()
    assert silent.targets is not None and not silent.targets.emotion.any()


def test_the_jaw_meets_its_sound(data, tmp_path):
    captured.write_captured(data, tmp_path / "corpus")
    spoken = load_source(tmp_path / "corpus" / "captured_facegood")
    assert spoken.targets is not None
    jaw = spoken.targets.weights[: spoken.targets.offset[1], INDEX["jawOpen"]]
    heard = np.abs(spoken.samples(0)).argmax() / RATE * 30
    assert heard == pytest.approx(jaw.argmax(), abs=0.05)
    joined = np.concatenate([spoken.samples(i) for i in (0, 1)])
    assert abs(len(joined) / RATE - (FRAMES - captured.FACEGOOD_LAG) / 30) < 1 / 30
    assert spoken.clips[0].samples * 30 == spoken.clips[0].frames * RATE  # cut without a gap


def test_takes_to_fine_tune_on_leave_one_out(data, tmp_path):
    own_face.write_takes(data / "facegood", tmp_path / "takes", "2_04")
    pairs, alone = find(tmp_path / "takes")
    assert [pair.name for pair in pairs] == ["2_01", "2_02", "2_03"] and not alone
    truth, sound = own_face.held_out_take(data / "facegood", "2_04")
    assert truth.frames == FRAMES and sound.seconds == 26.0
    assert "jawOpen" in own_face.moving_channels(truth)
    with pytest.raises(captured.CapturedError):
        own_face.held_out_take(tmp_path, "2_04")


def test_nearness_is_of_the_channels_that_move(tmp_path):
    weights = np.zeros((90, COUNT), np.float32)
    weights[:, INDEX["jawOpen"]] = np.abs(np.sin(np.arange(90) / 5))
    weights[:, INDEX["mouthPucker"]] = np.abs(np.cos(np.arange(90) / 7))
    truth = Take(weights, np.zeros((90, 3)), 30.0)
    gap = LipGap(np.zeros(5), np.eye(COUNT)[[INDEX["jawOpen"]] * 5])
    same = own_face.nearness([truth], truth, gap)
    assert (same.error, same.gap_error) == (0, 0) and same.correlation == pytest.approx(1.0)
    moved = weights.copy()
    moved[:, INDEX["jawOpen"]] = np.clip(moved[:, INDEX["jawOpen"]] - 0.1, 0, 1)
    moved[:, INDEX["browInnerUp"]] = 0.9  # no part of the mouth
    other = own_face.nearness([Take(moved, np.zeros((90, 3)), 30.0)], truth, gap)
    apart = np.abs(moved - weights)[:, [INDEX["jawOpen"], INDEX["mouthPucker"]]].mean()
    assert other.error == pytest.approx(apart, rel=1e-5) and other.gap_error == pytest.approx(
        2 * apart, rel=1e-5
    )
    still = own_face.nearness([Take(0 * weights, np.zeros((90, 3)), 30.0)], truth, gap)
    assert still.correlation == 0 and still.error > other.error
    text = own_face.table({"before": still, "after": other}, "before")
    assert f"{other.error / still.error - 1:+.0%}" in text and text.count("|") == 28
    own_face.save_plot(truth, {"before": truth, "after": truth}, tmp_path / "plot.png")
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")


def test_finished_sources_stay(data, tmp_path):
    out = tmp_path / "corpus"
    captured.write_captured(data, out)
    stamps = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    (out / "captured_livelink" / "targets.npz").unlink()
    captured.write_captured(data, out)
    again = {path: path.stat().st_mtime_ns for path in out.rglob("*.*")}
    assert set(again) == set(stamps)
    assert all(again[p] == stamps[p] for p in stamps if "facegood" in str(p))
    assert again[out / "captured_livelink" / "done.json"] > stamps[out / "captured_livelink" / "done.json"]


def test_missing_takes_are_a_named_error(tmp_path, capsys, monkeypatch):
    with pytest.raises(captured.CapturedError, match="arkit_map"):
        next(captured.facegood(tmp_path))
    with pytest.raises(captured.CapturedError, match="livelink_takes"):
        next(captured.livelink(tmp_path))
    monkeypatch.setattr("sys.argv", ["captured", str(tmp_path)])
    assert captured.main() == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_prints_json(data, capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["captured", str(data)])
    assert captured.main() == 0
    numbers = json.loads(capsys.readouterr().out)
    assert numbers["facegood"]["channels"]["jawOpen"]["max"] > 0.8
    assert numbers["livelink"]["head"] is None and numbers["facegood"]["blinks"] is None


def test_statistics_tell_slow_from_fast():
    times = np.arange(600) / 30
    weights = np.zeros((600, COUNT))
    weights[:, INDEX["jawOpen"]] = 0.5 + 0.5 * np.sin(2 * np.pi * 5 * times)
    weights[:, INDEX["browInnerUp"]] = 0.5 + 0.1 * np.sin(2 * np.pi * 0.5 * times)
    numbers = statistics([weights], 30.0)
    jaw, brow = numbers["channels"]["jawOpen"], numbers["channels"]["browInnerUp"]
    assert jaw["above_3hz"] > 0.99 and jaw["above_8hz"] < 0.01 and brow["above_3hz"] < 0.01
    assert 0.9 < numbers["spectrum"]["above_3hz"] < 0.99
    assert jaw["p50"] == pytest.approx(0.5, abs=0.05)
    assert 9 < jaw["velocity_p95"] < 16  # at most 0.5 x 2 pi x 5 a second
    assert numbers["channels"]["cheekPuff"]["above_3hz"] is None
    with pytest.raises(MotionStatisticsError, match="128 frames"):
        statistics([weights[:100]], 30.0)


def test_statistics_count_blinks_and_measure_the_head():
    weights = np.zeros((1800, COUNT))
    for at in range(100, 1800, 200):  # 9 in a minute
        for side in ("Left", "Right"):
            weights[at - 3 : at + 4, INDEX["eyeBlink" + side]] = [0.2, 0.5, 0.9, 1.0, 0.9, 0.5, 0.2]
    weights[1300:1400, INDEX["eyeBlinkLeft"]] = weights[1300:1400, INDEX["eyeBlinkRight"]] = 1.0  # asleep
    head = np.zeros((1800, 3))
    head[:, 1] = np.linspace(0, 0.2, 1800)
    numbers = statistics([weights], 30.0, [head])
    assert numbers["blinks"]["per_minute"] == pytest.approx(8.0)
    assert numbers["blinks"]["seconds"] == pytest.approx(4 / 30, abs=0.02)
    assert numbers["head"]["pitch"]["range"] == pytest.approx(0.18, abs=0.005)
    assert numbers["head"]["pitch"]["velocity_p95"] == pytest.approx(0.2 / 60, rel=0.02)
    assert numbers["head"]["yaw"]["range"] == 0
