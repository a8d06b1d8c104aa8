"""Any words as a condition: the text encoder of a CLIP in a local folder, frozen, through transformers.

Cafe-Talk's open vocabulary (arXiv 2503.14517); CLIP: Radford et al. 2021.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import CLIPTextModelWithProjection, CLIPTokenizer

from phiz.face.emotions import EMOTIONS
from phiz.model.conditions import ConditionError

LAYOUT = "config.json, model.safetensors and tokenizer.json (or vocab.json and merges.txt)"

WORDS: dict[str, tuple[str, ...]] = {
    "neutral": ("neutral", "calm", "relaxed", "expressionless"),
    "angry": ("angry", "furious", "enraged", "annoyed"),
    "contempt": ("contemptuous", "scornful", "disdainful", "sneering"),
    "disgusted": ("disgusted", "revolted", "repulsed", "nauseated"),
    "fear": ("afraid", "fearful", "frightened", "terrified"),
    "happy": ("happy", "joyful", "cheerful", "smiling"),
    "sad": ("sad", "sorrowful", "unhappy", "mournful"),
    "surprised": ("surprised", "astonished", "amazed", "startled"),
}
"""Words of one meaning for each label."""

PROMPTS = ("{}", "a {} face", "a person who looks {}", "speaking, {}")
"""What is asked of CLIP for each word; the answers are averaged."""


def read_config(folder: Path) -> dict[str, Any]:
    """`config.json` of a Hugging Face CLIP folder, whole or its text part alone. Raises ConditionError."""
    if not folder.is_dir():
        raise ConditionError(f"expected a CLIP folder with {LAYOUT}; there is no folder {folder}")
    has_weights = (folder / "model.safetensors").is_file()
    has_words = (folder / "tokenizer.json").is_file() or (
        (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file()
    )
    if not (has_weights and has_words and (folder / "config.json").is_file()):
        here = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
        raise ConditionError(f"expected {LAYOUT} in the CLIP folder {folder}, found {here}")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConditionError(
            f"expected JSON in {folder / 'config.json'}, could not read it ({error})"
        ) from error
    if config.get("model_type") not in ("clip", "clip_text_model"):
        raise ConditionError(
            f"expected model_type clip in {folder / 'config.json'}, came {config.get('model_type')!r}"
        )
    return config


class ClipText:
    """A `ConditionEncoder`. A row is the direction of the averaged prompts, told from the labels' mean.

    The directions of all words about faces lie close together in CLIP. What they share is taken out and
    what is left is scaled so that the eight labels are of length 1 on average. Loads data only
    (safetensors), from `folder` alone. Raises ConditionError.
    """

    names = EMOTIONS

    def __init__(self, folder: Path) -> None:
        read_config(folder)
        try:
            loaded: Any = CLIPTextModelWithProjection.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True
            )
            self._tokenizer: Any = CLIPTokenizer.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # transformers and tokenizers raise classes that share no public base
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise ConditionError(f"transformers cannot load the CLIP folder {folder}: {reason}") from error
        network, found = loaded
        absent = sorted(found["missing_keys"])
        if absent:  # transformers would leave these random
            raise ConditionError(f"the weights in {folder} lack {absent[0]} and {len(absent) - 1} others")
        self._network = network.eval().requires_grad_(False)
        directions = np.stack([self._direction(WORDS[name]) for name in EMOTIONS])  # (8, width)
        self._middle = directions.mean(axis=0)
        self._length = max(float(np.linalg.norm(directions - self._middle, axis=1).mean()), 1e-6)
        self._rows = ((directions - self._middle) / self._length).astype(np.float32)

    @property
    def width(self) -> int:
        return self._rows.shape[1]

    def row(self, text: str) -> np.ndarray:
        words = " ".join(text.lower().split())
        if not words:
            raise ConditionError("expected a word or more that say how it is spoken, came none")
        if words in EMOTIONS:
            return self._rows[EMOTIONS.index(words)].copy()
        return ((self._direction((words,)) - self._middle) / self._length).astype(np.float32)

    def mix(self, weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights, np.float32) @ self._rows

    @torch.no_grad()
    def _direction(self, words: tuple[str, ...]) -> np.ndarray:
        """(width,) float64 of length 1: the mean direction of all prompts of these words."""
        total = np.zeros(self._network.config.projection_dim)
        for prompt in (prompt.format(word) for word in words for prompt in PROMPTS):
            tokens = self._tokenizer(
                prompt,
                truncation=True,
                max_length=self._network.config.max_position_embeddings,
                return_tensors="pt",
            )
            found = self._network(tokens["input_ids"]).text_embeds[0].double().numpy()
            total += found / max(float(np.linalg.norm(found)), 1e-9)
        return total / max(float(np.linalg.norm(total)), 1e-9)
