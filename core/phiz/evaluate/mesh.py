"""Distances between two performances on the vertices of a head: LVE and FDD as in CodeTalker.

Xing et al. 2023, 'CodeTalker', section 4.2; lengths in millimetres of the ICT-FaceKit head.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phiz.evaluate.render import Rig
from phiz.face.channels import CHANNELS, INDEX

_CM = 10.0  # millimetres per unit of the rig
_FACE_END = 9409  # vertices of the face proper
_LIP_MOVE = 0.25  # cm that rolling a lip moves what belongs to it
_UPPER_MOVE = 0.05  # cm
_UPPER_FLOOR = 1.5  # cm of height: under the eyes


@dataclass(frozen=True)
class MeshRegions:
    """Displacement per unit of each channel: lips (51, L, 3) and upper face (51, U, 3), in mm."""

    lips: np.ndarray
    upper: np.ndarray


def regions(rig: Rig) -> MeshRegions:
    """Lips: what rollLower or rollUpper moves by 2.5 mm or more. Upper face: what lies above the cheeks
    and is moved 0.5 mm by a channel of brows, eyes, cheeks or nose."""
    face = rig.deltas[:, :_FACE_END]
    size = np.linalg.norm(face, axis=2)  # (51, V)
    lips = size[[INDEX["mouthRollLower"], INDEX["mouthRollUpper"]]].max(0) >= _LIP_MOVE
    above = [
        i for i, name in enumerate(CHANNELS) if name.startswith(("brow", "eye", "cheekSquint", "noseSneer"))
    ]
    upper = (size[above].max(0) >= _UPPER_MOVE) & (rig.neutral[:_FACE_END, 1] > _UPPER_FLOOR)
    return MeshRegions(face[:, lips] * _CM, face[:, upper] * _CM)


def lip_vertex_error(areas: MeshRegions, weights: np.ndarray, reference: np.ndarray) -> float:
    """LVE in mm^2: the largest squared error among the lip vertices of a frame, averaged over frames.

    weights, reference: (frames, 51) at one rate; the shorter one counts.
    """
    n = min(len(weights), len(reference))
    moved = np.einsum("fc,cvd->fvd", weights[:n] - reference[:n], areas.lips, optimize=True)
    return float((moved**2).sum(2).max(1).mean())


def upper_face_dynamics(areas: MeshRegions, weights: np.ndarray, reference: np.ndarray) -> float:
    """FDD in mm: mean over upper-face vertices of dyn(reference) - dyn(weights).

    dyn = standard deviation over time of a vertex's distance from rest. 0 is best; above 0: too still.
    """

    def dynamics(w: np.ndarray) -> np.ndarray:
        moved = np.einsum("fc,cvd->fvd", w, areas.upper, optimize=True)
        return np.linalg.norm(moved, axis=2).std(0)

    return float((dynamics(reference) - dynamics(weights)).mean())
