"""The JSON schema of a Direction: `python -m phiz.acting.schema > docs/direction.schema.json`."""

from __future__ import annotations

import json
from typing import Any

from phiz.acting.direction import SHOWABLE, Direction
from phiz.face.action_units import ACTION_UNITS
from phiz.face.emotions import EMOTIONS


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of what `Direction` reads, with the emotions and the units that can be shown.

    That an event ends after it starts, and on which sides its unit can be shown, stands in words alone.
    """
    made = Direction.model_json_schema()
    made["description"] = "Acting notes for one recording, which Phiz turns into face animation."
    parts = made["$defs"]
    for part in parts.values():
        part["description"] = " ".join(part["description"].split())
    parts["EmotionKey"]["properties"]["mix"]["propertyNames"] = {"enum": list(EMOTIONS)}
    event = parts["AUEvent"]["properties"]
    event["au"] |= {
        "enum": list(SHOWABLE),
        "description": "; ".join(f"{number} {ACTION_UNITS[number].name}" for number in SHOWABLE),
    }
    event["side"]["description"] = "; ".join(
        f"{allowed} alone: {', '.join(numbers)}"
        for allowed, numbers in (("B", _with_sides("B")), ("L or R", _with_sides("L", "R")))
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | made


def _with_sides(*sides: str) -> list[str]:
    """Numbers of the units that can be shown on just these sides."""
    return [str(unit.number) for unit in ACTION_UNITS.values() if unit.sides == sides]


if __name__ == "__main__":
    print(json.dumps(schema(), indent=2))
