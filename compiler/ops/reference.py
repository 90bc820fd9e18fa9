"""Owns what the catalogue says of itself: the page of one operator as data, read from its class. How a page is printed
is the command line's affair."""

from __future__ import annotations

from netwright.compiler.ops.attributes import Attribute
from netwright.compiler.ops.declared import Declared
from netwright.compiler.ops.op import Op
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.values import show
from netwright.dsl.records import record


@record
class AttributeLine:
    """One attribute: `default` as a spec writes it, '' where it must be given; `expected` in words."""

    name: str
    default: str
    expected: str
    choices: tuple[str, ...]
    at_call: bool


@record
class OperatorPage:
    """An operator or configuration object. `signature` is how flow writes it, with all defaults; `keras` where Keras
    has it ('layers.Dense'), '' if it has not; `formula` the docstring on one line; `left_out` parameters of Keras that
    specs do not have, and why."""

    name: str
    keras: str
    aliases: tuple[str, ...]
    signature: str
    formula: str
    attributes: tuple[AttributeLine, ...]
    left_out: tuple[tuple[str, str], ...]


def describe(cls: type[Declared]) -> OperatorPage:
    """The page of a catalogue class."""
    attributes = cls.attributes().values()
    inside = ", ".join(map(_signature_part, (item for item in attributes if not item.call)))
    return OperatorPage(
        name=cls.name_in_flow,
        keras="" if issubclass(cls, WrittenLayer) else cls.keras,
        aliases=getattr(cls, "aliases", ()),
        signature=f"{_operands(cls)}{cls.name_in_flow}({inside})",
        formula=" ".join((cls.__doc__ or "").split()),
        attributes=tuple(map(_line, attributes)),
        left_out=tuple(cls.excluded.items()),
    )


def _operands(cls: type[Declared]) -> str:
    if not issubclass(cls, Op):
        return ""
    if cls.variadic:
        return "(x1, x2, ...) -> "
    names = [f"{name}?" if name in cls.optional_operands else name for name in cls.operands]
    if not names:
        return ""
    return f"{names[0]} -> " if len(names) == 1 else f"({', '.join(names)}) -> "


def _signature_part(attribute: Attribute) -> str:
    return attribute.name if attribute.required else f"{attribute.name}={show(attribute.default)}"


def _line(attribute: Attribute) -> AttributeLine:
    refused = filter(None, (check(-1) for check in attribute.checks))  # what no check of the catalogue lets pass
    return AttributeLine(
        name=attribute.name,
        default="" if attribute.required else show(attribute.default),
        expected=": ".join([attribute.type.expected, *refused]),
        choices=attribute.choices,
        at_call=attribute.call,
    )
