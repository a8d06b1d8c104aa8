"""Where each corner of each face lies on a texture: every piece of surface in a cell of its own."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Body


def face_uvs(body: Body) -> np.ndarray:
    """(corners, 2) float32 in [0, 1], in the order of the faces' corners."""
    raw = np.stack([0.5 + body.vertices[:, 0] / 40.0, 0.5 + body.vertices[:, 2] / 60.0], -1)
    corners = np.array([v for face in body.faces for v in face])
    return np.clip(raw, 0.0, 1.0)[corners].astype(np.float32)
