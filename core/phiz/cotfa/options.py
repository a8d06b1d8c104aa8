"""Who reads a note, as options of the command line."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from phiz.errors import PhizError

if TYPE_CHECKING:
    from phiz.cotfa.backends import Backend


class ReaderError(PhizError):
    """Options that do not go with the backend, or one that it needs."""


# The options that each backend takes, and those that it needs.
_SETTINGS = {"rules": (), "openai": ("server", "model"), "transformers": ("model", "face")}
_NEEDED = {"openai": ("server", "model"), "transformers": ("model",)}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options to a command; those not given are None."""
    group = parser.add_argument_group("who reads the note (docs/language_models.md)")
    group.add_argument(
        "--backend",
        choices=tuple(_SETTINGS),
        default="rules",
        help="rules (default): a grammar, at once and offline; openai: a language model behind a server; "
        "transformers: one in a folder",
    )
    group.add_argument(
        "--server",
        metavar="URL",
        help="openai: address such as http://localhost:11434/v1, to which the note goes; an API key, where "
        "one is needed, is read from the environment's PHIZ_API_KEY",
    )
    group.add_argument("--model", metavar="NAME", help="openai: the model's name; transformers: its folder")
    group.add_argument("--face", metavar="PICTURE", help="transformers: the face, for a model that sees")


def reader(args: argparse.Namespace) -> Backend:
    """The backend that was asked for. Raises ReaderError, BackendError."""
    from phiz.cotfa.backends import backend

    given = {
        name: value for name in ("server", "model", "face") if (value := getattr(args, name)) is not None
    }
    for name in given:
        if name not in _SETTINGS[args.backend]:
            may = [other for other, names in _SETTINGS.items() if name in names]
            raise ReaderError(f"--{name} goes with --backend {' or '.join(may)}, not with {args.backend}.")
    for name in _NEEDED.get(args.backend, ()):
        if name not in given:
            raise ReaderError(f"--backend {args.backend} needs --{name}. See --help.")
    return backend(args.backend, **given)
