"""The backend itself."""

from __future__ import annotations

from phiz.cotfa.trace import Trace


class Rules:
    """Reads notes by grammar and lexicon. Deterministic."""

    name = "rules"

    def think(self, text: str, duration: float, context: str = "") -> Trace:
        return Trace(text=text, duration=duration, backend=self.name, context=context)
