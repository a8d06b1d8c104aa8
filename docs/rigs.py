"""Write the tables of rigs.md anew, from `phiz.face.names` and `phiz.face.missing`: `python docs/rigs.py`."""

from __future__ import annotations

import re
from pathlib import Path

from phiz.face.channels import CHANNELS
from phiz.face.missing import losses, short
from phiz.face.names import Convention, conventions, formula

PAGE = Path(__file__).with_name("rigs.md")
_DETAILED = 20
"""A convention with so many keys of their own has a column in the table of channels."""


def page(text: str) -> str:
    """The text of rigs.md with what stands between its markers made from the data."""
    for name, table in (("conventions", _conventions()), ("channels", _channels()), ("mixed", _mixed()),
                        ("losses", _losses()), ("unconfirmed", _unconfirmed())):  # fmt: skip
        mark = f"<!-- {name} -->"
        text = re.sub(f"{mark}.*?<!-- end -->", f"{mark}\n{table}\n<!-- end -->", text, flags=re.DOTALL)
    return text


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, tuple("---" for _ in head), *rows))


def _conventions() -> str:
    rows = [(f"**{c.name}**", _code(c.example.split(", ")), c.about, c.source) for c in conventions()]
    return _table(("naming", "for example", "what it is", "where its names were read"), rows)


def _channels() -> str:
    shown = [c for c in conventions() if len(c.tables["keys"]) >= _DETAILED and c.name != "ARKit"]
    rows = [
        (f"`{channel}`", *(_code(_keys_of(convention, channel)) for convention in shown))
        for channel in CHANNELS
    ]
    return _table(("ARKit", *(c.name for c in shown)), rows)


def _keys_of(convention: Convention, channel: str) -> list[str]:
    """The keys that show a channel and nothing else; one of them with the side it needs."""
    found = []
    for kind in ("keys", "parts"):
        for pattern, text in convention.tables[kind].items():
            for side in ("Left", "Right"):
                key, said = pattern.replace("#", side[0]), text.replace("#", side)
                if said == channel and key not in found:
                    found.append(key)
    return found


def _mixed() -> str:
    rows = []
    for convention in conventions():
        for kind in ("both", "visemes", "last"):
            grouped: dict[str, list[str]] = {}
            for key, text in convention.tables[kind].items():
                grouped.setdefault(text, []).append(key)
            if convention.name != "ARKit":
                rows += [(convention.name, _code(keys), _said(text)) for text, keys in grouped.items()]
    return _table(("naming", "key", "follows"), rows)


def _said(text: str) -> str:
    """A formula with a mirrored pair of one share written once."""
    terms = dict(formula(text))
    words: list[tuple[float, str]] = []
    for channel, share in terms.items():
        stem = channel.removesuffix("Left").removesuffix("Right")
        if terms.get(f"{stem}Left") == share == terms.get(f"{stem}Right"):
            if channel.endswith("Left"):
                words.append((2 * share, f"{stem} (mean of both sides)"))
        else:
            words.append((share, channel))
    signed = [f"{'-' if share < 0 else '+'} {_number(abs(share))}{name}" for share, name in words]
    return " ".join(signed).removeprefix("+ ")


def _number(share: float) -> str:
    return "" if share == 1 else f"{share:g} x "


def _losses() -> str:
    rows = [(short(loss.channels), loss.weight, loss.said) for loss in losses(CHANNELS)]
    return _table(("without", "weighs on", "what is lost"), rows)


def _unconfirmed() -> str:
    said = [
        f"{c.name} {_code([key.replace('#', 'L') for key in c.unconfirmed])}"
        for c in conventions()
        if c.unconfirmed
    ]
    return "; ".join(said) + "."


def _code(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "-"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
