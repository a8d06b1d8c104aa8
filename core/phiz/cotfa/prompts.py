"""Step IV: the whole as words, coarse and fine, for networks that are guided by text."""

from __future__ import annotations

from collections.abc import Sequence

from phiz.acting.direction import Direction, EmotionKey
from phiz.cotfa.muscles import DEGREES, muscle_steps
from phiz.cotfa.steps import Feeling, Prompts, Reading, UnitStep, Words


def prompts(reading: Reading, units: Sequence[UnitStep], duration: float) -> Prompts:
    """The emotion over time; and every movement in order of time, with the muscles that make it."""
    felt = sorted(
        (feeling for feeling in reading.feelings if feeling.enabled and feeling.intensity),
        key=lambda feeling: feeling.start,
    )
    coarse = "; then ".join(_felt(feeling, duration) for feeling in felt)
    steps = [step for step in muscle_steps(units) if not step.does.startswith("does not")]
    fine = "; ".join(
        f"from {step.start:.1f} to {step.end:.1f} s {step.does} ({step.muscles})" for step in steps
    )
    return Prompts(
        coarse=f"A face that speaks, {coarse}." if coarse else "A face that speaks.",
        fine=f"{fine[0].upper()}{fine[1:]}." if fine else "No movement of the face beside speech.",
    )


def prompts_of(direction: Direction, duration: float) -> Prompts:
    """The same words for a Direction that no note stands behind; `duration` in seconds.

    A key of its emotion is felt until the next; an event that ends after the recording ends with it.
    """
    none = Words(start=0, end=0, text="")
    keys: list[EmotionKey] = []
    for key in direction.emotion or ():
        if keys and key.time == keys[-1].time:
            keys.pop()
        if key.time < duration and not (keys and _says(key) == _says(keys[-1])):
            keys.append(key)
    feelings = [
        Feeling(
            mix={name: share for name, share in key.mix.items() if name != "neutral"},
            intensity=key.intensity,
            start=0.0 if i == 0 else key.time,
            end=keys[i + 1].time if i + 1 < len(keys) else duration,
            because=none,
        )
        for i, key in enumerate(keys)
        if key.mix.keys() - {"neutral"}
    ]
    units = [
        UnitStep(
            au=event.au,
            side=event.side,
            start=event.start,
            end=min(event.end, duration),
            intensity=event.intensity,
            because=none,
        )
        for event in direction.events
        if event.start < duration
    ]
    return prompts(Reading(feelings=tuple(feelings)), units, duration)


def _says(key: EmotionKey) -> tuple[dict[str, float], float]:
    return key.mix, key.intensity


def _felt(feeling: Feeling, duration: float) -> str:
    degree = next(word for least, word in reversed(DEGREES) if feeling.intensity >= least)
    mix = " and ".join(
        name if share >= 0.95 else f"{share:.0%} {name}"
        for name, share in sorted(feeling.mix.items(), key=lambda pair: -pair[1])
    )
    whole = feeling.start <= 0.0 and feeling.end >= duration
    return f"{degree} {mix}" + ("" if whole else f" from {feeling.start:.1f} to {feeling.end:.1f} s")
