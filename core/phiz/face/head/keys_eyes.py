"""Keys of the eyes: lids slide along the eyeball, eyeballs turn and the lids go with them a little."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from phiz.face.head.anatomy import Body
from phiz.face.head.fields import JAW_DROP, step
from phiz.face.head.landmarks import landmarks
from phiz.face.head.openings import CREASE_RING, LID_RINGS, Ring

CREASE = {True: 0.10, False: 0.35}  # how far the crease of an upper (True) or lower lid goes with its rim
RAISED = 0.60  # the same of an upper lid that rises: it takes its fold along
ROOM = 1.1  # of the way up to its crease that a key may raise a lid
TAIL = 0.45  # radians from the crease to where the skin stays behind
CLEAR = 0.06  # cm that a lid half-way stands off the arc on which it should slide
EDGE_LIFT = 0.05  # cm that the inner edge of a lid gives way to the cornea
EDGE_GIVES = 0.018  # cm, the same in every other key that moves a lid
DRIFT = 0.09  # radians by which closed lids lie nearer to the nose
ARC = 2.5  # how flat the line of the closed lids leaves the corners: more is flatter
UPPER_SHARE = 0.90  # of the way between the lids, done by the upper one
LOOK = {"Up": (0.0, 0.42), "Down": (0.0, -0.46), "Out": (0.50, 0.0), "In": (-0.50, 0.0)}  # yaw, pitch
LIDS_LOOK = {
    "Up": (0.16, 0.06, 0.0, 0.05),
    "Down": (-0.27, -0.08, 0.0),
    "Out": (0.0, 0.0, 0.08),
    "In": (0.0, 0.0, -0.08),
}


class _Lids:
    """The lids of one eye in angles about the eyeball's centre, as if it were the left eye."""

    def __init__(self, body: Body, ring: Ring, side: float) -> None:
        self.flip = np.array([side, 1.0, 1.0])
        self.ring, self.total = ring, len(body.vertices)
        self.centre, self.room = np.array(body.shape.eye.centre), ROOM * body.shape.eye.crease
        self.points = np.stack([body.vertices[loop] * self.flip - self.centre for loop in ring.loops])
        rim = self.points[LID_RINGS]
        azimuth, elevation, _ = _angles(rim)
        partner = ring.partner()
        self.upper = np.arange(len(partner)) <= ring.half
        over = np.where(self.upper, elevation, elevation[partner])
        below = np.where(self.upper, elevation[partner], elevation)
        self.gap = over - below  # (N,) opening at each place, 0 at the corners
        self.open = self.gap / self.gap.max()
        self.grip, self.grip_raised = self._grip(CREASE[True]), self._grip(RAISED)
        turn = np.pi * np.minimum(np.arange(len(partner)), partner) / ring.half
        self.bow = np.sin(turn)  # (N,) 1 over the middle, 0 at the corners
        line = elevation[0] + (elevation[ring.half] - elevation[0]) * (1 - np.cos(turn)) / 2
        deepest = below + (1 - UPPER_SHARE) * self.gap - line
        self.meet = line + deepest[ring.half // 2] * self.bow**ARC
        self.way = over - self.meet  # (N,) of the upper lid, radians
        self.radius = np.linalg.norm(rim, axis=1)
        self.elevation = elevation
        self.turn = (azimuth + azimuth[partner]) / 2 - azimuth - DRIFT * self.bow**2

    def _grip(self, crease_upper: float) -> np.ndarray:
        """(loops, N) how far each loop goes with the rim: evenly less up to the crease, then running out."""
        unit = self.points / np.linalg.norm(self.points, axis=2, keepdims=True)
        away = np.arccos(np.clip(np.sum(unit * unit[LID_RINGS], axis=2), -1, 1))  # (loops, N)
        crease = np.maximum(away[CREASE_RING], 1e-6)
        base = np.where(self.upper, crease_upper, CREASE[False])
        end = np.maximum(np.minimum(crease + TAIL, away[0]), 1.001 * crease)
        grip = base * (1 - step(away, crease, end)) + (1 - base) * np.clip(1 - away / crease, 0, 1)
        grip[0] = 0.0
        grip[LID_RINGS:] = 1.0
        return grip

    def moved(
        self, rise: np.ndarray, turn: np.ndarray, lift: np.ndarray, edge: np.ndarray, raised: bool = False
    ) -> np.ndarray:
        """(V, 3) displacement when the rim rises and turns by angles (N,) and moves out by lift (N,).

        The inner edge of the rim moves out by `edge` (N,) more; a `raised` upper lid takes its fold along.
        """
        delta, grips = np.zeros((self.total, 3)), self.grip_raised if raised else self.grip
        for k, (loop, points, grip) in enumerate(zip(self.ring.loops, self.points, grips, strict=True)):
            azimuth, elevation, radius = _angles(points)
            out = grip * (lift + edge if k == LID_RINGS + 1 else lift)
            to = _points(azimuth + grip * turn, elevation + grip * rise, radius + out)
            delta[loop] = (to - points) * self.flip
        return delta

    def off_arc(self, way: np.ndarray) -> np.ndarray:
        """(N,) how much further off a lid must end that goes `way` radians on a chord, to clear the arc."""
        return 2 * self.radius * (1 - np.cos(way / 2))

    def blink(self) -> np.ndarray:
        """Closed exactly at 1: rims of both lids arrive at the same points."""
        lift = self.off_arc(self.way) + CLEAR * self.bow
        return self.moved(self.meet - self.elevation, self.turn, lift, EDGE_LIFT * self.open)

    def below(self, delta: np.ndarray) -> np.ndarray:
        """(V, 3) the displacement of the skin round the eye, less where a lid goes its own way."""
        for loop, grip in zip(self.ring.loops, self.grip, strict=True):
            delta[loop] *= 1 - grip[:, None]
        return delta

    def shifted(self, upper: float, lower: float, across: float, gives: float = EDGE_GIVES) -> np.ndarray:
        """The lids' middles moved up by these angles and both across by an angle."""
        shape = self.open
        rise = np.where(self.upper, min(upper, self.room), lower) * shape
        return self.moved(rise, across * shape, 0.0 * shape, gives * shape, upper > 0)

    def kept_closed(self, upper: float, lower: float, across: float, gives: float = EDGE_GIVES) -> np.ndarray:
        """(V, 3) what closes lids that are shifted too, and as far off the eyeball as their longer way needs.

        The lower lid stays about where the shift brings it, the upper one comes to it.
        """
        line, azimuth = self.bow**ARC, _angles(self.points[LID_RINGS])[0] + self.turn
        lift = self.off_arc(self.way + max(upper - lower, 0.0) * self.open) - self.off_arc(self.way)
        closed = _points(azimuth, self.meet, self.radius)
        there = _points(azimuth + across * line, self.meet + lower * line, self.radius + lift)
        delta = -self.shifted(upper, lower, across, gives)
        for loop, grip in zip(self.ring.loops, self.grip, strict=True):
            delta[loop] += grip[:, None] * (there - closed) * self.flip
        return delta


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


def _drift(body: Body, side: float) -> np.ndarray:
    """(V, 3) the skin below the eye drawn towards the nose, as the ring muscle round the eye does."""
    out = np.zeros_like(body.vertices)
    skin = body.span["skin"]
    p = body.vertices[skin] * np.array([side, 1.0, 1.0])
    weight = np.exp(-np.sum(((p - landmarks(body.shape)["under the eye"]) / [1.5, 2.0, 0.8]) ** 2, axis=1))
    out[skin, 0] = -0.06 * side * weight * JAW_DROP
    return out


def _under_eye(body: Body, side: float) -> np.ndarray:
    """(V, 3) the skin below the eye pushed up."""
    p = body.vertices * np.array([side, 1.0, 1.0])
    weight = np.exp(-np.sum(((p - landmarks(body.shape)["under the eye"]) / [1.6, 2.0, 0.9]) ** 2, axis=1))
    out = np.zeros_like(p)
    out[body.span["skin"]] = (
        weight[body.span["skin"], None] * np.array([-0.06 * side, -0.03, 0.06]) * JAW_DROP
    )
    return out


SHIFTS: dict[str, tuple[float, ...]] = {
    "eyeWide": (0.16, 0.015, 0.0),
    "eyeSquint": (-0.05, 0.13, 0.0),
    "cheekSquint": (-0.03, 0.08, 0.0),
    "mouthSmile": (-0.02, 0.06, 0.0),
    **{"eyeLook" + way: shift for way, shift in LIDS_LOOK.items()},
}
"""Radians by which the middles of the upper and the lower lid rise, and both turn outwards, in each key; and
where the cornea pushes, the cm by which their inner edge gives way."""


def _each_eye(body: Body) -> Iterator[tuple[str, float, _Lids]]:
    for name, ring, side in zip(("Left", "Right"), body.skin.eyes, (1.0, -1.0), strict=True):
        yield name, side, _Lids(body, ring, side)


def beside_lids(body: Body) -> np.ndarray:
    """(V,) 1 on the face, less towards the rims of the lids, which move on the eyeball alone."""
    out = np.ones((len(body.vertices), 1))
    for _, _, lids in _each_eye(body):
        lids.below(out)
    return out[:, 0]


def keys(body: Body) -> dict[str, np.ndarray]:
    """The fourteen eye keys, and what the lids add to cheekSquint and mouthSmile."""
    out: dict[str, np.ndarray] = {}
    for name, side, lids in _each_eye(body):
        out["eyeBlink" + name] = lids.blink() + lids.below(_drift(body, side))
        for stem, shift in SHIFTS.items():
            out[stem + name] = lids.shifted(*shift)
        pushed = lids.below(_under_eye(body, side))
        out["eyeSquint" + name] += pushed
        out["mouthSmile" + name] += 0.4 * pushed
        for way, (yaw, pitch) in LOOK.items():
            out[f"eyeLook{way}{name}"] += _turned_eyeball(body, "eyeball " + name.lower(), side, yaw, pitch)
    return out


def correctives(body: Body) -> dict[str, tuple[tuple[str, str], np.ndarray]]:
    """What keeps closed lids closed whatever else moves them: (V, 3) cm at the product of two keys."""
    return {
        f"eyeBlink{name} {stem}{name}": (
            ("eyeBlink" + name, stem + name),
            lids.kept_closed(*shift),
        )
        for name, _, lids in _each_eye(body)
        for stem, shift in SHIFTS.items()
    }
