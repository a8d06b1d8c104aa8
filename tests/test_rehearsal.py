"""Generating again: the same bytes as from nothing, from no more work than the change asks for."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording
from phiz.audio.recording import Recording
from phiz.motion.splice import BLEND, SpliceError, frames_between, splice
from phiz.motion.take import Take
from phiz.runtime import bundle
from phiz.runtime import rehearsal as rehearsing
from phiz.runtime.bundle import Bundle
from phiz.runtime.control import CONTEXT, Control
from phiz.runtime.denoise import branches
from phiz.runtime.generate import generate
from phiz.runtime.performance import CancelledError
from phiz.runtime.rehearsal import Part, Rehearsal
from phiz.runtime.windows import Windows

VOICE = Path(__file__).resolve().parent.parent / "docs" / "demo" / "voice.flac"
STEPS = 3

SMILE = AUEvent(au=12, start=0.5, end=1.2)
FROWN = AUEvent(au=4, start=3.0, end=3.8, intensity=0.6)
WINK = AUEvent(au=46, side="L", start=5.0, end=5.6)


class Counting(Bundle):
    """A bundle that counts the frames which its networks are given."""

    counted: dict[str, int]

    def encode(self, mel: np.ndarray) -> np.ndarray:
        self.counted["heard"] += mel.shape[1] // 2
        return super().encode(mel)

    def denoise(
        self, control: np.ndarray | None = None, **inputs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        self.counted["reference" if control is None else "acted"] += (
            inputs["motion"].shape[0] * inputs["motion"].shape[1]
        )
        return super().denoise(control, **inputs)


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return bundle.load(threads=1)


@pytest.fixture
def counting(shipped: Bundle) -> Counting:
    model = Counting(**{field.name: getattr(shipped, field.name) for field in dataclasses.fields(shipped)})
    object.__setattr__(model, "counted", {"heard": 0, "reference": 0, "acted": 0})
    return model


@pytest.fixture(scope="module")
def voice() -> Recording:
    """Six seconds: two windows."""
    return recording.load(VOICE).cut(1.0, 7.0)


def acted(*events: AUEvent, **more: Any) -> Direction:
    return Direction.of("angry", 0.5).model_copy(update={"events": events, **more})


def same(take: Take, other: Take) -> bool:
    return take.weights.tobytes() == other.weights.tobytes() and take.head.tobytes() == other.head.tobytes()


def since(model: Counting) -> dict[str, int]:
    found = dict(model.counted)
    model.counted.update(dict.fromkeys(model.counted, 0))
    return found


def test_a_moved_event_alone_is_sampled_to_the_same_bytes(
    shipped: Bundle, counting: Counting, voice: Recording
) -> None:
    kept = Rehearsal(counting)
    first = kept.generate(voice, acted(SMILE, FROWN, WINK), steps=STEPS)
    assert same(first, generate(voice, acted(SMILE, FROWN, WINK), shipped, steps=STEPS))
    assert since(counting)["heard"] > 0 and kept.computed > 6.0

    moved = FROWN.model_copy(update={"start": 3.2, "end": 4.0})
    again = kept.generate(voice, acted(SMILE, moved, WINK), steps=STEPS, fps=24.0)
    work = since(counting)
    frames = 23 + 2 * CONTEXT  # at both ends of its 0.8 s the envelope is 0
    assert work["heard"] == work["reference"] == 0 and 0 < work["acted"] <= STEPS * frames
    assert kept.computed == pytest.approx(frames / 30)
    assert same(again, generate(voice, acted(SMILE, moved, WINK), shipped, steps=STEPS, fps=24.0))
    assert again.origin == generate(voice, acted(SMILE, moved, WINK), shipped, steps=STEPS).origin

    back = kept.generate(voice, acted(SMILE, FROWN, WINK), steps=STEPS)
    assert same(back, first) and kept.computed == 0.0 and not any(since(counting).values())
    plain = kept.generate(voice, acted(), steps=STEPS)
    assert same(plain, generate(voice, acted(), shipped, steps=STEPS)) and not any(since(counting).values())


@pytest.mark.parametrize(
    "change",
    [
        {"notes": {"seed": 9}},
        {"notes": {"emotion": Direction.of("happy", 0.4).emotion}},
        {"notes": {"emotion": None}},
        {"notes": {"style": "lively"}},
        {"steps": 2},
        {"articulation": 0.3},
        {"guidance": bundle.Guidance(audio=1.0, coarse=1.2)},
        {"control": Control(strength=1.5)},
        {"control": Control(form="paper")},
        {"louder": True},
        {"reference": True},
    ],
    ids=str,
)
def test_whatever_the_take_depends_on_is_noticed(
    change: dict[str, Any], shipped: Bundle, voice: Recording, kept: tuple[Rehearsal, Take]
) -> None:
    remembering, first = kept
    options: dict[str, Any] = {"steps": STEPS} | change
    notes = acted(SMILE, **options.pop("notes", {}))
    if options.pop("louder", False):
        voice = Recording(np.clip(2.0 * voice.samples, -1.0, 1.0), voice.source)
    if "reference" in options:
        options["reference"] = first
    made = remembering.generate(voice, notes, **options)
    assert same(made, generate(voice, notes, shipped, **options))
    assert not same(made, first)


@pytest.fixture(scope="module")
def kept(shipped: Bundle, voice: Recording) -> tuple[Rehearsal, Take]:
    remembering = Rehearsal(shipped)
    return remembering, remembering.generate(voice, acted(SMILE), steps=STEPS)


def test_the_recording_is_heard_once(counting: Counting, voice: Recording) -> None:
    remembering = Rehearsal(counting)
    for seed in (1, 2):
        remembering.generate(voice, acted(seed=seed), steps=1)
    assert since(counting)["heard"] < 1.5 * 50 * voice.seconds


def test_memory_is_bounded(counting: Counting, voice: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs do not fit: the older one is forgotten. One that is too long alone is never kept."""
    monkeypatch.setattr(rehearsing, "MOST", 300)
    remembering = Rehearsal(counting)
    for seed, new in ((1, True), (1, False), (2, True), (1, True)):
        remembering.generate(voice, acted(seed=seed), steps=1)
        assert (since(counting)["reference"] > 0) == new
    monkeypatch.setattr(rehearsing, "MOST", 200)
    for _ in range(2):
        long = Rehearsal(counting)
        made = long.generate(voice, acted(FROWN), steps=1)
        assert since(counting)["reference"] > 0 and long.computed == pytest.approx((270 + 83) / 30)
        assert same(made, generate(voice, acted(FROWN), counting, steps=1))
        since(counting)


