"""Checkpoints of the audio encoder and the base model to a bundle folder."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from export.feeling import write_feeling_graph
from phiz.acting.units import UNITS
from phiz.audio import mel
from phiz.audio.aligned import width
from phiz.audio.phones import BILABIAL, PHONES
from phiz.corpus.teacher.closure import GAP, REST_GAP
from phiz.corpus.teacher.styles import CAPTURED
from phiz.face.channels import CHANNELS
from phiz.face.emotions import EMOTIONS
from phiz.model.adapter import Adapter
from phiz.model.dit import MOTION, Dit
from phiz.model.phone_encoder import LIPS, OUTPUTS, PhoneFeatures
from phiz.model.without import Guidable
from phiz.runtime import bundle
from phiz.runtime.articulation import Lips
from phiz.runtime.manner import Manners
from phiz.train import checkpoint, encoder, stage1, stage2
from phiz.train.bundle_folder import replacing, write_manifest
from phiz.train.checkpoint import CheckpointError
from phiz.train.graphs import FLOAT_ALLOWED, INT8_ALLOWED, check, store_half, write_graph, write_int8

UPPER_FACE_NOISE = 1.2
"""Spread of the noise that brows and eyes are sampled from. Nothing heard foretells a blink, and a base
model trained for hours draws too few: of 60 s of speech, 2 at a spread of 1 and 21 at 1.25."""
ADAPTER, FEELING = "adapter.onnx", "feeling.onnx"
OVERLAP = 30  # frames; one second in which neighbouring windows agree


def _encoder_inputs(frames: int) -> dict[str, Tensor]:
    return {"mel": torch.randn(1, 2 * frames, mel.BINS, generator=torch.Generator().manual_seed(frames))}


def _denoiser_inputs(model: Dit, count: int, frames: int) -> dict[str, Tensor]:
    random, config = torch.Generator().manual_seed(frames), model.config
    return {
        "motion": torch.randn(count, frames, MOTION, generator=random),
        "level": torch.rand(count, generator=random),
        "audio": torch.rand(count, frames, config.audio, generator=random),
        "emotion": torch.rand(count, frames, config.emotion, generator=random),
        "style": torch.eye(config.styles)[torch.arange(count) % config.styles],
        "keep": (torch.rand(count, 3, generator=random) > 0.3).float(),
    }


def _controlled_inputs(model: Dit, count: int, frames: int) -> dict[str, Tensor]:
    random, config = torch.Generator().manual_seed(frames), model.config
    control = torch.randn(count, config.blocks + 1, frames, config.width, generator=random)
    return _denoiser_inputs(model, count, frames) | {"control": 0.3 * control}


def _adapter_inputs(adapter: Adapter, count: int, frames: int) -> dict[str, Tensor]:
    random, config = torch.Generator().manual_seed(frames), adapter.config
    return {
        "motion": torch.randn(count, frames, MOTION, generator=random),
        "level": torch.rand(count, generator=random),
        "audio": torch.rand(count, frames, config.audio, generator=random),
        "emotion": torch.rand(count, frames, len(EMOTIONS), generator=random),
        "units": torch.rand(count, frames, config.units, generator=random),
    }


_TIMED = {key: {0: "n", 1: "frames"} for key in ("motion", "audio", "clean", "without", "units")}
_TIMED |= {key: {0: "n"} for key in ("level", "style", "keep")}
# One row for a whole batch, one frame for all: so that nothing costs next to nothing.
_TIMED |= {"emotion": {0: "n", 1: "felt"}, "control": {0: "control_n", 2: "control_frames"}}


def write_denoiser_graphs(
    model: Dit | Guidable, inputs: tuple[dict[str, Tensor], dict[str, Tensor]], part: Path
) -> dict[str, float]:
    """Write both denoisers, traced with the first inputs and checked with the second; their differences.

    The encoder is run once where the denoiser is run many times, and most of its weights are in convolutions,
    which dynamic quantisation leaves alone: it has no int8 graph. Raises ParityError.
    """
    high, low = part / "denoiser.onnx", part / "denoiser.int8.onnx"
    outputs = ["clean", "without"] if isinstance(model, Guidable) else ["clean"]
    write_graph(model, inputs[0], outputs, _TIMED, high)
    write_int8(high, low)
    store_half(low)
    store_half(high)
    return {
        low.name: check(model, inputs[1], low, INT8_ALLOWED),
        high.name: check(model, inputs[1], high, FLOAT_ALLOWED),
    }


def write_adapter_graph(adapter: Adapter, part: Path) -> dict[str, float]:
    """Write the adapter's graph; its difference. Raises ParityError."""
    timed = _TIMED | {"control": {0: "n", 2: "frames"}}
    write_graph(adapter, _adapter_inputs(adapter, 2, stage1.WINDOW), "control", timed, part / ADAPTER)
    store_half(part / ADAPTER)
    return {ADAPTER: check(adapter, _adapter_inputs(adapter, 3, 120), part / ADAPTER, FLOAT_ALLOWED)}


