"""The demo character: a sound mesh, all 52 keys, lids and lips that meet."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from phiz.face.channels import CHANNELS, INDEX, TONGUE, mirrored
from phiz.face.head import VARIATIONS, Head, demo_head
from phiz.face.head.anatomy import Body, assemble
from phiz.face.head.check import RigError, compare, main, of_head, of_rig
from phiz.face.head.lips import lip_gap_coefficients
from phiz.face.head.openings import CONTACT, LID_RINGS, MOUTH_RINGS
from phiz.face.head.proportions import PLAIN


@pytest.fixture(scope="module")
def head() -> Head:
    return demo_head()


@pytest.fixture(scope="module", params=list(VARIATIONS))
def character(request: pytest.FixtureRequest) -> tuple[Head, Body]:
    """Each of the characters, whole and as parts."""
    return demo_head(request.param), assemble(VARIATIONS[request.param].shape)


@pytest.fixture(scope="module")
def body() -> Body:
    return assemble(PLAIN)


def test_mesh_is_sound(head: Head, body: Body) -> None:
    assert 8_000 <= len(head.vertices) <= 25_000
    assert head.vertices.dtype == np.float32 and np.isfinite(head.vertices).all()
    assert head.material_index.shape == (len(head.faces),)
    assert head.material_index.min() >= 0 and head.material_index.max() < len(head.materials)
    assert np.mean([len(face) == 4 for face in head.faces]) > 0.99
    corners = [v for face in head.faces for v in face]
    assert set(corners) == set(range(len(head.vertices)))
    assert all(len(set(face)) == len(face) for face in head.faces)
    edges = Counter(frozenset(e) for f in body.skin.faces for e in zip(f, (*f[1:], f[0]), strict=True))
    assert max(edges.values()) == 2
    boundary = {v for edge, count in edges.items() if count == 1 for v in edge}
    open_loops = {int(v) for ring in body.skin.eyes for v in ring.loops[-1]}
    assert boundary == open_loops  # nothing torn but the eyes' backs


def test_every_character_is_whole(character: tuple[Head, Body]) -> None:
    """Counts, the mirror, and keys that go with the character's own landmarks."""
    head, body = character
    assert 8_000 <= len(head.vertices) <= 25_000 and np.isfinite(head.vertices).all()
    skin, flip = body.skin, np.array([-1.0, 1.0, 1.0])
    assert np.array_equal(skin.mirror[skin.mirror], np.arange(len(skin.vertices)))
    assert np.array_equal(skin.vertices[skin.mirror] * flip, skin.vertices)
    faces = {frozenset(face) for face in skin.faces}
    assert {frozenset(int(skin.mirror[v]) for v in face) for face in skin.faces} == faces
    sides = np.array([face for face in skin.faces if len(face) == 4])
    sides = sides[np.abs(skin.vertices[sides, 0].sum(1)) > 1e-9]
    split = {frozenset(pair) for pair in sides[:, [0, 2]].tolist()}
    assert {frozenset(pair) for pair in skin.mirror[sides[:, [0, 2]]].tolist()} == split  # into like halves
    for name in ("eyeball", "brow", "ear", "lashes"):
        left, right = (body.vertices[body.span[f"{name} {side}"]] for side in ("left", "right"))
        assert np.array_equal(left * flip, right)
    closed, lid = head.posed({"eyeBlinkLeft": 1.0}), skin.eyes[0]
    spoken = head.posed({"jawOpen": 1.0, "mouthClose": 1.0})
    for posed, ring, k in ((closed, lid, LID_RINGS), (spoken, skin.mouth, CONTACT)):
        np.testing.assert_allclose(posed[ring.loops[k]], posed[ring.loops[k][ring.partner()]], atol=1e-6)
    centre = np.array(body.shape.eye.centre) / 100
    away = np.linalg.norm(closed[np.concatenate(lid.loops[: LID_RINGS + 2])] - centre, axis=1)
    assert away.min() > body.shape.eye.radius / 100


def test_characters_differ_in_form_and_colour() -> None:
    assert len(VARIATIONS) >= 4
    assert len({v.shape for v in VARIATIONS.values()}) == len(VARIATIONS)
    for name in ("skin", "hair", "iris"):
        colours = {m[1] for v in VARIATIONS.values() for m in v.palette.materials() if m[0] == name}
        assert len(colours) == len(VARIATIONS), name


