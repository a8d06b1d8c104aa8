"""All 52 shape keys of the head, by ARKit name."""

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
    soft = (soft * here.follows)[:, None]
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
    carried = body.anchors >= 0
    for delta in keys.values():
        delta[carried] = delta[body.anchors[carried]]
    return {name: keys[name] for name in (*CHANNELS, TONGUE)}
