"""Looks over the takes of a folder: what is wrong with each, in plain words, as a table and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from phiz.audio import recording
from phiz.audio.aligned import ENCODER_FPS
from phiz.audio.mel import RATE, paired_log_mel
from phiz.audio.phones import PHONES
from phiz.audio.recording import Recording, RecordingError
from phiz.motion import livelink
from phiz.motion.measures import aperture
from phiz.motion.take import Take, TakeError, load
from phiz.runtime.bundle import Bundle
from phiz.runtime.listen import encode
from phiz.train.takes.curve_checks import clock_findings, curve_findings, live_channels, mirrored_takes
from phiz.train.takes.findings import Finding
from phiz.train.takes.pairs import Pair
from phiz.train.takes.sound_checks import sound_findings
from phiz.train.takes.synchrony import Synchrony, synchrony

OPENNESS = len(PHONES) + 3  # place in the features of the encoder: `phiz.model.phone_encoder.LIPS`
_SILENCE = PHONES.index("SIL")

SYNCHRONOUS = 0.025
"""Seconds of lag that pass as none: three quarters of a frame, and what synchronous faces differ by."""
CORRECTED = 0.3
"""The longest lag that is corrected: what cameras and microphones need. More is two recordings that were
started one after the other."""
UNRELATED, LOOSE = 0.3, 0.5
"""Agreement of mouth and sound below which they do not belong together, and below which they may not. A
stranger's sound reaches .2 to .3, captured faces .82 to .85 (FACEGOOD)."""
_WANDER = 0.08  # s between the lags of a take's parts
_SPARE = 0.5  # s by which curves and sound may differ in length
_RATES = [(said, true) for said in (24, 25, 30, 60) for true in (24, 25, 30, 60) if said != true]


@dataclass(frozen=True)
class Checked:
    """One pair as it was found. take and sound: None where they could not be read; the sound is shifted
    already where its lag was corrected. live (54,) bool: channels and head angles that move."""

    pair: Pair
    findings: tuple[Finding, ...]
    take: Take | None = None
    sound: Recording | None = None
    synchrony: Synchrony | None = None
    live: np.ndarray | None = None

    @property
    def usable(self) -> bool:
        return self.take is not None and all(finding.level != "error" for finding in self.findings)

    def and_found(self, finding: Finding) -> Checked:
        return replace(self, findings=(*self.findings, finding))

    def as_dict(self) -> dict[str, Any]:
        known: dict[str, Any] = {}
        if self.take is not None and self.sound is not None:
            known |= {"fps": self.take.fps, "seconds": self.take.seconds, "sound_seconds": self.sound.seconds}
        if self.synchrony is not None:
            known |= {"lag": self.synchrony.lag, "agreement": self.synchrony.agreement}
        return {
            "take": self.pair.name,
            "curves": self.pair.curves.name,
            "sound": self.pair.sound.name,
            "usable": self.usable,
            **{name: round(float(value), 4) for name, value in known.items()},
            "findings": [vars(finding) for finding in self.findings],
        }


def check(
    pairs: Sequence[Pair], bundle: Bundle, progress: Callable[[float], None] | None = None
) -> list[Checked]:
    """Look over every pair; the bundle's encoder says what is heard. A take that cannot be used is no error
    here: its findings say so."""
    out = []
    for number, pair in enumerate(pairs):
        out.append(_check(pair, bundle))
        if progress is not None:
            progress((number + 1) / len(pairs))
    read = [i for i, checked in enumerate(out) if checked.take is not None]
    for place, alike in mirrored_takes([take for c in out if (take := c.take) is not None]):
        text = (
            f"left and right are the mirror of what the other takes have (likeness {alike:.2f}); was the "
            "picture mirrored?"
        )
        out[read[place]] = out[read[place]].and_found(
            Finding("mirrored", "warning", text, {"likeness": alike})
        )
    return out


def _check(pair: Pair, bundle: Bundle) -> Checked:
    findings: list[Finding] = []
    try:
        if pair.curves.suffix.lower() == ".csv":
            findings += clock_findings(livelink.read_lines(pair.curves))
        take = load(pair.curves)
    except TakeError as error:
        return Checked(pair, (*findings, Finding("curves", "error", str(error))))
    try:
        sound = recording.load(pair.sound)
    except RecordingError as error:
        return Checked(pair, (*findings, Finding("sound", "error", str(error))))
    heard = np.square(encode(paired_log_mel(sound.samples), bundle))  # (n, features) at 50 fps
    speaking = heard[:, _SILENCE] < 0.5
    about_sound = sound_findings(sound.samples, speaking)
    findings += about_sound
    openness = heard[:, OPENNESS]
    times = np.arange(take.frames) / take.fps * ENCODER_FPS
    open_mouth = (np.interp(times, np.arange(len(openness)), openness) > 0.5)[times < len(openness)]
    about_curves = curve_findings(take, open_mouth)
    findings += about_curves
    found = None
    if all(finding.level != "error" for finding in (*about_sound, *about_curves)):
        findings += (lengths := _lengths(take, sound))
        found = synchrony(aperture(take.weights), take.fps, openness, ENCODER_FPS)
        about_lag = [] if any(f.code == "rate" for f in lengths) else _lag_findings(found)
        findings += about_lag
        if any(finding.code == "lag" and finding.level == "remark" for finding in about_lag):
            sound = shifted(sound, found.lag)
    return Checked(pair, tuple(findings), take, sound, found, live_channels(take))