def test_the_skins_texture_does_not_overlap(character: tuple[Head, Body]) -> None:
    """Every point of a fine grid lies in at most one of the skin's faces."""
    head, body = character
    size, count = 1000, sum(map(len, body.skin.faces))
    uvs, triangles, first = head.uvs[:count], [], 0
    for face in body.skin.faces:
        triangles += [(first, first + i, first + i + 1) for i in range(1, len(face) - 1)]
        first += len(face)
    corners = uvs[np.array(triangles)].astype(float) * size
    low = np.ceil(corners.min(1)).astype(int)
    sides = (np.floor(corners.max(1)) - low).max(1).astype(int) + 1
    hits = np.zeros(size * size, int)
    for side in range(1, sides.max() + 1):  # triangles of like size share one grid of points
        p = corners[sides == side]
        grid = low[sides == side, None] + np.moveaxis(np.indices((side, side)), 0, -1).reshape(1, -1, 2)
        turn = []
        for a, b in ((p[:, 0], p[:, 1]), (p[:, 1], p[:, 2]), (p[:, 2], p[:, 0])):
            along, out = (b - a)[:, None], grid - a[:, None]
            turn.append(along[..., 0] * out[..., 1] - along[..., 1] * out[..., 0])
        np.add.at(hits, grid[np.min(turn, 0) > 1e-6] @ [size, 1], 1)  # a face turned over has none inside
    assert hits.max() == 1
    assert (hits > 0).mean() > 0.6


def test_uvs_and_correctives(head: Head) -> None:
    assert head.uvs.shape == (sum(map(len, head.faces)), 2) and head.uvs.dtype == np.float32
    assert head.uvs.min() >= 0 and head.uvs.max() <= 1
    delta = np.full_like(head.vertices, 0.01)
    both = replace(head, correctives={"both": (("jawOpen", "mouthFunnel"), delta)})
    weights = {"jawOpen": 0.5, "mouthFunnel": 0.4}
    bare = replace(head, correctives={})
    np.testing.assert_allclose(both.posed(weights) - bare.posed(weights), 0.2 * delta, atol=1e-7)
    assert np.array_equal(both.posed({"jawOpen": 1.0}), head.posed({"jawOpen": 1.0}))


def test_faces_look_outwards(head: Head, body: Body) -> None:
    directed = Counter(e for f in head.faces for e in zip(f, (*f[1:], f[0]), strict=True))
    assert max(directed.values()) == 1  # neighbours turn the same way
    for side in ("left", "right"):
        span = body.span["eyeball " + side]
        round_ = [f for f, m in zip(body.faces, body.materials, strict=True) if m in ("eye white", "cornea")]
        for face in (f for f in round_ if span.start <= f[0] < span.stop):
            a, b, c = head.vertices[list(face[:3])] - head.vertices[span].mean(0)
            assert np.dot(a, np.cross(b, c)) > 0
    centre = np.array([0.0, 0.0, -0.01])
    outer = [f for f, m in zip(body.skin.faces, body.skin.materials, strict=True) if m == "skin"]
    quads = np.array([f for f in outer if len(f) == 4])
    p = head.vertices[quads]
    p = p[p[:, :, 2].min(1) > -0.085]  # the neck is not seen from there
    normal = np.cross(p[:, 2] - p[:, 0], p[:, 3] - p[:, 1])
    assert np.mean(np.sum(normal * (p.mean(1) - centre), axis=1) > 0) > 0.99


def test_all_keys_are_there_and_built_the_same_twice(head: Head) -> None:
    assert tuple(head.keys) == (*CHANNELS, TONGUE)
    again = demo_head()
    assert np.array_equal(head.vertices, again.vertices)
    for name, delta in head.keys.items():
        assert delta.shape == head.vertices.shape and delta.dtype == np.float32
        assert 0.0005 < np.abs(delta).max() < 0.06, name
        assert np.array_equal(delta, again.keys[name])


def test_right_keys_mirror_left_ones(head: Head, body: Body) -> None:
    left, right = body.skin.eyes
    mouth = body.skin.mouth
    other_side = (mouth.half - np.arange(2 * mouth.half)) % (2 * mouth.half)
    pairs = [*zip(left.loops, right.loops, strict=True), *((loop, loop[other_side]) for loop in mouth.loops)]
    for a, b in pairs:
        for name in CHANNELS:
            twin = mirrored(name)
            np.testing.assert_allclose(
                head.keys[name][a], head.keys[twin][b] * [-1, 1, 1], atol=2e-6, err_msg=name
            )


@pytest.mark.parametrize("weight", [0.1, 0.5, 1.0])
def test_lips_meet_when_mouth_close_equals_jaw_open(head: Head, body: Body, weight: float) -> None:
    ring = body.skin.mouth
    loop = ring.loops[CONTACT]
    posed = head.posed({"jawOpen": weight, "mouthClose": weight})
    np.testing.assert_allclose(posed[loop], posed[loop[ring.partner()]], atol=1e-6)
    opened = head.posed({"jawOpen": weight})[loop]
    middle = ring.half // 2
    assert opened[middle, 2] - opened[ring.partner()[middle], 2] > 0.015 * weight


def test_lids_meet_at_blink_and_clear_the_eyeball_all_the_way(head: Head, body: Body) -> None:
    for ring, side in zip(body.skin.eyes, ("Left", "Right"), strict=True):
        closed = head.posed({"eyeBlink" + side: 1.0})
        for k in (LID_RINGS, LID_RINGS + 1):
            np.testing.assert_allclose(
                closed[ring.loops[k]], closed[ring.loops[k][ring.partner()]], atol=1e-6
            )
        centre = np.array(body.shape.eye.centre) * [1 if side == "Left" else -1, 1, 1] / 100
        skin = np.concatenate(ring.loops[: LID_RINGS + 2])
        for weight in np.linspace(0, 1, 9):
            away = np.linalg.norm(head.posed({"eyeBlink" + side: weight})[skin] - centre, axis=1)
            assert away.min() > body.shape.eye.radius / 100, weight


