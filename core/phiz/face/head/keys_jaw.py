"""Keys of the jaw and the tongue: the jaw turns about its joint; chin, lower lip, teeth and tongue follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from phiz.face.head.anatomy import Body, Points
from phiz.face.head.fields import JAW_DROP, push, round_mouth, step, under
from phiz.face.head.proportions import Proportions

CORNER = 0.43  # how far the corners of the mouth go with the jaw
ROUND = 0.65  # of the lower lip in the open mouth: 1 is an ellipse, less is squarer, more is pointed
FLAT = 0.05  # by which the lower lip's middle stays behind, so that it hangs in no point
SLIDING = 2.0  # in place of ROUND and of its like above where the jaw slides: the lips' corners go as one
MEETING = 0.10  # where the lips meet under mouthClose, from the upper lip (0) to the open lower one (1)


def follow(q: Points, bend: float = ROUND, above_bend: float = 1.2) -> np.ndarray:
    """(V,) how far the skin goes with the jaw: 0 on the upper face, .45 at the corners, 1 at the chin."""
    y, z = q.place.T[1:]
    above, below = np.maximum(q.side, 0.0) ** above_bend, np.maximum(-q.side, 0.0) ** bend
    weight = CORNER * (1 - above) ** 1.4 + (1 - CORNER) * below - FLAT * under(q) ** 3 * round_mouth(q, 0.5)
    rear = 1 - step(y, -5.8, 1.5)
    neck = step(z, -13.0, -9.8)
    neck = np.where(y < -5.5, 1 - (1 - neck) * step(y, -7.5, -5.5), neck)
    return weight * rear * neck * step(z, -1.5, -5.0)


def turned(place: np.ndarray, shape: Proportions, angle: float) -> np.ndarray:
    """(V, 3) displacement by a rotation about the jaw's joint that lowers the chin."""
    y0, z0 = shape.jaw_hinge
    y, z = place[:, 1] - y0, place[:, 2] - z0
    c, s = np.cos(angle), np.sin(angle)
    return np.stack([np.zeros_like(y), c * y - s * z - y, s * y + c * z - z], -1)


def keys(body: Body, q: Points) -> dict[str, np.ndarray]:
    """jawOpen, jawForward, jawLeft, jawRight, mouthClose, tongueOut."""
    shape = body.shape
    out: dict[str, np.ndarray] = {}
    skin = body.span["skin"]
    weight = np.zeros(len(body.vertices))
    weight[skin] = follow(q)[skin]
    rigid = [body.span["teeth lower"], body.span["tongue"]]
    for part in rigid:
        weight[part] = 1.0
    swing = turned(body.vertices, shape, shape.jaw_open)
    narrow = q.beside * round_mouth(q, 0.7) * q.follows
    narrow[skin.stop :] = 0.0
    out["jawOpen"] = weight[:, None] * swing + push(narrow, -9, 0, 0)

    # mouthClose undoes, along the same swing, what parts the lips, so that equal weights always meet
    fade = np.exp(-((q.away / 0.62) ** 2)) * q.follows
    close = np.zeros(len(body.vertices))
    close[skin] = ((_meeting_weight(q) - follow(q)) * fade)[skin]
    out["mouthClose"] = close[:, None] * swing

    ahead = np.zeros(len(body.vertices))
    ahead[skin] = (follow(q, SLIDING, SLIDING) * step(q.place[:, 1], 0.0, -6.0))[skin]
    for part in rigid:
        ahead[part] = 1.0
    out["jawForward"] = push(ahead, 0, -5, 36)
    out["jawLeft"] = push(ahead, 30, 0, 1)
    out["jawRight"] = push(ahead, -30, 0, 1)
    out["tongueOut"] = _tongue_out(body, q, out["jawOpen"])
    return out


def _lip_weight(q: Points, sign: float) -> np.ndarray:
    """(V,) `follow` on the slit's lower (-1) or upper (1) edge at the same place along the mouth."""
    return follow(replace(q, away=np.zeros_like(q.away), side=sign * np.abs(q.side)))


def _meeting_weight(q: Points) -> np.ndarray:
    """(V,) the share of the jaw's swing at which both lips meet."""
    upper, lower = _lip_weight(q, 1.0), _lip_weight(q, -1.0)
    return upper + MEETING * (lower - upper)


def _tongue_out(body: Body, q: Points, opened: np.ndarray) -> np.ndarray:
    """The tongue slides forward over the lower lip and bends down; the jaw makes room for it."""
    delta = 0.42 * opened
    part = body.span["tongue"]
    y = body.vertices[part, 1]
    t = 1 - (y - y.min()) / (y.max() - y.min())  # 1 at the tip
    delta[part, 1] -= 4.2 * t
    delta[part, 2] += 0.82 * np.sin(np.pi * t) - 0.62 * t**4
    skin = body.span["skin"]
    lower = (under(q) * round_mouth(q, 0.4) * q.follows)[:, None] * np.array([0.0, -0.1, -0.12]) * JAW_DROP
    delta[skin] += lower[skin]
    return delta
