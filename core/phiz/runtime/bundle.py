"""The model bundle: a folder of data (`model.json` and ONNX graphs) that is all generation needs."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import onnxruntime as ort
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phiz.acting.units import UNITS
from phiz.audio import aligned
from phiz.errors import PhizError
from phiz.face.channels import CHANNELS
from phiz.face.emotions import EMOTIONS
from phiz.runtime.articulation import Lips
from phiz.runtime.manner import Manners

FORMAT = 1
SHIPPED = Path(__file__).parent / "shipped"
MANIFEST = "model.json"
MOTION = len(CHANNELS) + 3

Precision = Literal["float", "int8"]
Part = Literal["encoder", "denoiser", "adapter", "feeling"]

PROVIDERS = {
    "cpu": "CPUExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}


class BundleError(PhizError):
    """A bundle that is not there, not whole, changed since it was made, or of another format."""


class ProviderError(PhizError):
    """An execution provider that this installation of onnxruntime does not have."""


class Scale(BaseModel):
    """Motion = normalised * spread + mean; 51 channels, then yaw, pitch, roll in radians."""

    model_config = ConfigDict(extra="forbid")

    mean: Annotated[list[float], Field(min_length=MOTION, max_length=MOTION)]
    spread: Annotated[list[float], Field(min_length=MOTION, max_length=MOTION)]


class Guidance(BaseModel):
    """Weights of the nested guidance: x_none + audio (x_A - x_none) + coarse (x_AC - x_A)."""

    model_config = ConfigDict(extra="forbid")

    audio: float = 1.0
    coarse: float = 1.0


class Control(BaseModel):
    """What the adapter reads and writes: the columns of its unit track, blocks and width of the denoiser."""

    model_config = ConfigDict(extra="forbid")

    units: list[tuple[int, str]]
    blocks: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]


class Manifest(BaseModel):
    """What `model.json` holds.

    control: there is an adapter. distilled: the denoiser says in one run what guidance needs of two, see
    `Bundle.denoise`. emotion_rows: (8, E) what the denoiser is told for each emotion, where it
    does not take the eight themselves. manners: a style can be read from a reference.
    """

    model_config = ConfigDict(extra="forbid")

    format: Literal[1]
    name: str
    channels: list[str]
    emotions: list[str]
    styles: list[str]
    default_style: str
    encoder: Literal["phone"]
    features: int
    encoder_reach: int
    window: Annotated[int, Field(ge=30)]
    overlap: Annotated[int, Field(ge=1)]
    steps: Annotated[int, Field(ge=1)]
    guidance: Guidance
    upper_face_noise: Annotated[float, Field(gt=0.0, le=3.0)]
    scale: Scale
    lips: Lips
    control: Control | None = None
    distilled: bool | None = None
    emotion_rows: list[list[float]] | None = None
    manners: Manners | None = None
    graphs: dict[Precision, dict[Part, str]]
    sha256: dict[str, str]  # of each graph's file, and `manifest_digest` of this one
    trained: dict[str, Any]


@dataclass(frozen=True)
class Bundle:
    """An opened bundle: its manifest and its running graphs.

    encoder: mel (1, 2T, 64) -> features (1, T, features). denoiser: motion (N, T, 54), level (N,),
    audio (N, T, width), emotion (N, T, 8), style (N, styles), keep (N, 3), and where there is an adapter
    control (N or 1, blocks, T or 1, D) -> clean (N, T, 54), and where guidance is distilled beside it the
    clean motion as if nothing were told. adapter: motion, level, audio, emotion and
    units (N, T, U) -> control. feeling: see `phiz.runtime.feeling`. running: what every run of the first
    three is told; its `terminate`, set from another thread, stops them with an error of onnxruntime.
    """

    folder: Path
    manifest: Manifest
    encoder: ort.InferenceSession
    denoiser: ort.InferenceSession
    adapter: ort.InferenceSession | None = None
    feeling: ort.InferenceSession | None = None
    running: ort.RunOptions | None = None

    @property
    def audio_width(self) -> int:
        return aligned.width(self.manifest.features)

    @cached_property
    def takes_one_emotion(self) -> bool:
        """Whether one frame of emotion may stand for all frames; it saves a sixth of the denoiser's cost."""
        shapes = {each.name: each.shape for each in self.denoiser.get_inputs()}
        return shapes["emotion"][1] != shapes["motion"][1]

    def denoise(
        self, control: np.ndarray | None = None, **inputs: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """One run of the denoiser; without control it does as the base model alone.

        Where guidance is distilled and all is told, the second is what it would say were nothing told; else
        None.
        """
        if self.manifest.emotion_rows is not None:
            inputs["emotion"] = inputs["emotion"] @ np.array(self.manifest.emotion_rows, np.float32)
        if self.manifest.control is not None:
            shape = (1, self.manifest.control.blocks, 1, self.manifest.control.width)
            inputs["control"] = np.zeros(shape, np.float32) if control is None else control
        clean, *beside = self.denoiser.run(None, inputs, self.running)
        return np.asarray(clean), np.asarray(beside[0]) if self.manifest.distilled else None

    def require_adapter(self) -> ort.InferenceSession:
        """The adapter. Raises BundleError where the bundle has none."""
        if self.adapter is None:
            raise BundleError(
                f"the model bundle {self.folder} was made without Action Units; leave the events out, or use"
                " a bundle with an adapter"
            )
        return self.adapter

    def adapt(self, **inputs: np.ndarray) -> np.ndarray:
        """One run of the adapter, which `require_adapter` finds."""
        return np.asarray(self.require_adapter().run(None, inputs, self.running)[0])

    def encode(self, mel: np.ndarray) -> np.ndarray:
        return np.asarray(self.encoder.run(None, {"mel": mel}, self.running)[0])


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def manifest_digest(manifest: Manifest) -> str:
    """SHA-256 of all that the manifest says but this, however it is laid out in its file."""
    said = manifest.model_dump(mode="json", exclude={"sha256": {MANIFEST}}, exclude_none=True)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """`model.json` of a bundle, checked against this version of Phiz. Raises BundleError."""
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))  # pydantic's own parser may round a float
    except (OSError, ValueError) as error:
        raise BundleError(
            f"expected a model bundle in {folder}, found no readable {MANIFEST} there"
        ) from error
    try:
        manifest = Manifest.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BundleError(f"{path} is not a manifest of format {FORMAT}: {where}: {first['msg']}") from error
    if manifest.sha256.get(MANIFEST) != manifest_digest(manifest):
        raise BundleError(f"{path} was changed since it was made (checksum); install the bundle again")
    for name, ours in (("channels", CHANNELS), ("emotions", EMOTIONS)):
        if tuple(getattr(manifest, name)) != tuple(ours):
            raise BundleError(
                f"{path} was made for other {name} than this version of Phiz; get a newer bundle"
            )
    if manifest.default_style not in manifest.styles:
        raise BundleError(f"{path} names {manifest.default_style!r} as default style, which it does not hold")
    if manifest.control is not None and tuple(manifest.control.units) != UNITS:
        raise BundleError(
            f"{path} was made for other Action Units than this version of Phiz; get a newer bundle"
        )
    if manifest.overlap * 2 > manifest.window:
        raise BundleError(f"{path} has an overlap of more than half a window")
    return manifest


