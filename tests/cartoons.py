"""Clips of a drawn face whose mouth opens with jaw and sound: enough to train tiny networks on."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from phiz.acting.direction import AUEvent, Direction, EmotionKey
from phiz.audio.mel import RATE
from phiz.audio.recording import Recording
from phiz.cotfa.prompts import prompts_of
from phiz.face.channels import COUNT, INDEX
from phiz.motion.take import Take
from phiz.video import clips
from phiz.video.clips import Clip, Entry, Index

SIZE, FPS = 32, 15.0


def face(jaw: float, skin: np.ndarray) -> np.ndarray:
    """(SIZE, SIZE, 3) uint8: a disc with two eyes, and a mouth as high as the jaw is open."""
    y, x = (np.mgrid[:SIZE, :SIZE] + 0.5) / SIZE * 2.0 - 1.0
    out = np.full((SIZE, SIZE, 3), 0.25)
    out[x**2 + y**2 < 0.8] = skin
    for side in (-0.35, 0.35):
        out[(x - side) ** 2 + (y + 0.25) ** 2 < 0.02] = 0.05
    out[(x / 0.35) ** 2 + ((y - 0.4) / (0.05 + 0.35 * jaw)) ** 2 < 1.0] = (0.4, 0.05, 0.05)
    return np.round(255 * out).astype(np.uint8)


def clip(number: int, seconds: float = 1.6) -> Clip:
    """One of its own skin, words and rhythm; an odd number is of the split `test`."""
    random = np.random.default_rng(number)
    frames = round(seconds * FPS)
    times = np.arange(frames) / FPS
    pace = 1.0 + 2.0 * random.random()  # openings a second
    jaw = 0.5 - 0.5 * np.cos(2 * np.pi * pace * times)
    weights = np.zeros((frames, COUNT), np.float32)
    weights[:, INDEX["jawOpen"]] = jaw
    at = np.arange(round(seconds * RATE)) / RATE
    loud = 0.5 - 0.5 * np.cos(2 * np.pi * pace * at)
    voice = 0.3 * loud * np.sin(2 * np.pi * 200.0 * at) + random.normal(0, 1e-3, len(at))
    skin = random.uniform(0.4, 0.95, 3)
    direction = Direction(
        emotion=[EmotionKey(mix={"happy": 1.0}, intensity=0.8)],
        events=[AUEvent(au=1, start=0.2, end=0.8, intensity=0.9)],
    )
    return Clip(
        name=f"clip{number}",
        identity=str(number),
        split="test" if number % 2 else "train",
        fps=FPS,
        frames=np.stack([face(float(value), skin) for value in jaw]),
        portrait=face(0.0, skin),
        voice=Recording(voice.astype(np.float32)),
        take=Take(weights, np.zeros((frames, 3), np.float32), FPS),
        direction=direction,
        prompts=prompts_of(direction, seconds),
    )


def write(root: Path, count: int = 4) -> Path:
    """A folder of clips, half of them for testing."""
    made = [clip(number) for number in range(count)]
    for one in made:
        clips.write_clip(root / one.name, one)
    entries = tuple(
        Entry(name=one.name, identity=one.identity, split=one.split, folder=one.name) for one in made
    )
    clips.write_index(root, Index(fps=FPS, size=SIZE, clips=entries))
    return root


def untrained(folder: Path) -> Path:
    """A video model that has learnt nothing, in a folder: what it films is noise."""
    import torch

    from phiz.video import model_file
    from phiz.video.autoencoder import small_autoencoder
    from phiz.video.backbone import BackboneConfig
    from phiz.video.model_file import Manifest, VideoModel
    from phiz.video.network import Network, NetworkConfig
    from phiz.video.prompts import WORDS

    torch.manual_seed(0)
    network = Network(
        NetworkConfig(BackboneConfig("unet", 4, 8, (8, 16), 0, 1, 2, 8, 4), 94, WORDS, source=8, motion=True)
    )
    manifest = Manifest(
        size=SIZE, fps=FPS, window=8, overlap=2, steps=2, shared_noise=1.0, network=network.config.as_dict(),
        autoencoder={"widths": [8, 16], "channels": 4, "latents_mean": [0.0] * 4, "latents_std": [1.0] * 4},
        trained={"strangest_portrait": 0.0}, sha256={},
    )  # fmt: skip
    model_file.write(folder, VideoModel(manifest, network, small_autoencoder((8, 16), 4)))
    return folder
