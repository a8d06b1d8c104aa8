"""Writes every source of the corpus that is not there yet, the most valuable first."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from phiz.corpus import captured, held_out, recordings, synthesis, targets, variants
from phiz.corpus.clips import CorpusError, SourceWriter, is_done, load_source, rng_for
from phiz.corpus.sentences import sentences

Report = Callable[[str], None]

# Of the hours asked for: a fifth is clean synthetic speech, shared by its voices; each clip of it
# comes twice more as another speaker. The recordings come whole, degraded, warped and in rooms on top.
CLEAN_SHARE = 0.2
SYNTHETIC_COPIES = 2
NOISE_SHARE = 0.05
HELD_OUT_SENTENCES = 60
_SLOWEST, _FASTEST = 1.35, 0.75  # duration stretch


@dataclass(frozen=True)
class Recipe:
    """A source by name, and what writes its clips."""

    name: str
    write: Callable[[SourceWriter], None]


def real_recipes(data: Path) -> Iterator[Recipe]:
    """The recordings, labelled ones first."""
    for name, write in {**recordings.LABELLED, **recordings.UNLABELLED}.items():
        yield Recipe(name, lambda out, write=write: write(data, out))


def _write_voice(voice: synthesis.Voice, out: SourceWriter, seed: int, seconds: float, most: int) -> None:
    """Speak sentences, each voice its own, until `seconds` or `most` sentences are there."""
    rng = rng_for(seed, out.folder.name)
    texts = sentences(rng)[: min(most, 100 + int(seconds))]  # none is as short as a second
    stretches = rng.uniform(_FASTEST, _SLOWEST, len(texts))
    side = held_out.split("synthesis", voice.name, "")
    for index, (samples, phones) in enumerate(synthesis.speak(voice, texts, stretches)):
        out.add(f"{voice.name}_{index:05d}", samples, phones, speaker=voice.name, split=side)
        if out.seconds >= seconds:
            break


def synthetic_recipes(seed: int, hours: float) -> Iterator[Recipe]:
    """The clean voices; the held-out one last."""
    share = 3600.0 * hours * CLEAN_SHARE / len(synthesis.VOICES)
    for voice in synthesis.VOICES:
        yield Recipe(
            f"synth_{voice.name}", lambda out, voice=voice: _write_voice(voice, out, seed, share, 1_000_000)
        )
    held = synthesis.HELD_OUT_VOICE
    yield Recipe(f"synth_{held.name}", lambda out: _write_voice(held, out, seed, 1e9, HELD_OUT_SENTENCES))


def variant_recipes(corpus: Path, seed: int, hours: float) -> Iterator[Recipe]:
    """Noise, then the degraded and warped copies of what was written before."""
    yield Recipe("noise", lambda out: variants.write_noise(out, seed, 3600.0 * hours * NOISE_SHARE))

    def degraded(out: SourceWriter) -> None:
        for name in recordings.LABELLED:
            variants.write_degraded(load_source(corpus / name), out, seed)

    def in_rooms(names: Iterable[str]) -> Callable[[SourceWriter], None]:
        def write(out: SourceWriter) -> None:
            for name in names:
                variants.write_in_rooms(load_source(corpus / name), out, seed)

        return write

    def warped(out: SourceWriter) -> None:
        for name in recordings.LABELLED:
            variants.write_warped(load_source(corpus / name), out, seed, 1)

    yield Recipe("real_degraded", degraded)
    yield Recipe("real_warped", warped)
    yield Recipe("real_in_rooms", in_rooms(recordings.LABELLED))
    yield Recipe("synth_in_rooms", in_rooms([f"synth_{voice.name}" for voice in synthesis.VOICES]))
    for voice in synthesis.VOICES:
        name = f"synth_{voice.name}"
        yield Recipe(
            f"{name}_warped",
            lambda out, name=name: variants.write_warped(
                load_source(corpus / name), out, seed, SYNTHETIC_COPIES
            ),
        )


def write_sources(recipes: Iterator[Recipe], corpus: Path, seed: int, report: Report) -> None:
    """Write each source that is not finished; report a line for each. Errors of the recipes pass through."""
    corpus.mkdir(parents=True, exist_ok=True)
    for recipe in recipes:
        if is_done(corpus / recipe.name):
            report(f"{recipe.name}: done before")
            continue
        began = time.monotonic()
        with SourceWriter(corpus, recipe.name, seed) as out:
            recipe.write(out)
        report(f"{recipe.name}: {out.seconds / 3600:.2f} h in {time.monotonic() - began:.0f} s")


def write_speech(data: Path, corpus: Path, seed: int, hours: float, report: Report) -> None:
    """Every source of speech: recordings, synthetic voices, variants. Finished ones are kept.

    Raises MissingEngineError, MissingTextError, MissingDataError, RecordingError.
    """
    for voice in (*synthesis.VOICES, synthesis.HELD_OUT_VOICE):
        synthesis.require(voice)  # now rather than in ten minutes
    write_sources(real_recipes(data), corpus, seed, report)
    write_sources(synthetic_recipes(seed, hours), corpus, seed, report)
    write_sources(variant_recipes(corpus, seed, hours), corpus, seed, report)


def write_motion(data: Path, corpus: Path, seed: int, report: Report) -> None:
    """The captured takes as sources, and the teacher's targets for every source that has none yet.

    Sources without phone labels are left without targets.
    """
    captured.write_captured(data, corpus)
    for folder in sorted(path for path in corpus.iterdir() if is_done(path)):
        if targets.needs_targets(folder):
            began = time.monotonic()
            frames = targets.write_targets(folder, seed)
            report(f"{folder.name}: {frames} frames of motion in {time.monotonic() - began:.0f} s")


def write_corpus(data: Path, corpus: Path, seed: int, hours: float, report: Report) -> None:
    """The whole corpus: speech, then motion. Run again after a stop, it goes on where it was.

    Raises CorpusError, and what `write_speech` and `write_motion` raise.
    """
    if not hours > 0:
        raise CorpusError(f"expected a number of hours above 0, came {hours:g}; leave --hours out for 20")
    write_speech(data, corpus, seed, hours, report)
    write_motion(data, corpus, seed, report)
