"""Building the corpus: variants, targets, resuming, and what is said when an engine is missing."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from phiz.cli import corpus as command
from phiz.corpus import build, synthesis, targets, variants
from phiz.corpus.clips import CorpusError, Source, SourceWriter, load_source
from phiz.face.emotions import EMOTIONS

RATE = 16_000
PHONES = [(0.0, 0.3, "SIL"), (0.3, 0.5, "B"), (0.5, 1.2, "AA"), (1.2, 1.5, "SIL")]


def voice() -> np.ndarray:
    t = np.arange(int(1.5 * RATE)) / RATE
    return np.where((t > 0.3) & (t < 1.2), 0.3 * np.sin(2 * np.pi * 150 * t), 0.0).astype(np.float32)


@pytest.fixture
def spoken(tmp_path: Path) -> Source:
    with SourceWriter(tmp_path, "spoken", seed=0) as out:
        out.add("a", voice(), PHONES, speaker="s", emotion="happy", weight=0.7)
        out.add("held", voice(), PHONES, speaker="t", split="test")
        out.add("bare", voice(), None, speaker="u")
    return load_source(tmp_path / "spoken")


def test_variants_are_of_labelled_training_clips_alone(spoken: Source, tmp_path: Path):
    with SourceWriter(tmp_path, "warped", seed=0) as out:
        variants.write_warped(spoken, out, 0, copies=2)
    with SourceWriter(tmp_path, "degraded", seed=0) as out:
        variants.write_degraded(spoken, out, 0)
    warped, degraded = load_source(tmp_path / "warped"), load_source(tmp_path / "degraded")
    assert [clip.id for clip in warped.clips] == ["spoken/a~0", "spoken/a~1"]
    assert [clip.id for clip in degraded.clips] == ["spoken/a"]
    assert len({clip.speaker for clip in warped.clips}) == 2
    assert {clip.weight for clip in [*warped.clips, *degraded.clips]} == {0.7}
    assert {clip.emotion for clip in [*warped.clips, *degraded.clips]} == {"happy"}
    assert degraded.clips[0].phones == PHONES


def test_noise_is_silence_to_a_mouth(tmp_path: Path):
    with SourceWriter(tmp_path, "noise", seed=0) as out:
        variants.write_noise(out, 0, 80.0)
    source = load_source(tmp_path / "noise")
    assert len(source.clips) == 10
    assert all(clip.phones == [(0.0, 8.0, "SIL")] for clip in source.clips)
    levels = [np.abs(source.samples(i)).max() for i in range(10)]
    assert max(levels) <= 0.51
    assert len(set(levels)) > 5


def test_sources_that_are_there_are_not_written_again(tmp_path: Path):
    calls: list[str] = []

    def recipe(name: str) -> build.Recipe:
        def write(out: SourceWriter) -> None:
            calls.append(name)
            out.add("a", voice(), PHONES, speaker="s")

        return build.Recipe(name, write)

    lines: list[str] = []
    build.write_sources(iter([recipe("one")]), tmp_path, 0, lines.append)
    build.write_sources(iter([recipe("one"), recipe("two")]), tmp_path, 0, lines.append)
    assert calls == ["one", "two"]
    assert lines[1] == "one: done before"


def test_hours_must_be_some(tmp_path: Path):
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    args = parser.parse_args(["corpus", str(tmp_path), str(tmp_path / "out"), "--hours", "0"])
    with pytest.raises(CorpusError, match="above 0"):
        command.run(args)
    assert not (tmp_path / "out").exists()


def test_loudness_is_relative_to_the_speech():
    loud = targets.loudness(voice(), PHONES)
    assert len(loud) == 45
    assert np.abs(loud[12:34]).max() < 1.0
    assert loud[:7].max() == targets.QUIETEST_DB
    assert np.allclose(targets.loudness(0.01 * voice(), PHONES)[12:34], loud[12:34], atol=0.1)
    assert (targets.loudness(voice(), [(0.0, 1.5, "SIL")]) == targets.QUIETEST_DB).all()


def test_targets_fit_the_clips_and_follow_the_seed(tmp_path: Path):
    with SourceWriter(tmp_path, "one", seed=0) as out:
        for i in range(12):
            out.add(f"c{i}", voice(), PHONES, speaker="s", emotion="happy" if i == 0 else None)
    folder = tmp_path / "one"
    assert targets.needs_targets(folder)
    assert targets.write_targets(folder, 0) == 12 * 45
    assert not targets.needs_targets(folder)
    made = load_source(folder).targets
    assert made is not None
    assert made.weights.shape == (540, 51)
    assert made.head.shape == (540, 3)
    assert made.mask.shape == (54,)
    assert made.mask.all()
    assert list(made.offset) == [45 * i for i in range(13)]
    assert made.emotion[:45, EMOTIONS.index("happy")].max() > 0.1
    for row in (json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()):
        assert set(row) == {"clip", "au", "side", "start", "end", "intensity", "ramp_in", "ramp_out"}

    (folder / "targets.npz").unlink()
    targets.write_targets(folder, 0)
    again = load_source(folder).targets
    assert again is not None
    assert np.array_equal(again.weights, made.weights)
    targets.write_targets(folder, 1)
    other = load_source(folder).targets
    assert other is not None
    assert not np.array_equal(other.weights, made.weights)


def test_targets_of_other_clips_are_refused(tmp_path: Path):
    for name, count in (("one", 1), ("two", 2)):
        with SourceWriter(tmp_path, name, seed=0) as out:
            for i in range(count):
                out.add(f"c{i}", voice(), PHONES, speaker="s")
    targets.write_targets(tmp_path / "one", 0)
    (tmp_path / "one" / "targets.npz").rename(tmp_path / "two" / "targets.npz")
    with pytest.raises(CorpusError, match="expected targets for 2 clips"):
        load_source(tmp_path / "two")


def test_sources_without_labels_get_no_targets(spoken: Source):
    assert not targets.needs_targets(spoken.folder)


def test_missing_engines_and_voices_name_their_package(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", "")
    synthesis._voices_of.cache_clear()
    with pytest.raises(synthesis.MissingEngineError, match="Debian package flite"):
        synthesis.require(synthesis.VOICES[0])
    monkeypatch.setattr(synthesis, "_voices_of", lambda engine: "Voices available: kal awb")
    with pytest.raises(synthesis.MissingEngineError, match="festvox-kdlpc16k"):
        synthesis.require(synthesis.HELD_OUT_VOICE)


def test_printed_ends_become_covering_phones():
    phones = synthesis._phones([(0.2, "pau"), (0.3, "b"), (0.55, "ax"), (0.7, "pau")], 0.6)
    assert phones == [(0.0, 0.2, "SIL"), (0.2, 0.3, "B"), (0.3, 0.55, "AH"), (0.55, 0.6, "SIL")]
    assert synthesis._phones([(0.2, "b")], 0.2) == [(0.0, 0.2, "B")]
