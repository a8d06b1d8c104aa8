"""Checkpoints of the audio encoder and the base model to a bundle folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import torch
from torch import Tensor

from export.graphs import check, store_half, write_graph, write_int8
from phiz.audio import mel
from phiz.audio.aligned import width
from phiz.audio.phones import PHONES
from phiz.corpus.teacher.closure import GAP, REST_GAP
from phiz.corpus.teacher.styles import CAPTURED
from phiz.face.channels import CHANNELS
from phiz.face.emotions import EMOTIONS
from phiz.model.dit import MOTION, Dit
from phiz.model.phone_encoder import LIPS, OUTPUTS, PhoneFeatures
from phiz.runtime import bundle
from phiz.runtime.articulation import Lips
from phiz.train import checkpoint, encoder, stage1
from phiz.train.checkpoint import CheckpointError
from phiz.writing import OutputError

FLOAT_ALLOWED = 5e-3  # what storing weights as float16 may cost
INT8_ALLOWED = 0.15
UPPER_FACE_NOISE = 1.2
"""Spread of the noise that brows and eyes are sampled from. Nothing heard foretells a blink, and a base
model trained for hours draws too few: of 60 s of speech, 2 at a spread of 1 and 21 at 1.25."""
OVERLAP = 30  # frames; one second in which neighbouring windows agree


def _encoder_inputs(frames: int) -> dict[str, Tensor]:
    return {"mel": torch.randn(1, 2 * frames, mel.BINS, generator=torch.Generator().manual_seed(frames))}


def _denoiser_inputs(model: Dit, count: int, frames: int) -> dict[str, Tensor]:
    random, config = torch.Generator().manual_seed(frames), model.config
    return {
        "motion": torch.randn(count, frames, MOTION, generator=random),
        "level": torch.rand(count, generator=random),
        "audio": torch.rand(count, frames, config.audio, generator=random),
        "emotion": torch.rand(count, frames, len(EMOTIONS), generator=random),
        "style": torch.eye(config.styles)[torch.arange(count) % config.styles],
        "keep": (torch.rand(count, 3, generator=random) > 0.3).float(),
    }


def _lips() -> Lips:
    closure, labiodental = (len(PHONES) + LIPS.index(name) for name in ("closure", "labiodental"))
    return Lips(
        rest=REST_GAP.tolist(),
        slope=GAP.T.tolist(),
        closure=closure,
        labiodental=labiodental,
        silence=PHONES.index("SIL"),
    )


def write_bundle(
    encoder_checkpoint: Path,
    stage1_checkpoint: Path,
    out: Path,
    *,
    name: str,
    guidance: bundle.Guidance,
    steps: int = 8,
) -> dict[str, float]:
    """Write a bundle folder, replacing one that is there. Returns each graph's measured difference.

    Every graph is run on inputs of other sizes than it was traced with and compared with its network.
    Raises ParityError, CheckpointError, OutputError; then nothing is written.
    """
    if out.exists() and not (out / bundle.MANIFEST).is_file():
        raise OutputError(
            f"expected a model bundle or nothing at {out}, found something else; choose another"
        )
    part = out.with_name(out.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        differences = _write(encoder_checkpoint, stage1_checkpoint, part, name, guidance, steps)
        shutil.rmtree(out, ignore_errors=True)
        os.replace(part, out)
    except OSError as error:
        raise OutputError(f"cannot write the bundle {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return differences


def _write(
    encoder_checkpoint: Path,
    stage1_checkpoint: Path,
    part: Path,
    name: str,
    guidance: bundle.Guidance,
    steps: int,
) -> dict[str, float]:
    phones = encoder.load(encoder_checkpoint)
    features = PhoneFeatures(phones)
    model, scale, facts = stage1.load(stage1_checkpoint)
    if model.config.audio != width(OUTPUTS):
        raise CheckpointError(
            f"expected a base model trained on the encoder `phone`, {stage1_checkpoint} hears another one"
        )
    write_graph(
        features,
        _encoder_inputs(200),
        "features",
        {"mel": {0: "n", 1: "mel_frames"}, "features": {0: "n", 1: "frames"}},
        part / "encoder.onnx",
    )
    timed = {key: {0: "n", 1: "frames"} for key in ("motion", "audio", "emotion", "clean")}
    write_graph(
        model,
        _denoiser_inputs(model, 2, stage1.WINDOW),
        "clean",
        timed | {key: {0: "n"} for key in ("level", "style", "keep")},
        part / "denoiser.onnx",
    )
    # The encoder is run once where the denoiser is run many times, and most of its weights are in
    # convolutions, which dynamic quantisation leaves alone: it has no int8 graph.
    low = part / "denoiser.int8.onnx"
    write_int8(part / "denoiser.onnx", low)
    tried = _denoiser_inputs(model, 3, 120)
    differences = {low.name: check(model, tried, low, INT8_ALLOWED)}
    for graph in ("encoder.onnx", "denoiser.onnx"):
        store_half(part / graph)
    differences["encoder.onnx"] = check(features, _encoder_inputs(333), part / "encoder.onnx", FLOAT_ALLOWED)
    differences["denoiser.onnx"] = check(model, tried, part / "denoiser.onnx", FLOAT_ALLOWED)
    styles: list[str] = facts["styles"]
    manifest = bundle.Manifest(
        format=bundle.FORMAT,
        name=name,
        channels=list(CHANNELS),
        emotions=list(EMOTIONS),
        styles=styles,
        default_style=next(style for style in styles if style not in CAPTURED),
        encoder="phone",
        features=OUTPUTS,
        encoder_reach=phones.config.reach,
        window=stage1.WINDOW,
        overlap=OVERLAP,
        steps=steps,
        guidance=guidance,
        upper_face_noise=UPPER_FACE_NOISE,
        scale=bundle.Scale(**scale.as_dict()),
        lips=_lips(),
        graphs={
            "float": {"encoder": "encoder.onnx", "denoiser": "denoiser.onnx"},
            "int8": {"encoder": "encoder.onnx", "denoiser": "denoiser.int8.onnx"},
        },
        sha256={file: bundle.digest(part / file) for file in sorted(differences)},
        trained={
            "encoder_steps": checkpoint.facts(encoder_checkpoint)["step"],
            "encoder": phones.config.as_dict(),
            "stage1_steps": facts["step"],
            "stage1": facts["config"],
        },
    )
    manifest.sha256[bundle.MANIFEST] = bundle.manifest_digest(manifest)
    (part / bundle.MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return differences
