"""All 52 shape keys of the head, by ARKit name, and what mends them where several work together."""

from __future__ import annotations

import numpy as np

from phiz.face.channels import CHANNELS, TONGUE
from phiz.face.head import keys_eyes, keys_face, keys_jaw, keys_mouth
from phiz.face.head.anatomy import Body, points


def all_keys(body: Body) -> dict[str, np.ndarray]:
    """(V, 3) displacement in cm at weight 1, for each ARKit name, in Live Link order, tongueOut last."""
    here = points(body)
    there = here.mirrored()
    soft = np.zeros(len(body.vertices))
    for name in ("skin", "brow left", "brow right"):
        soft[body.span[name]] = 1.0
    soft = (keys_eyes.beside_lids(body) * soft * here.follows)[:, None]
    flip = np.array([-1.0, 1.0, 1.0])
    keys: dict[str, np.ndarray] = {}
    fields = {**keys_mouth.FIELDS, **keys_face.FIELDS}
    for stem, field in fields.items():
        if stem + "Left" in CHANNELS and stem not in CHANNELS:
            keys[stem + "Left"] = soft * field(here)
            keys[stem + "Right"] = soft * field(there) * flip
        else:
            keys[stem] = soft * field(here)
    keys.update(keys_jaw.keys(body, here))
    for name, delta in keys_eyes.keys(body).items():
        keys[name] = keys[name] + delta if name in keys else delta
    return {name: _carried(body, keys[name]) for name in (*CHANNELS, TONGUE)}


def correctives(body: Body) -> dict[str, tuple[tuple[str, ...], np.ndarray]]:
    """What keys need that work on one place: their names, and (V, 3) cm at the product of their weights."""
    here = points(body)
    soft = np.zeros((len(body.vertices), 1))
    soft[body.span["skin"], 0] = (keys_eyes.beside_lids(body) * here.follows)[body.span["skin"]]
    flip = np.array([-1.0, 1.0, 1.0])
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = dict(keys_eyes.correctives(body))
    for drivers, field in keys_mouth.CORRECTIVES.items():
        sided = any(name not in CHANNELS for name in drivers)
        for side in ("Left", "Right") if sided else ("",):
            names = tuple(name if name in CHANNELS else name + side for name in drivers)
            delta = field(here.mirrored()) * flip if side == "Right" else field(here)
            found[" ".join(names)] = (names, soft * delta)
    return {name: (names, _carried(body, delta)) for name, (names, delta) in found.items()}


def _carried(body: Body, delta: np.ndarray) -> np.ndarray:
    """The displacement with what hangs on the skin, such as lashes, moved along."""
    hangs = body.anchors >= 0
    delta[hangs] = delta[body.anchors[hangs]]
    return delta
