"""Tensor functions with symbolic sizes: shapes, dtypes of numbers beside tensors, refusals, costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netwright.compiler.dims import evaluate, symbol
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import NumberType, TensorType

N, T, S, H, D = map(symbol, "NTSHD")


def make(name: str, **attributes: Any) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**attributes)


def f32(*shape: Any) -> TensorType:
    return TensorType("f32", shape)


def infer(name: str, *operands: TensorType, **attributes: Any) -> str:
    inferred = make(name, **attributes).infer(*operands)
    return ", ".join(map(str, inferred)) if isinstance(inferred, tuple) else str(inferred)


def refusal(call: Callable[[], Any]) -> OpError:
    with pytest.raises(OpError) as caught:
        call()
    return caught.value


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: infer("mean", f32(N, T, D), axis=1), "f32[N, D]"),
        (lambda: infer("sum", f32(N, T, D), axis=(0, -1), keepdims=True), "f32[1, T, 1]"),
        (lambda: infer("cumsum", f32(N, T)), "f32[N*T]"),
        (lambda: infer("matmul", f32(N, H, T, 64), f32(N, H, 64, S)), "f32[N, H, T, S]"),
        (lambda: infer("matmul", f32(N, T, D), f32(D)), "f32[N, T]"),
        (lambda: infer("einsum", f32(N, T, D), f32(N, S, D), subscripts="bqd,bkd->bqk"), "f32[N, T, S]"),
        (lambda: infer("einsum", f32(N, H, T, S), subscripts="...ij->...ji"), "f32[N, H, S, T]"),
        (lambda: infer("tensordot", f32(N, T, D), f32(D, 5), axes=1), "f32[N, T, 5]"),
        (lambda: infer("transpose", f32(N, T, D), axes=(0, 2, 1)), "f32[N, D, T]"),
        (lambda: infer("expand_dims", f32(N, T), axis=1), "f32[N, 1, T]"),
        (lambda: infer("squeeze", f32(N, 1, T), axis=1), "f32[N, T]"),
        (lambda: infer("split", f32(N, T, 3 * D), indices_or_sections=3, axis=-1), ", ".join(["f32[N, T, D]"] * 3)),
        (lambda: infer("split", f32(N, T), indices_or_sections=(1, 4), axis=1), "f32[N, 1], f32[N, 3], f32[N, T - 4]"),
        (lambda: infer("stack", f32(N, T), f32(N, T), axis=1), "f32[N, 2, T]"),
        (lambda: infer("ops.concatenate", f32(N, T, 4), f32(N, S, 4), axis=1), "f32[N, S + T, 4]"),
        (lambda: infer("ops.concatenate", f32(N, T), f32(5, S), axis=1), "f32[5, S + T]"),
        (lambda: infer("ops.reshape", f32(N, T, 64), newshape=(N, T, 8, -1)), "f32[N, T, 8, 8]"),
        (lambda: infer("ops.reshape", f32(N, T, 64), newshape=(-1, 64)), "f32[N*T, 64]"),
        (lambda: infer("ravel", f32(N, T, 4)), "f32[4*N*T]"),
        (lambda: infer("repeat", f32(N, T), repeats=3, axis=1), "f32[N, 3*T]"),
        (lambda: infer("pad", f32(N, T), pad_width=((0, 0), (2, 1))), "f32[N, T + 3]"),
        (lambda: infer("broadcast_to", f32(1, D), shape=(N, T, D)), "f32[N, T, D]"),
        (lambda: infer("take", f32(100, D), TensorType("i32", (N, T)), axis=0), "f32[N, T, D]"),
        (lambda: infer("top_k", f32(N, T), k=3), "f32[N, 3], i32[N, 3]"),
        (lambda: infer("one_hot", TensorType("i32", (N, T)), num_classes=10), "f32[N, T, 10]"),
        (lambda: infer("zeros_like", TensorType("i32", (N, T)), dtype="f16"), "f16[N, T]"),
        (lambda: infer("arange", start=T), "i32[T]"),
        (lambda: infer("arange", start=1, stop=2 * T + 1, step=2), "i32[T]"),
        (lambda: infer("zeros", shape=(N, T)), "f32[N, T]"),
        (lambda: infer("where", TensorType("bool", (N, T, 1)), f32(N, T, D), NumberType.of(0)), "f32[N, T, D]"),
    ],
)
def test_symbolic_shapes(found: Callable[[], str], expected: str) -> None:
    assert found() == expected


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        (((None, None, None), 0), "f32[N, 64]"),
        (("...", -1), "f32[N, T]"),
        (((None, None, None), (1, None, None)), "f32[N, T - 1, 64]"),
        (((None, None, None), (None, -1, None)), "f32[N, T - 1, 64]"),
        (((None, None, None), (None, 5, None)), "f32[N, min(T, 5), 64]"),
        (((None, None, None), (None, None, -1)), "f32[N, T, 64]"),
        (("...", (None, 32, None)), "f32[N, T, 32]"),
        ((None, "..."), "f32[1, N, T, 64]"),
    ],
)
def test_subscripts(indices: Any, expected: str) -> None:
    assert infer("get_item", f32(N, T, 64), indices=indices) == expected


def test_the_sizes_of_slices_are_pythons() -> None:
    bounds = [None, -7, -4, -1, 0, 2, 3, 9]
    for start, stop, step in ((a, b, c) for a in bounds for b in bounds for c in (None, 2, -1, -3)):
        for size in (1, 4, 5):
            wanted = len(range(size)[slice(start, stop, step)])
            if wanted:
                assert infer("get_item", f32(size), indices=((start, stop, step),)) == f"f32[{wanted}]"
                symbolic = make("get_item", indices=((start, stop, step),)).infer(f32(T))
                assert isinstance(symbolic, TensorType)
                assert evaluate(symbolic.shape[0], {"T": size}) == wanted
            else:
                error = refusal(
                    lambda index=(start, stop, step), size=size: infer("get_item", f32(size), indices=(index,))
                )
                assert error.code == "impossible-size"


# ---------------------------------------------------------------- dtypes


@pytest.mark.parametrize(
    ("name", "left", "right", "expected"),
    [
        ("ops.add", TensorType("f16", (N,)), NumberType.of(2.5), "f16[N]"),
        ("ops.multiply", TensorType("i8", (N,)), NumberType.of(2), "i8[N]"),
        ("ops.add", TensorType("i8", (N,)), NumberType.of(2.5), "f32[N]"),
        ("ops.add", TensorType("bool", (N,)), NumberType.of(2), "i32[N]"),
        ("ops.add", TensorType("f16", (N,)), TensorType("f32", ()), "f32[N]"),
        ("divide", TensorType("i32", (N,)), TensorType("i32", (1,)), "f32[N]"),
        ("ops.add", TensorType("f16", (N,)), TensorType("bf16", (N,)), "f32[N]"),
        ("less", TensorType("f16", (N,)), NumberType.of(2), "bool[N]"),
    ],
)
def test_numbers_promote_weakly(name: str, left: TensorType, right: TensorType, expected: str) -> None:
    assert infer(name, left, right) == infer(name, right, left) == expected


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "code", "at"),
    [
        (lambda: infer("ops.add", f32(N, T, 4), f32(N, T, 5)), "shape-mismatch", None),
        (lambda: infer("ops.add", f32(N, T + 2), f32(N, T + 1)), "shape-mismatch", None),
        (lambda: infer("matmul", f32(N, T, 4), f32(5, 4)), "shape-mismatch", None),
        (lambda: infer("matmul", f32(N, T), f32(T + 1, 4)), "shape-mismatch", None),
        (lambda: infer("einsum", f32(N, T, 4), f32(N, T, 5), subscripts="bqd,bkd->bqk"), "shape-mismatch", 1),
        (lambda: infer("einsum", f32(N, T), subscripts="bqd->bq"), "rank-mismatch", 0),
        (lambda: infer("mean", f32(N, T), axis=2), "invalid-argument", "axis"),
        (lambda: infer("squeeze", f32(N, T, 2), axis=2), "shape-mismatch", "axis"),
        (lambda: infer("squeeze", f32(N, 1)), "undecidable", None),
        (
            lambda: infer("split", f32(N, 2 * T + 1), indices_or_sections=2, axis=1),
            "impossible-size",
            "indices_or_sections",
        ),
        (lambda: infer("stack", f32(N, 2), f32(N, 3)), "shape-mismatch", 1),
        (lambda: infer("ops.reshape", f32(N, T, 64), newshape=(N, T, 63)), "shape-mismatch", "newshape"),
        (lambda: infer("ops.reshape", f32(N, 2 * T + 1), newshape=(N, 2, -1)), "shape-mismatch", "newshape"),
        (lambda: infer("get_item", f32(N, 4), indices=((None, None, None), 4)), "index-out-of-range", "indices"),
        (lambda: infer("get_item", f32(N, T), indices=((None, None, None), T)), "index-out-of-range", "indices"),
        (
            lambda: infer("get_item", f32(N, T), indices=((None, None, None), (S - 5, None, None))),
            "undecidable",
            "indices",
        ),
        (lambda: infer("pad", f32(N, 4), pad_width=((0, 0), (4, 0)), mode="reflect"), "impossible-size", "pad_width"),
        (lambda: infer("where", f32(N), f32(N), TensorType("str", (N,))), "dtype-mismatch", 2),
        (lambda: infer("ops.subtract", *[TensorType("bool", (N,))] * 2), "dtype-mismatch", None),
        (lambda: infer("clip", TensorType("i32", (N,)), x_min=0, x_max=0.5), "dtype-mismatch", "x_max"),
        (lambda: infer("clip", f32(N), x_min=1, x_max=0), "invalid-argument", "x_min"),
        (lambda: infer("take", f32(N, 3), f32(T)), "dtype-mismatch", 1),
        (lambda: infer("unstack", f32(N, T), axis=1), "unknown-size", None),
        (lambda: infer("arange", start=5, stop=2), "impossible-size", "stop"),
        (lambda: infer("zeros", shape=(N, 0)), "impossible-size", "shape"),
    ],
)
def test_refusals(call: Callable[[], Any], code: str, at: str | int | None) -> None:
    error = refusal(call)
    assert (error.code, error.at) == (code, at)


def test_what_is_merely_unknown_is_taken() -> None:
    assert infer("ops.add", f32(N, T), f32(N, 5)) == "f32[N, 5]"
    assert infer("matmul", f32(N, T), f32(S, 4)) == "f32[N, 4]"
    assert infer("split", f32(N, T), indices_or_sections=2, axis=1) == "f32[N, T//2], f32[N, T//2]"


@pytest.mark.parametrize("subscripts", ["i1->i", "ij->ik", "ij->ii", "i.j->ij", "a...b...->ab", 3])
def test_equations_that_are_none(subscripts: Any) -> None:
    with pytest.raises(AttributeFault):
        make("einsum", subscripts=subscripts)


def test_equations_are_kept_explicit_and_without_spaces() -> None:
    """Keras's backends differ in what they make of an implicit output that is not in alphabetical order."""
    given = {
        subscripts: make("einsum", subscripts=subscripts).given()["subscripts"]
        for subscripts in ("ba", " ij, jk", "...i,i")
    }
    assert given == {"ba": "ba->ab", " ij, jk": "ij,jk->ik", "...i,i": "...i,i->..."}


