"""Poses that every head has to bear: each key at 1, and the pairs and triples that work on one place."""

from __future__ import annotations

from phiz.face.channels import CHANNELS, TONGUE

_ALL = (*CHANNELS, TONGUE)
PAIRS: tuple[tuple[str, ...], ...] = (
    ("jawOpen", "mouthSmile"), ("jawOpen", "mouthFunnel"), ("jawOpen", "mouthPucker"),
    ("eyeBlink", "eyeSquint"), ("eyeBlink", "eyeLookDown"), ("eyeBlink", "eyeLookUp"),
    ("eyeBlink", "cheekSquint"), ("mouthRollLower", "mouthRollUpper"), ("mouthSmile", "mouthFunnel"),
    ("mouthRollLower", "mouthRollUpper", "mouthPress"), ("noseSneer", "mouthUpperUp"),
    ("noseSneer", "browDown"), ("mouthFunnel", "mouthPucker"), ("jawOpen", "mouthStretch"),
    ("mouthSmile", "cheekSquint"), ("mouthFrown", "mouthShrugLower"), ("eyeWide", "eyeSquint"),
    ("eyeWide", "eyeLookUp"), ("mouthSmile", "mouthDimple"), ("eyeSquint", "cheekSquint", "mouthSmile"),
    ("eyeBlink", "cheekSquint", "mouthSmile"), ("noseSneer", "cheekSquint", "eyeSquint"),
    ("jawOpen", "jawLeft"),
)  # fmt: skip
LOOKS: tuple[tuple[str, ...], ...] = (
    *((f"eyeLook{way}",) for way in ("Up", "Down", "Out", "In")),
    *(("eyeSquint",), ("eyeWide",), ("eyeBlink", "eyeLookDown"), ("eyeBlink", "eyeLookUp")),
    *(("eyeSquint", f"eyeLook{way}") for way in ("Up", "Down", "Out", "In")),
)


def both(*stems: str) -> dict[str, float]:
    """Weight 1 for these keys, on both sides where a key has sides."""
    return {n: 1.0 for stem in stems for n in (stem, stem + "Left", stem + "Right") if n in _ALL}


def singles() -> dict[str, dict[str, float]]:
    """Every key at 1; mouthClose with the open jaw that it closes, since that is what the key means."""
    return {name: both(*(("jawOpen",) if name == "mouthClose" else ()), name) for name in _ALL}


def pairs() -> dict[str, dict[str, float]]:
    return {" + ".join(pair): both(*pair) for pair in PAIRS}
