"""Recurrent, attention and wrapper layers with symbolic sizes: shapes, refusals, costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netwright.compiler.dims import symbol
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import TensorType

N, T, S, H, W = map(symbol, "NTSHW")


def make(name: str, **attributes: Any) -> Any:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**attributes)


def f32(*shape: Any) -> TensorType:
    return TensorType("f32", shape)


def mask(*shape: Any) -> TensorType:
    return TensorType("bool", shape)


def infer(op: Op, *operands: TensorType, **tensors: Any) -> str:
    inferred = op.infer(*operands, **tensors)
    return ", ".join(map(str, inferred)) if isinstance(inferred, tuple) else str(inferred)


def count(op: Op, *operands: TensorType) -> int:
    sizes = [f32(*weight.shape).size for weight in op.weights(*operands)]
    assert all(isinstance(size, int) for size in sizes)
    return sum(size for size in sizes if isinstance(size, int))


def refusal(call: Callable[[], Any]) -> OpError:
    with pytest.raises(OpError) as caught:
        call()
    return caught.value


LSTM = make("lstm", units=8)
BOTH = {"return_sequences": True, "return_state": True}
MHA = make("multi_head_attention", num_heads=8, key_dim=64)

# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (lambda: infer(LSTM, f32(N, T, 3)), "f32[N, 8]"),
        (lambda: infer(make("lstm", units=8, **BOTH), f32(N, T, 3)), "f32[N, T, 8], f32[N, 8], f32[N, 8]"),
        (lambda: infer(make("gru", units=8, return_state=True), f32(N, T, 3)), "f32[N, 8], f32[N, 8]"),
        (lambda: infer(LSTM, f32(N, T, 3), initial_state=(f32(N, 8), f32(N, 8)), mask=mask(N, T)), "f32[N, 8]"),
        (lambda: infer(make("bidirectional", layer=LSTM), f32(N, T, 3)), "f32[N, 16]"),
        (lambda: infer(make("bidirectional", layer=LSTM, merge_mode=None), f32(N, T, 3)), "f32[N, 8], f32[N, 8]"),
        (lambda: infer(make("time_distributed", layer=make("dense", units=4)), f32(N, T, H, 3)), "f32[N, T, H, 4]"),
        (
            lambda: infer(make("time_distributed", layer=make("max_pooling2d")), f32(N, T, H, W, 3)),
            "f32[N, T, H//2, W//2, 3]",
        ),
        (lambda: infer(MHA, f32(N, T, 512), f32(N, S, 256)), "f32[N, T, 512]"),
        (lambda: infer(MHA, f32(N, T, 512), f32(N, S, 256), f32(N, S, 128)), "f32[N, T, 512]"),
        (
            lambda: infer(
                make("multi_head_attention", num_heads=8, key_dim=64, return_attention_scores=True),
                f32(N, T, 512),
                f32(N, S, 512),
                attention_mask=mask(N, T, S),
            ),
            "f32[N, T, 512], f32[N, 8, T, S]",
        ),
        (lambda: infer(make("attention"), f32(N, T, 6), f32(N, S, 4), f32(N, S, 6)), "f32[N, T, 4]"),
        (lambda: infer(make("additive_attention"), f32(N, T, 6), f32(N, S, 6)), "f32[N, T, 6]"),
    ],
)
def test_symbolic_shapes(found: Callable[[], str], expected: str) -> None:
    assert found() == expected


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "code", "at"),
    [
        (lambda: infer(LSTM, f32(N, 3)), "rank-mismatch", 0),
        (lambda: infer(LSTM, f32(N, T, S)), "unknown-size", 0),
        (lambda: infer(make("lstm", units=8, unroll=True), f32(N, T, 3)), "unknown-size", "unroll"),
        (lambda: infer(make("lstm", units=8, stateful=True), f32(N, T, 3)), "unknown-size", "stateful"),
        (lambda: infer(LSTM, f32(N, T, 3), initial_state=f32(N, 8)), "wrong-arity", "initial_state"),
        (lambda: infer(LSTM, f32(N, T, 3), initial_state=(f32(N, 8), f32(N, 9))), "shape-mismatch", "initial_state"),
        (lambda: infer(LSTM, f32(N, T, 3), mask=mask(N, T + 1)), "shape-mismatch", "mask"),
        (lambda: infer(make("bidirectional", layer=LSTM), f32(N, 3)), "rank-mismatch", 0),
        (lambda: make("bidirectional", layer=make("lstm", units=8, go_backwards=True)), "invalid-argument", "layer"),
        (lambda: infer(make("time_distributed", layer=make("dense", units=4)), f32(N, 3)), "rank-mismatch", 0),
        (
            lambda: infer(make("time_distributed", layer=make("conv2d", filters=4, kernel_size=9)), f32(N, T, 5, W, 3)),
            "impossible-size",
            "layer",
        ),
        (lambda: infer(MHA, f32(N, T, 512), f32(N, S, 512), f32(N, S + 1, 512)), "shape-mismatch", 2),
        (lambda: infer(MHA, f32(N, T, 512), f32(N, 8, 512), f32(N, S, 512)), "undecidable", 2),
        (
            lambda: infer(MHA, f32(N, T, 512), f32(N, S, 512), attention_mask=mask(T + 1, S)),
            "shape-mismatch",
            "attention_mask",
        ),
        (lambda: infer(MHA, f32(N, T, 512), f32(T, 512)), "rank-mismatch", 1),
        (
            lambda: make("group_query_attention", head_dim=2, num_query_heads=4, num_key_value_heads=3),
            "invalid-argument",
            "num_key_value_heads",
        ),
        (lambda: infer(make("attention"), f32(N, T, 6), f32(N, S, 5)), "shape-mismatch", None),
        (lambda: infer(make("attention"), *[TensorType("i32", (N, T, 6))] * 2), "dtype-mismatch", 0),
    ],
)
def test_refusals(call: Callable[[], Any], code: str, at: str | int | None) -> None:
    error = refusal(call)
    assert (error.code, error.at) == (code, at)


@pytest.mark.parametrize("inner", [8, "lstm", make("exp"), make("dense", units=4)])
def test_bidirectional_holds_recurrent_layers_alone(inner: Any) -> None:
    with pytest.raises(AttributeFault, match="a recurrent layer"):
        make("bidirectional", layer=inner)


def test_time_distributed_holds_layers_alone() -> None:
    with pytest.raises(AttributeFault, match="a layer with its configuration"):
        make("time_distributed", layer=make("exp"))


# ---------------------------------------------------------------- parameters and costs


def test_parameters_are_the_formulas_of_the_literature() -> None:
    n, m = 8, 3
    x = f32(N, T, m)
    assert count(LSTM, x) == 4 * (n * n + n * m + n)
    assert count(make("gru", units=n), x) == 3 * (n * n + n * m + 2 * n)
    assert count(make("gru", units=n, reset_after=False), x) == 3 * (n * n + n * m + n)
    assert count(make("bidirectional", layer=LSTM), x) == 2 * count(LSTM, x)
    assert count(MHA, f32(N, T, 512), f32(N, S, 512)) == 4 * (512 * 512 + 512)


def test_the_state_of_a_stateful_layer_is_no_weight() -> None:
    assert count(make("lstm", units=8, stateful=True), f32(2, T, 3)) == count(LSTM, f32(N, T, 3))


def test_a_frozen_inner_layer_has_no_trainable_weight() -> None:
    wrapper = make("time_distributed", layer=make("dense", units=4, trainable=False))
    assert [weight.trainable for weight in wrapper.weights(f32(N, T, 3))] == [False, False]


def test_recurrent_macs_are_those_of_every_step() -> None:
    x = f32(N, T, 3)
    assert LSTM.macs(x, *[f32(N, 8)]) == 4 * 8 * (8 + 3) * N * T
    assert make("gru", units=8).macs(x, f32(N, 8)) == 3 * 8 * (8 + 3) * N * T
    assert make("bidirectional", layer=LSTM).macs(x, f32(N, 16)) == 2 * LSTM.macs(x)


def test_time_distributed_costs_its_layer_at_every_step() -> None:
    dense = make("dense", units=4)
    wrapper = make("time_distributed", layer=dense)
    assert wrapper.macs(f32(N, T, 3), f32(N, T, 4)) == T * dense.macs(f32(N, 3), f32(N, 4))
    assert wrapper.elementwise(f32(N, T, 3), f32(N, T, 4)) == 4 * N * T


def test_attention_macs_are_four_projections_and_two_products() -> None:
    """4 T d² + 2 T² d for self-attention (Vaswani et al. 2017, table 1)."""
    x = f32(N, T, 512)
    assert MHA.macs(x, x, x) == N * (4 * T * 512 * 512 + 2 * T * T * 512)
    assert make("attention").macs(f32(N, T, 6), f32(N, S, 4), f32(N, S, 6), f32(N, T, 4)) == N * T * S * (6 + 4)


def test_queries_in_groups_have_smaller_projections_and_equal_products() -> None:
    x = f32(N, T, 512)
    op = make("group_query_attention", head_dim=64, num_query_heads=8, num_key_value_heads=2)
    assert op.macs(x, x, x) == N * (2 * T * 512 * 512 + 2 * T * 512 * 128 + 2 * T * T * 512)
