"""Which model makes a film, what hears and reads for it, and what it cannot do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from phiz.runtime.bundle import Bundle
from phiz.video import model_file, portrait
from phiz.video.hearing import BundleHearing
from phiz.video.model_file import VideoModel, VideoModelError
from phiz.video.pipeline import Senses
from phiz.video.prompts import ActingWords

NEEDS_LARGE = (
    "the small model has seen renders of Phiz's own heads alone, 64 pixels wide: a picture of a real person "
    "needs large weights, see docs/video.md"
)


def open_model(folder: Path | None, weights: Path | None, hearing: Bundle) -> tuple[VideoModel, Senses]:
    """The small model, or a large one with the folder of weights that it stands on.

    folder: None for the model that ships. hearing: the bundle whose encoder the small model hears with.
    Raises VideoModelError, WeightsError.
    """
    manifest = model_file.read_manifest(folder)
    if not manifest.large:
        if weights is not None:
            raise VideoModelError("the small model stands on no large weights; leave --weights out")
        return model_file.load(folder), Senses(BundleHearing(hearing), ActingWords())
    if folder is None or weights is None:
        raise VideoModelError(
            f"the model {folder} stands on large weights; give their folder with --weights (docs/video.md)"
        )
    from phiz.video import folders

    return folders.load_model(manifest, folder, weights)


def remarks(model: VideoModel, picture: np.ndarray) -> list[str]:
    """What is to be said before work starts: that this model is not for every face."""
    if model.manifest.large:
        return []
    limit = model.manifest.trained.get("strangest_portrait")
    if limit is not None and portrait.strangeness(picture, model.autoencoder) > 1.3 * limit:
        return [f"this portrait is unlike all that the model knows; {NEEDS_LARGE}"]
    return [NEEDS_LARGE]
