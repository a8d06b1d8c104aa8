"""A corpus of seconds, networks of a few thousand weights, and a bundle made from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from phiz.audio.mel import RATE
from phiz.audio.phones import INDEX, VOWELS
from phiz.corpus.clips import SourceWriter
from phiz.corpus.labels import Phone
from phiz.corpus.targets import write_targets
from phiz.corpus.teacher.styles import STYLES

if TYPE_CHECKING:  # torch is imported where it is needed: the tests in Blender's own Pythons run without it
    from phiz.model.dit import DitConfig
    from phiz.model.phone_encoder import PhoneEncoderConfig

TINY_PHONES = ("AA", "IY", "UW", "M", "B", "F", "S", "T", "SIL")


def tiny_phone() -> PhoneEncoderConfig:
    from phiz.model.phone_encoder import PhoneEncoderConfig

    return PhoneEncoderConfig(width=24, dilations=(1, 2), kernel=3, dropout=0.0)


def tiny_dit(audio: int) -> DitConfig:
    from phiz.model.dit import DitConfig

    return DitConfig(audio, len(STYLES), width=32, blocks=2, heads=2)


def sound(name: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count,) samples that tell the phones apart: vowels are chords, the others bands of noise."""
    time = np.arange(count) / RATE
    place = INDEX[name]
    if name == "SIL":
        return rng.normal(0.0, 1e-4, count)
    if name in VOWELS:
        tones = np.array([[120.0], [250.0 + 40 * place], [900.0 + 60 * place]])  # Hz
        return 0.1 * np.sin(2 * np.pi * tones * time).sum(0)
    noise = rng.normal(0.0, 0.1, count)
    return noise * np.sin(2 * np.pi * (200.0 + 150 * place) * time)


def speech(rng: np.random.Generator, seconds: float) -> tuple[np.ndarray, list[Phone]]:
    """A clip of phones in an order of chance, 60 to 200 ms each, silence at both ends."""
    phones: list[Phone] = [(0.0, 0.15, "SIL")]
    while phones[-1][1] < seconds - 0.4:
        end = phones[-1][1] + float(rng.uniform(0.06, 0.2))
        phones.append((phones[-1][1], round(end, 4), str(rng.choice(TINY_PHONES))))
    phones.append((phones[-1][1], seconds, "SIL"))
    samples = np.zeros(round(seconds * RATE))
    for start, end, name in phones:
        first, last = round(start * RATE), round(end * RATE)
        samples[first:last] = sound(name, last - first, rng)
    return samples, phones


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two finished sources with motion, one of them counted as real voices; 24 clips of 3 s in all."""
    corpus = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(5)
    for name in ("real_tiny", "synth_tiny"):
        with SourceWriter(corpus, name, 0) as out:
            for i in range(12):
                samples, phones = speech(rng, 3.0)
                out.add(f"{name}_{i}", samples, phones, speaker="x", split="test" if i >= 10 else "train")
        write_targets(corpus / name, 0)
    return corpus


@pytest.fixture(scope="session")
def tiny_encoder(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoint of the audio encoder after a few steps."""
    import torch

    from phiz.train.encoder import train

    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("encoder")
    return train(tiny_corpus, out, config=tiny_phone(), steps=60, batch=8, seconds=2.0, every=20)


@pytest.fixture(scope="session")
def tiny_stage1(tiny_corpus: Path, tiny_encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoint of the base model after a few steps."""
    import torch

    from phiz.audio.aligned import width
    from phiz.model.phone_encoder import OUTPUTS
    from phiz.train.stage1 import train

    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("stage1")
    config = tiny_dit(width(OUTPUTS))
    return train(tiny_corpus, tiny_encoder, out, config=config, steps=60, batch=8, peak_rate=1.5e-2, every=20)


@pytest.fixture(scope="session")
def tiny_bundle(tiny_encoder: Path, tiny_stage1: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a bundle that generates like the shipped one, only badly."""
    from export.bundle import write_bundle
    from phiz.runtime.bundle import Guidance

    out = tmp_path_factory.mktemp("bundle") / "tiny"
    write_bundle(tiny_encoder, tiny_stage1, out, name="tiny", guidance=Guidance())
    return out


@pytest.fixture(scope="session")
def tiny_adapter(
    tiny_corpus: Path, tiny_encoder: Path, tiny_stage1: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Checkpoint of an adapter after enough steps to be heard."""
    import torch

    from phiz.acting.units import WIDTH
    from phiz.model.adapter import AdapterConfig
    from phiz.train import stage1, stage2

    torch.set_num_threads(1)
    base = stage1.load(tiny_stage1)[0].config
    config = AdapterConfig(base.audio, WIDTH, 16, 1, 2, 2, base.width, base.blocks)
    out = tmp_path_factory.mktemp("adapter")
    return stage2.train(
        tiny_corpus, tiny_encoder, tiny_stage1, out, steps=20, config=config, batch=4, peak_rate=1e-2
    )


@pytest.fixture(scope="session")
def acting_bundle(
    tiny_corpus: Path,
    tiny_encoder: Path,
    tiny_stage1: Path,
    tiny_adapter: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Folder of a bundle with an adapter and manners, guided as the shipped one is."""
    from export.bundle import write_bundle
    from phiz.corpus.manner_statistics import manners_of
    from phiz.runtime.bundle import Guidance

    out = tmp_path_factory.mktemp("bundle") / "acting"
    guidance = Guidance(audio=1.4, coarse=1.4)
    write_bundle(
        tiny_encoder,
        tiny_stage1,
        out,
        name="acting",
        guidance=guidance,
        stage2_checkpoint=tiny_adapter,
        manners=manners_of(tiny_corpus),
    )
    return out
