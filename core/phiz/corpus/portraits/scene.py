"""What stands round a face that is filmed: camera, light and background, drawn at random."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from phiz.acting.direction import in_one_line
from phiz.errors import PhizError
from phiz.writing import whole_file

FILE = "scene.json"

Rgb = tuple[float, float, float]


class SceneError(PhizError):
    """There is no scene beside the film, or it is not one."""


class Camera(BaseModel):
    """Where the camera stands. distance: metres from the face. yaw: radians to the character's left. rise:
    radians from below upwards. height: metres of the picture at the face, which with the distance gives the
    field of view. aim: metres that it looks above the middle of the face."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    distance: Annotated[float, Field(gt=0.3)] = 1.1
    yaw: float = 0.0
    rise: float = 0.0
    height: Annotated[float, Field(gt=0.0)] = 0.225
    aim: float = -0.012


class Light(BaseModel):
    """yaw, rise: radians, where the key light comes from, as for a camera. Colours are linear RGB: key; fill,
    from the other side; rim, from behind; sky and ground, from everywhere above and below."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    yaw: float = 0.6
    rise: float = 0.6
    key: Rgb = (1.0, 0.97, 0.92)
    fill: Rgb = (0.16, 0.18, 0.22)
    rim: Rgb = (0.4, 0.4, 0.45)
    sky: Rgb = (0.26, 0.27, 0.30)
    ground: Rgb = (0.14, 0.12, 0.11)


class Scene(BaseModel):
    """identity: the person's number. top, bottom: linear RGB of the background, which goes from one to the
    other."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: Annotated[int, Field(ge=0)]
    camera: Camera = Camera()
    light: Light = Light()
    top: Rgb = (0.20, 0.22, 0.26)
    bottom: Rgb = (0.08, 0.09, 0.11)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Scene:
        """Read what `to_file` wrote. Raises SceneError."""
        try:
            return cls.model_validate(json.loads(Path(path).read_text(encoding="utf-8-sig")))
        except ValidationError as error:
            raise SceneError(f"{path}: {in_one_line(error, cls)}") from error
        except (OSError, ValueError) as error:
            raise SceneError(
                f"Cannot read the scene {path} ({error}). Only rendered clips have one."
            ) from error

    def to_file(self, path: str | os.PathLike[str]) -> None:
        """Write as JSON, whole or not at all. Raises OutputError."""
        with whole_file(path) as out:
            out.write((self.model_dump_json(indent=1) + "\n").encode())


def draw_scene(identity: int, rng: np.random.Generator) -> Scene:
    """A scene by chance, in which the face is well seen: this person before a wall, half lit from a side."""
    camera = Camera(
        distance=_drawn(rng, 0.85, 1.5),
        yaw=_drawn(rng, -0.22, 0.22),
        rise=_drawn(rng, -0.10, 0.14),
        height=_drawn(rng, 0.212, 0.236),
        aim=_drawn(rng, -0.016, -0.008),
    )
    warmth = _drawn(rng, -0.14, 0.14)
    strength = _drawn(rng, 0.80, 1.15)
    tint = np.array([1.0 + warmth, 1.0, 1.0 - warmth])
    ambient = _drawn(rng, 0.16, 0.32)
    side = float(rng.choice([-1.0, 1.0]))
    light = Light(
        yaw=side * _drawn(rng, 0.15, 1.0),
        rise=_drawn(rng, 0.25, 0.9),
        key=_rgb(strength * tint),
        fill=_rgb(_drawn(rng, 0.10, 0.28) / tint),
        rim=_rgb(_drawn(rng, 0.1, 0.8) * rng.uniform(0.8, 1.2, 3)),
        sky=_rgb(ambient * rng.uniform(0.85, 1.15, 3)),
        ground=_rgb(0.5 * ambient * rng.uniform(0.8, 1.2, 3)),
    )
    grey = rng.uniform(0.03, 0.4)
    wall = grey + 0.5 * (rng.uniform(0.02, 0.5, 3) - grey)
    return Scene(
        identity=identity,
        camera=camera,
        light=light,
        top=_rgb(wall),
        bottom=_rgb(wall * rng.uniform(0.35, 0.9)),
    )


def _drawn(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(rng.uniform(low, high)), 4)


def _rgb(values: np.ndarray) -> Rgb:
    r, g, b = np.round(values, 4).tolist()
    return r, g, b
