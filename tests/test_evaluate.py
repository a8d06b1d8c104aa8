"""Evaluation: the renderer sees what is in front, cues become poses, reports judge and keep their figures."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from phiz.corpus.clips import SourceWriter
from phiz.evaluate import emotions, mesh, render, report, rhubarb, score, systems, test_sets
from phiz.evaluate.run import Contender, evaluate
from phiz.face import channels
from phiz.face.channels import INDEX, vector
from phiz.motion.measures import LipGap, Performance
from phiz.motion.take import Take


def plate_rig() -> render.Rig:
    """A plate of 2 x 2 with a smaller one behind it; jawOpen brings the small one to the front."""
    square = np.array([(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)], np.float32)
    vertices = np.concatenate([square, square * 0.5 - np.array([0, 0, 1], np.float32)])
    deltas = np.zeros((51, 8, 3), np.float32)
    deltas[INDEX["jawOpen"], 4:, 2] = 2.0
    triangles = np.array([(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)])
    tint = np.array([(1, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1, 0)], np.float32)
    return render.Rig(
        vertices, triangles, deltas, tint, np.zeros(4, np.int8), np.zeros((2, 3), np.float32), (0.0, 0.0, 4.0)
    )


def lip_gap() -> LipGap:
    slope = np.zeros((5, 51))
    slope[:, INDEX["jawOpen"]] = 1.0
    slope[:, [INDEX["mouthPressLeft"], INDEX["mouthPressRight"], INDEX["mouthClose"]]] = (-0.1, -0.1, -1.0)
    return LipGap(np.full(5, 0.02), slope)


def test_renderer_shows_the_nearer_surface() -> None:
    rig = plate_rig()
    behind = render.portrait(rig, vector(), size=64).astype(int)
    front = render.portrait(rig, vector(jawOpen=1.0), size=64).astype(int)
    assert behind[32, 32, 0] > 2 * behind[32, 32, 1]  # red plate
    assert front[32, 32, 1] > 2 * front[32, 32, 0]  # green plate
    assert np.array_equal(behind[32, 18], front[32, 18])  # beside the small plate nothing changes
    assert np.ptp(behind[2]) < 40  # background only


def test_rasteriser_covers_each_pixel_of_a_square_once() -> None:
    screen = np.array([(2, 2), (10, 2), (10, 10), (2, 10)], float)
    hit, _, barycentric = render.rasterise(screen, np.zeros(4), np.array([(0, 1, 2), (0, 2, 3)]), 16)
    assert len(hit) == len(set(hit.tolist())) == 64
    assert np.allclose(barycentric.sum(1), 1) and barycentric.min() >= 0


def test_large_and_small_triangles_leave_no_holes() -> None:
    rng = np.random.default_rng(0)
    inner = rng.uniform(0, 64, (200, 2))
    points = np.concatenate([inner, [(-1, -1), (65, -1), (65, 65), (-1, 65)]])
    from scipy.spatial import Delaunay

    hit, _, _ = render.rasterise(points, np.zeros(len(points)), Delaunay(points).simplices, 64)
    assert len(hit) == 64 * 64


def test_a_missing_rig_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(render.RigError, match="--rigs"):
        render.load_rig(tmp_path)


def test_cues_fade_around_their_start(tmp_path: Path) -> None:
    path = tmp_path / "cues.tsv"
    path.write_text("0.00\tX\n1.00\tD\n2.00\tX\n")
    weights = rhubarb.performed(rhubarb.read_cues(path), 3.0)
    jaw = weights[:, INDEX["jawOpen"]]
    assert len(weights) == 180
    assert jaw[50] == 0 and jaw[90] == pytest.approx(0.55) and jaw[170] == pytest.approx(0)
    assert jaw[60] == pytest.approx(0.55 / 2)


def test_cue_files_are_checked(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("0.00\tX\n0.5 Q\n")
    with pytest.raises(rhubarb.CueError, match="line 2"):
        rhubarb.read_cues(tmp_path / "bad.tsv")
    with pytest.raises(rhubarb.CueError, match="found none"):
        rhubarb.read_cues(tmp_path / "none.tsv")


def corpus(folder: Path) -> Path:
    """A source of real recordings with two test clips and a training clip."""
    rng = np.random.default_rng(0)
    words = ["M", "AA", "T", "IY", "P", "AE", "S", "UW", "N", "AA", "F", "IY"] * 4
    phones = [(0.0, 0.4, "SIL"), *((0.4 + 0.1 * i, 0.5 + 0.1 * i, n) for i, n in enumerate(words))]
    phones.append((phones[-1][1], phones[-1][1] + 0.4, "SIL"))
    with SourceWriter(folder, "emodb_de", 0) as out:
        for i in range(3):
            samples = 0.05 * rng.normal(size=int(phones[-1][1] * 16_000)).astype(np.float32)
            out.add(f"c{i}", samples, phones, speaker="s", split="train" if i == 1 else "test")
    return folder


def test_test_sets_hold_the_test_clips_only_and_noise_repeats(tmp_path: Path) -> None:
    clips = test_sets.load(corpus(tmp_path), "real")
    assert [clip.id for clip in clips] == ["c0", "c2"]
    assert len(test_sets.load(tmp_path, "real", 1)) == 1
    first, again = (test_sets.load(tmp_path, "noise")[0].samples for _ in range(2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, clips[0].samples)
    with pytest.raises(test_sets.TestSetError, match="ked"):
        test_sets.load(tmp_path, "ked")


def test_teacher_scores_above_a_teacher_that_is_late(tmp_path: Path) -> None:
    clips = test_sets.load(corpus(tmp_path), "real")
    good = [systems.teacher(clip, 0) for clip in clips]
    late = [Performance(np.roll(p.weights, 4, 0), p.fps, p.phones) for p in good]  # 133 ms
    on_time, behind = score.score(good, lip_gap()), score.score(late, lip_gap())
    assert on_time["closure_hit"] > 0.9
    assert behind["closure_hit"] < on_time["closure_hit"] - 0.3
    assert behind["rounding_auc"] < on_time["rounding_auc"]


def areas() -> mesh.MeshRegions:
    moves = np.zeros((51, 2, 3), np.float32)
    moves[INDEX["jawOpen"], 0, 1] = -10.0
    moves[INDEX["jawOpen"], 1, 1] = -5.0
    moves[INDEX["browInnerUp"], 1, 1] = 4.0
    return mesh.MeshRegions(lips=moves, upper=moves[:, 1:])


def test_lve_is_the_largest_squared_error_and_fdd_sees_a_still_brow() -> None:
    still = np.repeat(vector()[None], 20, 0)
    opened = np.repeat(vector(jawOpen=0.5)[None], 20, 0)
    assert mesh.lip_vertex_error(areas(), opened, still) == pytest.approx(25.0)  # (10 mm * 0.5)^2
    moving = still.copy()
    moving[::2, INDEX["browInnerUp"]] = 1.0
    assert mesh.upper_face_dynamics(areas(), still, moving) == pytest.approx(2.0)  # std of 0 and 4 mm


def test_evaluation_fills_report_and_judges(tmp_path: Path) -> None:
    clips = test_sets.load(corpus(tmp_path), "real")

    def frozen(clip: test_sets.HeldOutClip, seed: int) -> Performance:
        return Performance(np.zeros((round(clip.seconds * 30), 51)), 30.0, clip.phones)

    contenders = [Contender("teacher", systems.teacher, ("real",)), Contender("frozen", frozen, ("real",))]
    scores = evaluate(contenders, {"real": clips}, lip_gap(), areas())
    met = {v["measure"]: v["met"] for v in report.verdicts(scores, "frozen") if v["set"] == "real"}
    assert met["closure_hit"] is False and met["energy_above_8hz_ratio"] is False
    assert met["silence_leak"] is True and met["openness_rank"] is None
    console = Console(record=True, width=200, file=io.StringIO())
    report.show(scores, {}, console)
    shown = console.export_text()
    assert "short" in shown and "emodb_de" in shown
    report.save({"systems": scores, "bars": report.verdicts(scores, "frozen")}, tmp_path / "report.json")
    kept = json.loads((tmp_path / "report.json").read_text())
    assert kept["systems"]["frozen"]["real"]["pooled"]["openness_rank"] is None
    assert kept["systems"]["teacher"]["real"]["clips"] == 2


def test_bars_hold_on_both_sides() -> None:
    bar = report.Bar("real", "x", "x", low=0.8, high=1.2)
    assert [bar.met(figure) for figure in (0.79, 0.8, 1.2, 1.21)] == [False, True, True, False]
    assert bar.met(float("nan")) is None and bar.met(None) is None


def test_seeds_that_agree_have_no_diversity(tmp_path: Path) -> None:
    clips = test_sets.load(corpus(tmp_path), "real")
    same = [[systems.teacher(clip, 0) for clip in clips] for _ in range(2)]
    other = [[systems.teacher(clip, seed) for clip in clips] for seed in range(2)]
    assert score.seeds_compared(same, lip_gap())["diversity"] == 0.0
    assert score.seeds_compared(other, lip_gap())["diversity"] > 0.05


def test_emotion_sheet_avoids_blinks_and_keeps_its_order() -> None:
    weights = np.zeros((90, 51), np.float32)
    weights[40:50, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1.0
    take = Take(weights, np.zeros((90, 3)), 30.0)
    chosen = emotions.moments(take)
    assert chosen[0] == 15 and chosen[1] in (39, 50) and chosen[2] == 75
    opened = Take(weights + vector(jawOpen=1.0), np.zeros((90, 3)), 30.0)
    takes = {"shut": take, "open": opened}
    one = emotions.sheet(plate_rig(), takes, ["shut", "open"], size=32)
    two = emotions.sheet(plate_rig(), takes, ["open", "shut"], size=32)
    assert one.shape == two.shape and not np.array_equal(one, two)
    names = list(channels.CHANNELS[:8])
    assert sorted(emotions.shuffled(names, 1)) == sorted(names)
    assert emotions.shuffled(names, 1) != names
