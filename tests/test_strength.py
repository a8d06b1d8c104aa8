"""Regions stronger and weaker, with lips that still close and blinks that still shut."""

from __future__ import annotations

import numpy as np
import pytest

from phiz.face.channels import CHANNELS, INDEX, REGIONS
from phiz.motion.strength import scaled
from phiz.motion.take import Take, TakeError

JAW, CLOSE, LID, LOOK = (INDEX[n] for n in ("jawOpen", "mouthClose", "eyeBlinkLeft", "eyeLookUpLeft"))


def take(**channels: list[float]) -> Take:
    frames = len(next(iter(channels.values())))
    weights = np.full((frames, 51), 0.2, np.float32)
    for name, values in channels.items():
        weights[:, INDEX[name]] = values
    return Take(weights, np.full((frames, 3), 0.1), 30.0)


def test_only_the_region_changes() -> None:
    before = take(jawOpen=[0.2, 0.4])
    after = scaled(before, {"brows": 2.0, "head": 0.5, "mouth": 1.0})
    for i, name in enumerate(CHANNELS):
        factor = 2.0 if i in REGIONS["brows"] else 1.0
        np.testing.assert_allclose(after.weights[:, i], before.weights[:, i] * factor, err_msg=name)
    np.testing.assert_allclose(after.head, 0.05)
    assert not scaled(before, {region: 0.0 for region in (*REGIONS, "head")}).weights.any()


@pytest.mark.parametrize("strength", [0.1, 0.5, 1.0, 1.5, 2.0])
def test_lips_that_meet_still_meet(strength: float) -> None:
    """Met at three jaws, one of which reaches its end; and half met, which stays half met."""
    after = scaled(take(jawOpen=[0.1, 0.4, 0.8, 0.8], mouthClose=[0.1, 0.4, 0.8, 0.4]), {"mouth": strength})
    jaw, close = after.weights[:, JAW], after.weights[:, CLOSE]
    np.testing.assert_allclose(jaw, np.minimum(np.array([0.1, 0.4, 0.8, 0.8]) * strength, 1.0), rtol=1e-6)
    np.testing.assert_allclose(close[:3], jaw[:3], rtol=1e-6)
    np.testing.assert_allclose(close[3], 0.5 * jaw[3], rtol=1e-6)


def test_a_capture_whose_mouth_closes_more_than_its_jaw_opens_is_left_as_it_is() -> None:
    before = take(jawOpen=[0.0, 0.2], mouthClose=[0.3, 0.5])
    assert (scaled(before, {"mouth": 1.0}).weights == before.weights).all()
    np.testing.assert_allclose(scaled(before, {"mouth": 0.5}).weights[:, CLOSE], [0.15, 0.25])


def test_a_blink_shuts_the_eyes_and_a_gaze_calms() -> None:
    before = take(eyeBlinkLeft=[0.0, 0.1, 0.6, 1.0], eyeLookUpLeft=[0.4, 0.4, 0.4, 0.4])
    calm = scaled(before, {"eyes": 0.3}).weights
    np.testing.assert_allclose(calm[:, LOOK], 0.12, rtol=1e-6)
    np.testing.assert_allclose(calm[[0, 1, 3], LID], [0.0, 0.03, 1.0], rtol=1e-6)
    assert (np.diff(calm[:, LID]) > 0).all()
    lids = np.linspace(0, 1, 200)
    for strength in np.linspace(0, 2, 9):
        one = scaled(take(eyeBlinkLeft=list(lids)), {"eyes": strength}).weights[:, LID]
        assert (np.diff(one) >= -1e-6).all(), "more of a blink is never less of it"
    assert scaled(before, {"eyes": 0.0}).weights[3, LID] == 0.0


@pytest.mark.parametrize(
    ("strengths", "said"), [({"nose": 1.0}, "no region nose"), ({"eyes": 2.1}, "0 to 2")]
)
def test_errors(strengths: dict[str, float], said: str) -> None:
    with pytest.raises(TakeError, match=said):
        scaled(take(jawOpen=[0.0]), strengths)