def _lips() -> Lips:
    closure, labiodental = (len(PHONES) + LIPS.index(name) for name in ("closure", "labiodental"))
    return Lips(
        rest=REST_GAP.tolist(),
        slope=GAP.T.tolist(),
        closure=closure,
        bilabials=sorted(PHONES.index(name) for name in BILABIAL),
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
    stage2_checkpoint: Path | None = None,
    feeling_checkpoint: Path | None = None,
    manners: Manners | None = None,
    steps: int = 8,
) -> dict[str, float]:
    """Write a bundle folder, replacing one that is there. Returns each graph's measured difference.

    stage2_checkpoint: the adapter for Action Units. feeling_checkpoint: for the emotion in a voice.
    manners: of the styles, so that one can be read from a Take. A bundle can do without each of them.
    Every graph is run on inputs of other sizes than it was traced with and compared with its network.
    Raises ParityError, CheckpointError, OutputError; then nothing is written.
    """
    with replacing(out) as part:
        manifest, differences = _write(encoder_checkpoint, stage1_checkpoint, stage2_checkpoint, part)
        if feeling_checkpoint is not None:
            heard = write_feeling_graph(feeling_checkpoint, part / FEELING)
            differences[FEELING] = heard["difference"]
            manifest.trained["feeling"] = heard["trained"]
            for graphs in manifest.graphs.values():
                graphs["feeling"] = FEELING
        manifest = manifest.model_copy(
            update={"name": name, "guidance": guidance, "steps": steps, "manners": manners}
        )
        manifest.sha256.update({file: bundle.digest(part / file) for file in sorted(differences)})
        write_manifest(manifest, part)
    return differences


def _write(
    encoder_checkpoint: Path, stage1_checkpoint: Path, stage2_checkpoint: Path | None, part: Path
) -> tuple[bundle.Manifest, dict[str, float]]:
    """The graphs of encoder, denoiser and adapter, and a manifest that wants its name and checksums."""
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
    store_half(part / "encoder.onnx")
    differences = {
        "encoder.onnx": check(features, _encoder_inputs(333), part / "encoder.onnx", FLOAT_ALLOWED)
    }
    adapter = None if stage2_checkpoint is None else _adapter(stage2_checkpoint, stage1_checkpoint)
    if adapter is not None:
        differences |= write_adapter_graph(adapter, part)
    inputs = _denoiser_inputs if adapter is None else _controlled_inputs
    differences |= write_denoiser_graphs(
        model, (inputs(model, 2, stage1.WINDOW), inputs(model, 3, 120)), part
    )
    parts: dict[bundle.Part, str] = {"encoder": "encoder.onnx", "denoiser": "denoiser.onnx"}
    control: bundle.Control | None = None
    trained = {
        "encoder_steps": checkpoint.facts(encoder_checkpoint)["step"],
        "encoder": phones.config.as_dict(),
        "stage1_steps": facts["step"],
        "stage1": facts["config"],
    }
    if adapter is not None and stage2_checkpoint is not None:
        parts["adapter"] = ADAPTER
        control = bundle.Control(units=list(UNITS), blocks=model.config.blocks + 1, width=model.config.width)
        trained |= {
            "stage2_steps": checkpoint.facts(stage2_checkpoint)["step"],
            "stage2": adapter.config.as_dict(),
        }
    styles: list[str] = facts["styles"]
    manifest = bundle.Manifest(
        format=bundle.FORMAT,
        name="",
        channels=list(CHANNELS),
        emotions=list(EMOTIONS),
        styles=styles,
        default_style=next(style for style in styles if style not in CAPTURED),
        encoder="phone",
        features=OUTPUTS,
        encoder_reach=phones.config.reach,
        window=stage1.WINDOW,
        overlap=OVERLAP,
        steps=1,
        guidance=bundle.Guidance(),
        upper_face_noise=UPPER_FACE_NOISE,
        scale=bundle.Scale(**scale.as_dict()),
        lips=_lips(),
        control=control,
        emotion_rows=facts.get("emotion_rows"),
        graphs={"float": parts, "int8": {**parts, "denoiser": "denoiser.int8.onnx"}},
        sha256={},
        trained=trained,
    )
    return manifest, differences


def _adapter(path: Path, base: Path) -> Adapter:
    """The adapter of a checkpoint, if it was trained on this base model. Raises CheckpointError."""
    adapter, facts = stage2.load(path)
    if facts["base"] != stage2.digest(base):
        raise CheckpointError(f"expected an adapter of the base model {base}, {path} belongs to another one")
    return adapter