def shifted(sound: Recording, lag: float) -> Recording:
    """The recording begun so much later (lag above 0) or earlier, to the sample."""
    count = round(lag * RATE)
    samples = np.pad(sound.samples, (count, 0)) if count > 0 else sound.samples[-count:]
    return Recording(samples, sound.source)


def _lengths(take: Take, sound: Recording) -> list[Finding]:
    curves, heard = take.seconds, sound.seconds
    if abs(curves - heard) <= max(_SPARE, 0.005 * heard):
        return []
    numbers = {"curves": curves, "sound": heard}
    for said, true in _RATES:
        if abs(curves / heard * said / true - 1) < 0.01:
            text = (
                f"the curves last {curves:.1f} s and the sound {heard:.1f} s: their frame rate is wrong "
                f"(it looks like {said} for {true})"
            )
            return [Finding("rate", "error", text, numbers)]
    text = f"the curves last {curves:.1f} s and the sound {heard:.1f} s; what they share is used"
    return [Finding("lengths", "warning", text, numbers)]


def _lag_findings(found: Synchrony) -> list[Finding]:
    lag, numbers = found.lag, {"lag": found.lag, "agreement": found.agreement, "wander": found.wander}
    if found.agreement < UNRELATED:
        text = (
            f"the mouth does not follow this recording (agreement {found.agreement:.2f}, of a synchronous "
            "capture .8); is it the sound of another take?"
        )
        return [Finding("unrelated", "error", text, numbers)]
    out = []
    if found.agreement < LOOSE:
        text = f"the mouth follows the sound loosely (agreement {found.agreement:.2f}, usually .8)"
        out.append(Finding("loose", "warning", text, numbers))
    if found.wander > _WANDER:
        first, last = found.pieces[0, 1], found.pieces[-1, 1]
        text = (
            f"the lag is not constant: {1000 * first:+.0f} ms at first and {1000 * last:+.0f} ms at last; "
            "frames were lost unseen, or the clocks of sound and curves run apart (29.97 against 30?)"
        )
        out.append(Finding("drift", "error", text, numbers))
    elif abs(lag) > CORRECTED:
        way = "late" if lag > 0 else "early"
        cut = "curves" if lag > 0 else "recording"
        text = f"the mouth is {abs(lag):.2f} s {way}; cut so much off the beginning of the {cut}"
        out.append(Finding("lag", "error", text, numbers))
    elif abs(lag) > SYNCHRONOUS:
        way = "follows" if lag > 0 else "leads"
        text = f"the mouth {way} the sound by {1000 * abs(lag):.0f} ms throughout; corrected"
        out.append(Finding("lag", "remark", text, numbers))
    return out


def show(checked: Sequence[Checked], alone: Sequence[str], console: Console) -> None:
    """A line for each take, and below them all that was found."""
    table = Table("take", "seconds", "fps", "lag ms", "agreement", "used", "found")
    colours = {"error": "red", "warning": "yellow", "remark": "dim"}
    for one in checked:
        known = ("", "", "", "")
        if one.take is not None:
            lag = ("", "")
            if one.synchrony is not None:
                lag = (f"{1000 * one.synchrony.lag:+.0f}", f"{one.synchrony.agreement:.2f}")
            known = (f"{one.take.seconds:.1f}", f"{one.take.fps:g}", *lag)
        said = "\n".join(
            f"[{colours[f.level]}]{f.level}: {escape(f.text)}[/]" for f in one.findings
        ) or "nothing"  # fmt: skip
        table.add_row(escape(one.pair.name), *known, "yes" if one.usable else "[red]no[/]", said)
    console.print(table)
    for remark in alone:
        console.print(f"left out: {remark}", markup=False, highlight=False, soft_wrap=True)


def as_json(checked: Sequence[Checked], alone: Sequence[str], folder: Path) -> dict[str, Any]:
    """The same for a program."""
    return {"folder": folder.name, "takes": [one.as_dict() for one in checked], "left_out": list(alone)}
