"""Owns the plainest layers: dense, identity, masking, activity_regularization. One operation per element is counted
for a bias and for an activation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, not_negative, positive
from netwright.compiler.ops.configuration import Activation, Constraint, Initializer, Regularizer
from netwright.compiler.ops.lora import LowRankAdapted
from netwright.compiler.ops.op import Layer, Weight, expect_min_rank, known_size
from netwright.compiler.ops.regularizers import expect_summable
from netwright.compiler.ops.tensor_rules import common_dtype, expect_dtype, expect_numbers
from netwright.compiler.types import TensorType


class Dense(LowRankAdapted):
    """y = activation(x W + b) over the last axis; x: (N, ..., d) → y: (N, ..., units), W: (d, units), b: (units,)."""

    excluded: ClassVar[dict[str, str]] = {"quantization_config": "an object of Keras's quantizers"}
    units: int = attr(positive)
    activation: Activation | None = None
    use_bias: bool = True
    kernel_initializer: Initializer | None = "glorot_uniform"
    bias_initializer: Initializer | None = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None
    order = (
        *("units", "activation", "use_bias", "kernel_initializer", "bias_initializer", "kernel_regularizer"),
        *("bias_regularizer", "activity_regularizer", "kernel_constraint", "bias_constraint"),
    )

    def validate(self) -> None:
        self.reject_constraint("kernel_constraint")

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_min_rank(x, 2)
        known_size(x.shape[-1], "the size of the last axis")
        return x.with_shape(*x.shape[:-1], self.units).with_dtype(common_dtype(x, self.compute_dtype))

    def weights(self, x: TensorType) -> Iterable[Weight]:
        kernel = self.weight("kernel", (x.shape[-1], self.units), self.kernel_initializer)
        yield self.adapted(kernel)
        if self.use_bias:
            yield self.weight("bias", (self.units,), self.bias_initializer)
        yield from self.adapters(kernel)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * x.shape[-1] + self.adapter_macs((x.shape[-1], self.units))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return y.size * (self.use_bias + (self.activation not in (None, "linear")))


class Unchanged(Layer, abstract=True):
    """y = x; x: (...) → y: (...)."""

    def infer(self, x: TensorType) -> TensorType:
        return x

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class Identity(Unchanged):
    """y = x; x: (...) → y: (...)."""


class ActivityRegularization(Unchanged):
    """y = x; adds l1 · Σ|x| + l2 · Σx² to the loss; x: (...) → y: (...)."""

    excluded: ClassVar[dict[str, str]] = {"activity_regularizer": "l1 and l2 are it"}
    activity_regularizer: ClassVar[None] = None  # type: ignore[misc]
    l1: float = attr(not_negative, default=0.0)
    l2: float = attr(not_negative, default=0.0)

    def infer(self, x: TensorType) -> TensorType:
        if self.l1 or self.l2:
            expect_dtype(x, x.dtype not in ("bool", "str"), "numbers")
            expect_summable(x, 0)
        return super().infer(x)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return x.size * (2 * (self.l1 > 0) + 2 * (self.l2 > 0))


class Masking(Layer):
    """y = x, but 0 at the steps whose features all are mask_value, which later layers skip; x: (N, ..., d) → y: x's."""

    mask_value: float = 0.0

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        expect_min_rank(x, 1)
        return x.with_dtype("i32" if x.dtype == "bool" else common_dtype(x))

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 2 * x.size  # a comparison and a choice
