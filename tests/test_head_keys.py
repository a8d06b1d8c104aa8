"""The demo head's keys add up: closed lids stay closed, lips stay whole, common pairs are mended."""

import numpy as np
import pytest

from phiz.evaluate.head import contact
from phiz.evaluate.head.folds import Judge
from phiz.evaluate.head.poses import both
from phiz.evaluate.head.surface import of
from phiz.face.channels import CHANNELS
from phiz.face.head import VARIATIONS, Head, demo_head
from phiz.face.head.anatomy import Body, assemble, points
from phiz.face.head.fields import beside_fold, corner, round_mouth
from phiz.face.head.openings import CONTACT, LID_RINGS


@pytest.fixture(scope="module", params=["woman", "child"])
def made(request: pytest.FixtureRequest) -> tuple[Head, Body]:
    return demo_head(request.param), assemble(VARIATIONS[request.param].shape)


@pytest.mark.parametrize(
    "stem", ["eyeSquint", "eyeWide", "eyeLookUp", "eyeLookDown", "cheekSquint", "mouthSmile"]
)
def test_closed_lids_stay_closed_whatever_else_is_on(made: tuple[Head, Body], stem: str) -> None:
    head, body = made
    for ring, side in zip(body.skin.eyes, ("Left", "Right"), strict=True):
        closed = head.posed({"eyeBlink" + side: 1.0, stem + side: 1.0})
        for k in (LID_RINGS, LID_RINGS + 1):
            loop = ring.loops[k]
            np.testing.assert_allclose(closed[loop], closed[loop[ring.partner()]], atol=2e-6)
        rim, half = ring.loops[LID_RINGS], ring.half
        upper, lower = rim[half // 2], rim[ring.partner()[half // 2]]
        for blink in (0.3, 0.6, 0.9):  # and do not cross on the way
            posed = head.posed({"eyeBlink" + side: blink, stem + side: 1.0})
            assert posed[upper, 2] > posed[lower, 2]


def test_skin_bears_what_works_on_one_place(made: tuple[Head, Body]) -> None:
    """At most a thousandth of its faces is broken and none is seen; what lies under it stays there."""
    surface = of(*made)
    judge = Judge(surface)
    for keys in (
        ("eyeBlink", "eyeLookDown"), ("eyeBlink", "mouthSmile", "cheekSquint"), ("eyeWide", "eyeLookUp"),
        ("mouthRollLower", "mouthRollUpper", "mouthPress"), ("mouthSmile", "mouthDimple"), ("jawLeft",),
    ):  # fmt: skip
        found = judge(surface.head.posed(both(*keys)))
        assert len(found.broken) <= 0.001 * surface.outer_polygons, keys
        assert len(found.visible) == 0, keys
    assert contact.eyeballs_through(surface) == 0
    for keys in (("jawOpen", "mouthSmile"), ("mouthRollLower",), ("mouthRollUpper",), ("tongueOut",)):
        assert contact.mouth_through(surface, surface.head.posed(both(*keys))) == 0, keys


def test_correctives_are_small_local_and_driven_by_keys(made: tuple[Head, Body]) -> None:
    head, _ = made
    drivers = {by for by, _ in head.correctives.values()}
    for wanted in (("jawOpen", "mouthFunnel"), ("jawOpen", "mouthPucker"), ("jawOpen", "mouthSmileLeft"),
                   ("eyeBlinkRight", "eyeSquintRight"), ("mouthRollLower", "mouthRollUpper")):  # fmt: skip
        assert wanted in drivers
    for name, (by, delta) in head.correctives.items():
        assert set(by) <= set(CHANNELS) and len(set(by)) == len(by) == 2, name
        assert name == " ".join(by) and len(name) < 60
        assert delta.shape == head.vertices.shape and delta.dtype == np.float32
        assert 1e-4 < np.abs(delta).max() < 0.012, name
        alone = head.posed({by[0]: 1.0})
        np.testing.assert_allclose(alone, head.vertices + head.keys[by[0]], atol=1e-7)


def test_open_kiss_and_trumpet_are_narrower_than_their_sum(made: tuple[Head, Body]) -> None:
    head, body = made
    ring = body.skin.mouth
    loop = ring.loops[CONTACT]
    upper, lower = loop[ring.half // 2], loop[ring.partner()[ring.half // 2]]

    def gap(weights: dict[str, float]) -> float:
        posed = head.posed(weights)
        return float(posed[upper, 2] - posed[lower, 2])

    jaw = gap({"jawOpen": 1.0})
    assert 0.2 * jaw < gap({"jawOpen": 1.0, "mouthPucker": 1.0}) < 0.9 * jaw
    assert jaw < gap({"jawOpen": 1.0, "mouthFunnel": 1.0}) < 1.4 * jaw
    assert gap({"mouthFunnel": 1.0}) > 0.1 * jaw  # a trumpet has an opening


def test_rolled_lips_hide_their_red(made: tuple[Head, Body]) -> None:
    head, body = made
    ring = body.skin.mouth
    border, touch = ring.loops[5][ring.half // 2], ring.loops[CONTACT][ring.half // 2]
    rest = head.vertices[border, 2] - head.vertices[touch, 2]
    rolled = head.posed({"mouthRollUpper": 1.0})
    assert abs(rolled[border, 2] - rolled[touch, 2]) < 0.35 * rest


def test_a_smile_narrows_the_eye_and_fills_the_cheek_beside_the_fold(made: tuple[Head, Body]) -> None:
    head, body = made
    here = points(body)
    rim, half = body.skin.eyes[0].loops[LID_RINGS], body.skin.eyes[0].half
    under = rim[half + half // 2]
    assert 0.0003 < head.keys["mouthSmileLeft"][under, 2] < 0.004
    skin = np.arange(body.span["skin"].stop)
    signed = beside_fold(here)[skin]
    front = -head.keys["mouthSmileLeft"][skin, 1]
    high = (here.place[skin, 2] > here.at["mouth corner"][2] + 0.6) & (np.abs(signed) < 1.2)
    assert front[high & (signed > 0.5)].mean() > front[high & (np.abs(signed) < 0.25)].mean() + 0.0005


def test_pulls_on_the_mouth_are_smooth_at_its_corner_and_leave_the_nape(made: tuple[Head, Body]) -> None:
    _, body = made
    here = points(body)
    near, share = round_mouth(here, 0.55), corner(here)
    nape = here.place[:, 1] > 1.0
    assert nape.sum() > 100 and near[nape].max() == 0.0
    loop = body.skin.mouth.loops[CONTACT][: body.skin.mouth.half + 1]
    assert np.abs(np.diff(share[loop])).max() < 0.2 and share[loop[0]] > 0.9 and share[loop[-1]] < 1e-6
