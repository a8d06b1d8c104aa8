"""Long recordings: in sections, with their samples in a file, and the same Take as in one piece."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from phiz.acting.direction import AUEvent, Direction
from phiz.audio import recording, spill
from phiz.audio.mel import RATE, log_mel, paired, paired_log_mel
from phiz.audio.recording import Recording
from phiz.runtime import bundle, sections
from phiz.runtime.bundle import Bundle
from phiz.runtime.generate import generate
from phiz.runtime.rehearsal import Rehearsal


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    return bundle.load(threads=1)


def babble(seconds: float) -> np.ndarray:
    """Noise that comes and goes as syllables do."""
    times = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(3).standard_normal(len(times))
    return (0.1 * noise * (0.5 + 0.5 * np.sin(2 * np.pi * 3.7 * times))).astype(np.float32)


EVENTS = (
    AUEvent(au=1, start=3.0, end=5.0),
    AUEvent(au=12, start=18.0, end=24.0),  # where a section would end
    AUEvent(au=4, start=40.0, end=41.0),
)


@pytest.mark.parametrize("events", [(), EVENTS])
def test_sections_make_what_one_piece_makes(
    events: tuple[AUEvent, ...], shipped: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice, direction = Recording(babble(50.0)), Direction(emotion=(), events=events, seed=4)
    whole = generate(voice, direction, shipped, steps=2)
    asked: list[float] = []
    monkeypatch.setattr(sections, "LENGTH", 600)
    parts = generate(voice, direction, shipped, steps=2, progress=asked.append)
    assert np.array_equal(parts.weights, whole.weights) and np.array_equal(parts.head, whole.head)
    assert asked == sorted(asked) and asked[-1] == pytest.approx(1.0)
    monkeypatch.setattr("phiz.runtime.rehearsal.MOST", 0)
    again = Rehearsal(shipped).generate(voice, direction, steps=2)
    assert np.array_equal(again.weights, whole.weights)


def test_sections_cover_all_and_cut_no_group_of_events(monkeypatch: pytest.MonkeyPatch) -> None:
    from phiz.runtime.control import Control, stretches

    monkeypatch.setattr(sections, "LENGTH", 600)
    acted = stretches(EVENTS, 1500, Control().form)
    found = list(sections.sections(1500, acted))
    assert found[0].start == 0 and found[-1].stop == 1500 and len(found) > 1
    assert all(a.stop == b.start for a, b in pairwise(found))
    for stretch in acted:
        assert sum(s.start < stretch.frames.stop and stretch.frames.start < s.stop for s in found) == 1
    assert list(sections.sections(700, [])) == [slice(0, 700)]  # not worth a section of its own


def test_what_lies_in_a_file_is_heard_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = babble(9.005)
    soundfile.write(tmp_path / "a.wav", samples, RATE, subtype="FLOAT")
    assert np.array_equal(paired_log_mel(samples), paired(log_mel(samples)))
    before = recording.load(tmp_path / "a.wav").samples
    monkeypatch.setattr(spill, "HELD", 50_000)
    after = recording.load(tmp_path / "a.wav").samples
    assert not isinstance(before, np.memmap) and isinstance(after, np.memmap)
    assert np.array_equal(before, after)
    mel = paired_log_mel(after)
    assert isinstance(mel, np.memmap)
    spill.release(mel)
    assert np.array_equal(mel, paired(log_mel(samples)))
