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
    (make("nansum", axis=1), [TensorType("i8", (N, T))], "i32[N]"),
    (make("quantile", q=(0.25, 0.5), axis=1), [f32(N, T)], "f32[2, N]"),
    (make("percentile", q=(50,), keepdims=True), [f32(N, T)], "f32[1, 1, 1]"),
    (make("ops.average", axis=1), [f32(N, T, D), TensorType("f16", (T,))], "f32[N, D]"),
    (make("diff", n=2, axis=1), [f32(N, T)], "f32[N, T - 2]"),
    (make("trapezoid", axis=0), [i32(N, T)], "f32[T]"),
    (make("correlate"), [f32(T), f32(3)], "f32[T - 2]"),
    (make("correlate", mode="same"), [f32(T), f32(N)], "f32[max(N, T)]"),
    (make("correlate", mode="full"), [f32(T), f32(3)], "f32[T + 2]"),
    (make("vander"), [f32(N)], "f32[N, N]"),
    (make("searchsorted"), [f32(8), f32(N)], "i32[N]"),
    (make("isin"), [i32(N, T), i32(5)], "bool[N, T]"),
    (make("hstack"), [f32(N, T), f32(N, 3)], "f32[N, T + 3]"),
    (make("vstack"), [f32(N, T), f32(D, T)], "f32[D + N, T]"),
    (make("dstack"), [f32(T), f32(T)], "f32[1, T, 2]"),
    (make("append"), [f32(N, T), i32(5)], "f32[N*T + 5]"),
    (make("append", axis=0), [f32(N, T), f32(5, T)], "f32[N + 5, T]"),
    (make("hsplit", indices_or_sections=2), [f32(2 * T)], "f32[T], f32[T]"),
    (make("dsplit", indices_or_sections=(1,)), [f32(N, T, D)], "f32[N, T, 1], f32[N, T, D - 1]"),
    (make("array_split", indices_or_sections=2, axis=1), [f32(N, T)], "f32[N, (T + 1)//2], f32[N, T//2]"),
    (make("meshgrid"), [f32(T), f32(D)], "f32[D, T], f32[D, T]"),
    (make("meshgrid", indexing="ij"), [i32(T), i32(D)], "i32[T, D], i32[T, D]"),
    (make("unravel_index", shape=(3, 4)), [i32(N)], "i32[N], i32[N]"),
    (make("rot90", axes=(1, -1)), [f32(N, T, D)], "f32[N, D, T]"),
    (make("rot90", k=2), [f32(N, T)], "f32[N, T]"),
    (make("diag", k=-1), [f32(T)], "f32[T + 1, T + 1]"),
    (make("diag"), [f32(N, T)], "f32[min(N, T)]"),
    (make("diagflat"), [f32(2, T)], "f32[2*T, 2*T]"),
    (make("trace"), [TensorType("u8", (T, T, N))], "u32[N]"),
    (make("view", dtype="i8"), [f32(N, 3)], "i8[N, 12]"),
    (make("vdot"), [f32(N, 2), f32(2 * N)], "f32[]"),
    (make("kron"), [f32(N, 2), f32(3, T)], "f32[3*N, 2*T]"),
    (make("inner"), [f32(N, D), f32(T, D)], "f32[N, T]"),
    (make("cross"), [f32(N, 3), f32(2)], "f32[N, 3]"),
    (make("cross", axis=0), [f32(2, N), f32(2, N)], "f32[N]"),
    (make("kaiser", x=8, beta=2.0), [], "f32[8]"),
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
    (make("nanmedian"), [i32(N)], "dtype-mismatch", 0),
    (make("ptp"), [bool_(N)], "dtype-mismatch", 0),
    (make("quantile", q=()), [f32(N)], "invalid-argument", "q"),
    (make("nanquantile", q=(0.5,)), [f32(N)], "invalid-argument", "q"),
    (make("percentile", q=5, axis=()), [f32(N)], "invalid-argument", "axis"),
    (make("ops.average", axis=1), [f32(N, 3), f32(4)], "shape-mismatch", 1),
    (make("ops.average"), [f32(N, 3), f32(3)], "rank-mismatch", 1),
    (make("diff", n=3), [f32(N, 3)], "impossible-size", "n"),
    (make("trapezoid", x=(0, 1)), [f32(N, 3)], "shape-mismatch", "x"),
    (make("trapezoid", axis=-2), [f32(N, 3)], "invalid-argument", "axis"),
    (make("correlate"), [f32(2), f32(3)], "impossible-size", 1),
    (make("correlate"), [f32(2), i32(2)], "dtype-mismatch", 1),
    (make("searchsorted"), [f32(N), f32(2)], "unknown-size", 0),
    (make("searchsorted"), [f32(4), i32(2)], "dtype-mismatch", 1),
    (make("hstack"), [f32(N), f32(N)], "rank-mismatch", 0),
    (make("vstack"), [f32(2, 3), f32(2, 4)], "shape-mismatch", 1),
    (make("append"), [f32(N), NumberType.of(1)], "dtype-mismatch", 1),
    (make("dsplit", indices_or_sections=2), [f32(N, 4)], "rank-mismatch", 0),
    (make("array_split", indices_or_sections=4), [f32(3)], "impossible-size", "indices_or_sections"),
    (make("meshgrid"), [f32(3), i32(3)], "dtype-mismatch", 1),
    (make("unravel_index", shape=(3, 4)), [i32(N, 2)], "rank-mismatch", 0),
    (make("rot90", axes=(0, -2)), [f32(N, T)], "invalid-argument", "axes"),
    (make("diag", k=3), [f32(3, 3)], "impossible-size", "k"),
    (make("trace", offset=3), [f32(3, 3)], "impossible-size", "offset"),
    (make("view", dtype="i32"), [TensorType("i8", (N, 3))], "impossible-size", "dtype"),
    (make("view", dtype="i8"), [f32()], "rank-mismatch", "dtype"),
    (make("slogdet"), [f32(3, 4)], "shape-mismatch", 0),
    (make("vdot"), [f32(3), f32(4)], "shape-mismatch", None),
    (make("kron"), [f32(3), f32(4, 2)], "rank-mismatch", 1),
    (make("inner"), [f32(N, 3), f32(4)], "shape-mismatch", None),
    (make("cross"), [f32(N, 3), f32(4)], "shape-mismatch", 1),
]


@pytest.mark.parametrize(("op", "operands", "code", "at"), REFUSED)
def test_refusals(op: Op, operands: list[TensorType], code: str, at: str | int | None) -> None:
    with pytest.raises(OpError) as caught:
        op.infer(*operands)
    assert (caught.value.code, caught.value.at) == (code, at)
