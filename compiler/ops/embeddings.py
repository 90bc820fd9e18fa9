"""Owns the layers that look rows of a table up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from netwright.compiler.dims import Dim, equal
from netwright.compiler.ops.attributes import attr, call, positive
from netwright.compiler.ops.configuration import Constraint, DType, Initializer, Regularizer
from netwright.compiler.ops.lora import LowRankAdapted
from netwright.compiler.ops.op import OpError, Weight, expect_min_rank
from netwright.compiler.ops.tensor_rules import common_dtype, expect_numbers
from netwright.compiler.types import TensorType


class Table(LowRankAdapted, abstract=True):
    """y = E[x]; x: (...) of integers below input_dim → y: (..., output_dim), E: (input_dim, output_dim)."""

    input_dim: int = attr(positive)
    output_dim: int = attr(positive)
    embeddings_initializer: Initializer | None = "uniform"
    embeddings_regularizer: Regularizer | None = None
    embeddings_constraint: Constraint | None = None
    mask_zero: bool = False

    def validate(self) -> None:
        self.reject_constraint("embeddings_constraint")

    def prepare(self, operand: TensorType) -> TensorType:
        return operand  # indices are not cast

    def infer(self, x: TensorType) -> TensorType:
        expect_numbers(x)
        return TensorType(self.compute_dtype, (*x.shape, self.output_dim))

    @property
    def table(self) -> Weight:
        """E, as it is without adapters."""
        return self.weight("embeddings", (self.input_dim, self.output_dim), self.embeddings_initializer)

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield self.adapted(self.table)
        yield from self.adapters(self.table)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return self.adapter_macs(self.table.shape)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 0


class Embedding(Table):
    """y = E[x]; x: (...) of integers below input_dim → y: (..., output_dim), E: (input_dim, output_dim)."""

    excluded: ClassVar[dict[str, str]] = {
        "weights": "an array",
        "quantization_config": "an object of Keras's quantizers",
    }
    order = (
        *("input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer", "embeddings_constraint"),
        "mask_zero",
    )


class ReversibleEmbedding(Table):
    """y = E[x]; x: (...) of integers below input_dim → y: (..., output_dim), E: (input_dim, output_dim).
    With `reverse` y = x E^T (or x R, R: (output_dim, input_dim), without tie_weights); x: (..., output_dim) → y: (...,
    input_dim) (Press & Wolf 2016, arXiv:1608.05859). With logit_soft_cap c, c · tanh(y / c)."""

    tie_weights: bool = True
    reverse_dtype: DType | None = None
    logit_soft_cap: float | None = None
    reverse: bool = call(False)
    lora_rank: ClassVar[None] = None  # type: ignore[misc]
    lora_alpha: ClassVar[None] = None  # type: ignore[misc]
    order = (
        *("input_dim", "output_dim", "tie_weights", "embeddings_initializer", "embeddings_regularizer"),
        *("embeddings_constraint", "mask_zero", "reverse_dtype", "logit_soft_cap"),
    )

    def infer(self, x: TensorType) -> TensorType:
        if not self.reverse:
            return super().infer(x)
        expect_numbers(x)
        expect_min_rank(x, 1)
        if equal(x.shape[-1], self.output_dim) is False:
            message = f"expected a last axis of output_dim = {self.output_dim}, found {x.shape[-1]}"
            raise OpError("shape-mismatch", message, at=0, label=f"this is {x}")
        dtype = self.reverse_dtype or common_dtype(x, self.compute_dtype)
        return TensorType(dtype, (*x.shape[:-1], self.input_dim))

    def weights(self, x: TensorType) -> Iterable[Weight]:
        yield from super().weights(x)
        if not self.tie_weights:
            shape = (self.output_dim, self.input_dim)
            yield self.weight("reverse_embeddings", shape, self.embeddings_initializer)

    def macs(self, x: TensorType, y: TensorType) -> Dim:
        return super().macs(x, y) + (y.size * self.output_dim if self.reverse else 0)

    def elementwise(self, x: TensorType, y: TensorType) -> Dim:
        return 3 * y.size if self.reverse and self.logit_soft_cap is not None else 0
