"""Named places on the face at rest, from which the keys pull and at which the check measures."""

from __future__ import annotations

import numpy as np

from phiz.face.head.form import seen_from_front
from phiz.face.head.proportions import Proportions, mouth_line


def landmarks(shape: Proportions) -> dict[str, np.ndarray]:
    """(3,) cm by name: places on the skin of the left half and the middle of the face."""
    mouth, eye, nose = shape.mouth, shape.eye, shape.nose.tip
    line = float(mouth_line(np.zeros(1), mouth)[0])
    corner = float(mouth_line(np.full(1, mouth.half_width), mouth)[0])
    side = 0.42 * mouth.half_width
    lid = eye.radius + eye.lid_gap + eye.lid_thickness
    top, bottom = lid * np.sin(eye.top), -lid * np.sin(eye.bottom)
    x, brow, chin = eye.centre[0], shape.brow_height, shape.chin[2]
    seen = {
        "chin": (0.0, chin),
        "chin pad": (0.0, (chin + line - mouth.lower_lip) / 2),
        "lower lip": (0.0, line - mouth.lower_lip),
        "lower lip side": (side, line - 0.9 * mouth.lower_lip),
        "upper lip": (0.0, line + mouth.upper_lip),
        "upper lip side": (side, line + 0.9 * mouth.upper_lip),
        "mouth corner": (mouth.half_width + 0.03, corner),
        "nose tip": (0.0, nose[2]),
        "nose wing": (1.2, nose[2] - 0.35),
        "nose bridge": (0.3, -0.9),
        "beside the mouth": (mouth.half_width - 0.05, (nose[2] + line) / 2),
        "cheek": (4.0, -2.6),
        "low cheek": (4.2, line + 0.05),
        "jaw side": (4.0, chin + 1.4),
        "under the eye": (x, bottom - 1.0),
        "lower lid": (x, bottom - 0.05),
        "upper lid": (x, top + 0.05),
        "inner brow": (1.4, brow - 0.2),
        "middle brow": (3.4, brow + 0.5),
        "outer brow": (5.2, brow),
        "forehead": (1.9, brow + 1.9),
    }
    places = seen_from_front(np.array(list(seen.values())), shape)
    return dict(zip(seen, places, strict=True))
