"""The audio encoder that the base model is trained on: a checkpoint of `phone`, or a Wav2Vec2 folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from phiz.audio.aligned import width
from phiz.model.audio_encoder import AudioEncoder, PhoneAudio
from phiz.model.phone_encoder import OUTPUTS
from phiz.train import checkpoint
from phiz.train.encoder import load as load_phone


def audio_width(path: Path) -> int:
    """Numbers per motion frame that a model trained on this encoder hears. Raises Wav2Vec2Error."""
    if not path.is_dir():
        return width(OUTPUTS)
    from phiz.model.wav2vec2 import read_config

    return width(int(read_config(path)["hidden_size"]))


def load(path: Path, device: str = "cpu") -> tuple[AudioEncoder, str]:
    """The encoder in a checkpoint file or a Wav2Vec2 folder, and a stamp that tells it from all others.

    Raises CheckpointError, Wav2Vec2Error.
    """
    if path.is_dir():
        from phiz.model.wav2vec2 import Wav2Vec2Audio, weight_files

        return Wav2Vec2Audio(path, device), f"wav2vec2 {_digest(weight_files(path))}"
    step = checkpoint.facts(path)["step"]
    return PhoneAudio(load_phone(path), device), f"phone step {step} {_digest([path])}"


def _digest(files: list[Path]) -> str:
    whole = hashlib.sha256()
    for path in files:
        with open(path, "rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()[:16]
