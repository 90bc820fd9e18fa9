"""Convolution, pooling, padding, resizing and reshaping with symbolic sizes: shapes, refusals and costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from netwright.compiler.dims import evaluate, symbol
from netwright.compiler.ops.attributes import AttributeFault
from netwright.compiler.ops.catalogue import find_operator
from netwright.compiler.ops.op import Op, OpError
from netwright.compiler.types import TensorType

N, H, W, T, C = map(symbol, "NHWTC")


def make(name: str, **values: Any) -> Op:
    cls = find_operator(name)
    assert cls is not None
    return cls.make(**values)


def infer(name: str, *shape: Any, dtype: str = "f32", **values: Any) -> str:
    return str(make(name, **values).infer(TensorType(dtype, shape)))


def refusal(call: Callable[[], Any]) -> OpError:
    with pytest.raises(OpError) as caught:
        call()
    return caught.value


# ---------------------------------------------------------------- shapes


def test_symbolic_lengths_follow_the_formulas() -> None:
    assert infer("conv2d", N, H, W, 3, filters=8, kernel_size=3, strides=2) == (
        "f32[N, (H - 3)//2 + 1, (W - 3)//2 + 1, 8]"
    )
    assert infer("conv2d", N, H, W, 3, filters=8, kernel_size=3, padding="same") == "f32[N, H, W, 8]"
    assert infer("conv2d_transpose", N, H, W, 3, filters=8, kernel_size=3, strides=2, padding="same") == (
        "f32[N, 2*H, 2*W, 8]"
    )
    assert infer("separable_conv1d", N, T, 3, filters=8, kernel_size=5) == "f32[N, T - 4, 8]"
    assert infer("max_pooling2d", N, 2 * H, W, C) == "f32[N, H, W//2, C]"
    assert infer("zero_padding1d", N, T, C, padding=(1, 2)) == "f32[N, T + 3, C]"
    assert infer("cropping1d", N, T, C, cropping=2) == "f32[N, T - 4, C]"
    assert infer("up_sampling2d", N, H, W, C, size=(2, 3)) == "f32[N, 2*H, 3*W, C]"
    assert infer("global_average_pooling2d", N, H, W, C) == "f32[N, C]"
    assert infer("flatten", N, H, 4, C) == infer("reshape", N, H, 4, C, target_shape=(-1,))


def test_same_padding_keeps_what_pooling_and_up_sampling_undo() -> None:
    pooled = make("max_pooling1d", padding="same").infer(TensorType("f32", (N, 2 * T, C)))
    assert str(make("up_sampling1d").infer(pooled)) == "f32[N, 2*T, C]"


def test_lengths_evaluate_to_the_lengths_of_numbers() -> None:
    op = make("conv1d", filters=1, kernel_size=4, strides=3, padding="valid")
    symbolic = op.infer(TensorType("f32", (N, T, 1)))
    for length in range(4, 30):
        known = op.infer(TensorType("f32", (N, length, 1)))
        assert evaluate(symbolic.shape[1], {"T": length}) == known.shape[1]  # type: ignore[union-attr]


def test_reshape_computes_with_symbols() -> None:
    assert infer("reshape", N, H, W, 8, target_shape=(-1, 8)) == infer("reshape", N, H, W, 8, target_shape=(H * W, 8))
    assert infer("reshape", N, T, 64, target_shape=(-1, 8, 8)) == "f32[N, T, 8, 8]"
    assert infer("reshape", N, T, target_shape=(4, 6)) == "f32[N, 4, 6]", "T may be 24"


def test_an_attribute_may_be_in_any_case_where_keras_takes_it() -> None:
    assert make("conv2d", filters=1, kernel_size=1, padding="SAME") == make(
        "conv2d", filters=1, kernel_size=(1, 1), padding="same"
    )
    with pytest.raises(AttributeFault):
        make("max_pooling2d", padding="SAME")


# ---------------------------------------------------------------- refusals

IMAGE = TensorType("f32", (N, 5, 6, 4))
REFUSALS: list[tuple[str, str, str | int | None, dict[str, Any], TensorType]] = [
    ("rank-mismatch", "conv2d", 0, {"filters": 1, "kernel_size": 1}, TensorType("f32", (N, 5, 4))),
    ("rank-mismatch", "global_max_pooling2d", 0, {}, TensorType("f32", (N, 4))),
    ("rank-mismatch", "adaptive_max_pooling2d", 0, {"output_size": 2}, TensorType("f32", (N, 5, 4))),
    ("rank-mismatch", "permute", 0, {"dims": (2, 1)}, IMAGE),
    ("rank-mismatch", "resizing", 0, {"height": 2, "width": 2}, TensorType("f32", (N, 4))),
    ("impossible-size", "conv2d", "kernel_size", {"filters": 1, "kernel_size": 6}, IMAGE),
    ("impossible-size", "depthwise_conv2d", "kernel_size", {"kernel_size": 3, "dilation_rate": 3}, IMAGE),
    ("impossible-size", "max_pooling2d", "pool_size", {"pool_size": (6, 1)}, IMAGE),
    ("impossible-size", "cropping2d", "cropping", {"cropping": (1, 3)}, IMAGE),
    ("unknown-size", "conv2d", 0, {"filters": 1, "kernel_size": 1}, TensorType("f32", (N, 5, 5, C))),
    ("shape-mismatch", "conv2d", "groups", {"filters": 3, "kernel_size": 1, "groups": 3}, IMAGE),
    ("shape-mismatch", "reshape", "target_shape", {"target_shape": (7, -1)}, IMAGE),
    ("shape-mismatch", "reshape", "target_shape", {"target_shape": (121,)}, IMAGE),
    ("shape-mismatch", "reshape", "target_shape", {"target_shape": (25,)}, TensorType("f32", (N, T, 4))),
    ("shape-mismatch", "rescaling", "scale", {"scale": (1.0, 2.0)}, IMAGE),
    ("dtype-mismatch", "conv2d", 0, {"filters": 1, "kernel_size": 1}, IMAGE.with_dtype("u8")),
    ("dtype-mismatch", "average_pooling2d", 0, {"pool_size": 2}, IMAGE.with_dtype("i32")),
    ("dtype-mismatch", "max_pooling2d", 0, {}, IMAGE.with_dtype("bool")),
    (
        *("invalid-argument", "conv2d_transpose", "output_padding"),
        *({"filters": 1, "kernel_size": 2, "padding": "same", "output_padding": 0}, IMAGE),
    ),
]


@pytest.mark.parametrize(("code", "name", "at", "values", "operand"), REFUSALS)
def test_what_cannot_be_is_refused(
    code: str, name: str, at: str | int | None, values: dict[str, Any], operand: TensorType
) -> None:
    op = make(name, **values)
    error = refusal(lambda: op.infer(operand))
    assert (error.code, error.at) == (code, at)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("conv2d", {"filters": 4, "kernel_size": 3, "groups": 3}),
        ("conv2d", {"filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": (1, 2)}),
        ("conv1d_transpose", {"filters": 4, "kernel_size": 3, "strides": 2, "output_padding": 2}),
        ("permute", {"dims": (0, 1)}),
        ("permute", {"dims": (1, 3)}),
        ("resizing", {"height": 2, "width": 2, "crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}),
    ],
)
def test_arguments_that_exclude_each_other_are_refused(name: str, values: dict[str, Any]) -> None:
    assert refusal(lambda: make(name, **values)).code == "invalid-argument"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("conv2d", {"filters": 4, "kernel_size": (3, 3, 3)}),
        ("conv2d", {"filters": 4, "kernel_size": 3, "padding": "causal"}),
        ("conv2d", {"filters": 4.0, "kernel_size": 3}),
        ("max_pooling2d", {"strides": 0}),
        ("zero_padding2d", {"padding": -1}),
        ("zero_padding2d", {"padding": (1, 2, 3)}),
        ("cropping1d", {"cropping": (1, 2, 3)}),
        ("up_sampling1d", {"size": (2,)}),
        ("up_sampling2d", {"interpolation": "cubic"}),
        ("reshape", {"target_shape": 24}),
        ("reshape", {"target_shape": (-1, -1)}),
        ("reshape", {"target_shape": (0, 3)}),
        ("repeat_vector", {"n": 0}),
    ],
)
def test_arguments_out_of_range_are_refused(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(AttributeFault):
        make(name, **values)


# ---------------------------------------------------------------- costs


def macs(name: str, *shape: int, **values: Any) -> Any:
    op, operand = make(name, **values), TensorType("f32", (1, *shape))
    return op.macs(operand, op.infer(operand))


def test_macs_are_those_that_papers_count() -> None:
    # He et al. 2015, the first layer of a ResNet on 224 x 224, as torchvision and fvcore count it
    assert macs("conv2d", 224, 224, 3, filters=64, kernel_size=7, strides=2, padding="same") == 118_013_952
    # Howard et al. 2017, the first depthwise separable pair of MobileNet: 32 -> 64 channels at 112 x 112
    depthwise = macs("depthwise_conv2d", 112, 112, 32, kernel_size=3, padding="same")
    assert depthwise == 3 * 3 * 112 * 112 * 32
    pair = macs("separable_conv2d", 112, 112, 32, filters=64, kernel_size=3, padding="same")
    assert pair == depthwise + macs("conv2d", 112, 112, 32, filters=64, kernel_size=1)
    # Krizhevsky et al. 2012: two groups halve the second layer of AlexNet, 223,948,800 MACs
    assert macs("conv2d", 27, 27, 96, filters=256, kernel_size=5, padding="same", groups=2) == 223_948_800


def test_a_transposed_convolution_costs_what_its_convolution_costs() -> None:
    there = macs("conv2d", 16, 16, 3, filters=8, kernel_size=4, strides=2, padding="same")
    assert macs("conv2d_transpose", 8, 8, 8, filters=3, kernel_size=4, strides=2, padding="same") == there


@pytest.mark.parametrize(("length", "windows"), [(10, 3), (12, 4), (3, 7), (17, 17), (8, 6)])
def test_adaptive_pooling_counts_every_window(length: int, windows: int) -> None:
    op, operand = make("adaptive_max_pooling1d", output_size=windows), TensorType("f32", (1, length, 1))
    spans = [-(-(i + 1) * length // windows) - i * length // windows for i in range(windows)]
    assert op.elementwise(operand, op.infer(operand)) == sum(spans)


def test_costs_of_symbolic_sizes_are_symbolic_or_not_known() -> None:
    operand = TensorType("f32", (N, H, W, 3))
    conv = make("conv2d", filters=8, kernel_size=3, padding="same", activation="relu")
    assert str(conv.macs(operand, conv.infer(operand))) == str(216 * N * H * W)
    assert str(conv.elementwise(operand, conv.infer(operand))) == str(16 * N * H * W)
    adaptive = make("adaptive_max_pooling2d", output_size=7)
    assert adaptive.elementwise(operand, adaptive.infer(operand)) is None
