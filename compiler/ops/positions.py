"""Owns what tells attention where a step stands, and which steps it may see; Keras lacks it as layers."""

from __future__ import annotations

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.assumptions import suppose_multiple
from netwright.compiler.ops.attributes import attr, not_negative, positive
from netwright.compiler.ops.op import OpError, expect_min_rank, normal_axis
from netwright.compiler.ops.tensor_rules import expect_dtype
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class RotaryEmbedding(WrittenLayer):
    """y1 + i y2 = (x1 + i x2) exp(i p θ), x1 and x2 the halves of x along feature_axis, p the place along sequence_axis
    over scaling_factor, θ_k = max_wavelength^(-2 k / d): products of rotated queries and keys depend on their distance
    alone; x: (N, T, ..., d) → y: x's (Su et al. 2021, arXiv:2104.09864; pairs as in KerasHub)."""

    gradient_reads = ()
    max_wavelength: float = attr(positive, default=10000)
    scaling_factor: float = attr(positive, default=1.0)
    sequence_axis: int = 1
    feature_axis: int = -1

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        sequence = normal_axis(self.sequence_axis, x.rank, "sequence_axis")
        feature = normal_axis(self.feature_axis, x.rank, "feature_axis")
        if sequence == feature:
            message = f"steps and features both stand on axis {feature}"
            raise OpError("invalid-argument", message, at="sequence_axis", label=f"the tensor is {x}")
        self._expect_halves(x, x.shape[feature])
        return x

    @staticmethod
    def _expect_halves(x: TensorType, size: Dim) -> None:
        even = equal(size % 2, 0)
        if even is False:
            message = f"the features are halved, so there must be an even number of them, found {size}"
            raise OpError("impossible-size", message, at=0, label=f"this is {x}")
        if even is None:
            suppose_multiple(size, 2)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 3 * x.size  # two products and a sum; the angles are few


class SinePositionEncoding(WrittenLayer):
    """y[t, 2 k] = sin(t ω_k), y[t, 2 k + 1] = cos(t ω_k), ω_k = max_wavelength^(-2 k / d), the same for all examples:
    to be added to x, of which only the shape matters; x: (N, ..., T, d) → y: x's (Vaswani et al. 2017,
    arXiv:1706.03762)."""

    gradient_reads = ()
    max_wavelength: float = attr(positive, default=10000)

    def infer(self, x: TensorType) -> TensorType:
        expect_dtype(x, x.is_float, "floats")
        expect_min_rank(x, 2)
        return x

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 4 * x.shape[-2] * x.shape[-1]  # angles, sines, cosines, and a choice


class AttentionMask(WrittenLayer, abstract=True):
    """Which steps of `value` each step of `query`, if not given the same tensor, may see: an attention_mask."""

    gradient_reads = ()
    operands = ("query", "value")
    optional_operands = ("value",)

    def infer(self, query: TensorType, value: TensorType | None = None) -> TensorType:
        value = query if value is None else value
        expect_min_rank(query, 2)
        expect_min_rank(value, 2, at=1)
        return TensorType("bool", (1, query.shape[1], value.shape[1]))


class CausalMask(AttentionMask):
    """y[0, i, j] = whether j ≤ i: each step sees itself and those before; query: (N, T, ...), value: (N, S, ...) →
    y: (1, T, S), an attention_mask (Vaswani et al. 2017, arXiv:1706.03762)."""

    def elementwise(self, *tensors: TensorType) -> Dim:
        return tensors[-1].size


class WindowedMask(AttentionMask):
    """y[0, i, j] = whether i - left ≤ j ≤ i + right, none being as far as there are steps: each step sees those nearby;
    query: (N, T, ...), value: (N, S, ...) → y: (1, T, S), an attention_mask (Beltagy et al. 2020, arXiv:2004.05150)."""

    left: int | None = attr(not_negative)
    right: int | None = attr(not_negative, default=0)

    def elementwise(self, *tensors: TensorType) -> Dim:
        return 3 * tensors[-1].size
