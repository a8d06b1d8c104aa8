"""Action Units and borrowed manners in generation: an edit acts where it was put, and nowhere else."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.acting.direction import AUEvent, Direction
from phiz.acting.units import control_mask
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.face.channels import INDEX
from phiz.motion.take import Take
from phiz.runtime import bundle
from phiz.runtime import generate as generation
from phiz.runtime.bundle import Bundle, BundleError
from phiz.runtime.control import CONTEXT, SHOWN, Control, stretches, windows_of
from phiz.runtime.generate import StyleError, generate
from phiz.runtime.manner import Likeness

SECONDS = 14.0  # several windows of 5 s
SMILE = AUEvent(au=12, start=1.0, end=2.5, intensity=0.9)
BROWS = AUEvent(au=2, side="L", start=4.2, end=6.0, intensity=0.7)  # over the seam of two windows
JAW = AUEvent(au=26, start=4.5, end=5.5)


@pytest.fixture(scope="module")
def loaded(acting_bundle: Path) -> Bundle:
    return bundle.load(acting_bundle, threads=1)


def voice(seconds: float = SECONDS) -> Recording:
    time = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(1).normal(0, 0.1, len(time))
    return Recording((noise * np.maximum(np.sin(2 * np.pi * 2.3 * time), 0.002)).astype(np.float32))


def made(loaded: Bundle, *events: AUEvent, seconds: float = SECONDS, **options: Any) -> Take:
    direction = Direction(emotion=(), events=events, seed=4)
    return generate(voice(seconds), direction, loaded, steps=4, **options)


@pytest.fixture(scope="module")
def reference(loaded: Bundle) -> Take:
    return made(loaded)


def differs(take: Take, other: Take) -> np.ndarray:
    """(frames, 51) bool, bit by bit."""
    return take.weights.view(np.uint32) != other.weights.view(np.uint32)


@pytest.mark.parametrize("events", [(SMILE,), (BROWS, JAW), (SMILE, BROWS, JAW)])
def test_outside_the_mask_the_take_is_the_reference_bit_for_bit(
    loaded: Bundle, reference: Take, events: tuple[AUEvent, ...]
) -> None:
    take = made(loaded, *events)
    inside = control_mask(events, take.frames, 30.0) > 0
    assert not differs(take, reference)[~inside].any()
    assert differs(take, reference)[inside].mean() > 0.3
    np.testing.assert_array_equal(take.head, reference.head)


def test_changing_one_event_leaves_the_others_as_they_were(loaded: Bundle) -> None:
    before = made(loaded, SMILE, AUEvent(au=4, start=2.6, end=3.4, intensity=0.2))
    after = made(loaded, SMILE, AUEvent(au=9, start=2.6, end=3.6, intensity=1.0))
    assert not differs(before, after)[: round(2.6 * 30)].any()
    assert differs(before, after)[round(2.7 * 30) : round(3.3 * 30)].any()


def test_an_edit_is_the_same_whatever_comes_long_after_it(loaded: Bundle) -> None:
    alone, beside = made(loaded, SMILE), made(loaded, SMILE, BROWS)
    assert not differs(alone, beside)[: round(4.2 * 30)].any()


def test_without_the_reference_an_edit_leaks(loaded: Bundle, reference: Take) -> None:
    inside = control_mask([SMILE], reference.frames, 30.0) > 0
    for form in ("nested", "paper", "unmasked"):
        take = made(loaded, SMILE, control=Control(form=form))
        assert differs(take, reference)[~inside].any(), form


def test_strength_scales_an_edit(loaded: Bundle) -> None:
    def change(strength: float) -> float:
        take = made(loaded, SMILE, control=Control(strength=strength), articulation=0.0)
        return float(np.abs(take.weights - plain.weights).sum())

    plain = made(loaded, articulation=0.0)
    assert change(0.5) < 0.9 * change(1.0)


def test_what_is_asked_for_is_seen_even_if_the_adapter_falls_short(loaded: Bundle) -> None:
    held = slice(round(4.5 * 30), round(5.7 * 30))
    for strength in (1.0, 0.5):
        take = made(loaded, BROWS, control=Control(strength=strength))
        assert take.weights[held, INDEX["browOuterUpLeft"]].min() >= SHOWN * strength * 0.7 - 1e-4


def test_the_adapter_is_asked_about_the_stretches_alone(loaded: Bundle) -> None:
    asked: list[int] = []

    class Watched(Bundle):
        def adapt(self, **inputs: np.ndarray) -> np.ndarray:
            asked.append(inputs["motion"].shape[0] * inputs["motion"].shape[1])
            return super().adapt(**inputs)

    watched = Watched(**{field.name: getattr(loaded, field.name) for field in dataclasses.fields(loaded)})
    made(watched)
    assert not asked
    made(watched, SMILE)
    heard = sum(Control().weight(step, 4) > 0 for step in range(4))
    assert 1 <= heard < 4  # coarse before fine
    assert asked == [45 + 2 * CONTEXT - 1] * heard  # 44 frames seen: the ends of the ramps are zero


def test_progress_rises_through_the_stretches_and_cancel_is_asked_in_them(loaded: Bundle) -> None:
    done: list[float] = []
    made(loaded, SMILE, BROWS, control=Control(strength=1.5), progress=done.append)
    assert done == sorted(done) and done[-1] == pytest.approx(1.0)
    plain: list[float] = []
    made(loaded, progress=plain.append)
    assert len(done) >= len(plain) + 2 * 2 * 2  # two stretches, two runs each, in two steps or more


def test_progressive_weight() -> None:
    weights = [Control().weight(step, 10) for step in range(10)]
    assert weights[:3] == [0.0, 0.0, 0.0] and weights[5:] == [1.0] * 5
    assert 0.0 < weights[3] < 0.5 < weights[4] < 1.0
    assert [Control(begin=0.2, blend=0.0).weight(step, 10) for step in range(3)] == [0.0, 0.0, 1.0]
    assert Control(begin=0.0, blend=0.0).weight(0, 10) == 1.0
    assert Control(begin=0.99).weight(0, 1) == 1.0  # of one step, events still count


@pytest.mark.parametrize("frames", [1, 149, 150, 151, 200, 400])
def test_windows_of_a_stretch_count_every_frame_once(frames: int) -> None:
    total = np.zeros(frames)
    for part, share in windows_of(frames, 150, 30):
        assert part.stop - part.start == min(frames, 150)
        total[part] += share
    np.testing.assert_allclose(total, 1.0, atol=1e-6)


def test_stretches_hold_their_own_events_alone() -> None:
    near = AUEvent(au=4, start=2.7, end=3.4)
    first, second = stretches((SMILE, near), 420, "local")
    assert first.frames.stop > second.frames.start  # each lies in the other's context
    for stretch, span in ((first, (1.0, 2.5)), (second, (2.7, 3.4))):
        at = (np.arange(stretch.frames.start, stretch.frames.stop) + 0.5) / 30
        outside = (at < span[0]) | (at > span[1])
        assert not stretch.units[outside].any() and not stretch.mask[outside].any()
        assert stretch.units.any() and not stretch.acts[:, 51:].any()


def test_events_past_the_end_do_nothing(loaded: Bundle, reference: Take) -> None:
    assert not differs(made(loaded, AUEvent(au=12, start=20.0, end=21.0)), reference).any()


def test_a_bundle_without_an_adapter_says_so(tiny_bundle: Path) -> None:
    with pytest.raises(BundleError, match="without Action Units"):
        made(bundle.load(tiny_bundle, threads=1), SMILE)


def test_int8_keeps_the_promise_too(acting_bundle: Path) -> None:
    low = bundle.load(acting_bundle, threads=1, precision="int8")
    plain, take = made(low), made(low, SMILE)
    inside = control_mask([SMILE], take.frames, 30.0) > 0
    assert not differs(take, plain)[~inside].any() and differs(take, plain)[inside].any()


# ---- talk like this take -------------------------------------------------------------------------------


def test_a_reference_gives_its_manner(loaded: Bundle, reference: Take) -> None:
    rng = np.random.default_rng(0)
    busy = np.clip(reference.weights * 2.0 + rng.normal(0, 0.1, reference.weights.shape), 0, 1)
    model = Take(busy.astype(np.float32), reference.head, 30.0)
    take = made(loaded, reference=model)
    said = take.origin["reference"]
    assert sum(said["styles"]) == pytest.approx(1.0, abs=1e-5)
    assert differs(take, reference).any() and not differs(take, made(loaded, reference=model)).any()
    # An edit on top of a borrowed manner stays as local as any other.
    edited = made(loaded, SMILE, reference=model)
    inside = control_mask([SMILE], take.frames, 30.0) > 0
    assert not differs(edited, take)[~inside].any() and differs(edited, take)[inside].any()


def test_gains_scale_the_take_once(loaded: Bundle, reference: Take, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = np.zeros(len(loaded.manifest.styles), np.float32)
    weights[loaded.manifest.styles.index(loaded.manifest.default_style)] = 1.0
    gains = dict.fromkeys(("jaw", "lips", "rounding", "brows", "head"), 1.0)
    found = Likeness(weights, gains | {"head": 1.5})
    monkeypatch.setattr(generation, "likeness", lambda take, manners: found)
    take = made(loaded, reference=reference)
    np.testing.assert_allclose(take.head, 1.5 * reference.head, rtol=1e-3, atol=1e-4)
    assert not differs(take, reference).any()


def test_a_bundle_without_manners_says_so(tiny_bundle: Path, reference: Take) -> None:
    with pytest.raises(StyleError, match="manner"):
        made(bundle.load(tiny_bundle, threads=1), reference=reference)
