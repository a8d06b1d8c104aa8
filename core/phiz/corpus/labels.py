"""Phone labels of other inventories, turned into Phiz phones that cover a clip without gaps.

A labelled stretch is `(start, end, phone)` in seconds. A stop is one phone from the start of its
closure to the end of its aspiration, as forced aligners and speech synthesisers mark it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from phiz.audio.phones import INDEX
from phiz.errors import PhizError

Phone = tuple[float, float, str]


class UnknownLabelError(PhizError):
    """A phone label that no table here knows."""


_SILENCE = frozenset({"", "SIL", "PAU", "SSIL", "H#", "BRTH", "#", "_", "SP", "+NOISE+", "+BREATH+", "<SIL>"})
_ARPABET_EXTRA = {
    "AX": "AH", "AXR": "ER", "IX": "IH", "UX": "UW", "EL": "L", "EM": "M", "EN": "N", "ENG": "NG",
    "DX": "D", "NX": "N", "HV": "HH", "WH": "W",
}  # fmt: skip

# The label set of EmoDB, after its own label files. Vowels that end in 6 or @ glide to a schwa.
_EMODB = {
    "I": "IH", "i": "IY", "a": "AA", "A": "AA", "E": "EH", "e": "EY", "@": "AH", "6": "AH", "U": "UH",
    "u": "UW", "o": "OW", "O": "AO", "y": "UE", "Y": "UE", "9": "UE", "2": "UE",
    "aI": "AY", "aU": "AW", "aO": "AW", "ao": "AW", "AU": "AW", "AO": "AW", "OY": "OY", "OU": "OW",
    "i6": "IY AH", "I6": "IH AH", "i@": "IY AH", "I@": "IH AH", "ia": "IY AH", "E6": "EH AH",
    "Y6": "UE AH", "@6": "AH", "a6": "AA", "@E": "EH",
    "p": "P", "b": "B", "B": "B", "m": "M", "f": "F", "v": "V", "V": "V",
    "t": "T", "d": "D", "D": "DH", "n": "N", "s": "S", "ss": "S", "z": "Z", "S": "SH", "l": "L", "L": "L",
    "k": "K", "g": "G", "G": "G", "N": "NG", "NN": "NG", "j": "Y", "h": "HH", "H": "HH",
    "C": "X", "x": "X", "X": "X", "R": "X", "4": "X",  # r is a uvular sound here, without rounding
    ".": "SIL", "(": "SIL", "(gef": "SIL",  # pauses, some of them filled with breath
}  # fmt: skip
_EMODB_STOPS = frozenset("pbtdkg")

EMODB_EMOTIONS = {
    "anger": "angry", "happiness": "happy", "sadness": "sad", "fear": "fear", "disgust": "disgusted",
    "boredom": "neutral", "neutral": "neutral",
}  # fmt: skip


def arpabet(label: str) -> str:
    """The Phiz phone of an ARPAbet label of any case, with or without a stress digit.

    Raises UnknownLabelError.
    """
    name = label.strip().upper().rstrip("0123456789")
    if name in INDEX:
        return name
    if name in _SILENCE:
        return "SIL"
    if name in _ARPABET_EXTRA:
        return _ARPABET_EXTRA[name]
    raise UnknownLabelError(
        f"expected an ARPAbet label, got {label!r}; add it to corpus/labels.py if it is a sound"
    )


def cover(phones: Iterable[Phone], seconds: float) -> list[Phone]:
    """The phones in order, cut to 0..seconds, with silence wherever nothing was labelled.

    Neighbouring silences become one; a stretch shorter than a millisecond is left to its neighbour.
    """
    out: list[Phone] = []

    def add(start: float, end: float, name: str) -> None:
        if out and name == "SIL" == out[-1][2]:
            out[-1] = (out[-1][0], end, name)
        else:
            out.append((start, end, name))

    now = 0.0
    for start, end, name in phones:
        start, end = max(start, now), min(end, seconds)
        if end - start < 1e-3:
            continue
        if start - now >= 1e-3:
            add(now, start, "SIL")
        else:
            start = now
        add(start, end, name)
        now = end
    if seconds - now >= 1e-3 or not out:
        add(now, seconds, "SIL")
    else:
        out[-1] = (out[-1][0], seconds, out[-1][2])
    return out


def from_arpabet(segments: Sequence[Sequence], seconds: float) -> list[Phone]:
    """Covering phones from `[start, end, ARPAbet]` segments. Raises UnknownLabelError."""
    return cover(((float(s), float(e), arpabet(name)) for s, e, name in segments), seconds)


def from_emodb(segments: Sequence[Sequence], seconds: float) -> list[Phone]:
    """Covering phones from EmoDB's `[start, end, label]` segments. Raises UnknownLabelError.

    A plain stop (`p`, or `_p` at the start of an utterance) is the closure, `!p` the burst, `pasp`
    the aspiration: all of them one phone. A mark of voice quality (`+nas`, `-sth`) stretches the
    phone before it; a glottal stop belongs to the vowel after it.
    """
    out: list[Phone] = []
    glottal: float | None = None  # where a glottal stop began
    for start, end, raw in segments:
        start, end = float(start), float(end)
        label = raw if raw[0] in "+-" else raw.replace("-", "+").split("+")[0]
        if label.startswith(("+", "-", "[")) or label in ("hoe", "!"):
            if out:
                out[-1] = (out[-1][0], end, out[-1][2])
            continue
        if label == "?":
            glottal = start
            continue
        core = label.lstrip("!_")
        core = core.removesuffix("asp") or core
        continues = label != core and not label.startswith("_")
        name = _EMODB.get(core)
        if name is None or (label != core and core not in _EMODB_STOPS):
            raise UnknownLabelError(f"expected a label of EmoDB, got {raw!r}; add it to corpus/labels.py")
        if continues and out and out[-1][2] == name:
            out[-1] = (out[-1][0], end, name)
            continue
        if glottal is not None:
            start, glottal = glottal, None
        parts = name.split()
        for i, part in enumerate(parts):
            width = (end - start) / len(parts)
            out.append((start + i * width, start + (i + 1) * width, part))
    return cover(out, seconds)
