"""Tensor types, how their shapes broadcast, and the lengths that convolutions give."""

from __future__ import annotations

import pytest

from netwright.compiler.convolution_arithmetic import conv_output_length, conv_transpose_output_length
from netwright.compiler.dims import symbol
from netwright.compiler.types import BroadcastError, BroadcastUndecidable, Shape, TensorType, broadcast_shapes
from netwright.dsl.diagnostics import CompilerBug

H, M, N = map(symbol, "HMN")


def test_tensor_type() -> None:
    images = TensorType("f32", (N, (H - 3) // 2 + 1, 8))
    assert str(images) == "f32[N, (H - 3)//2 + 1, 8]"
    assert images.to_json() == {"dtype": "f32", "shape": ["N", "(H - 3)//2 + 1", 8]}
    assert images.rank == 3
    assert images.size == N * ((H - 3) // 2 + 1) * 8
    assert images.bytes == 4 * images.size
    assert images.substitute({"N": 2, "H": 9}) == TensorType("f32", (2, 4, 8))
    assert images.with_dtype("bf16").with_shape(N, 2) == TensorType("bf16", (N, 2))
    assert len({images, TensorType("f32", [N, (H - 1) // 2, 8])}) == 1


def test_scalars_and_strings() -> None:
    assert str(TensorType("f32", ())) == "f32[]"
    assert TensorType("bool", ()).size == TensorType("bool", ()).bytes == 1
    assert TensorType("str", (3,)).bytes is None


def test_tensor_type_is_closed() -> None:
    with pytest.raises(CompilerBug):
        TensorType("float32", ())
    with pytest.raises(AttributeError):
        TensorType("f32", ()).dtype = "f16"


@pytest.mark.parametrize(
    ("shapes", "expected"),
    [
        ([], ()),
        ([(N, 1, 3), (4, 1)], (N, 4, 3)),
        ([(N, H), (N, H)], (N, H)),
        ([(N, H), ()], (N, H)),
        ([(1,), (H,), (1, 1)], (1, H)),
        ([(H - H // 2,), ((H + 1) // 2,)], (H - H // 2,)),
        ([(0,), (1,)], (0,)),
    ],
)
def test_broadcast(shapes: list[Shape], expected: Shape) -> None:
    assert broadcast_shapes(*shapes) == expected


@pytest.mark.parametrize(("left", "right"), [((2, 3), (2, 4)), ((2 * N,), (2 * M + 1,)), ((N + 1,), (N + 2,))])
def test_broadcast_refuted(left: Shape, right: Shape) -> None:
    with pytest.raises(BroadcastError) as caught:
        broadcast_shapes(left, right)
    assert type(caught.value) is BroadcastError
    assert (caught.value.left_shape, caught.value.right_shape, caught.value.axis) == (left, right, -1)


@pytest.mark.parametrize(("left", "right"), [((N, 3), (M, 3)), ((N, 3), (8, 1)), ((N, 3), (N + 1, 3))])
def test_broadcast_undecidable(left: Shape, right: Shape) -> None:
    with pytest.raises(BroadcastUndecidable) as caught:
        broadcast_shapes(left, right)
    assert (caught.value.left_dim, caught.value.right_dim, caught.value.axis) == (left[0], right[0], -2)


def test_a_refuted_axis_is_told_first() -> None:
    with pytest.raises(BroadcastError) as caught:
        broadcast_shapes((2, N), (3, M))
    assert caught.value.axis == -2


def test_conv_on_symbols() -> None:
    assert str(conv_output_length(H, 3, 2)) == "(H - 3)//2 + 1"
    assert conv_output_length(H, 3, 1, 2) == H - 4
    assert conv_output_length(H, 3, padding="causal") == H
    assert conv_transpose_output_length(H, 3, 2, "same") == 2 * H
    assert conv_transpose_output_length(H, 3, 2) == 2 * H + 1
    with pytest.raises(CompilerBug):
        conv_transpose_output_length(H, 3, 1, "causal")


@pytest.mark.keras
@pytest.mark.parametrize("padding", ["valid", "same", "causal"])
def test_conv_lengths_are_those_of_keras(padding: str) -> None:
    from keras.src.ops.operation_utils import compute_conv_output_shape

    for length in (9, 16, 31):
        for kernel, stride, dilation in [(1, 1, 1), (2, 2, 1), (3, 2, 1), (5, 3, 1), (3, 1, 4), (2, 2, 3)]:
            theirs = compute_conv_output_shape((1, length, 3), 8, (kernel,), stride, padding, dilation_rate=dilation)
            assert conv_output_length(length, kernel, stride, dilation, padding) == theirs[1]


@pytest.mark.keras
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_conv_transpose_lengths_are_those_of_keras(padding: str) -> None:
    from keras.src.backend.common.backend_utils import compute_conv_transpose_output_shape

    for kernel, stride, dilation in [(1, 1, 1), (1, 3, 1), (2, 2, 1), (3, 2, 1), (5, 3, 1), (3, 1, 4)]:
        for output_padding in (None, 0, 1):
            theirs = compute_conv_transpose_output_shape(
                (1, 9, 3), (kernel,), 8, stride, padding, output_padding, dilation_rate=dilation
            )
            ours = conv_transpose_output_length(9, kernel, stride, padding, output_padding, dilation)
            assert ours == theirs[1]
