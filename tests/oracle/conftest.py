"""How the oracle tests ask the catalogue: a class by its Keras name, made with Keras's arguments, applied to shapes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from netwright.compiler.analysis import Parameters, count_parameters
from netwright.compiler.dims import symbol
from netwright.compiler.ir import Graph, OpNode, Value, each_tensor
from netwright.compiler.ops.assumptions import suppositions
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.initializers import expect_fillable
from netwright.compiler.ops.op import Op, OpError, Tensors, Weight
from netwright.compiler.ops.regularizers import expect_trainable
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
    unknown sizes, operand by operand and axis by axis; `not_run_on` the engines that do not run it; `supposed` what the
    rule took for granted of the symbols."""

    refusal: str = ""
    outputs: tuple[TensorType, ...] = ()
    weights: tuple[Weight, ...] = ()
    symbols: tuple[tuple[str | None, ...], ...] = ()
    not_run_on: tuple[str, ...] = ()
    supposed: tuple[str, ...] = ()

    @property
    def parameters(self) -> Parameters:
        return count_parameters(self.weights)


@pytest.fixture
def ask() -> Callable[..., Answer]:
    """`ask("Conv2D", {"filters": 8, "kernel_size": 3}, [(None, 28, 28, 1)])`: the compiler's answer to a Keras call."""
    return answer_of


def answer_of(
    name: str,
    arguments: dict[str, Any],
    shapes: Sequence[KerasShape],
    dtype: str | Sequence[str] = "f32",
    tensors: dict[str, Tensors] | None = None,
) -> Answer:
    """The compiler's answer. `dtype` is that of all operands, or one for each; `tensors` are those given by keyword."""
    try:
        return _apply(name, arguments, shapes, dtype, tensors or {})
    except Refused as refused:
        return Answer(refusal=str(refused))


def _apply(
    name: str,
    arguments: dict[str, Any],
    shapes: Sequence[KerasShape],
    dtype: str | Sequence[str],
    tensors: dict[str, Tensors],
) -> Answer:
    """Apply the operator of that Keras name; unknown sizes become symbols of their own, N for the batch."""
    op = _make(name, arguments)
    _expect_arity(op, len(shapes))
    symbols = tuple(_symbols(shape, at) for at, shape in enumerate(shapes))
    graph = Graph("oracle")
    dtypes = ["i32" if name in INDEXED else dtype] * len(shapes) if isinstance(dtype, str) else dtype
    types = map(_type, dtypes, shapes, symbols)
    values = tuple(Value(each, graph) for each in types)
    keywords = {key: each_tensor(given, lambda type: Value(type, graph)) for key, given in tensors.items()}
    node = OpNode(op.name_in_flow, values, _NOWHERE, None, op, tuple(keywords.items()))
    suppositions()  # those of a case before
    try:
        inferred = op.infer(*node.operand_types(), **node.keyword_types())
        weights = tuple(node.weights())
        for weight in weights:
            expect_fillable(op, weight)
        expect_trainable(op, weights, inferred if isinstance(inferred, tuple) else (inferred,))
    except OpError as error:
        raise Refused(error.message) from error
    outputs = inferred if isinstance(inferred, tuple) else (inferred,)
    return Answer("", outputs, weights, symbols, op.not_run_on, suppositions())


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