def test_teeth_stay_behind_the_lips(head: Head, body: Body) -> None:
    """Where a tooth lies at the height of the red of a lip, that lip stands in front of it."""
    mouth, count = body.skin.mouth, 2 * body.skin.mouth.half
    places = np.arange(count)
    for name in CHANNELS:
        posed = head.posed({name: 1.0})
        for teeth, lip in (
            ("upper", places <= mouth.half),
            ("lower", (places >= mouth.half) | (places == 0)),
        ):
            order = np.where(lip)[0][np.argsort(posed[mouth.loops[CONTACT][lip], 0])]
            touch, border = posed[mouth.loops[CONTACT][order]], posed[mouth.loops[MOUTH_RINGS][order]]
            crest = posed[mouth.loops[CONTACT - 2][order]]
            tooth = posed[body.span["teeth " + teeth]]
            ends = np.sort(
                [np.interp(tooth[:, 0], loop[:, 0], loop[:, 2]) for loop in (touch, border)], axis=0
            )
            covered = (ends[0] < tooth[:, 2]) & (tooth[:, 2] < ends[1]) & (np.abs(tooth[:, 0]) < 0.015)
            front = np.interp(tooth[covered, 0], crest[:, 0], crest[:, 1])
            assert np.all(front < tooth[covered, 1]), (name, teeth)


def test_directions(head: Head, body: Body) -> None:
    def moved(key: str, loop: np.ndarray, place: int) -> np.ndarray:
        return head.keys[key][loop[place]]

    lips, half = body.skin.mouth.loops[CONTACT], body.skin.mouth.half
    upper, lower, left = half // 2, half + half // 2, 0
    chin = np.linalg.norm(head.vertices - np.array([0, -0.085, -0.095]), axis=1).argmin()
    assert -0.032 < head.keys["jawOpen"][chin, 2] < -0.022
    assert moved("mouthSmileLeft", lips, left)[2] > 0.005 and moved("mouthSmileLeft", lips, left)[0] > 0.003
    assert np.abs(moved("mouthSmileRight", lips, left)).max() < 0.001
    assert moved("mouthFrownLeft", lips, left)[2] < -0.003
    assert moved("mouthPucker", lips, left)[0] < -0.003 and moved("mouthPucker", lips, upper)[1] < -0.004
    assert moved("mouthRollLower", lips, lower)[1] > 0.004
    assert moved("mouthUpperUpLeft", lips, upper)[2] > 0.002
    brow = body.span["brow left"]
    assert (
        head.keys["browDownLeft"][brow, 2].mean()
        < -0.002
        < 0.002
        < head.keys["browOuterUpLeft"][brow, 2].mean()
    )
    pupil = body.span["eyeball left"].stop - 1  # the middle of the glint
    assert head.keys["eyeLookOutLeft"][pupil, 0] > 0.005 and head.keys["eyeLookInLeft"][pupil, 0] < -0.005
    assert head.keys["eyeLookUpLeft"][pupil, 2] > 0.005 and head.keys["eyeLookDownLeft"][pupil, 2] < -0.005


def test_lip_gap_is_the_meshs(head: Head) -> None:
    g0, G = lip_gap_coefficients()
    assert g0.shape == (3,) and G.shape == (3, 51)
    np.testing.assert_allclose(g0, 0, atol=1e-6)
    assert G[1, INDEX["jawOpen"]] == pytest.approx(1)
    np.testing.assert_allclose(G[:, INDEX["mouthClose"]], -G[:, INDEX["jawOpen"]], atol=1e-5)
    assert G[1, INDEX["mouthLowerDownLeft"]] > 0.05 and G[1, INDEX["mouthPressLeft"]] < 0
    assert G[0, INDEX["mouthLowerDownRight"]] > G[2, INDEX["mouthLowerDownRight"]]


def test_check_measures_agreement_and_names_a_bad_rig(body: Body, tmp_path: Path) -> None:
    ours = of_head(body)
    np.testing.assert_allclose(compare(ours, ours), 1, atol=1e-3)
    pattern, direction, size = np.array(compare(-0.5 * ours, ours)).T
    np.testing.assert_allclose([pattern.max(), direction.max(), size.min()], [-1, -1, 0.5], atol=1e-3)
    bad = tmp_path / "rig.npz"
    np.savez(bad, names=np.array(["jawOpen"]), neutral=np.zeros((4, 3)), deltas=np.zeros((1, 4, 3)))
    with pytest.raises(RigError, match="51 channels"):
        of_rig(bad)
    assert main([str(tmp_path / "nowhere.npz")]) == 2
