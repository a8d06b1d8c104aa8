# pyright: reportAttributeAccessIssue=false, reportMissingImports=false
# bpy ships no type information
"""A stand-in for Blender's UILayout, which draws nothing and checks everything.

Icons, properties, operators and their arguments, menus and lists have to exist in the running Blender; what
is drawn is kept for the test to look at. Blender itself only prints a warning into a console nobody reads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import bpy

_NESTS = {"row", "column", "box", "split", "column_flow", "grid_flow"}
_UI = bpy.types.UILayout.bl_rna


@dataclass
class Drawn:
    """What was drawn: texts of labels, operators with their arguments, properties, progress bars."""

    labels: list[str] = field(default_factory=list)
    operators: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    properties: list[str] = field(default_factory=list)
    progress: list[float] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All labels in one, as they read over several lines."""
        return " ".join(self.labels)

    def has(self, operator: str) -> bool:
        return any(name == operator for name, _ in self.operators)


class CheckingLayout:
    """Bears the methods of UILayout that Phiz draws with; AssertionError where Blender would complain."""

    def __init__(self, drawn: Drawn | None = None) -> None:
        object.__setattr__(self, "drawn", drawn or Drawn())

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in _UI.properties, f"UILayout has no {name}"
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        if name in _NESTS:
            return lambda **given: self._nested(name, given)
        raise AssertionError(f"drawn with UILayout.{name}, which this test does not know")

    def _nested(self, name: str, given: dict[str, Any]) -> CheckingLayout:
        _check_arguments(name, given)
        return CheckingLayout(self.drawn)

    def label(self, **given: Any) -> None:
        _check_arguments("label", given)
        self.drawn.labels.append(given.get("text", ""))

    def separator(self, **given: Any) -> None:
        _check_arguments("separator", given)

    def progress(self, **given: Any) -> None:
        _check_arguments("progress", given)
        assert 0.0 <= given["factor"] <= 1.0
        self.drawn.progress.append(given["factor"])

    def prop(self, data: Any, name: str, **given: Any) -> None:
        _check_arguments("prop", given)
        if name.startswith('["'):
            assert name[2:-2] in data, f"{data!r} has no custom property {name}"
        else:
            _property(data, name)
        self.drawn.properties.append(name)

    def prop_search(self, data: Any, name: str, source: Any, among: str, **given: Any) -> None:
        _check_arguments("prop_search", given)
        assert _property(data, name).type in {"STRING", "POINTER"}
        assert _property(source, among).type == "COLLECTION"
        self.drawn.properties.append(name)

    def operator(self, name: str, **given: Any) -> _Arguments:
        _check_arguments("operator", given)
        arguments = _Arguments(name)
        self.drawn.operators.append((name, arguments.__dict__))
        return arguments

    def operator_menu_enum(self, name: str, chosen: str, **given: Any) -> None:
        _check_arguments("operator_menu_enum", given)
        for item in _Arguments(name)._type.properties[chosen].enum_items:
            setattr(self.operator(name), chosen, item.identifier)

    def menu(self, name: str, **given: Any) -> None:
        _check_arguments("menu", given)
        draw(getattr(bpy.types, name), bpy.context, self)

    def template_list(
        self, kind: str, _id: str, data: Any, items: str, active: Any, index: str, **given: Any
    ) -> None:
        _check_arguments("template_list", given)
        assert _property(active, index).type == "INT"
        assert _property(data, items).type == "COLLECTION"
        rows = getattr(bpy.types, kind)
        for item in getattr(data, items):
            rows.draw_item(_bound(rows, self), bpy.context, self, data, item, 0, active, index)


class _Arguments:
    """What an operator's button is given; each has to be a property of the operator, and fit it."""

    def __init__(self, name: str) -> None:
        module, _, own = name.partition(".")
        assert own in dir(getattr(bpy.ops, module)), f"there is no operator {name}"
        object.__setattr__(self, "_type", getattr(getattr(bpy.ops, module), own).get_rna_type())

    def __setattr__(self, name: str, value: Any) -> None:
        known = self._type.properties
        assert name in known, f"{self._type.identifier} has no property {name}"
        if known[name].type == "ENUM" and known[name].enum_items:
            assert value in known[name].enum_items, f"{value} is no {name} of {self._type.identifier}"
        self.__dict__[name] = value


def draw(cls: Any, context: Any, layout: CheckingLayout | None = None) -> Drawn | None:
    """Draw a panel or a menu as Blender would; None where its poll hides it."""
    if hasattr(cls, "poll") and not cls.poll(context):
        return None
    layout = layout or CheckingLayout()
    cls.draw(_bound(cls, layout), context)
    return layout.drawn


def explained(cls: Any) -> Iterator[str]:
    """The properties of a registered class that have no tooltip."""
    for known in cls.bl_rna.properties:
        if known.identifier in cls.__annotations__ and not known.description and known.type != "COLLECTION":
            yield f"{cls.__name__}.{known.identifier}"


def _bound(cls: Any, layout: CheckingLayout) -> Any:
    """What a class's own methods see as `self`: Blender alone can make the real one."""

    class Self:
        def __getattr__(self, name: str) -> Any:
            found = getattr(cls, name)
            return found.__get__(self) if callable(found) else found

    bound = Self()
    bound.layout = layout
    return bound


def _property(data: Any, name: str) -> Any:
    assert name in data.bl_rna.properties, f"{data!r} has no property {name}"
    return data.bl_rna.properties[name]


def _check_arguments(function: str, given: dict[str, Any]) -> None:
    known = _UI.functions[function].parameters
    assert set(given) <= set(known.keys()), f"{function} takes no {set(given) - set(known.keys())}"
    icon = given.get("icon", "NONE")
    assert icon in _UI.functions["prop"].parameters["icon"].enum_items, f"there is no icon {icon}"
