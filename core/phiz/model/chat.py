"""Backend `transformers`: a Qwen instruct model, or one that sees, in a local folder.

Loads data only: safetensors and JSON, no code of the folder's, nothing from the network.
"""

from __future__ import annotations

import inspect
import json
import time
from pathlib import Path
from typing import Any

import torch
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoTokenizer,
)
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from phiz.cotfa.backends import BackendError
from phiz.cotfa.language.answer import shown
from phiz.cotfa.language.asking import PATIENCE, Messages, read
from phiz.cotfa.trace import Trace

LONGEST = 2000
"""Tokens of an answer."""

_LAYOUT = "config.json, tokenizer.json with a chat template, and weights as *.safetensors"
_LARGEST_SIDE = 448  # pixels of a picture of a face; Qwen2-VL makes 256 tokens of 448 x 448
_SEES = "This picture shows the face that acts, before it does.\n"


class ChatModelError(BackendError):
    """A folder that is no usable chat model, or a picture that it cannot be shown."""


class Transformers:
    """Runs the model of a folder, on the GPU where there is one.

    model: a Hugging Face folder of an instruct model, Qwen2 or later, or of Qwen2-VL or later. face: a
    picture of the face, for a model that sees. patience: seconds for one answer, looked at after each of its
    tokens; what is begun by then is refused. Deterministic on one machine. Raises ChatModelError.
    """

    def __init__(
        self, model: Path | str | None = None, face: Path | str | None = None, patience: float = PATIENCE
    ) -> None:
        if model is None:
            raise ChatModelError(f"Expected the folder of a chat model, with {_LAYOUT}; got none.")
        folder = Path(model)
        _check_layout(folder)
        only: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
        try:
            config = AutoConfig.from_pretrained(folder, **only)
            sees = config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
            kind: Any = AutoModelForImageTextToText if sees else AutoModelForCausalLM
            network, found = kind.from_pretrained(
                folder, use_safetensors=True, dtype="auto", output_loading_info=True, **only
            )
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, **only)
            self._eye: Any = AutoImageProcessor.from_pretrained(folder, **only) if sees and face else None
        except Exception as error:  # transformers raises of all kinds at a folder that is not as it should be
            raise ChatModelError(
                f"transformers cannot load the folder {folder}: {shown(str(error))}."
            ) from error
        if absent := sorted(found["missing_keys"]):  # transformers would leave these random
            raise ChatModelError(f"The weights in {folder} lack {absent[0]} and {len(absent) - 1} others.")
        if not self._tokenizer.chat_template:
            raise ChatModelError(f"Expected an instruct model; the one in {folder} has no chat template.")
        self._patience = patience
        self._network = network.eval().requires_grad_(False)
        self._network.to("cuda" if torch.cuda.is_available() else "cpu")
        self._picture = self._seen(Path(face), sees) if face else {}
        self.name = f"transformers {shown(folder.resolve().name, 60)}"

    def think(self, text: str, duration: float, context: str = "") -> Trace:
        return read(text, duration, context, self._say, self.name)

    def _seen(self, face: Path, sees: bool) -> dict[str, Any]:
        """The picture as the network takes it."""
        from PIL import Image

        if not sees:
            raise ChatModelError("This model does not see; leave the picture out, or take a vision model.")
        try:
            with Image.open(face, formats=("PNG", "JPEG", "WEBP")) as opened:
                picture = opened.convert("RGB")
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            raise ChatModelError(f"Cannot read the picture {face}; expected PNG, JPEG or WebP.") from error
        picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        return dict(self._eye(images=[picture], return_tensors="pt"))

    def _say(self, messages: Messages) -> str:
        inputs = self._inputs(messages)
        limits = {"max_new_tokens": LONGEST, "max_time": self._patience}
        begun = time.monotonic()
        try:
            with torch.inference_mode():
                tokens = self._network.generate(**inputs, do_sample=False, **limits)
        except Exception as error:  # memory, or a folder at odds with itself
            raise ChatModelError(f"The model cannot answer: {shown(str(error))}.") from error
        said = tokens[0, inputs["input_ids"].shape[1] :]
        if time.monotonic() - begun >= self._patience and not self._whole(said):
            raise ChatModelError(
                f"The model gave no whole answer within {self._patience:g} s. "
                "Take a smaller one, or a machine with a GPU."
            )
        return self._tokenizer.decode(said, skip_special_tokens=True)

    def _whole(self, said: torch.Tensor) -> bool:
        """Whether what was said (T,) ends of itself, or at the most tokens that an answer may have."""
        ends = self._network.generation_config.eos_token_id
        return len(said) >= LONGEST or int(said[-1]) in (ends if isinstance(ends, list) else [ends])

    def _inputs(self, messages: Messages) -> dict[str, Any]:
        """The conversation as tokens; the picture stands at the beginning of the note."""
        parts: list[dict[str, Any]] = list(messages)
        if self._picture:
            ask = max(i for i, message in enumerate(parts) if message["content"].startswith('{"note"'))
            seen = [{"type": "image"}, {"type": "text", "text": _SEES + parts[ask]["content"]}]
            parts[ask] = parts[ask] | {"content": seen}
        try:
            prompt = self._tokenizer.apply_chat_template(parts, tokenize=False, add_generation_prompt=True)
        except Exception as error:  # the template is the folder's own
            raise ChatModelError(f"The model's chat template fails: {shown(str(error))}.") from error
        inputs: dict[str, Any] = dict(self._tokenizer(prompt, return_tensors="pt", add_special_tokens=False))
        inputs = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        if self._picture:
            inputs = self._with_picture(inputs["input_ids"])
        return {name: value.to(self._network.device) for name, value in inputs.items()}

    def _with_picture(self, tokens: torch.Tensor) -> dict[str, Any]:
        """tokens (1, T): the place of the picture becomes as many as the network makes of it."""
        mark: int = self._network.config.image_token_id
        places = (tokens[0] == mark).nonzero()[:, 0].tolist()
        if len(places) != 1:
            raise ChatModelError("The model's chat template leaves no place for a picture.")
        count = int(self._picture["image_grid_thw"][0].prod()) // self._eye.merge_size**2
        at = places[0]
        tokens = torch.cat([tokens[:, :at], torch.full((1, count), mark), tokens[:, at + 1 :]], dim=1)
        inputs = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)} | self._picture
        if "mm_token_type_ids" in inspect.signature(self._network.forward).parameters:
            inputs["mm_token_type_ids"] = (tokens == mark).to(torch.int32)
        return inputs


def _check_layout(folder: Path) -> None:
    here = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
    if "config.json" not in here or not any(name.endswith(".safetensors") for name in here):
        found = ", ".join(here[:8]) or ("nothing" if folder.is_dir() else "no such folder")
        raise ChatModelError(f"Expected {_LAYOUT} in {folder}; found {shown(found)}.")
    if "adapter_config.json" in here:  # it would name another folder to load from
        raise ChatModelError(
            f"Expected a whole model in {folder}; found an adapter to one. Merge them first."
        )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ChatModelError(f"Expected JSON in {folder / 'config.json'}.") from error
    if not isinstance(config, dict) or "model_type" not in config:
        raise ChatModelError(f"Expected a model_type in {folder / 'config.json'}.")
