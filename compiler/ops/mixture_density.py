"""Owns networks that give densities in the place of values: a mixture of normal ones, and how likely it makes a target;
Keras lacks both."""

from __future__ import annotations

from collections.abc import Iterable

from netwright.compiler.dims import Dim
from netwright.compiler.ops.attributes import attr, positive
from netwright.compiler.ops.configuration import Constraint, Initializer, Regularizer
from netwright.compiler.ops.op import OpError, Weight, expect_min_rank, known_size
from netwright.compiler.ops.shapes import agree
from netwright.compiler.ops.tensor_rules import expect_dtype, show
from netwright.compiler.ops.written import WrittenLayer
from netwright.compiler.types import TensorType


class MixtureDensity(WrittenLayer):
    """logits, means, deviations of k = num_mixtures normal densities over c = output_dim values: z = x W + b, cut into
    logits, means and deviations = exp(z_σ); the densities weigh softmax(logits); x: (N, ..., d) → logits: (N, ..., k),
    means, deviations: (N, ..., k, c), W: (d, k (1 + 2 c)), b: (k (1 + 2 c),) (Bishop 1994, NCRG/94/004)."""

    gradient_reads = ("operands", "outputs")
    num_mixtures: int = attr(positive)
    output_dim: int = attr(positive, default=1)
    kernel_initializer: Initializer | None = "glorot_uniform"
    bias_initializer: Initializer | None = "zeros"
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    kernel_constraint: Constraint | None = None
    bias_constraint: Constraint | None = None

    def infer(self, x: TensorType) -> tuple[TensorType, TensorType, TensorType]:
        expect_dtype(x, x.is_float, "floats")
        expect_min_rank(x, 2)
        known_size(x.shape[-1], "the size of the last axis")
        logits = x.with_shape(*x.shape[:-1], self.num_mixtures)
        means = logits.with_shape(*logits.shape, self.output_dim)
        return logits, means, means

    @property
    def _units(self) -> int:
        return self.num_mixtures * (1 + 2 * self.output_dim)

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield self.weight("kernel", (x.shape[-1], self._units), self.kernel_initializer)
        yield self.weight("bias", (self._units,), self.bias_initializer)

    def macs(self, x: TensorType, *outputs: TensorType) -> Dim:
        return x.size * self._units

    def elementwise(self, x: TensorType, logits: TensorType, means: TensorType, deviations: TensorType) -> Dim:
        return logits.size + means.size + 2 * deviations.size  # biases, and the exponential


class MixtureLogLikelihood(WrittenLayer):
    """l = log Σ_i softmax(logits)_i Π_j N(y_j; μ_ij, σ_ij²), what a mixture density network makes large: its loss is
    -l; y: (N, ..., c), logits: (N, ..., k), means, deviations: (N, ..., k, c) → l: (N, ...) (Bishop 1994,
    NCRG/94/004)."""

    operands = ("y", "logits", "means", "deviations")

    def infer(self, y: TensorType, logits: TensorType, means: TensorType, deviations: TensorType) -> TensorType:
        for at, operand in enumerate((y, logits, means, deviations)):
            expect_dtype(operand, operand.is_float, "floats", at=at)
        expect_min_rank(y, 2)
        expect_min_rank(means, 3, at=2)
        *lead, mixtures, width = means.shape
        for at, operand, wanted in (
            (0, y, (*lead, width)),
            (1, logits, (*lead, mixtures)),
            (3, deviations, means.shape),
        ):
            self._expect_shape(operand, tuple(wanted), at)
        return y.with_shape(*lead)

    @staticmethod
    def _expect_shape(operand: TensorType, wanted: tuple[Dim, ...], at: int) -> None:
        """The operand fits the means."""
        pairs = zip(operand.shape, wanted, strict=False)
        if operand.rank != len(wanted) or any(agree(found, size) is None for found, size in pairs):
            message = f"to fit the means, expected shape {show(wanted)}, found {show(operand.shape)}"
            raise OpError("shape-mismatch", message, at=at, label=f"this is {operand}")

    def elementwise(self, *tensors: TensorType) -> Dim:
        _, logits, means, *_ = tensors
        return 6 * means.size + 6 * logits.size  # squared distances and logarithms; two sums of exponentials
