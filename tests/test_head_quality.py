"""The measures of the demo head in motion see what is broken and nothing else."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phiz.evaluate.head import contact, mixes
from phiz.evaluate.head.crossings import crossings
from phiz.evaluate.head.folds import Folds, Judge
from phiz.evaluate.head.poses import both, singles
from phiz.evaluate.head.surface import EYE, MOUTH, OUTER, Surface, of, surface
from phiz.face.channels import COUNT
from phiz.face.head.landmarks import landmarks


@pytest.fixture(scope="module")
def plain() -> Surface:
    return surface("woman")


@pytest.fixture(scope="module")
def judge(plain: Surface) -> Judge:
    return Judge(plain)


def with_key(s: Surface, delta: np.ndarray) -> Surface:
    return of(replace(s.head, keys={**s.head.keys, "jawOpen": delta.astype(np.float32)}), s.body)


def _cuts(p: np.ndarray, q: np.ndarray) -> bool:
    """Two triangles, one by one: whether an edge of either has a point in the other."""
    for a, b in ((p, q), (q, p)):
        for k in range(3):
            start, along = b[k], b[(k + 1) % 3] - b[k]
            lhs = np.stack([a[1] - a[0], a[2] - a[0], -along], 1)
            u, v, t = np.linalg.solve(lhs, start - a[0])
            if u >= 0 and v >= 0 and u + v <= 1 and 0 <= t <= 1:
                return True
    return False


def test_crossings_are_those_of_trying_every_pair() -> None:
    rng = np.random.default_rng(0)
    points = rng.uniform(-0.02, 0.02, (60, 1, 3)) + rng.normal(0, 0.006, (60, 3, 3))
    triangles = np.arange(180).reshape(60, 3)
    flat = points.reshape(-1, 3)
    pairs, depth = crossings(flat, triangles, triangles)
    wanted = {(i, j) for i in range(60) for j in range(i + 1, 60) if _cuts(points[i], points[j])}
    assert len(wanted) > 5
    assert set(map(tuple, pairs.tolist())) == wanted and (depth > 0).all()
    between, _ = crossings(flat, triangles[:30], triangles[30:])
    assert {(i, j + 30) for i, j in between.tolist()} == {p for p in wanted if p[0] < 30 <= p[1]}


def test_depth_is_how_far_one_reaches_through() -> None:
    floor = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 0]], float) * 0.01
    spike = np.array([[-0.001, 0, 0.01], [0.001, 0, 0.01], [0, 0, -0.0004]])
    pairs, depth = crossings(np.concatenate([floor, spike]), np.array([[0, 1, 2]]), np.array([[3, 4, 5]]))
    assert pairs.tolist() == [[0, 0]] and depth[0] == pytest.approx(0.0004)


def test_parts_of_the_surface(plain: Surface) -> None:
    names = np.array([m[0] for m in plain.head.materials])[plain.head.material_index]
    shown = names[plain.polygon[plain.outer]]
    assert set(shown) == {"skin", "lips", "lid", "nostril", "garment"}
    assert set(names[plain.polygon[plain.part == MOUTH]]) <= {"teeth", "gums", "tongue"}
    assert {"iris", "eye white"} <= set(names[plain.polygon[plain.part == EYE]])
    assert 0.15 < plain.height < 0.3


def test_a_folded_cheek_is_found_and_seen(plain: Surface, judge: Judge) -> None:
    rest = judge(plain.head.vertices)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert len(judge(plain.head.vertices @ turn.T).cutting) == len(rest.cutting) < 4
    skin = np.arange(plain.body.span["skin"].stop)
    away = np.linalg.norm(plain.head.vertices[skin] - landmarks(plain.body.shape)["cheek"] / 100, axis=1)
    cheek = np.exp(-(away**2) / 1e-4)
    broken = np.zeros_like(plain.head.vertices)
    broken[skin, 0] = -0.03 * cheek  # far more than its own width, to the side: it folds over
    found = judge(plain.head.vertices + broken)
    assert len(found.inverted) > 5
    torn = (
        np.random.default_rng(0).normal(0, 0.005, broken.shape)
        * np.append(cheek, np.zeros(len(broken) - len(skin)))[:, None]
    )
    assert len(judge(plain.head.vertices + torn).visible) > 5
    sunk = np.zeros_like(broken)
    sunk[skin, 1] = 0.3 * cheek  # out at the back of the head
    found = judge(plain.head.vertices + sunk)
    assert len(found.cutting) > 5 and len(found.broken) >= len(found.cutting)


def test_lids_and_lips_that_stay_open_or_overlap_are_measured(plain: Surface) -> None:
    lips = contact.lips(plain)
    assert max(lips) < 0.001 and max(contact.lids(plain)) < 0.001
    jaw = plain.head.keys["jawOpen"]
    gap, overlap = contact.lips(with_key(plain, 1.3 * jaw))
    assert gap > 0.01 and overlap < 1e-4
    gap, overlap = contact.lips(with_key(plain, 0.7 * jaw))
    assert overlap > 0.01 and gap < 1e-4


def test_what_comes_through_the_skin_is_counted(plain: Surface) -> None:
    rest = plain.head.vertices
    assert contact.mouth_through(plain, rest) == 0 and contact.through(plain, rest, EYE) == 0
    for part, name in ((MOUTH, "teeth upper"), (EYE, "eyeball left")):
        out = rest.copy()
        out[plain.body.span[name], 1] -= 0.006
        assert contact.through(plain, out, part) > 3, name


def test_poses_are_what_they_are_called() -> None:
    assert both("mouthSmile", "jawOpen") == {"mouthSmileLeft": 1, "mouthSmileRight": 1, "jawOpen": 1}
    assert len(singles()) == 52 and singles()["mouthClose"] == {"mouthClose": 1, "jawOpen": 1}
    speech = [np.full((4, COUNT), 0.5, np.float32)]
    some = mixes.mixes(speech, 10, seed=3)
    assert len(some) == 10 and all(w.shape == (COUNT,) and w.min() >= 0 and w.max() <= 1 for w in some)
    assert np.array_equal(some[9], mixes.mixes(speech, 10, seed=3)[9])
    assert np.array_equal(some[0], speech[0][0]) and some[2].max() > 0.5 and some[4].max() > 0.5


def test_sources_are_takes_or_folders_of_sound(tmp_path: Path) -> None:
    with pytest.raises(mixes.SourceError, match="found none"):
        mixes._sound(tmp_path)
    played = mixes.played(1, seed=1)[0]
    assert played.shape == (1800, COUNT) and played.max() <= 1 and played.std(0).max() > 0.1


def test_folds_join_both_faults() -> None:
    none = np.zeros(0, np.int64)
    assert Folds(np.array([1, 2]), np.array([2, 3]), none, none, 0.0).broken.tolist() == [1, 2, 3]
    assert OUTER != EYE
