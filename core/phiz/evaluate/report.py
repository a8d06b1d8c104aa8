"""What was scored, set beside what it must reach: as numbers for a file and as tables for a person."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from phiz.writing import whole_file

Scores = Mapping[str, Mapping[str, Mapping[str, Any]]]  # system -> set -> {"pooled", "sources", ...}


@dataclass(frozen=True)
class Bar:
    """What a figure must reach: at least `low` and at most `high`. measure: key of the pooled scores."""

    set: str
    measure: str
    label: str
    low: float = -math.inf
    high: float = math.inf

    @property
    def text(self) -> str:
        if math.isinf(self.high):
            return f"≥ {self.low:g}"
        return f"≤ {self.high:g}" if math.isinf(self.low) else f"{self.low:g} to {self.high:g}"

    def met(self, figure: float | None) -> bool | None:
        """None where there is no figure."""
        if figure is None or math.isnan(figure):
            return None
        return bool(self.low <= figure <= self.high)


BARS: tuple[Bar, ...] = (
    Bar("real", "closure_hit", "/p b m/ closed within ±40 ms", low=0.90),
    Bar("real", "closure_inside", "/p b m/ closed inside the phone", low=0.80),
    Bar("real", "closure_vowels", "vowel middles closed", high=0.05),
    Bar("noise", "closure_hit", "/p b m/ within ±40 ms, 15 dB noise and room", low=0.75),
    Bar("ked", "closure_hit", "/p b m/ within ±40 ms, synthetic voice", low=0.92),
    Bar("real", "labiodental_hit", "/f v/ lip at the teeth within ±40 ms", low=0.85),
    Bar("real", "rounding_auc", "rounding AUC /w uw ow oy/", low=0.87),
    Bar("real", "openness_rank", "vowel openness rank", low=0.70),
    Bar("real", "silence_leak", "aperture change per frame in pauses", high=0.01),
    Bar("real", "energy_above_8hz_ratio", "energy above 8 Hz, of the teacher's", low=0.8, high=1.2),
)

BESIDE: tuple[tuple[str, str], ...] = (
    ("closure_limit", "closure threshold (gap)"),
    ("closure_at_zero", "other consonants at gap 0"),
    ("labiodental_inside", "/f v/ inside the phone"),
    ("silence_leak_inner", "same, 100 ms off each end of the pause"),
    ("energy_ratio", "energy above 0.5 Hz, of the teacher's"),
    ("roughness_ratio", "|second difference|, of the teacher's"),
    ("lag_ms", "aperture behind loudness, ms"),
    ("lve_mm2", "LVE to the teacher, mm²"),
    ("fdd_mm", "FDD to the teacher, mm"),
)

NOTES: tuple[str, ...] = (
    "The model learned from the teacher's motion. Circular, being measured against the teacher: energy "
    "ratios, roughness ratio, LVE, FDD.",
    "Partly circular: labiodental, rounding, openness and silence use channels that the teacher's rules set; "
    "the phones they are timed by are not the teacher's.",
    "Closure: the teacher shapes its closures by the lip gap of this same head, so how deep they are is "
    "circular; when they come is not, for the model hears a voice and the phones are the recording's.",
    "The teacher is given the true phones: its figures are a ceiling. LVE of the teacher is between two of "
    "its own draws.",
    "Rhubarb: cues of the held-out English clips only, on fixed poses with 80 ms fades; compare it with "
    "source en_single_speaker. Phones of the real recordings come from forced alignment (emodb: by hand).",
    "A threshold is set per system and set, and anew for each source's own row.",
)


def save(report: Mapping[str, Any], path: Path) -> None:
    """Write the report as JSON, whole or not at all; what could not be measured is null."""
    with whole_file(path) as stream:
        stream.write(json.dumps(_without_nan(report), indent=1, ensure_ascii=False).encode())


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value


def verdicts(scores: Scores, system: str) -> list[dict[str, Any]]:
    """Each bar with the system's figure and whether it is met (None: not measured)."""
    out = []
    for bar in BARS:
        figure = _figure(scores, system, bar.set, bar.measure)
        out.append(
            {
                "set": bar.set,
                "measure": bar.measure,
                "bar": bar.text,
                "figure": figure,
                "met": bar.met(figure),
            }
        )
    return out


def show(scores: Scores, seeds: Mapping[str, Any], console: Console) -> None:
    """Print bars with every system's figure, then what stands beside them, then each source's closure."""
    systems = list(scores)
    table = Table(title="What it must reach", title_justify="left")
    for heading in ("set", "measure", "bar"):
        table.add_column(heading)
    for system in systems:
        table.add_column(system, justify="right")
    for bar in BARS:
        cells = []
        for system in systems:
            figure = _figure(scores, system, bar.set, bar.measure)
            met = bar.met(figure)
            word = "" if met is None else ("[green]ok[/]" if met else "[red]short[/]")
            cells.append(f"{_number(figure)} {word}".strip())
        table.add_row(bar.set, bar.label, bar.text, *cells)
    table.add_section()
    for name in sorted({name for by_set in scores.values() for name in by_set}):
        for measure, label in BESIDE:
            figures = [_figure(scores, system, name, measure) for system in systems]
            if any(figure is not None for figure in figures):
                table.add_row(name, label, "", *map(_number, figures))
    console.print(table)

    sources = Table(
        title="Closure by source: ±40 ms / inside / vowel middles (number of /p b m/)", title_justify="left"
    )
    for heading in ("set", "source", *systems):
        sources.add_column(heading)
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for system, by_set in scores.items():
        for name, entry in by_set.items():
            for source, s in entry["sources"].items():
                figures = " / ".join(_number(s[f"closure_{key}"]) for key in ("hit", "inside", "vowels"))
                rows.setdefault((name, source), {})[system] = f"{figures} ({s['closure_bilabials']})"
    for (name, source), cells in sorted(rows.items()):
        sources.add_row(name, source, *(cells.get(system, "") for system in systems))
    console.print(sources)
    for title, entry in seeds.items():
        console.print(f"{title}: " + ", ".join(f"{key} {_number(value)}" for key, value in entry.items()))
    for note in NOTES:
        console.print(f"[dim]{note}[/]")


def _figure(scores: Scores, system: str, name: str, measure: str) -> float | None:
    value = scores.get(system, {}).get(name, {}).get("pooled", {}).get(measure)
    return None if value is None or math.isnan(value) else value


def _number(value: float | None) -> str:
    if value is None or math.isnan(value):
        return ""
    if value != 0 and abs(value) < 0.1:
        return f"{value:.4f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
