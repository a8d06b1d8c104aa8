"""What a face without some channels loses, for an animator: in speech, in expression, in detail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from phiz.face.channels import CHANNELS, mirrored

SPEECH, EXPRESSION, DETAIL = "speech", "expression", "detail"


@dataclass(frozen=True)
class Loss:
    """channels: those missing, in the order of CHANNELS. weight: SPEECH, EXPRESSION or DETAIL. said: what
    is not seen without them."""

    channels: tuple[str, ...]
    weight: str
    said: str


_LOSSES: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (("jawOpen",), SPEECH, "the mouth does not open"),
    (("mouthFunnel", "mouthPucker"), SPEECH, "o, u, w and sh are not rounded"),
    (("mouthClose",), SPEECH, "the jaw shuts for p, b and m, instead of the lips alone"),
    (("mouthStretchLeft", "mouthStretchRight"), SPEECH, "ee and s are not spread"),
    (("mouthRollLower", "mouthRollUpper"), SPEECH, "f and v do not touch the teeth, p, b and m are soft"),
    (("mouthPressLeft", "mouthPressRight"), SPEECH, "p, b and m are not pressed"),
    (
        ("mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft", "mouthUpperUpRight"),
        SPEECH,
        "the teeth stay hidden in s, t and ee",
    ),
    (("mouthShrugLower", "mouthShrugUpper"), DETAIL, "the chin and the lips are not pushed up"),
    (("eyeBlinkLeft", "eyeBlinkRight"), EXPRESSION, "the eyes never blink"),
    (("mouthSmileLeft", "mouthSmileRight"), EXPRESSION, "no smile"),
    (("mouthFrownLeft", "mouthFrownRight"), EXPRESSION, "the corners of the mouth never sink"),
    (("browInnerUp",), EXPRESSION, "no worry or sadness in the brows"),
    (("browDownLeft", "browDownRight"), EXPRESSION, "no anger in the brows"),
    (("browOuterUpLeft", "browOuterUpRight"), EXPRESSION, "no surprise in the brows"),
    (("eyeWideLeft", "eyeWideRight"), EXPRESSION, "the eyes never widen in fear or surprise"),
    (("eyeSquintLeft", "eyeSquintRight"), DETAIL, "the lids do not narrow"),
    (("cheekSquintLeft", "cheekSquintRight"), DETAIL, "a smile does not reach the cheeks"),
    (("noseSneerLeft", "noseSneerRight"), EXPRESSION, "no disgust at the nose"),
    (("mouthDimpleLeft", "mouthDimpleRight"), DETAIL, "no contempt in one corner of the mouth"),
    (("mouthLeft", "mouthRight"), DETAIL, "the mouth stays in the middle"),
    (("jawForward", "jawLeft", "jawRight"), DETAIL, "the jaw only opens"),
    (("cheekPuff",), DETAIL, "the cheeks never puff"),
    (
        tuple(name for name in CHANNELS if name.startswith("eyeLook")),
        DETAIL,
        "the gaze does not move, unless the eyes go to bones",
    ),
)


def losses(missing: Iterable[str]) -> tuple[Loss, ...]:
    """What is lost without these channels, the gravest first; every channel stands in exactly one Loss."""
    gone = set(missing)
    found = [
        Loss(tuple(name for name in CHANNELS if name in group and name in gone), weight, said)
        for group, weight, said in _LOSSES
        if gone.intersection(group)
    ]
    return tuple(sorted(found, key=lambda loss: (SPEECH, EXPRESSION, DETAIL).index(loss.weight)))


def short(channels: Iterable[str]) -> str:
    """Names for a line of text; a mirrored pair in one: "eyeBlink (both sides), jawOpen"."""
    named = tuple(channels)
    words = []
    for name in named:
        stem = name.removesuffix("Left").removesuffix("Right")
        if mirrored(name) == name or mirrored(name) not in named or stem in ("jaw", "mouth"):
            words.append(name)
        elif name.endswith("Left"):
            words.append(f"{stem} (both sides)")
    return ", ".join(words)
