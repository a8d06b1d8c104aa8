"""The FACS table, the emotions and the two meanings of mouthClose."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from phiz.face import action_units, emotions, mouth_close
from phiz.face.action_units import ACTION_UNITS, ActionUnitError
from phiz.face.channels import CHANNELS, COUNT, INDEX, MIRROR, vector

SHOWABLE = {1, 2, 4, 5, 6, 7, 9, 10, 12, 13, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28, 29, 30, 34,
            43, 45, 46, 61, 62, 63, 64}  # fmt: skip
GAZE_ASIDE = {61, 62}

PUBLISHED = {
    "angry": {4, 5, 7, 23},
    "contempt": {14},
    "disgusted": {9, 15, 16},
    "fear": {1, 2, 4, 5, 7, 20, 26},
    "happy": {6, 12},
    "sad": {1, 4, 15, 17},
    "surprised": {1, 2, 5, 26},
}


def test_the_showable_units_are_those_arkit_can_show():
    assert {number for number, unit in ACTION_UNITS.items() if unit.showable} == SHOWABLE
    for number, unit in ACTION_UNITS.items():
        assert unit.number == number and unit.name and unit.muscles
        assert unit.showable or unit.note, f"AU {number} does not say why it cannot be shown"
        assert set(unit.antagonists) <= set(ACTION_UNITS) - {number}


@pytest.mark.parametrize("number", sorted(SHOWABLE))
def test_a_unit_poses_within_bounds_and_grows_with_intensity(number):
    for side in ACTION_UNITS[number].sides:
        strong, weak = action_units.pose(number, side), action_units.pose(number, side, 0.4)
        assert strong.shape == (COUNT,) and strong.dtype == np.float32
        assert strong.max() > 0.3 and strong.min() >= 0 and strong.max() <= 1
        np.testing.assert_allclose(weak, 0.4 * strong, atol=1e-6)


@pytest.mark.parametrize("number", sorted(SHOWABLE))
def test_sides_mirror_each_other(number):
    unit = ACTION_UNITS[number]
    if "B" in unit.sides and number not in GAZE_ASIDE:
        both = action_units.pose(number)
        np.testing.assert_array_equal(both, both[MIRROR])
    if "L" in unit.sides:
        left, right = action_units.pose(number, "L"), action_units.pose(number, "R")
        np.testing.assert_array_equal(left, right[MIRROR])
        assert not any(left[INDEX[name]] for name in CHANNELS if name.endswith("Right"))
    np.testing.assert_array_equal(action_units.pose(61), action_units.pose(62)[MIRROR])


def test_no_two_units_look_alike_but_the_blink_and_closed_eyes():
    poses = {(n, side): action_units.pose(n, side) for n in SHOWABLE for side in ACTION_UNITS[n].sides}
    keys = sorted(poses)
    alike = {
        (a[0], b[0])
        for i, a in enumerate(keys)
        for b in keys[i + 1 :]
        if np.abs(poses[a] - poses[b]).max() < 0.2
    }
    assert alike == {(43, 45)}


def test_left_is_the_characters_left():
    assert action_units.pose(12, "L")[INDEX["mouthSmileLeft"]] == 1.0
    assert action_units.pose(30, "L")[INDEX["jawLeft"]] == 1.0
    assert action_units.pose(61)[INDEX["eyeLookOutLeft"]] == 1.0


@pytest.mark.parametrize(("number", "side"), [(3, "B"), (38, "B"), (12, "X"), (1, "L"), (46, "B"), (30, "B")])
def test_what_cannot_be_shown_is_a_named_error(number, side):
    with pytest.raises(ActionUnitError) as caught:
        action_units.pose(number, side)
    assert str(number) in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_emotion_holds_its_published_units_and_names_its_source(name):
    assert {number for number, _ in emotions.prototype(name, 1.0)} >= PUBLISHED[name]
    assert any(year in emotions.PROTOTYPES[name].source for year in ("1983", "1986", "2002"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_an_emotion_grows_with_intensity(name):
    grades = [emotions.prototype(name, x) for x in (0.2, 0.4, 0.6, 0.8, 1.0)]
    for weaker, stronger in pairwise(grades):
        assert set(weaker) <= set(stronger)
        assert all(stronger[unit] > weaker[unit] for unit in weaker)
    assert max(grades[-1].values()) <= 1.0
    poses = [emotions.pose(name, x) for x in (0.0, 0.5, 1.0)]
    assert not poses[0].any() and poses[2].max() <= 1.0
    assert np.linalg.norm(poses[2]) > np.linalg.norm(poses[1]) > 0.3


def test_neutral_is_at_rest_and_an_unknown_emotion_is_a_named_error():
    assert not emotions.pose("neutral", 1.0).any()
    assert set(emotions.PROTOTYPES) == set(emotions.EMOTIONS) == {"neutral", *PUBLISHED}
    with pytest.raises(emotions.EmotionError, match="bored"):
        emotions.pose("bored", 1.0)


def test_emotions_differ_from_each_other_at_middle_strength():
    poses = [emotions.pose(name, 0.7) for name in PUBLISHED]
    unit = np.stack([pose / np.linalg.norm(pose) for pose in poses])
    assert (unit @ unit.T - np.eye(len(unit))).max() < 0.8


def test_contempt_alone_is_one_sided():
    for name in emotions.EMOTIONS:
        pose = emotions.pose(name, 1.0)
        assert np.array_equal(pose, pose[MIRROR]) == (name != "contempt")


def test_cheeks_come_late_in_a_smile():
    weak, strong = emotions.prototype("happy", 1 / 3), emotions.prototype("happy", 1.0)
    assert weak[6, "B"] / weak[12, "B"] < 0.5 * strong[6, "B"] / strong[12, "B"]


def test_mouth_close_cancels_the_jaw_where_the_lips_meet():
    met = mouth_close.to_cancelling(vector(jawOpen=0.4, mouthClose=1.0)[None])
    assert met[0, INDEX["mouthClose"]] == pytest.approx(0.4)
    shut = mouth_close.to_relative(vector(jawOpen=0.0, mouthClose=0.3)[None])
    assert shut[0, INDEX["mouthClose"]] == 0.0


def test_mouth_close_conversions_undo_each_other_and_touch_nothing_else():
    rng = np.random.default_rng(4)
    weights = rng.uniform(0.05, 1.0, (40, COUNT)).astype(np.float32)
    weights[:, mouth_close.CLOSE] = weights[:, mouth_close.JAW] * rng.uniform(0, 1, 40)
    before = weights.copy()
    relative = mouth_close.to_relative(weights)
    assert np.abs(relative - weights)[:, mouth_close.CLOSE].max() > 0.1
    np.testing.assert_array_equal(
        np.delete(relative, mouth_close.CLOSE, 1), np.delete(weights, mouth_close.CLOSE, 1)
    )
    np.testing.assert_allclose(mouth_close.to_cancelling(relative), weights, atol=1e-6)
    np.testing.assert_array_equal(weights, before)


def test_the_page_about_the_face_lists_what_the_code_holds():
    page = (Path(__file__).parents[1] / "docs" / "face.md").read_text(encoding="utf-8")
    for unit in ACTION_UNITS.values():
        assert f"| {unit.number} | {unit.name} |" in page
    for name, prototype in emotions.PROTOTYPES.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| {name} |"))
        assert prototype.source in row
        for (number, _), grades in prototype.units.items():
            assert f"**{number}" in row and " / ".join(f"{x:g}" for x in grades) in row
