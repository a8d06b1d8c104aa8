"""The acting options of `phiz generate`, there and in Blender, as a Direction."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from phiz.errors import PhizError

if TYPE_CHECKING:
    from phiz.acting.direction import AUEvent, Direction

_EVENT_FORM = "AU[L|R|B][:INTENSITY]@START-END"
_EVENT = re.compile(r"(\d+)([LRB]?)(?::([^@:-]+))?@([^@:-]+)-([^@:-]+)")


class OptionError(PhizError):
    """Acting options that exclude each other, or an event that cannot be understood."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command; those not given are None, `au` an empty list."""
    notes = parser.add_argument_group("acting")
    notes.add_argument(
        "--emotion",
        metavar="NAME",
        help="neutral, angry, contempt, disgusted, fear, happy, sad or surprised (default: heard in the "
        "voice where the bundle can, else neutral)",
    )
    notes.add_argument("--intensity", type=float, metavar="X", help="of the emotion, 0 to 1 (default 1)")
    notes.add_argument(
        "--au",
        action="append",
        default=[],
        metavar="EVENT",
        help="an Action Unit over a span of seconds, AU[L|R|B][:INTENSITY]@START-END: 12:0.8@1.0-2.5 raises "
        "the lip corners, 2L@3-4 the left outer brow, fully; intensity 0 keeps a unit off; once per event",
    )
    notes.add_argument(
        "--direction",
        type=Path,
        metavar="FILE.json",
        help="acting notes over time; --au adds to them, --style and --seed go before what stands in them",
    )
    notes.add_argument("--style", metavar="NAME", help="a style of the model bundle")
    notes.add_argument(
        "--style-from",
        type=Path,
        metavar="FILE",
        help="talk like this take: .npz, .json, or .csv of Live Link Face; goes before any style by name",
    )
    notes.add_argument("--seed", type=int, metavar="N", help="another seed, another performance (default 0)")
    notes.add_argument(
        "--articulation",
        type=_number(1.0),
        metavar="X",
        help="how firmly lips close on p, b, m and meet the teeth on f, v, whatever the acting; 0 to 1 "
        "(default 1)",
    )
    notes.add_argument(
        "--control",
        type=_number(math.inf),
        metavar="X",
        help="how firmly Action Unit events are followed, 0 up (default 1)",
    )


def _number(most: float) -> Callable[[str], float]:
    """A parser of numbers from 0 to `most`."""
    wanted = "0 or more" if most == math.inf else f"0 to {most:g}"

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0.0 <= value <= most or value == math.inf:
            raise argparse.ArgumentTypeError(f"expected a number, {wanted}, got {text}")
        return value

    return number


def direction(args: argparse.Namespace) -> tuple[Direction, list[str]]:
    """The acting notes of the options, and what of them was not taken word for word, a line each.

    Raises DirectionError or OptionError.
    """
    from phiz.acting.direction import Direction

    if args.style is not None and args.style_from is not None:
        raise OptionError("--style and --style-from exclude each other. Give one.")
    remarks: list[str] = []
    events = [_event(text, remarks) for text in args.au]
    given = {name: value for name in ("style", "seed") if (value := getattr(args, name)) is not None}
    if args.direction is not None:
        if args.emotion is not None or args.intensity is not None:
            raise OptionError("--emotion and --intensity exclude --direction, which holds both. Give one.")
        notes = Direction.from_file(args.direction)
    elif args.emotion is not None:
        notes = Direction.of(args.emotion, 1.0 if args.intensity is None else args.intensity)
    elif args.intensity is not None:
        raise OptionError("--intensity needs --emotion: it says how strongly that one shows.")
    else:
        notes = Direction()
    return Direction(**(notes.model_dump() | {"events": (*notes.events, *events)} | given)), remarks


def _event(text: str, remarks: list[str]) -> AUEvent:
    """The event that one --au writes; a unit that has no sides is shown on both, and that is said.

    Raises OptionError.
    """
    from pydantic import ValidationError

    from phiz.acting.direction import AUEvent, in_one_line
    from phiz.face.action_units import ACTION_UNITS

    parts = _EVENT.fullmatch(text.replace(" ", "").upper())
    if parts is None:
        raise OptionError(f"--au expects {_EVENT_FORM}, such as 12:0.8@1.0-2.5 or 2L@3-4; got {text}.")
    names = ("au", "side", "intensity", "start", "end")
    fields = {name: part for name, part in zip(names, parts.groups(), strict=True) if part}
    unit = ACTION_UNITS.get(int(fields["au"]))
    if unit is not None and unit.sides == ("B",) and fields.get("side", "B") != "B":
        fields["side"] = "B"
        remarks.append(f"--au {text}: AU {unit.number} has no side of its own; shown on both")
    try:
        return AUEvent.model_validate(fields)
    except ValidationError as error:
        raise OptionError(f"--au {text}: {in_one_line(error, AUEvent)}") from error
