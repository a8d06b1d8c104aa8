"""What a check found: plain words for a person, a code and numbers for a program."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Level = Literal["error", "warning", "remark"]
"""error: the take is not learnt from. warning: it is, and will teach the fault. remark: good to know."""


@dataclass(frozen=True)
class Finding:
    """One thing said of a take. code: one word; numbers: JSON values."""

    code: str
    level: Level
    text: str
    numbers: dict[str, Any] = field(default_factory=dict)


def listed(names: list[str], most: int = 5) -> str:
    """Names for a sentence, the first few of many."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")
