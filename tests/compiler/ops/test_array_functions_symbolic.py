"""Functions of keras.ops as NumPy has them, with symbolic sizes: shapes, dtypes and refusals. (The first of them:
`test_tensor_functions_symbolic.py`; all against Keras: `tests/oracle/test_tensor_functions.py`.)"""

from __future__ import annotations

from typing import Any

import pytest

from netwright.compiler.dims import symbol
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import NumberType, TensorType

N, T, D = map(symbol, "NTD")


def make(name: str, **attributes: Any) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**attributes)


def f32(*shape: Any) -> TensorType:
    return TensorType("f32", shape)


def i32(*shape: Any) -> TensorType:
    return TensorType("i32", shape)


def bool_(*shape: Any) -> TensorType:
    return TensorType("bool", shape)


SHAPES: list[tuple[Op, list[TensorType], str]] = [
    (make("hypot"), [f32(N, T), i32(T)], "f32[N, T]"),
    (make("allclose"), [f32(N, T), f32(T)], "bool[]"),
    (make("bitwise_left_shift"), [TensorType("i8", (N,)), NumberType.of(2)], "i8[N]"),
    (make("fmod"), [bool_(N), bool_(N)], "i32[N]"),
]


@pytest.mark.parametrize(("op", "operands", "expected"), SHAPES)
def test_symbolic_shapes(op: Op, operands: list[TensorType], expected: str) -> None:
    inferred = op.infer(*operands)
    assert ", ".join(map(str, inferred if isinstance(inferred, tuple) else (inferred,))) == expected


REFUSED: list[tuple[Op, list[TensorType], str, str | int | None]] = [
    (make("exp2"), [TensorType("f16", (N,))], "dtype-mismatch", 0),
    (make("i0"), [TensorType("bf16", (N,))], "dtype-mismatch", 0),
    (make("hypot"), [f32(N), NumberType.of(2)], "dtype-mismatch", 1),
    (make("fmod"), [TensorType("f16", (N,)), NumberType.of(0.5)], "dtype-mismatch", None),
    (make("ldexp"), [f32(N), bool_(N)], "dtype-mismatch", 1),
    (make("gcd"), [i32(N), f32(N)], "dtype-mismatch", 1),
    (make("bitwise_and"), [i32(N), NumberType.of(2)], "dtype-mismatch", 1),
    (make("bitwise_right_shift"), [bool_(N), NumberType.of(2)], "dtype-mismatch", None),
    (make("lcm"), [i32(N), bool_(N)], "dtype-mismatch", 1),
]


@pytest.mark.parametrize(("op", "operands", "code", "at"), REFUSED)
def test_refusals(op: Op, operands: list[TensorType], code: str, at: str | int | None) -> None:
    with pytest.raises(OpError) as caught:
        op.infer(*operands)
    assert (caught.value.code, caught.value.at) == (code, at)
