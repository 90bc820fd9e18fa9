"""Owns how plain YAML becomes expressions: scalars, lists, mappings, and `= expression`. Knows no key."""

from __future__ import annotations

from netwright.dsl.nodes import Items, Map, Node, Scalar
from netwright.dsl.parser import parse_expression
from netwright.dsl.reading import Reading
from netwright.dsl.tree import Entry, Expr, Literal, Mapping, Sequence


def read_value(reading: Reading, node: Node) -> Expr:
    """The expression for a node as it stands; text with a leading `=` is flow. What cannot be read, and so is
    reported, becomes none."""
    span = reading.span(node)
    if not reading.usable(node):
        return Literal(span, None)
    if isinstance(node, Scalar):
        if not is_expression(node):
            return Literal(span, node.value)
        return reading.flow(node, parse_expression, start=1) or Literal(span, None)
    if isinstance(node, Items):
        return Sequence(span, "list", tuple(read_value(reading, item) for item in node.items))
    return Mapping(span, read_entries(reading, node))


def read_entries(reading: Reading, node: Node) -> tuple[Entry, ...]:
    """`name: value` for every pair of a mapping."""
    return tuple(Entry(reading.span(key), key.text, read_value(reading, value)) for key, value in reading.pairs(node))


def is_expression(node: Node) -> bool:
    return isinstance(node, Scalar) and isinstance(node.value, str) and node.text[:1] == "="


def read_flow(reading: Reading, node: Node) -> Expr:
    """The flow expression that a text is; none where it cannot be read."""
    return reading.flow(node, parse_expression) or Literal(reading.span(node), None)


def read_flows(reading: Reading, node: Node) -> Sequence:
    """A list of flow expressions; one alone may stand without the list."""
    items = tuple(read_flow(reading, item) for item in reading.scalars(node))
    return Sequence(reading.span(node), "list", items)


def read_flow_by_name(reading: Reading, node: Map) -> Mapping:
    entries = (Entry(reading.span(key), key.text, read_flow(reading, value)) for key, value in reading.pairs(node))
    return Mapping(reading.span(node), tuple(entries))