def checked(folder: Path, manifest: Manifest, name: str) -> Path:
    """The path of a graph whose bytes are those the bundle was made with. Raises BundleError."""
    path = folder / name
    if name not in manifest.sha256 or Path(name).name != name:
        raise BundleError(f"{folder / MANIFEST} gives no checksum for {name!r}")
    if not path.is_file():
        raise BundleError(f"the model bundle {folder} lacks {name}; install it again")
    found = digest(path)
    if found != manifest.sha256[name]:
        raise BundleError(f"{path} is damaged: checksum {found[:12]}, expected {manifest.sha256[name][:12]}")
    return path


def load(
    path: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    precision: Precision = "float",
    provider: str = "cpu",
) -> Bundle:
    """Open a bundle folder; None is the one that comes with Phiz.

    threads: of the CPU, None for onnxruntime's choice. provider: one of PROVIDERS; others than cpu
    need an onnxruntime that has them (`phiz[cuda]`, or the CoreML and DirectML builds). Raises
    BundleError, ProviderError.
    """
    folder = SHIPPED if path is None else Path(path)
    manifest = read_manifest(folder)
    if precision not in manifest.graphs:
        raise BundleError(
            f"the model bundle {folder} has no {precision} graphs, only {', '.join(manifest.graphs)}"
        )
    wanted = PROVIDERS.get(provider)
    if wanted is None or wanted not in ort.get_available_providers():
        here = [name for name, full in PROVIDERS.items() if full in ort.get_available_providers()]
        raise ProviderError(f"expected a provider of {', '.join(here)}, came {provider!r}; see the README")
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = threads or 0
    # Threads that wait for each other within a run spin for 10 us before they sleep: to be woken a thousand
    # times costs a fifth more, to spin longer takes twice as long where a core is busy with something else.
    options.add_session_config_entry("session.intra_op.allow_spinning", "1")
    options.add_session_config_entry("session.intra_op.spin_duration_us", "10")
    options.add_session_config_entry("session.force_spinning_stop", "1")  # and never between runs
    providers = [wanted] if wanted == PROVIDERS["cpu"] else [wanted, PROVIDERS["cpu"]]
    sessions = {
        part: _session(checked(folder, manifest, name), options, providers)
        for part, name in manifest.graphs[precision].items()
    }
    lacking = {"encoder", "denoiser", *(["adapter"] if manifest.control else [])} - sessions.keys()
    if lacking:
        raise BundleError(f"{folder / MANIFEST} names no graph for the {' and the '.join(sorted(lacking))}")
    return Bundle(folder, manifest, **sessions)


def _session(graph: Path, options: ort.SessionOptions, providers: list[str]) -> ort.InferenceSession:
    """A running graph on the first of the providers. Raises BundleError, ProviderError."""
    try:
        session = ort.InferenceSession(str(graph), options, providers=providers)
    except Exception as error:  # onnxruntime raises its own classes, which share no public base
        reason = str(error).splitlines()[0]
        raise BundleError(f"onnxruntime {ort.__version__} cannot run {graph}: {reason}") from error
    if providers[0] not in session.get_providers():  # onnxruntime falls back without an error
        raise ProviderError(f"onnxruntime could not start {providers[0]}; see its log, or use cpu")
    return session
