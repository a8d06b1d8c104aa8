"""The corpus on disk, its labels and its held-out list."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from phiz.corpus import held_out, labels, recordings
from phiz.corpus.clips import CorpusError, SourceWriter, is_done, load_source, rng_for
from phiz.corpus.sentences import MissingTextError, clauses, sentences

SINE = (0.5 * np.sin(np.arange(8000) * 0.1)).astype(np.float32)


def test_arpabet_loses_stress_and_case_and_knows_the_engines_extras():
    given = ["ah0", "IY1", "ax", "axr", "en", "dx", "pau", "H#", "hv"]
    assert [labels.arpabet(x) for x in given] == ["AH", "IY", "AH", "ER", "N", "D", "SIL", "SIL", "HH"]
    with pytest.raises(labels.UnknownLabelError, match="qq"):
        labels.arpabet("qq")


def test_emodb_stop_is_one_phone_from_closure_to_aspiration():
    given = [[0.1, 0.2, "a"], [0.2, 0.25, "p"], [0.25, 0.27, "-sth"], [0.27, 0.28, "!p"], [0.28, 0.3, "pasp"],
             [0.3, 0.4, "i6"], [0.4, 0.45, "?"], [0.45, 0.5, "U"], [0.5, 0.6, "+nas"], [0.6, 0.7, "_b"],
             [0.7, 0.8, "!b+na"], [0.8, 0.9, "."]]  # fmt: skip
    assert labels.from_emodb(given, 1.0) == [
        (0.0, 0.1, "SIL"), (0.1, 0.2, "AA"), (0.2, 0.3, "P"), (0.3, 0.35, "IY"), (0.35, 0.4, "AH"),
        (0.4, 0.6, "UH"), (0.6, 0.8, "B"), (0.8, 1.0, "SIL"),
    ]  # fmt: skip
    with pytest.raises(labels.UnknownLabelError):
        labels.from_emodb([[0, 1, "W"]], 1.0)


def test_cover_leaves_no_gap_and_keeps_within_the_clip():
    phones = labels.cover([(0.2, 0.3, "AA"), (0.3004, 0.5, "B"), (0.6, 0.7, "SIL"), (0.7, 1.3, "M")], 1.0)
    assert phones == [
        (0.0, 0.2, "SIL"), (0.2, 0.3, "AA"), (0.3, 0.5, "B"), (0.5, 0.7, "SIL"), (0.7, 1.0, "M"),
    ]  # fmt: skip
    assert labels.cover([(0.1, 0.9, "AA"), (1.2, 1.3, "M")], 1.0)[-1] == (0.9, 1.0, "SIL")
    assert labels.cover([], 2.0) == [(0.0, 2.0, "SIL")]


def test_a_source_comes_back_as_it_was_written(tmp_path: Path):
    phones = [(0.0, 0.25, "SIL"), (0.25, 0.5, "AA")]
    with SourceWriter(tmp_path, "one", seed=7) as out:
        out.add("a", SINE, phones, speaker="s1", language="de", emotion="happy", weight=0.5)
        out.add("b", 2.0 * SINE[:1600], None, speaker="s2", split="test")
        assert not is_done(tmp_path / "one")
    source = load_source(tmp_path / "one")
    first, second = source.clips
    assert (first.id, first.phones, first.emotion, first.weight) == ("a", phones, "happy", 0.5)
    assert (second.split, second.phones, second.start, second.frames) == ("test", None, 8000, 3)
    assert np.abs(source.samples(0) - SINE).max() < 1e-4
    assert len(source.samples(1)) == 1600
    assert source.targets is None
    facts = json.loads((tmp_path / "one" / "done.json").read_text())
    assert (facts["seed"], facts["clips"], facts["labelled"], facts["test"], facts["seconds"]) == (
        7,
        2,
        1,
        1,
        0.6,
    )


def test_a_source_that_failed_leaves_nothing(tmp_path: Path):
    with pytest.raises(RuntimeError), SourceWriter(tmp_path, "one", seed=0) as out:
        out.add("a", SINE, None, speaker="s")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(CorpusError, match=r"done\.json"):
        load_source(tmp_path / "one")


def test_a_cut_audio_file_is_noticed(tmp_path: Path):
    with SourceWriter(tmp_path, "one", seed=0) as out:
        out.add("a", SINE, None, speaker="s")
    path = tmp_path / "one" / "audio.i16"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CorpusError, match="bytes"):
        load_source(tmp_path / "one")


def test_random_draws_depend_on_the_names_alone():
    assert rng_for(1, "a", "b").random() == rng_for(1, "a", "b").random()
    assert (
        len({rng_for(*key).random() for key in [(1, "a", "b"), (1, "b", "a"), (2, "a", "b"), (1, "a")]}) == 4
    )


def test_held_out_speakers_are_whole_and_of_every_folder():
    table = json.loads(Path(held_out.__file__).with_name("held_out.json").read_text())
    voices = {k: v for k, v in table["speakers"].items() if k not in ("emodb_de", "synthesis")}
    assert sum(len(v) for v in voices.values()) == 40
    assert len(table["clips"]["en_single_speaker"]) == 68
    assert held_out.split("emodb_de", "08", "08a01Na") == "test"
    assert held_out.split("emodb_de", "09", "09a01Na") == "train"
    assert held_out.split("synthesis", "ked", "any") == "test"
    libri = voices["librispeech_test_other"][0]
    assert held_out.split("librispeech_other", libri, "any") == "test"  # the same person
    assert held_out.split("librispeech_train_clean", libri, "any") == "train"
    assert held_out.split("en_single_speaker", "en_single", table["clips"]["en_single_speaker"][3]) == "test"


def test_doubtful_alignments_weigh_less():
    assert recordings.trust(-10.0) == 1.0
    assert 0.4 < recordings.trust(-30.0) < 0.6
    assert recordings.trust(-40.0) == 0.0


def test_missing_data_is_named(tmp_path: Path):
    with (
        pytest.raises(recordings.MissingDataError, match=r"emodb_de.*phones\.json"),
        SourceWriter(tmp_path, "emodb_de", seed=0) as out,
    ):
        recordings.write_emodb(tmp_path / "data", out)


def test_clauses_are_plain_and_speakable():
    gloss = 'a large (wild) cat of the woods; 3 feet long; "the cat sat on the mat"; "one word"'
    assert clauses(gloss) == ["A large cat of the woods.", "The cat sat on the mat."]


def test_missing_wordnet_names_its_package(tmp_path: Path):
    with pytest.raises(MissingTextError, match="wordnet-base"):
        sentences(np.random.default_rng(0), tmp_path)
