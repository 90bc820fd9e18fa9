"""Owns the newcomer's form of a body: a list of layers, each as flow text or as a one-key mapping, becomes a
chain. Knows no operator."""

from __future__ import annotations

from netwright.dsl.diagnostics import Diagnostic
from netwright.dsl.nodes import Items, Map, Node, Scalar
from netwright.dsl.parser import parse_body, parse_stage
from netwright.dsl.reading import Reading
from netwright.dsl.source import Span
from netwright.dsl.tree import Argument, Attribute, Body, Call, Chain, Expr, Name, Sequence
from netwright.dsl.values import read_value


def read_body(reading: Reading, node: Node, operands: tuple[Name, ...]) -> Body | None:
    """A body given as flow text or as a list of stages, which `operands` flow into."""
    if not isinstance(node, Items):
        return reading.flow(node, parse_body)
    span = reading.span(node)
    stages = [stage for item in node.items for stage in _stages(reading, item, operands)]
    return Body(span, (), Chain(span, (*_start(operands), *stages)))


def _start(operands: tuple[Name, ...]) -> tuple[Expr, ...]:
    if len(operands) < 2:
        return operands
    return (Sequence(operands[0].span.to(operands[-1].span), "tuple", operands),)


def _stages(reading: Reading, node: Node, operands: tuple[Name, ...]) -> tuple[Expr, ...]:
    """The stages of one item; an item that is a chain has several."""
    if isinstance(node, Map):
        return tuple(_call(reading, key, value) for key, value in reading.pairs(node) if reading.usable(node))
    stage = reading.flow(node, parse_stage)
    if isinstance(stage, Chain):
        first = stage.stages[0]
        if isinstance(first, Name) and any(first.id == operand.id for operand in operands):
            reading.found.add(_flows_by_itself(first))
        return stage.stages
    return () if stage is None else (stage,)


def _flows_by_itself(name: Name) -> Diagnostic:
    message = f"`{name.id}` flows into a list of layers by itself"
    help = f"leave `{name.id} ->` out, or write the body as text: `|` after the key, and chains below it"
    return Diagnostic("not-a-layer", message, name.span, help=help)


def _call(reading: Reading, key: Scalar, value: Node) -> Expr:
    span = Span(reading.source, key.start, value.end)
    return Call(span, _operator(reading, key), _arguments(reading, value))


def _operator(reading: Reading, key: Scalar) -> Expr:
    """`block`, or `alias.block` of a used spec."""
    span = reading.span(key)
    base, dot, name = key.text.partition(".")
    if not dot:
        return Name(span, base)
    at = span.start + (key.style != "") + len(base)
    places = Span(reading.source, at - len(base), at), Span(reading.source, at + 1, at + 1 + len(name))
    return Attribute(span, Name(places[0], base), name, places[1])


def _arguments(reading: Reading, value: Node) -> tuple[Argument, ...]:
    if isinstance(value, Map):
        return tuple(_keyword(reading, key, node) for key, node in reading.pairs(value))
    if isinstance(value, Scalar) and value.value is None:
        return ()
    return (Argument(reading.span(value), None, read_value(reading, value)),)


def _keyword(reading: Reading, key: Scalar, value: Node) -> Argument:
    span = Span(reading.source, key.start, value.end)
    return Argument(span, key.text, read_value(reading, value))
