"""Expressions of several Action Units, as FACS describes them, at intensities that read well in speech."""

from __future__ import annotations

from dataclasses import dataclass

from phiz.acting.direction import AUEvent

Move = tuple[int, str, float]
"""Action Unit, side, intensity 0 to 1."""


@dataclass(frozen=True)
class Preset:
    """moves: what it is made of. seconds: how long it usually lasts. source: who describes it so."""

    name: str
    moves: tuple[Move, ...]
    seconds: float
    source: str = ""

    @property
    def formula(self) -> str:
        """As FACS writes it: `6+12`, with the side behind the number."""
        return "+".join(f"{au}{'' if side == 'B' else side}" for au, side, _ in self.moves)

    def events(self, start: float) -> tuple[AUEvent, ...]:
        """Its events from a second of the recording on."""
        return tuple(
            AUEvent.model_validate(
                {"au": au, "side": side, "start": start, "end": start + self.seconds, "intensity": intensity}
            )
            for au, side, intensity in self.moves
        )


_EMFACS = "Ekman, Friesen and Hager, FACS Investigator's Guide (2002)"

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset("Felt smile", ((6, "B", 0.6), (12, "B", 0.7)), 2.0, "Ekman, Davidson and Friesen (1990)"),
        Preset("Polite smile", ((12, "B", 0.45),), 1.5),
        Preset("Smirk", ((12, "L", 0.6), (14, "L", 0.4)), 1.5),
        Preset("Held-back smile", ((12, "B", 0.5), (14, "B", 0.4), (24, "B", 0.4)), 1.5, "Keltner (1995)"),
        Preset("Embarrassment", ((12, "B", 0.4), (24, "B", 0.4), (64, "B", 0.7)), 2.0, "Keltner (1995)"),
        Preset("Brow flash", ((1, "B", 0.8), (2, "B", 0.8)), 0.4, "Eibl-Eibesfeldt (1972)"),
        Preset("Raised brows", ((1, "B", 0.6), (2, "B", 0.6)), 1.2),
        Preset("Doubt", ((2, "L", 0.8), (4, "R", 0.5), (14, "R", 0.3)), 1.5),
        Preset("Facial shrug", ((1, "B", 0.5), (2, "B", 0.6), (15, "B", 0.6), (17, "B", 0.6)), 0.9),
        Preset("Concentration", ((4, "B", 0.5), (7, "B", 0.4)), 2.0, "Darwin (1872)"),
        Preset("Grief", ((1, "B", 0.8), (4, "B", 0.5), (15, "B", 0.6), (17, "B", 0.5)), 2.0, _EMFACS),
        Preset("Surprise", ((1, "B", 0.8), (2, "B", 0.8), (5, "B", 0.6), (26, "B", 0.6)), 0.8, _EMFACS),
        Preset(
            "Fear", ((1, "B", 0.8), (2, "B", 0.6), (4, "B", 0.6), (5, "B", 0.8), (20, "B", 0.6)), 1.5, _EMFACS
        ),
        Preset("Anger", ((4, "B", 0.9), (5, "B", 0.5), (7, "B", 0.7), (23, "B", 0.6)), 1.8, _EMFACS),
        Preset("Disgust", ((9, "B", 0.7), (10, "B", 0.6), (17, "B", 0.5)), 1.5, _EMFACS),
        Preset("Contempt", ((12, "L", 0.3), (14, "L", 0.7)), 1.5, _EMFACS),
        Preset(
            "Pain", ((4, "B", 0.8), (6, "B", 0.7), (7, "B", 0.7), (10, "B", 0.6), (43, "B", 0.8)), 1.5,
            "Prkachin and Solomon (2008)",
        ),
        Preset("Wink", ((46, "L", 1.0),), 0.4),
        Preset("Pressed lips", ((24, "B", 0.7),), 1.0),
        Preset("Pout", ((17, "B", 0.6), (22, "B", 0.3)), 1.5),
    )
}  # fmt: skip
"""By name, in the order of a menu."""
