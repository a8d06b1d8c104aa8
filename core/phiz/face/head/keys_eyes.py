"""Keys of the eyes: lids slide along the eyeball, eyeballs turn and the lids go with them a little."""

from __future__ import annotations

import numpy as np

from phiz.face.head.anatomy import Body
from phiz.face.head.fields import JAW_DROP, step
from phiz.face.head.landmarks import landmarks
from phiz.face.head.skin import LID_RINGS, Ring

FOLD = 0.95  # cm from the rim of a lid to where its skin stays behind
CLOSED_LIFT = 0.20  # cm the closed lid stands further off the eyeball, so that it clears it half-way too
UPPER_SHARE = 0.82  # of the way between the lids, done by the upper one
LOOK = {"Up": (0.0, 0.42), "Down": (0.0, -0.46), "Out": (0.50, 0.0), "In": (-0.50, 0.0)}  # yaw, pitch
LIDS_LOOK = {
    "Up": (0.16, 0.06, 0.0),
    "Down": (-0.27, -0.08, 0.0),
    "Out": (0.0, 0.0, 0.08),
    "In": (0.0, 0.0, -0.08),
}


class _Lids:
    """The lids of one eye in angles about the eyeball's centre, as if it were the left eye."""

    def __init__(self, body: Body, ring: Ring, side: float) -> None:
        self.flip = np.array([side, 1.0, 1.0])
        self.ring, self.total = ring, len(body.vertices)
        self.centre = np.array(body.shape.eye.centre)
        self.points = np.stack([body.vertices[loop] * self.flip - self.centre for loop in ring.loops])
        rim = self.points[LID_RINGS]
        azimuth, elevation, _ = _angles(rim)
        self.grip = 1 - step(np.linalg.norm(self.points - rim, axis=2), 0.0, FOLD)  # (loops, N)
        self.grip[0] = 0.0
        self.grip[LID_RINGS:] = 1.0
        partner = ring.partner()
        self.upper = np.arange(len(partner)) <= ring.half
        over = np.where(self.upper, elevation, elevation[partner])
        below = np.where(self.upper, elevation[partner], elevation)
        self.gap = over - below  # (N,) opening at each place, 0 at the corners
        self.meet = below + (1 - UPPER_SHARE) * self.gap
        self.elevation = elevation
        self.azimuth = (azimuth + azimuth[partner]) / 2 - azimuth

    def moved(self, rise: np.ndarray, turn: np.ndarray, lift: np.ndarray) -> np.ndarray:
        """(V, 3) displacement when the rim rises and turns by angles (N,) and moves out by lift (N,)."""
        delta = np.zeros((self.total, 3))
        for loop, points, grip in zip(self.ring.loops, self.points, self.grip, strict=True):
            azimuth, elevation, radius = _angles(points)
            to = _points(azimuth + grip * turn, elevation + grip * rise, radius + grip * lift)
            delta[loop] = (to - points) * self.flip
        return delta

    def blink(self, amount: float = 1.0) -> np.ndarray:
        """Closed exactly at 1: rims of both lids arrive at the same points."""
        rise = (self.meet - self.elevation) * amount
        lift = CLOSED_LIFT * np.minimum(1.0, self.gap / self.gap.max() * 3) * amount
        return self.moved(rise, self.azimuth * amount, lift)

    def shifted(self, upper: float, lower: float, across: float = 0.0) -> np.ndarray:
        """The lids' middles moved up by these angles and both across by an angle."""
        shape = self.gap / self.gap.max()
        rise = np.where(self.upper, upper, lower) * shape
        return self.moved(rise, across * shape, np.zeros_like(shape))


def _angles(p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    radius = np.linalg.norm(p, axis=1)
    return np.arctan2(p[:, 0], -p[:, 1]), np.arcsin(p[:, 2] / radius), radius


def _points(azimuth: np.ndarray, elevation: np.ndarray, radius: np.ndarray) -> np.ndarray:
    c = np.cos(elevation) * radius
    return np.stack([np.sin(azimuth) * c, -np.cos(azimuth) * c, np.sin(elevation) * radius], -1)


def _turned_eyeball(body: Body, name: str, side: float, yaw: float, pitch: float) -> np.ndarray:
    """(V, 3) displacement of an eyeball turned outwards by yaw and up by pitch."""
    delta = np.zeros((len(body.vertices), 3))
    flip = np.array([side, 1.0, 1.0])
    p = body.vertices[body.span[name]] * flip - np.array(body.shape.eye.centre)
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    x, y, z = p.T
    y, z = cp * y + sp * z, -sp * y + cp * z
    x, y = cy * x - sy * y, sy * x + cy * y
    delta[body.span[name]] = (np.stack([x, y, z], -1) - p) * flip
    return delta


def _under_eye(body: Body, side: float) -> np.ndarray:
    """(V, 3) the skin below the eye pushed up."""
    p = body.vertices * np.array([side, 1.0, 1.0])
    weight = np.exp(-np.sum(((p - landmarks(body.shape)["under the eye"]) / [1.6, 2.0, 0.9]) ** 2, axis=1))
    out = np.zeros_like(p)
    out[body.span["skin"]] = (
        weight[body.span["skin"], None] * np.array([-0.06 * side, -0.03, 0.06]) * JAW_DROP
    )
    return out


def keys(body: Body) -> dict[str, np.ndarray]:
    """The fourteen eye keys, and what the lids add to cheekSquint."""
    out: dict[str, np.ndarray] = {}
    for name, ring, side in zip(("Left", "Right"), body.skin.eyes, (1.0, -1.0), strict=True):
        lids = _Lids(body, ring, side)
        out["eyeBlink" + name] = lids.blink()
        out["eyeWide" + name] = lids.shifted(0.16, -0.04)
        out["eyeSquint" + name] = lids.shifted(-0.05, 0.13) + _under_eye(body, side)
        out["cheekSquint" + name] = lids.shifted(-0.03, 0.08)
        for way, (yaw, pitch) in LOOK.items():
            ball = _turned_eyeball(body, "eyeball " + name.lower(), side, yaw, pitch)
            out[f"eyeLook{way}{name}"] = ball + lids.shifted(*LIDS_LOOK[way])
    return out
