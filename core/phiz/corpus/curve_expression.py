"""Sums and maxima of named curves, as publishers write their channel maps. Data, never code."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

from phiz.errors import PhizError

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+\.?\d*|\.\d+)|(?P<name>[A-Za-z_]\w*)|(?P<mark>[+*(),]))")


class CurveExpressionError(PhizError):
    """The expression is not a sum, product or max of curves and numbers, or names an unknown curve."""


def evaluate(text: str, curves: Mapping[str, np.ndarray]) -> np.ndarray:
    """Value (frames,) of an expression such as `max(a, b) + 0.5 * c` over curves of one length.

    Knows names of curves, numbers, `+`, `*`, `max(...)` and brackets. Raises CurveExpressionError.
    """
    tokens = _tokens(text)
    value, rest = _sum(tokens, curves, text)
    if rest:
        raise _error(text, f"{rest[0]!r} after its end")
    return np.asarray(value)


def _tokens(text: str) -> list[str]:
    tokens, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise _error(text, f"{text[place:].strip()[0]!r}")
        tokens.append(match.group().strip())
        place = match.end()
    return tokens


def _sum(tokens: list[str], curves: Mapping[str, np.ndarray], text: str) -> tuple[np.ndarray, list[str]]:
    value, rest = _product(tokens, curves, text)
    while rest[:1] == ["+"]:
        more, rest = _product(rest[1:], curves, text)
        value = value + more
    return value, rest


def _product(tokens: list[str], curves: Mapping[str, np.ndarray], text: str) -> tuple[np.ndarray, list[str]]:
    value, rest = _atom(tokens, curves, text)
    while rest[:1] == ["*"]:
        more, rest = _atom(rest[1:], curves, text)
        value = value * more
    return value, rest


def _atom(tokens: list[str], curves: Mapping[str, np.ndarray], text: str) -> tuple[np.ndarray, list[str]]:
    if not tokens:
        raise _error(text, "its end")
    head, rest = tokens[0], tokens[1:]
    if head == "max" and rest[:1] == ["("]:
        value, rest = _sum(rest[1:], curves, text)
        while rest[:1] == [","]:
            more, rest = _sum(rest[1:], curves, text)
            value = np.maximum(value, more)
        return value, _closed(rest, text)
    if head == "(":
        value, rest = _sum(rest, curves, text)
        return value, _closed(rest, text)
    if head[0].isdigit() or head[0] == ".":
        return np.array(float(head), np.float32), rest
    if head in curves:
        return curves[head], rest
    raise _error(text, repr(head))


def _closed(tokens: list[str], text: str) -> list[str]:
    if tokens[:1] != [")"]:
        raise _error(text, repr(tokens[0]) if tokens else "its end")
    return tokens[1:]


def _error(text: str, came: str) -> CurveExpressionError:
    return CurveExpressionError(
        f"expected sums, products and max(...) of known curves in {text!r}, came {came}"
    )
