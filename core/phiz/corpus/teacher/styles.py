"""Named manners of speaking. The index into STYLES is what the model learns its style vectors by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """Gains of one manner of speaking; 1 is an ordinary speaker.

    jaw, lips, rounding: articulation. press: how hard closures press. floor: lip gap (of jawOpen 1)
    that open sounds keep at least. brow, head, gaze: activity. blinks: per minute.
    mood: gain of the emotion's pose (not of its label).
    """

    jaw: float = 1.0
    lips: float = 1.0
    rounding: float = 1.0
    press: float = 1.0
    floor: float = 0.095
    brow: float = 1.0
    head: float = 1.0
    gaze: float = 1.0
    blinks: float = 14.0
    mood: float = 1.0


TAUGHT: dict[str, Style] = {
    "plain": Style(),
    "subtle": Style(jaw=0.72, lips=0.8, rounding=0.85, press=0.8, floor=0.085, brow=0.5, head=0.55, gaze=0.8,
                    blinks=11.0, mood=0.8),
    "lively": Style(jaw=1.12, lips=1.15, rounding=1.1, press=1.1, floor=0.10, brow=1.7, head=1.6, gaze=1.3,
                    blinks=19.0, mood=1.05),
    "broad": Style(jaw=1.35, lips=1.25, rounding=1.25, press=1.3, floor=0.11, brow=1.1, head=1.0, mood=1.0),
    "mumbling": Style(jaw=0.55, lips=0.6, rounding=0.7, press=0.6, floor=0.08, brow=0.4, head=0.6, gaze=0.9,
                      blinks=16.0, mood=0.85),
    "theatrical": Style(jaw=1.25, lips=1.3, rounding=1.35, press=1.4, floor=0.11, brow=2.2, head=2.0,
                        gaze=1.4, blinks=12.0, mood=1.15),
}  # fmt: skip

CAPTURED = ("facegood", "livelink")
"""Styles whose motion was captured, not taught; the teacher cannot perform them."""

STYLES: tuple[str, ...] = (*TAUGHT, *CAPTURED)

CHANCE: dict[str, float] = {
    "plain": 0.34, "subtle": 0.14, "lively": 0.18, "broad": 0.14, "mumbling": 0.08, "theatrical": 0.12,
}  # fmt: skip
"""How often each style is drawn when the caller names none."""