# ---------------------------------------------------------------- costs


def costs(name: str, *operands: TensorType, **attributes: Any) -> tuple[Any, Any]:
    op = make(name, **attributes)
    inferred = op.infer(*operands)
    outputs = inferred if isinstance(inferred, tuple) else (inferred,)
    return op.macs(*operands, *outputs), op.elementwise(*operands, *outputs)


def test_products_cost_a_multiply_add_for_each_term_of_their_sums() -> None:
    assert costs("matmul", f32(N, T, 64), f32(64, 10)) == (640 * N * T, 0)
    assert costs("einsum", f32(N, T, 64), f32(N, S, 64), subscripts="bqd,bkd->bqk") == (64 * N * T * S, 0)
    assert costs("einsum", f32(2, 3), f32(3, 4), f32(4, 5), subscripts="ij,jk,kl->il") == (2 * 3 * 4 + 2 * 4 * 5, 0)
    assert costs("einsum", f32(2, 3), subscripts="ij->i") == (0, 6)
    assert costs("einsum", f32(2, 3), subscripts="ij->ji") == (0, 0)
    assert costs("tensordot", f32(2, 3, 4), f32(3, 4, 5)) == (2 * 12 * 5, 0)
    assert costs("outer", f32(2, 3), f32(4)) == (24, 0)


def test_elementwise_costs() -> None:
    assert costs("exp", f32(N, 4)) == (0, 4 * N)
    assert costs("ops.add", f32(N, 4), f32(4)) == (0, 4 * N)
    assert costs("mean", f32(N, 4), axis=1) == (0, 4 * N)
    assert costs("transpose", f32(N, 4)) == (0, 0)
    assert costs("sort", f32(N, 4)) == (0, None)
