"""Owns attention with heads as a function of keras.ops, and multi_hot."""

from __future__ import annotations

from typing import ClassVar

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.assumptions import suppose_multiple
from netwright.compiler.ops.attention import expect_mask
from netwright.compiler.ops.attributes import attr, call, positive
from netwright.compiler.ops.configuration import DType
from netwright.compiler.ops.op import Function, OpError, Tensor, expect_min_rank, expect_rank
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_equal, expect_numbers, product
from netwright.compiler.types import Shape, TensorType


class DotProductAttention(Function):
    """y = softmax(scale · q kᵀ + bias) v for each head, where the mask is true; query: (N, T, h, d), key and value:
    (N, S, g, d), h a multiple of g, bias and mask: broadcastable to (N, h, T, S) → y: (N, T, h, d) (Vaswani et al.
    2017, arXiv:1706.03762)."""

    excluded: ClassVar[dict[str, str]] = {
        "flash_attention": "whether it is possible depends on the device",
        "attn_logits_soft_cap": "only JAX on TPUs has it",
    }
    operands = ("query", "key", "value")
    bias: Tensor | None = call()
    mask: Tensor | None = call()
    scale: float | None = None
    is_causal: bool = False

    def infer(
        self,
        query: TensorType,
        key: TensorType,
        value: TensorType,
        bias: TensorType | None = None,
        mask: TensorType | None = None,
    ) -> TensorType:
        for index, operand in enumerate((query, key, value)):
            expect_dtype(operand, operand.is_float, "floats", at=index)
            expect_rank(operand, 4, at=index)
        _expect_heads(query.shape, key.shape, value.shape)
        if bias is not None:
            expect_dtype(bias, bias.is_float, "floats")
            _expect_scores(bias, query.shape, key.shape, "bias")
        if mask is not None:
            expect_dtype(mask, mask.dtype == "bool", "bool")
            _expect_scores(mask, query.shape, key.shape, "mask")
        return TensorType(common_dtype(query, key, value), query.shape)

    def macs(self, *tensors: TensorType) -> Dim:
        query, key = tensors[:2]
        return 2 * product(_scores(query.shape, key.shape)) * query.shape[-1]

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 2 * product(_scores(tensors[0].shape, tensors[1].shape))


def _scores(query: Shape, key: Shape) -> Shape:
    return (query[0], query[2], query[1], key[1])


def _expect_scores(given: TensorType, query: Shape, key: Shape, at: str) -> None:
    expect_rank(given, 4)
    expect_mask(given, given.shape, _scores(query, key), at)


def _expect_heads(query: Shape, key: Shape, value: Shape) -> None:
    for axis, name in enumerate(("batches", "lengths", "heads", "sizes of heads")):
        expect_equal(key[axis], value[axis], f"the {name} of key and value", at=2)
        if axis in {0, 3}:
            expect_equal(query[axis], key[axis], f"the {name} of query and key", at=1)
    if equal(key[2], 1) and equal(query[2], 1) is False:
        message = f"Keras on TensorFlow does not share one head among {query[2]}"
        raise OpError("not-supported", message, at=1, help="repeat key and value: `-> repeat(heads, axis=2)`")
    whole = equal(query[2] % key[2], 0)
    if whole is False:
        message = f"{query[2]} heads of the query cannot share {key[2]} of the key"
        raise OpError("shape-mismatch", message, at=1)
    if whole is None:
        suppose_multiple(query[2], key[2])


class MultiHot(Function):
    """y = 1 at each of the indices along the second axis of x (of a vector, along its only one), else 0; x: (N, k) →
    y: (N, num_classes); with `axis`, the classes are laid along it before."""

    excluded: ClassVar[dict[str, str]] = {"sparse": "sparse tensors do not run on every backend"}
    operands = ("inputs",)
    num_classes: int | None = attr(positive, default=None)
    axis: int = -1
    dtype: DType | None = None

    def validate(self) -> None:
        if self.num_classes is None:
            raise OpError("missing-argument", "num_classes must be given", at="num_classes")

    def infer(self, inputs: TensorType) -> TensorType:
        expect_numbers(inputs)
        expect_min_rank(inputs, 1)
        if not -1 <= self.axis < inputs.rank:
            message = (
                f"axis {self.axis} is out of range: -1 or 0 to {inputs.rank - 1} for a tensor of rank {inputs.rank}"
            )
            raise OpError("invalid-argument", message, at="axis")
        at = inputs.rank if self.axis == -1 else self.axis
        laid: Shape = (*inputs.shape[:at], self.num_classes or 1, *inputs.shape[at:])
        return TensorType(self.dtype or "f32", laid[-1:] if len(laid) == 2 else (laid[0], *laid[2:]))

    def elementwise(self, inputs: TensorType, y: TensorType) -> Dim:
        return inputs.size * (self.num_classes or 1)
