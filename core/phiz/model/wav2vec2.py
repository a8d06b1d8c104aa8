"""Any Wav2Vec2 or XLS-R network in a local folder as audio encoder, frozen, through transformers.

Baevski et al. 2020 (wav2vec 2.0), Babu et al. 2021 (XLS-R).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from transformers import Wav2Vec2Model

from phiz.audio.chunks import chunks
from phiz.audio.mel import RATE
from phiz.errors import PhizError

HOP = 320  # samples between output frames: 50 fps
FIELD = 400  # samples that an output frame of the convolutions sees
CHUNK = 1000  # frames at a time, 20 s; attention costs the square of it
CONTEXT = 100  # frames of the neighbours given with each chunk, 2 s

LAYOUT = "config.json, model.safetensors (or its parts and model.safetensors.index.json)"


class Wav2Vec2Error(PhizError):
    """A folder that is not a usable Wav2Vec2 network."""


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a Hugging Face Wav2Vec2 or XLS-R folder. Raises Wav2Vec2Error."""
    if not folder.is_dir():
        raise Wav2Vec2Error(f"expected a Wav2Vec2 folder with {LAYOUT}; there is no folder {folder}")
    path = folder / "config.json"
    if not path.is_file() or not weight_files(folder):
        here = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
        raise Wav2Vec2Error(f"expected {LAYOUT} in the Wav2Vec2 folder {folder}, found {here}")
    config = _json(path)
    if config.get("model_type") != "wav2vec2":
        raise Wav2Vec2Error(f"expected model_type wav2vec2 in {path}, came {config.get('model_type')!r}")
    if int(np.prod(config.get("conv_stride", [HOP]))) != HOP:
        raise Wav2Vec2Error(
            f"expected {path} to give 50 frames per second, came strides {config['conv_stride']}"
        )
    return config


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of the folder; none if an index is there without its parts."""
    index = folder / "model.safetensors.index.json"
    names = set(_json(index)["weight_map"].values()) if index.is_file() else {"model.safetensors"}
    files = [folder / name for name in sorted(names)]
    return files if all(file.is_file() for file in files) else []


def _json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Wav2Vec2Error(f"expected JSON in {path}, could not read it ({error})") from error


def _normalises(folder: Path) -> bool:
    """Whether the network wants samples of mean 0 and variance 1; yes where nothing is said."""
    path = folder / "preprocessor_config.json"
    wants = _json(path) if path.is_file() else {}
    if wants.get("sampling_rate", RATE) != RATE:
        raise Wav2Vec2Error(f"expected a network for {RATE} Hz, {path} says {wants['sampling_rate']}")
    return bool(wants.get("do_normalize", True))


class Wav2Vec2Audio:
    """Hidden states of the last layer. An `AudioEncoder`; recordings over 20 s are heard in chunks.

    Loads data only (safetensors), from `folder` alone. Raises Wav2Vec2Error.
    """

    def __init__(self, folder: Path, device: str = "cpu") -> None:
        read_config(folder)
        self.normalises = _normalises(folder)
        self.device = device
        try:
            loaded: Any = Wav2Vec2Model.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                add_adapter=False,  # it would change the frame rate
                output_loading_info=True,
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            reason = str(error).splitlines()[0]
            raise Wav2Vec2Error(f"transformers cannot load the Wav2Vec2 folder {folder}: {reason}") from error
        network, found = loaded
        absent = sorted(name for name in found["missing_keys"] if name != "masked_spec_embed")
        if absent:  # transformers would leave these random
            raise Wav2Vec2Error(f"the weights in {folder} lack {absent[0]} and {len(absent) - 1} others")
        self.network = network.eval().requires_grad_(False).to(device)
        self.silence = self(np.zeros(RATE, np.float32))[RATE // HOP // 2]

    @property
    def features(self) -> int:
        return self.network.config.hidden_size

    @torch.no_grad()
    def __call__(self, samples: np.ndarray) -> np.ndarray:
        frames = len(samples) // HOP + 1
        # Frame i of the convolutions sees samples 320 i to 320 i + 400: shifted, it is centred on 320 i.
        heard = np.zeros(HOP * (frames - 1) + FIELD, np.float32)
        inside = samples[: len(heard) - FIELD // 2]
        heard[FIELD // 2 : FIELD // 2 + len(inside)] = inside
        if self.normalises and len(samples):
            spread = np.sqrt(samples.var(dtype=np.float64) + 1e-7)
            heard -= np.float32(samples.mean(dtype=np.float64))
            heard /= np.float32(spread)
        out = np.empty((frames, self.features), np.float32)
        for chunk in chunks(frames, CHUNK, CONTEXT):
            piece = torch.from_numpy(heard[HOP * chunk.first : HOP * (chunk.last - 1) + FIELD])[None]
            hidden = self.network(piece.to(self.device)).last_hidden_state  # (1, T, features)
            out[chunk.start : chunk.end] = hidden[0, chunk.wanted].float().cpu().numpy()
        return out
