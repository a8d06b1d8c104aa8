"""Real recordings: folders of audio with phone labels, and of audio alone, written as sources.

The folder of data is the one its README describes. Nothing in it belongs to the package.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np

from phiz.audio import recording
from phiz.audio.mel import RATE
from phiz.corpus import captured, held_out, labels
from phiz.corpus.clips import SourceWriter
from phiz.errors import PhizError

# Mean log likelihood that the aligner gives a clip. Below the first, vowels stop being clearly
# louder than silence and voiceless sounds within the labels; below the second many are misplaced.
DOUBTFUL, HOPELESS = -25.0, -35.0

VOICES = (
    "speechocean762", "librispeech_train_clean", "librispeech_test_other", "speech_commands", "dspspeech20",
    "picovoice_wakeword", "picovoice_s2i", "mycroft_precise", "cmu_arctic_pra",
)  # fmt: skip


class MissingDataError(PhizError):
    """The folder of recordings lacks something that a source is made from."""


def read(path: Path) -> np.ndarray:
    """(n,) float32 mono samples at 16 kHz of an audio file. Raises RecordingError."""
    return recording.load(path).samples


def trust(score: float) -> float:
    """Weight of an aligned clip: 1 down to DOUBTFUL, falling to 0 at HOPELESS."""
    return float(np.clip((score - HOPELESS) / (DOUBTFUL - HOPELESS), 0.0, 1.0))


def _json(path: Path) -> dict:
    if not path.is_file():
        raise MissingDataError(f"expected {path}, found nothing; check the data folder you gave")
    return json.loads(path.read_text(encoding="utf-8"))


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise MissingDataError(f"expected {path}, found nothing; check the data folder you gave")
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write_emodb(data: Path, out: SourceWriter) -> None:
    """German acted emotion: hand-made phone labels, and an emotion for every clip."""
    folder = data / "emodb_de"
    for id, entry in sorted(_json(folder / "phones.json").items()):
        samples = read(folder / "audio" / f"{id}.flac")
        out.add(
            id,
            samples,
            labels.from_emodb(entry["phones"], len(samples) / RATE),
            speaker=f"emodb_{entry['speaker']}",
            language="de",
            split=held_out.split("emodb_de", entry["speaker"], id),
            emotion=labels.EMODB_EMOTIONS[entry["emotion"]],
        )


def write_single_speaker(data: Path, out: SourceWriter) -> None:
    """English sentences of one speaker, phones by forced alignment."""
    folder = data / "en_single_speaker"
    for id, segments in sorted(_json(folder / "phones.json").items()):
        samples = read(folder / "audio" / f"{id}.flac")
        phones = labels.from_arpabet(segments, len(samples) / RATE)
        side = held_out.split("en_single_speaker", "en_single", id)
        out.add(id, samples, phones, speaker="en_single", split=side)


def write_voices(name: str) -> Callable[[Path, SourceWriter], None]:
    """The writer of one folder of voices/: aligned clips, the hopeless ones left out."""

    def write(data: Path, out: SourceWriter) -> None:
        folder = data / "voices" / name
        aligned = _json(folder / "phones.json")
        for row in _rows(folder / "transcripts.csv"):
            id, speaker = row["id"], row["speaker"]
            entry = aligned.get(id)
            weight = trust(entry["score"]) if entry else 0.0
            if entry is None or weight == 0.0:
                continue
            samples = read(folder / "audio" / f"{id}.opus")
            out.add(
                id,
                samples,
                labels.from_arpabet(entry["phones"], len(samples) / RATE),
                speaker=speaker,
                language=row["language"],
                split=held_out.split(name, speaker, id),
                weight=weight,
            )

    return write


def write_librispeech_other(data: Path, out: SourceWriter) -> None:
    """Real voices without labels; neither the clips that are labelled elsewhere nor held-out people."""
    labelled = {row["id"] for row in _rows(data / "voices" / "librispeech_test_other" / "transcripts.csv")}
    for path in _audio_files(data / "librispeech_other" / "audio"):
        speaker = "ls_" + path.stem.split("-")[0]
        if path.stem in labelled or held_out.split("librispeech_other", speaker, path.stem) == "test":
            continue
        out.add(path.stem, read(path), None, speaker=speaker)


def write_facegood(data: Path, out: SourceWriter) -> None:
    """Mandarin of one speaker, without labels; the takes with captured curves are a source of their own."""
    for path in _audio_files(data / "facegood" / "audio"):
        if path.stem in captured.FACEGOOD_TAKES:
            continue
        out.add(path.stem, read(path), None, speaker="facegood", language="zh")


def write_multilingual(data: Path, out: SourceWriter) -> None:
    """Nine languages, without labels; every file counts as a speaker of its own."""
    languages = {row["id"]: row["language"] for row in _rows(data / "multilingual" / "transcripts.csv")}
    for path in _audio_files(data / "multilingual" / "audio"):
        language = languages.get(path.stem, path.stem[:2]).split("-")[0]
        out.add(path.stem, read(path), None, speaker=f"multilingual_{path.stem}", language=language)


def write_kerstin(data: Path, out: SourceWriter) -> None:
    """German sentences of one speaker, without labels."""
    for path in _audio_files(data / "voices" / "kerstin_de" / "audio"):
        out.add(path.stem, read(path), None, speaker="kerstin", language="de")


def _audio_files(folder: Path) -> list[Path]:
    found = sorted(p for p in folder.glob("*") if p.suffix in (".opus", ".flac", ".wav"))
    if not found:
        raise MissingDataError(f"expected recordings in {folder}, found none; check the data folder you gave")
    return found


LABELLED: dict[str, Callable[[Path, SourceWriter], None]] = {
    **{name: write_voices(name) for name in VOICES},
    "emodb_de": write_emodb,
    "en_single_speaker": write_single_speaker,
}
UNLABELLED: dict[str, Callable[[Path, SourceWriter], None]] = {
    "librispeech_other": write_librispeech_other,
    "facegood": write_facegood,
    "multilingual": write_multilingual,
    "kerstin_de": write_kerstin,
}