def test_progress_and_cancel(shipped: Bundle, voice: Recording) -> None:
    remembering = Rehearsal(shipped)
    for notes in (acted(SMILE), acted(SMILE, FROWN), acted(SMILE, FROWN)):
        done: list[float] = []
        remembering.generate(voice, notes, steps=STEPS, progress=done.append)
        assert done == sorted(done) and done[-1] == 1.0
    asked = 0

    def cancel() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    with pytest.raises(CancelledError):
        remembering.generate(voice, acted(SMILE, seed=7), steps=STEPS, cancel=cancel)
    assert same(
        remembering.generate(voice, acted(SMILE, seed=7), steps=STEPS),
        generate(voice, acted(SMILE, seed=7), shipped, steps=STEPS),
    )


# ---- a part anew ---------------------------------------------------------------------------------------


def test_a_part_anew_leaves_the_rest_to_the_bit(shipped: Bundle, counting: Counting) -> None:
    long = recording.load(VOICE)
    before = generate(long, acted(SMILE), shipped, steps=STEPS)
    remembering = Rehearsal(counting)
    notes = acted(SMILE, WINK, seed=8)
    made = remembering.generate(long, notes, steps=STEPS, part=Part(before, 4.5, 5.5))
    inside = slice(135, 165)
    outside = np.setdiff1d(np.arange(made.frames), np.arange(135, 165))
    assert made.weights[outside].tobytes() == before.weights[outside].tobytes()
    assert made.head[outside].tobytes() == before.head[outside].tobytes()
    assert np.abs(made.weights[inside] - before.weights[inside]).max() > 0.05
    runs = 1 if shipped.manifest.distilled else len(branches(shipped.manifest.guidance))
    assert since(counting)["reference"] == STEPS * runs * 2 * 150  # of three windows
    whole = generate(long, notes, shipped, steps=STEPS)
    middle = slice(140, 160)
    assert np.abs(made.weights[middle] - whole.weights[middle]).mean() < 0.02  # the same performance
    assert made.origin["anew"] == [4.5, 5.5] and made.origin["outside"] == before.origin
    again = remembering.generate(long, notes, steps=STEPS, part=Part(made, 4.5, 5.5))
    assert not any(since(counting).values()) and "outside" not in again.origin["outside"]


def test_a_part_at_another_frame_rate(shipped: Bundle, voice: Recording) -> None:
    before = generate(voice, acted(), shipped, steps=1, fps=60.0)
    made = Rehearsal(shipped).generate(voice, acted(seed=2), steps=1, fps=60.0, part=Part(before, 0.0, 1.0))
    assert made.fps == 60.0 and made.weights[60:].tobytes() == before.weights[60:].tobytes()
    whole = generate(voice, acted(seed=2), shipped, steps=1, fps=60.0)
    np.testing.assert_allclose(made.weights[:50], whole.weights[:50], atol=0.02)  # no blend at the beginning


def test_a_part_that_does_not_fit(shipped: Bundle, voice: Recording) -> None:
    before = generate(voice, acted(), shipped, steps=1)
    remembering = Rehearsal(shipped)
    for part, fps, said in (
        (Part(before, 1.0, 2.0), 24.0, "144 frames at 24"),
        (Part(before, 2.0, 2.0), 30.0, "2 to 2 s"),
        (Part(before, 7.0, 9.0), 30.0, "6.00 s"),
    ):
        with pytest.raises(SpliceError, match=said):
            remembering.generate(voice, acted(), steps=1, fps=fps, part=part)
        assert remembering.computed == 0.0


def test_splice_goes_over_smoothly() -> None:
    old, new = (Take(np.full((90, 51), value), np.full((90, 3), value), 60.0) for value in (0.0, 1.0))
    made = splice(old, new, 0.5, 1.0).weights[:, 0]
    assert not made[:30].any() and not made[60:].any() and (made[36:54] == 1.0).all()
    assert 0.0 < np.abs(np.diff(made)).max() < 2.0 / (BLEND * 60)
    np.testing.assert_array_equal(made[30:60], made[30:60][::-1])
    assert (splice(old, new, 0.0, 2.0).weights == 1.0).all()
    short = splice(old, new, 0.5, 0.55).weights[:, 0]
    assert np.flatnonzero(short).tolist() == [30, 31, 32]
    assert frames_between(0.1, 0.2, 90, 30.0) == slice(3, 6)  # 0.1 * 30 is a little more than 3


def test_windows_that_touch_a_span_keep_their_places() -> None:
    windows = Windows(1000, 150, 30)
    for span in (slice(0, 1), slice(119, 121), slice(400, 700), slice(990, 1000), slice(0, 1000)):
        cut, part = windows.touching(span)
        touching = [s for s in windows.starts if s < span.stop and s + 150 > span.start]
        assert [cut.start + start for start in part.starts] == touching
        assert cut.stop - cut.start == part.padded
