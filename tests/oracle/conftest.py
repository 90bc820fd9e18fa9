"""How the oracle tests ask the catalogue: a class by its Keras name, made with Keras's arguments, applied to shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from netwright.compiler.analysis import Parameters, count_parameters
from netwright.compiler.dims import symbol
from netwright.compiler.ir import Graph, OpNode, Value
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError, Weight
from netwright.compiler.types import TensorType
from netwright.dsl.source import Source, Span

KerasShape = Sequence[int | None]
#: what is looked up by index, so that the cases mean integers
INDEXED = {"Embedding"}
_NOWHERE = Span(Source("oracle", ""), 0, 0)


class Refused(Exception):
    """The compiler does not take the call; the text says why."""


@dataclass
class Answer:
    """What the compiler says of one call: `refusal`, or all the rest. `symbols` holds the symbols that stand for
    unknown sizes, operand by operand and axis by axis."""

    refusal: str = ""
    outputs: tuple[TensorType, ...] = ()
    weights: tuple[Weight, ...] = ()
    symbols: tuple[tuple[str | None, ...], ...] = ()

    @property
    def parameters(self) -> Parameters:
        return count_parameters(self.weights)


@pytest.fixture
def ask() -> Callable[..., Answer]:
    """`ask("Conv2D", {"filters": 8, "kernel_size": 3}, [(None, 28, 28, 1)])`: the compiler's answer to a Keras call."""

    def ask(name: str, arguments: dict[str, Any], shapes: Sequence[KerasShape], dtype: str = "f32") -> Answer:
        try:
            return _apply(name, arguments, shapes, dtype)
        except Refused as refused:
            return Answer(refusal=str(refused))

    return ask


def _apply(name: str, arguments: dict[str, Any], shapes: Sequence[KerasShape], dtype: str) -> Answer:
    """Apply the operator of that Keras name; unknown sizes become symbols of their own, N for the batch."""
    op = _make(name, arguments)
    _expect_arity(op, len(shapes))
    symbols = tuple(_symbols(shape, at) for at, shape in enumerate(shapes))
    graph = Graph("oracle")
    types = [_type("i32" if name in INDEXED else dtype, *each) for each in zip(shapes, symbols, strict=True)]
    node = OpNode(op.name_in_flow, tuple(Value(each, graph) for each in types), _NOWHERE, None, op)
    try:
        inferred = op.infer(*node.operand_types())
        weights = tuple(node.weights())
    except OpError as error:
        raise Refused(error.message) from error
    outputs = inferred if isinstance(inferred, tuple) else (inferred,)
    return Answer("", outputs, weights, symbols)


def _symbols(shape: KerasShape, operand: int) -> tuple[str | None, ...]:
    """The symbols for unknown sizes: N for the batch, D12 for axis 2 of operand 1."""
    names = ("N", *(f"D{operand}{axis}" for axis in range(1, len(shape))))
    return tuple(name if size is None else None for name, size in zip(names, shape, strict=False))


def _type(dtype: str, shape: KerasShape, names: tuple[str | None, ...]) -> TensorType:
    pairs = zip(shape, names, strict=True)
    return TensorType(dtype, [symbol(name or "") if size is None else size for size, name in pairs])


def _make(name: str, arguments: dict[str, Any]) -> Op:
    cls = find_operator(name)
    assert cls is not None, f"the catalogue has no {name}"
    try:
        return cls.make(**{key: _value(value) for key, value in arguments.items()})
    except (OpError, AttributeFault, TypeError) as error:
        raise Refused(str(error)) from error


def _value(value: Any) -> Any:
    """What a spec would hold where JSON holds a list, or a layer as {"class": ..., "kwargs": ...}."""
    if isinstance(value, list):
        return tuple(map(_value, value))
    if isinstance(value, dict):
        return _make(value["class"], value["kwargs"])
    return value


def _expect_arity(op: Op, given: int) -> None:
    least = op.fewest if op.variadic else len(op.operands) - len(op.optional_operands)
    if given < least or (not op.variadic and given > len(op.operands)):
        raise Refused(f"{op.name_in_flow} does not take {given} tensors")
